"""Instructions that the LLM has read, on disk: states and matches of every token, beside the checksum of the LLM that read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.reasoning.reading import Reader

INDEX = "index.json"
STATES, MATCHES = "states.f16", "matches.f16"
ALIKE = 12  # instructions of like length that are read at once, so that little is padding
SAVED_EVERY = 1200  # instructions: what is lost when the reading is interrupted


def reader_checksum(tensors: dict[str, torch.Tensor], base: str, layer: int) -> str:
    """Checksum of everything that the states of a layer depend on: the base LLM's revision and what was trained below it."""
    found = hashlib.sha256(f"{base} {layer}".encode())
    for name in sorted(tensors):
        if name.startswith("language.llm."):
            found.update(name.encode() + tensors[name].detach().float().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


class InstructionStates:
    """A folder of read instructions; it grows, and what it holds is never read again.

    Args:
        folder: of one LLM and layer.
        checksum: of them (see `reader_checksum`).
        width, words: sizes of states and of matches.

    Raises:
        ValueError: the folder belongs to another LLM or layer.
    """

    def __init__(self, folder: Path, checksum: str, width: int, words: int):
        self.folder, self.width, self.words = Path(folder), width, words
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / INDEX
        index: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"checksum": checksum, "texts": {}}
        if index["checksum"] != checksum:
            raise ValueError(
                f"{self.folder} holds what another LLM, or another layer of it, read: delete it or name another folder"
            )
        self.checksum = checksum
        self.spans: dict[str, list[int]] = index["texts"]  # first token, number of tokens

    def __contains__(self, text: str) -> bool:
        return text in self.spans

    def add(self, texts: Sequence[str], reader: Reader, show: bool = True) -> None:
        """Read those of the texts that are new."""
        new = sorted({text for text in texts if text not in self.spans}, key=len)
        for start in tqdm(range(0, len(new), SAVED_EVERY), desc="reading instructions", disable=not show or not new):
            self._append(new[start : start + SAVED_EVERY], reader)

    def _append(self, texts: Sequence[str], reader: Reader) -> None:
        length = sum(count for _, count in self.spans.values())
        with ExitStack() as stack:
            files = [stack.enter_context(self._opened(name)) for name in (STATES, MATCHES)]
            self._write(texts, reader, files, length)
        work = self.folder / f"{INDEX}.new"
        work.write_text(json.dumps({"checksum": self.checksum, "texts": self.spans}))
        work.replace(self.folder / INDEX)

    def _opened(self, name: str) -> BinaryIO:
        path = self.folder / name
        return open(path, "r+b" if path.exists() else "w+b")

    def _write(self, texts: Sequence[str], reader: Reader, files: Sequence[BinaryIO], length: int) -> None:
        """Read texts and write them behind the ``length`` tokens that are there."""
        for file, width in zip(files, (self.width, self.words)):
            file.seek(2 * width * length)  # over what an interrupted reading left
        for start in range(0, len(texts), ALIKE):
            part = texts[start : start + ALIKE]
            for text, values in zip(part, reader.instructions(part)):
                for file, value in zip(files, values):
                    file.write(value.cpu().numpy().astype(np.float16).tobytes())
                self.spans[text] = [length, len(values[0])]
                length += len(values[0])

    def open(self) -> None:
        """Map the files, once all is read."""
        self._states = np.memmap(self.folder / STATES, np.float16, "r").reshape(-1, self.width)
        self._matches = np.memmap(self.folder / MATCHES, np.float16, "r").reshape(-1, self.words)

    def __getitem__(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """States (T, W) and matches (T, A) of a text. Raises KeyError for one that was not read."""
        start, count = self.spans[text]
        states, matches = (part[start : start + count] for part in (self._states, self._matches))
        return torch.from_numpy(states.astype(np.float32)), torch.from_numpy(matches.astype(np.float32))

"""A checkpoint folder: write it whole or not at all, and load it only when every byte is as it was written.

    config.json                        what the caller gives (architecture, normalisation, base LLM), plus "format"
    model-00001-of-0000N.safetensors   the trained tensors, shards of at most 15 MiB, 60 MiB in all
    model-form.safetensors             those of the head that hears an instruction's form, if there is one
    model-questions.safetensors        those of the head that hears whether a question has an answer, if there is one
    model-reasoner.safetensors         those of the object reasoner, if there is one
    model-pose.sides.safetensors       those of Pose-DiT's block for places beside things, if there is one
    card.md                            data, recipe, scores, for people
    checksums.json                     sha256 of each file above, and which tensors there are

This file does not know the model: tensors are looked up by name, and the loading code checks that they fit.
One process writes a checkpoint at a time; any number may read.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load as read_safetensors
from safetensors.torch import save as write_safetensors
from torch import Tensor

FORMAT = 1
# Parts in a file of their own, so that they come and go without a change to the other files.
OWN_SHARDS = ("encoder", "form", "questions", "reasoner", "answers", "pose.sides")
MAX_SHARD_BYTES = 15 * 2**20
MAX_TOTAL_BYTES = 60 * 2**20
CONFIG, CARD, CHECKSUMS = "config.json", "card.md", "checksums.json"


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written or read; the message says why and what to do."""


def save_checkpoint(
    folder: str | os.PathLike, config: dict, tensors: Mapping[str, Tensor], card: str, dtype: torch.dtype | None = None
) -> Path:
    """Write a checkpoint folder atomically; an older one under that name is replaced only by a complete new one.

    config: JSON values only. dtype: storage type of floating tensors (torch.float16 halves the size), None keeps each
    one's own. Raises CheckpointError for values that are not finite, a size beyond the limits, or a disk that refuses;
    the older checkpoint is then untouched.
    """
    folder = Path(folder)
    work = folder.with_name(f".{folder.name}.new")
    files = {CONFIG: _json_bytes({**config, "format": FORMAT}, CONFIG), CARD: card.encode()}
    shards = _shards({name: _stored(name, tensor, dtype) for name, tensor in tensors.items()})
    files.update(shards)
    total = sum(len(data) for data in files.values())
    if total > MAX_TOTAL_BYTES:
        raise CheckpointError(
            f"The checkpoint would take {total / 2**20:.1f} MiB, more than {MAX_TOTAL_BYTES >> 20}: "
            "store it as float16, or train fewer or smaller parts."
        )
    checksums = {
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "tensors": sorted(tensors),
    }
    files[CHECKSUMS] = _json_bytes(checksums, CHECKSUMS)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work, ignore_errors=True)  # left by a process that was killed
        work.mkdir()
        try:
            for name, data in files.items():
                _write(work / name, data)
            _sync_folder(work)
            _replace_folder(work, folder)
            _sync_folder(folder.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise CheckpointError(f"The checkpoint {folder} cannot be written: {error}.") from error
    return folder


def load_checkpoint(folder: str | os.PathLike) -> tuple[dict, dict[str, Tensor]]:
    """Read and verify a checkpoint folder: (config, tensors as stored, on the CPU).

    Raises CheckpointError when a file is missing, cut off or changed, the format is another one, or tensors are
    missing or unexpected.
    """
    folder = Path(folder)
    listed = _listed(folder)
    contents = {}
    for name, expected in listed["files"].items():
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise CheckpointError(f"{_of(folder)} lacks {name} ({error.strerror}): fetch it again.") from error
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise CheckpointError(f"{_of(folder)} is damaged, the checksum of {name} is wrong: fetch it again.")
    config = json.loads(contents[CONFIG])
    found = config.get("format") if isinstance(config, dict) else None
    if found != FORMAT:
        raise CheckpointError(
            f"{_of(folder)} has format {found}, this version reads {FORMAT}: "
            "use a checkpoint and a package of the same release."
        )
    tensors: dict[str, Tensor] = {}
    for name in sorted(listed["files"]):
        if name.endswith(".safetensors"):
            tensors.update(read_safetensors(contents[name]))
    missing, unexpected = set(listed["tensors"]) - tensors.keys(), tensors.keys() - set(listed["tensors"])
    if missing or unexpected:
        raise CheckpointError(
            f"{_of(folder)} does not hold the tensors that it lists "
            f"(missing {sorted(missing)[:3]}, unexpected {sorted(unexpected)[:3]}): fetch it again."
        )
    return config, tensors


def checkpoint_checksum(folder: str | os.PathLike) -> str:
    """One sha256 that stands for the whole checkpoint: that of its list of checksums."""
    path = Path(folder) / CHECKSUMS
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"{_of(folder)} lacks {CHECKSUMS}: fetch it again.") from error


def check_tensor_names(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise CheckpointError unless loaded tensors have the names and shapes of the model's trained ones."""
    missing, unexpected = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    wrong = sorted(name for name in expected.keys() & tensors.keys() if expected[name].shape != tensors[name].shape)
    for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", wrong)):
        if names:
            raise CheckpointError(
                f"The checkpoint does not fit this model: {len(names)} tensors are {what}, the first is {names[0]}. "
                "Its config and its weights come from different trainings, or from another release."
            )


def _of(folder: str | os.PathLike) -> str:
    return f"The checkpoint {folder}"


def _stored(name: str, tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    stored = tensor.detach().cpu()
    if stored.is_floating_point():
        stored = stored.to(dtype or stored.dtype)
        if not torch.isfinite(stored).all():
            kept = f"as {dtype}" if dtype and torch.isfinite(tensor).all() else "at all"
            raise CheckpointError(f"{name} has values that cannot be stored {kept} (infinite or not a number).")
    return stored.clone(memory_format=torch.contiguous_format)


def _shards(tensors: Mapping[str, Tensor]) -> dict[str, bytes]:
    """Serialise the tensors, in the order of their names, into as few shards as the limit allows; OWN_SHARDS apart."""
    own = {name: part for name in tensors for part in OWN_SHARDS if name.startswith(f"{part}.")}
    groups: list[dict[str, Tensor]] = [{}]
    used = 0
    for name in sorted(tensors.keys() - own.keys()):
        tensor = tensors[name]
        size = tensor.numel() * tensor.element_size() + len(name.encode()) + 160  # its entry in the header
        if used + size > MAX_SHARD_BYTES - 1024 and groups[-1]:
            groups.append({})
            used = 0
        groups[-1][name] = tensor
        used += size
    count, named = len(groups), {}
    for number, group in enumerate(groups, start=1):
        named[f"model-{number:05d}-of-{count:05d}.safetensors"] = group
    for part in sorted(set(own.values())):
        named[f"model-{part}.safetensors"] = {name: tensors[name] for name in sorted(own) if own[name] == part}
    shards = {}
    for file, group in named.items():
        data = write_safetensors(group, metadata={"format": "pt"})
        if len(data) > MAX_SHARD_BYTES:
            raise CheckpointError(
                f"{next(iter(group))} alone takes {len(data) / 2**20:.1f} MiB, more than a shard's "
                f"{MAX_SHARD_BYTES >> 20}: store it as float16 or split it."
            )
        shards[file] = data
    return shards


def _listed(folder: Path) -> dict:
    """The checked content of checksums.json: {"files": {name: sha256}, "tensors": [names]}."""
    if not folder.is_dir():
        raise CheckpointError(f"No checkpoint at {folder}: check the path, or train one with training/train.py.")
    try:
        listed = json.loads((folder / CHECKSUMS).read_bytes())
        files, tensors = listed["files"], listed["tensors"]
        well_formed = isinstance(files, dict) and isinstance(tensors, list) and all(isinstance(t, str) for t in tensors)
    except OSError as error:
        raise CheckpointError(f"{_of(folder)} lacks {CHECKSUMS} ({error.strerror}): fetch it again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{_of(folder)} is damaged, {CHECKSUMS} cannot be read: fetch it again.") from error
    if not well_formed or not {CONFIG, CARD} <= files.keys() or any(Path(name).name != name for name in files):
        raise CheckpointError(f"{_of(folder)} is damaged, {CHECKSUMS} is not well formed: fetch it again.")
    stray = sorted(path.name for path in folder.glob("model*.safetensors") if path.name not in files)
    if stray:
        raise CheckpointError(f"{_of(folder)} holds {stray[0]}, which it does not list: fetch it again.")
    return listed


def _json_bytes(value: dict, name: str) -> bytes:
    try:
        return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{name} can only hold JSON values: {error}.") from error


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def _replace_folder(new: Path, folder: Path) -> None:
    """Put ``new`` in the place of ``folder``; the old one ends up under the name of ``new``, or is gone."""
    if not folder.exists():
        new.rename(folder)
    elif not _exchange(new, folder):  # two renames: a kill between them leaves the last good one as .NAME.old
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step (renameat2 of Linux); False where the system cannot."""
    at_cwd, exchange = -100, 2
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return rename(at_cwd, os.fsencode(a.absolute()), at_cwd, os.fsencode(b.absolute()), exchange) == 0

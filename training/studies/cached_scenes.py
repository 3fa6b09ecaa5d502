"""Scenes of the study on disk: described once, read once by the relation encoder, each with its questions.

A folder holds ``scenes.safetensors`` (objects, the slots of them, their features and tokens) and ``questions.json``, both beside
a checksum of everything that made them, so that no run trains on what another bench made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from moe3d_ros.model.perception.objects import ObjectSet, ObjectTokens
from moe3d_ros.tabletop.questions.questions import WEIGHTS, Question, draw_question
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from training.stages.described import describe

FORMAT = 2
TENSORS, QUESTIONS = "scenes.safetensors", "questions.json"
KEY = "checksum"


@dataclass(frozen=True)
class SceneSet:
    """Recipe of a folder of scenes.

    Attributes:
        scenes: how many there are. questions: about each of them, fewer where a scene has not so many.
        seed: of scenes and questions; sets with other seeds have nothing in common.
        long_answers: lists, captions and descriptions are asked too.
    """

    scenes: int
    questions: int
    seed: int
    long_answers: bool = False

    def weights(self) -> dict[str, float]:
        """Share of each type of question."""
        left_out = () if self.long_answers else ("list", "caption", "description")
        return {name: share for name, share in WEIGHTS.items() if name not in left_out}


@dataclass
class CachedScenes:
    """N described scenes with what the relation encoder makes of them, on the CPU.

    Attributes:
        objects: (N, n) of them. slot: (N, n), -1 for padding.
        features: (N, n, F). tokens: (N, n, W), what the LLM reads.
        questions: of each scene; what they point at are slots, -1 for nothing.
        checksum: of what made them. asked: of the questions themselves, which another version may draw otherwise.
    """

    objects: ObjectSet
    slot: torch.Tensor
    features: torch.Tensor
    tokens: torch.Tensor
    questions: list[list[Question]]
    checksum: str
    asked: str

    def __len__(self) -> int:
        return len(self.slot)

    def rows(self, indices: Sequence[int]) -> tuple[ObjectSet, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Objects, slots, and (features, tokens) of some scenes, as narrow as the fullest of them."""
        chosen = torch.tensor(indices)
        width = max(int(self.objects.mask[chosen].sum(1).max()), 1)
        objects = self.objects.mapped(lambda value: value[chosen, :width])
        return objects, self.slot[chosen, :width], (self.features[chosen, :width], self.tokens[chosen, :width])


def checksum_of(made: SceneSet, world: SceneRange, encoder: ObjectTokens) -> str:
    """Checksum of everything that a set of scenes depends on: its sizes, the world it is drawn from, the relation encoder."""
    text = json.dumps([FORMAT, asdict(made), made.weights(), asdict(world)], sort_keys=True, default=str)
    found = hashlib.sha256(text.encode())
    for name, value in sorted(encoder.state_dict().items()):
        found.update(name.encode() + value.detach().float().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def cached_scenes(folder: Path, made: SceneSet, world: SceneRange, encoder: ObjectTokens) -> CachedScenes:
    """The scenes of a folder, made first where there are none.

    Raises:
        ValueError: the folder holds what something else made.
    """
    checksum = checksum_of(made, world, encoder)
    if not (folder / QUESTIONS).exists():
        _make(folder, checksum, made, world, encoder)
    known = json.loads((folder / QUESTIONS).read_text(encoding="utf-8"))
    if known[KEY] != checksum:
        raise ValueError(
            f"{folder} holds scenes that were made otherwise than this study asks: remove the folder, or name another one."
        )
    tensors = load_file(folder / TENSORS)
    parts: dict[str, Any] = {f.name: tensors.get(f"objects.{f.name}") for f in fields(ObjectSet)}
    objects = ObjectSet(**parts)
    questions = [
        [Question(text, answer, kind, (first, second)) for text, answer, kind, first, second in asked]
        for asked in known["questions"]
    ]
    asked = hashlib.sha256(json.dumps(known["questions"]).encode()).hexdigest()
    return CachedScenes(objects, tensors["slots"], tensors["features"], tensors["tokens"], questions, checksum, asked)


@torch.no_grad()
def _make(folder: Path, checksum: str, made: SceneSet, world: SceneRange, encoder: ObjectTokens) -> None:
    """Draw scenes and questions, let the encoder read the scenes, and write both; the questions last."""
    generator, rng = torch.Generator().manual_seed(made.seed), np.random.default_rng(made.seed)
    scenes = sample_scenes(made.scenes, world, generator)
    objects, slot = describe(scenes, generator, kinds=encoder.kinds)
    features, tokens = encoder(objects)
    asked = []
    for index in range(made.scenes):
        scene, slots = scenes.scene(index)
        drawn = (draw_question(scene, rng, weights=made.weights()) for _ in range(made.questions))
        found = dict.fromkeys(question for question in drawn if question is not None)
        asked.append([[q.text, q.answer, q.kind, *(-1 if i is None else slots[i] for i in q.pointed)] for q in found])
    tensors = {f"objects.{name}": value for name, value in vars(objects).items() if value is not None}
    tensors |= {"slots": slot, "features": features, "tokens": tokens}
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / TENSORS, lambda path: save_file({k: v.contiguous() for k, v in tensors.items()}, path))
    text = json.dumps({KEY: checksum, "questions": asked})
    _write(folder / QUESTIONS, lambda path: path.write_text(text, encoding="utf-8"))


def _write(path: Path, write) -> None:
    """Write a file under another name first, so that it is whole once it is there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write(draft)
    os.replace(draft, path)

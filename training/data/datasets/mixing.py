"""Texts of datasets between those of generated scenes: batches for the language stage that look like its own."""

from __future__ import annotations

import numpy as np
import torch

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.grammar import DONE, PICK, PLACE
from moe3d_ros.model.language.scene_language import SceneLanguageModel, question_prompt
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.model.perception.patches import PatchBatch, make_patches
from training.data.datasets.catalogue import parse_specs
from training.data.datasets.dataset import ExampleDataset
from training.data.datasets.example import Example

MAX_TOKENS = 192  # of a prompt, and of an answer: a longer one is cut, and a cut answer has no end to learn
MAX_POINTS = 60_000  # of a scan; more do not change what a voxel of the workspace looks like


class TextMixture:
    """Questions, captions and plans of datasets. Demonstrations have no text to learn and are left to the action stage.

    Args:
        specs: comma-separated `format:path?options`. Raises DataError, ValueError where they cannot be used.
        model: whose grid and workspace the scans are shown on.
    """

    def __init__(self, specs: str, model: ModelConfig):
        datasets = [ExampleDataset(spec, model.workspace) for spec in parse_specs(specs) if spec.format != "recording"]
        if not datasets:
            raise ValueError(f"data={specs!r} has no texts to learn: recordings train Pose-DiT (task action)")
        self.datasets, self.config = datasets, model
        self.by_scene = []  # of each dataset: indices of the records that share a cloud as it is placed
        for dataset in datasets:
            groups: dict = {}
            for index, record in enumerate(dataset.records):
                about = record.object_ids if dataset.spec.placement == "objects" else ()
                groups.setdefault((record.scene_id, about), []).append(index)
            self.by_scene.append(list(groups.values()))

    def batch(self, model: SceneLanguageModel, scenes: int, pairs: int, rng) -> tuple[PatchBatch, list[list[Text]]]:
        """Patches of ``scenes`` scans, drawn evenly over datasets and then scans, and up to ``pairs`` texts of each."""
        examples, texts = [], []
        for _ in range(scenes):
            which = int(rng.integers(len(self.datasets)))
            dataset, groups = self.datasets[which], self.by_scene[which]
            group = groups[int(rng.integers(len(groups)))]
            chosen = rng.permutation(group)[:pairs]
            examples.append(dataset[int(chosen[0])])
            texts.append([text_of(model, dataset.records[int(index)]) for index in chosen])
        return patches_of(examples, self.config, rng), texts


def patches_of(examples: list[Example], config: ModelConfig, rng, labels: list[np.ndarray] | None = None) -> PatchBatch:
    """Encoder input of a batch of examples on the model's grid; ``labels``: the slot of each example's points (poses only)."""
    scene, points, colors, slots = [], [], [], []
    for row, example in enumerate(examples):
        kept: slice | np.ndarray = slice(None)
        if len(example.points) > MAX_POINTS:
            kept = np.sort(rng.choice(len(example.points), MAX_POINTS, replace=False))
        points.append(torch.from_numpy(np.ascontiguousarray(example.points[kept])))
        colors.append(torch.from_numpy(np.ascontiguousarray(example.colors[kept])).float() / 255)
        scene.append(torch.full((len(points[-1]),), row))
        if labels is not None:
            slots.append(torch.from_numpy(labels[row][kept]))
    slot = torch.cat(slots) if labels is not None else None
    cloud = torch.cat(scene), torch.cat(points), torch.cat(colors)
    return make_patches(*cloud, len(examples), config.patches, config.workspace, slot)


def words_of(record) -> str:
    """Prompt: the question, or a request for the caption or the plan."""
    if record.kind == "caption":
        return f"describe {record.prompt or 'the scene'}."
    if record.kind == "plan":
        return f"how would you do this, step by step: {record.prompt}"
    return record.prompt


def text_of(model: SceneLanguageModel, record) -> Text:
    """A free text to learn: the first answer, ended by <done> if it is not cut; what it is about is not known."""
    prompt = model.encode(question_prompt(words_of(record)))
    answer = model.encode(" " + record.answers[0])
    special = model.grammar.special
    end = [special[DONE]] if len(answer) <= MAX_TOKENS else []
    told = [special[PICK], special[PLACE], *answer[:MAX_TOKENS], *end]
    return Text(prompt[-MAX_TOKENS:], told, None, [(0, 1)], [(-2, -2)], record.kind)

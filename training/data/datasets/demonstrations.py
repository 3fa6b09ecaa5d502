"""Demonstrated poses for the action stage: the picked thing and its destination are found from the demonstrated positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.perception.patches import PatchBatch
from moe3d_ros.tabletop.scenes.step import Step
from training.data.datasets.catalogue import parse_specs
from training.data.datasets.contact import ABOVE_TABLE, REACH
from training.data.datasets.dataset import ExampleDataset
from training.data.datasets.example import Example
from training.data.datasets.mixing import patches_of
from training.data.targets import NO_SLOT, SceneStep

PICKED, TARGET = 0, 1  # slots


@dataclass
class Demonstrated:
    """Counterpart of a batch's generated scenes that knows which detection a demonstration referred to."""

    pick: torch.Tensor  # (B, 3) metres
    place: torch.Tensor  # (B, 3)

    def nearest_slots(self, objects: ObjectSet) -> torch.Tensor:
        """Slot of each detection (B, n): PICKED, TARGET, or -1."""
        slot = torch.full(objects.mask.shape, NO_SLOT, device=objects.mask.device)
        for number, pose in ((TARGET, self.place), (PICKED, self.pick)):  # what is picked is no target of its own
            apart = (objects.center[..., :2] - pose[:, None, :2].to(objects.center)).norm(dim=-1)
            best, index = apart.masked_fill(~objects.mask, torch.inf).min(-1)
            rows = torch.nonzero(best < REACH).flatten()
            slot[rows, index[rows]] = number
        return slot


class DemonstrationMixture:
    """Batches of demonstrations.

    Args:
        specs: comma-separated `recording:path?options`. Raises DataError, ValueError where they cannot be used.
        model: whose grid and workspace the clouds are shown on.
    """

    def __init__(self, specs: str, model: ModelConfig):
        self.datasets = [
            ExampleDataset(spec, model.workspace) for spec in parse_specs(specs) if spec.format == "recording"
        ]
        if not self.datasets:
            raise ValueError(
                f"data={specs!r} has no poses to learn: give recordings (recording:path), or task language"
            )
        self.config = model
        self.index = [(dataset, i) for dataset in self.datasets for i in range(len(dataset))]

    def batch(self, scenes: int, rng) -> tuple[Demonstrated, PatchBatch, list[list[SceneStep]]]:
        """Referents, patches with slots as labels, and the one step of each scene."""
        examples = []
        for _ in range(scenes):
            dataset, index = self.index[int(rng.integers(len(self.index)))]
            examples.append(dataset[index])
        patches = patches_of(examples, self.config, rng, [_labels(example) for example in examples])
        steps = [[SceneStep(Step(PICKED, TARGET, None, e.prompt, e.pick, e.place), (PICKED, TARGET))] for e in examples]
        pick, place = (torch.tensor([getattr(e, name).position for e in examples]) for name in ("pick", "place"))
        return Demonstrated(pick, place), patches, steps


def _labels(example: Example) -> np.ndarray:
    """Slot of each point (N,): what stands within REACH of the place pose, and of the pick pose below the tool tip."""
    slot = np.full(len(example.points), NO_SLOT, np.int64)
    standing = example.points[:, 2] > ABOVE_TABLE
    for number, pose in ((TARGET, example.place), (PICKED, example.pick)):
        apart = np.linalg.norm(example.points[:, :2] - np.asarray(pose.position[:2], np.float32), axis=1)
        slot[standing & (apart < REACH)] = number
    return slot

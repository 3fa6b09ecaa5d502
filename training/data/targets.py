"""Poses to be learnt: the steps of a batch of scenes as padded tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from moe3d_ros.model.action.side_block import NO_SIDE
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.sides import SIDES

NO_SLOT = -1


@dataclass(frozen=True)
class SceneStep:
    """A step, and the slots that its scene's objects have in the batch."""

    step: Step
    slots: Sequence[int]


@dataclass
class PoseTargets:
    """Poses of M steps at most behind each of B scenes; pick first, then place."""

    positions: Tensor  # (B, M, 2, 3) metres
    matrices: Tensor  # (B, M, 2, 3, 3)
    slots: Tensor  # (B, M, 2) of the objects meant, NO_SLOT for a spot on the table
    valid: Tensor  # (B, M) bool, False for padding
    side: Tensor  # (B, M) of the place, an index of `world.sides`; NO_SIDE for none
    second: Tensor  # (B, M) slot of the other thing of a place between two, else NO_SLOT


def pose_targets(steps: Sequence[Sequence[SceneStep]], width: int) -> PoseTargets:
    """The steps of B scenes, padded to ``width``."""
    batch = len(steps)
    targets = PoseTargets(
        positions=torch.zeros(batch, width, 2, 3),
        matrices=torch.eye(3).expand(batch, width, 2, 3, 3).clone(),
        slots=torch.full((batch, width, 2), NO_SLOT),
        valid=torch.zeros(batch, width, dtype=torch.bool),
        side=torch.full((batch, width), NO_SIDE),
        second=torch.full((batch, width), NO_SLOT),
    )
    for row, drawn in enumerate(steps):
        for column, one in enumerate(drawn):
            for which, pose in enumerate((one.step.pick, one.step.place)):
                targets.positions[row, column, which] = torch.tensor(pose.position)
                targets.matrices[row, column, which] = torch.from_numpy(quaternion_to_matrix(pose.orientation)).float()
            targets.slots[row, column, 0] = one.slots[one.step.pick_index]
            place = one.step.place_index
            targets.slots[row, column, 1] = NO_SLOT if place is None else one.slots[place]
            if one.step.side:
                targets.side[row, column] = SIDES.index(one.step.side)
            if one.step.second is not None:
                targets.second[row, column] = one.slots[one.step.second]
            targets.valid[row, column] = True
    return targets

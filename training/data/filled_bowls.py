"""Blocks in bowls, one on the other, put into random scenes: where an encoder may see the bowl alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.sampling import bottom_in_bowl
from moe3d_ros.world.vocabulary import BOWL
from training.data.alike_blocks import standing_alone

MOST = 3  # blocks in a bowl
ALONE = 0.65  # share of blocks that stay alone in theirs
OF_ITS_COLOR = 0.35  # share of bowls whose blocks have the bowl's colour
SLACK = 0.012  # metres by which a block of the least size may be off the middle; larger ones less
_LEAST = 0.02  # metres, half the edge of a small block


def with_filled_bowls(scenes: SceneBatch, share: float, rng: np.random.Generator) -> SceneBatch:
    """In ``share`` of the scenes blocks that stood alone lie in bowls, where there are both; scenes without tilted things."""
    scenes = replace(scenes, **{name: getattr(scenes, name).clone() for name in ("color", "center", "rgb", "yaw")})
    for row in np.flatnonzero(rng.random(len(scenes)) < share).tolist():
        free = rng.permutation(standing_alone(scenes, row)).tolist()
        bowls = torch.nonzero(scenes.exists[row] & (scenes.kind[row] == BOWL)).flatten()
        for bowl in rng.permutation(bowls.tolist()).tolist():
            if not free or not _empty(scenes, row, bowl):
                continue
            count = 1 if rng.random() < ALONE else int(rng.integers(2, MOST + 1))
            _fill(scenes, row, bowl, [free.pop() for _ in range(min(count, len(free)))], rng)
    return scenes


def _empty(scenes: SceneBatch, row: int, bowl: int) -> bool:
    """True if the middle of nothing else is above the bowl."""
    apart = (scenes.center[row, :, :2] - scenes.center[row, bowl, :2]).norm(dim=-1)
    apart[bowl] = torch.inf
    return bool((apart[scenes.exists[row]] > scenes.half[row, bowl, 0]).all())


def _fill(scenes: SceneBatch, row: int, bowl: int, blocks: list[int], rng: np.random.Generator) -> None:
    """Put blocks into a bowl, one on the other."""
    alike = rng.random() < OF_ITS_COLOR
    height = float(bottom_in_bowl(scenes.half[row, None, bowl], scenes.half[row, None, blocks[0]]))
    for block in blocks:
        half = float(scenes.half[row, block, 2])
        slack = SLACK * _LEAST / half * rng.uniform(-1, 1, 2)
        scenes.center[row, block, :2] = scenes.center[row, bowl, :2] + torch.from_numpy(slack).to(scenes.center.dtype)
        scenes.center[row, block, 2] = height + half
        scenes.yaw[row, block] = float(rng.uniform(-np.pi / 4, np.pi / 4))
        if alike:
            scenes.color[row, block], scenes.rgb[row, block] = scenes.color[row, bowl], scenes.rgb[row, bowl]
        height += 2 * half

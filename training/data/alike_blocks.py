"""Blocks that look the same, beside and on each other, put into random scenes: where an encoder takes several for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.world.vocabulary import BLOCK

TOWERS = 0.5  # share of towers; the others stand beside each other
MOST = 5  # blocks of a tower
WIDEST_GAP, LEAST_GAP = 0.04, 0.004  # metres between two blocks that stand beside each other
_TRIES = 8
_LEVEL = 0.002  # metres that a block on the table may be off


def with_alike_blocks(scenes: SceneBatch, share: float, rng: np.random.Generator) -> SceneBatch:
    """In ``share`` of the scenes some blocks become alike, and stand on or close beside each other; scenes without tilted things."""
    scenes = replace(
        scenes, **{name: getattr(scenes, name).clone() for name in ("color", "big", "center", "half", "rgb", "yaw")}
    )
    for row in np.flatnonzero(rng.random(len(scenes)) < share).tolist():
        free = standing_alone(scenes, row)
        if len(free) < 2:
            continue
        base, *others = rng.permutation(free).tolist()
        if rng.random() < TOWERS:
            _pile(scenes, row, base, others[: int(rng.integers(1, MOST))], rng)
        else:
            _put_beside(scenes, row, base, others[0], rng)
    return scenes


def standing_alone(scenes: SceneBatch, row: int) -> list[int]:
    """Blocks of a scene that stand on the table and bear nothing."""
    center, half = scenes.center[row], scenes.half[row]
    blocks = scenes.exists[row] & (scenes.kind[row] == BLOCK) & ((center[:, 2] - half[:, 2]).abs() < _LEVEL)
    found = []
    for slot in torch.nonzero(blocks).flatten().tolist():
        above = (center[:, :2] - center[slot, :2]).norm(dim=-1) < half[slot, :2].norm() + half[:, :2].amin(-1)
        above &= scenes.exists[row] & (center[:, 2] > center[slot, 2] + half[slot, 2])
        if not bool(above.any()):
            found.append(slot)
    return found


def _alike(scenes: SceneBatch, row: int, base: int, other: int) -> None:
    for name in ("color", "big", "half", "rgb"):
        getattr(scenes, name)[row, other] = getattr(scenes, name)[row, base]


def _pile(scenes: SceneBatch, row: int, base: int, others: list[int], rng: np.random.Generator) -> None:
    """Put others on a block, one on the other, nearly above it."""
    for level, other in enumerate(others, 1):
        _alike(scenes, row, base, other)
        edge = 2 * scenes.half[row, base, 2]
        shift = torch.tensor([*rng.normal(0, 0.0025, 2).clip(-0.005, 0.005), 0.0], dtype=scenes.center.dtype)
        scenes.center[row, other] = scenes.center[row, base] + shift
        scenes.center[row, other, 2] = scenes.center[row, base, 2] + level * edge
        scenes.yaw[row, other] = scenes.yaw[row, base] + float(rng.normal(0, 0.05))


def _put_beside(scenes: SceneBatch, row: int, base: int, other: int, rng: np.random.Generator) -> None:
    """Put another close beside a block, where it touches nothing."""
    half = float(scenes.half[row, base, 0])
    rest = scenes.exists[row].clone()
    rest[[base, other]] = False
    centers, radii = scenes.center[row, rest, :2], scenes.half[row, rest, :2].norm(dim=-1)
    for _ in range(_TRIES):
        yaw, gap = float(scenes.yaw[row, base]), float(rng.uniform(LEAST_GAP, WIDEST_GAP))
        along = rng.integers(4) * np.pi / 2 + yaw
        aside = float(rng.uniform(-half, half))
        away = (2 * half + gap) * np.array([np.cos(along), np.sin(along)]) + aside * np.array(
            [-np.sin(along), np.cos(along)]
        )
        spot = scenes.center[row, base, :2] + torch.from_numpy(away).to(scenes.center.dtype)
        if bool(((centers - spot).norm(dim=-1) > radii + 1.45 * half).all()):
            _alike(scenes, row, base, other)
            scenes.center[row, other, :2] = spot
            scenes.center[row, other, 2] = scenes.half[row, other, 2]
            scenes.yaw[row, other] = scenes.yaw[row, base]
            return

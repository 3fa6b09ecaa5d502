"""Scenes of a batch: random ones, and moments in the middle of long-horizon tasks."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch

from moe3d_ros.tabletop.arrange import SEEN_COLORS, batch_scenes
from moe3d_ros.tabletop.progress import Progress, sample_impossible, sample_progress, sample_unrelated
from moe3d_ros.tabletop.scenes import SceneBatch, SceneRange, sample_scenes

IMPOSSIBLE_SHARE = 0.05  # of the moments, the task names what is not there
UNRELATED_SHARE = 0.03  # and of them, what is said is no task for any scene
SCALES = (0.35, 1.0)  # from three colours on the table to all that the tasks ask for


def sample_moments(number: int, rng: np.random.Generator, colors=SEEN_COLORS) -> list[Progress]:
    """Moments of long-horizon tasks, in the colours that the benchmark's protocol trains on; see `sample_progress`."""
    moments = []
    for _ in range(number):
        draw = rng.random()
        sample = sample_impossible if draw < IMPOSSIBLE_SHARE else sample_progress
        if draw > 1 - UNRELATED_SHARE:
            sample = sample_unrelated
        moments.append(sample(rng, colors=colors, scale=float(rng.uniform(*SCALES))))
    return moments


def sample_mixture(number: int, long: float, scene_range: SceneRange, rng: np.random.Generator,
                   generator: torch.Generator) -> tuple[SceneBatch, list[Progress | None]]:  # fmt: skip
    """``number`` scenes, a share ``long`` of them moments of long tasks -> scenes, and the moment of each or None."""
    count = int(rng.binomial(number, long))
    moments = sample_moments(count, rng)
    parts = [batch_scenes([moment.scene for moment in moments])] if moments else []
    if count < number:
        parts.append(sample_scenes(number - count, scene_range, generator))
    return join(parts), moments + [None] * (number - count)


def join(parts: list[SceneBatch]) -> SceneBatch:
    """Batches one after the other; slots that some have more than others do not exist there."""
    slots = max(part.exists.shape[1] for part in parts)
    return SceneBatch(**{f.name: torch.cat([_widened(part, f.name, slots) for part in parts]) for f in fields(SceneBatch)})


def _widened(part: SceneBatch, name: str, slots: int) -> torch.Tensor:
    value = getattr(part, name)
    missing = slots - part.exists.shape[1]
    if name == "table_rgb" or not missing:
        return value
    empty = value.new_zeros(len(value), missing, *value.shape[2:])
    if name == "kind":
        empty -= 1
    if name == "half":
        empty += 0.01  # no surface is ever divided by nought
    return torch.cat([value, empty], dim=1)

"""Scenes of a batch: random ones, and moments in the middle of long-horizon tasks."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.tabletop.scenes.batch import SceneBatch, batch_scenes
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.tasks.progress import Progress, sample_impossible, sample_progress, sample_unrelated
from training.data.sixd_data import sample_sixd

IMPOSSIBLE_SHARE = 0.05  # of the moments, the task names what is not there
UNRELATED_SHARE = 0.03  # and of them, the utterance is not a task for any scene
SCALES = (0.35, 1.0)  # from three colours on the table to all that the tasks ask for


def sample_moments(number: int, rng: np.random.Generator, colors=SEEN_COLORS, names=()) -> list[Progress]:
    """Moments of long-horizon tasks, in the colours that the benchmark's protocol trains on; see `sample_progress`.

    names: of the tasks to draw from, one that stands there twice coming twice as often; none: the usual mix.
    """
    moments = []
    for _ in range(number):
        draw = rng.random()
        sample = sample_impossible if draw < IMPOSSIBLE_SHARE else sample_progress
        if draw > 1 - UNRELATED_SHARE:
            sample = sample_unrelated
        chosen: dict[str, Any] = {"name": str(rng.choice(names))} if names and sample is sample_progress else {}
        moments.append(sample(rng, colors=colors, scale=float(rng.uniform(*SCALES)), **chosen))
    return moments


def sample_mixture(
    number: int,
    long: float,
    scene_range: SceneRange,
    rng: np.random.Generator,
    generator: torch.Generator,
    sixd: float = 0.0,
    names=(),
) -> tuple[SceneBatch, list[Progress | None]]:
    """``number`` scenes, a share ``long`` of them moments of long tasks (``names``) -> scenes, the moment of each or None.

    Of the others a share is such that in all ``sixd`` of the scenes are 6D scenes.
    """
    tilted = int(rng.binomial(number, sixd)) if sixd else 0
    number -= tilted
    count = int(rng.binomial(number, long))
    moments = sample_moments(count, rng, names=names)
    parts = [batch_scenes([moment.scene for moment in moments])] if moments else []
    if tilted:
        parts.append(sample_sixd(tilted, rng))
    if count < number:
        parts.append(sample_scenes(number - count, scene_range, generator))
    return join(parts), moments + [None] * (number + tilted - count)


def join(parts: list[SceneBatch]) -> SceneBatch:
    """Batches one after the other; slots that some have more than others do not exist there."""
    slots = max(part.exists.shape[1] for part in parts)
    if any(part.turn is not None for part in parts):
        parts = [with_turns(part) for part in parts]
    if all(part.turn is None for part in parts):
        names = [f.name for f in fields(SceneBatch) if f.name not in ("turn", "normal")]
    else:
        names = [f.name for f in fields(SceneBatch)]
    return SceneBatch(**{name: torch.cat([_widened(part, name, slots) for part in parts]) for name in names})


def with_turns(scenes: SceneBatch) -> SceneBatch:
    """The same scenes with their rotations and normals written out, so that they can stand beside tilted ones."""
    if scenes.turn is not None:
        return scenes
    cos, sin, nil = scenes.yaw.cos(), scenes.yaw.sin(), torch.zeros_like(scenes.yaw)
    rows = [[cos, -sin, nil], [sin, cos, nil], [nil, nil, nil + 1]]
    turn = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
    return replace(scenes, turn=turn, normal=turn[..., 2])


def _widened(part: SceneBatch, name: str, slots: int) -> torch.Tensor:
    value = getattr(part, name)
    missing = slots - part.exists.shape[1]
    if name == "table_rgb" or not missing:
        return value
    empty = value.new_zeros(len(value), missing, *value.shape[2:])
    if name == "kind":
        empty -= 1
    if name == "turn":
        empty += torch.eye(3)
    if name == "half":
        empty += 0.01  # no surface is ever divided by nought
    return torch.cat([value, empty], dim=1)

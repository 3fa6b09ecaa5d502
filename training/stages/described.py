"""Objects of generated scenes as the encoder would describe them, without a cloud: for what only needs the description."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.objects import GROUPS, RELATIONS, ObjectSet, landmarks
from moe3d_ros.tabletop.scenes.batch import SceneBatch, kind_is
from moe3d_ros.world.vocabulary import BLOCK, BOWL, COLOR_NAMES, PLAIN_KINDS, ZONE

CLOUDED = 0.7  # of the batches are seen with the encoder's errors, up to as large as they are
MIDDLE = (0.5, 0.0)  # of the workspace, x and y in metres: areas are its quadrants


def random_errors(rng: np.random.Generator) -> float:
    """Size of the errors of a batch: none in some, up to the encoder's in most."""
    return float(rng.uniform() * (rng.random() < CLOUDED))


def columns_of(slots: torch.Tensor) -> dict[int, int]:
    """Column of each object that is described, by its slot; ``slots`` (n,) of one scene, as :func:`describe` gives them."""
    return {int(slot): where for where, slot in enumerate(slots) if slot >= 0}


def describe(
    scenes: SceneBatch, generator: torch.Generator, kinds: int = PLAIN_KINDS, errors: float = 1.0
) -> tuple[ObjectSet, torch.Tensor]:
    """ObjectSet, and the slot of each object (B, n), -1 for padding.

    Args:
        errors: how large they are and how often things are missed or mistaken, by what the encoder makes of them; 0: the truth.
    """
    batch = len(scenes)

    def uniform(*shape):
        return torch.rand(*shape, generator=generator)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    slots = scenes.exists.shape[1]
    seen = scenes.named & (uniform(batch, slots) >= 0.01 * errors)
    center = scenes.center + 0.004 * errors * uniform(batch, 1, 1) * normal(batch, slots, 3)
    key = torch.where(seen, -center[..., 1], torch.full((batch, slots), torch.inf))
    n = max(int(seen.sum(1).max()), 1)
    order = key.argsort(dim=1)[:, :n]
    mask = seen.gather(1, order)

    def take(value):
        return value.gather(1, order if value.ndim == 2 else order[..., None].expand(-1, -1, value.shape[-1]))

    kind = _confident(take(scenes.kind), kinds, uniform, normal, 0.003, errors)
    color = _confident(take(scenes.color), len(COLOR_NAMES), uniform, normal, 0.01, errors)
    half = take(scenes.half) + 0.001 * errors * normal(batch, n, 3)
    score = 1 - 0.05 * uniform(batch, n)
    objects = ObjectSet(kind, color, take(center), half, take(scenes.yaw), mask, score)
    return objects, torch.where(mask, order, torch.full_like(order, -1))


def _confident(index, classes, uniform, normal, wrong: float, errors: float) -> torch.Tensor:
    """Probabilities that mostly favour ``index`` (B, n): as a trained classifier gives."""
    swap = uniform(*index.shape) < wrong * errors
    index = torch.where(swap, (uniform(*index.shape) * classes).long().clamp(max=classes - 1), index)
    sure = 5 + 5 * uniform(*index.shape, 1)
    logits = sure * F.one_hot(index.clamp(min=0), classes) + 1.2 * errors * normal(*index.shape, classes)
    return logits.softmax(-1)


def relation_targets(scenes: SceneBatch, kinds: int = PLAIN_KINDS) -> torch.Tensor:
    """Relations that hold for each slot, then landmarks that it is next to (B, S, R + landmarks) in {0, 1}."""
    named = scenes.named
    pair = named[:, :, None] & named[:, None, :]
    same_kind = (scenes.kind[:, :, None] == scenes.kind[:, None, :]) & pair
    same_color = same_kind & (scenes.color[:, :, None] == scenes.color[:, None, :])
    groups = dict(zip(GROUPS, (same_kind, same_color, pair)))
    x, y = scenes.center[..., 0], scenes.center[..., 1]
    columns = []
    for group in GROUPS:
        members = groups[group]
        several = members.sum(2) > 1
        for value in (y, -y, -x, x):  # left, right, near, far
            best = torch.where(members, value[:, None, :], torch.full_like(value[:, None, :], -torch.inf)).amax(2)
            columns.append((value >= best) & several & named)
    block = scenes.kind == BLOCK
    for mine, other in ((scenes.big, ~scenes.big), (~scenes.big, scenes.big)):
        columns.append(block & mine & (same_color & other[:, None, :]).any(2))
    apart = (scenes.center[:, :, None, :2] - scenes.center[:, None, :, :2]).norm(dim=-1)
    piled = kind_is(scenes.kind, lambda kind: kind.piled)
    above = pair & piled[:, None, :] & (apart < scenes.half[:, :, None, 0])
    above &= scenes.center[:, None, :, 2] > scenes.center[:, :, None, 2] + 1e-4
    above &= ~torch.eye(above.shape[1], dtype=torch.bool)
    columns += [above.any(2), above.any(1), *_task_targets(scenes, above, named)]
    targets = torch.stack(columns, dim=-1).float()
    assert targets.shape[-1] == len(RELATIONS)
    return torch.cat([targets, _neighbour_targets(scenes, apart, same_kind, kinds)], dim=-1)


def _task_targets(scenes: SceneBatch, above: torch.Tensor, named: torch.Tensor) -> list[torch.Tensor]:
    """TASK_RELATIONS, each (B, S); ``above`` (B, lower, upper) says which thing lies over which, at any height."""
    kind, color = scenes.kind, scenes.color
    top = scenes.center[..., 2] + scenes.half[..., 2]
    # What bears a thing is the highest of those under it; a bowl's rim is higher than the floor that a block lies on.
    height = torch.where(kind_is(kind, lambda known: known.contains and not known.sixd), torch.zeros_like(top), top)
    highest = torch.where(above, height[:, :, None], torch.full_like(height[:, :, None], -1.0)).argmax(1)  # (B, upper)
    borne = above.any(1)
    bearer = lambda value: value.gather(1, highest)  # noqa: E731
    columns = [borne & (bearer(kind) == k) for k in (BLOCK, BOWL, ZONE)]
    columns.append(borne & (bearer(color) == color))
    same = (color[:, :, None] == color[:, None, :]) & named[:, None, :] & named[:, :, None]
    block = kind == BLOCK
    for goal in (BOWL, ZONE):
        wanted = torch.where(
            block[:, :, None], (kind == goal)[:, None, :], block[:, None, :] & (kind == goal)[:, :, None]
        )
        columns.append((same & wanted).any(2))
    number = (same & block[:, None, :]).sum(2)
    columns.append(named & (number > 0) & (number % 2 == 0) & (block | (kind == ZONE)))
    columns.append(block & (above & (kind == ZONE)[:, :, None] & same).any(1))
    columns += [named & (scenes.center[..., 0] > MIDDLE[0]), named & (scenes.center[..., 1] > MIDDLE[1])]
    return columns


def _neighbour_targets(scenes: SceneBatch, apart: torch.Tensor, same_kind: torch.Tensor, kinds: int) -> torch.Tensor:
    """Landmarks (another kind of thing, by kind and colour) of which a slot is the nearest of its kind (B, S, landmarks)."""
    batch, slots = scenes.kind.shape
    nearest = torch.zeros(batch, slots, slots, dtype=torch.bool)
    for kind in range(kinds):
        of_kind = (scenes.kind == kind) & scenes.named
        distance = torch.where(of_kind[:, :, None], apart, torch.full_like(apart, torch.inf))
        nearest |= of_kind[:, :, None] & (distance <= distance.amin(1, keepdim=True))
    several = same_kind.sum(2, keepdim=True) > 1
    nearest &= several & ~same_kind & scenes.named[:, None, :] & scenes.named[:, :, None]
    landmark = (scenes.kind.clamp(min=0) * len(COLOR_NAMES) + scenes.color).clamp(0, landmarks(kinds) - 1)
    return (nearest.float() @ F.one_hot(landmark, landmarks(kinds)).float()).clamp(max=1)

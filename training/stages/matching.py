"""Matches of found objects with the slots of a scene, and the targets of the pointer."""

from __future__ import annotations

import torch

from moe3d_ros.tabletop.scenes.batch import SceneBatch


def pointer_targets(right: torch.Tensor, slot: torch.Tensor) -> torch.Tensor:
    """Admissible objects (..., n + 1), the last one for none; nowhere true where all were missed.

    Args:
        right: (S, ..., K) slots, -1 for none. slot: (S, n) of the objects.
    """
    wanted = right[..., None]
    slot = slot.view(len(slot), *[1] * (right.ndim - 1), slot.shape[1])
    found = ((wanted == slot) & (wanted >= 0)).any(-2)
    return torch.cat([found, (right == -1).any(-1, keepdim=True)], dim=-1)


def nearest_slots(objects, scenes: SceneBatch, within: float = 0.03) -> torch.Tensor:
    """Slot of the scene's object that each detection lies on (B, n), -1 if none of its kind is within 3 cm."""
    apart = torch.cdist(objects.center, scenes.center)  # (B, n, S)
    same = (objects.kind.argmax(-1)[..., None] == scenes.kind[:, None]) & scenes.named[:, None]
    apart = torch.where(same, apart, torch.full_like(apart, torch.inf))
    best, slot = apart.min(-1)
    return torch.where((best < within) & objects.mask, slot, torch.full_like(slot, -1))

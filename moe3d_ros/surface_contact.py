"""Contact of picks with things of any shape: a suction cup needs a surface where it comes down, not the middle of a mug."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.world.footprints import in_upright_box
from moe3d_ros.world.vocabulary import kinds_that

REACH, DEPTH = 0.012, 0.015  # metres beside and above or below a pick within which a surface is met
LEAST = 3  # voxels that make a surface
AROUND = 0.01  # metres around a thing's box within which voxels are its own,
TABLE = 0.006  # and height above which they are no table
CUP, LEVEL = 0.015, 0.004  # metres: radius of what the cup covers, and height by which that may differ
_GENERIC = kinds_that(lambda kind: kind.generic)


def hold_on_surface(
    steps: Sequence[GeneratedStep],
    positions: np.ndarray,
    rotations: np.ndarray,
    objects: ObjectSet,
    surface: np.ndarray,
) -> tuple[str, ...]:
    """Move picks (M, 2, 3), in place, that would meet nothing to where the thing was seen, and their places with them.

    Things of the kinds whose shape is known (a block, a bowl) are left to Pose-DiT, and so is what nothing was seen of.

    Args:
        positions: (M, 2, 3) of M picks and places, metres, planning frame. rotations: (M, 2, 3, 3).
        objects: of the scene, a batch of one. surface: (V, 3) voxels of the cloud, metres.

    Returns:
        a sentence about each pick that was moved.
    """
    count = int(objects.mask[0].sum())
    kinds = objects.kind[0, :count].argmax(-1).cpu().numpy()
    moved: set[int] = set()
    notes = []
    for number, step in enumerate(steps):
        pick = step.state.chosen[0]
        if pick >= count or kinds[pick] not in _GENERIC or pick in moved:
            continue
        moved.add(pick)  # later it lies elsewhere, where no camera saw it yet
        own = own_voxels(surface, objects, pick)
        contact = nearest_contact(own, positions[number, 0])
        if contact is None:
            continue
        shift = contact - positions[number, 0]
        turn = rotations[number, 1] @ rotations[number, 0].T
        positions[number, 0] = contact
        positions[number, 1] += turn @ shift
        notes.append(
            f"The pick of step {number + 1} would have met no surface: it was moved by {1000 * np.linalg.norm(shift):.0f} mm to "
            "where the thing was seen."
        )
    return tuple(notes)


def own_voxels(surface: np.ndarray, objects: ObjectSet, index: int) -> np.ndarray:
    """Those of the voxels (V, 3) that lie in a thing's box or close around it."""
    center, half = (value[0, index].cpu().numpy() for value in (objects.center, objects.half))
    own = in_upright_box(surface, center, half, float(objects.yaw[0, index]), AROUND)
    return surface[own & (surface[:, 2] > TABLE)]


def nearest_contact(own: np.ndarray, pick: np.ndarray) -> np.ndarray | None:
    """Contact (3,) with voxels (V, 3) that a cup which comes down from above at ``pick`` (3,) should have instead.

    None where it meets them as it is, or where nothing was seen. The flattest, highest and nearest place wins.
    """
    if not len(own):
        return None
    aside = np.hypot(*(own[:, :2] - pick[:2]).T)
    if ((aside < REACH) & (np.abs(own[:, 2] - pick[2]) < DEPTH)).sum() >= LEAST:
        return None
    level = np.hypot(*(own[:, None, :2] - own[None, :, :2]).transpose(2, 0, 1)) < CUP
    rise = own[None, :, 2] - own[:, None, 2]
    flat = (level & (np.abs(rise) < LEVEL)).sum(1)
    blocked = (level & (rise > DEPTH)).any(1)  # something higher is in the cup's way
    score = flat / flat.max() - aside / max(float(aside.max()), CUP) + own[:, 2] / own[:, 2].max() - 2.0 * blocked
    return own[int(score.argmax())].astype(float)

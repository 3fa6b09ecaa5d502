"""Places on the table kept free of what is seen there: the nearest free spot to where Pose-DiT would put a thing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import GAP, room_at
from moe3d_ros.world.side_spots import SIDE_GAP, Outline, gap_at, side_spot
from moe3d_ros.world.workspace import Workspace

FARTHEST, STEP = 0.25, 0.01  # metres from the wanted spot, and between spots that are tried
FARTHEST_BEYOND = 0.1  # metres beyond the workspace, as wide as a thing beside one at its border


def free_spot(
    wanted: np.ndarray,
    radius: float,
    centers: np.ndarray,
    radii: np.ndarray,
    workspace: Workspace,
    area: str = "",
    within: Workspace | None = None,
) -> np.ndarray:
    """The spot nearest to ``wanted`` (2,) where a thing touches nothing; ``wanted`` itself if it is free and within, or nothing is.

    Args:
        radius: of the circle around the thing, metres.
        centers, radii: circles (K, 2), (K,) around what stands on the table, metres, planning frame.
        workspace: box whose table the areas are named on.
        area: where ``wanted`` lies in this area of the table, the spot does too.
        within: box that a spot is looked for in; None for the workspace.

    Raises:
        ValueError: no such area.
    """
    wanted = np.asarray(wanted, dtype=float)
    named = bool(area) and in_area(wanted, area, workspace)
    within = within or workspace
    if room_at(wanted[None], radius, centers, radii)[0] >= 0 and _beyond(wanted, within) <= 0:
        return wanted
    line = np.arange(-FARTHEST, FARTHEST + STEP / 2, STEP)
    around = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    around = around[np.argsort(np.hypot(*around.T), kind="stable")]
    spots = wanted + around[np.hypot(*around.T) <= FARTHEST]
    low, high = (np.array(corner[:2]) for corner in (within.low, within.high))
    inside = ((spots >= low + radius) & (spots <= high - radius)).all(axis=1)
    free = spots[inside & (room_at(spots, radius, centers, radii) >= 0)]
    return next((spot for spot in free if not named or in_area(spot, area, workspace)), wanted)


def free_side_spot(
    wanted: np.ndarray,
    side: str,
    thing: Outline,
    references: Sequence[Outline],
    solid: Sequence[Outline],
    within: Workspace,
) -> np.ndarray:
    """``wanted`` (2,) where it is within and a thing touches nothing there, else the best free spot at that side.

    ``wanted`` as well where no such spot is free, and where it is so far beyond that something else must be wrong.

    Args:
        side: of `world.sides`.
        thing: what is put there, as it lies now.
        references: the one or two things that it is put beside. solid: what else stands on the table.
        within: box that a spot is looked for in.
    """
    wanted = np.asarray(wanted, dtype=float)
    beyond = _beyond(wanted, within)
    if beyond > FARTHEST_BEYOND:
        return wanted
    clear = beyond <= 0 and all(gap_at(wanted, thing, one) >= SIDE_GAP[0] for one in references)
    if clear and all(gap_at(wanted, thing, one) >= GAP for one in solid):
        return wanted
    other, *second = references
    spot = side_spot(side, thing, other, second[0] if second else None, solid, within)
    return wanted if spot is None else spot


def _beyond(spot: np.ndarray, box: Workspace) -> float:
    """Metres by which a spot (2,) lies beyond the sides of a box; 0 or less within."""
    return float(max(*(np.array(box.low[:2]) - spot), *(spot - np.array(box.high[:2]))))

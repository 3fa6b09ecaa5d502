"""Places on the table kept free of what is seen there: the nearest free spot to where Pose-DiT would put a thing."""

from __future__ import annotations

import numpy as np

from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import room_at
from moe3d_ros.world.workspace import Workspace

FARTHEST, STEP = 0.25, 0.01  # metres from the wanted spot, and between spots that are tried


def free_spot(
    wanted: np.ndarray,
    radius: float,
    centers: np.ndarray,
    radii: np.ndarray,
    workspace: Workspace,
    area: str = "",
    within: Workspace | None = None,
) -> np.ndarray:
    """The spot nearest to ``wanted`` (2,) where a thing touches nothing; ``wanted`` itself if it is free or nothing is.

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
    if room_at(wanted[None], radius, centers, radii)[0] >= 0:
        return wanted
    line = np.arange(-FARTHEST, FARTHEST + STEP / 2, STEP)
    around = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    around = around[np.argsort(np.hypot(*around.T), kind="stable")]
    spots = wanted + around[np.hypot(*around.T) <= FARTHEST]
    low, high = (np.array(corner[:2]) for corner in ((within or workspace).low, (within or workspace).high))
    inside = ((spots >= low + radius) & (spots <= high - radius)).all(axis=1)
    free = spots[inside & (room_at(spots, radius, centers, radii) >= 0)]
    return next((spot for spot in free if not named or in_area(spot, area, workspace)), wanted)

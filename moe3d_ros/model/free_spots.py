"""Places on the table kept free of what is seen there: the nearest free spot to where Pose-DiT would put a thing."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.success import in_area
from moe3d_ros.voxels import Workspace

FARTHEST, STEP = 0.25, 0.01  # metres from the wanted spot, and between spots that are tried
GAP = 0.005  # metres between the circles around two things


def free_spot(wanted, radius: float, centers: np.ndarray, radii: np.ndarray, workspace: Workspace, area: str = "") -> np.ndarray:
    """The spot nearest to ``wanted`` (2,) where a thing touches nothing; ``wanted`` itself if it is free or nothing is.

    Args:
        radius: of the circle around the thing, metres.
        centers, radii: circles (K, 2), (K,) around what stands on the table, metres, planning frame.
        area: where ``wanted`` lies in this area of the table, the spot does too.

    Raises:
        ValueError: no such area.
    """
    wanted = np.asarray(wanted, dtype=float)
    line = np.arange(-FARTHEST, FARTHEST + STEP / 2, STEP)
    around = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    around = around[np.argsort(np.hypot(*around.T), kind="stable")]
    spots = np.concatenate([wanted[None], wanted + around[np.hypot(*around.T) <= FARTHEST]])
    free = (np.linalg.norm(spots[:, None] - centers, axis=-1) >= radii + radius + GAP).all(axis=1)
    low, high = (np.array(corner[:2]) for corner in (workspace.low, workspace.high))
    free[1:] &= ((spots[1:] >= low + radius) & (spots[1:] <= high - radius)).all(axis=1)
    named = bool(area) and in_area(wanted, area, workspace)
    return next((spot for spot in spots[free] if not named or in_area(spot, area, workspace)), wanted)

"""Crop a cloud to the workspace and voxelise it: occupied voxels as centroids with mean colours (numpy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workspace:
    """Axis-aligned box in the planning frame, metres, in which the robot may act."""

    low: tuple[float, float, float] = (0.25, -0.5, 0.0)
    high: tuple[float, float, float] = (0.75, 0.5, 0.3)

    def __post_init__(self):
        if len(self.low) != 3 or len(self.high) != 3 or not all(a < b for a, b in zip(self.low, self.high)):
            raise ValueError(f"workspace needs low < high on x, y and z, got low={self.low}, high={self.high}")

    @property
    def center(self) -> np.ndarray:
        """Middle of the box (3,), metres."""
        return (np.asarray(self.low) + np.asarray(self.high)) / 2

    @property
    def half_range(self) -> np.ndarray:
        """Half of the box's edge lengths (3,), metres."""
        return (np.asarray(self.high) - np.asarray(self.low)) / 2

    def contains(self, points, margin: float = 0.0) -> np.ndarray:
        """Which of ``points`` (..., 3) lie in the box grown by ``margin`` metres -> bool (...)."""
        points = np.asarray(points)
        low, high = np.asarray(self.low) - margin, np.asarray(self.high) + margin
        return np.all((points >= low) & (points <= high), axis=-1)


GREY = 128  # what has no colour is shown so


def voxelize(
    points,
    colors,
    voxel_size: float = 0.01,
    workspace: Workspace = Workspace(),
    margin: float = 0.02,
    colored=None,
):
    """Crop to the workspace, then average the points that share a voxel.

    Voxelising the result again with the same grid changes nothing, since a centroid stays in its voxel.

    Args:
        points: (N, 3) metres in the planning frame; rows that are not finite are dropped.
        colors: (N, 3) uint8 RGB, or None for a cloud without colour (then grey 128).
        voxel_size: edge length in metres.
        workspace: the box to keep.
        margin: how far beyond the box points are kept, metres; below the table too, for sensor noise.
        colored: (N,) bool, which points have a colour; None: all. The others count for the place of a voxel and not
            for its colour; a voxel without a coloured point is grey 128.

    Returns:
        centroids (V, 3) float32 and colours (V, 3) uint8, ordered by voxel.
    """
    points = np.asarray(points, dtype=np.float32)
    low = np.asarray(workspace.low, np.float32) - np.float32(margin)
    high = np.asarray(workspace.high, np.float32) + np.float32(margin)
    low[2] -= np.float32(voxel_size / 2)  # so that the table top lies in the middle of a layer, not on a boundary
    inside = (points[:, 0] >= low[0]) & (points[:, 0] <= high[0])  # NaN compares false
    for axis in (1, 2):
        inside &= (points[:, axis] >= low[axis]) & (points[:, axis] <= high[axis])
    rows = np.flatnonzero(inside)
    points = points[rows]
    if len(points) == 0:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8)
    cell = ((points - low) / np.float32(voxel_size)).astype(np.int64)  # (N, 3)
    shape = np.floor((high - low) / voxel_size).astype(np.int64) + 1
    key = (cell[:, 0] * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2]
    n_cells = int(shape.prod())
    count = np.bincount(key, minlength=n_cells)
    occupied = np.flatnonzero(count)
    weight = 1.0 / count[occupied]
    means = [np.bincount(key, points[:, axis], n_cells)[occupied] * weight for axis in range(3)]
    centroids = np.stack(means, axis=1).astype(np.float32)
    if colors is None:
        return centroids, np.full((len(centroids), 3), GREY, np.uint8)
    colors = np.asarray(colors)[rows]
    if colored is not None:
        kept = np.asarray(colored)[rows]
        key, colors = key[kept], colors[kept]
        count = np.bincount(key, minlength=n_cells)[occupied]
        weight = np.divide(1.0, count, out=np.zeros(len(occupied)), where=count > 0)
    shades = [np.bincount(key, colors[:, channel], n_cells)[occupied] * weight for channel in range(3)]
    shades = np.rint(np.stack(shades, axis=1)).astype(np.uint8)
    shades[weight == 0] = GREY
    return centroids, shades

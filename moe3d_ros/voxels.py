"""Crop a cloud to the workspace and voxelise it: occupied voxels as centroids with mean colours (numpy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHUNK = 1 << 15  # points that are cropped at once: they stay in a core's cache
FOLD = 1 << 20  # points that are kept before they are summed up: bounds the memory
GREY = 128  # what has no colour is shown so
DENSE = 1 << 22  # cells up to which each has a place in a table; beyond, the occupied ones are sorted


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


def voxelize(
    points,
    colors,
    voxel_size: float = 0.01,
    workspace: Workspace = Workspace(),
    margin: float = 0.02,
    transform=None,
    colored=None,
):
    """Crop to the workspace, then average the points that share a voxel.

    Voxelising the result again with the same grid changes nothing, since a centroid stays in its voxel. Memory beside
    the arguments and the result is bounded, however many points there are.

    Args:
        points: (N, 3) metres in the planning frame; rows that are not finite are dropped.
        colors: (N, 3) uint8 RGB, or None for a cloud without colour (then grey 128).
        voxel_size: edge length in metres.
        workspace: the box to keep.
        margin: how far beyond the box points are kept, metres; below the table too, for sensor noise.
        transform: rigid transform (4, 4) that takes ``points`` into the planning frame first; None: they are there.
        colored: (N,) bool, which points have a colour; None: all. The others count for the place of a voxel and not
            for its colour; a voxel without a coloured point is grey 128.

    Returns:
        centroids (V, 3) float32 and colours (V, 3) uint8, ordered by voxel.
    """
    points = np.asarray(points, dtype=np.float32)
    colors = None if colors is None else np.asarray(colors)
    grid = _Grid(voxel_size, workspace, margin)
    kept, waiting, summed = [], 0, None
    for start in range(0, len(points), CHUNK):
        rows = slice(start, start + CHUNK)
        shade = None if colors is None else colors[rows]
        if shade is not None and colored is not None:  # a fourth column: how many points have a colour
            has = np.asarray(colored[rows], np.uint8)[:, None]
            shade = np.hstack([shade * has, has])
        kept.append(grid.crop(points[rows], shade, transform))
        waiting += len(kept[-1][0])
        if waiting >= FOLD:
            summed, kept, waiting = _merge(summed, grid.fold(kept)), [], 0
    if waiting:
        summed = _merge(summed, grid.fold(kept))
    if summed is None:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8)
    centroids = (summed[1][1:4] / summed[1][0]).T.astype(np.float32)
    if colors is None:
        return centroids, np.full((len(centroids), 3), GREY, np.uint8)
    weight = summed[1][0] if colored is None else summed[1][7]
    shades = np.divide(summed[1][4:7], weight, out=np.full((3, len(centroids)), float(GREY)), where=weight > 0)
    return centroids, np.rint(shades.T).astype(np.uint8)

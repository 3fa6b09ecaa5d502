"""Crop a cloud to the workspace and voxelise it: occupied voxels as centroids with mean colours (numpy)."""

from __future__ import annotations

from collections import Counter

import numpy as np

from moe3d_ros.sensing.readings import at_sensor
from moe3d_ros.world.grid import MARGIN, VOXEL_SIZE, Grid
from moe3d_ros.world.workspace import Workspace

CHUNK = 1 << 15  # points that are cropped at once: they stay in a core's cache
FOLD = 1 << 20  # points that are kept before they are summed up: bounds the memory
NO_NUMBER, AT_SENSOR = "not finite", "exactly (0, 0, 0)"  # reasons why a point is no reading
GREY = 128  # what has no colour is shown so
DENSE = 1 << 22  # cells up to which each has a place in a table; beyond, the occupied ones are sorted


def voxelize(
    points,
    colors,
    voxel_size: float = VOXEL_SIZE,
    workspace: Workspace = Workspace(),
    margin: float = MARGIN,
    transform=None,
    colored=None,
    dropped: Counter | None = None,
):
    """Crop to the workspace, then average the points that share a voxel.

    Voxelising the result again with the same grid changes nothing, since a centroid stays in its voxel. Memory beside
    the arguments and the result is bounded, however many points there are.

    Args:
        points: (N, 3) metres in the planning frame; what is no reading (see `readings`) is
            dropped: rows that are not finite, and exact zeros.
        colors: (N, 3) uint8 RGB, or None for a cloud without colour (then grey 128).
        voxel_size: edge length in metres.
        workspace: the box to keep.
        margin: how far beyond the box points are kept, metres; below the table too, for sensor noise.
        transform: rigid transform (4, 4) that takes ``points`` into the planning frame first; None: they are there.
        colored: (N,) bool, which points have a colour; None: all. The others count for the place of a voxel and not
            for its colour; a voxel without a coloured point is grey 128.
        dropped: is given the number of points that are no reading, by reason.

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
        kept.append(grid.crop(points[rows], shade, transform, dropped))
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


class _Grid:
    """The cells of a workspace with its margin, numbered x first."""

    def __init__(self, voxel_size: float, workspace: Workspace, margin: float):
        self.edge = np.float32(voxel_size)
        grid = Grid(workspace, voxel_size, margin)
        self.low, self.high, shape = grid.low, grid.high, grid.shape
        self.cells = int(shape.prod())
        self.number = np.int32 if self.cells < 1 << 31 else np.int64  # of a cell
        self.shape = shape.astype(self.number)

    def crop(self, points, colors, transform, dropped):
        """Cells (K,), positions (3, K) and colours (3 or 4, K) or None of the points that lie in the grid."""
        columns = np.ascontiguousarray(points.T)  # each axis in one piece: much the fastest for what follows
        zero = at_sensor(columns)
        if dropped is not None:
            dropped[NO_NUMBER] += columns.shape[1] - int(np.count_nonzero(np.isfinite(columns[2])))
            dropped[AT_SENSOR] += 0 if zero is None else int(np.count_nonzero(zero))
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and Inf are dropped below
            if transform is not None:
                columns = np.asarray(transform[:3, :3], np.float32) @ columns
                columns += np.asarray(transform[:3, 3], np.float32)[:, None]
            inside = columns[0] >= self.low[0]  # NaN compares false
            inside &= columns[0] <= self.high[0]
            for axis in (1, 2):
                inside &= columns[axis] >= self.low[axis]
                inside &= columns[axis] <= self.high[axis]
        if zero is not None:
            inside &= ~zero
        rows = np.flatnonzero(inside)
        columns = columns.take(rows, axis=1)  # several times as fast as columns[:, rows]
        cell = ((columns - self.low[:, None]) / self.edge).astype(self.number)
        key = (cell[0] * self.shape[1] + cell[1]) * self.shape[2] + cell[2]
        return key, columns, None if colors is None else np.ascontiguousarray(colors.T).take(rows, axis=1)

    def fold(self, kept):
        """Occupied cells (V,), ascending, and the sums over each: count, x, y, z, and r, g, b where there is colour."""
        key = np.concatenate([part[0] for part in kept])
        if self.cells <= DENSE:
            count = np.bincount(key, minlength=self.cells)
            occupied = np.flatnonzero(count)
            place = np.empty(self.cells, np.intp)
            place[occupied] = np.arange(len(occupied))
            place, count = place[key], count[occupied]
        else:
            occupied, place, count = np.unique(key, return_inverse=True, return_counts=True)
        sums = [count.astype(np.float64)]
        for number in (1, 2):
            if kept[0][number] is not None:
                values = np.concatenate([part[number] for part in kept], axis=1)
                sums += [np.bincount(place, row, len(occupied)) for row in values]
        return occupied, np.stack(sums)


def _merge(one, other):
    """The sums of two folds together; ``one`` may be None."""
    if one is None:
        return other
    occupied, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    both = np.concatenate([one[1], other[1]], axis=1)
    return occupied, np.stack([np.bincount(place, row, len(occupied)) for row in both])

"""Readings of cameras, and what is none: points with or without colour, several of these merged (numpy).

"No reading" has one meaning for every input and file, and it stands here: NaN, Inf, the exact point (0, 0, 0), numbers
beyond any sensor, and in depth images 0, negative numbers, the greatest value of the type and the range's end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

BEYOND = 1e5  # a number as great is no reading, even of a cloud in millimetres: drivers send FLT_MAX or 1e10
CLIPPED_FROM = 3.0  # metres; nearer, many equal depths are a flat table, seen straight from above without noise
CLIPPED_SHARES = (0.02, 0.5)  # of the pixels that have the greatest depth exactly: then it is the end of the range
CLIPPED_GAP = 0.02  # share of the depth by which it exceeds the next smaller one


def has_reading(points: np.ndarray) -> np.ndarray:
    """Mask of the points (..., 3), in the sensor's own frame, that were measured -> bool (...)."""
    with np.errstate(invalid="ignore"):
        return (np.abs(points).max(axis=-1) < BEYOND) & points.any(axis=-1)


def readings_of(points: np.ndarray, most: int) -> np.ndarray:
    """At most ``most`` of the measured points (N, 3), evenly over the cloud; fewer where many are no reading."""
    chosen = points[:: max(1, -(-len(points) // most))]
    return np.ascontiguousarray(chosen[has_reading(chosen)], np.float32)


def at_sensor(columns: np.ndarray) -> np.ndarray | None:
    """Mask of the columns (3, K) that are the exact point (0, 0, 0) -> bool (K,), None where none is; fast for the common case."""
    zero = columns[2] == 0
    if not zero.any():
        return None
    zero &= (columns[0] == 0) & (columns[1] == 0)
    return zero if zero.any() else None


def without_sentinels(depth: np.ndarray, farthest: float = 0.0) -> np.ndarray:
    """Set to NaN, in place, what is no reading in a depth image (H, W) in metres.

    Args:
        farthest: metres from which on nothing is a reading; 0: the image tells, by a value that many pixels share
            exactly and that lies clearly beyond all others, as of a sensor that clips at its range.
    """
    with np.errstate(invalid="ignore"):
        good = (depth > 0) & (depth < (farthest or BEYOND))
    depth[~good] = np.nan
    if not farthest and good.any():
        end = np.fmax.reduce(depth, axis=None)
        if end >= CLIPPED_FROM:
            clipped = depth == end
            below = np.max(depth, initial=0.0, where=good & ~clipped)
            if CLIPPED_SHARES[0] < clipped.mean() < CLIPPED_SHARES[1] and 0 < below < (1 - CLIPPED_GAP) * end:
                depth[clipped] = np.nan
    return depth


@dataclass(frozen=True)
class Reading:
    """Points of one camera at one moment.

    Attributes:
        points: (N, 3) float32 metres, NaN where there is no reading.
        colors: (N, 3) uint8, None without colour.
        colored: (N,) bool, which points have a colour; None: all of them, or none where colors is None.
        note: a sentence for the user, empty where all is well.
    """

    points: np.ndarray
    colors: np.ndarray | None
    colored: np.ndarray | None = None
    note: str = ""

    def only_colored(self) -> Reading:
        """Without the points that the colour camera does not see; a camera without colour keeps its points."""
        if self.colored is None or self.colors is None:
            return self
        return replace(self, points=self.points[self.colored], colors=self.colors[self.colored], colored=None)


def merge(readings: list[Reading]) -> Reading:
    """Readings in one frame -> one; colors is None where none of them has any."""
    if len(readings) == 1:
        return readings[0]
    points = np.concatenate([reading.points for reading in readings])
    if all(reading.colors is None for reading in readings):
        return Reading(points, None)
    colors, colored = np.zeros((len(points), 3), np.uint8), np.zeros(len(points), bool)
    end = 0
    for reading in readings:
        start, end = end, end + len(reading.points)
        if reading.colors is not None:
            colors[start:end] = reading.colors
            colored[start:end] = True if reading.colored is None else reading.colored
    return Reading(points, colors, colored)

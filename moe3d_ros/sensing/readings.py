"""Readings of one camera, as points with or without colour, and the merging of several (numpy)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


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

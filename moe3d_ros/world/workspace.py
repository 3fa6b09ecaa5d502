"""The box in the planning frame in which the robot may act."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Workspace:
    """Axis-aligned box in the planning frame, metres, in which the robot may act."""

    low: tuple[float, float, float] = (0.25, -0.5, 0.0)
    high: tuple[float, float, float] = (0.75, 0.5, 0.3)

    def __post_init__(self) -> None:
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

    def contains(self, points: ArrayLike, margin: float = 0.0) -> np.ndarray:
        """Mask of the ``points`` (..., 3) that lie in the box grown by ``margin`` metres -> bool (...)."""
        points = np.asarray(points)
        low, high = np.asarray(self.low) - margin, np.asarray(self.high) + margin
        return np.all((points >= low) & (points <= high), axis=-1)

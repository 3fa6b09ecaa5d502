"""Names of colours as a camera sees them, for things whose colour no network has told."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from moe3d_ros.world.vocabulary import COLORS

LIGHTNESS = 0.4  # how much a difference in lightness counts beside one in hue and chroma: a thing may lie in shade
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])  # D65


def nearest_color(rgb: ArrayLike) -> str:
    """Name of the colour of the vocabulary that is nearest to one (3,) in 0 to 255, by CIELAB with little of the lightness."""
    names = list(COLORS)
    apart = _lab(np.array([COLORS[name] for name in names])) - _lab(np.asarray(rgb)[None])
    return names[int(np.linalg.norm(apart * (LIGHTNESS, 1, 1), axis=1).argmin())]


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (..., 3) of sRGB (..., 3) in 0 to 255."""
    share = np.clip(rgb / 255.0, 0, 1)
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    part = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.moveaxis(np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)

"""Outlines on the table: how much of one lies inside another, and how much room is left between things."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

GAP = 0.005  # metres between the circles around two things
_HEADINGS = 30  # at which the rectangle around points is tried


def _area(polygon: np.ndarray) -> float:
    if len(polygon) < 3:
        return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def share_inside(inner: np.ndarray, outer: np.ndarray) -> float:
    """Share in [0, 1] of polygon ``inner`` (P, 2) inside the convex counter-clockwise polygon ``outer`` (Q, 2)."""
    whole, clipped = _area(inner), inner
    for start, end in zip(outer, np.roll(outer, -1, axis=0)):  # Sutherland-Hodgman
        if len(clipped) == 0:
            return 0.0
        edge = end - start
        side = edge[0] * (clipped[:, 1] - start[1]) - edge[1] * (clipped[:, 0] - start[0])
        kept = []
        for i, point in enumerate(clipped):
            j = (i + 1) % len(clipped)
            if side[i] >= 0:
                kept.append(point)
            if (side[i] >= 0) != (side[j] >= 0):
                kept.append(point + (clipped[j] - point) * side[i] / (side[i] - side[j]))
        clipped = np.array(kept).reshape(-1, 2)
    return _area(clipped) / whole


def gap_between(one: np.ndarray, other: np.ndarray) -> float:
    """Least distance in metres between two convex counter-clockwise polygons (P, 2), (Q, 2); 0 where they overlap."""
    if share_inside(one, other) > 0:
        return 0.0
    return float(min(distances(one, other).min(), distances(other, one).min()))


def distances(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Distances (P,) in metres of points (P, 2) to the outline of a polygon (Q, 2), from within or from without."""
    edges = np.roll(polygon, -1, axis=0) - polygon  # (Q, 2)
    away = points[:, None] - polygon  # (P, Q, 2)
    along = ((away * edges).sum(-1) / (edges * edges).sum(-1)).clip(0, 1)
    return np.linalg.norm(away - along[..., None] * edges, axis=-1).min(axis=1)


def outside_upright_box(points: ArrayLike, center: ArrayLike, half: ArrayLike, yaw: float) -> np.ndarray:
    """Distances (..., 3) in metres of points (..., 3) beyond the faces of a box, along its own axes; negative within.

    Args:
        center, half: (3,) metres. yaw: heading in radians.
    """
    c, s = np.cos(yaw), np.sin(yaw)
    own = (np.asarray(points, float) - np.asarray(center)) @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return np.abs(own) - np.asarray(half)


def in_upright_box(
    points: np.ndarray, center: ArrayLike, half: ArrayLike, yaw: float, slack: float = 0.0
) -> np.ndarray:
    """Mask (...) of the points (..., 3) in a box, as `outside_upright_box` has it, grown by ``slack`` metres; NaN is in none."""
    return np.all(outside_upright_box(points, center, np.asarray(half) + slack, yaw) <= 0, axis=-1)


def least_upright_box(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Smallest upright box around points (N, 3): its middle (3,), half extents (3,) and heading in (-pi/4, pi/4]."""
    angles = np.linspace(-np.pi / 4, np.pi / 4, _HEADINGS, endpoint=False) + np.pi / 2 / _HEADINGS
    c, s = np.cos(angles), np.sin(angles)
    flat = points[:, :2]
    along, across = flat @ np.stack([c, s]), flat @ np.stack([-s, c])  # (N, A)
    sizes = np.stack([np.ptp(along, axis=0), np.ptp(across, axis=0)])
    best = int(sizes.prod(0).argmin())
    u = (along[:, best].max() + along[:, best].min()) / 2
    v = (across[:, best].max() + across[:, best].min()) / 2
    low, high = points[:, 2].min(), points[:, 2].max()
    center = np.array([c[best] * u - s[best] * v, s[best] * u + c[best] * v, (low + high) / 2])
    return center, np.array([*sizes[:, best] / 2, (high - low) / 2]), float(angles[best])


def inside_outline(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Mask (P,) of the points (P, 2) inside a polygon (Q, 2) of any form, by the number of edges on one side (even-odd rule)."""
    x, y = points[:, None, 0], points[:, None, 1]
    (x0, y0), (x1, y1) = outline.T, np.roll(outline, -1, axis=0).T
    crossed = (y0 > y) != (y1 > y)  # (P, Q) edges that a level line through the point meets
    with np.errstate(divide="ignore", invalid="ignore"):
        before = x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return (crossed & before).sum(1) % 2 == 1


def circle_radius(half: ArrayLike, is_round: ArrayLike) -> np.ndarray:
    """Radius (...) in metres of the circle around things with half extents (..., 2 or more): round or rectangular."""
    half = np.asarray(half)
    return np.where(is_round, half[..., 0], np.hypot(half[..., 0], half[..., 1]))


def room_at(spots: np.ndarray, radius: float, centers: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Clearance (S,) in metres of a thing at each of ``spots`` (S, 2) to the others, less a gap; negative if it touches one.

    Args:
        radius: of the circle around the thing, metres.
        centers, radii: circles (K, 2), (K,) around the others, metres.
    """
    apart = np.linalg.norm(spots[:, None] - centers, axis=-1)  # (S, K)
    return (apart - radii).min(axis=1, initial=np.inf) - radius - GAP

"""Places on the table at a side of a thing, or between two: which count as such, and the free spot that is best for one.

Points and lengths are in the planning frame, metres; sides are those of `world.sides`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from moe3d_ros.world.footprints import circle_radius, distances, room_at
from moe3d_ros.world.sides import NEXT_TO
from moe3d_ros.world.workspace import Workspace

TARGET_GAP = 0.03  # between the outlines of a thing and of what it is put beside
NEXT_TO_GAP, SIDE_GAP = (0.01, 0.06), (0.01, 0.08)  # between the outlines of two things that count as beside each other
ACROSS = 0.04  # by which a thing may be off the line that runs to its side from another one
OFF_LINE = 0.03  # of what is between two things
TOWARD = {"left of": (0, 1), "right of": (0, -1), "behind": (1, 0), "in front of": (-1, 0)}  # x, y

_ACROSS_TRIED = (0.0, 0.0125, -0.0125, 0.025, -0.025)  # well within ACROSS
_TURNS_TRIED = np.deg2rad([0, *(sign * turn for turn in range(15, 180, 15) for sign in (1, -1)), 180])
_OFF_TRIED, _ALONG_TRIED = (0.0, 0.01, -0.01, 0.02, -0.02), (0.0, 0.02, -0.02, 0.04, -0.04)
_LEAST_GAP = 0.01  # to either of two things that something is put between
_NEARER = 0.02  # by which it must be nearer to the middle than to either
_FAR, _APPROACHES = 1.0, 12


class Outline(NamedTuple):
    """Outline of a thing on the table: a rectangle, or a circle with the first half extent as its radius."""

    center: np.ndarray  # (2,)
    half: np.ndarray  # (2,)
    yaw: float = 0.0
    round: bool = False

    @property
    def radius(self) -> float:
        """Of the circle around it."""
        return float(circle_radius(self.half, self.round))

    @property
    def axes(self) -> np.ndarray:
        """Half axes of a rectangle (2, 2), one a row; nothing (0, 2) of a circle."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        return np.zeros((0, 2)) if self.round else np.array([[cos, sin], [-sin, cos]]) * np.asarray(self.half)[:, None]


def is_beside(side: str, place: np.ndarray, other: np.ndarray, gap: float) -> bool:
    """Tell if a thing at ``place`` (2,) stands at a side of, or next to, the one at ``other`` (2,).

    Args:
        gap: between their outlines.
    """
    low, high = NEXT_TO_GAP if side == NEXT_TO else SIDE_GAP
    return in_direction(side, place, other) and low - 1e-9 <= gap <= high + 1e-9


def in_direction(side: str, place: np.ndarray, other: np.ndarray) -> bool:
    """Tell if ``place`` (2,) lies to that side of ``other`` (2,), whatever is between them; always so for next to."""
    if side == NEXT_TO:
        return True
    toward, away = np.array(TOWARD[side]), place - other
    return bool(away @ toward > 0 and abs(_cross(toward, away)) <= ACROSS)


def is_between(place: np.ndarray, start: np.ndarray, end: np.ndarray) -> bool:
    """Tell if ``place`` (2,) is within 3 cm of the line between two points (2,), nearer to its middle than to its ends."""
    line = end - start
    length = float(np.hypot(*line))
    if length == 0 or abs(_cross(line, place - start)) / length > OFF_LINE:
        return False
    to_middle = np.hypot(*(place - (start + end) / 2))
    return bool(to_middle < min(np.hypot(*(place - start)), np.hypot(*(place - end))))


def side_spot(
    side: str,
    thing: Outline,
    other: Outline,
    second: Outline | None,
    solid: Sequence[Outline],
    workspace: Workspace,
) -> np.ndarray | None:
    """The best free spot (2,) at a side of ``other``, or between it and ``second``; None where there is no room.

    It is 3 cm away, outline from outline, straight to that side where that is free; next to the other one on the side
    where the thing comes from, if that is free; between two things as far from either.

    Args:
        thing: what is put there, as it lies now.
        solid: everything else that stands on the table.
    """
    if second is not None:
        spots = _between(thing, other, second)
    else:
        spots = _at_gap(thing, other, *_rays(side, thing, other))
    own = thing.radius
    low, high = (np.array(corner[:2]) for corner in (workspace.low, workspace.high))
    free = ((spots >= low + own) & (spots <= high - own)).all(axis=1)
    if solid:
        centers, radii = np.array([one.center for one in solid]), np.array([one.radius for one in solid])
        free &= room_at(spots, own, centers, radii) >= 0
    return spots[free.argmax()] if free.any() else None


def gap_at(spot: np.ndarray, thing: Outline, other: Outline) -> float:
    """Gap between the outlines of two things if the first were at ``spot`` (2,); negative where they overlap."""
    return float(_Gap(thing, other)(np.asarray(spot, float)[None])[0])


def _cross(one: np.ndarray, other: np.ndarray) -> float:
    """Signed area in square metres of the parallelogram of two vectors (2,)."""
    return float(one[0] * other[1] - one[1] * other[0])


def _rays(side: str, thing: Outline, other: Outline) -> tuple[np.ndarray, np.ndarray]:
    """Starts and directions (K, 2) of lines on which spots are looked for, the best first."""
    if side != NEXT_TO:
        toward = np.array(TOWARD[side], float)
        starts = other.center + np.outer(_ACROSS_TRIED, toward[::-1])
        return starts, np.broadcast_to(toward, starts.shape)
    away = thing.center - other.center
    angles = (np.arctan2(away[1], away[0]) if np.hypot(*away) > 0.01 else np.pi) + _TURNS_TRIED  # else toward the robot
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.broadcast_to(other.center, directions.shape), directions


def _at_gap(
    thing: Outline, other: Outline, starts: np.ndarray, directions: np.ndarray, gap: float = TARGET_GAP
) -> np.ndarray:
    """Spots (K, 2) of the thing on each line where that gap is between its outline and the other one's."""
    along, gaps = np.full(len(starts), _FAR), _Gap(thing, other)
    for _ in range(_APPROACHES):  # from afar: no step leads nearer than the gap is wide
        along -= gaps(starts + along[:, None] * directions) - gap
    return starts + along[:, None] * directions


def _between(thing: Outline, other: Outline, second: Outline) -> np.ndarray:
    """Spots (K, 2) between two things, the nearest to the middle of what is free between them first; there may be none."""
    line = second.center - other.center
    length = float(np.hypot(*line))
    if length == 0:
        return np.zeros((0, 2))
    along = line / length
    near = _at_gap(thing, other, other.center[None], along[None], 0.0)[0]
    far = _at_gap(thing, second, second.center[None], -along[None], 0.0)[0]
    shifts = np.array([(a, off) for a in _ALONG_TRIED for off in _OFF_TRIED])
    shifts = shifts[np.argsort(np.hypot(*shifts.T), kind="stable")]
    spots = (near + far) / 2 + shifts @ np.stack([along, (-along[1], along[0])])
    to_middle, to_one, to_other = (
        np.hypot(*(spots - end).T) for end in ((other.center + second.center) / 2, other.center, second.center)
    )
    fits = to_middle + _NEARER < np.minimum(to_one, to_other)
    for end in (other, second):
        fits &= _Gap(thing, end)(spots) >= _LEAST_GAP
    return spots[fits]


class _Gap:
    """Gap between the outlines of two things, for many places of the first."""

    def __init__(self, thing: Outline, other: Outline):
        self.center = other.center
        self.rounding = sum(one.radius for one in (thing, other) if one.round)
        self.corners = _sum_of(np.concatenate([thing.axes, other.axes]))  # of all places where rectangles would meet
        self.edges = np.roll(self.corners, -1, axis=0) - self.corners

    def __call__(self, spots: np.ndarray) -> np.ndarray:
        """Gaps (K,) where the thing is at each of ``spots`` (K, 2); negative where they overlap."""
        away = spots - self.center
        if not len(self.corners):
            return np.hypot(*away.T) - self.rounding
        starts = away[:, None] - self.corners
        within = (self.edges[:, 0] * starts[..., 1] >= self.edges[:, 1] * starts[..., 0]).all(axis=1)
        return np.where(within, -1.0, 1.0) * distances(away, self.corners) - self.rounding


def _sum_of(sides: np.ndarray) -> np.ndarray:
    """Corners (2 n, 2), counter-clockwise, of all sums of the vectors (n, 2), each taken forwards or backwards."""
    sides = np.where(sides[:, 1:] < 0, -sides, sides)
    sides = sides[np.argsort(np.arctan2(sides[:, 1], sides[:, 0]), kind="stable")]
    edges = 2 * np.concatenate([sides, -sides])
    return np.cumsum(edges, axis=0) - sides.sum(axis=0)

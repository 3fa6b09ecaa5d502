"""Relations between things of a scene, stated only where indisputable, from the robot's view (left is +y)."""

from __future__ import annotations

import itertools

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.tasks.single_step import MARGIN

GAP = 0.01  # metres that must be free between the extents of two things
TABLE = "table"
_ON_TABLE = 0.002  # metres: a bottom below this touches the table
X, Y = 0, 1


def extent(thing: SceneObject, axis: int) -> tuple[float, float]:
    """Least and greatest coordinate of the turned thing along x (0) or y (1), metres."""
    half = thing.half_extents[axis]
    if thing.shape == "box":
        along, across = abs(np.cos(thing.yaw)), abs(np.sin(thing.yaw))
        half = half * along + thing.half_extents[1 - axis] * across
    return thing.position[axis] - half, thing.position[axis] + half


def side(thing: SceneObject, other: SceneObject) -> str | None:
    """``left`` or ``right`` of the other; None where their extents in y overlap or nearly do."""
    low, high = extent(thing, Y)
    other_low, other_high = extent(other, Y)
    if low > other_high + GAP:
        return "left"
    return "right" if high < other_low - GAP else None


def depth(thing: SceneObject, other: SceneObject) -> str | None:
    """``nearer`` or ``farther`` than the other; None unless extents in x and distances from the robot's base agree."""
    low, high = extent(thing, X)
    other_low, other_high = extent(other, X)
    ahead = np.hypot(*other.position[:2]) - np.hypot(*thing.position[:2])
    if high < other_low - GAP and ahead > MARGIN:
        return "nearer"
    return "farther" if low > other_high + GAP and ahead < -MARGIN else None


def left_to_right(scene: Scene, indices: list[int]) -> list[int] | None:
    """The things in order; None if two neighbours are less than MARGIN apart in y."""
    order = sorted(indices, key=lambda i: -scene.objects[i].position[Y])
    ys = [scene.objects[i].position[Y] for i in order]
    return order if all(a - b >= MARGIN for a, b in itertools.pairwise(ys)) else None


def support(scene: Scene, index: int, below: dict[int, int]) -> int | str | None:
    """Support of a thing: an index, TABLE, or None where it hangs over something that is not in the scene.

    Args:
        below: as :func:`moe3d_ros.tabletop.scenes.support.supports` gives it.
    """
    if index in below:
        return below[index]
    thing = scene.objects[index]
    return TABLE if thing.position[2] - thing.half_extents[2] < _ON_TABLE else None

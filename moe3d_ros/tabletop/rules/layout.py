"""Layout of a scene: its support relations, and the scene after a step without physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.rules.success import XY_TOLERANCE, at_goal, footprint
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.scenes.support import apart, resting_height, supports
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import gap_between
from moe3d_ros.world.geometry import quaternion_to_matrix, yaw_of
from moe3d_ros.world.side_spots import in_direction, is_beside, is_between
from moe3d_ros.world.sides import NEXT_TO
from moe3d_ros.world.vocabulary import KIND

OFF_SHARE = 0.1  # of a footprint: a block with no more than that on a zone has left it
FARTHEST_BESIDE = 0.3  # metres between the middles of two things: what is farther away is not beside the other


class Layout:
    """Relations between the objects of one scene (N objects), looked up by their indices.

    Attributes:
        scene: what they were read from.
        below: index -> index of what it directly lies on or in, as in :func:`moe3d_ros.tabletop.scenes.support.supports`.
    """

    def __init__(self, scene: Scene):
        self.scene = scene
        self.kinds = [thing.kind for thing in scene.objects]
        self._position = np.array([thing.position for thing in scene.objects]).reshape(-1, 3)
        self.apart = apart(scene)
        self.below = supports(scene, self.apart)
        self._on: dict[int, list[int]] = {}
        for upper, lower in self.below.items():
            self._on.setdefault(lower, []).append(upper)
        self._reached: dict[tuple[int, int], bool] = {}
        self._inside: dict[tuple[int, str], bool] = {}
        self._beside: dict[tuple[int, str, int, int | None], bool] = {}

    def on(self, index: int) -> list[int]:
        """Indices of what lies directly on or in object ``index``."""
        return self._on.get(index, [])

    def under(self, index: int) -> list[int]:
        """Everything that object ``index`` lies on or in, the nearest first."""
        chain: list[int] = []
        while index in self.below:
            index = self.below[index]
            chain.append(index)
        return chain

    def free(self, index: int) -> bool:
        """True if nothing lies on object ``index``."""
        return index not in self._on

    def summit(self, index: int) -> int:
        """The topmost of what is piled up on object ``index``; itself if it is free."""
        while not self.free(index):
            index = self.leftmost(self.on(index))[0]
        return index

    def grounded(self, index: int) -> bool:
        """True if a block stands on the table or a zone, not on another thing nor in a bowl."""
        return index not in self.below or KIND[self.kinds[self.below[index]]].flat

    def leftmost(self, indices) -> list[int]:
        """Indices from left to right, as the robot sees it."""
        return sorted(indices, key=lambda i: -self._position[i, 1])

    def left(self, index: int) -> float:
        """Distance in metres by which object ``index`` lies left of the middle."""
        return float(self._position[index, 1])

    def at(self, index: int, goal: int) -> bool:
        """True if object ``index`` lies in or on object ``goal`` by the rules of `success`."""
        key = (index, goal)
        if key not in self._reached:
            plain = self._plainly_at(index, goal)
            self._reached[key] = (
                at_goal(self.scene.objects[index], self.scene.objects[goal])[0] if plain is None else plain
            )
        return self._reached[key]

    def _plainly_at(self, index: int, goal: int) -> bool | None:
        """Verdict of `success.at_goal` where the distance alone tells it; None where one has to look closely."""
        thing, other, apart = self.scene.objects[index], self.scene.objects[goal], float(self.apart[index, goal])
        if apart >= 0.12:  # nothing is at a goal that is farther away
            return False
        if other.traits.flat:
            within = apart + float(np.hypot(*thing.half_extents[:2])) < min(other.half_extents[:2]) - 1e-6
            return True if within and other.shape == "box" else None
        return False if other.traits.sized and apart > XY_TOLERANCE + 1e-6 else None

    def beside(self, index: int, side: str, other: int, second: int | None = None) -> bool:
        """True if a block stands at that side of, or next to, another thing, or between it and ``second``.

        It stands on the table or a zone then; and what is next to a thing touches nothing.
        """
        key = (index, side, other, second)
        if key not in self._beside:
            self._beside[key] = self.grounded(index) and self._stands_beside(*key)
        return self._beside[key]

    def _stands_beside(self, index: int, side: str, other: int, second: int | None) -> bool:
        place, one = self._position[index, :2], self._position[other, :2]
        if second is not None:
            return is_between(place, one, self._position[second, :2])
        if not in_direction(side, place, one) or self.apart[index, other] > FARTHEST_BESIDE:
            return False
        return is_beside(side, place, one, self.gap(index, other)) and (side != NEXT_TO or self.untouched(index))

    def gap(self, one: int, other: int) -> float:
        """Distance between the outlines of two things."""
        return gap_between(*(footprint(self.scene.objects[i]) for i in (one, other)))

    def untouched(self, index: int) -> bool:
        """True if a thing stands apart from everything that is not flat."""
        others = (i for i, other in enumerate(self.scene.objects) if i != index and not other.traits.flat)
        return all(self.gap(index, other) > 0 for other in others if self.apart[index, other] < FARTHEST_BESIDE)

    def inside(self, index: int, area: str) -> bool:
        """True if the centre of object ``index`` lies in a named area."""
        key = (index, area)
        if key not in self._inside:
            self._inside[key] = in_area(self._position[index, :2], area, self.scene.workspace)
        return self._inside[key]

    def empty(self, goal: int) -> bool:
        """True if nothing that can be moved lies in or on a bowl or zone."""
        return not any(KIND[kind].piled and self.at(i, goal) for i, kind in enumerate(self.kinds) if i != goal)


def apply_step(scene: Scene, step: Step, shift=(0.0, 0.0), turn: float = 0.0) -> Scene:
    """The scene after a step that went well, without physics.

    Args:
        shift: metres by which it missed the place in x and y.
        turn: radians by which it missed the yaw.
    """
    thing = scene.objects[step.pick_index]
    yaws = [float(yaw_of(quaternion_to_matrix(pose.orientation))) for pose in (step.pick, step.place)]
    x, y, z = step.place.position
    x, y = x + shift[0], y + shift[1]
    bottom = z - 2 * thing.half_extents[2]
    if step.place_index is None or step.side:
        bottom = resting_height(scene, step.pick_index, (x, y), 0.0)
    yaw = thing.yaw + yaws[1] - yaws[0] + turn
    moved = replace(thing, position=(float(x), float(y), float(bottom + thing.half_extents[2])), yaw=float(yaw))
    objects = list(scene.objects)
    objects[step.pick_index] = moved
    return replace(scene, objects=tuple(objects))

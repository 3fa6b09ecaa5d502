"""Boxes of what is seen, for a motion planner's scene: which one is picked, which ones are touched at the place. Free of ROS.

Boxes are in the planning frame and turned about z. A motion planner takes every touch for a collision, so boxes stand a
little apart: the table's top lies lower, and what is held is a little smaller than it was seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from moe3d_ros.world.footprints import outside_upright_box
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace

CLEARANCE = 0.005  # m between the table's top and things on it, and that a held thing is smaller on each side
FLAT = 0.01  # m; what is lower is a mark on the table
REACH = 0.02  # m that a pick may lie outside the box of what it takes
TABLE_DEPTH = 0.05  # m
TABLE = "moe3d_table"


@dataclasses.dataclass(frozen=True)
class SceneBox:
    """One box: its name in the scene, centre and half edges (metres), and its turn about z (radians)."""

    name: str
    center: tuple[float, float, float]
    half: tuple[float, float, float]
    yaw: float = 0.0

    @property
    def pose(self) -> Pose:
        """Of its centre."""
        return Pose(self.center, (0.0, 0.0, float(np.sin(self.yaw / 2)), float(np.cos(self.yaw / 2))))

    def outside(self, point: Sequence[float], axes: slice = slice(0, 3)) -> float:
        """Distance of a point (x, y, z) from the box along its farthest axis, metres; 0 or less inside it."""
        return float(outside_upright_box(point, self.center, self.half, self.yaw)[axes].max())


@dataclasses.dataclass(frozen=True)
class SceneChange:
    """One change of the scene, which is made as a whole.

    Attributes:
        add: boxes that stand in the world from now on; those of the same names are replaced.
        remove: names of boxes that are taken out of the world.
        attach: a box that the tool holds from now on.
        detach: name of a box that the tool lets go of; it is not in the world then.
    """

    add: tuple[SceneBox, ...] = ()
    remove: tuple[str, ...] = ()
    attach: SceneBox | None = None
    detach: str = ""

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.attach or self.detach)


def table_box(workspace: Workspace) -> SceneBox:
    """The table below a workspace whose lowest z is the table's top."""
    (x0, y0, z0), (x1, y1, _) = workspace.low, workspace.high
    half = ((x1 - x0) / 2, (y1 - y0) / 2, TABLE_DEPTH / 2)
    return SceneBox(TABLE, ((x0 + x1) / 2, (y0 + y1) / 2, z0 - CLEARANCE - TABLE_DEPTH / 2), half)


def obstacles(boxes: Iterable[SceneBox]) -> tuple[SceneBox, ...]:
    """Those that stand up from the table."""
    return tuple(box for box in boxes if 2 * box.half[2] >= FLAT)


def taken(boxes: Iterable[SceneBox], pick: Pose) -> SceneBox | None:
    """The box that a pick takes: the nearest that its tool tip is in or close to; None: it is not among them."""
    near = [(box.outside(pick.position), box.name, box) for box in boxes]
    distance, _, box = min(near, default=(np.inf, "", None))
    return box if distance <= REACH else None


def touched(boxes: Iterable[SceneBox], place: Pose, held: SceneBox | None) -> tuple[SceneBox, ...]:
    """The boxes that something is set in or on at a place: those that it lies over, but for what is held."""
    under = slice(0, 2)
    return tuple(box for box in boxes if box.outside(place.position, under) <= 0.0 and box != held)


def moved(box: SceneBox, pick: Pose, place: Pose) -> SceneBox:
    """The box after the tool has brought it from ``pick`` to ``place``; what was tilted on the way stands upright."""
    turn = quaternion_to_matrix(place.orientation) @ quaternion_to_matrix(pick.orientation).T
    center = np.asarray(place.position) + turn @ (np.asarray(box.center) - pick.position)
    x, y, z = (float(value) for value in center)
    return dataclasses.replace(box, center=(x, y, z), yaw=box.yaw + float(np.arctan2(turn[1, 0], turn[0, 0])))


def held_box(box: SceneBox) -> SceneBox:
    """The box as it is held: smaller, so that it does not touch what it stands on."""
    length, width, height = (max(half - CLEARANCE, half / 2) for half in box.half)
    return dataclasses.replace(box, half=(length, width, height))

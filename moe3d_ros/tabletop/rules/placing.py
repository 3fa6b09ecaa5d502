"""Pick and place poses of steps, and free spots in zones and areas."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.scenes.support import resting_height
from moe3d_ros.world.areas import AREA_CENTERS, AREA_REACH, AREA_STEP
from moe3d_ros.world.footprints import circle_radius, room_at
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.side_spots import Outline, side_spot
from moe3d_ros.world.vocabulary import BOWL_FLOOR_HEIGHT, ROUND_SHAPES

ZONE_REACH = 0.045  # a small block there, whatever its yaw, lies inside the zone
ZONE_STEP = 0.015


def pick_pose(thing: SceneObject) -> Pose:
    """Contact with the middle of the top face, tool x along the object's yaw."""
    return pose_from_xyz_yaw((thing.position[0], thing.position[1], thing.top), thing.yaw)


class NoSpot(ValueError):
    """There is no free spot at that side of a thing."""


def place_pose(
    scene: Scene,
    pick_index: int,
    place_index: int | None,
    area: str | None,
    side: str = "",
    second: int | None = None,
) -> Pose:
    """Release of object ``pick_index`` in a bowl, on a zone, on another thing, beside one, or at a free spot of an area.

    In a zone or an area the spot is the free one nearest to its middle. In a bowl, and in a zone without room, the
    thing goes on top of what is there.

    Args:
        side: of `world.sides`, for the table at that side of ``place_index``, or between it and ``second``.

    Raises:
        NoSpot: there is no free spot at that side.
    """
    thing = scene.objects[pick_index]
    height = 2 * thing.half_extents[2]
    if side and place_index is not None:
        spot = spot_beside(scene, pick_index, side, place_index, second)
        if spot is None:
            raise NoSpot(f"There is no room {side} the {scene.objects[place_index].name} for the {thing.name}.")
        x, y = spot
        return pose_from_xyz_yaw((x, y, resting_height(scene, pick_index, (x, y), 0.0) + height), thing.yaw)
    if place_index is None:
        spots = _grid(AREA_CENTERS[area], AREA_REACH, AREA_STEP)
        x, y = _free_spot(scene, pick_index, spots)
        return pose_from_xyz_yaw((x, y, resting_height(scene, pick_index, (x, y), 0.0) + height), thing.yaw)
    goal = scene.objects[place_index]
    x, y = goal.position[:2]
    if goal.traits.contains:
        floor = resting_height(scene, pick_index, (x, y), BOWL_FLOOR_HEIGHT)
        return pose_from_xyz_yaw((x, y, floor + height), thing.yaw)
    if goal.traits.flat:
        x, y = _free_spot(scene, pick_index, _grid((x, y), (ZONE_REACH, ZONE_REACH), ZONE_STEP, goal.yaw))
        return pose_from_xyz_yaw((x, y, resting_height(scene, pick_index, (x, y), goal.top) + height), thing.yaw)
    turn = (goal.yaw - thing.yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4  # the least turn that aligns the faces
    return pose_from_xyz_yaw((x, y, goal.top + height), thing.yaw + turn)


def spot_beside(
    scene: Scene, pick_index: int, side: str, place_index: int, second: int | None = None
) -> tuple[float, float] | None:
    """The best free spot on the table at a side of a thing, or between it and ``second``; None where there is no room."""
    outlines = [
        Outline(np.array(o.position[:2]), np.array(o.half_extents[:2]), o.yaw, o.shape in ROUND_SHAPES)
        for o in scene.objects
    ]
    named = (pick_index, place_index, second)
    solid = [o for i, o in enumerate(outlines) if i not in named and not scene.objects[i].traits.flat]
    other = None if second is None else outlines[second]
    spot = side_spot(side, outlines[pick_index], outlines[place_index], other, solid, scene.workspace)
    return None if spot is None else (float(spot[0]), float(spot[1]))


def _grid(center, reach, step: float, yaw: float = 0.0) -> np.ndarray:
    """Points (K, 2) around ``center``, the nearest first."""
    x, y = (np.arange(-round(r / step), round(r / step) + 1) * step for r in reach)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points[np.argsort(np.hypot(*points.T).round(6), kind="stable")]
    cos, sin = np.cos(yaw), np.sin(yaw)
    return points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(center)


def _free_spot(scene: Scene, moved: int, spots: np.ndarray) -> tuple[float, float]:
    """The first of ``spots`` (K, 2) where the moved object touches nothing; the one with most room if there is none."""
    own = float(np.hypot(*scene.objects[moved].half_extents[:2]))
    low, high = (np.array(corner[:2]) for corner in (scene.workspace.low, scene.workspace.high))
    inside = ((spots > low + own) & (spots < high - own)).all(axis=1)
    others = [o for i, o in enumerate(scene.objects) if i != moved and not o.traits.flat]
    if not others:
        return tuple(spots[inside.argmax()])
    radius = circle_radius([o.half_extents for o in others], [o.shape in ROUND_SHAPES for o in others])
    center = np.array([o.position[:2] for o in others])
    room = np.where(inside, room_at(spots, own, center, radius), -np.inf)
    best = (room >= 0).argmax() if (room >= 0).any() else room.argmax()
    return tuple(spots[best])

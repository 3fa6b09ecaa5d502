"""Where the tool picks a thing and where it lets it go: poses of steps, and free spots in zones and areas."""

from __future__ import annotations

import numpy as np

from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.plan import Pose
from moe3d_ros.tabletop.scenes.sampling import BOWL_FLOOR_HEIGHT, Scene, SceneObject

AREA_CENTERS = {  # x, y in metres, in the default workspace
    "left side": (0.5, 0.3),
    "right side": (0.5, -0.3),
    "far side": (0.65, 0.0),
    "near side": (0.35, 0.0),
    "middle": (0.5, 0.0),
    "top left area": (0.625, 0.25),
    "top right area": (0.625, -0.25),
    "bottom left area": (0.375, 0.25),
    "bottom right area": (0.375, -0.25),
}
AREA_REACH = (0.09, 0.18)  # metres in x and y around an area's centre that still lie well inside it
AREA_STEP = 0.03
ZONE_REACH = 0.045  # a small block there, whatever its yaw, lies inside the zone
ZONE_STEP = 0.015
GAP = 0.005  # metres between the circles around two things


def pick_pose(thing: SceneObject) -> Pose:
    """Contact with the middle of the top face, tool x along the object's yaw."""
    return pose_from_xyz_yaw((thing.position[0], thing.position[1], thing.top), thing.yaw)


def place_pose(scene: Scene, pick_index: int, place_index: int | None, area: str | None) -> Pose:
    """Release of object ``pick_index`` in a bowl, on a zone, on a block, or at a free spot of an area.

    In a zone or an area the spot is the free one nearest to its middle. In a bowl, and in a zone without room, the
    thing goes on top of what is there.
    """
    thing = scene.objects[pick_index]
    height = 2 * thing.half_extents[2]
    if place_index is None:
        spots = _grid(AREA_CENTERS[area], AREA_REACH, AREA_STEP)
        x, y = _free_spot(scene, pick_index, spots)
        return pose_from_xyz_yaw((x, y, resting_height(scene, pick_index, (x, y), 0.0) + height), thing.yaw)
    goal = scene.objects[place_index]
    x, y = goal.position[:2]
    if goal.kind == "bowl":
        floor = resting_height(scene, pick_index, (x, y), BOWL_FLOOR_HEIGHT)
        return pose_from_xyz_yaw((x, y, floor + height), thing.yaw)
    if goal.kind == "zone":
        x, y = _free_spot(scene, pick_index, _grid((x, y), (ZONE_REACH, ZONE_REACH), ZONE_STEP, goal.yaw))
        return pose_from_xyz_yaw((x, y, resting_height(scene, pick_index, (x, y), goal.top) + height), thing.yaw)
    turn = (goal.yaw - thing.yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4  # the least turn that aligns the faces
    return pose_from_xyz_yaw((x, y, goal.top + height), thing.yaw + turn)


def resting_height(scene: Scene, moved: int, xy, ground: float) -> float:
    """Height in metres at which object ``moved`` comes to rest at ``xy`` (2,): on ``ground``, or on what is there."""
    own, height = scene.objects[moved].half_extents[0], ground
    for i, other in enumerate(scene.objects):
        if i != moved and other.kind in ("block", "object"):
            if np.hypot(xy[0] - other.position[0], xy[1] - other.position[1]) < 0.9 * (own + other.half_extents[0]):
                height = max(height, other.top)
    return height


def _grid(center, reach, step: float, yaw: float = 0.0) -> np.ndarray:
    """Points (K, 2) around ``center``, the nearest first."""
    x, y = (np.arange(-round(r / step), round(r / step) + 1) * step for r in reach)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points[np.argsort(np.hypot(*points.T).round(6), kind="stable")]
    cos, sin = np.cos(yaw), np.sin(yaw)
    return points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(center)


def room_at(spots: np.ndarray, radius: float, centers: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """How far, in metres, a thing at each of ``spots`` (S, 2) is from touching another, less a gap; negative if it does.

    Args:
        radius: of the circle around the thing, metres.
        centers, radii: circles (K, 2), (K,) around the others, metres.
    """
    apart = np.linalg.norm(spots[:, None] - centers, axis=-1)  # (S, K)
    return (apart - radii).min(axis=1, initial=np.inf) - radius - GAP


def _free_spot(scene: Scene, moved: int, spots: np.ndarray) -> tuple[float, float]:
    """The first of ``spots`` (K, 2) where the moved object touches nothing; the one with most room if there is none."""
    own = float(np.hypot(*scene.objects[moved].half_extents[:2]))
    low, high = (np.array(corner[:2]) for corner in (scene.workspace.low, scene.workspace.high))
    inside = ((spots > low + own) & (spots < high - own)).all(axis=1)
    others = [o for i, o in enumerate(scene.objects) if i != moved and o.kind != "zone"]
    if not others:
        return tuple(spots[inside.argmax()])
    radius = np.array([o.half_extents[0] if o.shape in ("bowl", "cylinder") else np.hypot(*o.half_extents[:2]) for o in others])
    center = np.array([o.position[:2] for o in others])
    room = np.where(inside, room_at(spots, own, center, radius), -np.inf)
    best = (room >= 0).argmax() if (room >= 0).any() else room.argmax()
    return tuple(spots[best])

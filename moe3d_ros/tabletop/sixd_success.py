"""When a 6D step has succeeded, and how far poses are from the oracle's modulo what looks the same.

On a ramp a block lies with a face on the inclined face, within ``RAMP_TOLERANCE`` of its middle; in a slot a bar stands
upright, its foot on the floor; in bowls, on zones and in areas the rules of `success` hold, and things lie flat but in bowls.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.geometry import pose_from_matrix, quaternion_to_matrix, tool_angle
from moe3d_ros.plan import Pose
from moe3d_ros.tabletop.frames import about_z, body_rotation, face_frame, face_normal
from moe3d_ros.tabletop.furniture import SLOT_FLOOR
from moe3d_ros.tabletop.scenes import Scene, SceneObject
from moe3d_ros.tabletop.success import step_reached
from moe3d_ros.tabletop.tasks import Step

RAMP_TOLERANCE, SLOT_TOLERANCE, HEIGHT_TOLERANCE = 0.03, 0.015, 0.01  # metres
TILT_TOLERANCE = np.deg2rad(10)
RADIAN = 0.1  # metres that count as much as one radian when equivalent poses are compared


def lean(thing: SceneObject, normal) -> float:
    """Least angle between one of a box's faces' normals and ``normal`` (3,), radians."""
    return float(np.arccos(np.clip(np.abs(body_rotation(thing).T @ np.asarray(normal)).max(), -1, 1)))


def step_reached_6d(after: Scene, step: Step) -> tuple[bool, str]:
    """Whether the step's object is where and how the step wants it in the scene as it is now, and a sentence about it."""
    thing = after.objects[step.pick_index]
    goal = None if step.place_index is None else after.objects[step.place_index]
    if goal is not None and goal.kind == "ramp":
        normal = face_normal(goal)
        local = face_frame(normal, goal.yaw).T @ np.subtract(thing.position, goal.position)
        off, tilt = float(np.abs(local[:2]).max()), lean(thing, normal)
        lies = abs(local[2] - thing.half_extents[2]) < HEIGHT_TOLERANCE and tilt < TILT_TOLERANCE
        words = f"{100 * off:.1f} cm and {np.rad2deg(tilt):.0f} degrees off the face of the {goal.name}"
        return bool(lies and off < RAMP_TOLERANCE), f"the {thing.name} lies {words}"
    if goal is not None and goal.kind == "slot":
        local = about_z(goal.yaw).T @ np.subtract(thing.position, goal.position)
        off, tilt = float(np.abs(local[:2]).max()), lean(thing, (0, 0, 1))
        upright = thing.half_extents[2] > 1.5 * max(thing.half_extents[:2]) and tilt < TILT_TOLERANCE
        foot = thing.position[2] - thing.half_extents[2] - SLOT_FLOOR
        words = f"{100 * off:.1f} cm off the middle of the {goal.name}, its foot {100 * foot:.1f} cm above the floor"
        inside = off < SLOT_TOLERANCE and abs(foot) < HEIGHT_TOLERANCE
        return bool(upright and inside), f"the {thing.name} {'stands' if upright else 'lies'} {words}"
    reached, words = step_reached(after, step.pick_index, step.place_index, step.area)
    flat = goal is not None and goal.kind == "bowl" or lean(thing, (0, 0, 1)) < TILT_TOLERANCE
    return bool(reached and flat), words if flat else f"the {thing.name} does not lie flat"


def pose_error_6d(pose: Pose, truths: list[Pose]) -> tuple[float, float]:
    """Metres and geodesic angle in radians to the nearest of equivalent tool poses, modulo quarter turns about its axis.

    A cube is held as well after a quarter turn of the tool about its own axis, and so is a bar by its end; all things that
    6D steps move have square sections across the tool's axis, at the pick and at the place.
    """
    matrix = quaternion_to_matrix(pose.orientation)
    pairs = [
        (float(np.linalg.norm(np.subtract(pose.position, truth.position))),
         float(tool_angle(matrix, quaternion_to_matrix(truth.orientation))))
        for truth in truths
    ]  # fmt: skip
    return min(pairs, key=lambda pair: pair[0] + RADIAN * pair[1])


def equivalent_picks(scene: Scene, step: Step) -> list[Pose]:
    """The step's pick and those as good for symmetry: a bar's other end."""
    thing, pick = scene.objects[step.pick_index], step.pick
    if thing.kind != "bar":
        return [pick]
    half_turn = np.diag([-1.0, -1.0, 1.0])  # about the vertical through the bar's middle
    middle = np.asarray(thing.position)
    position = middle + half_turn @ (np.asarray(pick.position) - middle)
    return [pick, pose_from_matrix(position, half_turn @ quaternion_to_matrix(pick.orientation))]

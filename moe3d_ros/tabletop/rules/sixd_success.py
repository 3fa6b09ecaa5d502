"""Rules of success for 6D steps, and pose errors to the oracle modulo the symmetry of the things.

The rules are those of `success` and, for ramps and slots, of `furniture_rules`; what was taken from a ramp or a rack must
also lie flat where it comes to rest, but for bowls.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.rules.furniture_rules import TILT_TOLERANCE, lean
from moe3d_ros.tabletop.rules.success import step_reached
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.world import kinds
from moe3d_ros.world.geometry import pose_from_matrix, quaternion_to_matrix, tool_angle
from moe3d_ros.world.pose import Pose

METERS_PER_RADIAN = 0.1  # metres that count as much as one radian when equivalent poses are compared


def step_reached_6d(after: Scene, step: Step) -> tuple[bool, str]:
    """Judge if the step's object has reached its goal pose in the current scene, with a sentence about it."""
    thing = after.objects[step.pick_index]
    goal = None if step.place_index is None else after.objects[step.place_index].traits
    reached, words = step_reached(after, step.pick_index, step.place_index, step.area)
    if (goal is not None and (goal.contains or goal.inclined)) or lean(thing, (0, 0, 1)) < TILT_TOLERANCE:
        return reached, words
    return False, f"the {thing.name} does not lie flat"


def pose_error_6d(pose: Pose, truths: list[Pose]) -> tuple[float, float]:
    """Metres and geodesic angle in radians to the nearest of equivalent tool poses, modulo quarter turns about its axis.

    A cube is held as well after a quarter turn of the tool about its own axis, and so is a bar by its end; all things that
    6D steps move have square sections across the tool's axis, at the pick and at the place.
    """
    matrix = quaternion_to_matrix(pose.orientation)
    pairs = [
        (
            float(np.linalg.norm(np.subtract(pose.position, truth.position))),
            float(tool_angle(matrix, quaternion_to_matrix(truth.orientation))),
        )
        for truth in truths
    ]
    return min(pairs, key=lambda pair: pair[0] + METERS_PER_RADIAN * pair[1])


def equivalent_picks(scene: Scene, step: Step) -> list[Pose]:
    """The step's pick and those as good for symmetry: a bar's other end."""
    thing, pick = scene.objects[step.pick_index], step.pick
    if thing.kind != kinds.BAR:
        return [pick]
    half_turn = np.diag([-1.0, -1.0, 1.0])  # about the vertical through the bar's middle
    middle = np.asarray(thing.position)
    position = middle + half_turn @ (np.asarray(pick.position) - middle)
    return [pick, pose_from_matrix(position, half_turn @ quaternion_to_matrix(pick.orientation))]

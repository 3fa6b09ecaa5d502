"""Limits that keep a plan from leaving the node: workspace, reach, keep-out boxes, confidence, age. Free of ROS.

A plan that violates a limit is withheld whole, with a numbered error and a sentence. Poses are checked here as they leave:
what the planner has set on a face of the workspace (`pose_tolerance`) is inside, and nothing is moved any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.plan import ErrorCode, Plan, PlanningError
from moe3d_ros.world.workspace import Workspace

UNIT_TOLERANCE = 1e-3  # of a quaternion's length


@dataclass(frozen=True)
class SafetyLimits:
    """Limits besides the workspace.

    Attributes:
        max_reach: metres from the planning frame's origin to the tool tip; 0 for no limit.
        keep_out: boxes in the planning frame, metres, that no tool tip may be in; their faces belong to them.
        min_confidence: least confidence of a step, in [0, 1]; 0 for no limit.
    """

    max_reach: float = 0.0
    keep_out: tuple[Workspace, ...] = ()
    min_confidence: float = 0.0


def parse_boxes(texts) -> tuple[Workspace, ...]:
    """Boxes from texts 'x0 y0 z0 x1 y1 z1' in metres (empty texts are none). Raises ValueError with the reason."""
    boxes = []
    for text in filter(None, (text.strip() for text in texts)):
        try:
            numbers = [float(word) for word in text.split()]
        except ValueError:
            numbers = []
        if len(numbers) != 6 or not np.isfinite(numbers).all():
            raise ValueError(f"'{text}' is not a box: write six numbers 'x0 y0 z0 x1 y1 z1' in metres")
        if not all(low < high for low, high in zip(numbers[:3], numbers[3:])):
            raise ValueError(f"the box '{text}' is empty: write its lowest corner first, then its highest")
        x0, y0, z0, x1, y1, z1 = numbers
        boxes.append(Workspace((x0, y0, z0), (x1, y1, z1)))
    return tuple(boxes)


def parse_box(text: str) -> Workspace | None:
    """The box that a text 'x0 y0 z0 x1 y1 z1' says, metres; None for an empty one. Raises ValueError with the reason."""
    return next(iter(parse_boxes([text])), None)


def check_plan(plan: Plan, workspace: Workspace, limits: SafetyLimits = SafetyLimits()) -> None:
    """Raise PlanningError unless every step may be carried out.

    Raises:
        PlanningError: OUTSIDE_WORKSPACE (not a pose, not in the workspace, out of reach), KEEP_OUT, LOW_CONFIDENCE.
    """
    for action in plan.actions:
        for name, pose in (("pick", action.pick), ("place", action.place)):
            where = f"The {name} pose of step {action.index + 1} ('{action.text}')"
            _check_pose(pose, where, workspace, limits)
        if not action.confidence >= limits.min_confidence:  # a confidence that is not a number is none
            raise PlanningError(
                ErrorCode.LOW_CONFIDENCE,
                f"Step {action.index + 1} ('{action.text}') has confidence {action.confidence:.2f}, less than "
                f"min_confidence ({limits.min_confidence:g}): the plan was withheld. Give the camera a better "
                "view, name the things more clearly, or lower min_confidence.",
            )


def _check_pose(pose, where: str, workspace: Workspace, limits: SafetyLimits) -> None:
    """Raise PlanningError unless the tool tip may go there; ``where`` begins the sentence."""
    numbers = np.array([*pose.position, *pose.orientation], dtype=float)
    if not np.isfinite(numbers).all() or abs(np.linalg.norm(numbers[3:]) - 1) > UNIT_TOLERANCE:
        raise PlanningError(
            ErrorCode.OUTSIDE_WORKSPACE,
            f"{where} is not a valid pose (x, y, z and quaternion: {np.round(numbers, 3).tolist()}): the plan was withheld. "
            "Look again with the service replan.",
        )
    position = numbers[:3]
    at = f"{where} at {np.round(position, 3).tolist()} m"
    if not workspace.contains(position):
        raise PlanningError(
            ErrorCode.OUTSIDE_WORKSPACE,
            f"{at} lies outside the workspace {list(workspace.low)} to {list(workspace.high)} m: the plan was "
            "withheld. Move the object towards the workspace's middle, compare the parameter workspace with the table, or name "
            "another place.",
        )
    reach = float(np.linalg.norm(position))
    if 0 < limits.max_reach < reach:
        raise PlanningError(
            ErrorCode.OUTSIDE_WORKSPACE,
            f"{at} is {reach:.3f} m from the robot's base, farther than max_reach ({limits.max_reach:g} m): the plan "
            "was withheld. Move the object nearer, raise max_reach, or name another place.",
        )
    for box in limits.keep_out:
        if box.contains(position):
            raise PlanningError(
                ErrorCode.KEEP_OUT,
                f"{at} lies in the keep-out box {list(box.low)} to {list(box.high)} m: the plan was withheld. "
                "Move the object, name another place, or change the parameter keep_out.",
            )


def check_age(age: float, max_age: float, planning: float) -> None:
    """Raise PlanningError(STALE_CLOUD) where a finished plan rests on a cloud that is too old by now.

    Args:
        age: seconds since the cloud was taken.
        max_age: most seconds; 0 for any.
        planning: seconds that the plan has taken, for the sentence.
    """
    if 0 < max_age < age:
        raise PlanningError(
            ErrorCode.STALE_CLOUD,
            f"The plan rests on a cloud that is {age:.1f} s old by now, older than max_cloud_age ({max_age:g} s); "
            f"planning took {planning:.1f} s: the plan was withheld. Ask again, or raise max_cloud_age.",
        )

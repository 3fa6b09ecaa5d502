"""One motion at a time through MoveIt 2: the action `move_action` of its move_group node."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from rclpy.action import ActionClient

from moe3d_ros.nodes.runtime.conversions import header, pose_to_msg
from moe3d_ros.robot.motion import Motion
from moe3d_ros.robot.move_errors import Trouble, trouble


class MissingMoveIt(ValueError):
    """moveit_msgs is not installed; the message says which package to install."""


class MoveItMessages(NamedTuple):
    """The modules of the messages that MoveIt speaks."""

    actions: Any
    msgs: Any
    services: Any
    shapes: Any


def not_installed(package: str, error: ImportError) -> str:
    """Sentence on messages that cannot be imported; ``package``: their name in apt, behind the distribution's."""
    package = f"ros-{os.environ.get('ROS_DISTRO', 'jazzy')}-{package}"
    return f"Messages are not installed ({error}): sudo apt-get install {package}, and source ROS 2 again."


def import_moveit() -> MoveItMessages:
    """The modules moveit_msgs.action, .msg and .srv, and shape_msgs.msg. Raises MissingMoveIt."""
    try:
        import moveit_msgs.action
        import moveit_msgs.msg
        import moveit_msgs.srv
        import shape_msgs.msg
    except ImportError as error:
        raise MissingMoveIt(not_installed("moveit-msgs", error)) from error
    return MoveItMessages(moveit_msgs.action, moveit_msgs.msg, moveit_msgs.srv, shape_msgs.msg)


class MoveGroupArm:
    """Sends motions to move_group, never two at once."""

    def __init__(self, node, settings, group, messages: MoveItMessages):
        """
        Args:
            settings: the parameters of `moveit_goals` by name.
            group: callback group.
        """
        self._actions, self._msgs, self._shapes = messages.actions, messages.msgs, messages.shapes
        self._node, self._settings = node, settings
        self._client = ActionClient(node, self._actions.MoveGroup, "move_action", callback_group=group)
        self._handle = None
        self._number = 0  # of the motion that is under way; what comes late of another one is dropped

    def ready(self) -> str:
        """Empty where move_group answers; else a sentence."""
        if self._client.server_is_ready():
            return ""
        return "Nobody answers on the action move_action: start move_group, or remap the action."

    def move(self, motion: Motion, done: Callable[[Trouble | None], None]) -> None:
        """Begin a motion; ``done`` is called once, with None or with the reason why it failed."""
        self._number += 1
        number = self._number
        future = self._client.send_goal_async(self.goal(motion))
        future.add_done_callback(lambda answer: self._on_answer(number, answer, done))

    def stop(self) -> None:
        """Cancel the motion that is under way; its ``done`` is not called."""
        self._number += 1
        if self._handle is not None:
            self._handle.cancel_goal_async()
            self._handle = None

    def _on_answer(self, number: int, future, done) -> None:
        handle = future.result()
        if number != self._number:  # stopped before it was accepted
            if handle.accepted:
                handle.cancel_goal_async()
        elif not handle.accepted:
            done(Trouble("move_group refused the goal"))
        else:
            self._handle = handle
            handle.get_result_async().add_done_callback(lambda result: self._on_result(number, result, done))

    def _on_result(self, number: int, future, done) -> None:
        if number != self._number:
            return
        self._handle = None
        code = future.result().result.error_code
        done(trouble(code.val, getattr(code, "message", "")))

    def goal(self, motion: Motion):
        """moveit_msgs/action/MoveGroup.Goal: the tool tip in a small sphere around the pose, turned as it says."""
        settings, msgs, shapes = self._settings, self._msgs, self._shapes
        head = header(settings["planning_frame"], self._node.get_clock().now().to_msg())
        pose = pose_to_msg(motion.pose, head).pose
        ball = shapes.SolidPrimitive(type=shapes.SolidPrimitive.SPHERE, dimensions=[settings["position_tolerance"]])
        position = msgs.PositionConstraint(header=head, link_name=settings["tool_link"], weight=1.0)
        position.constraint_region.primitives = [ball]
        position.constraint_region.primitive_poses = [pose]
        turn = settings["orientation_tolerance"]
        orientation = msgs.OrientationConstraint(
            header=head,
            link_name=settings["tool_link"],
            orientation=pose.orientation,
            weight=1.0,
            absolute_x_axis_tolerance=turn,
            absolute_y_axis_tolerance=turn,
            absolute_z_axis_tolerance=turn,
        )
        goal = self._actions.MoveGroup.Goal()
        request = goal.request
        request.group_name = settings["group"]
        request.goal_constraints = [
            msgs.Constraints(name=motion.name, position_constraints=[position], orientation_constraints=[orientation])
        ]
        request.num_planning_attempts = settings["attempts"]
        request.allowed_planning_time = settings["planning_time"]
        request.max_velocity_scaling_factor = request.max_acceleration_scaling_factor = settings["speed"]
        request.start_state.is_diff = True  # from wherever the arm is
        if motion.straight:
            request.pipeline_id, request.planner_id = settings["straight_pipeline"], settings["straight_planner"]
        goal.planning_options.planning_scene_diff.is_diff = True
        goal.planning_options.planning_scene_diff.robot_state.is_diff = True
        return goal

"""Grippers: suction and others that hold or let go (std_srvs/SetBool), fingers (control_msgs/action/GripperCommand), or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from std_srvs.srv import SetBool

from moe3d_ros.nodes.following.move_group import not_installed

Done = Callable[[str], None]  # takes the reason why it failed, empty where it did not


class NoGripper:
    """Something else moves the gripper."""

    def ready(self) -> str:
        """Empty: nothing is waited for."""
        return ""

    def grip(self, hold: bool, done: Done) -> None:
        """Do nothing."""
        done("")


class SetBoolGripper:
    """The service `gripper`: true holds, false lets go."""

    def __init__(self, node, settings, group):
        """``group``: callback group."""
        self._client = node.create_client(SetBool, "gripper", callback_group=group)

    def ready(self) -> str:
        """Empty where its driver answers; else a sentence."""
        if self._client.service_is_ready():
            return ""
        return "Nobody answers on the service gripper: start its driver, or set gripper to false."

    def grip(self, hold: bool, done: Done) -> None:
        """Hold or let go; ``done`` is called once."""

        def answered(future) -> None:
            response = future.result()
            done("" if response.success else response.message or "it gave no reason")

        self._client.call_async(SetBool.Request(data=hold)).add_done_callback(answered)


class CommandGripper:
    """The action `gripper_command`: the width between the fingers, and a force."""

    def __init__(self, node, settings, group):
        """
        Args:
            settings: the parameters of `moveit_goals` by name.
            group: callback group.

        Raises:
            ValueError: control_msgs is not installed.
        """
        self._kind, self._settings = import_gripper_command(), settings
        self._client = ActionClient(node, self._kind, "gripper_command", callback_group=group)

    def ready(self) -> str:
        """Empty where its controller answers; else a sentence."""
        if self._client.server_is_ready():
            return ""
        return "Nobody answers on the action gripper_command: start the gripper's controller, or remap the action."

    def grip(self, hold: bool, done: Done) -> None:
        """Close or open; ``done`` is called once."""
        goal = self._kind.Goal()
        goal.command.position = self._settings["gripper_closed" if hold else "gripper_open"]
        goal.command.max_effort = self._settings["gripper_effort"]
        self._client.send_goal_async(goal).add_done_callback(
            lambda answer: self._on_answer(answer.result(), hold, done)
        )

    def _on_answer(self, handle, hold: bool, done: Done) -> None:
        if not handle.accepted:
            done("its controller refused the goal")
            return
        handle.get_result_async().add_done_callback(lambda future: done(_problem(future.result().result, hold)))


def _problem(result, hold: bool) -> str:
    """Reason why a result of GripperCommand is a failure, empty where it is none: fingers that stall on something hold it."""
    if result.reached_goal or (hold and result.stalled):
        return ""
    return f"its fingers stopped {result.position:.3f} m apart{', blocked' if result.stalled else ''}"


def import_gripper_command() -> Any:
    """The action type control_msgs/action/GripperCommand. Raises ValueError with what to install."""
    try:
        from control_msgs.action import GripperCommand
    except ImportError as error:
        sentence = f"{not_installed('control-msgs', error)} Or set gripper_type to set_bool."
        raise ValueError(sentence) from error
    return GripperCommand


def make_gripper(node, settings, group) -> NoGripper | SetBoolGripper | CommandGripper:
    """The gripper that the parameters `gripper` and `gripper_type` name. Raises ValueError where its messages are missing."""
    if not settings["gripper"]:
        return NoGripper()
    if settings["gripper_type"] == "gripper_command":
        return CommandGripper(node, settings, group)
    return SetBoolGripper(node, settings, group)

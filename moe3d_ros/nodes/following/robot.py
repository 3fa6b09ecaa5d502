"""An arm, its planning scene and its gripper over ROS, as `moe3d_ros.robot.step_runner` uses them."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import Empty
from std_srvs.srv import Trigger

from moe3d_ros.nodes.runtime.conversions import pose_from_msg
from moe3d_ros.nodes.runtime.diagnostics import ERROR, OK, WARN
from moe3d_ros.nodes.runtime.qos import EVENT
from moe3d_ros.robot.motion import Motion
from moe3d_ros.robot.move_errors import Trouble
from moe3d_ros.robot.scene_boxes import SceneBox, SceneChange
from moe3d_ros.world.geometry import quaternion_to_matrix, yaw_of
from moe3d_ros.world.workspace import Workspace

LEVELS = {"info": OK, "warn": WARN, "error": ERROR}


class RosRobot:
    """The parts of one robot, and what the planner and people are told.

    Attributes:
        on_late: called with a motion that took longer than `motion_timeout`, and the reason.
    """

    def __init__(self, node, settings, diagnostics, group, arm, scene, gripper):
        """
        Args:
            settings: the parameters of `moveit_goals` by name.
            diagnostics: the node's Diagnostics.
            group: callback group.
            arm: moves, as MoveGroupArm does.
            scene: changes the planning scene, as MoveItScene does; None: there is none.
            gripper: holds and lets go.
        """
        self._node, self._settings, self._diagnostics = node, settings, diagnostics
        self._arm, self._scene, self._gripper = arm, scene, gripper
        self._reached = node.create_publisher(Empty, "goal_reached", EVENT)
        self._replan = node.create_client(Trigger, "replan", callback_group=ReentrantCallbackGroup())
        self._group = group
        self._patience = None  # timer of the motion that is under way
        self.on_late: Callable[[Motion, str], None] = lambda motion, reason: None

    def ready(self) -> str:
        """Reason why nothing can be moved now; empty where it can."""
        parts = (self._arm, self._scene, self._gripper)
        return next((reason for reason in (part.ready() for part in parts if part is not None) if reason), "")

    def move(self, motion: Motion, done: Callable[[Trouble | None], None]) -> None:
        """Begin a motion."""
        self._arm.move(motion, done)

    def stop(self) -> None:
        """Cancel the motion that is under way."""
        self._arm.stop()

    def grip(self, hold: bool, done: Callable[[str], None]) -> None:
        """Hold what the tool touches, or let go."""
        self._gripper.grip(hold, done)

    def change_scene(self, change: SceneChange, done: Callable[[str], None]) -> None:
        """Change MoveIt's planning scene, where it is used."""
        if self._scene is None:
            done("")
        else:
            self._scene.change(change, done)

    def reached(self) -> None:
        """Tell the planner that a goal is reached."""
        self._reached.publish(Empty())

    def replan(self, done: Callable[[str], None]) -> None:
        """Ask the planner to look and plan again."""
        if not self._replan.service_is_ready():
            done(f"nobody answers on the service {self._node.resolve_service_name('replan')}")
            return

        def answered(future) -> None:
            response = future.result()
            done("" if response.success else response.message)

        self._replan.call_async(Trigger.Request()).add_done_callback(answered)

    def told(self, words: str, level: str) -> None:
        """Tell people, in the log and on /diagnostics."""
        self._diagnostics.report(LEVELS[level], words)
        if level == "info":
            self._node.get_logger().info(words)

    def watch(self, motion: Motion | None) -> None:
        """Give a motion, with what the gripper does, a limited time; None: nothing is under way."""
        if self._patience is not None:
            self._patience.cancel()
            self._node.destroy_timer(self._patience)
            self._patience = None
        if motion is not None:
            longest = self._settings["motion_timeout"]
            reason = f"it took longer than motion_timeout ({longest:g} s)"
            late = lambda: self.on_late(motion, reason)  # noqa: E731
            self._patience = self._node.create_timer(longest, late, callback_group=self._group)


def boxes_from_msg(msg) -> tuple[SceneBox, ...]:
    """moe3d_ros/SeenThings -> boxes with names of their own in the scene."""
    boxes = []
    for number, thing in enumerate(msg.things):
        pose = pose_from_msg(thing)
        yaw = float(yaw_of(quaternion_to_matrix(pose.orientation)))
        half = (thing.size.x / 2, thing.size.y / 2, thing.size.z / 2)
        boxes.append(SceneBox(f"moe3d_{number}_{thing.name.replace(' ', '_')}", pose.position, half, yaw))
    return tuple(boxes)


def workspace_from_msg(msg) -> Workspace:
    """The box that the model sees, of a moe3d_ros/ModelInfo."""
    low, high = msg.model_workspace_low, msg.model_workspace_high
    return Workspace((low.x, low.y, low.z), (high.x, high.y, high.z))

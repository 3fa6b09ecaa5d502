"""The moveit_goals node: follows `planned_action` with a real arm, through MoveIt 2's `move_action`.

It follows `planned_action` and never `plan`: with `require_confirmation` only what a person released comes there. Each
step is six motions, one at a time; what the planner sees (`seen`) stands in MoveIt's planning scene meanwhile. A motion
that fails stops everything until the service `resume_motion` is called, or, with `replans`, until a step of a new plan
comes. After the pick and after the place `goal_reached` tells the planner. It needs moveit_msgs (ROS 2 from apt).
"""

from __future__ import annotations

import threading

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_srvs.srv import Trigger

from moe3d_ros.msg import ModelInfo, PlannedAction, SeenThings
from moe3d_ros.nodes.following.grippers import make_gripper
from moe3d_ros.nodes.following.move_group import MoveGroupArm, import_moveit
from moe3d_ros.nodes.following.planning_scene import MoveItScene
from moe3d_ros.nodes.following.robot import RosRobot, boxes_from_msg, workspace_from_msg
from moe3d_ros.nodes.runtime.conversions import pose_from_msg, stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import MAX_AGE, OK, WARN, Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import MOVEIT_GOALS
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.robot.motion import Follower, Refused, check_step
from moe3d_ros.robot.scene_boxes import table_box
from moe3d_ros.robot.step_runner import StepRunner

SEEN_WAIT = 2.0  # seconds that a step waits for what was seen for it, which comes on another topic


class MoveItGoals(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self, **arguments):
        """``arguments``: of rclpy's Node."""
        super().__init__("moveit_goals", **arguments)
        self._settings = settings = Parameters(self, MOVEIT_GOALS)
        settings.check()
        group = MutuallyExclusiveCallbackGroup()
        self._diagnostics = Diagnostics(self, "moveit_goals", "motion")
        arm, scene = self._make_arm(group)
        self._robot = RosRobot(
            self, settings, self._diagnostics, group, arm, scene, make_gripper(self, settings, group)
        )
        follower = Follower(settings["approach"], settings["retreat"], settings["turns"])
        self._runner = StepRunner(follower, self._robot, self._now_ns, lambda: settings["replans"])
        self._robot.on_late = self._runner.late
        self._lock = threading.Lock()
        self._seen = self._table = None  # the newest SeenThings, and the box of the table
        self._waiting: PlannedAction | None = None  # for what was seen for it
        self._patience = self.create_timer(SEEN_WAIT, self._on_nothing_seen, callback_group=group, autostart=False)
        self.create_subscription(PlannedAction, "planned_action", self._on_action, EVENT, callback_group=group)
        if settings["scene"]:
            self.create_subscription(SeenThings, "seen", self._on_seen, LATCHED, callback_group=group)
            self.create_subscription(ModelInfo, "model_info", self._on_model, LATCHED, callback_group=group)
        self.create_service(Trigger, "stop_motion", self._on_stop, callback_group=group)
        self.create_service(Trigger, "resume_motion", self._on_resume, callback_group=group)
        self._show_max_age()
        self.create_timer(1.0, self._show_max_age)
        self._diagnostics.report(OK, "waiting for planned_action")

    def _make_arm(self, group):
        """The arm and, where it has one, its planning scene; a subclass may put what moves as they do in their place."""
        messages = import_moveit()
        arm = MoveGroupArm(self, self._settings, group, messages)
        return arm, MoveItScene(self, self._settings, group, messages) if self._settings["scene"] else None

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds

    def _show_max_age(self) -> None:
        """Tell the planner which poses are followed, so that it releases no others."""
        self._diagnostics.set(MAX_AGE, self._settings["max_age"])

    def close(self) -> None:
        """Cancel what moves."""
        if self._runner.busy:
            self._runner.stop("the node was ended")

    # --- what comes from the planner

    def _on_model(self, msg: ModelInfo) -> None:
        with self._lock:
            self._table = table_box(workspace_from_msg(msg))

    def _on_seen(self, msg: SeenThings) -> None:
        with self._lock:
            self._seen, waiting = msg, self._waiting
            if waiting is None or waiting.header != msg.header:
                return
            self._waiting = None
        self._patience.cancel()
        self._follow(waiting)

    def _on_action(self, msg: PlannedAction) -> None:
        with self._lock:
            known = not self._settings["scene"] or (self._seen is not None and self._seen.header == msg.header)
            self._waiting = None if known else msg
        if known:
            self._follow(msg)
        else:
            self._patience.reset()

    def _on_nothing_seen(self) -> None:
        self._patience.cancel()
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._diagnostics.report(
                WARN,
                f"'{waiting.text}' is not followed: what was seen for it did not come on {self.resolve_topic_name('seen')}: "
                "start a planner of this version, remap the topic, or set scene to false.",
            )

    def _follow(self, msg: PlannedAction) -> None:
        poses = {
            name: (pose.header.frame_id, stamp_ns(pose.header.stamp), pose_from_msg(pose))
            for name, pose in (("pick", msg.pick), ("place", msg.place))
        }
        settings, now = self._settings, self._now_ns()
        (_, stamp, pick), (_, _, place) = poses["pick"], poses["place"]
        self.get_logger().debug(f"planned_action '{msg.text}' came, its poses {(now - stamp) / 1e9:.2f} s old.")
        with self._lock:
            seen, table = self._seen, self._table
        try:
            check_step(msg.verb, poses, settings["planning_frame"], now, settings["max_age"])
            if seen is not None and not self._runner.busy:
                self._runner.see(boxes_from_msg(seen), table)
            self._runner.begin(msg.text, pick, place, stamp)
        except Refused as error:
            self._diagnostics.report(WARN, str(error))

    # --- what people ask

    def _on_stop(self, _, response: Trigger.Response) -> Trigger.Response:
        self._runner.stop("stop_motion was called")
        response.success, response.message = True, self._runner.stopped
        return response

    def _on_resume(self, _, response: Trigger.Response) -> Trigger.Response:
        self._runner.resume()
        self._diagnostics.report(OK, "waiting for planned_action")
        response.success, response.message = True, "Steps are followed again, from the next planned_action on."
        return response


def main(args=None) -> int:
    """Entry point of the program `moveit_goals`."""
    return run_node(MoveItGoals, args)


if __name__ == "__main__":
    raise SystemExit(main())

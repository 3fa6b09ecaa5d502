"""The moveit_goals node: follows `planned_action` with a real arm, through MoveIt 2's `move_action`.

It follows `planned_action` and never `plan`: with `require_confirmation` only what a person released comes there. Each
step is six motions, one at a time; the first that fails stops everything until the service `resume_motion` is called.
After the pick and after the place `goal_reached` tells the planner. It needs moveit_msgs (ROS 2 from apt).
"""

from __future__ import annotations

import threading

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Empty
from std_srvs.srv import SetBool, Trigger

from moe3d_ros.msg import PlannedAction
from moe3d_ros.nodes.move_group import MoveGroupArm
from moe3d_ros.nodes.runtime.conversions import pose_from_msg, stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import ERROR, MAX_AGE, OK, WARN, Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import MOVEIT_GOALS
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import EVENT
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.robot.motion import GRASP, Follower, Motion, Refused, check_step


class MoveItGoals(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self):
        super().__init__("moveit_goals")
        self._settings = settings = Parameters(self, MOVEIT_GOALS)
        settings.check()
        group = MutuallyExclusiveCallbackGroup()
        self._arm = MoveGroupArm(self, settings, group)
        self._follower = Follower(settings["approach"], settings["retreat"])
        self._lock = threading.RLock()
        self._gripper = self.create_client(SetBool, "gripper", callback_group=group) if settings["gripper"] else None
        self._reached = self.create_publisher(Empty, "goal_reached", EVENT)
        self._diagnostics = Diagnostics(self, "moveit_goals", "motion")
        self.create_subscription(PlannedAction, "planned_action", self._on_action, EVENT, callback_group=group)
        self.create_service(Trigger, "stop_motion", self._on_stop, callback_group=group)
        self.create_service(Trigger, "resume_motion", self._on_resume, callback_group=group)
        self._show_max_age()
        self.create_timer(1.0, self._show_max_age)
        self._patience = None  # timer of the motion that is under way
        self._diagnostics.report(OK, "waiting for planned_action")

    def _show_max_age(self) -> None:
        """Tell the planner which poses are followed, so that it releases no others."""
        self._diagnostics.set(MAX_AGE, self._settings["max_age"])

    def close(self) -> None:
        """Cancel what moves."""
        with self._lock:
            if self._follower.busy:
                self._stop("the node was ended")

    def _on_action(self, msg: PlannedAction) -> None:
        poses = {
            name: (pose.header.frame_id, stamp_ns(pose.header.stamp), pose_from_msg(pose))
            for name, pose in (("pick", msg.pick), ("place", msg.place))
        }
        settings, now = self._settings, self.get_clock().now().nanoseconds
        age = (now - poses["pick"][1]) / 1e9
        self.get_logger().debug(f"planned_action '{msg.text}' came, its poses {age:.2f} s old.")
        with self._lock:
            try:
                check_step(msg.verb, poses, settings["planning_frame"], now, settings["max_age"])
                if not self._arm.ready():
                    raise Refused("Nobody answers on the action move_action: start move_group, or remap the action.")
                if self._gripper is not None and not self._gripper.service_is_ready():
                    raise Refused("Nobody answers on the service gripper: start its driver, or set gripper to false.")
                motion = self._follower.begin(msg.text, poses["pick"][2], poses["place"][2])
            except Refused as error:
                self._diagnostics.report(WARN, str(error))
                return
            self._move(motion)

    def _move(self, motion: Motion) -> None:
        self._diagnostics.report(OK, motion.name)
        self.get_logger().info(f"Motion: {motion.name}")
        self._watch(motion)
        self._arm.move(motion, lambda problem: self._on_moved(motion, problem))

    def _on_moved(self, motion: Motion, problem: str) -> None:
        with self._lock:
            if self._follower.current is not motion:
                return
            if problem:
                self._stop(problem)
            elif motion.gripper and self._gripper is not None:
                future = self._gripper.call_async(SetBool.Request(data=motion.gripper == GRASP))
                future.add_done_callback(lambda answer: self._on_gripped(motion, answer.result()))
            else:
                self._advance(motion)

    def _on_gripped(self, motion: Motion, response: SetBool.Response) -> None:
        with self._lock:
            if self._follower.current is not motion:
                return
            if response.success:
                self._advance(motion)
            else:
                self._stop(f"the gripper did not {motion.gripper}: {response.message or 'it gave no reason'}")

    def _advance(self, motion: Motion) -> None:
        """Handle the end of a motion; after the lift, and once the arm is out of the way, notify the planner."""
        following = self._follower.advance()
        self.get_logger().debug(
            f"Done: {motion.name}{'; goal_reached tells the planner' if motion.reaches_goal else ''}."
        )
        if motion.reaches_goal:
            self._reached.publish(Empty())
        if following is not None:
            self._move(following)
            return
        self._unwatch()
        self._diagnostics.report(OK, "waiting for planned_action")

    # --- stopping

    def _watch(self, motion: Motion) -> None:
        """Give the motion, with what the gripper does, a limited time."""
        self._unwatch()
        self._patience = self.create_timer(self._settings["motion_timeout"], lambda: self._on_late(motion))

    def _unwatch(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self.destroy_timer(self._patience)
            self._patience = None

    def _on_late(self, motion: Motion) -> None:
        with self._lock:
            if self._follower.current is motion:
                self._stop(f"it took longer than motion_timeout ({self._settings['motion_timeout']:g} s)")

    def _stop(self, reason: str) -> None:
        self._unwatch()
        self._arm.stop()
        self._follower.fail(reason)
        self._diagnostics.report(ERROR, f"{self._follower.stopped} Call resume_motion when the arm is free.")

    def _on_stop(self, _, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            self._stop("stop_motion was called")
            response.success, response.message = True, self._follower.stopped
        return response

    def _on_resume(self, _, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            self._follower.resume()
            self._diagnostics.report(OK, "waiting for planned_action")
            response.success, response.message = True, "Steps are followed again, from the next planned_action on."
        return response


def main(args=None) -> int:
    """Entry point of the program `moveit_goals`."""
    return run_node(MoveItGoals, args)


if __name__ == "__main__":
    raise SystemExit(main())

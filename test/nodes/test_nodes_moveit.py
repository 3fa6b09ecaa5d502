"""An arm through MoveIt: without its messages a sentence; with them, a move_group that is ours answers the goals."""

import importlib.util
import os
import threading
import time

import pytest
from ros_helpers import TIMEOUT, NodeProcess, statuses

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import Empty
from std_srvs.srv import SetBool, Trigger

from moe3d_ros.msg import PlannedAction
from moe3d_ros.nodes.runtime.conversions import action_to_msg, header, pose_to_msg
from moe3d_ros.plan import Action
from moe3d_ros.robot.motion import motions
from moe3d_ros.world.geometry import pose_from_xyz_yaw

MOVEIT = importlib.util.find_spec("moveit_msgs") is not None
PICK, PLACE = pose_from_xyz_yaw((0.4, 0.1, 0.04), 0.3), pose_from_xyz_yaw((0.6, -0.2, 0.08), -1.0)
needs_moveit = pytest.mark.skipif(not MOVEIT, reason="moveit_msgs is not installed: it comes with ROS 2 from apt")


@pytest.mark.skipif(MOVEIT, reason="moveit_msgs is installed")
def test_without_moveit_the_node_says_which_package_is_missing():
    node = NodeProcess("moveit_goals", namespace="nomoveit")
    assert node.process.wait(TIMEOUT) == 2
    node.stop()
    assert f"sudo apt-get install ros-{os.environ['ROS_DISTRO']}-moveit-msgs" in node.log
    assert "Traceback" not in node.log


class Arm:
    """A move_group and a gripper in the test's process, and the node that drives them."""

    def __init__(self, probe, namespace: str, **parameters):
        from moveit_msgs.action import MoveGroup
        from rclpy.action import ActionServer

        self.probe, self.goals, self.events = probe, [], []
        self.code, self.moving, self.most_moving = 1, 0, 0
        self.lock = threading.Lock()
        self.kind = MoveGroup
        group = ReentrantCallbackGroup()
        self.server = ActionServer(
            probe.node, MoveGroup, f"/{namespace}/move_action", self.on_goal, callback_group=group
        )
        probe.node.create_service(SetBool, f"/{namespace}/gripper", self.on_grip)
        self.reached = probe.listen(Empty, f"/{namespace}/goal_reached")
        self.report = statuses(f"{namespace}/moveit_goals")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
        self.node = NodeProcess("moveit_goals", parameters, namespace=namespace)
        self.publisher = probe.talk(PlannedAction, f"/{namespace}/planned_action")
        self.resume = probe.node.create_client(Trigger, f"/{namespace}/resume_motion")
        self.diagnostics.wait(self.report("waiting"))

    def on_goal(self, handle):
        with self.lock:
            self.moving += 1
            self.most_moving = max(self.most_moving, self.moving)
            self.goals.append(handle.request)
            self.events.append("move")
        time.sleep(0.05)  # an arm needs a while
        result = self.kind.Result()
        result.error_code.val = self.code
        with self.lock:
            self.moving -= 1
        handle.succeed() if self.code == 1 else handle.abort()
        return result

    def on_grip(self, request, response):
        self.events.append("hold" if request.data else "let go")
        response.success = True
        return response

    def send(self, frame: str = "base_link", age: float = 0.0) -> None:
        stamp = self.probe.now()
        stamp.sec -= int(age)
        step = Action(0, "pick_place", "red block", "in the bowl", PICK, PLACE, 0.9, "pick the red block")
        self.publisher.publish(action_to_msg(step, header(frame, stamp)))


@needs_moveit
def test_a_step_is_six_goals_one_at_a_time(probe):
    arm = Arm(probe, "arm")
    arm.send()
    arm.send()  # refused: the first one is under way
    arm.reached.wait(start=1)
    arm.diagnostics.wait(arm.report("waiting"), start=len(arm.diagnostics.messages) - 1)
    assert arm.events == ["move", "move", "hold", "move", "move", "move", "let go", "move"]
    assert arm.most_moving == 1
    assert "is not followed" in arm.node.log
    for goal, motion in zip(arm.goals, motions(PICK, PLACE, 0.1, 0.1)):
        (constraint,) = goal.request.goal_constraints
        (position,), (orientation,) = constraint.position_constraints, constraint.orientation_constraints
        (place,) = position.constraint_region.primitive_poses
        assert place == pose_to_msg(motion.pose, header("base_link", probe.now())).pose
        assert position.header.frame_id == orientation.header.frame_id == "base_link"
        assert (position.link_name, orientation.orientation) == ("tool0", place.orientation)
        assert goal.request.planner_id == ("LIN" if motion.straight else "")
        assert not goal.planning_options.plan_only
    assert arm.node.stop() == 0, arm.node.log


@needs_moveit
def test_a_failure_stops_everything_until_somebody_resumes(probe):
    arm = Arm(probe, "failing")
    for wrong, words in (({"frame": "camera"}, "frame 'camera'"), ({"age": 60}, "s old")):
        arm.send(**wrong)
        arm.diagnostics.wait(arm.report(words))
    arm.code = -1
    arm.send()
    arm.diagnostics.wait(arm.report("reports error -1"))
    arm.send()
    arm.diagnostics.wait(arm.report("Nothing moves"))
    assert arm.events == ["move"]
    assert not arm.reached.messages
    arm.code = 1
    assert probe.call(arm.resume, Trigger.Request()).success
    arm.send()
    arm.reached.wait(start=1)
    assert len(arm.goals) == 7
    assert arm.node.stop() == 0

"""An arm through MoveIt: without its messages a sentence; with them, a move_group that is ours answers the goals."""

import importlib.util
import os
import threading
import time

import pytest
from ros_helpers import LATCHED, TIMEOUT, NodeProcess, statuses

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import Empty
from std_srvs.srv import SetBool, Trigger

from moe3d_ros.msg import PlannedAction, SeenThings
from moe3d_ros.nodes.runtime.conversions import action_to_msg, header, pose_to_msg, seen_to_msg
from moe3d_ros.plan import Action
from moe3d_ros.robot.motion import motions
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.seen_object import SeenObject

MOVEIT = importlib.util.find_spec("moveit_msgs") is not None
PICK, PLACE = pose_from_xyz_yaw((0.4, 0.1, 0.04), 0.3), pose_from_xyz_yaw((0.6, -0.2, 0.08), -1.0)
BLOCK = SeenObject("red block", "block", "red", "", (0.4, 0.1, 0.02), (0.02, 0.02, 0.02), 0.3, None, 0.9)
BOWL = SeenObject("bowl", "bowl", "green", "", (0.6, -0.2, 0.04), (0.06, 0.06, 0.04), 0.0, None, 0.9)
NO_IK = -31
GRIPPER_COMMAND = importlib.util.find_spec("control_msgs") is not None
needs_moveit = pytest.mark.skipif(not MOVEIT, reason="moveit_msgs is not installed: it comes with ROS 2 from apt")


@pytest.mark.skipif(MOVEIT, reason="moveit_msgs is installed")
def test_without_moveit_the_node_says_which_package_is_missing():
    node = NodeProcess("moveit_goals", namespace="nomoveit")
    assert node.process.wait(TIMEOUT) == 2
    node.stop()
    assert f"sudo apt-get install ros-{os.environ['ROS_DISTRO']}-moveit-msgs" in node.log
    assert "Traceback" not in node.log


class Arm:
    """A move_group with its planning scene, and a gripper, in the test's process, and the node that drives them."""

    def __init__(self, probe, namespace: str, **parameters):
        from moveit_msgs.action import MoveGroup
        from moveit_msgs.srv import ApplyPlanningScene
        from rclpy.action import ActionServer

        self.probe, self.goals, self.events, self.scenes = probe, [], [], []
        self.codes, self.moving, self.most_moving = [], 0, 0
        self.lock = threading.Lock()
        self.kind = MoveGroup
        group = ReentrantCallbackGroup()
        self.server = ActionServer(
            probe.node, MoveGroup, f"/{namespace}/move_action", self.on_goal, callback_group=group
        )
        probe.node.create_service(ApplyPlanningScene, f"/{namespace}/apply_planning_scene", self.on_scene)
        probe.node.create_service(SetBool, f"/{namespace}/gripper", self.on_grip)
        self.reached = probe.listen(Empty, f"/{namespace}/goal_reached")
        self.report = statuses(f"{namespace}/moveit_goals")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 50)
        self.node = NodeProcess("moveit_goals", parameters, namespace=namespace)
        self.publisher = probe.talk(PlannedAction, f"/{namespace}/planned_action")
        listen = probe.talk if parameters.get("scene", True) else probe.node.create_publisher
        self.seen = listen(SeenThings, f"/{namespace}/seen", LATCHED)
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
        result.error_code.val = self.codes.pop(0) if self.codes else 1
        with self.lock:
            self.moving -= 1
        handle.succeed() if result.error_code.val == 1 else handle.abort()
        return result

    def on_scene(self, request, response):
        self.scenes.append(request.scene)
        self.events.append("scene")
        response.success = True
        return response

    def on_grip(self, request, response):
        self.events.append("hold" if request.data else "let go")
        response.success = True
        return response

    def send(self, frame: str = "base_link", age: float = 0.0) -> None:
        stamp = self.probe.now()
        stamp.sec -= int(age)
        head = header(frame, stamp)
        self.seen.publish(seen_to_msg((BLOCK, BOWL), head))
        step = Action(0, "pick_place", "red block", "in the bowl", PICK, PLACE, 0.9, "pick the red block")
        self.publisher.publish(action_to_msg(step, head))

    def whole(self) -> None:
        """Wait until a step is over."""
        self.reached.wait(start=1)
        self.diagnostics.wait(self.report("waiting"), start=len(self.diagnostics.messages) - 1)


@needs_moveit
def test_a_step_is_six_goals_one_at_a_time(probe):
    arm = Arm(probe, "arm", scene=False)
    arm.send()
    arm.send()  # refused: the first one is under way
    arm.whole()
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
def test_the_planning_scene_has_what_is_seen_and_what_is_held(probe):
    arm = Arm(probe, "scene", touch_links=["finger"])
    arm.send()
    arm.whole()
    arm.diagnostics.wait(lambda _: len(arm.scenes) == 6)
    touch, hold, freed, drop = (
        ["scene", "move", "hold", "scene"],
        ["move", "move"],
        ["scene", "move"],
        ["let go", "scene"],
    )
    assert arm.events == ["scene", "move", *touch, *hold, *freed, *drop, "move", "scene"]
    first, _, attach, freeing, detach, last = arm.scenes
    assert all(scene.is_diff and scene.robot_state.is_diff for scene in arm.scenes)
    block, bowl = first.world.collision_objects
    assert (block.operation, block.header.frame_id) == (block.ADD, "base_link")
    assert list(block.primitives[0].dimensions) == pytest.approx([0.04] * 3)
    assert block.primitive_poses[0].position.z == pytest.approx(0.02)
    (held,) = attach.robot_state.attached_collision_objects
    assert (held.object.id, held.link_name, list(held.touch_links)) == (block.id, "tool0", ["tool0", "finger"])
    (opened,) = freeing.world.collision_objects
    assert (opened.id, opened.operation) == (bowl.id, bowl.REMOVE)
    (dropped,) = detach.robot_state.attached_collision_objects
    assert (dropped.object.id, dropped.object.operation) == (block.id, block.REMOVE)
    assert {thing.id for thing in last.world.collision_objects} == {block.id, bowl.id}
    assert arm.node.stop() == 0, arm.node.log


@needs_moveit
def test_a_failure_stops_everything_until_somebody_resumes(probe):
    arm = Arm(probe, "failing", turns=2)
    for wrong, words in (({"frame": "camera"}, "frame 'camera'"), ({"age": 120}, "s old")):
        arm.send(**wrong)
        arm.diagnostics.wait(arm.report(words))
    arm.codes = [NO_IK, NO_IK]
    arm.send()
    arm.diagnostics.wait(arm.report("Call resume_motion"))
    assert "error -31, NO_IK_SOLUTION: the arm cannot reach the goal" in arm.node.log
    arm.send()
    arm.diagnostics.wait(arm.report("Nothing moves"))
    assert arm.events == ["scene", "move", "move"]
    first, second = (goal.request.goal_constraints[0].orientation_constraints[0].orientation for goal in arm.goals)
    assert first != second
    assert not arm.reached.messages
    assert probe.call(arm.resume, Trigger.Request()).success
    arm.send()
    arm.reached.wait(start=1)
    assert len(arm.goals) == 8
    assert arm.node.stop() == 0


@needs_moveit
@pytest.mark.skipif(not GRIPPER_COMMAND, reason="control_msgs is not installed: it comes with ROS 2 from apt")
def test_fingers_close_on_the_thing_and_open(probe):
    from control_msgs.action import GripperCommand
    from rclpy.action import ActionServer

    asked, results = [], [(False, True), (True, False), (False, False)]  # (reached_goal, stalled): held, open, neither

    def on_goal(handle):
        asked.append((handle.request.command.position, handle.request.command.max_effort))
        handle.succeed()
        reached, stalled = results.pop(0)
        return GripperCommand.Result(reached_goal=reached, stalled=stalled, position=0.03)

    ActionServer(probe.node, GripperCommand, "/fingers/gripper_command", on_goal)
    arm = Arm(probe, "fingers", gripper_type="gripper_command", gripper_open=0.07, gripper_effort=15.0)
    arm.send()
    arm.whole()
    assert asked == [(0.0, 15.0), (0.07, 15.0)]
    arm.send()
    arm.diagnostics.wait(arm.report("the gripper did not grasp: its fingers stopped 0.030 m apart"))
    assert arm.node.stop() == 0


@pytest.mark.skipif(GRIPPER_COMMAND, reason="control_msgs is installed")
def test_without_the_messages_of_grippers_a_sentence_says_what_is_missing():
    from moe3d_ros.nodes.following.grippers import make_gripper

    settings = {"gripper": True, "gripper_type": "gripper_command"}
    with pytest.raises(ValueError, match=f"apt-get install ros-{os.environ['ROS_DISTRO']}-control-msgs"):
        make_gripper(None, settings, None)

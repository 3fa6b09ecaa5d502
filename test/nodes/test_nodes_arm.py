"""Acceptance: planner, confirmation gate and moveit_goals over real DDS, with a fake move group that fails now and then."""

import threading

import pytest
from fake_move_group import FakeMoveGroup
from planning import Planning
from ros_helpers import statuses

from moe3d_ros.nodes.moveit_goals import MoveItGoals
from moe3d_ros.nodes.runtime.executor import ThreadedExecutor

# isort: split
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.parameter import Parameter
from std_msgs.msg import Empty
from std_srvs.srv import SetBool, Trigger

PLANS, NO_IK, CONTROL_FAILED = 50, -31, -4
HIGHEST = "move the highest thing to the middle"
WHOLE = ["approach the pick", "pick", "attach", "lift", "approach the place", "place", "detach", "retreat"]


class FakeArmGoals(MoveItGoals):
    """The node `moveit_goals` with the fake in MoveIt's place."""

    def _make_arm(self, group):
        self.move_group = FakeMoveGroup()
        return self.move_group, self.move_group


class Cell:
    """A planner that wants its plans confirmed, the arm that follows it, and a person who confirms and resumes."""

    def __init__(self, probe, namespace: str, **parameters):
        self.probe, self.namespace = probe, namespace
        self.planning = Planning(
            probe,
            namespace,
            module="oracle_planner",
            max_cloud_age=60.0,
            require_confirmation=True,
        )
        self.gripper_fails = False
        probe.node.create_service(SetBool, f"/{namespace}/gripper", self._on_grip)
        self.reached = probe.listen(Empty, f"/{namespace}/goal_reached")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 50)
        self.report = statuses(f"{namespace}/moveit_goals")
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.arm = FakeArmGoals(context=probe.context, namespace=f"/{namespace}", parameter_overrides=overrides)
        self.group = self.arm.move_group
        self._executor = ThreadedExecutor(2, context=probe.context)
        self._executor.add_node(self.arm)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()
        self._clients = {
            name: probe.node.create_client(Trigger, f"/{namespace}/{name}")
            for name in ("confirm", "resume_motion", "stop_motion")
        }
        self.planning.process.wait_log("model loaded")
        self.probe.talk(Empty, f"/{namespace}/goal_reached")

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join(5)
        self.arm.close()
        self.group.close()
        self.arm.destroy_node()
        assert self.planning.process.stop() == 0, self.planning.process.log

    def _on_grip(self, request, response):
        response.success, response.message = not self.gripper_fails, "no vacuum" if self.gripper_fails else ""
        return response

    def call(self, name: str):
        return self.probe.call(self._clients[name], Trigger.Request())

    def plan(self) -> None:
        """A plan that waits; nothing has moved for it."""
        before = len(self.group.asked)
        _, result = self.planning.plan(HIGHEST)
        assert result.error_code == 0, result.error_msg
        assert len(self.group.asked) == before

    def release(self) -> None:
        response = self.call("confirm")
        assert response.success, response.message

    def told(self, words: str, since: int) -> None:
        self.diagnostics.wait(self.report(words), start=since)

    def whole(self, since: int) -> None:
        """The arm has gone through a whole step after event number ``since``, and the planner was told twice."""
        self.told("waiting for planned_action", len(self.diagnostics.messages) - 1)
        assert self.group.events[since:] == WHOLE


@pytest.fixture
def cell(probe):
    made = Cell(probe, "fifty", turns=2, replans=1)
    with made.planning.look():
        yield made
    made.close()


def test_fifty_plans_with_attach_detach_failures_and_new_plans(cell):
    completed = 0
    for number in range(PLANS):
        fault = number % 5
        group, heard = cell.group, len(cell.diagnostics.messages)
        cell.plan()
        moved, reached = len(group.motions), len(cell.reached.messages)
        if fault == 1:  # the first turn is not reached, the second is
            group.codes.append(NO_IK)
        elif fault == 2:  # neither is: a new plan, which waits for the person too
            group.codes.extend([NO_IK, NO_IK])
        elif fault == 3:  # it stops with the thing in its hand
            group.codes.extend([1, 1, 1, CONTROL_FAILED])
        elif fault == 4:
            cell.gripper_fails = True
        shown = len(cell.planning.inbox["plan"].messages)
        cell.release()
        if fault == 2:
            cell.told("A new plan was asked for (1 of 1)", heard)
            cell.planning.inbox["plan"].wait(start=shown)
            assert len(group.motions) == moved
            cell.release()
        elif fault in (3, 4):
            cell.told("CONTROL_FAILED" if fault == 3 else "no vacuum", heard)
            stopped_at = len(group.motions)
            assert stopped_at - moved == (3 if fault == 3 else 2)
            cell.plan()
            cell.release()  # a person has confirmed, and yet
            cell.told("Nothing moves", heard)
            assert len(group.motions) == stopped_at
            cell.gripper_fails = False
            assert cell.call("resume_motion").success
            assert group.held is None
            cell.plan()
            reached = len(cell.reached.messages)
            cell.release()
        cell.reached.wait(start=reached + 1)
        completed += 1
        assert group.events[-len(WHOLE) :] == WHOLE
        assert group.held is None
    assert completed == PLANS
    assert cell.group.most_moving == 1
    released = len(cell.planning.inbox["planned_action"].messages)
    assert released == PLANS + PLANS // 5 * (1 + 2 * 2)  # each was confirmed; none of the others went out


def test_a_step_without_what_was_seen_for_it_is_not_followed(probe):
    from moe3d_ros.msg import PlannedAction
    from moe3d_ros.nodes.runtime.conversions import action_to_msg, header
    from moe3d_ros.plan import Action
    from moe3d_ros.world.geometry import pose_from_xyz_yaw

    cell = Cell(probe, "unseen")
    sender = probe.talk(PlannedAction, "/unseen/planned_action")
    pose = pose_from_xyz_yaw((0.5, 0.0, 0.1), 0.0)
    step = Action(0, "pick_place", "block", "in the bowl", pose, pose, 0.9, "pick the block")
    sender.publish(action_to_msg(step, header("base_link", probe.now())))
    cell.told("what was seen for it did not come on /unseen/seen", 0)
    assert not cell.group.asked
    cell.close()

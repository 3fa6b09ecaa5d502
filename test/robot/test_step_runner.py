"""Steps carried out on a fake move group: touch, attach and detach, other turns, failures in words, new plans, and stops."""

import math
from collections import deque

import numpy as np
import pytest
from fake_move_group import FakeMoveGroup

from moe3d_ros.robot.motion import Follower, Refused, equal_turns, motions, turned
from moe3d_ros.robot.move_errors import CODES, trouble
from moe3d_ros.robot.scene_boxes import TABLE, SceneBox, moved, table_box, taken, touched
from moe3d_ros.robot.step_runner import StepRunner
from moe3d_ros.world.geometry import pose_from_xyz_yaw, quaternion_to_matrix
from moe3d_ros.world.workspace import Workspace

BLOCK = SceneBox("block", (0.4, 0.1, 0.02), (0.02, 0.02, 0.02), 0.3)
BOWL = SceneBox("bowl", (0.6, -0.2, 0.03), (0.06, 0.06, 0.03))
OTHER = SceneBox("other", (0.5, 0.3, 0.02), (0.02, 0.02, 0.02))
ZONE = SceneBox("zone", (0.4, -0.3, 0.001), (0.1, 0.1, 0.001))
PICK, PLACE = pose_from_xyz_yaw((0.4, 0.1, 0.04), 0.3), pose_from_xyz_yaw((0.6, -0.2, 0.05), -1.0)
WHOLE = ["approach the pick", "pick", "attach", "lift", "approach the place", "place", "detach", "retreat"]
NO_IK, CONTROL_FAILED = -31, -4


class Robot:
    """The fake move group with a gripper that can fail; what the planner and people are told is noted."""

    def __init__(self):
        self.group = FakeMoveGroup()
        self.calls, self.told_words, self.watched = [], [], []
        self.gripper_problems: deque[str] = deque()
        self.planner_problem = ""
        self.waiting = deque()
        self.group._thread.submit = lambda work, *arguments: self.waiting.append((work, arguments))  # in this thread

    ready = lambda self: ""  # noqa: E731

    def move(self, motion, done):
        self.group.move(motion, done)

    def stop(self):
        self.group.stop()

    def grip(self, hold, done):
        self.calls.append("hold" if hold else "let go")
        done(self.gripper_problems.popleft() if self.gripper_problems else "")

    def change_scene(self, change, done):
        self.group.change(change, done)

    def reached(self):
        self.calls.append("reached")

    def replan(self, done):
        self.calls.append("replan")
        done(self.planner_problem)

    def watch(self, motion):
        self.watched.append(motion)

    def told(self, words, level):
        self.told_words.append((level, words))

    def work(self, most: int = 100) -> None:
        """Do what was asked of the arm, and what follows."""
        for _ in range(most):
            if self.waiting:
                work, arguments = self.waiting.popleft()
                work(*arguments)


class Bench:
    def __init__(self, turns=1, replans=0):
        self.robot, self.now = Robot(), 100
        self.group = self.robot.group
        self.runner = StepRunner(Follower(0.1, 0.1, turns), self.robot, lambda: self.now, lambda: replans)
        self.runner.see((BLOCK, BOWL, OTHER, ZONE), table_box(Workspace()))

    def step(self, stamp: int = 90, pick=PICK, place=PLACE) -> None:
        self.runner.begin("the step", pick, place, stamp)
        self.robot.work()


def test_the_thing_is_touched_held_and_set_down_and_stands_in_the_scene_again():
    bench = Bench()
    bench.step()
    assert bench.group.events == WHOLE
    assert bench.robot.calls == ["hold", "reached", "let go", "reached"]
    assert set(bench.group.world) == {"block", "bowl", "other", TABLE}  # a mark on the table is none
    assert np.allclose(bench.group.world["block"].center, (0.6, -0.2, 0.03))
    assert bench.group.held is None
    assert bench.robot.watched[-1] is None
    assert bench.group.most_moving == 1


def test_without_the_permission_to_touch_there_is_no_way_to_the_contact():
    """The fake does find collisions: the tool's tip in the thing, what is held in the table and in the bowl."""
    group = FakeMoveGroup()
    group.world = {box.name: box for box in (BLOCK, BOWL, table_box(Workspace()))}
    assert group.meets(pose_from_xyz_yaw((0.4, 0.1, 0.03), 0.0)) == ["block"]
    group.tool, group.held = PICK, None
    group.held = ("block", group._corners(BLOCK))
    assert group.meets(PLACE) == ["bowl"]
    assert group.meets(pose_from_xyz_yaw((0.4, 0.1, 0.03), 0.0)) == ["block", TABLE]


def test_an_approach_is_tried_at_equal_turns_and_the_thing_ends_as_planned():
    bench = Bench(turns=4)
    bench.group.codes.extend([NO_IK, -12])
    bench.step()
    assert bench.group.events == WHOLE
    tried = bench.group.asked[:3]
    assert [motion.name for motion in tried] == ["approach the pick"] * 3
    assert [motion.pose.position for motion in tried] == [tried[0].pose.position] * 3
    place = next(motion.pose for motion in bench.group.asked if motion.name == "place")
    pick = next(motion.pose for motion in bench.group.asked if motion.name == "pick")
    planned = quaternion_to_matrix(PLACE.orientation) @ quaternion_to_matrix(PICK.orientation).T
    assert np.allclose(quaternion_to_matrix(place.orientation) @ quaternion_to_matrix(pick.orientation).T, planned)
    assert not np.allclose(pick.orientation, PICK.orientation)


def test_a_failure_of_the_arm_itself_is_not_tried_at_another_turn():
    bench = Bench(turns=4, replans=3)
    bench.group.codes.append(CONTROL_FAILED)
    bench.step()
    assert len(bench.group.asked) == 1
    assert "replan" not in bench.robot.calls
    level, words = bench.robot.told_words[-1]
    assert level == "error"
    assert "error -4, CONTROL_FAILED: the arm's controller gave up" in words
    assert "resume_motion" in words


@pytest.mark.parametrize("motion", range(6))
@pytest.mark.parametrize("code", [NO_IK, CONTROL_FAILED, 99999])
def test_nothing_moves_after_a_failure_at_any_motion_until_somebody_resumes(motion, code):
    bench = Bench()
    bench.group.codes.extend([1] * motion + [code])
    bench.step()
    moved_before = len(bench.group.motions)
    assert moved_before == motion
    assert not bench.runner.busy
    with pytest.raises(Refused, match="Nothing moves"):
        bench.step(stamp=200)
    assert len(bench.group.motions) == moved_before
    assert bench.runner.holding == (bench.group.held is not None) == (2 <= motion <= 4)
    if not bench.runner.holding:
        assert {"bowl", "other", TABLE, "block"} <= set(bench.group.world)  # all that was out of the way is back
    bench.runner.resume()
    assert bench.group.held is None
    bench.step(stamp=200)
    assert bench.group.events[-len(WHOLE) :] == WHOLE


def test_a_new_plan_is_asked_for_and_only_its_step_is_followed():
    bench = Bench(replans=2)
    bench.group.codes.append(NO_IK)
    bench.step(stamp=90)
    assert bench.robot.calls == ["replan"]
    assert "1 of 2" in bench.robot.told_words[-1][1]
    with pytest.raises(Refused):
        bench.step(stamp=99)  # planned before the failure
    assert not bench.group.motions
    bench.step(stamp=101)
    assert bench.group.events == WHOLE


def test_new_plans_are_asked_for_a_limited_number_of_times_in_a_row():
    bench = Bench(replans=2)
    bench.group.codes.extend([NO_IK] * 3)
    for stamp in (90, 101, 102):
        bench.step(stamp)
    assert bench.robot.calls == ["replan", "replan"]
    assert bench.robot.told_words[-1][0] == "error"
    with pytest.raises(Refused):
        bench.step(stamp=103)
    bench.runner.resume()
    bench.group.codes.append(NO_IK)
    bench.step(stamp=104)
    assert bench.robot.calls == ["replan"] * 3  # counted anew


def test_no_new_plan_is_asked_for_while_something_is_held():
    bench = Bench(turns=4, replans=3)
    bench.group.codes.extend([1, 1, 1, NO_IK])
    bench.step()
    assert "replan" not in bench.robot.calls
    assert "approach the place of 'the step' was stopped" in bench.runner.stopped
    assert bench.group.held is not None  # it hangs on the tool, and the scene knows it


def test_a_planner_without_a_new_plan_and_a_stop_leave_it_to_people():
    bench = Bench(replans=3)
    bench.robot.planner_problem = "No cloud came."
    bench.group.codes.append(NO_IK)
    bench.step()
    assert "There is no new plan: No cloud came. Call resume_motion" in bench.robot.told_words[-1][1]
    with pytest.raises(Refused):
        bench.step(stamp=200)
    bench.runner.resume()
    bench.robot.planner_problem = ""
    bench.group.codes.append(NO_IK)
    bench.step(stamp=201)
    bench.runner.stop("stop_motion was called")
    with pytest.raises(Refused):
        bench.step(stamp=300)  # even a new plan's


def test_a_gripper_that_fails_a_scene_that_refuses_and_time_that_is_up_stop_it():
    bench = Bench()
    bench.robot.gripper_problems.append("no vacuum")
    bench.step()
    assert "the gripper did not grasp: no vacuum" in bench.runner.stopped
    assert bench.group.held is None
    assert bench.runner.holding  # perhaps: nobody knows
    bench = Bench()
    bench.group.refuse_scene = True
    bench.step()
    assert "the planning scene was not changed: it was refused" in bench.runner.stopped
    assert not bench.group.motions
    bench = Bench()
    bench.runner.begin("slow", PICK, PLACE, 90)
    bench.runner.late(bench.robot.watched[-1], "it took longer")
    bench.robot.work()
    assert not bench.group.motions  # what was under way is called off
    assert "it took longer" in bench.runner.stopped


def test_of_fifty_plans_with_failures_each_ends_as_planned_and_nothing_moves_in_between():
    """Things and turns are drawn, failures of any kind come at any motion; people resume where no new plan was asked for."""
    rng, bench = np.random.default_rng(5), Bench(turns=2, replans=2)
    stopped = replanned = let_go = 0
    for number in range(50):
        at, to = rng.uniform((0.3, 0.05), (0.7, 0.4)), rng.uniform((0.35, -0.4), (0.65, -0.1))
        yaw, turn = rng.uniform(-3, 3, 2)
        things = (
            SceneBox("block", (*at, 0.02), (0.02, 0.02, 0.02), yaw),
            SceneBox("bowl", (*to, 0.03), (0.06, 0.06, 0.03)),
        )
        pick, place = pose_from_xyz_yaw((*at, 0.04), yaw), pose_from_xyz_yaw((*to, 0.05), turn)
        bench.group.codes.clear()
        if rng.random() < 0.6:
            codes = rng.choice([NO_IK, -12, CONTROL_FAILED, 99999], int(rng.integers(1, 4)))
            bench.group.codes.extend([1] * int(rng.integers(6)) + [int(code) for code in codes])
        for _ in range(8):
            bench.runner.see(things, table_box(Workspace()))
            bench.now += 10
            reached, asked = (bench.robot.calls.count(name) for name in ("reached", "replan"))
            bench.step(bench.now, pick, place)
            if bench.robot.calls.count("reached") == reached + 2:
                break
            stopped += 1
            made = len(bench.group.motions)
            with pytest.raises(Refused):
                bench.step(bench.now - 5, pick, place)  # a plan from before the failure
            assert len(bench.group.motions) == made
            if bench.robot.calls.count("replan") > asked:
                replanned += 1
                continue
            with pytest.raises(Refused):
                bench.step(bench.now + 5, pick, place)  # no plan at all, until somebody resumes
            assert len(bench.group.motions) == made
            let_go += bench.group.held is not None
            bench.runner.resume()
        assert bench.group.events[-len(WHOLE) :] == WHOLE, number
        assert bench.group.held is None and not bench.runner.holding
        assert np.allclose(bench.group.world["block"].center[:2], to, atol=1e-6)
    events = [event for event in bench.group.events if event in ("attach", "detach")]
    assert events == ["attach", "detach"] * (len(events) // 2)
    assert bench.group.most_moving == 1
    assert min(stopped - replanned, replanned, let_go) >= 3  # all sorts of failures came


def test_turns_keep_the_tip_and_begin_with_the_plan():
    assert equal_turns(1) == (0.0,)
    assert np.allclose(equal_turns(4), (0.0, math.pi / 2, -math.pi / 2, math.pi))
    assert turned(PICK, 0.0) is PICK
    assert turned(PICK, 1.0).position == PICK.position
    axis = quaternion_to_matrix(turned(PICK, 1.0).orientation)[:, 2]
    assert np.allclose(axis, quaternion_to_matrix(PICK.orientation)[:, 2])
    assert motions(PICK, PLACE, 0.1, 0.1) == motions(PICK, PLACE, 0.1, 0.1, 0.0)


def test_boxes_know_what_is_taken_and_what_is_set_on_what():
    boxes = (BLOCK, BOWL, OTHER)
    assert taken(boxes, PICK) is BLOCK
    assert taken(boxes, pose_from_xyz_yaw((0.1, 0.1, 0.1), 0.0)) is None
    assert touched(boxes, PLACE, BLOCK) == (BOWL,)
    assert touched(boxes, PICK, BLOCK) == ()
    after = moved(BLOCK, PICK, PLACE)
    assert np.allclose(after.center, (0.6, -0.2, 0.03))
    assert math.isclose(math.remainder(after.yaw - (0.3 - 1.3), 2 * math.pi), 0.0, abs_tol=1e-9)


def test_every_error_of_moveit_is_a_sentence():
    assert trouble(1) is None
    for code, (name, words) in CODES.items():
        assert trouble(code).reason == f"move_group reports error {code}, {name}: {words}"
    assert "number that this version does not know (what it said)" in trouble(-777, "what it said").reason
    assert not trouble(-777).unreached

"""The planner as a process with a tiny random model: every way in, every error, and the next good request answered."""

import struct
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from planning import INSTRUCTION, MAX_AGE, SHADES, VOXELS, Planning
from ros_helpers import LATCHED, TIMEOUT, cloud_msg
from std_msgs.msg import Empty, String
from std_srvs.srv import Trigger
from visualization_msgs.msg import Marker

from benchmarks._scene import table_with_blocks
from moe3d_ros.msg import TaskPlan
from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.plan import ErrorCode
from moe3d_ros.srv import AnswerQuestion
from moe3d_ros.world.workspace import Workspace


@pytest.fixture(scope="module")
def planning(probe, tiny_checkpoint):
    planning = Planning(probe, "planning", checkpoint=str(tiny_checkpoint))
    yield planning
    assert planning.process.stop() == 0, planning.process.log


def test_no_cloud_yet(planning):
    status, result = planning.plan()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.NO_CLOUD)
    assert "No cloud has arrived yet" in result.error_msg
    planning.diagnostics.wait(planning.report("No cloud has arrived yet"))
    planning.process.wait_log("No cloud has arrived yet")
    planning.answers_good_request()


def test_instruction_topic_gives_plan_poses_and_markers(planning):
    start = {name: len(inbox.messages) for name, inbox in planning.inbox.items()}
    before = stamp_ns(planning.probe.now())
    with planning.look():
        planning.instruct.publish(String(data=INSTRUCTION))
        got = {name: inbox.wait(start=start[name]) for name, inbox in planning.inbox.items()}
    plan, step = got["plan"], got["planned_action"]
    assert plan.instruction == INSTRUCTION
    assert plan.actions[0] == step
    assert step.verb == "pick_place"
    assert step.index == 0
    assert plan.header.frame_id == "base_link"
    assert abs(stamp_ns(plan.header.stamp) - before) < 1e9 * (MAX_AGE + 1)
    assert got["pick_pose"] == step.pick == got["goal_pose"]
    assert got["place_pose"] == step.place
    assert step.header == plan.header == step.pick.header
    assert 0 <= step.confidence <= 1
    assert step.target in step.text
    assert step.destination in step.text
    assert len(plan.stage_names) == len(plan.stage_seconds) > 2
    assert min(plan.stage_seconds) >= 0
    for pose in (p.pose for action in plan.actions for p in (action.pick, action.place)):
        assert Workspace().contains([pose.position.x, pose.position.y, pose.position.z])
        q = pose.orientation
        assert abs(np.linalg.norm([q.x, q.y, q.z, q.w]) - 1) < 1e-6
    markers = got["plan_markers"].markers
    assert {m.ns for m in markers} >= {"pick_axes", "place_axes", "arrow", "step", "text"}
    assert any(INSTRUCTION in m.text for m in markers)


def test_late_joiner_gets_the_last_plan(planning):
    planning.answers_good_request()
    late = planning.probe.listen(TaskPlan, "/planning/plan", LATCHED)
    assert late.wait().instruction == INSTRUCTION


def test_action_gives_the_same_plan_with_feedback(planning):
    stages = []
    start = len(planning.inbox["plan"].messages)
    with planning.look():
        handle = planning.goal(feedback=lambda msg: stages.append((msg.feedback.stage, msg.feedback.partial_text)))
        result = planning.answer_to(handle).result
    assert planning.inbox["plan"].wait(start=start) == result.plan
    assert {stage for stage, _ in stages} <= set(result.plan.stage_names)
    assert len(stages) >= 2
    assert any(
        (text and text in result.plan.actions[0].text) or result.plan.actions[0].text in text for _, text in stages
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), ("   ", "empty"), ("block " * 1667, "characters")],
    ids=["empty", "blank", "10000-characters"],
)
def test_bad_instruction(planning, text, words):
    before, reports = planning.published(), len(planning.diagnostics.messages)
    with planning.look():
        planning.instruct.publish(String(data=text))
        planning.diagnostics.wait(planning.report(words), start=reports)
        status, result = planning.plan(text)
    assert (status, result.error_code) == (
        GoalStatus.STATUS_ABORTED,
        ErrorCode.BAD_INSTRUCTION,
    )
    assert words in result.error_msg
    assert planning.published() == before
    planning.answers_good_request()


@pytest.mark.parametrize("raw", [b"put the \xff\xfe block away", b"\xc3\x28", b"\xed\xa0\x80 block"])
def test_instruction_that_is_not_utf8(planning, raw):
    before, reports = planning.published(), len(planning.diagnostics.messages)
    with planning.look():
        planning.instruct.publish(b"\x00\x01\x00\x00" + struct.pack("<I", len(raw) + 1) + raw + b"\x00")  # CDR by hand
        planning.diagnostics.wait(planning.report("UTF-8"), start=reports)
    planning.process.wait_log("UTF-8")
    assert planning.published() == before
    planning.answers_good_request()


def test_stale_cloud(planning):
    old = planning.probe.now()
    old.sec -= 10
    with planning.probe.streaming(planning.voxels, lambda: cloud_msg(VOXELS, SHADES, "base_link", old)):
        assert planning.process.alive(), planning.process.log
        start = time.monotonic()
        while True:  # until the last fresh cloud of the test before is too old
            _status, result = planning.plan()
            if result.error_code:
                break
            assert time.monotonic() - start < TIMEOUT
    assert result.error_code == ErrorCode.STALE_CLOUD
    assert "max_cloud_age" in result.error_msg
    future = planning.probe.now()
    future.sec += 100
    with planning.probe.streaming(planning.voxels, lambda: cloud_msg(VOXELS, SHADES, "base_link", future)):
        _, result = planning.plan()
    assert result.error_code == ErrorCode.STALE_CLOUD
    planning.answers_good_request()


def test_what_the_old_plan_drew_goes_when_there_is_no_new_one(planning):
    planning.answers_good_request()
    drawn = planning.inbox["plan_markers"]
    drawn.wait(lambda msg: len(msg.markers) > 1)
    start = len(drawn.messages)
    old = planning.probe.now()
    old.sec -= 10
    with planning.probe.streaming(planning.voxels, lambda: cloud_msg(VOXELS, SHADES, "base_link", old)):
        code = 0
        while not code:  # until the last fresh cloud is too old
            code = planning.plan()[1].error_code
    gone = drawn.wait(lambda msg: len(msg.markers) == 1, start=start)
    assert gone.markers[0].action == Marker.DELETEALL


def truncated(msg):
    msg.data = msg.data[:-50]
    return msg


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"frame": "camera"}, ErrorCode.TRANSFORM, "planning_frame alike"),
        ({"points": VOXELS[:0], "colors": SHADES[:0]}, ErrorCode.EMPTY_WORKSPACE, "sees nothing"),
        ({"points": VOXELS + np.float32(3)}, ErrorCode.EMPTY_WORKSPACE, "give another box"),
        (
            {"points": np.full((100, 3), np.nan, np.float32), "colors": np.zeros((100, 3), np.uint8)},
            ErrorCode.EMPTY_WORKSPACE,
            "",
        ),
        ({"change": truncated}, ErrorCode.NO_CLOUD, "truncated"),
    ],
    ids=["unknown-frame", "empty", "outside", "all-nan", "truncated"],
)
def test_bad_cloud(planning, options, code, words):
    before, reports = planning.published(), len(planning.diagnostics.messages)
    with planning.look(**options):
        start = time.monotonic()
        while True:  # until the bad cloud has replaced the good one
            _, result = planning.plan()
            if result.error_code == code:
                break
            before = planning.published()
            assert time.monotonic() - start < TIMEOUT
    assert result.error_code == code
    assert words in result.error_msg
    planning.diagnostics.wait(planning.report(result.error_msg), start=reports)
    assert planning.published() == before
    planning.answers_good_request()


def test_cloud_without_colour_is_planned_on(planning):
    def colourless(msg):
        msg.fields = msg.fields[:3]
        return msg

    with planning.look(change=colourless):
        status, _ = planning.plan()
    assert status == GoalStatus.STATUS_SUCCEEDED
    planning.answers_good_request()


def test_goal_pose_goes_from_pick_to_place(planning):
    goals = planning.inbox["goal_pose"]
    reached = planning.probe.talk(Empty, "/planning/goal_reached")
    start = len(goals.messages)
    with planning.look():
        _, result = planning.plan()
        step = result.plan.actions[0]
        assert goals.wait(start=start) == step.pick
        reached.publish(Empty())
        assert goals.wait(lambda m: m != step.pick, start=start) == step.place
        reached.publish(Empty())  # the step is done: replan plans from here
        response = planning.probe.call(
            planning.probe.node.create_client(Trigger, "/planning/replan"), Trigger.Request()
        )
    assert response.success, response.message
    reached.publish(Empty())
    reached.publish(Empty())
    reached.publish(Empty())  # one too many
    planning.process.wait_log("no goal")


def test_replan_needs_a_newer_cloud(planning):
    client = planning.probe.node.create_client(Trigger, "/planning/replan")
    planning.answers_good_request()
    response = planning.probe.call(client, Trigger.Request())  # no camera any more
    assert not response.success
    assert "look again" in response.message
    with planning.look():
        response = planning.probe.call(client, Trigger.Request())
    assert response.success
    assert "pick" in response.message


def test_a_question_without_an_answer_is_no_success(planning):
    client = planning.probe.node.create_client(AnswerQuestion, "/planning/answer")
    with planning.look():
        silent = planning.probe.call(client, AnswerQuestion.Request(question="How many blocks are there?"))
        empty = planning.probe.call(client, AnswerQuestion.Request(question=""))
    # The tiny model's answers end before their first word.
    assert not silent.success
    assert silent.answer == ""
    assert silent.error_code == ErrorCode.IMPOSSIBLE
    assert "has no answer to 'How many blocks are there?'" in silent.message
    assert silent.seconds > 0
    assert not empty.success
    assert empty.error_code == ErrorCode.BAD_INSTRUCTION
    assert "empty" in empty.message


def test_the_default_checkpoint_answers(probe):
    pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    planning = Planning(probe, "asked", checkpoint="default")
    client = probe.node.create_client(AnswerQuestion, "/asked/answer")
    try:
        planning.process.wait_log("model loaded")
        with planning.look(*table_with_blocks()):
            answer = probe.call(client, AnswerQuestion.Request(question="What color is the bowl?"))
    finally:
        assert planning.process.stop() == 0, planning.process.log
    assert (answer.success, answer.error_code, answer.message, answer.answer) == (True, 0, "", "green")
    assert answer.seconds > 0


@pytest.fixture(scope="module")
def patient(probe, tiny_checkpoint):
    """A planner that waits long for a cloud, so that requests can be caught in the middle."""
    planning = Planning(
        probe, "patient", voxels=False, checkpoint=str(tiny_checkpoint), cloud_wait=60.0, planning_timeout=5.0
    )
    planning.process.wait_log("model loaded")
    yield planning
    assert planning.process.stop() == 0, planning.process.log


def test_cancel_does_not_wait_for_the_deadline(patient):
    """No cloud comes, so a cancel that waited would end as TIMEOUT; ``benchmarks cancel`` measures how prompt it is."""
    for _ in range(5):
        handle = patient.goal()
        done = patient.probe.spun(handle.get_result_async)
        patient.probe.result(patient.probe.spun(handle.cancel_goal_async))
        answer = patient.probe.result(done)
        assert answer.status == GoalStatus.STATUS_CANCELED
        assert answer.result.error_code == ErrorCode.CANCELLED
    assert patient.published() == 0


def test_newer_instruction_replaces_the_older(patient):
    handle = patient.goal("the first instruction")
    patient.instruct.publish(String(data="the second instruction"))
    answer = patient.answer_to(handle)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_code == ErrorCode.CANCELLED
    assert "newer instruction" in answer.result.error_msg


def test_deadline(patient):
    status, result = patient.plan()
    assert (status, result.error_code) == (
        GoalStatus.STATUS_ABORTED,
        ErrorCode.TIMEOUT,
    )
    assert "planning_timeout" in result.error_msg


def test_a_flood_of_instructions_is_survived(planning):
    for number in range(300):
        planning.instruct.publish(String(data=f"instruction number {number}"))
    planning.answers_good_request()

"""Safety of the planner node over real DDS: what violates a limit is withheld, and what must be confirmed waits."""

import pytest
from planning import Planning
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from ros_helpers import LATCHED, NodeProcess
from std_msgs.msg import Empty
from std_srvs.srv import Trigger

from moe3d_ros.action import PlanTask
from moe3d_ros.plan import ErrorCode

GOALS = ("planned_action", "pick_pose", "place_pose", "goal_pose")


@pytest.fixture(scope="module")
def planning(probe, tiny_checkpoint):
    planning = Planning(probe, "safety", checkpoint=str(tiny_checkpoint), max_cloud_age=60.0)
    planning.process.wait_log("model loaded")
    yield planning
    assert planning.process.stop() == 0, planning.process.log


def change(planning, name: str, value):
    """Set a parameter as `ros2 param set` does, None as `ros2 param delete`; the result with its reason."""
    kinds = {
        type(None): ("", "NOT_SET"),
        bool: ("bool", "BOOL"),
        float: ("double", "DOUBLE"),
        str: ("string", "STRING"),
        int: ("integer", "INTEGER"),
        list: ("string_array", "STRING_ARRAY"),
    }
    field, kind = kinds[type(value)]
    content = {f"{field}_value": value} if field else {}
    message = ParameterValue(type=getattr(ParameterType, f"PARAMETER_{kind}"), **content)
    client = planning.probe.node.create_client(SetParameters, "/safety/planner/set_parameters")
    request = SetParameters.Request(parameters=[Parameter(name=name, value=message)])
    return planning.probe.call(client, request).results[0]


def trigger(planning, name: str):
    """Call one of the node's services without arguments."""
    return planning.probe.call(planning.probe.node.create_client(Trigger, f"/safety/{name}"), Trigger.Request())


@pytest.mark.parametrize(
    ("name", "value", "off", "code", "words"),
    [
        ("max_reach", 0.2, 0.0, ErrorCode.OUTSIDE_WORKSPACE, "max_reach (0.2 m)"),
        ("keep_out", ["0 -1 -1 2 1 1"], [""], ErrorCode.KEEP_OUT, "keep-out box"),
        ("min_confidence", 1.0, 0.0, ErrorCode.LOW_CONFIDENCE, "min_confidence (1)"),
        ("max_cloud_age", 0.0001, 60.0, ErrorCode.STALE_CLOUD, "max_cloud_age"),
    ],
)
def test_a_limit_that_is_set_while_the_node_runs_withholds_the_plan(planning, name, value, off, code, words):
    planning.answers_good_request()
    assert change(planning, name, value).successful
    before = planning.published()
    with planning.look():
        _, result = planning.plan()
    assert result.error_code == code
    assert words in result.error_msg
    assert not result.plan.actions
    planning.diagnostics.wait(planning.report(words))
    assert planning.published() == before
    assert change(planning, name, off).successful
    planning.answers_good_request()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("max_reach", "0.5", "is '0.5', a text: set it to a number, without quotes."),
        ("max_reach", True, "is true, a truth value: set it to a number."),
        ("max_reach", 1000.0, "is 1000.0: set it to 0 to 100 m."),
        ("max_steps", 4.5, "is 4.5, a number: set it to a whole number."),
        ("max_steps", 65, "is 65: set it to 1 to 64."),
        ("require_confirmation", 1, "is 1, a whole number: set it to true or false, here true."),
        ("keep_out", 3, "is 3, a whole number: set it to a list of texts."),
        ("min_confidence", None, "cannot be deleted: set it to a number."),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_in_words_of_people(planning, name, value, words):
    result = change(planning, name, value)
    assert not result.successful
    assert result.reason == f"The parameter {name} {words}"
    planning.process.wait_log(result.reason)


def test_numbers_of_the_new_errors_are_in_the_action():
    assert (PlanTask.Goal.LOW_CONFIDENCE, PlanTask.Goal.KEEP_OUT) == (ErrorCode.LOW_CONFIDENCE, ErrorCode.KEEP_OUT)


@pytest.fixture
def confirming(planning):
    """The planner, holding its plans back."""
    assert change(planning, "require_confirmation", True).successful
    yield planning
    assert change(planning, "require_confirmation", False).successful
    trigger(planning, "reject")


def held_plan(planning):
    """A plan that was shown, the numbers of the messages before it, and a check that none of its goals was sent."""
    starts = {name: len(planning.inbox[name].messages) for name in GOALS}
    shown = len(planning.inbox["plan"].messages)
    with planning.look():
        _, result = planning.plan()
    assert result.error_code == 0
    assert planning.inbox["plan"].wait(start=shown) == result.plan
    return result.plan, starts


def silent(planning, starts) -> bool:
    return all(len(planning.inbox[name].messages) == start for name, start in starts.items())


def test_goals_wait_for_the_confirmation(confirming):
    plan, starts = held_plan(confirming)
    confirming.probe.talk(Empty, "/safety/goal_reached").publish(Empty())
    confirming.process.wait_log("no goal")
    assert silent(confirming, starts)
    response = trigger(confirming, "confirm")
    assert response.success, response.message
    got = {name: confirming.inbox[name].wait(start=start) for name, start in starts.items()}
    assert got["planned_action"] == plan.actions[0]
    assert got["pick_pose"] == got["goal_pose"] == plan.actions[0].pick
    assert got["place_pose"] == plan.actions[0].place
    again = trigger(confirming, "confirm")
    assert not again.success
    assert "No plan waits" in again.message


def test_a_rejected_plan_is_dropped(confirming):
    _, starts = held_plan(confirming)
    assert trigger(confirming, "reject").success
    assert not trigger(confirming, "confirm").success
    assert not trigger(confirming, "reject").success
    assert silent(confirming, starts)


def test_a_newer_plan_replaces_the_one_that_waits(confirming):
    _, starts = held_plan(confirming)
    newer, _ = held_plan(confirming)
    assert trigger(confirming, "confirm").success
    assert confirming.inbox["planned_action"].wait(start=starts["planned_action"]) == newer.actions[0]
    assert not trigger(confirming, "confirm").success


def test_limits_and_time_count_when_a_plan_is_confirmed(confirming):
    _, starts = held_plan(confirming)
    assert change(confirming, "keep_out", ["0 -1 -1 2 1 1"]).successful
    response = trigger(confirming, "confirm")
    assert not response.success
    assert "keep-out box" in response.message
    assert change(confirming, "keep_out", [""]).successful
    held_plan(confirming)
    assert change(confirming, "confirmation_timeout", 0.0001).successful
    response = trigger(confirming, "confirm")
    assert not response.success
    assert "confirmation_timeout" in response.message
    assert change(confirming, "confirmation_timeout", 60.0).successful
    assert silent(confirming, starts)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("keep_out", ["1 2 3"], "six numbers"),
        ("keep_out", ["0 0 1 1 1 0"], "lowest corner first"),
        ("min_confidence", 1.5, "set it to 0 to 1"),
        ("max_reach", float("nan"), ""),
        ("max_reach", "far", "set it to a number"),
        ("planning_timeout", 0.0, "set it to 0.1 to 3600 s"),
        ("max_steps", 0, "set it to 1 to 64"),
        ("checkpoint", "other", "read-only"),
        ("device", "cuda", "read-only"),
    ],
)
def test_a_bad_value_is_refused_while_the_node_runs_with_the_reason(planning, name, value, words):
    result = change(planning, name, value)
    assert not result.successful
    assert result.reason
    assert words in result.reason
    planning.answers_good_request()


def test_descriptors_say_what_a_parameter_is(planning):
    client = planning.probe.node.create_client(DescribeParameters, "/safety/planner/describe_parameters")
    names = ["max_reach", "keep_out", "checkpoint", "max_steps"]
    reach, boxes, checkpoint, steps = planning.probe.call(client, DescribeParameters.Request(names=names)).descriptors
    assert "[m]" in reach.description
    assert reach.floating_point_range[0].to_value == 100.0
    assert not reach.read_only
    assert "[m]" in boxes.description
    assert not boxes.read_only
    assert (steps.integer_range[0].from_value, steps.integer_range[0].to_value) == (1, 64)
    assert "while the node runs" in steps.additional_constraints
    assert "until it is cleaned up" in checkpoint.additional_constraints


def test_a_late_joiner_sees_the_plan_that_waits(confirming):
    plan, _ = held_plan(confirming)
    from moe3d_ros.msg import TaskPlan

    assert confirming.probe.listen(TaskPlan, "/safety/plan", LATCHED).wait() == plan


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"keep_out": ["0 0 0 1"]}, "six numbers"),
        ({"min_confidence": 2.0}, "min_confidence"),
        ({"max_reach": "far"}, "max_reach"),
        ({"device": "gpu"}, "cuda:N"),
        ({"planning_frame": "/base_link"}, "without a slash"),
    ],
)
def test_bad_parameters_are_refused_at_the_start_with_the_reason(parameters, words):
    node = NodeProcess("planner", parameters, namespace="refused")
    node.wait_log(words)
    assert node.process.wait(60) == 2
    assert "Traceback" not in node.log

"""The limits that keep a plan from leaving the node: each withholds it with its number and a sentence."""

import dataclasses

import numpy as np
import pytest

from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError
from moe3d_ros.robot.safety import SafetyLimits, check_age, check_plan, parse_boxes
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace

DOWN = (1.0, 0.0, 0.0, 0.0)


def plan(pick=(0.5, 0.1, 0.04), place=(0.5, 0.0, 0.04), orientation=DOWN, confidence=0.9, steps=1) -> Plan:
    """A plan whose last step has these poses; the steps before it are good."""
    good = Pose((0.5, 0.1, 0.04), DOWN)
    action = Action(0, "pick_place", "red block", "green bowl", good, good, 0.9, "pick and place")
    last = dataclasses.replace(
        action, index=steps - 1, pick=Pose(pick, DOWN), place=Pose(place, orientation), confidence=confidence
    )
    before = [dataclasses.replace(action, index=index) for index in range(steps - 1)]
    return Plan("do it", (*before, last), True)


def refused(code: ErrorCode, words: str, made: Plan, limits: SafetyLimits = SafetyLimits()) -> None:
    """The plan is withheld with this number and these words, and left as it was."""
    before = dataclasses.astuple(made)
    with pytest.raises(PlanningError, match=words) as caught:
        check_plan(made, Workspace(), limits)
    assert caught.value.code == code
    assert "withheld" in str(caught.value)
    assert repr(dataclasses.astuple(made)) == repr(before)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(
    "change",
    [
        {"place": (0.8, 0.0, 0.04)},
        {"pick": (0.5, 0.0, -0.01)},
        {"place": (np.nan, 0, 0.1)},
        {"orientation": (0.0, 0.0, 0.0, 0.0)},
        {"orientation": (np.nan, 0.0, 0.0, 1.0)},
    ],
)
def test_a_pose_outside_the_workspace_is_withheld(change, steps):
    check_plan(plan(steps=steps), Workspace())
    refused(ErrorCode.OUTSIDE_WORKSPACE, f"step {steps}", plan(**change, steps=steps))


def test_reach_is_measured_from_the_origin_of_the_planning_frame():
    at = (0.6, 0.3, 0.2)
    distance = float(np.linalg.norm(at))
    for made in (plan(pick=at), plan(place=at)):
        check_plan(made, Workspace())  # 0: off
        check_plan(made, Workspace(), SafetyLimits(max_reach=distance + 1e-6))
        refused(ErrorCode.OUTSIDE_WORKSPACE, "max_reach", made, SafetyLimits(max_reach=distance - 1e-6))


def test_keep_out_boxes_hold_their_faces_and_each_of_them_counts():
    limits = SafetyLimits(keep_out=parse_boxes(["0.3 -0.4 0 0.4 -0.3 0.3", "", "0.6 0.2 0 0.7 0.3 0.3"]))
    check_plan(plan(), Workspace(), limits)
    for at in ((0.35, -0.35, 0.1), (0.65, 0.25, 0.1), (0.4, -0.3, 0.3)):
        refused(ErrorCode.KEEP_OUT, "keep_out", plan(pick=at), limits)
        refused(ErrorCode.KEEP_OUT, "keep_out", plan(place=at), limits)
    check_plan(plan(place=(0.41, -0.3, 0.3)), Workspace(), limits)


def test_least_confidence_of_any_step_counts():
    check_plan(plan(confidence=0.0), Workspace())
    check_plan(plan(confidence=0.5), Workspace(), SafetyLimits(min_confidence=0.5))
    refused(ErrorCode.LOW_CONFIDENCE, "0.49", plan(confidence=0.49, steps=2), SafetyLimits(min_confidence=0.5))
    refused(ErrorCode.LOW_CONFIDENCE, "nan", plan(confidence=float("nan")), SafetyLimits(min_confidence=0.5))


def test_a_plan_without_steps_has_nothing_to_withhold():
    check_plan(Plan("do it", (), True), Workspace(), SafetyLimits(0.1, parse_boxes(["0 0 0 1 1 1"]), 1.0))


def test_age_counts_until_publication():
    check_age(100.0, 0.0, 1.0)
    check_age(1.9, 2.0, 1.0)
    with pytest.raises(PlanningError, match="planning took 1.5 s") as caught:
        check_age(2.1, 2.0, 1.5)
    assert caught.value.code == ErrorCode.STALE_CLOUD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3", "six numbers"),
        ("0 0 0 1 1 one", "six numbers"),
        ("0 0 0 1 1 nan", "six numbers"),
        ("0 0 0 inf 1 1", "six numbers"),
        ("0 0 0.3 1 1 0.2", "lowest corner first"),
    ],
)
def test_a_bad_box_is_refused_with_the_reason(text, words):
    assert parse_boxes([""]) == parse_boxes([]) == ()
    with pytest.raises(ValueError, match=words):
        parse_boxes(["0 0 0 1 1 1", text])

"""The comments of the interfaces and the code say the same: stage names, texts of a step, complete, error numbers."""

import json
import re

import pytest
from places import ROOT
from planning import SHADES, VOXELS

from moe3d_ros.action import PlanTask
from moe3d_ros.plan import ErrorCode
from moe3d_ros.srv import AnswerQuestion


def comment(file: str, field: str) -> str:
    """The comment behind a field of an interface."""
    return re.search(rf"^\S+ {field} +# (.*)$", (ROOT / file).read_text(), re.MULTILINE).group(1)


@pytest.fixture(scope="module")
def planned(tiny_checkpoint):
    """A plan of the tiny model, and its progress: (stage, partial text)."""
    from moe3d_ros.planner import Planner

    progress = []
    planner = Planner.from_pretrained(str(tiny_checkpoint))
    plan = planner.plan(VOXELS, SHADES, "move it", on_progress=lambda stage, text: progress.append((stage, text)))
    return plan, progress


def test_stages_are_those_that_the_interfaces_name(planned):
    plan, progress = planned
    named = re.findall(r'"(\w+)"', comment("msg/TaskPlan.msg", "stage_names"))
    assert named == list(plan.latency_s)
    assert list(dict.fromkeys(stage for stage, _ in progress)) == named
    writing = {stage for stage, text in progress if text}
    assert writing == set(re.findall(r'"(\w+)"', comment("action/PlanTask.action", "partial_text")))


def test_a_step_reads_as_its_comments_say(planned):
    action = planned[0].actions[0]
    form = re.search(r'"(.*)"', comment("msg/PlannedAction.msg", "text")).group(1)
    assert action.text == form.replace("<target>", action.target).replace("<destination>", action.destination)
    preposition = re.search(r'"(\w+) the', comment("msg/PlannedAction.msg", "destination")).group(1)
    assert action.destination.split()[0] in (preposition, "on")
    assert f'"{action.verb}"' in comment("msg/PlannedAction.msg", "verb")


def test_a_complete_plan_has_no_actions():
    plans = json.loads((ROOT / "test" / "golden" / "plans.json").read_text())["scenes"]  # of the default checkpoint
    assert any(plan["complete"] for plan in plans)
    assert not any(plan["complete"] and plan["plan"] for plan in plans)
    assert "no actions" in comment("msg/TaskPlan.msg", "complete")


def test_every_error_has_its_number_in_the_action():
    assert {name: getattr(PlanTask.Goal, name, None) for name in ErrorCode.__members__} == {
        code.name: code.value for code in ErrorCode
    }
    codes = re.findall(r"\b[A-Z_]{4,}\b", comment("srv/AnswerQuestion.srv", "error_code"))
    assert codes and set(codes) <= set(ErrorCode.__members__)
    assert AnswerQuestion.Response().error_code == ErrorCode.NONE

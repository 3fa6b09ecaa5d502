"""The form of what is said: normalised where text enters, refused where it is not planned."""

import numpy as np
import pytest
import torch

from moe3d_ros.plan import ErrorCode, PlanningError, check_text, normalised
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense

RED_DONE = "pick the small red block, place it in the green bowl"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("PUT THE RED BLOCK IN THE GREEN BOWL", "put the red block in the green bowl"),
        ("put the red block\r\n in\tthe green bowl", "put the red block in the green bowl"),
        (
            "put the \uff32\uff25\uff24 block in the \uff47\uff52\uff45\uff45\uff4e bowl",
            "put the red block in the green bowl",
        ),
        ("put\u00a0the\u3000red block", "put the red block"),
        ("pu\u00adt the\u200b red block\ufeff", "put the red block"),
        ("Put The Red Block In The Green Bowl", "Put the red block in the green bowl"),
        ("I WANT THE RED BLOCK", "I want the red block"),
        ("do NOT touch it", "do not touch it"),
        ("put the Red Block into the green bowl", "put the red block into the green bowl"),
        ("Please put the Red Block into the Green Bowl.", "Please put the red block into the green bowl."),
        ('put the "Red" block, Robot, in (Green) bowl', 'put the "red" block, robot, in (green) bowl'),
        ("put the red block into Bowl (green)", "put the red block into bowl (green)"),
        ("Task: Put it there. Then I'm done! Thanks", "Task: Put it there. Then I'm done! Thanks"),
        ("lege den roten Block in die gr\u00fcne Schale", "lege den roten block in die gr\u00fcne schale"),
    ],
)
def test_form_is_normalised_where_text_enters(said, heard):
    assert check_text(said) == heard


@pytest.mark.parametrize(
    "said",
    [
        "Now put the red block in the green bowl.",
        "I want the red block on the blue zone",
        "\u0430",
        "positionne le bloc à gauche",
    ],
)
def test_what_is_in_form_stays(said):
    assert normalised(said) == said


@pytest.fixture(scope="module")
def planner():
    return Planner.from_pretrained("default")


def look(planner, *names: str, seed: int = 0):
    """A look at things that are laid out at random."""
    things = [Thing(name.split()[1], name.split()[0], "small" if "block" in name else "") for name in names]
    scene = arrange(things, np.random.default_rng(seed))
    seen = sense(batch_scenes([scene]), SensorRange(cameras=(3, 4), standard=1.0), torch.Generator().manual_seed(seed))
    return planner.look(*seen.as_sensed())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("do not put the red block in the green bowl", "must not happen"),
        ("never put the red block in the green bowl", "must not happen"),
        ("keep the red block out of the green bowl", "must not happen"),
        ("the red block must not be in the green bowl", "must not happen"),
        ("put the red block 5 cm to the left of the green bowl", "by no distance"),  # by the reasoner
        ("put the red block in the green bowl, no wait, in the blue one", "corrects or takes back"),
    ],
)
def test_a_form_that_is_not_planned_is_refused_with_its_name(planner, said, reason):
    seen = look(planner, "red block", "blue block", "green bowl")
    for text in (said, said.upper(), said.replace(" the ", "\nthe ")):
        with pytest.raises(PlanningError, match=reason) as found:
            seen.plan(text)
        assert found.value.code == ErrorCode.IMPOSSIBLE


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ("put the red block next to the green bowl", ["pick the small red block, place it next to the green bowl"]),
        (
            "put the red block in front of the green bowl",
            ["pick the small red block, place it in front of the green bowl"],
        ),
        (
            "Put the red block in the green bowl. Then put the blue block on the yellow zone.",
            [RED_DONE, "pick the small blue block, place it on the yellow zone"],
        ),
    ],
)
def test_forms_that_the_reasoner_plans_are_planned(planner, said, steps):
    plan = look(planner, "red block", "blue block", "green bowl", "yellow zone").plan(said)
    assert sorted(action.text for action in plan.actions) == sorted(steps)
    assert plan.sureness.keys() == {"reasoner", "language"}


@pytest.mark.parametrize(
    "said", ["PUT THE RED BLOCK IN THE GREEN BOWL", "put the \uff52\uff45\uff44 block\nin the green bowl", "Put The Red Block In The Green Bowl", "put the Red Block into the Green Bowl"]
)  # fmt: skip
def test_the_look_of_an_instruction_changes_no_plan(planner, said):
    plan = look(planner, "red block", "blue block", "green bowl").plan(said)
    assert [action.text for action in plan.actions] == [RED_DONE]
    assert plan.instruction == said

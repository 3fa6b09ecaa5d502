"""A plan that is not what was said: words against detections, histories against what is seen, forms that are not planned."""

import numpy as np
import pytest
import torch

from moe3d_ros.model.language.writing import GeneratedStep, StepState
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.plan import ErrorCode, PlanningError, check_text, normalised
from moe3d_ros.plan_checks import believable, first_contradiction
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS

RED_DONE = "pick the small red block, place it in the green bowl"
BLUE_DONE = "pick the small blue block, place it in the green bowl"


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
    ],
)
def test_form_is_normalised_where_text_enters(said, heard):
    assert check_text(said) == heard


@pytest.mark.parametrize(
    "said",
    [
        "Now put the red block in the green bowl.",
        "I want the red block on the blue zone",
        "lege den roten Block in die grüne Schale",
        "\u0430",
        "positionne le bloc à gauche",
    ],
)
def test_what_is_in_form_stays(said):
    assert normalised(said) == said


def objects_of(*named: tuple[str, float, float], sure: float = 0.97) -> ObjectSet:
    """Objects by name (``red block``) and place on the table; each is what it is with probability ``sure``."""
    count = len(named)
    kind = torch.full((1, count, len(KINDS)), (1 - sure) / (len(KINDS) - 1))
    color = torch.full((1, count, len(COLOR_NAMES)), (1 - sure) / (len(COLOR_NAMES) - 1))
    for number, (name, _, _) in enumerate(named):
        shade, thing = name.split()
        kind[0, number, KINDS.index(thing)] = color[0, number, COLOR_NAMES.index(shade)] = sure
    center = torch.tensor([[(x, y, 0.02) for _, x, y in named]])
    ones = torch.ones(1, count)
    return ObjectSet(kind, color, center, torch.full((1, count, 3), 0.02), ones, ones.bool(), ones)


def step(text: str, pick: int, place: int) -> GeneratedStep:
    return GeneratedStep(text, 0.99, StepState(torch.zeros(4), torch.zeros(2, 3), (pick, place)))


SEEN = (("red block", 0.4, 0.1), ("green bowl", 0.6, -0.2))


@pytest.mark.parametrize(
    ("text", "pick", "place", "fact"),
    [
        ("pick the small red block, place it in the purple bowl", 0, 1, "Step 1 says 'purple bowl', but what it points at looks like a green bowl (0.97)"),
        ("pick the small blue block, place it in the green bowl", 0, 1, "Step 1 says 'small blue block', but what it points at looks like a red block (0.97)"),
        ("pick the small red block, place it on the green zone", 0, 1, "Step 1 says 'green zone', but what it points at looks like a green bowl (0.97)"),
        ("pick the small red block, place it in the blue bowl", 0, 2, "Step 1 says 'blue bowl', but what it points at looks like nothing that is seen"),
    ],
)  # fmt: skip
def test_words_are_held_against_what_they_point_at(text, pick, place, fact):
    found = first_contradiction([step(text, pick, place)], objects_of(*SEEN))
    assert found is not None
    assert found.fact == fact


@pytest.mark.parametrize(
    ("text", "pick", "place"),
    [
        (RED_DONE, 0, 1),
        ("pick the small red block, place it on the left side", 0, 2),
        ("pick the small red block, place it on the top left area", 0, 2),
    ],
)
def test_words_that_fit_are_no_contradiction(text, pick, place):
    assert first_contradiction([step(text, pick, place)], objects_of(*SEEN)) is None


def test_a_detection_that_is_not_sure_contradicts_nothing():
    wrong = step("pick the small blue block, place it in the green bowl", 0, 1)
    assert first_contradiction([wrong], objects_of(*SEEN, sure=0.8)) is None


def test_the_step_that_is_contradicted_is_named():
    found = first_contradiction([step(RED_DONE, 0, 1), step(BLUE_DONE, 0, 1)], objects_of(*SEEN))
    assert (found.step, found.which, found.index) == (1, 0, 0)
    assert found.fact.startswith("Step 2 says")


def test_a_step_said_to_be_done_whose_thing_lies_elsewhere_is_not_believed():
    assert believable([RED_DONE], objects_of(*SEEN)) == []
    inside = (("red block", 0.6, -0.2), ("green bowl", 0.6, -0.2), ("blue block", 0.3, 0.3))
    assert believable([RED_DONE], objects_of(*inside)) == [RED_DONE]
    assert believable([RED_DONE, BLUE_DONE], objects_of(*inside)) == [RED_DONE]


def test_a_step_is_believed_where_eyes_cannot_tell():
    twins = (*SEEN, ("red block", 0.6, -0.2))
    assert believable([RED_DONE], objects_of(*twins)) == [RED_DONE]
    assert believable([RED_DONE], objects_of(*SEEN, sure=0.8)) == [RED_DONE]
    assert believable(["said by hand"], objects_of(*SEEN)) == ["said by hand"]
    area = "pick the small red block, place it on the left side"
    assert believable([area], objects_of(*SEEN)) == [area]
    later = "pick the small red block, place it on the right side"
    assert believable([RED_DONE, later], objects_of(*SEEN)) == [RED_DONE, later]


@pytest.fixture(scope="module")
def planner():
    return Planner.from_pretrained("default")


def look(planner, *names: str, seed: int = 0):
    """A look at things that are laid out at random."""
    things = [Thing(name.split()[1], name.split()[0], "small" if "block" in name else "") for name in names]
    scene = arrange(things, np.random.default_rng(seed))
    seen = sense(batch_scenes([scene]), SensorRange(cameras=(3, 4), standard=1.0), torch.Generator().manual_seed(seed))
    return planner.look(seen.points.numpy(), (255 * seen.colors.clamp(0, 1)).round().byte().numpy())


MATCHING = "put the blocks in the bowls with matching colors"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_bowl_that_is_not_there_is_not_made_up(planner, seed):
    with pytest.raises(
        PlanningError, match=r"says 'red bowl', but what it points at looks like a green bowl \("
    ) as found:
        look(planner, "red block", "blue block", "green bowl", seed=seed).plan(MATCHING)
    assert found.value.code == ErrorCode.IMPOSSIBLE


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_block_that_fell_out_is_moved_again(planner, seed):
    seen = look(planner, "red block", "green block", "blue bowl", seed=seed)
    done = "pick the small red block, place it in the blue bowl"
    plan = seen.plan("put the red block in the blue bowl", [done])
    assert [action.text for action in plan.actions] == [done]
    assert not plan.complete
    assert plan.notes == (f"{done!r} was said to be done, but its thing is seen elsewhere.",)


def test_matching_pairs_are_planned_as_before(planner):
    plan = look(planner, "red block", "green block", "red bowl", "green bowl").plan(MATCHING)
    assert {action.text for action in plan.actions} == {
        "pick the small green block, place it in the green bowl",
        "pick the small red block, place it in the red bowl",
    }
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("do not put the red block in the green bowl", "must not happen"),
        ("never put the red block in the green bowl", "must not happen"),
        ("keep the red block out of the green bowl", "must not happen"),
        ("the red block must not be in the green bowl", "must not happen"),
        ("put the red block next to the green bowl", "direction or distance"),
        ("put the red block in front of the green bowl", "direction or distance"),
        ("put the red block 5 cm to the left of the green bowl", "direction or distance"),
        ("Put the red block in the green bowl. Then put the blue block in the green bowl.", "more than one order"),
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
    "said", ["PUT THE RED BLOCK IN THE GREEN BOWL", "put the \uff52\uff45\uff44 block\nin the green bowl", "Put The Red Block In The Green Bowl"]
)  # fmt: skip
def test_the_look_of_an_instruction_changes_no_plan(planner, said):
    plan = look(planner, "red block", "blue block", "green bowl").plan(said)
    assert [action.text for action in plan.actions] == [RED_DONE]
    assert plan.instruction == said


def test_a_later_step_that_is_contradicted_ends_the_plan_before_it(planner):
    seen = look(planner, "red block", "green block", "red bowl")
    plan = seen.plan(MATCHING)
    assert [action.text for action in plan.actions] == ["pick the small red block, place it in the red bowl"]

"""Steps that put something beside a thing: written only where a choice says so, and then word for word."""

import pytest
import torch

from moe3d_ros.model.language.grammar import PLACE, parse_step
from moe3d_ros.model.language.writing import generate_plan
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.world.sides import SIDES
from training.stages.described import describe


def thing(kind, color, size, x, y, half):
    return SceneObject(kind, color, size, (x, y, half), (half,) * 3, 0.0, "box", (0, 0, 0))


SCENE = Scene(
    (
        thing("block", "red", "small", 0.4, 0.3, 0.02),
        thing("block", "blue", "big", 0.6, 0.1, 0.03),
        thing("bowl", "green", "", 0.5, -0.2, 0.06),
    )
)
TEXTS = {
    **{
        side: f"pick the small red block, place it {side} the green bowl"
        for side in ("left of", "right of", "in front of", "behind", "next to")
    },
    "between": "pick the small red block, place it between the big blue block and the green bowl",
}


@pytest.fixture(scope="module")
def planner(tiny_checkpoint):
    return Planner.from_pretrained(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def language(planner):
    return planner.model.language


def told() -> ObjectSet:
    return describe(batch_scenes([SCENE]), torch.Generator().manual_seed(0), errors=0.0)[0]


@pytest.mark.parametrize("side", SIDES)
def test_what_a_choice_says_is_what_is_written(language, side):
    first, second = (1, 2) if side == "between" else (2, None)
    choices = iter([Choice("step", 0.9, 0, first, side=side, second=second), Choice("done", 0.8)])
    written = []
    (step,), end, _ = generate_plan(
        language, told(), "put it there", choose=lambda done: next(choices), on_text=written.append
    )
    assert (parse_step(step.text)[1], end) == (
        parse_step(TEXTS[side])[1],
        "done",
    )  # the target's words are the LLM's own
    assert (step.side, step.second, step.state.chosen) == (side, second, (0, first))
    assert written[-1] == step.text


@pytest.mark.parametrize("side", SIDES)
def test_a_decision_says_the_side_of_its_choice(planner, side):
    first, second = (1, 2) if side == "between" else (2, None)
    decision = planner.look_at_objects(told()).decided(Choice("step", 0.9, 0, first, side=side, second=second))
    assert (decision.text, decision.destination) == (TEXTS[side], parse_step(TEXTS[side])[1])
    assert (decision.pick, decision.place, decision.side, decision.second) == (0, first, side, second)


def test_a_step_beside_a_thing_and_one_into_it_follow_each_other(language):
    choices = [Choice("step", 0.9, 0, 2, side="behind"), Choice("step", 0.9, 1, 2), Choice("done", 0.9)]
    steps, _, _ = generate_plan(language, told(), "put it there", choose=lambda done: choices[len(done)])
    assert parse_step(steps[0].text)[1] == "behind the green bowl"
    assert parse_step(steps[1].text)[1].startswith(("in the", "on the"))
    assert (steps[1].side, steps[1].second) == ("", None)


@pytest.mark.parametrize("text", TEXTS.values())
def test_the_grammar_reads_such_steps_and_no_others_of_their_kind(language, text):
    grammar = language.grammar
    tokens = grammar.tokens([text, "pick the small red block, place it in the green bowl"])
    allowed = grammar.walk(tokens)
    assert all(token in choices for token, choices in zip(tokens, allowed))
    assert parse_step(text)[1] in text
    for wrong in (text.replace("green bowl", "left side"), text.replace("place it", "place it not")):
        with pytest.raises(KeyError):
            grammar.walk(grammar.tokens([wrong]))


def test_without_being_told_to_no_plan_says_a_side(language):
    grammar = language.grammar
    tokens = grammar.tokens(["pick the small red block, place it in the green bowl"])
    behind = tokens.index(grammar.special[PLACE]) + 1
    begun = {grammar.encode(f" {side} the")[0] for side in ("left of", "right of", "behind", "next to", "between")}
    assert not begun & set(grammar.walk(tokens)[behind])

"""Labels in what is said: heard as colour and kind of the things that have them, and said again in the plan."""

import pytest
import torch
from things import seen

from moe3d_ros.model.detected.label_words import LabelWords
from moe3d_ros.model.plan_words.generated_step import GeneratedStep, StepState
from moe3d_ros.world.vocabulary import KINDS

TABLE = seen(
    ("yellow object", 0.4, 0.3, 0.0),
    ("small red block", 0.4, 0.2, 0.0),
    ("green bowl", 0.5, 0.0, 0.0),
    ("yellow object", 0.5, -0.2, 0.0),
    ("orange object", 0.6, -0.3, 0.0),
)
LABELS = ("banana", "", "coffee mug", "lemon", "orange")
WORDS = LabelWords(TABLE, LABELS)


def meant(words, text):
    """The text as it is heard, and of each mention the words and the objects."""
    heard = words.heard(text)
    return heard.text, [(heard.text[mention.start : mention.end], mention.columns) for mention in heard.mentions]


def test_labels_are_heard_as_colour_and_kind_of_their_things_alone():
    assert meant(WORDS, "put the banana in the coffee mug, then the lemon") == (
        "put the yellow block in the green bowl, then the yellow block",
        [("yellow block", (0,)), ("green bowl", (2,)), ("yellow block", (3,))],
    )


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("put the screwdriver in the coffee mug", "put the screwdriver in the green bowl"),
        ("Banana into the Coffee-Mug!", "Yellow block into the Green bowl!"),
        ("put the yellow banana on the left side", "put the yellow block on the left side"),
        ("put the red banana on the left side", "put the red banana on the left side"),  # there is none
        ("put the bananas on the left side", "put the yellow blocks on the left side"),
        ("put the bananarama on the left side", "put the bananarama on the left side"),
        ("put the mug on the left side", "put the mug on the left side"),  # it is a coffee mug
        ("put the orange in the orange bowl", "put the orange block in the orange bowl"),
        ("put the orange block on the orange", "put the orange block on the orange block"),
        ("put the red block in the green bowl", "put the red block in the green bowl"),
    ],
)
def test_only_labels_that_are_there_are_heard(text, heard):
    assert WORDS.heard(text).text == heard


def test_several_things_of_one_label_are_meant_together_and_told_apart_by_colour():
    fruit = LabelWords(TABLE, ("fruit", "", "mug", "fruit", "fruit"))
    assert meant(fruit, "put the orange fruit and all fruits away") == (
        "put the orange block and all blocks away",
        [("orange block", (4,)), ("blocks", (0, 3, 4))],
    )
    assert fruit.names == ("yellow fruit", "", "mug", "yellow fruit", "orange fruit")


def test_a_label_that_is_the_word_of_its_kind_is_meant_alone_and_said_by_the_model_itself():
    words = LabelWords(TABLE, ("object", "block", "bowl", "thing", ""))
    assert meant(words, "put the block and the thing in the bowl") == (
        "put the red block and the thing in the green bowl",
        [("red block", (1,)), ("green bowl", (2,))],
    )
    assert words.names == ("", "", "", "", "")


def test_nothing_is_told_where_nothing_has_a_label():
    nothing = LabelWords(TABLE, ())
    assert meant(nothing, "put the banana in the mug") == ("put the banana in the mug", [])
    assert nothing.told(nothing.heard("put the banana in the mug"), ()) is None
    assert nothing.named(nothing.heard("put the banana in the mug"), ()) is TABLE


def test_things_that_are_named_are_decided_on_as_blocks():
    instruction = WORDS.heard("put the banana in the coffee mug")
    done = WORDS.completed(["pick the lemon, place it in the coffee mug"])
    found = WORDS.named(instruction, done).kind[0].argmax(-1).tolist()
    assert [KINDS[index] for index in found] == ["block", "block", "bowl", "block", "object"]
    assert KINDS[int(TABLE.kind[0, 0].argmax())] == "object"  # the scene itself stays


def test_completed_steps_are_told_by_their_things():
    instruction = WORDS.heard("put the banana and the lemon in the coffee mug")
    done = WORDS.completed(["pick the banana, place it in the coffee mug", "put the red block away"])
    assert done == ["pick the yellow block, place it in the green bowl", "put the red block away"]
    told = WORDS.told(instruction, done)
    assert told.completed == (((0,), (2,)), ((), ()))
    assert told.after([(3, 2), (1, None)]).completed[2:] == (((3,), (2,)), ((1,), ()))


@pytest.mark.parametrize(
    ("text", "chosen", "side", "second", "said"),
    [
        ("pick the small yellow block, place it in the green bowl", (0, 2), "", None, "pick the banana, place it in the coffee mug"),
        ("pick the small red block, place it in the green bowl", (1, 2), "", None, "pick the small red block, place it in the coffee mug"),
        ("pick the small yellow block, place it on the left side", (3, 5), "", None, "pick the lemon, place it on the left side"),
        ("pick the small red block, place it left of the green bowl", (1, 2), "left of", None, "pick the small red block, place it left of the coffee mug"),
        ("pick the small yellow block, place it between the green bowl and the small red block", (0, 2), "between", 1, "pick the banana, place it between the coffee mug and the small red block"),
    ],
)  # fmt: skip
def test_steps_say_the_labels(text, chosen, side, second, said):
    state = StepState(torch.zeros(1), torch.zeros(1), chosen)
    assert WORDS.said(GeneratedStep(text, 1.0, state, side, second)) == said


def test_sentences_say_labels_where_colour_and_kind_are_those_of_one_thing():
    sentence = "the green bowl and the big orange block are near the yellow block and the red block"
    assert WORDS.spoken(sentence) == "the coffee mug and the orange are near the yellow block and the red block"
    twin = LabelWords(seen(("red object", 0.4, 0.3, 0.0), ("small red block", 0.4, 0.2, 0.0)), ("apple", ""))
    assert twin.spoken("the red block is there") == "the red block is there"

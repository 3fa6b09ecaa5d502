"""Names held against what is seen: what is surely something else does not fit, what is doubtful may."""

from dataclasses import replace

import pytest
import torch
from things import seen

from moe3d_ros.model.plan_words.naming import Named, may_be, named_thing, seen_as
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS

TABLE = seen(("small red block", 0.4, 0.2, 0.0), ("green bowl", 0.5, -0.1, 0.0))


@pytest.mark.parametrize(
    ("phrase", "named"),
    [
        ("small red block", Named("red", "block")),
        ("gray object", Named("gray", "object")),
        ("in the green bowl", Named("green", "bowl")),
        ("on the big blue block", Named("blue", "block")),
        ("on the left side", None),
        ("left of the green bowl", None),
        ("between the red bowl and the blue zone", None),
        ("in the bowl", None),
        ("", None),
    ],
)
def test_a_phrase_names_a_thing_or_none(phrase, named):
    assert named_thing(phrase) == named


def test_what_is_surely_something_else_does_not_fit():
    assert seen_as(TABLE, 0) == Named("red", "block")
    assert may_be(TABLE, 0, Named("red", "block"))
    assert may_be(TABLE, 0, Named("red", "object"))  # anything is an object
    assert not may_be(TABLE, 0, Named("blue", "block"))
    assert not may_be(TABLE, 0, Named("red", "bowl"))
    assert not may_be(TABLE, 1, Named("green", "rack"))  # a kind that this model does not know
    assert not may_be(TABLE, 2, Named("green", "bowl"))  # there is no third thing


@pytest.mark.parametrize(
    ("red", "pink", "fits"), [(0.5, 0.5, True), (0.9, 0.1, True), (0.95, 0.02, False), (0.3, 0.0, True)]
)
def test_a_color_that_the_eyes_doubt_may_be_the_named_one(red, pink, fits):
    color = torch.full((len(COLOR_NAMES),), (1 - red - pink) / (len(COLOR_NAMES) - 2))
    color[COLOR_NAMES.index("red")], color[COLOR_NAMES.index("pink")] = red, pink
    doubtful = replace(TABLE, color=torch.stack([color, TABLE.color[0, 1]])[None])
    assert may_be(doubtful, 0, Named("pink", "block")) == fits


def test_a_kind_that_the_eyes_doubt_may_be_the_named_one():
    kind = TABLE.kind.clone()
    kind[0, 1] = 0.0
    kind[0, 1, KINDS.index("bowl")], kind[0, 1, KINDS.index("zone")] = 0.7, 0.3
    assert may_be(replace(TABLE, kind=kind), 1, Named("green", "zone"))

"""Things with labels: what a label makes of a thing, and which labels and boxes are none."""

import numpy as np
import pytest

from moe3d_ros.world.named_things import NamedThing, kind_of_label, plain_label


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("banana", "object"),
        ("coffee mug", "bowl"),
        ("mug", "bowl"),
        ("cardboard box", "bowl"),
        ("cracker box", "object"),  # closed
        ("tomato soup can", "object"),
        ("toy block", "block"),
        ("rubiks cube", "block"),
        ("place mat", "zone"),
        ("shelf", "object"),  # kinds of 6D scenes have other shapes than what people call so
        ("mug holder", "object"),
    ],
)
def test_the_last_word_of_a_label_says_the_kind(label, kind):
    assert kind_of_label(label) == kind
    assert NamedThing(label, (0.5, 0, 0), (0.1, 0.1, 0.1)).kind == kind


def test_a_label_is_what_people_say():
    assert plain_label(" Coffee_Mug\n") == "coffee mug"
    assert NamedThing("Wine-Glass", (0.5, 0, 0), (0.1, 0.1, 0.1)).label == "wine glass"


@pytest.mark.parametrize(
    "values",
    [
        {"label": " ,; "},
        {"label": "a" * 61},
        {"center": (0.5, float("nan"), 0.0)},
        {"center": (0.5, 0.0)},
        {"half": (0.1, 0.1, 0.0)},
        {"half": (0.1, -0.1, 0.1)},
        {"yaw": float("inf")},
        {"score": 1.01},
    ],
)
def test_what_is_no_thing_is_refused(values):
    with pytest.raises(ValueError, match="needs"):
        NamedThing(**{"label": "mug", "center": (0.5, 0.0, 0.0), "half": (0.1, 0.1, 0.1), **values})


def test_a_box_holds_points_along_its_own_axes():
    thing = NamedThing("pen", (0.5, 0.1, 0.02), (0.1, 0.01, 0.02), np.pi / 4)
    along = np.array([[0.55, 0.15, 0.02], [0.45, 0.05, 0.0]])
    across = np.array([[0.55, 0.05, 0.02], [0.5, 0.1, 0.05]])
    assert thing.holds(along).all()
    assert not thing.holds(across).any()
    assert thing.holds(across[1], slack=0.011)

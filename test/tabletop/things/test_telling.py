"""Tellings of things: what they mean where it is clear, and that they mean nothing where people could disagree."""

import pytest
from things import thing

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.things.telling import BOX, Telling, meant
from moe3d_ros.world.kinds import BLOCK


def box(color, x, y, half, z=None):
    return thing("object", color, x, y, half=half, z=z)


TALL, WIDE, FLAT, LONG, SMALL = (
    (0.02, 0.025, 0.1),
    (0.09, 0.105, 0.04),
    (0.04, 0.05, 0.006),
    (0.012, 0.09, 0.011),
    (0.012, 0.015, 0.014),
)
TABLE = Scene(
    (
        box("red", 0.35, 0.35, TALL),
        box("red", 0.6, 0.15, WIDE),
        box("blue", 0.4, -0.1, FLAT),
        box("green", 0.62, -0.25, LONG),
        box("green", 0.35, -0.4, SMALL),
    )
)


@pytest.mark.parametrize(
    ("telling", "index"),
    [
        (Telling("look", look="tallest"), 0),
        (Telling("look", look="biggest"), 1),
        (Telling("look", look="flattest"), 2),
        (Telling("look", look="longest"), None),  # the wide one is as long
        (Telling("look", look="smallest"), 4),
        (Telling("look_color", color="red", look="tallest"), 0),
        (Telling("look_color", color="green", look="longest"), 3),
        (Telling("extreme", side="left"), 0),
        (Telling("extreme", side="right"), 4),
        (Telling("extreme", color="green", side="far"), 3),
        (Telling("rank", side="left", rank=2), 1),
        (Telling("rank", side="right", rank=2), 3),
        (Telling("color", color="blue"), 2),
        (Telling("half_color", color="red", side="far"), 1),
        (Telling("middle"), 2),
        (Telling("color", color="red"), None),  # two
        (Telling("color", color="pink"), None),  # none
        (Telling("sole"), None),
        (Telling("rank", side="left", rank=6), None),
    ],
)
def test_one_thing(telling, index):
    assert meant(telling, TABLE) == (None if index is None else (index,))


@pytest.mark.parametrize(
    ("telling", "indices"),
    [
        (Telling("all"), (0, 1, 2, 3, 4)),
        (Telling("all_color", color="green"), (3, 4)),
        (Telling("both", color="red"), (0, 1)),
        (Telling("both"), None),
        (Telling("but_color", color="blue"), (0, 1, 3, 4)),
        (Telling("but_color", color="red"), None),  # "the red one", of which there are two
        (Telling("all_half", side="left"), (0, 1)),
        (Telling("all_half", color="green", side="far"), (3,)),
    ],
)
def test_several_things(telling, indices):
    assert meant(telling, TABLE) == indices


def test_what_is_long_and_thin_and_what_is_flat():
    cubes = [box("red", 0.35, 0.35, (0.03, 0.028, 0.029)), box("blue", 0.6, 0.1, (0.02, 0.022, 0.021))]
    for look in ("longest", "slender"):
        assert meant(Telling("look", look=look), Scene((*cubes, box("green", 0.62, -0.25, LONG)))) == (2,)
    for look in ("flat", "flattest"):
        assert meant(Telling("look", look=look), Scene((*cubes, box("green", 0.62, -0.25, FLAT)))) == (2,)
    rather_flat = box("pink", 0.4, -0.3, (0.04, 0.04, 0.018))
    assert meant(Telling("look", look="flat"), Scene((*cubes, box("green", 0.62, -0.25, FLAT), rather_flat))) is None
    fallen = box("pink", 0.4, -0.3, (0.1, 0.03, 0.03))
    assert meant(Telling("look", look="slender"), Scene((*cubes, box("green", 0.62, -0.25, LONG), fallen))) is None


def test_the_middle_one_is_in_the_middle_both_by_number_and_by_place():
    row = [box("red", 0.5, y, SMALL) for y in (0.3, 0.0, -0.3)]
    assert meant(Telling("middle"), Scene(tuple(row))) == (1,)
    assert meant(Telling("middle"), Scene((row[0], box("red", 0.7, -0.27, SMALL), row[2]))) is None
    assert meant(Telling("middle"), Scene(tuple(row[:2]))) is None


def test_a_narrow_lead_is_no_lead():
    nearly_as_tall = box("white", 0.5, 0.0, (0.02, 0.02, 0.097))
    assert meant(Telling("look", look="tallest"), Scene((*TABLE.objects, nearly_as_tall))) is None
    farther_out = box("white", 0.7, 0.36, SMALL)
    assert meant(Telling("extreme", side="left"), Scene((*TABLE.objects, farther_out))) is None


def test_a_wider_thing_whose_rim_is_farther_out_leaves_a_doubt():
    wide = box("white", 0.65, 0.31, (0.1, 0.1, 0.01))
    assert meant(Telling("extreme", side="left"), Scene((*TABLE.objects, wide))) is None


def test_a_thing_on_top_of_another_is_not_the_tallest_for_being_higher():
    on_top = box("white", 0.6, 0.15, (0.02, 0.025, 0.09), z=0.06 + 0.09)
    assert meant(Telling("look", look="tallest"), Scene((*TABLE.objects, on_top))) is None


def test_a_bowl_at_the_left_makes_the_leftmost_thing_a_matter_of_opinion():
    bowl = thing("bowl", "white", 0.5, 0.42, half=(0.06, 0.06, 0.02))
    scene = Scene((*TABLE.objects, bowl))
    assert meant(Telling("extreme", side="left"), scene) is None
    assert meant(Telling("extreme", side="right"), scene) == (4,)
    assert meant(Telling("color", color="blue"), scene) == (2,)


def test_a_zone_is_no_thing():
    assert meant(
        Telling("extreme", side="left"),
        Scene((*TABLE.objects, thing("zone", "white", 0.5, 0.42, half=(0.075, 0.075, 0.0005)))),
    ) == (0,)


def test_blocks_are_things_too_but_things_are_no_blocks():
    block = thing("block", "pink", 0.5, -0.25, "small")
    scene = Scene((*TABLE.objects, block))
    assert meant(Telling("sole", kind=BLOCK), scene) == (5,)
    assert meant(Telling("all"), scene) is None  # the everyday things only, or all that can be moved?
    assert meant(Telling("color", color="pink"), scene) is None  # the pink "thing": people call it a block
    assert meant(Telling("extreme", side="left"), scene) == (0,)


def test_what_might_be_round_is_not_called_a_box():
    assert meant(Telling("color", kind=BOX, color="blue"), TABLE) == (2,)
    can = thing("object", "pink", 0.5, -0.25, half=(0.03, 0.03, 0.05))
    assert meant(Telling("color", kind=BOX, color="blue"), Scene((*TABLE.objects, can))) is None


def test_next_to_is_near_and_not_on():
    zone = thing("zone", "white", 0.4, -0.1, half=(0.075, 0.075, 0.0005))
    told = Telling("near", landmark=("white", "zone"))
    assert meant(told, Scene((*TABLE.objects, zone))) is None  # the blue one lies on it
    beside = thing("zone", "white", 0.35, -0.27, half=(0.06, 0.06, 0.0005))
    assert meant(told, Scene((TABLE.objects[0], TABLE.objects[4], beside))) == (1,)
    far = thing("zone", "white", 0.35, -0.13, half=(0.06, 0.06, 0.0005))
    assert meant(told, Scene((TABLE.objects[0], TABLE.objects[4], far))) is None


def test_between_two_things():
    bowl, other = thing("bowl", "white", 0.5, -0.4, half=0.06), thing("bowl", "pink", 0.5, 0.1, half=0.06)
    told = Telling("between", landmark=("white", "bowl"), second=("pink", "bowl"))
    inside, beside = box("blue", 0.51, -0.15, SMALL), box("red", 0.3, -0.15, SMALL)
    assert meant(told, Scene((bowl, inside, other, beside))) == (1,)
    doubtful = box("red", 0.45, -0.2, SMALL)
    assert meant(told, Scene((bowl, inside, other, doubtful))) is None


def test_in_and_on_a_thing():
    bowl = thing("bowl", "white", 0.4, -0.1, half=(0.06, 0.06, 0.02))
    scene = Scene((bowl, box("red", 0.4, -0.1, SMALL, z=0.03), box("blue", 0.6, 0.2, SMALL)))
    assert meant(Telling("rest", landmark=("white", "bowl")), scene) == (1,)
    assert meant(Telling("all_rest", landmark=("", "bowl")), scene) == (1,)
    assert meant(Telling("rest", landmark=("pink", "bowl")), scene) is None

"""Selections against scenes written by hand: the blocks that are meant, and what could be disputed."""

import pytest
from helpers.things import thing

from moe3d_ros.tabletop.composing.selecting import clear, selected
from moe3d_ros.tabletop.composing.task_form import Reference, Selection
from moe3d_ros.tabletop.scenes.scene import Scene

SMALL, BIG = {"size": "small", "half": 0.02}, {"size": "big", "half": 0.03}
ZONE, BOWL = {"half": (0.075, 0.075, 0.0005)}, {"half": (0.06, 0.06, 0.018)}
SCENE = Scene(
    (
        thing("block", "red", 0.30, 0.40, **SMALL),  # 0: far left is +x, +y: near and left
        thing("block", "red", 0.70, 0.34, **BIG),  # 1: far and left
        thing("block", "blue", 0.65, -0.40, **SMALL),  # 2: far and right
        thing("block", "blue", 0.55, 0.10, z=0.024, **SMALL),  # 3: in the red bowl
        thing("block", "blue", 0.35, -0.20, z=0.031, **BIG),  # 4: on the green zone
        thing("block", "green", 0.35, -0.20, z=0.081, **SMALL),  # 5: on block 4
        thing("block", "gray", 0.45, 0.25, **SMALL),  # 6
        thing("bowl", "red", 0.55, 0.10, **BOWL),  # 7
        thing("zone", "green", 0.35, -0.20, **ZONE),  # 8
    )
)
ALL = [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (Selection(), ALL),
        (Selection(count=2), ALL),
        (Selection(colors=("red",)), [0, 1]),
        (Selection(colors=("red", "gray")), [0, 1, 6]),
        (Selection(excluded_colors=("red", "blue")), [5, 6]),
        (Selection(size="big"), [1, 4]),
        (Selection(excluded_size="big"), [0, 2, 3, 5, 6]),
        (Selection(colors=("blue",), size="small"), [2, 3]),
        (Selection(parity="even"), [0, 1]),
        (Selection(parity="odd"), [2, 3, 4, 5, 6]),
        (Selection(frequency="most"), [2, 3, 4]),
        (Selection(area="left side"), [0, 1, 3, 6]),
        (Selection(area="top left area"), [1, 3]),
        (Selection(excluded_area="left side"), [2, 4, 5]),
        (Selection(area="middle"), [3, 6]),
        (Selection(rest="in", reference=Reference("bowl", "red")), [3]),
        (Selection(rest="on", reference=Reference("zone", "green")), [4, 5]),
        (Selection(rest="on", reference=Reference("block", "blue")), []),
        (Selection(rest="under", reference=Reference("block", "green")), [4]),
        (Selection(side="left", reference=Reference("bowl", "red")), [0, 1, 6]),
        (Selection(side="near", reference=Reference("block", "gray")), [0, 4, 5]),
        (Selection(side="far", colors=("blue",), reference=Reference("block", "gray")), [2, 3]),
        (Selection(rank=1, rank_side="left"), [0]),
        (Selection(rank=2, rank_side="left"), [1]),
        (Selection(rank=1, rank_side="right"), [2]),
        (Selection(rank=1, rank_side="far"), [1]),
        (Selection(rank=1, rank_side="near"), [0]),
        (Selection(rank=2, rank_side="far", colors=("blue",)), [3]),
        (Selection(rank=9, rank_side="far"), []),
        (Selection(colors=("cyan",)), []),
        (Selection(rest="in", reference=Reference("bowl", "cyan")), []),
    ],
)
def test_a_selection_means_the_blocks_that_fulfil_its_conditions(selection, meant):
    assert selected(selection, SCENE) == meant


def moved(*places):
    """The scene with some things elsewhere: (index, x, y)."""
    things = list(SCENE.objects)
    for index, x, y in places:
        old = things[index]
        things[index] = thing(old.kind, old.color, x, y, old.size, old.half_extents)
    return Scene(tuple(things))


@pytest.mark.parametrize(
    ("selection", "scene"),
    [
        (Selection(area="left side"), moved((6, 0.45, 0.01))),
        (Selection(excluded_area="far side"), moved((6, 0.51, 0.25))),
        (Selection(area="middle"), moved((0, 0.366, 0.20))),
        (Selection(frequency="fewest"), SCENE),  # green and gray: one of each
        (Selection(side="left", reference=Reference("bowl", "red")), moved((6, 0.45, 0.115))),
        (Selection(side="left", reference=Reference("zone", "blue")), SCENE),  # no such zone
        (Selection(side="left", reference=Reference("block", "blue")), SCENE),  # several
        (Selection(rank=1, rank_side="left"), moved((1, 0.70, 0.39))),
        (Selection(rank=2, rank_side="left"), moved((6, 0.45, 0.33))),
        (Selection(rank=1, rank_side="left", colors=("gray",)), SCENE),  # "the leftmost" of one
        (Selection(rest="on", reference=Reference("zone", "green")), moved((6, 0.35, -0.125))),  # half on it
    ],
)
def test_what_somebody_could_dispute_is_not_clear(selection, scene):
    assert not clear(selection, scene)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(frequency="most"),
        Selection(area="left side"),
        Selection(area="left side", colors=("red",)),
        Selection(side="near", reference=Reference("block", "gray")),
        Selection(rank=1, rank_side="left"),
        Selection(rank=2, rank_side="left"),
        Selection(rest="on", reference=Reference("zone", "green")),
        Selection(rest="in", reference=Reference("bowl", "red")),
        Selection(rest="under", reference=Reference("block", "green")),
    ],
)
def test_what_has_its_margins_is_clear(selection):
    assert clear(selection, SCENE)


def test_what_lies_at_a_border_may_be_of_other_looks():
    scene = moved((6, 0.45, 0.01))
    assert clear(Selection(area="left side", colors=("red",)), scene)
    assert not clear(Selection(area="left side", colors=("gray",)), scene)

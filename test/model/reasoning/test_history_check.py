"""Completed steps held against what is seen: only what is clearly elsewhere speaks against a step."""

import pytest
from things import seen

from moe3d_ros.model.reasoning.history_check import untrue_steps
from moe3d_ros.world.workspace import Workspace

IN_BOWL = "pick the small red block, place it in the green bowl"
BOWL = ("green bowl", 0.5, -0.1, 0.0)
OUTSIDE, INSIDE = ("small red block", 0.4, 0.2, 0.0), ("small red block", 0.51, -0.12, 0.004)


def found(completed, *things):
    return untrue_steps(seen(*things), completed, Workspace())


def test_a_thing_that_stands_elsewhere_was_not_put_there():
    ((number, fact),) = found(["pick the big blue block, place it on the left side", IN_BOWL], OUTSIDE, BOWL)
    assert number == 1
    assert fact == "the red block is seen 26 cm from the edge of the green bowl"


@pytest.mark.parametrize(
    ("completed", "things"),
    [
        ([IN_BOWL], (INSIDE, BOWL)),
        ([IN_BOWL], (("small red block", 0.5, -0.02, 0.02), BOWL)),  # on its rim
        ([IN_BOWL], (BOWL,)),  # it is hidden, in the bowl perhaps
        ([IN_BOWL], (OUTSIDE,)),  # the bowl is out of view
        ([IN_BOWL], (OUTSIDE, INSIDE, BOWL)),  # it was the other one
        ([IN_BOWL], (OUTSIDE, BOWL, ("green bowl", 0.4, 0.24, 0.0))),  # in the other bowl
        ([IN_BOWL, "pick the small red block, place it on the left side"], (OUTSIDE, BOWL)),  # moved again
        (["pick the small red block, place it on the left side"], (OUTSIDE, BOWL)),
        (["pick the small red block, place it on the middle"], (("small red block", 0.5, 0.26, 0.0),)),  # at its border
        (["put the red block in the green bowl"], (OUTSIDE, BOWL)),  # no words of a plan
        (["pick the small red block, place it left of the green bowl"], (OUTSIDE, BOWL)),
        ([], (OUTSIDE, BOWL)),
    ],
)
def test_what_may_be_so_is_no_contradiction(completed, things):
    assert found(completed, *things) == []


def test_a_thing_on_the_other_side_of_the_table_was_not_put_in_an_area():
    text = "pick the small red block, place it on the right side"
    assert found([text], OUTSIDE) == [(0, "the red block is not seen there")]


def test_a_block_beside_a_block_does_not_stand_on_it():
    text = "pick the small red block, place it on the big blue block"
    assert found([text], OUTSIDE, ("big blue block", 0.6, 0.0, 0.0))[0].number == 0
    assert found([text], ("small red block", 0.6, 0.01, 0.06), ("big blue block", 0.6, 0.0, 0.0)) == []

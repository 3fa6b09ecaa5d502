"""Sides of a thing in the words of plans."""

import pytest

from moe3d_ros.world.sides import SIDES, beside, side_of


@pytest.mark.parametrize("side", SIDES)
def test_a_place_beside_a_thing_says_its_side(side):
    said = beside(side, "small red block", "green bowl")
    assert side_of(said) == side
    assert ("and the green bowl" in said) == (side == "between")


@pytest.mark.parametrize("place", ["in the green bowl", "on the left side", "on the small red block"])
def test_other_places_have_no_side(place):
    assert side_of(place) == ""

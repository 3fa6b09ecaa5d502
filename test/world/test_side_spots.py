"""Spots beside things: 3 cm from outline to outline, on the side that is asked for, touching nothing; or none."""

import numpy as np
import pytest

from moe3d_ros.world.side_spots import Outline, is_beside, is_between, side_spot
from moe3d_ros.world.sides import SIDES
from moe3d_ros.world.workspace import Workspace

BLOCK, BOWL = (0.02, 0.02), (0.06, 0.06)
FIVE = SIDES[:-1]


def block(x, y, yaw=0.0, half=BLOCK):
    return Outline(np.array([x, y]), np.array(half), yaw)


def bowl(x, y):
    return Outline(np.array([x, y]), np.array(BOWL), 0.0, True)


def spot(side, thing, other, second=None, solid=()):
    return side_spot(side, thing, other, second, list(solid), Workspace())


def test_left_is_plus_y_and_behind_is_away_from_the_robot():
    thing = block(0.3, 0.4)
    found = {side: spot(side, thing, bowl(0.5, 0.0)) - (0.5, 0.0) for side in FIVE[:4]}
    reach = 0.06 + 0.03 + 0.02
    expected = {"left of": (0, reach), "right of": (0, -reach), "in front of": (-reach, 0), "behind": (reach, 0)}
    for side, place in expected.items():
        assert found[side] == pytest.approx(place, abs=1e-6)


def test_next_to_a_thing_is_on_the_side_where_the_other_one_comes_from():
    found = spot("next to", block(0.5, 0.4), block(0.5, 0.0))
    assert found == pytest.approx((0.5, 0.07), abs=1e-6)
    blocked = spot("next to", block(0.5, 0.4), block(0.5, 0.0), solid=[block(0.5, 0.09)])
    assert np.hypot(*(blocked - (0.5, 0.0))) == pytest.approx(0.07, abs=0.03)
    assert np.abs(blocked - (0.5, 0.09)).max() > 0.04


@pytest.mark.parametrize("side", FIVE)
@pytest.mark.parametrize("yaw", [0.0, 0.4, np.pi / 4])
def test_the_gap_is_three_centimetres_whatever_the_headings(side, yaw):
    thing, other = block(0.3, 0.3, yaw), block(0.5, 0.0, 2 * yaw, (0.03, 0.03))
    place = spot(side, thing, other)
    corners = [np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) @ one.axes for one in (thing, other)]
    line = np.linspace(0, 1, 200)[:, None]
    edges = [np.concatenate([a + line * (b - a) for a, b in zip(c, np.roll(c, -1, axis=0))]) for c in corners]
    apart = np.linalg.norm((edges[0] + place)[:, None] - (edges[1] + other.center), axis=-1).min()
    assert apart == pytest.approx(0.03, abs=5e-4)
    assert is_beside(side, place, other.center, apart)


def test_between_is_as_far_from_either_outline_where_one_is_wider():
    place = spot("between", block(0.3, 0.3), bowl(0.5, -0.1), block(0.5, 0.2))
    assert place == pytest.approx((0.5, (-0.1 + 0.06 + 0.2 - 0.02) / 2), abs=1e-6)
    assert is_between(place, np.array([0.5, -0.1]), np.array([0.5, 0.2]))


def test_a_spot_that_is_taken_is_left_for_one_beside_it_that_still_counts():
    for side, second in (("left of", None), ("between", block(0.5, 0.3))):
        free = spot(side, block(0.3, 0.4), block(0.5, 0.0), second)
        taken = block(*(free + (0.045, 0.0)))
        other = spot(side, block(0.3, 0.4), block(0.5, 0.0), second, [taken])
        assert 0.005 < free[0] - other[0] < 0.04


@pytest.mark.parametrize(
    ("side", "other", "second"),
    [
        ("left of", bowl(0.5, 0.42), None),  # the table ends there
        ("behind", block(0.73, 0.0), None),
        ("between", block(0.5, 0.0), block(0.5, 0.06)),  # they stand too close together
        ("between", block(0.5, 0.0), block(0.5, 0.0)),  # one and the same
    ],
)
def test_there_is_no_spot_where_there_is_no_room(side, other, second):
    assert spot(side, block(0.3, -0.4), other, second) is None


def test_there_is_no_spot_where_everything_around_is_taken():
    angles = np.arange(16) * np.pi / 8
    ring = [block(0.5 + 0.09 * np.cos(angle), 0.09 * np.sin(angle)) for angle in angles]
    assert spot("next to", block(0.3, 0.3), block(0.5, 0.0), solid=ring) is None

"""Areas of the table: one table of them, tests whether a point lies in one, and quadrants with a margin."""

import numpy as np
import pytest

from moe3d_ros.world.areas import AREA_CENTERS, AREAS, QUADRANTS, in_area, in_quadrant


def test_every_area_holds_its_own_centre_and_quadrants_hold_no_other():
    for area in AREAS:
        assert in_area(AREA_CENTERS[area], area)
    for area in QUADRANTS:
        assert [other for other in QUADRANTS if in_area(AREA_CENTERS[other], area)] == [area]


def test_left_is_y_far_is_x_and_beyond_the_table_is_nowhere():
    assert in_area((0.6, 0.2), "left side")
    assert in_area((0.6, 0.2), "top left area")
    assert not in_area((0.6, 0.2), "near side")
    assert not in_area((0.6, 0.6), "left side")
    with pytest.raises(ValueError, match="'upstairs' is not an area"):
        in_area((0.5, 0.0), "upstairs")


def test_quadrants_keep_their_margin_from_inner_borders():
    points = np.array([[0.52, 0.1], [0.56, 0.1], [0.56, 0.02], [0.45, 0.1]])
    assert in_quadrant(points, "top left area").tolist() == [True, True, True, False]
    assert in_quadrant(points, "top left area", 0.03).tolist() == [False, True, False, False]
    assert in_quadrant(points, "bottom left area", 0.03).tolist() == [False, False, False, True]

"""Gaps between outlines on the table."""

import numpy as np
import pytest

from moe3d_ros.world.footprints import gap_between


def square(x, y, half=0.02, yaw=0.0):
    cos, sin = np.cos(yaw), np.sin(yaw)
    corners = half * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return corners @ np.array([[cos, sin], [-sin, cos]]) + (x, y)


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        (square(0.1, 0), 0.06),  # side to side
        (square(0.1, 0.1), np.hypot(0.06, 0.06)),  # corner to corner
        (square(0.1, 0, yaw=np.pi / 4), 0.08 - 0.02 * np.sqrt(2)),  # side to corner
        (square(0.03, 0.01), 0),  # they overlap
        (square(0, 0, half=0.005), 0),  # one lies within the other
        (square(0.0, 0.0, half=0.2), 0),
    ],
)
def test_the_gap_is_the_least_distance_from_either_side(other, gap):
    assert gap_between(square(0, 0), other) == pytest.approx(gap, abs=1e-9)
    assert gap_between(other, square(0, 0)) == pytest.approx(gap, abs=1e-9)

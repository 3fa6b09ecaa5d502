"""Picks of demonstrations held against their cloud: a few stray points of the sensor are nothing that was picked."""

import numpy as np
import pytest

from moe3d_ros.world.pose import Pose
from training.data.datasets.contact import pick_problem

PICK = Pose((0.5, 0.1, 0.04), (1.0, 0.0, 0.0, 0.0))  # straight down on the middle of a block's top
GRID = np.stack(np.meshgrid(np.arange(-0.02, 0.021, 0.01), np.arange(-0.02, 0.021, 0.01)), -1).reshape(-1, 2)
BLOCK = np.column_stack([GRID + (0.5, 0.1), np.full(len(GRID), 0.04)])
TABLE = np.column_stack([4 * GRID + (0.5, 0.1), np.zeros(len(GRID))])


def test_a_block_under_the_tool_can_have_been_picked():
    assert pick_problem(np.vstack([TABLE, BLOCK]), PICK) is None


@pytest.mark.parametrize("strays", [1, 2, 4])
def test_stray_points_are_nothing_that_was_picked(strays):
    flying = np.array([[0.5, 0.1, 0.04], [0.53, 0.1, 0.04], [0.5, 0.07, 0.045], [0.48, 0.12, 0.08]])[:strays]
    assert "nothing that stands within 4 cm" in str(pick_problem(np.vstack([TABLE, flying]), PICK))


def test_beside_a_thing_strays_do_not_hide_how_far_it_is():
    away = BLOCK + (0.0, 0.3, 0.0)
    found = pick_problem(np.vstack([TABLE, away, [[0.5, 0.1, 0.04]]]), PICK)
    assert "the nearest thing is 0.28 m away" in str(found)

"""Names of colours: those of the vocabulary, and the same in shade."""

import numpy as np
import pytest

from moe3d_ros.sensing.color_names import nearest_color
from moe3d_ros.world.vocabulary import COLORS


@pytest.mark.parametrize("name", COLORS)
def test_a_color_is_called_by_its_name_in_light_and_in_some_shade(name):
    assert nearest_color(COLORS[name]) == name
    if name not in ("white", "pink", "orange"):  # in shade those are gray, red and brown
        assert nearest_color(0.8 * np.array(COLORS[name])) == name


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 90, 220), "blue"),
        ((0, 130, 0), "green"),
        ((250, 220, 30), "yellow"),
        ((90, 60, 35), "brown"),
    ],
)
def test_colors_of_things_have_the_nearest_name(rgb, name):
    assert nearest_color(rgb) == name

"""Limits on one path that do not go with each other are told."""

import pytest

from moe3d_ros.nodes.runtime.parameter_tables import TABLES
from moe3d_ros.nodes.settings.limits import conflicts, longest_age
from moe3d_ros.world.workspace import Workspace

PLANNER = {parameter.name: parameter.default for parameter in TABLES["planner"]}
MAX_AGE = next(parameter.default for parameter in TABLES["moveit_goals"] if parameter.name == "max_age")
BOX = Workspace()


@pytest.mark.parametrize("held", [False, True])
def test_the_defaults_go_with_each_other(held):
    values = {**PLANNER, "require_confirmation": held}
    assert longest_age(values) <= MAX_AGE
    assert conflicts(values, BOX, MAX_AGE) == []


@pytest.mark.parametrize(
    ("changed", "follower_age", "words"),
    [
        ({"require_confirmation": True}, 30.0, "confirmation_timeout (60 s)"),
        ({"require_confirmation": True, "confirmation_timeout": 0.0}, 90.0, "confirmation_timeout (0 s, any)"),
        ({"require_confirmation": True, "confirmation_timeout": 120.0}, 90.0, "up to 125 s"),
        ({"max_cloud_age": 100.0}, 90.0, "max_cloud_age (100 s)"),
        ({"max_cloud_age": 0.0}, 90.0, "at any age"),
        ({"require_confirmation": True, "marker_lifetime": 30.0}, 0.0, "marker_lifetime (30 s) ends before"),
        ({"cloud_wait": 60.0}, 0.0, "no time left to plan"),
        ({"max_reach": 0.2}, 0.0, "ends before the workspace"),
        ({"keep_out": ["0 -1 -1 2 1 1"]}, 0.0, "holds all of the workspace"),
    ],
)
def test_two_limits_of_which_one_makes_the_other_useless_are_told(changed, follower_age, words):
    found = conflicts({**PLANNER, **changed}, BOX, follower_age)
    assert len(found) == 1, found
    assert words in found[0]
    assert all(name in found[0] for name in changed if name != "require_confirmation")


@pytest.mark.parametrize(
    ("changed", "follower_age"),
    [
        ({"confirmation_timeout": 600.0}, 30.0),  # nothing is held
        ({"require_confirmation": True, "confirmation_timeout": 0.0, "max_cloud_age": 0.0}, 0.0),
        ({"marker_lifetime": 30.0}, 90.0),
        ({"max_reach": 0.3, "keep_out": ["0 0 0 0.4 0.5 1"]}, 90.0),
    ],
)
def test_limits_that_go_with_each_other_are_silent(changed, follower_age):
    assert conflicts({**PLANNER, **changed}, BOX, follower_age) == []

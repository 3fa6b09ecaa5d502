"""The files of parameters for single arms hold nothing that moveit_goals would refuse."""

import pytest
import yaml
from places import ROOT

from moe3d_ros.nodes.runtime.parameter_tables import MOVEIT_GOALS

FILES = sorted((ROOT / "config" / "arms").glob("*.yaml"))


def test_there_is_one_for_a_ur_and_one_for_a_panda():
    assert {path.stem for path in FILES} >= {"ur", "panda"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_is_known_and_in_range(path):
    table = {parameter.name: parameter for parameter in MOVEIT_GOALS}
    values = yaml.safe_load(path.read_text())["/**/moveit_goals"]["ros__parameters"]
    for name, value in values.items():
        assert type(value) is type(table[name].default), name
        assert table[name].problem(value) is None
    assert values["replans"] > 0  # what the tutorial says
    assert (values["gripper_type"] == "set_bool") == (path.stem == "ur")

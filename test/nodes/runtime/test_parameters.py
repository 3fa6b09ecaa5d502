"""The parameters' one home: every one is described and checked, and the page that is generated from it is up to date."""

import subprocess
import sys

import pytest
from places import ROOT

from moe3d_ros.nodes.runtime.parameter_checks import CAMERA_NAMES, check_voxelizer, check_workspace, own_workspace
from moe3d_ros.nodes.runtime.parameter_tables import TABLES, WHEN

ALL = [(node, parameter) for node, table in TABLES.items() for parameter in table]


@pytest.mark.parametrize(("node", "parameter"), ALL, ids=[f"{node}-{parameter.name}" for node, parameter in ALL])
def test_every_parameter_is_described_bounded_and_takes_its_default(node, parameter):
    assert parameter.problem(parameter.default) is None
    assert parameter.description.endswith(".")
    assert len(parameter.description) > 10
    assert parameter.when in WHEN
    if type(parameter.default) in (int, float):
        assert parameter.low is not None
        assert parameter.low <= parameter.default <= parameter.high
        for value in (parameter.low - 1, parameter.high + 1):
            assert parameter.name in parameter.problem(value)
    if type(parameter.default) is float:
        assert "finite" in parameter.problem(float("nan"))
        assert parameter.unit or parameter.high == 1
    names = [other.name for other in TABLES[node]]
    assert names.count(parameter.name) == 1


@pytest.mark.parametrize(
    ("node", "name", "value", "words"),
    [
        ("voxelizer", "input", "radar", "points or depth"),
        ("voxelizer", "reliability", "perhaps", "best_effort"),
        ("voxelizer", "workspace_low", [1.0], "1 numbers"),
        ("voxelizer", "workspace_low", [0.0, float("inf"), 0.0], "finite"),
        ("voxelizer", "voxel_size", 0.0005, "too small"),
        ("planner", "workspace", "0 0 0 1 1", "six numbers"),
        ("planner", "workspace", "0 0 1 1 1 0", "lowest corner first"),
        ("voxelizer", "static_transforms", ["a b 1"], "parent child"),
        ("voxelizer", "cameras", ["left", "left"], "one twice"),
        ("voxelizer", "clouds", ["/a b"], "no ROS name"),
        ("voxelizer", "planning_frame", "", "base_link"),
        ("voxelizer", "planning_frame", "/base_link", "without a slash"),
        ("planner", "device", "gpu", "cuda:N"),
        ("planner", "device", "cuda:x", "cuda:N"),
        ("planner", "keep_out", ["1 2"], "six numbers"),
        ("tabletop", "cameras", [], "none"),
        ("tabletop", "cameras", ["behind"], "behind"),
        ("replay", "camera_pose", [0.0, 1.0], "2 numbers"),
    ],
)
def test_a_bad_value_has_a_reason(node, name, value, words):
    parameter = next(parameter for parameter in TABLES[node] if parameter.name == name)
    problem = parameter.problem(value)
    assert problem.startswith(f"The parameter {name} ")
    assert words in problem
    assert problem.endswith(".")


def test_a_workspace_needs_low_below_high():
    check_workspace({"workspace_low": [0.0, 0.0, 0.0], "workspace_high": [1.0, 1.0, 1.0]})
    with pytest.raises(ValueError, match="low < high"):
        check_workspace({"workspace_low": [1.0, 0.0, 0.0], "workspace_high": [1.0, 1.0, 1.0]})


def test_several_cameras_need_transforms_and_names_of_their_own():
    values = {parameter.name: parameter.default for parameter in TABLES["voxelizer"]}
    check_voxelizer({**values, "cameras": ["left"], "table_plane": True})
    check_voxelizer({**values, "cameras": ["left"], "clouds": ["/right/points"]})
    with pytest.raises(ValueError, match="one camera only"):
        check_voxelizer({**values, "cameras": ["left"], "clouds": ["/right/points"], "table_plane": True})
    with pytest.raises(ValueError, match="once"):
        check_voxelizer({**values, "cameras": ["left"], "clouds": ["left"]})


def test_camera_names_are_those_of_the_world():
    from moe3d_ros.tabletop.scenes.scene import CAMERAS

    assert tuple(CAMERAS) == CAMERA_NAMES


def test_inputs_are_those_that_the_voxelizer_can_listen_to():
    from moe3d_ros.nodes.cameras.inputs import INPUTS

    assert next(parameter for parameter in TABLES["voxelizer"] if parameter.name == "input").choices == tuple(INPUTS)


def test_transports_are_those_that_the_voxelizer_and_the_launch_file_know():
    from moe3d_ros.nodes.cameras.sensor_transports import KNOWN
    from moe3d_ros.nodes.settings.launch_arguments import ARGUMENTS, TRANSPORTS

    choices = {parameter.name: parameter.choices for parameter in TABLES["voxelizer"]}
    arguments = {name: among for name, _, among, _ in ARGUMENTS}
    assert set(KNOWN) == set(TRANSPORTS)
    for name, known in KNOWN.items():
        assert choices[name] == known
        assert arguments[name] == ("", *known)


def test_a_workspace_is_given_whole_or_left_to_the_model():
    assert own_workspace({"workspace_low": [0.0], "workspace_high": [0.0]}) is None
    with pytest.raises(ValueError, match="workspace_high is given and workspace_low is not: give both"):
        own_workspace({"workspace_low": [0.0], "workspace_high": [1.0, 1.0, 1.0]})


def test_the_generated_page_is_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "parameters_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""Launch files and the configuration they hand out: arguments, parameters, RViz topics."""

import ast
import json
import re

import pytest
import yaml
from places import ROOT

from benchmarks.soak import RESPAWN_DELAY
from moe3d_ros.nodes.runtime.parameter_tables import TABLES
from moe3d_ros.nodes.settings.launch_arguments import ARGUMENTS, YES, check, overrides

OUTPUTS = {"points", "voxels", "plan_markers", "pick_pose", "place_pose", "goal_pose"}


@pytest.mark.parametrize("node", list(TABLES))
def test_parameter_file_holds_every_parameter_with_its_default(node):
    written = yaml.safe_load((ROOT / "config" / "planner.yaml").read_text())[f"/**/{node}"]["ros__parameters"]
    assert written == {parameter.name: parameter.default for parameter in TABLES[node]}
    assert len(written) >= 3


def test_rviz_shows_every_topic_by_its_relative_name():
    config = yaml.safe_load((ROOT / "config" / "moe3d.rviz").read_text())
    displays = config["Visualization Manager"]["Displays"]
    assert {display["Topic"]["Value"] for display in displays if "Topic" in display} == OUTPUTS


def test_rviz_shows_everything_at_once_and_gets_the_last_plan():
    config = yaml.safe_load((ROOT / "config" / "moe3d.rviz").read_text())
    displays = {display["Name"]: display for display in config["Visualization Manager"]["Displays"]}
    kinds = {name: displays[name]["Class"].rpartition("/")[2] for name in displays}
    assert kinds == {
        "Table": "Grid",
        "Robot base": "Axes",
        "Cloud": "PointCloud2",
        "Voxels": "PointCloud2",
        "Frames": "TF",
        "Plan": "MarkerArray",
        "Pick": "Pose",
        "Place": "Pose",
        "Goal": "Pose",
        "Robot": "RobotModel",
    }
    assert displays["Robot"]["Description Topic"]["Value"] == "robot_description"
    assert displays["Robot"]["Description Topic"]["Durability Policy"] == "Transient Local"
    assert [name for name, display in displays.items() if not display["Enabled"]] == ["Frames"]
    assert displays["Plan"]["Topic"]["Durability Policy"] == "Transient Local"  # as it is published
    assert displays["Plan"]["Namespaces"] == {}  # none is hidden, the words of the plan neither
    assert displays["Cloud"]["Topic"]["Reliability Policy"] == "Best Effort"  # connects to every driver
    assert {displays[name]["Color Transformer"] for name in ("Cloud", "Voxels")} == {"RGB8"}


def test_foxgloves_layout_names_topics_and_panels_that_are_there():
    layout = json.loads((ROOT / "config" / "moe3d.foxglove.json").read_text())
    panels = layout["configById"]

    def leaves(node) -> list[str]:
        return [node] if isinstance(node, str) else leaves(node["first"]) + leaves(node["second"])

    assert sorted(leaves(layout["layout"])) == sorted(panels)
    scene = panels["3D!scene"]
    assert {name.lstrip("/") for name in scene["topics"]} == {*OUTPUTS, "robot_description"}
    assert scene["layers"]["robot"]["topic"] == "/robot_description"
    assert panels["Publish!say"]["topicName"] == "/instruction"
    assert json.loads(panels["Publish!say"]["value"])["data"]


def test_launch_files_have_no_network_and_no_eval():
    for path in (ROOT / "launch").glob("*.py"):
        assert not re.search(r"\b(eval|exec|requests|urllib|subprocess)\b", path.read_text()), path


def test_every_node_of_this_package_respawns_on_demand():
    """Of the text, since launch is not on the embedded route; what a respawn brings back is in test_nodes_soak.py."""
    text = (ROOT / "launch" / "planner.launch.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    nodes = [call for call in calls if getattr(call.func, "id", "") == "Node"]
    assert len(nodes) == 1
    assert 'respawn="respawn" in wanted' in text
    delay = float(re.search(r"RESPAWN_DELAY = ([\d.]+)", text).group(1))
    assert delay == RESPAWN_DELAY  # as the soak does it


def given(**arguments) -> tuple[dict[str, str], set[str]]:
    """Arguments as the launch file has them, the rest at their defaults."""
    values = {**{name: default for name, default, *_ in ARGUMENTS}, **arguments}
    return values, {name for name, value in values.items() if value in YES}


def test_without_arguments_everything_is_as_the_parameter_file_says():
    assert overrides(*given()) == {}


@pytest.mark.parametrize(
    ("arguments", "node", "parameters"),
    [
        ({"input": "depth"}, "voxelizer", {"input": "depth"}),
        ({"depth_image_transport": "compressedDepth"}, "voxelizer", {"depth_image_transport": "compressedDepth"}),
        ({"image_transport": "compressed"}, "voxelizer", {"image_transport": "compressed"}),
        ({"point_cloud_transport": "zstd"}, "voxelizer", {"point_cloud_transport": "zstd"}),
        ({"checkpoint": "mine", "device": "cuda"}, "planner", {"checkpoint": "mine", "device": "cuda"}),
        ({"autostart": "false"}, "planner", {"autostart": False}),
        ({"autostart": "true"}, "voxelizer", {"autostart": True}),
        ({"planning_frame": "arm"}, "tabletop", {"planning_frame": "arm"}),
        ({"arm": "false"}, "tabletop", {"arm": False}),
        ({"arm": "True"}, "tabletop", {"arm": True}),
        ({"cloud": "a.mcap", "use_sim_time": "true"}, "replay", {"cloud": "a.mcap", "clock": True}),
        ({"cloud": "a.mcap"}, "replay", {"cloud": "a.mcap"}),
    ],
)
def test_an_argument_that_is_given_wins_and_no_other_does(arguments, node, parameters):
    assert overrides(*given(**arguments))[f"/**/{node}"] == {"ros__parameters": parameters}


@pytest.mark.parametrize("arguments", [{"sim": "true"}, {"sim": "1"}, {"cloud": "scan.pcd"}, {"cloud": "/a/scan.PLY"}])
def test_a_time_that_nobody_publishes_is_refused(arguments):
    check(*given(**arguments))
    with pytest.raises(RuntimeError, match="publishes no /clock"):
        check(*given(use_sim_time="true", **arguments))


def test_a_recording_or_another_simulator_may_publish_the_time():
    check(*given(use_sim_time="true", cloud="/a/recording"))
    check(*given(use_sim_time="true"))


@pytest.mark.parametrize(
    "name", ["sim", "rviz", "view", "composed", "respawn", "autostart", "use_sim_time", "log_level", "input"]
)
def test_an_argument_that_is_one_of_few_says_which(name):
    _, default, choices, _ = next(argument for argument in ARGUMENTS if argument[0] == name)
    assert default in choices
    assert not {"yes", "on", "verbose", "image"} & set(choices)


def test_readme_names_every_launch_argument():
    text = (ROOT / "README.md").read_text()
    listed = text[text.index("Launch arguments:") :]
    listed = listed[: listed.index("Every parameter")]
    assert set(re.findall(r"`(\w+)`", listed)) >= {name for name, *_ in ARGUMENTS}


def test_rviz_is_started_before_the_nodes():
    """Where it is not installed the launch ends there, and no node is left running."""
    text = (ROOT / "launch" / "planner.launch.py").read_text()
    start = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == "start")
    returned = ast.unparse(start.body[-1])
    assert 0 < returned.index("rviz(") < returned.index("nodes(")


def test_launch_description_declares_its_arguments_at_the_top():
    pytest.importorskip("launch_ros", reason="launch comes with ROS 2 from apt")
    from launch.actions import DeclareLaunchArgument
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    description = get_launch_description_from_python_launch_file(str(ROOT / "launch" / "planner.launch.py"))
    arguments = {entity.name for entity in description.entities if isinstance(entity, DeclareLaunchArgument)}
    assert arguments >= {"sim", "rviz", "input", "params_file", "namespace", "use_sim_time", "log_level", "cloud"}
    assert arguments >= {"autostart", "respawn", "composed", "view"}
    assert all(entity.description for entity in description.entities if isinstance(entity, DeclareLaunchArgument))

"""Launch files and the configuration they hand out: arguments, parameters, RViz topics."""

import ast
import re

import pytest
import yaml
from places import ROOT

from benchmarks.soak import RESPAWN_DELAY
from moe3d_ros.nodes.runtime.parameter_tables import TABLES

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
    }
    assert [name for name, display in displays.items() if not display["Enabled"]] == ["Frames"]
    assert displays["Plan"]["Topic"]["Durability Policy"] == "Transient Local"  # as it is published
    assert displays["Plan"]["Namespaces"] == {}  # none is hidden, the words of the plan neither
    assert displays["Cloud"]["Topic"]["Reliability Policy"] == "Best Effort"  # connects to every driver
    assert {displays[name]["Color Transformer"] for name in ("Cloud", "Voxels")} == {"RGB8"}


def test_launch_files_have_no_network_and_no_eval():
    for path in (ROOT / "launch").glob("*.py"):
        assert not re.search(r"\b(eval|exec|requests|urllib|subprocess)\b", path.read_text()), path


def test_every_node_of_this_package_respawns_on_demand():
    """Of the text, since launch is not on the embedded route; what a respawn brings back is in test_nodes_soak.py."""
    text = (ROOT / "launch" / "planner.launch.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    nodes = [call for call in calls if getattr(call.func, "id", "") == "Node"]
    shared = [[k.value.id for k in call.keywords if k.arg is None and isinstance(k.value, ast.Name)] for call in nodes]
    assert len(nodes) == 2
    assert all(names == ["process"] for names in shared)
    assert '"respawn": value["respawn"]' in text
    assert '("respawn", "false",' in text
    delay = float(re.search(r"RESPAWN_DELAY = ([\d.]+)", text).group(1))
    assert delay == RESPAWN_DELAY  # as the soak does it


def test_launch_description_declares_its_arguments_at_the_top():
    pytest.importorskip("launch_ros", reason="launch comes with ROS 2 from apt")
    from launch.actions import DeclareLaunchArgument
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    description = get_launch_description_from_python_launch_file(str(ROOT / "launch" / "planner.launch.py"))
    arguments = {entity.name for entity in description.entities if isinstance(entity, DeclareLaunchArgument)}
    assert arguments >= {"sim", "rviz", "input", "params_file", "namespace", "use_sim_time", "log_level", "cloud"}
    assert arguments >= {"autostart", "respawn", "composed", "view"}
    assert all(entity.description for entity in description.entities if isinstance(entity, DeclareLaunchArgument))

"""The SROS2 policy allows what the nodes really do, and nothing that none of them does."""

import subprocess
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from ros_helpers import TIMEOUT, NodeProcess, Probe

from moe3d_ros.recording import bags

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")
from places import ROOT
from rclpy.action import get_action_client_names_and_types_by_node, get_action_server_names_and_types_by_node

CONFIG = ROOT / "config"
INCLUDE = "{http://www.w3.org/2001/XInclude}include"
# Allowed, but not seen here: with use_sim_time, with tf2 installed, with other parameters.
ON_DEMAND = {
    "voxelizer": {
        ("topics", "subscribe", "/clock"),
        ("services", "reply", "/tf2_frames"),
        # with point_cloud_interfaces
        ("topics", "subscribe", "/points/zlib"),
        ("topics", "subscribe", "/points/zstd"),
    },
    "planner": {
        ("topics", "subscribe", "/clock"),
        # with a detector, and where what is seen is published
        ("topics", "subscribe", "/detector/camera_info"),
        ("topics", "subscribe", "/detector/detections"),
        ("topics", "subscribe", "/tf"),
        ("topics", "subscribe", "/tf_static"),
        ("topics", "publish", "/detections"),
        ("services", "reply", "/tf2_frames"),
    },
    "tabletop": {("topics", "subscribe", "/clock")},
    "replay": {("topics", "subscribe", "/clock")},
    "record": {("topics", "subscribe", "/clock")},
    "moveit_goals": {("topics", "subscribe", "/clock")},
    "viewer": {("topics", "subscribe", "/clock")},
    "mcp": {("topics", "subscribe", "/clock"), ("topics", "publish", "/diagnostics")},
}


def allowed(profile) -> set[tuple[str, str, str]]:
    """What a profile allows: (topics, services or actions; what may be done; full name)."""
    rules, node, ns = set(), profile.get("node"), profile.get("ns")
    groups = [group for group in profile if group.tag != INCLUDE]
    for include in profile.iter(INCLUDE):  # xpointer(/profile/*): the other file's groups
        assert include.get("xpointer") == "xpointer(/profile/*)"
        groups += list(ElementTree.parse(CONFIG / include.get("href")).getroot())
    for group in groups:
        ((what, permission),) = group.attrib.items()
        assert permission == "ALLOW"
        for item in group:
            assert item.tag == group.tag.rstrip("s")
            name = item.text.replace("~", f"{ns}{node}", 1)
            rules.add((group.tag, what, name if name.startswith("/") else ns + name))
    return rules


def policy() -> dict[str, list[tuple[str, set]]]:
    """Enclave -> its nodes with what they may do."""
    root = ElementTree.parse(CONFIG / "sros2_policy.xml").getroot()
    return {
        enclave.get("path"): [(profile.get("node"), allowed(profile)) for profile in enclave.iter("profile")]
        for enclave in root.iter("enclave")
    }


def used(node, name: str) -> set[tuple[str, str, str]]:
    """What a running node does, as the graph says."""
    asked = {
        ("topics", "publish"): node.get_publisher_names_and_types_by_node,
        ("topics", "subscribe"): node.get_subscriber_names_and_types_by_node,
        ("services", "reply"): node.get_service_names_and_types_by_node,
        ("services", "request"): node.get_client_names_and_types_by_node,
        ("actions", "execute"): lambda *who: get_action_server_names_and_types_by_node(node, *who),
        ("actions", "call"): lambda *who: get_action_client_names_and_types_by_node(node, *who),
    }
    try:
        found = {key: [item for item, _ in ask(name, "/")] for key, ask in asked.items()}
    except rclpy.node.NodeNameNonExistentError:
        return set()
    return {(*key, item) for key, items in found.items() for item in items if "/_action/" not in item}


def check(name: str, rules: set, unseen=frozenset()) -> None:
    """The node does exactly what the policy allows, but for what is on demand; it is waited for until it does all.

    It is looked at by a node that starts for it, as ``ros2 node info`` does: one that was there before may go on to see what
    another node of this name did, which has ended.
    """
    expected = rules - ON_DEMAND[name] - set(unseen)
    probe = Probe()
    try:
        end = time.monotonic() + TIMEOUT
        while not expected <= used(probe.node, name) and time.monotonic() < end:
            time.sleep(0.1)  # the graph of rclpy has no event to wait for
        seen = used(probe.node, name)
    finally:
        probe.close()
    assert seen <= rules, f"{name} is not allowed {sorted(seen - rules)}"
    assert expected <= seen, f"{name} never uses {sorted(expected - seen)}"


def test_composed_may_do_what_its_two_nodes_may():
    enclaves = policy()
    assert enclaves["/moe3d_ros/composed"] == [
        *enclaves["/moe3d_ros/voxelizer"],
        *enclaves["/moe3d_ros/planner"],
    ]
    assert set(enclaves) - {"/moe3d_ros/composed"} == {f"/moe3d_ros/{name}" for name in ON_DEMAND}
    for path, profiles in enclaves.items():
        for name, rules in profiles:
            assert path in ("/moe3d_ros/composed", f"/moe3d_ros/{name}")
            assert ON_DEMAND[name] <= rules


def test_planner_and_tabletop_do_what_the_policy_allows(tiny_checkpoint):
    rules = {path.rpartition("/")[2]: profiles[0][1] for path, profiles in policy().items()}
    small = {"width": 64, "height": 48}
    nodes = [NodeProcess("planner", {"checkpoint": str(tiny_checkpoint)}), NodeProcess("tabletop", small)]
    for name in ("planner", "tabletop"):
        check(name, rules[name])
    assert [node.stop() for node in nodes] == [0, 0]


def test_viewer_does_what_the_policy_allows():
    pytest.importorskip("viser")
    node = NodeProcess("viewer", {"port": 0})
    check("viewer", policy()["/moe3d_ros/viewer"][0][1])
    assert node.stop() == 0


def test_an_assistants_server_does_what_the_policy_allows_and_has_no_way_to_a_goal():
    pytest.importorskip("mcp")
    rules = policy()["/moe3d_ros/mcp"][0][1]
    ways = ("instruction", "plan_task", "confirm", "planned_action", "pick_pose", "place_pose", "goal_pose")
    assert not {name for _, _, name in rules} & {f"/{way}" for way in ways}
    node = NodeProcess("mcp", stdin=subprocess.PIPE)
    check("mcp", rules)
    node.process.stdin.close()  # the client has left
    assert node.process.wait(TIMEOUT) == 0


def test_voxelizer_does_what_the_policy_allows_with_either_input():
    rules = policy()["/moe3d_ros/voxelizer"][0][1]
    images = {
        ("topics", "subscribe", f"/{name}")
        for name in ("depth/image_rect", "depth/camera_info", "rgb/image_rect_color", "rgb/camera_info")
    }
    clouds = {("topics", "subscribe", "/points")}
    compressed = {rule for rule in rules if rule[2].rpartition("/")[2] in ("compressed", "compressedDepth")}
    node = NodeProcess("voxelizer", {"table_plane": True})
    check("voxelizer", rules, images | compressed)
    assert node.stop() == 0
    node = NodeProcess("voxelizer", {"input": "depth", "table_plane": True})
    check("voxelizer", rules, clouds | compressed)
    assert node.stop() == 0
    for depth in ("compressed", "compressedDepth"):
        used = {
            rule for rule in compressed if rule[2] in (f"/depth/image_rect/{depth}", "/rgb/image_rect_color/compressed")
        }
        raw = {rule for rule in images if "image_rect" in rule[2]}
        transports = {"depth_image_transport": depth, "image_transport": "compressed"}
        node = NodeProcess("voxelizer", {"input": "depth", "table_plane": True, **transports})
        check("voxelizer", rules, clouds | raw | (compressed - used))
        assert node.stop() == 0


def test_record_does_what_the_policy_allows(tmp_path):
    from moe3d_ros.nodes.record import CONTRACT

    node = NodeProcess("record", {"output": str(tmp_path / "bag"), "topics": list(CONTRACT)})
    node.wait_log("Recording ")
    check("record", policy()["/moe3d_ros/record"][0][1])
    assert node.stop() == 0


def test_replay_does_what_the_policy_allows(tmp_path):
    messages = {
        "/points": empty_cloud(),
        "/voxels": empty_cloud(),
        "/depth/image_rect": empty_image(),
        "/depth/image_rect/compressedDepth": empty_file(),
        "/depth/camera_info": empty_info(),
        "/rgb/image_rect_color": empty_image(),
        "/rgb/image_rect_color/compressed": empty_file(),
        "/instruction": bags.string("look"),
        "/tf": bags.message("tf2_msgs/msg/TFMessage", transforms=[]),
        "/tf_static": bags.message("tf2_msgs/msg/TFMessage", transforms=[]),
    }
    recording = bags.write_bag(tmp_path / "bag", [(name, 1, message) for name, message in messages.items()])
    parameters = {"cloud": str(recording), "topics": list(messages), "loop": True, "clock": True}
    node = NodeProcess("replay", parameters)
    check("replay", policy()["/moe3d_ros/replay"][0][1])
    assert node.stop() == 0


def empty_cloud():
    """sensor_msgs/PointCloud2 without a point."""
    return bags.cloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), 1, "x")


def empty_file():
    """sensor_msgs/CompressedImage without a byte."""
    return bags.message(
        "sensor_msgs/msg/CompressedImage", header=bags.header(1, "x"), format="", data=np.zeros(0, np.uint8)
    )


def empty_image():
    """sensor_msgs/Image without a pixel."""
    return bags.message(
        "sensor_msgs/msg/Image",
        header=bags.header(1, "x"),
        height=0,
        width=0,
        encoding="rgb8",
        is_bigendian=0,
        step=0,
        data=np.zeros(0, np.uint8),
    )


def empty_info():
    """sensor_msgs/CameraInfo of no camera."""
    roi = bags.message("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    return bags.message(
        "sensor_msgs/msg/CameraInfo",
        header=bags.header(1, "x"),
        height=0,
        width=0,
        distortion_model="",
        d=np.zeros(0),
        k=np.zeros(9),
        r=np.zeros(9),
        p=np.zeros(12),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )

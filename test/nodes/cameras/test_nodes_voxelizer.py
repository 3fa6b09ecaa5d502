"""The voxelizer as a process: good clouds give voxels, bad ones a sentence, and the next good one voxels again."""

import array
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from ros_helpers import BEST_EFFORT, DOMAIN, LATCHED, RELIABLE, NodeProcess, cloud_msg, scene_cloud, statuses
from rtps_packets import first_fragment, gap, send
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, header, image_to_msg
from moe3d_ros.nodes.runtime.qos import SENSOR_IN
from moe3d_ros.nodes.seams.transforms import transform_to_msg
from moe3d_ros.sensing.clouds import read_cloud, transform_points
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.geometry import tool_down_matrix

RECEIVE_BUFFER = int(Path("/proc/sys/net/core/rmem_max").read_text())  # bytes at most
POINTS, COLORS = scene_cloud()
CAMERA = np.eye(4)  # 0.8 m above the middle of the table, looking straight down
CAMERA[:3, :3] = tool_down_matrix(0.3)
CAMERA[:3, 3] = [0.5, 0.0, 0.8]
report = statuses("voxelizer: voxels")


@pytest.fixture(scope="module")
def points_node(probe):
    node = NodeProcess(
        "voxelizer", {"static_transforms": ["base_link overhead 0.5 0 0.8 1 0 0 0"]}, namespace="points_input"
    )
    talk = probe.talk(PointCloud2, "/points_input/points")
    yield (
        node,
        talk,
        probe.listen(PointCloud2, "/points_input/voxels"),
        probe.listen(DiagnosticArray, "/diagnostics", 10),
    )
    assert node.stop() == 0, node.log


def good(probe, frame="base_link"):
    """A fresh good cloud."""
    return cloud_msg(POINTS, COLORS, frame, probe.now())


def answers_good_cloud(probe, points_node):
    """The next good cloud gives voxels with its stamp, in the planning frame."""
    node, talk, voxels, _ = points_node
    assert node.alive(), node.log
    start, first = len(voxels.messages), probe.now()
    with probe.streaming(talk, lambda: good(probe)):
        msg = voxels.wait(
            lambda m: (m.header.stamp.sec, m.header.stamp.nanosec) >= (first.sec, first.nanosec) and m.width > 1000,
            start=start,
        )
    assert msg.header.frame_id == "base_link"
    return msg


def test_voxels_are_those_of_the_library(probe, points_node):
    points, colors = read_cloud(answers_good_cloud(probe, points_node))
    expected_points, expected_colors = voxelize(POINTS, COLORS)
    np.testing.assert_allclose(points, expected_points, atol=1e-6)
    np.testing.assert_array_equal(colors, expected_colors)
    points_node[3].wait(report("working"))


def bad(probe, **changes):
    """A good cloud with some fields changed."""
    msg = good(probe)
    for name, value in changes.items():
        setattr(msg, name, value)
    return msg


def without_colour(probe):
    msg = good(probe)
    msg.fields = msg.fields[:3]
    return msg


def big_endian(probe):
    msg = good(probe)
    swapped = np.frombuffer(msg.data, "<u4").astype(">u4")
    msg.data = array.array("B", swapped.tobytes())
    msg.is_bigendian = True
    return msg


def nan_cloud(probe):
    return cloud_msg(np.full((5000, 3), np.nan, np.float32), np.zeros((5000, 3), np.uint8), "base_link", probe.now())


@pytest.mark.parametrize(
    ("make", "words", "publishes"),
    [
        (lambda p: cloud_msg(POINTS[:0], COLORS[:0], "base_link", p.now()), "0 points", True),
        (nan_cloud, "no valid point", True),
        (lambda p: cloud_msg(POINTS + np.float32(5), COLORS, "base_link", p.now()), "No point of the cloud lies", True),
        (without_colour, "no colour", True),
        (lambda p: bad(p, data=good(p).data[:-100]), "truncated", False),
        (lambda p: bad(p, width=2**31), "truncated", False),
        (lambda p: bad(p, point_step=0, row_step=0), "0-byte point", False),
        (lambda p: good(p, "nowhere"), "no transform from 'nowhere' to 'base_link'", False),
        (lambda p: good(p, ""), "empty frame_id", False),
    ],
    ids=[
        "empty",
        "all-nan",
        "outside",
        "no-colour",
        "truncated",
        "claims-too-much",
        "zero-step",
        "unknown-frame",
        "no-frame",
    ],
)
def test_bad_cloud_is_reported_and_the_next_good_one_answered(probe, points_node, make, words, publishes):
    node, talk, voxels, diagnostics = points_node
    answers_good_cloud(probe, points_node)
    start, reports = len(voxels.messages), len(diagnostics.messages)
    with probe.streaming(talk, lambda: make(probe)):
        diagnostics.wait(report(words), start=reports)
        if publishes:
            voxels.wait(lambda m: m.width < 10 or "colour" in words, start=start)
    node.wait_log(words)  # as well as on /diagnostics
    answers_good_cloud(probe, points_node)
    diagnostics.wait(report("working"), start=len(diagnostics.messages) - 1)


def test_big_endian_cloud_gives_the_same_voxels(probe, points_node):
    _node, talk, voxels, _ = points_node
    expected = read_cloud(answers_good_cloud(probe, points_node))
    start, first = len(voxels.messages), probe.now()
    with probe.streaming(talk, lambda: big_endian(probe)):
        msg = voxels.wait(
            lambda m: (m.header.stamp.sec, m.header.stamp.nanosec) >= (first.sec, first.nanosec), start=start
        )
    for got, wanted in zip(read_cloud(msg), expected):
        np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_two_million_points(probe, points_node):
    _node, talk, voxels, _ = points_node
    points, colors = scene_cloud(2_000_000, seed=1)
    msg = cloud_msg(points, colors, "base_link", probe.now())
    start = len(voxels.messages)
    talk.publish(msg)
    with probe.streaming(talk, lambda: msg, rate=0.05):  # 32 MB: on a loaded machine a faster camera overtakes itself
        got = voxels.wait(lambda m: m.header.stamp == msg.header.stamp, start=start)
    assert got.width == len(voxelize(points, colors)[0])
    answers_good_cloud(probe, points_node)


def test_transform_from_a_parameter_and_from_a_topic(probe, points_node):
    _node, talk, voxels, _ = points_node
    inverse = np.linalg.inv(
        np.block([[np.diag([1.0, -1, -1]), np.array([[0.5], [0], [0.8]])], [np.zeros((1, 3)), np.ones((1, 1))]])
    )
    start = len(voxels.messages)
    with probe.streaming(talk, lambda: cloud_msg(transform_points(inverse, POINTS), COLORS, "overhead", probe.now())):
        msg = voxels.wait(lambda m: m.width > 1000, start=start + 2)
    assert abs(msg.width - len(voxelize(POINTS, COLORS)[0])) < 0.02 * msg.width
    sender = probe.talk(TFMessage, "/tf_static", LATCHED)
    sender.publish(TFMessage(transforms=[transform_to_msg("base_link", "side", CAMERA, probe.now())]))
    start = len(voxels.messages)
    with probe.streaming(
        talk, lambda: cloud_msg(transform_points(np.linalg.inv(CAMERA), POINTS), COLORS, "side", probe.now())
    ):
        msg = voxels.wait(lambda m: m.width > 1000, start=start + 2)
    assert abs(msg.width - len(voxelize(POINTS, COLORS)[0])) < 0.05 * msg.width


@pytest.mark.skipif(RECEIVE_BUFFER < 4 << 20, reason="the kernel allows no receive buffer of 4 MB (net.core.rmem_max)")
def test_large_clouds_that_are_sent_only_once_arrive(probe):
    node = NodeProcess("voxelizer", namespace="large")
    voxels = probe.listen(PointCloud2, "/large/voxels")
    camera = probe.talk(PointCloud2, "/large/points", SENSOR_IN)
    points = np.resize(POINTS, (480 * 640, 3)).astype(np.float32)
    colors = np.resize(COLORS, (480 * 640, 3))
    sent = []

    def look():
        sent.append(1)
        return cloud_msg(points, colors, "base_link", probe.now())

    with probe.streaming(camera, look, rate=5.0):
        voxels.wait()
        first, before = len(sent), len(voxels.messages)
        voxels.wait(start=before + 19)
    assert 20 / (len(sent) - first) > 0.5  # with Fast DDS's defaults at most a tenth
    assert "/dev/shm/fastrtps" not in Path(f"/proc/{node.process.pid}/maps").read_text()
    assert node.stop() == 0


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
@pytest.mark.parametrize("qos", [RELIABLE, BEST_EFFORT], ids=["reliable", "best-effort"])
def test_depth_images_give_voxels(probe, encoding, qos):
    name = f"depth_{encoding.lower()}_{'r' if qos is RELIABLE else 'b'}"
    node = NodeProcess(
        "voxelizer", {"input": "depth", "static_transforms": ["base_link overhead 0.5 0 0.8 1 0 0 0"]}, namespace=name
    )
    voxels = probe.listen(PointCloud2, f"/{name}/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    depth_out = probe.talk(Image, f"/{name}/depth/image_rect", qos)
    info_out = probe.talk(CameraInfo, f"/{name}/depth/camera_info", qos)
    intrinsics = np.array([[150.0, 0, 80], [0, 150.0, 60], [0, 0, 1]])
    depth = np.full((120, 160), 0.8, np.float32)
    depth[50:70, 70:90] = 0.74  # a block
    depth[:10] = 0.0
    pixels = depth if encoding == "32FC1" else np.rint(depth * 1000).astype(np.uint16)

    def send():
        head = header("overhead", probe.now())
        info_out.publish(camera_info_to_msg(intrinsics, 160, 120, head))
        return image_to_msg(pixels, encoding, head)

    with probe.streaming(depth_out, send):
        grey = voxels.wait(lambda m: m.width > 500)
        diagnostics.wait(statuses(f"{name}/voxelizer")("no colour"))
    color_out = probe.talk(Image, f"/{name}/rgb/image_rect_color", qos)
    color = np.full((120, 160, 3), (90, 77, 66), np.uint8)
    color[50:70, 70:90] = (255, 87, 89)

    def send_color():
        msg = send()
        color_out.publish(image_to_msg(color, "rgb8", msg.header))
        return msg

    def is_red(msg):
        points, colors = read_cloud(msg)
        return (
            len(points) > 500 and (colors[points[:, 2] > 0.05] == (255, 87, 89)).all() and (points[:, 2] > 0.05).any()
        )

    with probe.streaming(depth_out, send_color):
        voxels.wait(is_red)
    assert (read_cloud(grey)[1] == 128).all()
    points, _ = read_cloud(voxels.messages[-1])
    np.testing.assert_allclose(points[points[:, 2] > 0.05].mean(axis=0), [0.5, 0.0, 0.06], atol=0.01)

    small = color[::2, ::2]

    def send_unregistered():
        msg = send()
        color_out.publish(image_to_msg(small, "rgb8", msg.header))
        return msg

    with probe.streaming(depth_out, send_unregistered):
        diagnostics.wait(statuses(f"{name}/voxelizer")("register depth"))
    assert node.stop() == 0, node.log


def test_table_plane_is_the_last_resort(probe):
    pytest.importorskip("moe3d_ros.open3d_loader").import_open3d()
    node = NodeProcess("voxelizer", {"table_plane": True}, namespace="plane")
    voxels = probe.listen(PointCloud2, "/plane/voxels")
    transforms = probe.listen(TFMessage, "/tf_static", LATCHED)
    talk = probe.talk(PointCloud2, "/plane/points")
    optical = transform_points(np.linalg.inv(CAMERA), POINTS)
    with probe.streaming(talk, lambda: cloud_msg(optical, COLORS, "somewhere_optical", probe.now()), rate=5.0):
        msg = voxels.wait(lambda m: m.width > 1000)
    transforms.wait(lambda m: m.transforms[0].child_frame_id == "somewhere_optical")
    points, _ = read_cloud(msg)
    assert abs(np.median(points[:, 2])) < 0.005  # the table is at z = 0
    assert node.stop() == 0, node.log


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"input": "radar"}, "set it to points or depth"),
        ({"workspace_low": [1.0, 0.0, 0.0]}, "give both"),
        ({"workspace_low": [1.0, 0.0, 0.0], "workspace_high": [0.5, 1.0, 1.0]}, "workspace needs low < high"),
        ({"static_transforms": ["base_link camera 1 2 3"]}, "parent child x y z"),
        ({"voxel_size": 7.0}, "voxel_size"),
        ({"voxel_size": "small"}, "voxel_size"),
    ],
)
def test_bad_parameters_are_refused_with_the_reason(parameters, words):
    node = NodeProcess("voxelizer", parameters, namespace="refused")
    node.wait_log(words)
    assert node.process.wait(20) == 2
    assert "Traceback" not in node.log


def test_says_that_nothing_arrives(probe):
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    node = NodeProcess("voxelizer", namespace="silent")
    diagnostics.wait(statuses("silent/voxelizer")("nobody publishes on /silent/points"))
    assert node.stop() == 0, node.log


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"\x00\x01\x00\x00", id="no_field"),
        pytest.param(b"\x00\x01\x00\x00" + b"\xff" * 64, id="4_GB_frame"),
        pytest.param(b"\x00\x07\x00\x00" + bytes(64), id="unknown_encapsulation"),
        pytest.param(b"\x00\x01\x00\x00" + b"\xff" * 2_000_000, id="large"),
    ],
)
def test_bytes_that_are_no_message_cost_nothing_but_themselves(probe, points_node, data):
    _node, talk, _, _ = points_node
    for _ in range(3):
        talk.publish(data)
    answers_good_cloud(probe, points_node)


def test_reader_that_the_middleware_breaks_is_replaced(probe):
    """Fast DDS keeps a message that it has freed when a GAP follows its first fragment; to take it would never end."""
    node = NodeProcess("voxelizer", {"static_transforms": ["base_link overhead 0.5 0 0.8 1 0 0 0"]}, namespace="gap")
    camera, voxels = probe.talk(PointCloud2, "/gap/points"), probe.listen(PointCloud2, "/gap/voxels")
    with probe.streaming(camera, lambda: good(probe)):
        voxels.wait(lambda m: m.width > 1000)
    (writer,) = probe.node.get_publishers_info_by_topic("/gap/points")
    guid = bytes(writer.endpoint_gid)
    for number in range(1, 200):  # of these the one after the newest matters: how many were published is not known
        send(guid, DOMAIN.number, first_fragment(guid, number, 500_000), gap(guid, number))
    start, later = len(voxels.messages), probe.now()
    with probe.streaming(camera, lambda: good(probe)):
        voxels.wait(lambda m: m.header.stamp.sec >= later.sec and m.width > 1000, start=start)
    assert node.stop() == 0, node.log

"""The voxelizer with a colour camera that stands elsewhere, and with several cameras: what comes out is the truth."""

import threading

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import ReliabilityPolicy
from rclpy.time import Time
from ros_helpers import BEST_EFFORT, TIMEOUT, NodeProcess, cloud_msg, statuses
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from sideways_camera import BLOCK, FINE, SIDEWAYS, TABLE, K, color_image
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, header, image_to_msg, stamp_ns
from moe3d_ros.nodes.seams.transforms import transform_to_msg
from moe3d_ros.sensing.clouds import read_cloud

PATIENT = {
    "camera_timeout": 3.0,
    "fusion_tolerance": 0.2,
    "transform_timeout": 1.0,
}  # on a machine that does other things too
SPEED = 1.0  # m/s of the camera that moves


def depth_image() -> np.ndarray:
    """As `test_registration.depth_points` has it, as an image."""
    depth = np.full((120, 160), 0.8, np.float32)
    depth[50:70, 70:90] = 0.6
    return depth


def test_colours_of_a_camera_that_stands_elsewhere_are_projected(probe):
    shift = " ".join(f"{-value:g}" for value in SIDEWAYS)  # the colour camera in the depth camera's frame
    node = NodeProcess(
        "voxelizer",
        {
            "input": "depth",
            "static_transforms": ["base_link overhead 0.5 0 0.8 1 0 0 0", f"overhead color {shift} 0 0 0 1"],
        },
        namespace="elsewhere",
    )
    voxels = probe.listen(PointCloud2, "/elsewhere/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    depth_out = probe.talk(Image, "/elsewhere/depth/image_rect")
    info_out = probe.talk(CameraInfo, "/elsewhere/depth/camera_info")
    color_out = probe.talk(Image, "/elsewhere/rgb/image_rect_color")
    color_info_out = probe.talk(CameraInfo, "/elsewhere/rgb/camera_info")
    image = color_image()

    def send():
        stamp = probe.now()
        info_out.publish(camera_info_to_msg(K, 160, 120, header("overhead", stamp)))
        color_out.publish(image_to_msg(image, "rgb8", header("color", stamp)))
        color_info_out.publish(camera_info_to_msg(FINE[:, :3], 320, 240, header("color", stamp)))
        return image_to_msg(depth_image(), "32FC1", header("overhead", stamp))

    def colourful(msg):
        return msg.width > 500 and (read_cloud(msg)[1] == BLOCK).all(axis=1).any()

    with probe.streaming(depth_out, send):
        points, colors = read_cloud(voxels.wait(colourful))
        diagnostics.wait(statuses("elsewhere/voxelizer")("working"))
    top = points[:, 2] > 0.15
    inner = (np.abs(points[:, :2] - [0.5, 0]) < 0.03).all(axis=1)
    assert (top & inner).any()
    assert (colors[top & inner] == BLOCK).all()
    red = (colors == BLOCK).all(axis=1)
    assert (np.abs(points[red][:, :2] - [0.5, 0]).max(axis=1) < 0.05).all()
    assert (points[red][:, 2] > 0.15).all()
    grey, plain = (colors == 128).all(axis=1), (np.abs(colors.astype(int) - TABLE) <= 1).all(axis=1)
    assert (red | grey | plain).mean() > 0.98
    assert plain.mean() > 0.7
    # The optical x axis is the base's x axis here: hidden is the table on the side away from the colour camera.
    strip = (np.abs(points[:, 1]) < 0.02) & ~top & (points[:, 0] > 0.427) & (points[:, 0] < 0.438)
    assert strip.any()
    assert grey[strip].all()
    assert node.stop() == 0, node.log


def lattice(y_low: float, y_high: float) -> np.ndarray:
    """Points in the middle of voxels of 1 cm, one in each: (N, 3) in the base frame."""
    x, y = np.meshgrid(np.arange(0.305, 0.6, 0.01), np.arange(y_low + 0.005, y_high, 0.01), indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.1)], axis=1).astype(np.float32)


LEFT, RIGHT = lattice(0.1, 0.3), lattice(-0.3, 0.0)


def same_places(msg, expected) -> bool:
    """The message holds exactly these voxels."""
    points = read_cloud(msg)[0]
    if len(points) != len(expected):
        return False
    order = [np.lexsort(np.round(cloud, 3).T) for cloud in (points, expected)]
    return np.allclose(points[order[0]], expected[order[1]], atol=2e-3)


class Rig:
    """Two cameras: one stands, one moves along x and stamps 50 ms earlier; its place is on /tf."""

    def __init__(self, probe, namespace: str):
        self._probe, self._begin = probe, stamp_ns(probe.now())
        self.tf = probe.talk(TFMessage, "/tf")
        self.left = probe.talk(PointCloud2, f"/{namespace}/left/points")
        self.right = probe.talk(PointCloud2, f"/{namespace}/right_cloud")

    def place(self, nanoseconds: int) -> np.ndarray:
        """The moving camera in the base frame."""
        transform = np.eye(4)
        transform[0, 3] = SPEED * (nanoseconds - self._begin) * 1e-9
        return transform

    def where(self) -> TFMessage:
        """What a robot says on /tf."""
        now = self._probe.now()
        return TFMessage(transforms=[transform_to_msg("base_link", "moving", self.place(stamp_ns(now)), now)])

    def left_msg(self) -> PointCloud2:
        earlier = stamp_ns(self._probe.now()) - 50_000_000
        points = LEFT.astype(np.float64) - self.place(earlier)[:3, 3]
        stamp = Time(nanoseconds=earlier).to_msg()
        return cloud_msg(points.astype(np.float32), np.full(LEFT.shape, 200, np.uint8), "moving", stamp)

    def right_msg(self) -> PointCloud2:
        return cloud_msg(RIGHT, np.full(RIGHT.shape, 90, np.uint8), "base_link", self._probe.now())


def test_two_cameras_are_merged_and_a_silent_one_is_left_out(probe):
    node = NodeProcess("voxelizer", {"cameras": ["left"], "clouds": ["right_cloud"], **PATIENT}, namespace="pair")
    voxels = probe.listen(PointCloud2, "/pair/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    rig, report = Rig(probe, "pair"), statuses("pair/voxelizer")
    both = np.concatenate([LEFT, RIGHT])
    with probe.streaming(rig.tf, rig.where, rate=20.0), probe.streaming(rig.right, rig.right_msg, rate=5.0):
        with probe.streaming(rig.left, rig.left_msg, rate=5.0):
            voxels.wait(lambda msg: msg.width > len(RIGHT) + 10)
            start = len(voxels.messages)
            merged = voxels.wait(lambda msg: same_places(msg, both), start=start)
            diagnostics.wait(report("working"))
            points, colors = read_cloud(merged)
            assert (colors[points[:, 1] > 0.05] == 200).all()
            assert (colors[points[:, 1] < 0.05] == 90).all()
        stopped, start, begun = stamp_ns(probe.now()), len(voxels.messages), len(diagnostics.messages)
        diagnostics.wait(report("Only 1 of 2 cameras: left is silent"), start=begun)
        voxels.wait(lambda msg: stamp_ns(msg.header.stamp) > stopped and same_places(msg, RIGHT), start=start)
        for msg in voxels.messages[start:]:  # nothing of the camera that stopped is in voxels of later
            if stamp_ns(msg.header.stamp) > stopped + 200_000_000:
                assert same_places(msg, RIGHT)
        start, begun = len(voxels.messages), len(diagnostics.messages)
        with probe.streaming(rig.left, rig.left_msg, rate=5.0):
            voxels.wait(lambda msg: same_places(msg, both), start=start)
            diagnostics.wait(report("working"), start=begun)
    assert node.stop() == 0, node.log


def test_refusing_to_go_on_without_a_camera(probe):
    node = NodeProcess(
        "voxelizer",
        {"cameras": ["left"], "clouds": ["right_cloud"], "missing_cameras": "refuse", **PATIENT},
        namespace="strict",
    )
    voxels = probe.listen(PointCloud2, "/strict/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    rig = Rig(probe, "strict")
    with probe.streaming(rig.tf, rig.where, rate=20.0), probe.streaming(rig.right, rig.right_msg, rate=5.0):
        diagnostics.wait(statuses("strict/voxelizer")("left has sent nothing yet"))
        assert not voxels.messages
        with probe.streaming(rig.left, rig.left_msg, rate=5.0):
            voxels.wait(lambda msg: same_places(msg, np.concatenate([LEFT, RIGHT])))
    assert all(msg.width > len(RIGHT) for msg in voxels.messages)
    assert node.stop() == 0, node.log


def test_sensors_are_left_alone_while_nobody_listens_and_quality_of_service_is_overridable(probe):
    override = "qos_overrides./idle/voxels.publisher.reliability"
    node = NodeProcess("voxelizer", {"idle_rate": 0.0, override: "best_effort"}, namespace="idle")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    diagnostics.wait(statuses("idle/voxelizer")("nobody listens to voxels"))
    heard, left = threading.Event(), threading.Event()
    events = PublisherEventCallbacks(matched=lambda info: (heard if info.current_count else left).set())
    talk = probe.node.create_publisher(PointCloud2, "/idle/points", 10, event_callbacks=events)
    (offered,) = probe.node.get_publishers_info_by_topic("/idle/voxels")
    assert offered.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert probe.node.count_subscribers("/idle/points") == 0
    assert not heard.is_set()
    got = threading.Event()
    listener = probe.node.create_subscription(PointCloud2, "/idle/voxels", lambda _: got.set(), BEST_EFFORT)
    assert heard.wait(TIMEOUT)
    left.clear()
    with probe.streaming(talk, lambda: cloud_msg(RIGHT, np.full(RIGHT.shape, 9, np.uint8), "base_link", probe.now())):
        assert got.wait(TIMEOUT)
    probe.node.destroy_subscription(listener)
    assert left.wait(TIMEOUT)
    assert node.stop() == 0, node.log


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"cameras": ["left", "two words"]}, "'two words' is no ROS name"),
        ({"cameras": ["left", "right"], "table_plane": True}, "for one camera only"),
    ],
)
def test_cameras_that_cannot_be_are_refused(parameters, words):
    node = NodeProcess("voxelizer", parameters, namespace="refused")
    node.wait_log(words)
    assert node.process.wait(20) == 2

"""Cameras on moving arms: their points lie where they were at the stamp, or nothing is said of them, with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.time import Time
from ros_helpers import LATCHED, NodeProcess, cloud_msg, scene_cloud, statuses
from sensor_msgs.msg import PointCloud2
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.nodes.seams.transforms import transform_to_msg
from moe3d_ros.sensing.clouds import read_cloud, transform_points
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.geometry import tool_down_matrix

POINTS, COLORS = scene_cloud()
EXPECTED = voxelize(POINTS, COLORS)[0]
SECOND = 1_000_000_000
UNMOVED = np.eye(4)
PERIOD = SECOND // 50  # between two messages on /tf
SPEED, TURN = 0.3, 0.8  # m/s and rad/s of a brisk arm


class Wrist:
    """An arm that swings its camera over the table, and tells where it is, up to a time.

    What is sent has its stamp long before it is sent, so that it is plain at which of the two times it was placed.
    """

    def __init__(self, probe, base: str = "base_link", frame: str = "wrist_optical", offset=(0.0, 0.0)):
        self._probe, self.base, self.frame, self._offset = probe, base, frame, offset
        self.begin = stamp_ns(probe.now()) - 2 * SECOND
        self._tf = probe.talk(TFMessage, "/tf", 200)

    def place(self, nanoseconds: int) -> np.ndarray:
        """The camera in the arm's base (4, 4): it circles and turns as an arm that looks around does."""
        seconds = (nanoseconds - self.begin) / SECOND
        transform = np.eye(4)
        transform[:3, :3] = tool_down_matrix(0.3 + TURN * seconds)
        transform[:3, 3] = 0.5 + SPEED * seconds + self._offset[0], self._offset[1] - 0.1 * seconds, 0.7
        return transform

    def tell(self, first: int, last: int) -> None:
        """Send the frame's places from one time to another."""
        times = [(at, Time(nanoseconds=at).to_msg()) for at in range(first, last + 1, PERIOD)]
        moves = [transform_to_msg(self.base, self.frame, self.place(at), stamp) for at, stamp in times]
        self._tf.publish(TFMessage(transforms=moves))

    def cloud(self, at: int, points=POINTS, colors=COLORS, base=UNMOVED) -> PointCloud2:
        """What the camera saw at a time; ``base``: of the arm, in the planning frame."""
        seen = transform_points(np.linalg.inv(base @ self.place(at)), points)
        return cloud_msg(seen, colors, self.frame, Time(nanoseconds=at).to_msg())


def lies_right(msg) -> bool:
    """The voxels are those of the scene: table and block to a few millimetres, in the planning frame."""
    points = read_cloud(msg)[0]
    if abs(len(points) - len(EXPECTED)) > 0.05 * len(EXPECTED):
        return False
    top = points[points[:, 2] > 0.04]
    return (
        len(top) > 5
        and np.allclose(top.mean(axis=0), [0.5, 0.1, 0.06], atol=0.004)
        and msg.header.frame_id == "base_link"
    )


@pytest.fixture
def node(probe, request):
    name = request.node.originalname.removeprefix("test_")[:40]
    started = NodeProcess("voxelizer", {"transform_timeout": 0.5, **getattr(request, "param", {})}, namespace=name)
    voxels = probe.listen(PointCloud2, f"/{name}/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    yield name, voxels, diagnostics, statuses(f"{name}/voxelizer: voxels")
    assert started.stop() == 0, started.log


def test_a_cloud_of_the_past_lies_where_the_wrist_was_then(probe, node):
    name, voxels, diagnostics, says = node
    wrist = Wrist(probe)
    talk = probe.talk(PointCloud2, f"/{name}/points")
    wrist.tell(wrist.begin, wrist.begin + 2 * SECOND)
    at = wrist.begin + SECOND + PERIOD // 3  # between two places, a second and 30 cm ago
    with probe.streaming(talk, lambda: wrist.cloud(at), rate=5.0):
        msg = voxels.wait(lies_right)
        diagnostics.wait(says("working"))
    assert stamp_ns(msg.header.stamp) == at  # its age stays known to the planner
    newest = Time(nanoseconds=wrist.begin + 2 * SECOND).to_msg()
    start = len(voxels.messages)
    with probe.streaming(talk, lambda: cloud_msg(*seen_at(wrist, at), wrist.frame, newest), rate=5.0):
        wrong = voxels.wait(lambda msg: msg.header.stamp == newest, start=start)
    assert not lies_right(wrong)  # a stamp of another moment puts things elsewhere: the truth of stamps is the driver's


def seen_at(wrist: Wrist, at: int):
    """Points and colours as the camera saw them at a time."""
    return transform_points(np.linalg.inv(wrist.place(at)), POINTS), COLORS


def test_a_place_that_comes_after_the_cloud_is_waited_for(probe, node):
    name, voxels, _, _ = node
    wrist = Wrist(probe)
    talk = probe.talk(PointCloud2, f"/{name}/points")
    wrist.tell(wrist.begin, wrist.begin + SECOND)
    at = wrist.begin + SECOND + 10 * PERIOD

    def send():  # as with a robot whose joint states come later than the camera's clouds
        later = probe.node.create_timer(0.1, lambda: (later.cancel(), wrist.tell(at - PERIOD, at + PERIOD)))
        return wrist.cloud(at)

    with probe.streaming(talk, send, rate=0.5):
        assert stamp_ns(voxels.wait(lies_right).header.stamp) == at


def test_what_lies_before_or_after_all_that_is_known_is_refused_with_the_time_between(probe, node):
    name, voxels, diagnostics, says = node
    wrist = Wrist(probe)
    talk = probe.talk(PointCloud2, f"/{name}/points")
    wrist.tell(wrist.begin, wrist.begin + SECOND)
    words = {
        wrist.begin + SECOND + SECOND // 4: "the last one is 0.250 s older than the data",
        wrist.begin - SECOND // 2: "the first one is 0.500 s newer than the data",
    }
    for at, fact in words.items():
        start, said = len(voxels.messages), len(diagnostics.messages)
        with probe.streaming(talk, lambda at=at: wrist.cloud(at), rate=2.0):
            found = diagnostics.wait(says(fact), start=said)
        (sentence,) = (status.message for status in found.status if fact in status.message)
        assert "transform_timeout allows" in sentence
        assert "static_transforms" not in sentence  # which is for frames that nobody knows
        assert all(msg.width == 0 for msg in voxels.messages[start:])  # nobody plans on the cloud before
    with probe.streaming(talk, lambda: wrist.cloud(wrist.begin + SECOND // 2), rate=5.0):
        voxels.wait(lies_right)


@pytest.mark.parametrize(
    "node",
    [{"clouds": ["/robot1/wrist/points", "/robot2/wrist/points"], "camera_timeout": 20.0, "fusion_tolerance": 0.2}],
    indirect=True,
)
def test_wrists_of_two_robots_are_one_cloud(probe, node):
    _, voxels, diagnostics, says = node
    second = np.eye(4)  # the other robot stands across the table and looks back
    second[:3, :3] = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]
    second[:3, 3] = 1.0, 0.0, 0.0
    left = POINTS[:, 1] > 0
    statics = probe.talk(TFMessage, "/tf_static", LATCHED)
    statics.publish(TFMessage(transforms=[transform_to_msg("base_link", "robot2/base_link", second, probe.now())]))
    arms = Wrist(probe, "base_link", "robot1/wrist"), Wrist(probe, "robot2/base_link", "robot2/wrist", (-0.2, 0.1))
    talks = [probe.talk(PointCloud2, f"/robot{number}/wrist/points") for number in (1, 2)]
    for arm in arms:
        arm.tell(arm.begin, arm.begin + 2 * SECOND)

    stamps = iter(range(arms[0].begin + SECOND // 2, arms[0].begin + 2 * SECOND - SECOND // 10, PERIOD // 4))

    def send():  # each its half of the table, 0.1 s apart
        first = next(stamps)
        talks[1].publish(arms[1].cloud(first + SECOND // 10, POINTS[~left], COLORS[~left], second))
        return arms[0].cloud(first, POINTS[left], COLORS[left])

    with probe.streaming(talks[0], send, rate=5.0):
        voxels.wait(lies_right)
        diagnostics.wait(says("working"))

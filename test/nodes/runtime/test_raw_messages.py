"""Large messages: read without a copy through rosbags, and by rclpy where that is not installed."""

import sys

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from moe3d_ros.nodes.runtime.raw_messages import LARGE_BYTES, decode
from moe3d_ros.nodes.seams.clouds import cloud_to_msg, read_cloud
from moe3d_ros.recording import bag_types

COUNT = LARGE_BYTES // 16 + 10
POINTS = np.random.default_rng(0).normal(size=(COUNT, 3)).astype(np.float32)
COLORS = np.random.default_rng(1).integers(0, 256, (COUNT, 3), dtype=np.uint8)


@pytest.fixture
def without_rosbags(monkeypatch):
    monkeypatch.setitem(sys.modules, "rosbags", None)
    bag_types.installed.cache_clear()
    yield
    bag_types.installed.cache_clear()


def large() -> bytes:
    data = serialize_message(cloud_to_msg(POINTS, COLORS, Header(frame_id="camera")))
    assert len(data) >= LARGE_BYTES
    return data


def test_a_large_cloud_is_read_by_rclpy_where_rosbags_is_missing(without_rosbags):
    msg = decode(PointCloud2, large())
    assert isinstance(msg, PointCloud2)
    assert msg.header.frame_id == "camera"
    points, colors = read_cloud(msg)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(colors, COLORS)
    with pytest.raises(ValueError, match="no sensor_msgs/msg/PointCloud2"):
        decode(PointCloud2, large()[: LARGE_BYTES + 8])


def test_rosbags_leaves_a_large_clouds_data_where_they_are():
    pytest.importorskip("rosbags", reason="rosbags is not installed")
    data = large()
    msg = decode(PointCloud2, data)
    assert not isinstance(msg, PointCloud2)
    assert isinstance(msg.header, Header)
    assert np.shares_memory(np.frombuffer(data, np.uint8), msg.data)
    points, colors = read_cloud(msg)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(colors, COLORS)

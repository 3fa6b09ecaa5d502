"""Sensor messages from their bytes; what is large is not copied."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message
from std_msgs.msg import Header

from moe3d_ros.recording.bag_types import installed, reason, types

ENCAPSULATION_BYTES = 4  # bytes at the start of every serialised message; fewer are no message
# Bytes from which `rosbags`, where it is installed, reads a message, which leaves its data where they are: 0.5 ms for a
# cloud of 5 MB, while rclpy copies them, twice, into new memory (10 ms and more). It takes 0.2 s to be imported, which small
# messages spare.
LARGE_BYTES = 1_000_000


def ros_type(kind: type) -> str:
    """A message class's name as ROS writes it: sensor_msgs/msg/PointCloud2."""
    return f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"


def decode(kind: type, data: bytes):
    """A serialised sensor message, read.

    Args:
        kind: its class, such as sensor_msgs.msg.PointCloud2; one with a header.
        data: as a subscription with ``raw=True`` hands it over (CDR, either byte order).

    Returns:
        The message, or an object with its fields: the header a ROS message, the arrays read-only views of ``data``.

    Raises:
        ValueError: these bytes are no such message.
    """
    try:
        if len(data) < LARGE_BYTES or not installed():
            return deserialize_message(data, kind)
        msg = types().deserialize_cdr(memoryview(data), ros_type(kind))
    except Exception as error:  # neither library names a common kind
        raise ValueError(f"a message is no {ros_type(kind)}: {reason(error)}") from error
    stamp = msg.header.stamp
    msg.header = Header(stamp=Time(sec=stamp.sec, nanosec=stamp.nanosec), frame_id=msg.header.frame_id)
    return msg

"""Recordings of ROS 2 topics without ROS: rosbag2 folders and files, MCAP and sqlite3, by the library `rosbags`.

Messages are plain objects with the attributes of their ROS type (`msg.header.stamp.sec`, `msg.data`): what
`moe3d_ros.sensing.clouds` reads by its attributes can be read from a bag as well. Arrays of numbers are numpy arrays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from moe3d_ros.recording.bag_reader import BagReader, RawMessage
from moe3d_ros.recording.bag_types import BagError, message, types
from moe3d_ros.recording.bag_writer import BagWriter
from moe3d_ros.sensing.clouds import XYZRGB_FIELDS, XYZRGB_STEP, pack_cloud

TOPIC_TYPES = {
    "PointCloud2": "sensor_msgs/msg/PointCloud2",
    "String": "std_msgs/msg/String",
    "PoseStamped": "geometry_msgs/msg/PoseStamped",
}
LATCHED_TOPICS = ("/tf_static",)
NANOSECONDS = 1_000_000_000
_log = logging.getLogger(__name__)


class BagMessage(NamedTuple):
    """One message of a recording, with the time (ns) at which it was received."""

    topic: str
    stamp_ns: int
    msg: Any


def header(stamp_ns: int, frame: str):
    """std_msgs/Header from nanoseconds and a frame."""
    stamp = message("builtin_interfaces/msg/Time", sec=stamp_ns // NANOSECONDS, nanosec=stamp_ns % NANOSECONDS)
    return message("std_msgs/msg/Header", stamp=stamp, frame_id=frame)


def string(text: str):
    """std_msgs/String."""
    return message(TOPIC_TYPES["String"], data=text)


def cloud(points: np.ndarray, colors: np.ndarray, stamp_ns: int, frame: str):
    """sensor_msgs/PointCloud2, unorganised, x y z rgb: points (N, 3) float32 metres, colors (N, 3) uint8 RGB."""
    fields = [
        message("sensor_msgs/msg/PointField", name=name, offset=offset, datatype=datatype, count=1)
        for name, offset, datatype in XYZRGB_FIELDS
    ]
    return message(
        TOPIC_TYPES["PointCloud2"],
        header=header(stamp_ns, frame),
        height=1,
        width=len(points),
        fields=fields,
        is_bigendian=False,
        point_step=XYZRGB_STEP,
        row_step=XYZRGB_STEP * len(points),
        data=np.frombuffer(pack_cloud(points, colors), np.uint8),
        is_dense=bool(np.isfinite(points).all()),
    )


def pose_stamped(position, quaternion, stamp_ns: int, frame: str):
    """geometry_msgs/PoseStamped from x y z in metres and a quaternion x y z w."""
    x, y, z, w = (float(value) for value in quaternion)
    point = message("geometry_msgs/msg/Point", **dict(zip("xyz", map(float, position))))
    orientation = message("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
    pose = message("geometry_msgs/msg/Pose", position=point, orientation=orientation)
    return message(TOPIC_TYPES["PoseStamped"], header=header(stamp_ns, frame), pose=pose)


def write_bag(path: str | Path, messages: Iterable[tuple[str, int, object]], storage: str = "mcap") -> Path:
    """Write a rosbag2 folder that `ros2 bag play` can play.

    Args:
        path: the folder to make; it must not exist yet.
        messages: (topic, time of receipt in ns, message made by this module), a topic always of one type.
        storage: ``mcap`` or ``sqlite3``.

    Returns:
        The folder. What was begun is removed if a message cannot be written.

    Raises:
        BagError: the folder exists, an unknown storage, or two types on one topic.
    """
    writer = BagWriter(path, storage)
    try:
        for topic, stamp_ns, msg in messages:
            kind = msg.__msgtype__
            writer.write(topic, kind, stamp_ns, types().serialize_cdr(msg, kind), latched=topic in LATCHED_TOPICS)
        writer.close()
    except BaseException:
        writer.discard()
        raise
    return writer.path


def topics(path: str | Path, warn: Callable[[str], None] = _log.warning) -> dict[str, tuple[str, int]]:
    """Topics of a recording: name -> type, number of messages; ``warn`` takes what is not as it should be.

    Raises:
        BagError: nothing of it can be read.
    """
    with BagReader(path) as reader:
        for note in reader.notes:
            warn(note)
        return reader.topics


def read_bag(
    path: str | Path,
    only: Iterable[str] | None = None,
    start_ns: int | None = None,
    stop_ns: int | None = None,
    warn: Callable[[str], None] = _log.warning,
) -> Iterator[BagMessage]:
    """The messages of a recording in the order of their receipt.

    Args:
        path: a rosbag2 folder (.mcap or .db3 files, with metadata.yaml or without), or one such file alone.
        only: names of topics, by default all that can be read. A type that neither the recording defines nor ROS 2 Jazzy
            knows is an error where its topic is named, and left out with a warning where it is not.
        start_ns, stop_ns: times of receipt, the last one excluded; by default the whole recording.
        warn: takes what is not as it should be.

    Raises:
        BagError: no such recording, or a damaged one.
    """
    with BagReader(path) as reader:
        for note in reader.notes:
            warn(note)
        names = list(reader.topics) if only is None else [name for name in only if name in reader.topics]
        unreadable = {name: why for name in names if (why := reader.unreadable(name))}
        for why in unreadable.values():
            if only is not None:
                raise BagError(why)
            warn(f"{why} It is left out.")
        for raw in reader.messages([name for name in names if name not in unreadable], start_ns, stop_ns):
            yield BagMessage(raw.topic, raw.stamp_ns, reader.deserialize(raw))


def read_raw(path: str | Path, only: Iterable[str] | None = None) -> Iterator[RawMessage]:
    """Serialised messages of a bag, of any type and without warnings, otherwise the same as `read_bag`. Raises BagError."""
    with BagReader(path) as reader:
        yield from reader.messages(only)

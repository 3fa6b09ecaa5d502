"""Recordings of ROS 2 topics without ROS: rosbag2 folders and files, MCAP and sqlite3, by the library `rosbags`.

Messages are plain objects with the attributes of their ROS type (`msg.header.stamp.sec`, `msg.data`): what
`moe3d_ros.sensing.clouds` reads by its attributes can be read from a bag as well. Arrays of numbers are numpy arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from moe3d_ros.recording.bag_types import BagError, message, reason, types
from moe3d_ros.recording.bag_writer import BagWriter
from moe3d_ros.sensing.clouds import XYZRGB_FIELDS, XYZRGB_STEP, pack_cloud

TOPIC_TYPES = {
    "PointCloud2": "sensor_msgs/msg/PointCloud2",
    "String": "std_msgs/msg/String",
    "PoseStamped": "geometry_msgs/msg/PoseStamped",
}
LATCHED_TOPICS = ("/tf_static",)
NANOSECONDS = 1_000_000_000


class RawMessage(NamedTuple):
    """One message of a recording as it was sent: its bytes (CDR, as DDS carries them) and its type's name."""

    topic: str
    type_name: str
    stamp_ns: int
    data: bytes


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


def topics(path: str | Path) -> dict[str, tuple[str, int]]:
    """Topics of a recording: name -> type, number of messages. Raises BagError where it cannot be read."""
    with _opened(path) as reader:
        return {name: (info.msgtype or "several types", info.msgcount) for name, info in reader.topics.items()}


def read_bag(
    path: str | Path, only: Iterable[str] | None = None, start_ns: int | None = None, stop_ns: int | None = None
) -> Iterator[BagMessage]:
    """The messages of a recording in the order of their receipt.

    Args:
        path: a rosbag2 folder (metadata.yaml beside .mcap or .db3 files), or one such file alone.
        only: names of topics, by default all. A type that neither the recording defines nor ROS 2 Jazzy knows is an
            error.
        start_ns, stop_ns: times of receipt, the last one excluded; by default the whole recording.

    Raises:
        BagError: no such recording, or a damaged one.
    """
    with _opened(path) as reader:
        for raw in _messages(reader, path, only, start_ns, stop_ns):
            try:
                msg = reader.deserialize(raw.data, raw.type_name)
            except Exception as error:
                raise BagError(
                    f"{path}: a message on {raw.topic} at {raw.stamp_ns} ns is no {raw.type_name}: {reason(error)}."
                ) from error
            yield BagMessage(raw.topic, raw.stamp_ns, msg)


def read_raw(path: str | Path, only: Iterable[str] | None = None) -> Iterator[RawMessage]:
    """Serialised messages of a bag, otherwise the same as `read_bag`. Raises BagError."""
    with _opened(path) as reader:
        yield from _messages(reader, path, only)


def _messages(reader, path, only, start_ns=None, stop_ns=None) -> Iterator[RawMessage]:
    wanted = None if only is None else set(only)
    chosen = [c for c in reader.connections if wanted is None or c.topic in wanted]
    if not chosen:  # rosbags reads an empty list as "all"
        return
    messages = reader.messages(connections=chosen, start=start_ns, stop=stop_ns)
    while True:
        try:
            connection, stamp, raw = next(messages)
        except StopIteration:
            return
        except Exception as error:  # any exception that malformed bytes can cause
            raise BagError(f"{path} is damaged: {reason(error)}. Was the recording cut off?") from error
        yield RawMessage(connection.topic, connection.msgtype, stamp, bytes(raw))


def _opened(path: str | Path):
    """An open reader. Raises BagError."""
    known, path = types(), Path(path)
    from rosbags.highlevel import AnyReader

    if not path.exists():
        raise BagError(f"There is no recording {path}: give a rosbag2 folder, an .mcap or a .db3 file.")
    if path.is_dir() and not (path / "metadata.yaml").is_file():
        files = sorted(p for p in path.iterdir() if p.suffix in (".mcap", ".db3"))
        if len(files) != 1:
            raise BagError(f"{path} has no metadata.yaml and {len(files)} .mcap or .db3 files: give one of the files.")
        path = files[0]  # a recorder that was killed leaves no metadata.yaml
    if path.is_file() and path.suffix not in (".mcap", ".db3"):
        raise BagError(f"{path} is no recording: give a rosbag2 folder, an .mcap or a .db3 file.")
    reader = None
    try:
        reader = AnyReader([path], default_typestore=known)
        reader.open()
    except Exception as error:
        raise BagError(f"{path} cannot be read: {reason(error)}. Was the recording cut off?") from error
    return _Closing(reader)


class _Closing:
    """Closes an opened reader at the end of a ``with`` block."""

    def __init__(self, reader):
        self.reader = reader

    def __enter__(self):
        return self.reader

    def __exit__(self, *exception):
        self.reader.close()

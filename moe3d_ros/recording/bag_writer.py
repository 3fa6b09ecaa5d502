"""Writing recordings of ROS 2 topics without ROS, message by message."""

from __future__ import annotations

import shutil
from pathlib import Path

from moe3d_ros.recording.bag_types import BagError, is_defined, types

STORAGES = ("mcap", "sqlite3")


class BagWriter:
    """Writes a rosbag2 folder that `ros2 bag play` can play, message by message; not for several threads at once."""

    def __init__(self, path: str | Path, storage: str = "mcap"):
        """
        Args:
            path: the folder to make; it must not exist yet.
            storage: ``mcap`` or ``sqlite3``.

        Raises:
            BagError: the folder exists or cannot be made, or an unknown storage.
        """
        self._typestore, self.path = types(), Path(path)
        from rosbags.rosbag2 import StoragePlugin, Writer

        if storage not in STORAGES:
            raise BagError(f"There is no storage {storage!r}: use {' or '.join(STORAGES)}.")
        if self.path.exists():
            raise BagError(f"{path} exists already: give another folder, or remove it.")
        self._writer = Writer(self.path, version=9, storage_plugin=StoragePlugin[storage.upper()])
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(f"{path} cannot be made: {error.strerror or error}. Give another folder.") from error
        self._connections: dict[str, object] = {}

    def write(self, topic: str, type_name: str, stamp_ns: int, cdr: bytes, latched: bool = False) -> None:
        """Add a message as bytes (CDR).

        Args:
            stamp_ns: time of receipt.
            latched: players should offer the topic's last message to late joiners; the topic's first message decides.

        Raises:
            BagError: an unknown type, or two types on one topic.
        """
        if topic not in self._connections:
            if not is_defined(type_name):
                raise BagError(f"{topic} holds {type_name}, which is not known: define it first.")
            self._connections[topic] = self._writer.add_connection(
                topic, type_name, typestore=self._typestore, offered_qos_profiles=[_latched()] if latched else []
            )
        if self._connections[topic].msgtype != type_name:
            raise BagError(f"{topic} holds {self._connections[topic].msgtype}, but a {type_name} follows.")
        self._writer.write(self._connections[topic], int(stamp_ns), cdr)

    def close(self) -> None:
        """Finish the file: index and metadata.yaml. Without it the recording counts as cut off."""
        self._writer.close()

    def discard(self) -> None:
        """Remove what was begun."""
        self._writer.storage.abort()
        shutil.rmtree(self.path, ignore_errors=True)


def _latched():
    """Reliable, transient local, the last message."""
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    forever = QosTime(9223372036, 854775807)
    return Qos(
        QosHistory.KEEP_LAST,
        1,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL,
        forever,
        forever,
        QosLiveliness.AUTOMATIC,
        forever,
        False,
    )

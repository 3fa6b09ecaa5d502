"""Plays a recording (MCAP, or a rosbag2 folder): its messages on their topics, at the pace at which they were received.

Topics lose their leading slash, so that a namespace moves them as it moves the nodes that listen; /tf, /tf_static and
/diagnostics stay where they are. What a robot may follow (poses, planned actions) is published only where it is named.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.duration import Duration
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Empty, String
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from moe3d_ros.msg import PlannedAction, TaskPlan
from moe3d_ros.nodes.runtime.qos import CLOUD, EVENT, LATCHED
from moe3d_ros.nodes.runtime.stamps import Timeline, set_stamp
from moe3d_ros.recording.bags import BagError, RawMessage, read_raw, topics

SENSORS = {
    "sensor_msgs/msg/PointCloud2": PointCloud2,
    "sensor_msgs/msg/Image": Image,
    "sensor_msgs/msg/CompressedImage": CompressedImage,
    "sensor_msgs/msg/CameraInfo": CameraInfo,
    "tf2_msgs/msg/TFMessage": TFMessage,
    "std_msgs/msg/String": String,
}
RESULTS = {
    "geometry_msgs/msg/PoseStamped": PoseStamped,
    "moe3d_ros/msg/PlannedAction": PlannedAction,
    "moe3d_ros/msg/TaskPlan": TaskPlan,
    "visualization_msgs/msg/MarkerArray": MarkerArray,
    "diagnostic_msgs/msg/DiagnosticArray": DiagnosticArray,
    "std_msgs/msg/Empty": Empty,
}
KNOWN = {**SENSORS, **RESULTS}
ABSOLUTE = ("/tf", "/tf_static", "/diagnostics")
LATCHED_NAMES = ("/tf_static", "/plan", "/plan_markers")
VOXELS = "/voxels"
CLOCK_PERIOD = 0.02  # seconds between two messages on /clock
ACKNOWLEDGE_TIMEOUT = Duration(seconds=5)  # longest wait for the last messages to arrive


def choose(found: dict[str, tuple[str, int]], wanted: list[str], warn: Callable[[str], None]) -> dict[str, type]:
    """Topics of a recording that are published: name -> message class.

    Args:
        found: as `bags.topics` says.
        wanted: names; empty: what sensors and people say. The voxels are the voxelizer's own output, so they are left
            out where the recording holds a cloud or an image that it can work on.
        warn: called once for each type that is not known.

    Raises:
        BagError: nothing is left to publish, or a wanted topic is not there.
    """
    names = [f"/{name.strip('/')}" for name in wanted if name.strip("/ ")]
    missing = sorted(set(names) - set(found))
    if missing:
        raise BagError(f"The recording has no {', '.join(missing)}: its topics are {', '.join(sorted(found))}.")
    unknown: dict[str, list[str]] = {}
    for name, (kind, _) in found.items():
        if kind not in KNOWN and (not names or name in names) and name != "/clock":
            unknown.setdefault(kind, []).append(name)
    for kind, where in unknown.items():
        warn(f"Messages of the type {kind} are not known here and are left out ({', '.join(where)}).")
    kinds = KNOWN if names else SENSORS
    chosen = {name: kinds[kind] for name, (kind, _) in found.items() if kind in kinds and (name in names or not names)}
    seen = [name for name, kind in chosen.items() if kind in (PointCloud2, Image, CompressedImage) and name != VOXELS]
    if seen and not names:
        chosen.pop(VOXELS, None)
    if not chosen:
        have = ", ".join(f"{name} ({kind})" for name, (kind, _) in found.items()) or "none"
        raise BagError(f"The recording holds nothing to play: its topics are {have}. Name some in `topics`.")
    return chosen


class Player:
    """Publishes a recording from a thread of its own, so that its pace does not depend on the executor."""

    def __init__(
        self, node, path: str, wanted: list[str], speed: float, loop: bool, clock: bool, delay: float, done: Callable
    ):
        """
        Args:
            wanted: topics, see `choose`.
            speed: 1: as recorded.
            loop: begin again at the end.
            clock: publish /clock with the times of receipt and leave the stamps as they are; else stamps move to now.
            delay: seconds before the first message, for subscribers to be found.
            done: called at the end with None, or with the sentence that says what is wrong with the recording.

        Raises:
            BagError: the recording cannot be read, or holds nothing to play.
        """
        self._node, self._path, self._speed, self._loop, self._delay = node, path, speed, loop, delay
        self._done, self._counted = done, 0
        found = topics(path, node.get_logger().warning)
        self._kinds = choose(found, wanted, node.get_logger().warning)
        first = next(read_raw(path, self._kinds), None)  # what is damaged from the start is refused at the start
        if first is None:
            counted = sum(found[name][1] for name in self._kinds)
            why = (
                f"{counted} are counted there, but none could be read: its index is damaged (`mcap recover` may mend it)"
                if counted
                else "nobody published there while it was recorded"
            )
            raise BagError(f"{path} holds no message on {', '.join(self._kinds)}: {why}.")
        self._publishers = {name: self._publisher(name, kind) for name, kind in self._kinds.items()}
        self._static: dict[str, object] = {}  # child frame -> transform
        self._clock = node.create_publisher(Clock, "/clock", EVENT) if clock else None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    @property
    def summary(self) -> str:
        """Words on what is played, and how fast."""
        return f"{self._path} at {self._speed:g} times its speed: {', '.join(sorted(self._kinds))}"

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; returns when nothing is published any more."""
        self._ended.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(10)

    def _publisher(self, name: str, kind):
        profile = LATCHED if name in LATCHED_NAMES else CLOUD if kind in (PointCloud2, Image, CameraInfo) else EVENT
        return self._node.create_publisher(kind, name if name in ABSOLUTE else name.lstrip("/"), profile)

    def _run(self) -> None:
        problem = None
        try:
            self._ended.wait(self._delay)
            while not self._ended.is_set():
                self._play_once()
                if not self._loop:
                    break
                self._ended.wait(CLOCK_PERIOD)  # a recording of one message would be sent without a pause
            for publisher in self._publishers.values():
                if not self._ended.is_set():
                    publisher.wait_for_all_acked(ACKNOWLEDGE_TIMEOUT)
        except BagError as error:
            problem = str(error)
        except Exception as error:  # a message is not what its type says
            if self._node.context.ok():  # else it was shut down under it, as by Ctrl-C
                problem = f"{self._path} cannot be played: {error}"
        if not self._ended.is_set():
            self._done(problem)

    def _play_once(self) -> None:
        timeline = began = first_ns = None
        for raw in read_raw(self._path, self._kinds):
            if timeline is None:
                began, first_ns = time.monotonic(), raw.stamp_ns
                timeline = Timeline(first_ns, self._node.get_clock().now().nanoseconds, self._speed)
            if not self._wait(raw.stamp_ns, began, first_ns):
                return
            self._send(raw, timeline)

    def _wait(self, stamp_ns: int, began: float, first_ns: int) -> bool:
        """Sleep until it is the message's turn, telling the time meanwhile; False where the player was stopped."""
        due = began + (stamp_ns - first_ns) / 1e9 / self._speed
        while not self._ended.is_set():
            now = time.monotonic()
            if now >= due:
                self._tell(stamp_ns)
                return True
            self._tell(first_ns + round((now - began) * self._speed * 1e9))
            self._ended.wait(due - now if self._clock is None else min(due - now, CLOCK_PERIOD))
        return False

    def _tell(self, bag_ns: int) -> None:
        """Publish /clock."""
        if self._clock is not None:
            msg = Clock()
            set_stamp(msg.clock, bag_ns)
            self._clock.publish(msg)

    def _send(self, raw: RawMessage, timeline: Timeline) -> None:
        kind = self._kinds[raw.topic]
        try:
            msg = deserialize_message(raw.data, kind)
        except Exception as error:
            raise BagError(f"{self._path}: a message on {raw.topic} is no {raw.type_name}: {error}.") from error
        if self._clock is None:
            timeline.move(msg, raw.stamp_ns)
        if raw.topic == "/tf_static":  # only the last message is kept for late joiners, so it must hold all
            self._static.update({transform.child_frame_id: transform for transform in msg.transforms})
            msg.transforms = list(self._static.values())
        self._publishers[raw.topic].publish(msg)
        self._node.count("output")

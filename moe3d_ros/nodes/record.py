"""The record node: writes topics to an MCAP file (or sqlite3) without the ROS 2 tools.

    ros2 run moe3d_ros record --ros-args -p output:=monday

Messages are written as the bytes that came, with the time at which they were received; Ctrl-C closes the file. What it
records by default is what `training/datasets/recordings` reads as demonstrations, with the plan beside it.
"""

from __future__ import annotations

import importlib
import threading
import time
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from geometry_msgs.msg import PoseStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from moe3d_ros.msg import ModelInfo, PlannedAction, TaskPlan
from moe3d_ros.nodes.runtime.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.runtime.diagnostics import ERROR, OK, Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import RECORD
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED, TF_STATIC_IN
from moe3d_ros.nodes.runtime.raw_messages import ros_type
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.recording.bag_types import define, is_defined
from moe3d_ros.recording.bags import BagError, BagWriter

# Topics of the contract, subscribed to before they have a publisher, so that no first message is missed.
CONTRACT = {
    "points": PointCloud2,
    "voxels": PointCloud2,
    "depth/image_rect": Image,
    "depth/image_rect/compressedDepth": CompressedImage,
    "depth/camera_info": CameraInfo,
    "rgb/image_rect_color": Image,
    "rgb/image_rect_color/compressed": CompressedImage,
    "instruction": String,
    "model_info": ModelInfo,
    "plan": TaskPlan,
    "planned_action": PlannedAction,
    "pick_pose": PoseStamped,
    "place_pose": PoseStamped,
    "goal_pose": PoseStamped,
    "plan_markers": MarkerArray,
    "executed": String,
    "/tf_static": TFMessage,
}
LATCHED_KINDS = (ModelInfo, TaskPlan, MarkerArray)
SENSORS = (PointCloud2, Image, CompressedImage, CameraInfo)
DISCOVERY_PERIOD = 0.5  # seconds between two looks for publishers of the other topics


class Record(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md.

    Attributes:
        exit_code: of the process; 1 where the file could not be written to its end.
    """

    def __init__(self):
        super().__init__("record")
        settings = Parameters(self, RECORD)
        settings.check()
        output, names = settings["output"], [name.strip() for name in settings["topics"] if name.strip()]
        if not output:
            raise ValueError("no folder was given: set the parameter output, for example -p output:=monday.")
        if not names:
            raise ValueError("no topic was given: name some in the parameter topics.")
        self.exit_code = 0
        self._lock = threading.Lock()
        self._writer: BagWriter | None = None
        self._counts: dict[str, int] = {}
        self._adaptive: list[AdaptiveSubscription] = []
        self._group = MutuallyExclusiveCallbackGroup()  # one message at a time, in the order of their arrival
        self._diagnostics = Diagnostics(self, "record", "recording", hardware_id=output)
        self._waiting = []
        for name in names:
            kind = CONTRACT.get(name) or CONTRACT.get(name.lstrip("/"))
            if kind is None:
                self._waiting.append(name)
            else:
                self._listen(name, kind)
        if self._waiting:
            self._timer = self.create_timer(DISCOVERY_PERIOD, self._look_around)
        self._writer = BagWriter(output, settings["storage"])
        text = f"Recording {', '.join(names)} to {output}."
        self._diagnostics.report(OK, text)
        self.get_logger().info(text)

    def _listen(self, name: str, kind) -> None:
        topic, type_name = self.resolve_topic_name(name), ros_type(kind)
        define_from_share(type_name)
        latched = kind in LATCHED_KINDS or topic == "/tf_static"

        def take(data: bytes, info: dict) -> None:
            self._take(topic, type_name, data, info, latched)

        if latched:
            profile = TF_STATIC_IN if topic == "/tf_static" else LATCHED
            self.create_subscription(kind, name, take, profile, callback_group=self._group, raw=True)
        elif kind in SENSORS or name in self._waiting:
            self._adaptive.append(AdaptiveSubscription(self, kind, name, take, self._group, raw=True))
        else:
            self.create_subscription(kind, name, take, EVENT, callback_group=self._group, raw=True)

    def _look_around(self) -> None:
        """Subscribe to the topics of other types that have publishers now."""
        kinds = dict(self.get_topic_names_and_types())
        for name in list(self._waiting):
            found = kinds.get(self.resolve_topic_name(name))
            if not found:
                continue
            try:
                self._listen(name, message_class(found[0]))
            except (BagError, AttributeError, ModuleNotFoundError, ValueError) as error:
                self._diagnostics.report(ERROR, f"{name} ({found[0]}) cannot be recorded: {error}")
            self._waiting.remove(name)
        if not self._waiting:
            self._timer.cancel()

    def _take(self, topic: str, type_name: str, data: bytes, info: dict, latched: bool) -> None:
        stamp = info.get("received_timestamp") or time.time_ns()
        with self._lock:
            if self._writer is None:
                return
            try:
                self._writer.write(topic, type_name, stamp, data, latched)
            except (OSError, BagError) as error:
                self._fail(error)
                return
            self._counts[topic] = self._counts.get(topic, 0) + 1
        self._diagnostics.count(topic)

    def _fail(self, error: Exception) -> None:
        """Report that writing failed (a full disk, for example) and end. The lock is held."""
        self.exit_code, self._writer = 1, None
        self._diagnostics.report(ERROR, f"The recording ends here, it cannot be written: {error}")
        self.context.try_shutdown()

    def close(self) -> None:
        """Finish the file."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is None:
                return
            try:
                writer.close()
            except OSError as error:
                self.exit_code = 1
                print(f"The recording {writer.path} cannot be finished: {error}")
                return
        counts = ", ".join(f"{count} on {topic}" for topic, count in sorted(self._counts.items()))
        print(f"Wrote {writer.path}: {counts or 'no message came'}.", flush=True)


def message_class(type_name: str) -> type:
    """The class of ``package/msg/Name``; where there is none, ValueError, ModuleNotFoundError or AttributeError."""
    package, kind, name = type_name.split("/")
    if kind != "msg" or not package.isidentifier() or not package.islower():
        raise ValueError(f"{type_name} is no message type")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def define_from_share(type_name: str) -> None:
    """Make a message type known to recordings by the definitions that ROS packages install. Raises BagError."""
    if is_defined(type_name):
        return
    package, _, name = type_name.split("/")
    try:
        path = Path(get_package_share_directory(package)) / "msg" / f"{name}.msg"
        text = path.read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise BagError(f"The definition of {type_name} is not installed ({error}): source its workspace.") from error
    for line in text.splitlines():  # the types of its fields first
        words = line.split("#")[0].split()
        if words and "=" not in line.split("#")[0]:
            kind = words[0].split("[")[0].split("<")[0]
            if kind[:1].isupper():
                kind = f"{package}/{kind}"
            if kind.count("/") == 1 and kind != "std_msgs/Header":
                define_from_share(kind.replace("/", "/msg/"))
    define(type_name, text)


def main(args=None) -> int:
    """Entry point of the program `record`."""
    return run_node(Record, args)


if __name__ == "__main__":
    raise SystemExit(main())

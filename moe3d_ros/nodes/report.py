"""The report program: what a bug report needs, as text: versions, checkpoint, middleware, sensors that are heard, last errors.

It listens for some seconds and sends nothing. Names of people and machines are not in it: the home folder is written ~.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import Log
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.utilities import get_rmw_implementation_identifier, remove_ros_args
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

from moe3d_ros.msg import ModelInfo
from moe3d_ros.nodes.runtime.diagnostics import ERROR, ERROR_NAME, OK, PROGRAM, WARN, values_of
from moe3d_ros.nodes.runtime.qos import LATCHED, SENSOR_IN, own
from moe3d_ros.nodes.runtime.raw_messages import ros_type
from moe3d_ros.nodes.runtime.transport import choose_profile

INTERRUPTED = 130  # exit status, as a shell has it for a program that SIGINT ended
ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "peft",
    "safetensors",
    "open3d",
    "rosbags",
    "mujoco",
    "viser",
    "mcp",
)
SENSORS = (PointCloud2, Image, CompressedImage, CameraInfo)
VARIABLES = ("ROS_DISTRO", "RMW_IMPLEMENTATION", "ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS",
             "ROS_SECURITY_ENABLE", "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE", "CYCLONEDDS_URI")  # fmt: skip
ROSOUT_IN = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
MOST_LINES = 20  # of errors
WARNING, ERROR_LEVEL = 30, 40  # of rcl_interfaces/Log


class Listener(Node):
    """Hears who is there: sensors with their rates, the programs' diagnostics, warnings in the log, the model."""

    def __init__(self):
        super().__init__("report", start_parameter_services=False, enable_rosout=False)
        self.counts: dict[str, int] = {}
        self.sensors: dict[str, type] = {}
        self.statuses: dict[str, DiagnosticStatus] = {}
        self.logs: dict[tuple[str, str], int] = {}  # (node, words) -> level
        self.model: ModelInfo | None = None
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 50)
        self.create_subscription(Log, "/rosout", self._on_log, ROSOUT_IN)
        self.create_subscription(ModelInfo, "model_info", lambda msg: setattr(self, "model", msg), LATCHED)

    def listen(self, executor: Executor, seconds: float) -> None:
        """Spin for so long; sensors are subscribed to as they are found."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._find_sensors()
            executor.spin_once(timeout_sec=min(left, 0.1))

    def _find_sensors(self) -> None:
        kinds = {ros_type(kind): kind for kind in SENSORS}
        for topic, types in self.get_topic_names_and_types():
            kind = next((kinds[name] for name in types if name in kinds), None)
            if kind is not None and topic not in self.sensors and self.count_publishers(topic):
                self.sensors[topic], self.counts[topic] = kind, 0
                self.create_subscription(kind, topic, self._counter(topic), own(SENSOR_IN), raw=True)

    def _counter(self, topic: str):
        def count(_) -> None:
            self.counts[topic] += 1

        return count

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.statuses.update({status.name: status for status in msg.status})

    def _on_log(self, msg: Log) -> None:
        if msg.level >= WARNING:
            self.logs[msg.name, msg.msg] = msg.level


def versions() -> Iterator[str]:
    """Lines on the computer and what is installed."""
    yield f"moe3d_ros {package_version()}, Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}"
    with_system = re.search(r'^PRETTY_NAME="?([^"\n]*)', _text(Path("/etc/os-release")), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+)", _text(Path("/proc/meminfo")), re.MULTILINE)
    gib = f"{int(memory.group(1)) / 2**20:.1f} GiB" if memory else "unknown"
    yield f"{with_system.group(1) if with_system else 'unknown system'}, {os.cpu_count()} cores, memory {gib}"
    yield "libraries: " + ", ".join(f"{name} {_installed(name)}" for name in LIBRARIES)


def package_version() -> str:
    """Version of this package, from its manifest where it stands, else from pip."""
    manifests = [ROOT / "package.xml"]
    manifests += [Path(prefix) / "share" / "moe3d_ros" / "package.xml" for prefix in _prefixes()]
    for manifest in manifests:
        if manifest.is_file():
            return ElementTree.parse(manifest).getroot().findtext("version") or "unknown"
    return _installed("moe3d_ros")


def checkpoint(listener: Listener) -> Iterator[str]:
    """Lines on the model that a planner has loaded, and on the one that is installed."""
    info = listener.model
    if info is None:
        yield "no planner tells its model (model_info): none runs, its model is not loaded, or it has another namespace"
    else:
        yield f"loaded: {info.name}, checksum {info.checksum}, voxels {info.voxel_size:g} m, kinds: {len(info.kinds)}"
    listed = Path(__file__).resolve().parents[1] / "checkpoints" / "default" / "checksums.json"
    content = listed.read_bytes() if listed.is_file() else b""
    yield f"installed default: {f'checksum {hashlib.sha256(content).hexdigest()}' if content else 'none'}"


def middleware(listener: Listener) -> Iterator[str]:
    """Lines on the DDS and on who is in the graph."""
    yield f"loaded: {get_rmw_implementation_identifier()}"
    for name in VARIABLES:
        if os.environ.get(name):
            yield f"{name}={os.environ[name]}"
    names = sorted({f"{space.rstrip('/')}/{name}" for name, space in listener.get_node_names_and_namespaces()})
    yield f"nodes: {', '.join(name for name in names if name != listener.get_fully_qualified_name()) or 'none'}"


def sensors(listener: Listener, seconds: float) -> Iterator[str]:
    """A line for each sensor topic that somebody publishes."""
    for topic, kind in sorted(listener.sensors.items()):
        infos = listener.get_publishers_info_by_topic(topic)
        offered = sorted({info.qos_profile.reliability.name.lower() for info in infos}) or ["gone"]
        rate = listener.counts[topic] / seconds
        yield f"{topic}: {ros_type(kind)}, {len(infos)} publishers ({', '.join(offered)}), about {rate:.1f} Hz received"
    if not listener.sensors:
        yield "nobody publishes a cloud, an image or a camera_info in this domain"


def errors(listener: Listener) -> Iterator[str]:
    """Lines on what the programs say of themselves, and on the warnings of the last seconds."""
    for name, status in sorted(listener.statuses.items()):
        values = values_of(status)
        if PROGRAM in values or status.level != OK:
            state = {OK: "ok", WARN: "WARN", ERROR: "ERROR"}.get(status.level, "STALE")
            code = values.get(ERROR_NAME, "NONE")
            yield f"{name}: {state}, {status.message}{'' if code == 'NONE' else f' (last request: {code})'}"
    for (name, words), level in list(listener.logs.items())[-MOST_LINES:]:
        yield f"log of {name} ({'warning' if level < ERROR_LEVEL else 'error'}): {words}"
    if not listener.statuses and not listener.logs:
        yield "no program tells its state on /diagnostics, and nothing was logged in the last seconds"


def report(listener: Listener, seconds: float) -> str:
    """The whole report, Markdown."""
    parts = {
        "Versions": versions(),
        "Checkpoint": checkpoint(listener),
        "Middleware": middleware(listener),
        "Sensors": sensors(listener, seconds),
        "States and last errors": errors(listener),
    }
    text = "\n".join(f"## {title}\n\n" + "".join(f"* {line}\n" for line in lines) for title, lines in parts.items())
    return text.replace(str(Path.home()), "~") if str(Path.home()) != "/" else text


def _prefixes() -> list[str]:
    return [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""


def main(args=None) -> int:
    """Entry point of the program `report`: prints the report."""
    given = list(sys.argv if args is None else args)
    parser = argparse.ArgumentParser(description="Print what a bug report needs. Paste it into the issue.")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to listen (default: %(default)s)")
    seconds = max(0.1, parser.parse_args(remove_ros_args(given)[1:]).seconds)
    choose_profile(os.environ)
    rclpy.init(args=given)
    listener, executor = Listener(), SingleThreadedExecutor()
    executor.add_node(listener)
    print(f"Listening for {seconds:g} s.", file=sys.stderr)
    try:
        listener.listen(executor, seconds)
        print(report(listener, seconds))
    except (KeyboardInterrupt, ExternalShutdownException):
        return INTERRUPTED
    except RCLError:  # of an interrupt between two waits, as in runtime/run.py
        if rclpy.ok():
            raise
        return INTERRUPTED
    finally:
        executor.shutdown()  # rclpy's own is torn down as Python ends, with a traceback now and then
        listener.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

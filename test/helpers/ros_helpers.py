"""Real nodes in real processes over real DDS: starting them, and waiting for what they say by events."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from typing import ClassVar

import numpy as np
import pytest

from moe3d_ros.processes import OwnDomain

# A domain of this process's own, set before rclpy is initialised, so that test runs and robots do not hear each other.
DOMAIN = OwnDomain()
os.environ.update(DOMAIN.environment())

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from places import ROOT
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import PointCloud2

from moe3d_ros.nodes.runtime.conversions import header
from moe3d_ros.nodes.seams.clouds import cloud_to_msg

RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
TIMEOUT = 240.0  # seconds; a limit for a machine that trains meanwhile, not an expectation
# Seconds without a response after which a service is called again. rmw_fastrtps loses a response whose reader the
# server has not yet found (ros2/rmw_fastrtps#842), and a request to a node of the same name that has just ended.
LOST = 60.0


class NodeProcess:
    """A node of this package in a process of its own."""

    _running: ClassVar[set[NodeProcess]] = set()

    @classmethod
    def kill_all(cls) -> None:
        """End every node that a failed test has not stopped."""
        for node in list(cls._running):
            node.process.kill()
            node.stop()

    def __init__(
        self,
        program: str,
        parameters: dict | None = None,
        remappings: dict | None = None,
        name: str | None = None,
        namespace: str = "",
        log_level: str = "info",
        stdin: int | None = None,
        module: str | None = None,
    ):
        """``module``: in place of the program's own, such as a helper's."""

        import yaml

        arguments = [f"__ns:=/{namespace}"] if namespace else []
        arguments += [f"__node:={name}"] if name else []
        arguments += [f"{old}:={new}" for old, new in (remappings or {}).items()]
        command = [sys.executable, "-m", module or f"moe3d_ros.nodes.{program}", "--ros-args", "--log-level", log_level]
        for argument in arguments:
            command += ["-r", argument]
        for key, value in (parameters or {}).items():
            command += ["-p", f"{key}:={yaml.safe_dump(value, default_flow_style=True, width=1e9).splitlines()[0]}"]
        environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1")
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), str(ROOT / "test" / "helpers"), *filter(None, [environment.get("PYTHONPATH")])]
        )
        self.process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            preexec_fn=_end_with_parent,
        )
        self._running.add(self)
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()

    @property
    def log(self) -> str:
        """What the process has printed."""
        with self._changed:
            return "".join(self._lines)

    def wait_log(self, text: str, timeout: float = TIMEOUT) -> None:
        """Wait until ``text`` stands in the log."""
        with self._changed:
            found = self._changed.wait_for(lambda: any(text in line for line in self._lines), timeout)
        assert found, f"'{text}' is not in the log:\n{self.log}"

    def alive(self) -> bool:
        """The process runs."""
        return self.process.poll() is None

    def stop(self) -> int:
        """Interrupt it as Ctrl-C does; the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self._running.discard(self)
        return self.process.returncode


class Inbox:
    """The messages of one topic, in the order they came."""

    def __init__(self):
        self.messages: list = []
        self._changed = threading.Condition()

    def put(self, msg) -> None:
        with self._changed:
            self.messages.append(msg)
            self._changed.notify_all()

    def came(self, timeout: float) -> bool:
        """Wait for any message; True once there is one."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self.messages), timeout)

    def wait(self, predicate=lambda msg: True, timeout: float = TIMEOUT, start: int = 0):
        """The first message from number ``start`` on that fulfils ``predicate``; fails the test after ``timeout``."""

        def first():
            return next((m for m in self.messages[start:] if predicate(m)), None)

        with self._changed:
            self._changed.wait_for(lambda: first() is not None, timeout)
            found = first()
        assert found is not None, f"no such message within {timeout} s; {len(self.messages)} others came"
        return found


class Probe:
    """A node in the test's own process, spun by a thread, that sends, listens and calls."""

    def __init__(self):
        self.context = Context()
        self.context.init()
        self.node = rclpy.create_node("probe", context=self.context)
        self._matched, self._listeners = threading.Condition(), dict[str, int]()
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join(5)
        self.node.destroy_node()
        self.context.try_shutdown()

    def now(self):
        """The present as a message stamp."""
        return self.node.get_clock().now().to_msg()

    def listen(self, kind, topic: str, qos=RELIABLE) -> Inbox:
        """Collect a topic's messages from now on."""
        inbox = Inbox()
        self.node.create_subscription(kind, topic, inbox.put, qos)
        return inbox

    def talk(self, kind, topic: str, qos=RELIABLE):
        """A publisher that somebody listens to."""

        def matched(info):
            with self._matched:
                self._listeners[topic] = info.current_count
                self._matched.notify_all()

        publisher = self.node.create_publisher(
            kind, topic, qos, event_callbacks=PublisherEventCallbacks(matched=matched)
        )
        self.heard(topic)
        return publisher

    def heard(self, topic: str, by: int = 1) -> None:
        """Wait until so many listen to what is published there."""
        with self._matched:
            enough = self._matched.wait_for(lambda: self._listeners.get(topic, 0) >= by, TIMEOUT)
        assert enough, f"{self._listeners.get(topic, 0)} listen to {topic}, expected {by}"

    def call(self, client, request):
        """Call a service, again where no response comes, and return the response."""
        for _ in range(int(TIMEOUT // LOST)):
            future = self.begin(client, request)
            if self.ended(future, LOST):
                return future.result()
        raise AssertionError(f"no response of {client.srv_name} within {TIMEOUT} s")

    def begin(self, client, request):
        """Call a service without waiting for its response: a future."""
        assert client.wait_for_service(TIMEOUT), f"there is no service {client.srv_name}"
        return self.spun(lambda: client.call_async(request))

    def spun(self, function):
        """Call a function in the thread that spins: rclpy loses a response that comes before a request is noted."""
        return self.result(self._executor.create_task(function))

    def result(self, future, timeout: float = TIMEOUT):
        """Wait for a future of rclpy; its result."""
        assert self.ended(future, timeout), f"no result within {timeout} s"
        return future.result()

    @staticmethod
    def ended(future, timeout: float) -> bool:
        """Wait until a future of rclpy has ended; False where it has not."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        return done.wait(timeout)

    @contextlib.contextmanager
    def streaming(self, publisher, make_msg, rate: float = 10.0):
        """Publish make_msg() at a rate, as a camera does, while the block runs."""
        timer = self.node.create_timer(1.0 / rate, lambda: publisher.publish(make_msg()))
        try:
            yield
        finally:
            timer.cancel()
            self.node.destroy_timer(timer)


def scene_cloud(n: int = 20_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A table with one red block in the base frame: points (n, 3) float32, colours (n, 3) uint8."""
    rng = np.random.default_rng(seed)
    points = rng.uniform([0.2, -0.55, 0.0], [0.8, 0.55, 0.0], (n, 3)).astype(np.float32)
    colors = np.full((n, 3), (90, 77, 66), np.uint8)
    block = (np.abs(points[:, :2] - [0.5, 0.1]) < 0.03).all(axis=1)
    points[block, 2] = 0.06
    colors[block] = (255, 87, 89)
    return points, colors


def cloud_msg(points, colors, frame: str, stamp) -> PointCloud2:
    """A PointCloud2 with x y z rgb."""
    return cloud_to_msg(points, colors, header(frame, stamp))


def statuses(name: str):
    """Predicate on DiagnosticArray: the status of the node ``name``, with ``text`` in its message."""

    def matching(text: str):
        return lambda array: any(name in s.name and text in s.message for s in array.status)

    return matching


def _end_with_parent() -> None:
    """Linux: a test run that is killed takes its nodes with it."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

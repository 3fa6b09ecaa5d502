"""Nodes as child processes that never outlive their parent, in a ROS domain of their own."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LOOPBACK = Path(__file__).resolve().parent / "fastdds_loopback.xml"
PROFILES = (
    "FASTRTPS_DEFAULT_PROFILES_FILE",
    "FASTDDS_DEFAULT_PROFILES_FILE",
)  # Fast DDS 2, and 3, which warns of the other
FAST_DDS_2 = ("humble", "iron", "jazzy")  # distributions
DOMAINS = range(1, 102)  # what is safe beside Linux's ephemeral ports
PATIENCE = ((signal.SIGINT, 6.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))  # seconds after each


class ProcessError(RuntimeError):
    """A node did not start or ended too early; the message is one line that says which and why."""


class OwnDomain:
    """Free ROS_DOMAIN_ID: not held by another of these programs, and unused on this machine.

    It is held by a socket: whoever shares the network sees it, be it from another container, and it goes with the process.

    Attributes:
        number: the domain, 1 to 101.
    """

    def __init__(self, start: int | None = None):
        """
        Args:
            start: first number to try; None: one that differs from process to process.

        Raises:
            ProcessError: all domains are taken.
        """
        start = os.getpid() if start is None else start
        for offset in range(len(DOMAINS)):
            self.number = DOMAINS[(start + offset) % len(DOMAINS)]
            self._held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # TCP: beside the UDP of DDS
            try:
                self._held.bind(("127.0.0.1", _first_port(self.number)))
                if _domain_is_silent(self.number):
                    return
            except OSError:
                pass
            self._held.close()
        raise ProcessError("No ROS domain is free on this machine: end some of the ROS programs that run.")

    def __enter__(self) -> OwnDomain:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def environment(self) -> dict[str, str]:
        """The variables that put a process into this domain, out of reach of other machines."""
        domain = {"ROS_DOMAIN_ID": str(self.number)}
        if os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps").startswith("rmw_fastrtps"):
            domain |= {profile_variable(): str(LOOPBACK), "ROS_STATIC_PEERS": "127.0.0.1"}
            return {**domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}  # the profile keeps it on this machine
        return {**domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}

    def close(self) -> None:
        """Give the domain back."""
        self._held.close()


def profile_variable() -> str:
    """Name of the environment variable for Fast DDS's default profiles in this distribution of ROS."""
    return PROFILES[os.environ.get("ROS_DISTRO", "jazzy") not in FAST_DDS_2]


def _first_port(number: int) -> int:
    """Port of the first participant of a domain (DDSI-RTPS 2.2, 9.6.1.1)."""
    return 7400 + 250 * number + 10


def _domain_is_silent(number: int) -> bool:
    """True if no process holds the UDP port of the domain's first participant."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", _first_port(number)))
        except OSError:
            return False
    return True


class Nodes:
    """Nodes of this package, each a process in a group of its own, with its words in a log file.

    Use it in a ``with`` block: however that is left, no process stays behind. A process whose parent is killed
    outright is ended by the kernel (Linux).
    """

    def __init__(self, logs: Path, environment: dict[str, str]):
        """
        Args:
            logs: folder for ``NAME.log``.
            environment: variables on top of this process's own.
        """
        self._logs = Path(logs)
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        root = str(Path(__file__).resolve().parent.parent)
        known = self._environment.get("PYTHONPATH", "").split(os.pathsep)
        if root not in known:
            self._environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, known)])
        self._running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self, name: str, module: str | None = None, namespace: str = "", **parameters) -> None:
        """Start the node ``moe3d_ros.nodes.NAME`` with ROS parameters (text, numbers, booleans, lists).

        A node that was killed can be started again; its log continues in the same file.
        """
        command = [sys.executable, "-m", module or f"moe3d_ros.nodes.{name}", "--ros-args"]
        command += ["-r", f"__ns:=/{namespace}"] if namespace else []
        for key, value in parameters.items():
            command += ["-p", f"{key}:={json.dumps(value)}"]  # JSON is YAML, which rcl reads
        self._logs.mkdir(parents=True, exist_ok=True)
        with open(self.log_file(name), "ab" if name in self._running else "wb") as log:
            self._running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def log_file(self, name: str) -> Path:
        """Path of a node's log file."""
        return self._logs / f"{name}.log"

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._running.items()}

    def kill(self, name: str) -> None:
        """End a node at once, as a crash would; returns when it is gone."""
        process = self._running[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def check(self) -> None:
        """Raises ProcessError if a node has ended."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                with contextlib.suppress(OSError):
                    lines = [line.strip() for line in self.log_file(name).read_text(errors="replace").splitlines()]
                    lines = [line for line in lines if line]
                reason = lines[-1][:300] if lines else f"exit code {code}"
                raise ProcessError(f"The {name} node ended too early: {reason} (see {self.log_file(name)})")

    def stop(self) -> None:
        """End all nodes with everything that they started: first kindly, then by force. Returns when none is left."""
        handlers = _deaf() if self._running else {}
        try:
            for sign, seconds in PATIENCE:
                left = [process.pid for process in self._running.values() if _group_lives(process)]
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, sign)
                end = time.monotonic() + seconds
                while time.monotonic() < end and any(_group_lives(process) for process in self._running.values()):
                    time.sleep(0.02)  # a group has no event for its end
            for process in self._running.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1.0)
            self._running.clear()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _group_lives(process: subprocess.Popen) -> bool:
    process.poll()  # reaps the leader, who would count as alive otherwise
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _deaf() -> dict:
    """Ignore Ctrl-C while cleaning up, where signals can be set; returns the handlers of before."""
    try:
        return {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread
        return {}


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

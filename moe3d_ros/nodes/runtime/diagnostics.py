"""One status on /diagnostics: what the node does, how fast, and what is wrong."""

from __future__ import annotations

import math
import threading
import time
from collections import deque

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock
from rclpy.clock_type import ClockType

from moe3d_ros.nodes.runtime.clock import unheard_clock

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
# Keys of values by which programs tell statuses apart: a status's name changes with the node's, and is for people.
PROGRAM = "program"  # voxelizer, planner, ...
NAMESPACE = "namespace"  # of the node: /robot1, or /
PUBLISHES = "publishes"  # full name of the topic that the status is about
ERROR_NAME = "error"  # name of an ErrorCode; NONE where all is well
MAX_AGE = "max_age (s)"  # oldest pose that the program follows; 0: any
PLANNED_ACTION = "planned_action"  # event that the simulator counts
GOAL_REACHED = "goal_reached"  # event that the planner counts, where it had a goal
LOG_AGAIN_AFTER = 10.0  # seconds; the same sentence is not logged more often
LOG_SENTENCES = 20  # different ones in that time; what a hostile sender causes more of is on /diagnostics only
CLOCK_PATIENCE = 5.0  # seconds without simulated time after which it is missed
MAX_CHARACTERS = 500  # characters of a message or a value


class Diagnostics:
    """Publishes a DiagnosticStatus every second, and at once when the level or the message changes.

    The seconds are the computer's: a node that waits for simulated time says so.
    """

    def __init__(
        self,
        node,
        program: str,
        task: str,
        hardware_id: str = "",
        period: float = 1.0,
        patience: float = CLOCK_PATIENCE,
    ):
        """
        Args:
            program: name of the node's program, whatever the node is called.
            task: short name of what it does, for the name of the status.
            patience: seconds without simulated time, where the node uses it, after which the status says so.
        """
        self._node = node
        self._name = f"{node.get_fully_qualified_name().lstrip('/')}: {task}"
        self._hardware_id = hardware_id
        self._lock = threading.Lock()
        self._level, self._message = OK, "starting"
        self._values: dict[str, str] = {PROGRAM: program, NAMESPACE: node.get_namespace()}
        self._passing: set[str] = set()  # keys of values that hold for the work at hand only
        self._times: dict[str, deque] = {}
        self._events: dict[str, deque] = {}
        self._totals: dict[str, int] = {}
        self._logged: dict[str, float] = {}
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._clock_due = time.monotonic() + patience
        self._timer = node.create_timer(period, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _tick(self) -> None:
        """Log what is the matter with the clock, and publish."""
        unheard = self._unheard()
        with self._lock:
            log = bool(unheard) and self._may_log(unheard, time.monotonic())
        if log:
            self._node.get_logger().warning(unheard)
        self.publish()

    def _unheard(self) -> str:
        """Sentence on simulated time that does not come though it is due, or empty."""
        return unheard_clock(self._node) if time.monotonic() >= self._clock_due else ""

    def report(self, level: bytes, message: str, log: bool = True) -> None:
        """Set the status; a warning or an error is logged too, at a rate that a person can read, unless ``log`` is false."""
        message = _cut(message)
        with self._lock:
            changed = (level, message) != (self._level, self._message)
            self._level, self._message = level, message
            now = time.monotonic()
            log = log and level != OK and self._may_log(message, now)
        if log and level == WARN:
            self._node.get_logger().warning(message)
        elif log:
            self._node.get_logger().error(message)
        if changed:
            self.publish()

    def _may_log(self, message: str, now: float) -> bool:
        """True where this sentence is to be logged now; the sentences that are kept for it are few."""
        self._logged = {m: t for m, t in self._logged.items() if now - t < LOG_AGAIN_AFTER}
        if message in self._logged or len(self._logged) >= LOG_SENTENCES:
            return False
        self._logged[message] = now
        return True

    def set_hardware(self, hardware_id: str) -> None:
        """Set what the status is of, e.g. the device."""
        with self._lock:
            self._hardware_id = hardware_id

    def set(self, key: str, value) -> None:
        """Show a value, e.g. the device."""
        with self._lock:
            self._values[key] = _cut(str(value))

    def set_passing(self, key: str, value) -> None:
        """Show a value of the work at hand, e.g. of the last cloud, which `forget` takes away."""
        with self._lock:
            self._values[key] = _cut(str(value))
            self._passing.add(key)

    def forget(self, *keys: str) -> None:
        """Take away passing values that hold no more: these, or all of them where none is named."""
        with self._lock:
            for key in keys or tuple(self._passing):
                self._values.pop(key, None)
                self._passing.discard(key)

    def count(self, event: str) -> None:
        """Count an event; how often it came in all and its rate over the last events are shown."""
        with self._lock:
            self._totals[event] = self._totals.get(event, 0) + 1
            self._events.setdefault(event, deque(maxlen=50)).append(time.monotonic())

    def timing(self, stage: str, seconds: float) -> None:
        """Record what a stage took; median and maximum of the last 50 are shown."""
        with self._lock:
            self._times.setdefault(stage, deque(maxlen=50)).append(seconds)

    def publish(self) -> None:
        """Send the status now."""
        with self._lock:
            values = dict(self._values)
            now = time.monotonic()
            for event, times in self._events.items():
                recent = [t for t in times if now - t < 5.0]
                rate = (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 else 0.0
                values[f"{event} rate (Hz)"] = f"{rate:.2f}"
                values[f"{event} total"] = str(self._totals[event])
            for stage, seconds in self._times.items():
                ordered = sorted(seconds)
                values[f"{stage} median (ms)"] = f"{1e3 * ordered[len(ordered) // 2]:.2f}"
                values[f"{stage} max (ms)"] = f"{1e3 * ordered[-1]:.2f}"
            level, message = self._level, self._message
            unheard = self._unheard()
            if unheard and level != ERROR:
                level, message = WARN, _cut(unheard)
            status = DiagnosticStatus(level=level, name=self._name, message=message, hardware_id=self._hardware_id)
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        if self._node.context.ok():
            self._publisher.publish(array)


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    """The values of a status by their keys."""
    return {pair.key: pair.value for pair in status.values}


def number_or(text: str, otherwise: float) -> float:
    """The finite number that a value says, or another one where it says none."""
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return number if math.isfinite(number) else otherwise


def _cut(text: str) -> str:
    """Message or value cut to its greatest length, whatever the length of a received name."""
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 3] + "..."

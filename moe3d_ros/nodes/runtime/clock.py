"""A node's clock that jumps back (a simulator was reset, a recording began again) or never begins; stamps that do not fit it."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import ClockChange, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node

LEAST_JUMP = 0.1  # seconds back that count; less is a clock that is being adjusted, or messages that overtake


class JumpBack:
    """Calls a function when the node's clock jumps back, or changes its source, as long as it lives."""

    def __init__(self, node: Node, on_jump: Callable[[], None]):
        def jumped(jump: TimeJump) -> None:
            changed = jump.clock_change in (ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED)
            if changed or jump.delta.nanoseconds < 0:
                on_jump()

        threshold = JumpThreshold(
            min_forward=None, min_backward=Duration(nanoseconds=-int(LEAST_JUMP * 1e9)), on_clock_change=True
        )
        self._handle = node.get_clock().create_jump_callback(threshold, post_callback=jumped)

    def close(self) -> None:
        """Stop calling."""
        self._handle.unregister()


def unheard_clock(node: Node) -> str:
    """A sentence on simulated time that stands at 0, since nobody tells it or it has just begun, or empty."""
    clock = node.get_clock()
    if not clock.ros_time_is_active or clock.now().nanoseconds > 0:
        return ""
    if node.count_publishers("/clock"):
        return "The time that is published on /clock stands at 0, and what hangs on it waits until it goes on."
    return (
        "No time has come on /clock and use_sim_time is true, so this node's time stands at 0 and what hangs on it waits. Most "
        "likely nobody publishes /clock: the embedded simulator, scans and cameras do not. Set use_sim_time to false, or start "
        "what tells the time (a simulator of your own, a recording with clock:=true)."
    )


def stamp_problem(stamp_ns: int, now_ns: int, tolerance: float) -> str:
    """A sentence on a stamp that lies more than ``tolerance`` seconds in the future of a node's clock, or empty.

    A clock that stands at 0 has not begun yet: with use_sim_time, until the first /clock.
    """
    ahead = (stamp_ns - now_ns) / 1e9
    if now_ns <= 0 or ahead <= tolerance:
        return ""
    causes = (
        "the camera's computer has another clock: synchronise both (chrony, PTP)"
        if ahead < 86400.0
        else "the camera stamps with the computer's time and this node follows /clock: set use_sim_time alike"
    )
    return (
        f"The cloud is stamped {ahead:.1f} s in the future of this node's clock and is dropped. Most likely {causes}."
    )

"""How a node's process starts, spins and ends; and how its parameters are declared."""

from __future__ import annotations

import signal
import sys
import traceback

import rclpy
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.signals import uninstall_signal_handlers


def declare(node, name: str, default, description: str, low=None, high=None, read_only: bool = True):
    """Declare a parameter with its description and range, and return its value.

    Args:
        low, high: inclusive range of a number; out of range is refused by rclpy with the reason.
        read_only: it is read once at the start, so changing it while running is refused.
    """
    descriptor = ParameterDescriptor(description=description, read_only=read_only)
    if low is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return node.declare_parameter(name, default, descriptor).value


def run_node(make_node, args=None, threads: int = 4) -> int:
    """Create a node, spin it until SIGINT or SIGTERM, and close it.

    Args:
        make_node: callable without arguments that returns the node; it may have a method ``close``.
        args: command line as rclpy.init takes it.
        threads: executor threads.

    Returns:
        exit code: 0 after a shutdown, 2 where the parameters were refused.
    """
    rclpy.init(args=args)
    node = executor = None
    try:
        try:
            node = make_node()
        except (ParameterException, ValueError) as error:
            print(f"The node cannot start: {error}", file=sys.stderr)
            return 2
        executor = MultiThreadedExecutor(num_threads=threads)
        executor.add_node(node)
        while rclpy.ok():
            try:
                executor.spin()
            except (KeyboardInterrupt, ExternalShutdownException):
                break
            except Exception:  # a bug in one callback must not take down the robot's planner
                node.get_logger().error("A callback failed, the node goes on:\n" + traceback.format_exc())
    except KeyboardInterrupt:
        pass
    finally:
        _deaf()
        if node is not None and hasattr(node, "close"):
            node.close()
        if executor is not None:
            executor.shutdown(timeout_sec=1.0)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _deaf() -> None:
    """Ignore further signals: Ctrl-C in a terminal reaches a launched node twice, and it is ending already."""
    uninstall_signal_handlers()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)

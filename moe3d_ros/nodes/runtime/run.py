"""Start, spin and end of a node's process."""

from __future__ import annotations

import os
import signal
import sys
import traceback

import rclpy
from rclpy.exceptions import InvalidHandle, ParameterException
from rclpy.executors import ExternalShutdownException, ShutdownException
from rclpy.signals import uninstall_signal_handlers

from moe3d_ros.nodes.runtime.executor import ThreadedExecutor
from moe3d_ros.nodes.runtime.memory import configure_malloc
from moe3d_ros.nodes.runtime.transport import choose_profile


def run_node(make_node, args=None, threads: int = 4, clouds: bool = False) -> int:
    """Create a node, spin it until SIGINT or SIGTERM, and close it; see `run_nodes`."""
    return run_nodes(lambda: [make_node()], args, threads, clouds)


def run_nodes(make_nodes, args=None, threads: int = 4, clouds: bool = False) -> int:
    """Create nodes, spin them in one executor until SIGINT or SIGTERM, and close them.

    Args:
        make_nodes: callable without arguments that returns the nodes; they may have the methods ``start``, which is
            called before they spin, and ``close``, and the attribute ``exit_code``.
        args: command line as rclpy.init takes it.
        threads: executor threads.
        clouds: this process turns clouds into voxels and loads no model; see `configure_malloc`.

    Returns:
        exit code: 0 after a shutdown or what the nodes say, 2 where the parameters were refused.
    """
    configure_malloc(clouds)
    choose_profile(os.environ)
    starting = True

    def on_interrupt(*_) -> None:
        # Raised while the executor hands work to its threads, an interrupt can leave a lock taken that they wait for at the
        # end. There ROS's own handler, which comes first, has shut the context down, and that ends the executor.
        if starting:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else a shell has it ignored
        signal.signal(signal.SIGINT, on_interrupt)
    try:
        rclpy.init(args=args)
    except RuntimeError as error:  # a file of parameters that is no YAML, an argument that ROS does not know
        print(f"The node cannot start: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    nodes, executor = [], None
    try:
        try:
            nodes = make_nodes()
            executor = ThreadedExecutor(
                threads
            )  # before they start: a node that ends at once takes the context with it
            for node in nodes:
                executor.add_node(node)
            for node in nodes:
                getattr(node, "start", lambda: None)()
        except (ParameterException, ValueError) as error:
            print(f"The node cannot start: {error}", file=sys.stderr)
            return 2
        starting = False
        spin(executor, nodes[0].get_logger())
    except KeyboardInterrupt:
        pass
    except Exception:
        if rclpy.ok():
            raise  # else it was interrupted while it started, and ROS is gone already
    finally:
        _deaf()
        for node in nodes:
            getattr(node, "close", lambda: None)()
        if executor is not None:
            executor.shutdown(timeout_sec=1.0)
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
    return max((getattr(node, "exit_code", 0) for node in nodes), default=0)


def spin(executor, log) -> None:
    """Spin until the context is shut down or the process interrupted; callbacks that fail are logged."""
    while executor.context.ok():
        try:
            executor.spin()
            return
        except (KeyboardInterrupt, ExternalShutdownException, ShutdownException):
            return
        except InvalidHandle:  # rclpy: an entity was destroyed just when the executor was about to wait for it
            continue
        except Exception:  # a bug in one callback must not take down the robot's planner
            # Bytes that are no message at all end up here too: as many as somebody likes to send.
            log.error("A callback failed, the node goes on:\n" + traceback.format_exc(), throttle_duration_sec=1.0)


def _deaf() -> None:
    """Ignore further signals: Ctrl-C in a terminal reaches a launched node twice, and it is ending already."""
    uninstall_signal_handlers()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)

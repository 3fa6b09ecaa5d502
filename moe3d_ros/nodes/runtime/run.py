"""Start, spin and end of a node's process."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback

import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.exceptions import InvalidHandle, ParameterException
from rclpy.executors import ExternalShutdownException, ShutdownException
from rclpy.signals import uninstall_signal_handlers

from moe3d_ros.nodes.runtime.executor import ThreadedExecutor
from moe3d_ros.nodes.runtime.memory import configure_malloc
from moe3d_ros.nodes.runtime.parameter_tables import SAFETY, TABLES
from moe3d_ros.nodes.runtime.transport import choose_profile
from moe3d_ros.nodes.settings.overrides import Given, judge
from moe3d_ros.nodes.settings.ros_arguments import mended, sections

LONGEST_WAIT = 0.5  # seconds without work after which the executor looks whether it is to end
UNENDED = "planning"  # name of the thread that loads the model, which nothing can interrupt


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

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as a shell does
        signal.signal(signal.SIGINT, on_interrupt)
    given = list(sys.argv if args is None else args)
    try:
        rclpy.init(args=mended(given))
    except RCLError as error:
        print(f"The node cannot start: {_plain(error)}", file=sys.stderr)
        return 2
    nodes, executor = [], None
    try:
        try:
            nodes = make_nodes()
            check_overrides(nodes, given)
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
    code = max((getattr(node, "exit_code", 0) for node in nodes), default=0)
    if any(thread.name == UNENDED for thread in threading.enumerate()):
        # A model that is still loading: Python would take torch apart below it, and abort.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def check_overrides(nodes, arguments: list[str]) -> None:
    """Warn of settings that are not in force; raise ValueError where safety hangs on one of them."""
    programs = {program: frozenset(parameter.name for parameter in table) for program, table in TABLES.items()}
    facts = [
        Given(node.get_fully_qualified_name(), frozenset(node._parameters), frozenset(node._parameter_overrides))
        for node in nodes
    ]
    verdict = judge(facts, sections(arguments), SAFETY, programs)
    for sentence in verdict.warnings:
        nodes[0].get_logger().warning(sentence)
    if verdict.errors:
        raise ValueError(" ".join(verdict.errors))


def _plain(error: Exception) -> str:
    """rcl's reason without the places in its source, as a sentence."""
    text = re.sub(r",? at \S+:\d+", "", str(error)).removeprefix("failed to initialize rcl: ")
    return f"{text.rstrip(' .')}."


def spin(executor, log) -> None:
    """Spin until the context is shut down or the process interrupted; callbacks that fail are logged."""
    while executor.context.ok():
        try:
            # With a limit: an interrupt whose wake-up gets lost would else be noticed at the next message, and in simulated
            # time that stands still there is none.
            executor.spin_once(timeout_sec=LONGEST_WAIT)
        except (KeyboardInterrupt, ExternalShutdownException, ShutdownException):
            return
        except InvalidHandle:  # rclpy: an entity was destroyed just when the executor was about to wait for it
            continue
        except Exception:  # a bug in one callback must not take down the robot's planner
            if not executor.context.ok():
                return  # interrupted between the question above and the wait: rcl says that as a plain RCLError
            # Bytes that are not a message end up here too, as many as a sender likes.
            log.error("A callback failed, the node goes on:\n" + traceback.format_exc(), throttle_duration_sec=1.0)


def _deaf() -> None:
    """Ignore further signals: Ctrl-C in a terminal reaches a launched node twice, and it is ending already."""
    uninstall_signal_handlers()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)

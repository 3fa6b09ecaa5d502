"""Fixtures that several test modules share, and the marker ``ros``."""

import os
import sys
from functools import cache
from pathlib import Path

import pytest
from import_graph import imports

NEEDS_ROS = ("rclpy", "launch", "ros_helpers", "planning", "moe3d_ros.msg", "moe3d_ros.srv", "moe3d_ros.action")


@cache
def _talks_to_ros(path: Path) -> bool:
    """The test module imports ROS, anywhere in it, or a helper that does."""
    return any(f"{name}.".startswith(f"{needed}.") for name in imports(path.stem, path) for needed in NEEDS_ROS)


def pytest_collection_modifyitems(items):
    """Mark what needs ROS as ``ros``; in one of several processes, files with ``slow`` tests come first: none waits long."""
    for item in items:
        if _talks_to_ros(item.path) or {"probe", "ros"} & set(item.fixturenames):
            item.add_marker(pytest.mark.ros)
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="module", autouse=True)
def _no_node_is_left():
    """A test that failed half-way leaves no node behind to disturb the next module."""
    yield
    if "ros_helpers" in sys.modules:
        sys.modules["ros_helpers"].NodeProcess.kill_all()


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory):
    """Folder of a tiny random checkpoint that loads in a moment."""
    from moe3d_ros.model.tiny import write_tiny_checkpoint

    return write_tiny_checkpoint(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def probe():
    """A ROS node in the test's own process."""
    from ros_helpers import Probe

    probe = Probe()
    yield probe
    probe.close()

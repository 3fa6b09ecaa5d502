"""Fixtures that several test modules share."""

import sys

import pytest


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

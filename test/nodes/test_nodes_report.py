"""The support report: what is installed, who is in the graph, which sensors are heard, and what went wrong last."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from planning import SHADES, VOXELS, Planning
from ros_helpers import cloud_msg
from sensor_msgs.msg import PointCloud2

from moe3d_ros.planner import Planner


def printed(*arguments: str) -> str:
    command = [sys.executable, "-m", "moe3d_ros.nodes.report", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_interrupt_ends_it_at_once_and_quietly():
    """Several times: what an interrupt meets, a wait or what lies between two, is chance."""
    command = [sys.executable, "-m", "moe3d_ros.nodes.report", "--seconds", "300"]
    for _ in range(4):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr.readline() == "Listening for 300 s.\n"
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, ""), errors
        assert "Traceback" not in errors


def section(text: str, title: str) -> str:
    """The lines below a heading."""
    return re.search(rf"^## {title}\n\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL).group(1)


@pytest.fixture(scope="module")
def reported(probe, tiny_checkpoint):
    """What is printed while a planner runs that has just failed, and a camera: with the checkpoint's folder."""
    planning = Planning(probe, "supported", checkpoint=str(tiny_checkpoint))
    planning.process.wait_log("model loaded")
    camera = probe.node.create_publisher(PointCloud2, "/supported/points", 5)
    _, result = planning.plan()  # nothing was seen yet
    assert result.error_code == 1
    with probe.streaming(camera, lambda: cloud_msg(VOXELS, SHADES, "camera", probe.now()), 5.0):
        text = printed("--seconds", "6", "--ros-args", "-r", "__ns:=/supported")
    yield text
    assert planning.process.stop() == 0


def test_versions_are_those_that_run(reported):
    versions = section(reported, "Versions")
    manifest = re.search(r"<version>(.*?)</version>", (ROOT / "package.xml").read_text()).group(1)
    assert f"moe3d_ros {manifest}, Python {sys.version.split()[0]}" in versions
    assert re.search(r"torch \d+\.\d+", versions)


def test_the_loaded_checkpoint_is_named(reported, tiny_checkpoint):
    loaded = section(reported, "Checkpoint")
    assert Planner.from_pretrained(str(tiny_checkpoint)).checksum in loaded
    assert re.search(r"installed default: checksum [0-9a-f]{64}", loaded)


def test_middleware_and_nodes_are_named(reported):
    found = section(reported, "Middleware")
    assert "rmw_fastrtps_cpp" in found
    assert f"ROS_DOMAIN_ID={os.environ['ROS_DOMAIN_ID']}" in found
    assert "/supported/planner" in found


def test_sensors_are_heard_with_their_rate(reported):
    line = next(line for line in section(reported, "Sensors").splitlines() if "/supported/points" in line)
    assert "sensor_msgs/msg/PointCloud2, 1 publishers (reliable)" in line
    assert float(re.search(r"about ([\d.]+) Hz", line).group(1)) > 1.0


def test_the_last_error_is_told(reported):
    told = section(reported, "States and last errors")
    assert re.search(r"supported/planner.*NO_CLOUD", told)


def test_nothing_private_is_in_it_and_silence_is_said(reported):
    home = str(Path.home())
    assert home not in reported
    alone = printed("--seconds", "0.5", "--ros-args", "-r", "__ns:=/alone")
    assert "no planner tells its model" in alone

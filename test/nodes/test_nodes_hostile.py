"""Hostile messages at real nodes: the short form of `make bench ARGS="fuzz"`, as a process of its own."""

import subprocess
import sys

import pytest
from places import ROOT

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")
pytestmark = pytest.mark.ros  # the nodes run in the bench's processes


@pytest.mark.slow
def test_hostile_messages_end_no_node_and_bring_no_pose(tiny_checkpoint):
    command = [sys.executable, "-m", "benchmarks", "fuzz", "--checkpoint", str(tiny_checkpoint)]
    command += ["--messages", "300", "--round", "100"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    words = ended.stdout + ended.stderr
    assert ended.returncode == 0, words
    assert "300 hostile messages: no node ended, 0 poses published, 0 good requests unanswered" in words, words

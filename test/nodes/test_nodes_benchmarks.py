"""Benchmarks of the nodes go on running with the nodes: the parts that no other test starts."""

import json
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from benchmarks.cancel import spelled
from moe3d_ros.plan import normalised


def test_a_plan_s_way_out_is_timed():
    command = [sys.executable, "-m", "benchmarks", "latency", "--plans"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    times = json.loads(ended.stdout.splitlines()[-1])
    assert len(times["wall"]) == len(times["cpu"]) > 100
    assert 0 < np.median(times["wall"]) < 1000


def test_spellings_of_an_instruction_differ_and_mean_the_same():
    text = "put the red block in the green bowl"
    spellings = [spelled(text, number) for number in range(500)]
    assert len(set(spellings)) == 500
    assert {normalised(one) for one in spellings} == {text}

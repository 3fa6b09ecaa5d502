"""Threads of a process that shares its cores, and the benchmark that prints what that is worth."""

import multiprocessing
import os
import subprocess

import numpy as np
import pytest
from places import ROOT

from benchmarks.load import busy, ratio
from moe3d_ros.cores import SLEEP, compute_threads, let_threads_sleep


def test_threads_that_wait_sleep_unless_somebody_has_said_otherwise():
    fresh, chosen = {"PATH": "/bin"}, {"OMP_WAIT_POLICY": "ACTIVE"}
    let_threads_sleep(fresh)
    let_threads_sleep(chosen)
    assert fresh == {"PATH": "/bin", **SLEEP}
    assert chosen == {"OMP_WAIT_POLICY": "ACTIVE"}


@pytest.mark.parametrize(("given", "policy"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_programs_of_the_environment_begin_so_too(given, policy):
    """Training and evaluation import torch before anything of theirs runs."""
    rest = {name: value for name, value in os.environ.items() if name not in SLEEP}
    command = [str(ROOT / "tools" / "run"), "printenv", "OMP_WAIT_POLICY"]
    done = subprocess.run(command, env={**rest, **given}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == policy


def test_half_of_the_cores_that_this_process_may_use_compute():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert compute_threads() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert compute_threads() == max(1, len(allowed) // 2)
    assert compute_threads(3) == 3


def test_a_ratio_is_of_medians_and_within_its_interval():
    times, low, high = ratio(np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.2, 1.8]))
    assert times == pytest.approx(2.0)
    assert low <= times <= high
    assert low >= 1.8 / 1.1


def test_other_processes_compute_and_end():
    with busy(1):
        assert len(multiprocessing.active_children()) == 1
    assert multiprocessing.active_children() == []

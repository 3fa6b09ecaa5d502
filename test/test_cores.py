"""Threads of a process that shares its cores, and the benchmark that prints what that is worth."""

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from places import ROOT

from benchmarks.load import busy, ratio
from moe3d_ros.cores import ONE_THREAD, SLEEP, compute_threads, let_threads_sleep
from training import evaluate


def test_threads_that_wait_sleep_unless_somebody_has_said_otherwise():
    fresh, chosen = {"PATH": "/bin"}, {"OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_NUM_THREADS": "4"}
    let_threads_sleep(fresh)
    let_threads_sleep(chosen)
    assert fresh == {"PATH": "/bin", **SLEEP, **ONE_THREAD}
    assert chosen == {"OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_NUM_THREADS": "4"}


@pytest.mark.parametrize(("given", "policy"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_programs_of_the_environment_begin_so_too(given, policy):
    """Training and evaluation import torch before anything of theirs runs."""
    rest = {name: value for name, value in os.environ.items() if name not in SLEEP}
    command = [str(ROOT / "tools" / "run"), "printenv", "OMP_WAIT_POLICY"]
    done = subprocess.run(command, env={**rest, **given}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == policy


REPORT = """
import importlib, os, sys
seen = {{}}
def on_event(event, arguments):
    if event == "import" and arguments[0] in ("numpy", "torch"):
        seen.setdefault(arguments[0], (os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_WAIT_POLICY")))
sys.addaudithook(on_event)
importlib.import_module("{module}")
print(sorted(seen), *{{*seen.values()}})
"""


@pytest.mark.parametrize(
    "module",
    [
        "moe3d_ros.nodes.voxelizer",
        "moe3d_ros.nodes.planner",
        "moe3d_ros.nodes.tabletop",
        "training.evaluate",
        "training.train",
    ],
)
def test_every_program_chooses_before_its_libraries_are_loaded(module):
    """Without tools/run, as from a workspace on ROS from apt or by pip's programs."""
    if module.startswith("moe3d_ros"):
        pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")
    rest = {
        name: value for name, value in os.environ.items() if name not in {**SLEEP, **ONE_THREAD, "OMP_NUM_THREADS": ""}
    }
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(module=module)],
        env=rest,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.startswith("['numpy'")
    assert done.stdout.strip().endswith("] ('1', 'PASSIVE')")


@pytest.mark.parametrize(("wanted", "used"), [([], None), (["--threads", "3"], 3)])
def test_evaluation_computes_with_as_many_threads_as_the_planner(wanted, used, capsys):
    before = torch.get_num_threads()
    try:
        assert evaluate.main(["--suite", "single-step", "--checkpoint", "nowhere", *wanted]) == 1
        assert torch.get_num_threads() == (used or compute_threads())
    finally:
        torch.set_num_threads(before)
    assert "nowhere" in capsys.readouterr().err


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

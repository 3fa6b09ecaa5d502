"""Cancel and preemption: prompt at any moment, and whole plans or none; with a tiny model, so for the bookkeeping."""

import logging
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from places import ROOT
from ros_helpers import TIMEOUT

from moe3d_ros.nodes.planning.requests import Task
from moe3d_ros.nodes.planning.session import Planning
from moe3d_ros.nodes.planning.worker import PlanningWorker
from moe3d_ros.plan import Action, ErrorCode, Plan
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace

WAIT = 10.0


@pytest.mark.slow
def test_under_load_every_goal_ends_soon_and_whole():
    """The bench's own limit is for a machine that does nothing else; here the half plans count."""
    command = [sys.executable, "-m", "benchmarks", "cancel", "--tries", "12", "--checkpoint", "tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert "half plans: 0" in done.stdout and "none leaves a half plan" in done.stdout, done.stdout + done.stderr


class Outputs:
    """Keeps what leaves; while the first plan is made, lets somebody in between."""

    def __init__(self):
        self.shown, self.released, self.cleared = [], [], 0

    def show(self, plan, head, lifetime):
        self.shown.append(plan.instruction)

    def release(self, plan, head):
        self.released.append(plan.instruction)

    def clear(self, head):
        self.cleared += 1


class OneStep:
    """Plans one step; calls ``meanwhile`` when the plan of 'first' is finished."""

    workspace = model_workspace = Workspace()
    margin, voxel_size, name, checksum, llm_weights = 0.02, 0.01, "one step", "", "none"

    def __init__(self):
        self.meanwhile = lambda: None

    def plan(self, points, colors, instruction, **_):
        pose = Pose((0.5, 0.0, 0.1), (1.0, 0.0, 0.0, 0.0))
        if instruction == "first":
            self.meanwhile()
        return Plan(instruction, (Action(0, "pick_place", "a", "b", pose, pose, 0.9, "a to b"),), False)


@pytest.fixture
def planning():
    settings = {
        "max_cloud_age": 0.0,
        "cloud_wait": 1.0,
        "max_steps": 8,
        "pose_tolerance": 0.01,
        "table_height": "warn",
        "planning_timeout": 60.0,
        "max_reach": 0.0,
        "keep_out": [""],
        "min_confidence": 0.0,
        "require_confirmation": False,
        "marker_lifetime": 0.0,
        "planning_frame": "base_link",
        "auto_replan": False,
    }
    log = logging.getLogger(__name__)
    diagnostics = SimpleNamespace(
        **{name: lambda *_: None for name in ("set", "set_passing", "report", "timing", "count")}
    )
    stamp = SimpleNamespace(stamp=SimpleNamespace(sec=0, nanosec=0))
    cloud = SimpleNamespace(wait=lambda *_: (np.array([[0.5, 0.0, 0.05]], np.float32), None, stamp))
    planning = Planning(settings, cloud, Outputs(), diagnostics, log, lambda: 0)
    planning.model = OneStep()
    planning.outputs = planning._outputs
    planning.worker = PlanningWorker(lambda: planning.model, log, lambda *_: None)
    yield planning
    planning.worker.stop()


def test_a_plan_that_is_overtaken_in_the_moment_of_its_publication_publishes_nothing(planning):
    """The worker has decided for the older plan already when the newer task is noted."""
    newer = []
    original = planning._publish

    def publish(task, *result):
        if task.instruction == "first":
            newer.append(planning.submit(Task("second")))
        original(task, *result)

    planning._publish = publish
    first = planning.submit(Task("first"))
    assert first.done.wait(WAIT)
    assert newer[0].done.wait(WAIT)
    assert first.error.code == ErrorCode.CANCELLED
    assert "newer instruction" in str(first.error)
    assert first.result is None
    assert newer[0].error is None
    assert planning.outputs.shown == planning.outputs.released == ["second"]


def test_a_plan_that_is_overtaken_while_it_is_made_publishes_nothing(planning):
    newer = []
    planning.model.meanwhile = lambda: newer.append(planning.submit(Task("second")))
    first = planning.submit(Task("first"))
    assert first.done.wait(WAIT)
    assert newer[0].done.wait(WAIT)
    assert first.error.code == ErrorCode.CANCELLED
    assert planning.outputs.shown == ["second"]


def test_of_many_at_once_exactly_one_is_left(planning):
    """Requests from many threads: the newest lives, and the others end; never all of them."""
    requests = []
    threads = [
        threading.Thread(target=lambda n=n: requests.append(planning.submit(Task(f"task {n}")))) for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(request.done.wait(WAIT) for request in requests)
    good = [request for request in requests if request.error is None]
    assert good
    assert planning.outputs.shown[-1] in {request.result[0].instruction for request in good}
    assert planning.outputs.shown == planning.outputs.released
    assert len(planning.outputs.shown) == len(good)


def test_replan_does_not_replace_a_newer_instruction(planning):
    first = planning.submit(Task("old"))
    assert first.done.wait(WAIT)
    old = planning._task
    assert planning.submit(Task("new")).done.wait(WAIT)
    late = planning.submit(old.again(0), follows=old)
    assert late.done.is_set()
    assert late.error.code == ErrorCode.CANCELLED
    assert planning.outputs.shown == ["old", "new"]

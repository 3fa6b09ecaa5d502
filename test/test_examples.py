"""The examples run, as a reader would start them."""

import subprocess
import sys

import pytest
from places import ROOT

EXAMPLES = ROOT / "examples"


def run(name: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "behavior_tree.py",
        "plan_on_a_cloud.py",
        "plan_client.py",
        "train_a_tiny_run.py",
    }


def test_plan_on_a_cloud():
    pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    done = run("plan_on_a_cloud.py")
    assert done.returncode == 0, done.stderr
    first, pick, place = done.stdout.splitlines()[:3]
    assert "red block" in first
    assert "in the green bowl" in first
    assert pick.split()[0] == "pick"
    assert place.split()[0] == "place"


def test_plan_on_a_cloud_says_what_is_wrong(tiny_checkpoint, tmp_path):
    done = run("plan_on_a_cloud.py", "--checkpoint", tiny_checkpoint, "--cloud", tmp_path / "none.ply")
    assert done.returncode == 1
    assert "none.ply" in done.stderr
    assert "Traceback" not in done.stderr


def test_train_a_tiny_run_and_go_on(tmp_path):
    first = run("train_a_tiny_run.py", "--output", tmp_path / "run", "--steps", 2)
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "run" / "losses.jsonl").is_file()
    longer = run("train_a_tiny_run.py", "--output", tmp_path / "run", "--steps", 3)
    assert longer.returncode == 0, longer.stderr
    losses = [done.stdout.splitlines()[-1].split()[1:] for done in (first, longer)]
    assert [len(found) for found in losses] == [2, 3]
    assert losses[1][:2] == losses[0]


@pytest.mark.ros
def test_plan_client(probe, tiny_checkpoint):
    from planning import Planning

    planning = Planning(probe, "examples", checkpoint=str(tiny_checkpoint))
    arguments = ("put", "the", "red", "block", "away", "--ros-args", "-r", "__ns:=/examples")
    try:
        planning.process.wait_log("model loaded")
        without_cloud = run("plan_client.py", *arguments)
        with planning.look():
            planned = run("plan_client.py", *arguments)
    finally:
        assert planning.process.stop() == 0, planning.process.log
    assert without_cloud.returncode == 1
    assert "No cloud has arrived" in without_cloud.stderr
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("1. pick the")


@pytest.mark.ros
def test_behavior_tree_plans_confirms_and_executes(probe, tiny_checkpoint):
    pytest.importorskip("py_trees")
    from planning import Planning
    from std_msgs.msg import Empty

    planning = Planning(probe, "tree", checkpoint=str(tiny_checkpoint), max_cloud_age=60.0)
    arguments = ("put", "--ros-args", "-r", "__ns:=/tree")
    step = planning.inbox["planned_action"]
    arm = probe.talk(Empty, "/tree/goal_reached")
    try:
        with planning.look():
            done, words = in_background("behavior_tree.py", "--yes", "--steps", 1, *arguments)
            text = step.wait().text
            planning.inbox["goal_pose"].wait()
            probe.heard("/tree/goal_reached", by=2)  # by the planner and by the tree, which may have a plan before that
            arm.publish(Empty())
            planning.inbox["goal_pose"].wait(start=1)  # the place follows
            arm.publish(Empty())
            assert done() == 0, words()
            assert words().splitlines()[-1] == f"1. {text}"
            released = len(step.messages)
            done, words = in_background("behavior_tree.py", *arguments, answer="n\n")
            assert done() == 1
            assert "Confirm failed: The plan was dropped" in words()
            assert len(step.messages) == released
            done, words = in_background("behavior_tree.py", " ", *arguments[1:])
            assert done() == 1
            assert "Plan failed: The instruction is empty" in words()
    finally:
        planning.process.stop()


def in_background(name: str, *arguments: object, answer: str = ""):
    """An example that runs meanwhile: functions that wait for its exit code and return its words."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / name), *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told: list[str] = []

    def done() -> int:
        told.append(process.communicate(answer, timeout=120)[0])
        return process.returncode

    return done, lambda: "".join(told)

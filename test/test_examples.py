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

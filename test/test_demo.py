"""The demo as a user runs it: a program with real nodes behind it, what it writes, and that it leaves no process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from moe3d_ros.open3d_loader import import_open3d
from moe3d_ros.plan import Plan
from moe3d_ros.processes import Nodes, OwnDomain, ProcessError
from moe3d_ros.tabletop.tasks.spoken import EXAMPLES
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.workspace import Workspace

TIMEOUT = 300  # seconds; a limit for a loaded machine, not an expectation


ORACLE = ("--planner", "oracle_planner")  # in the model's place: what is tested here is the demo


def command(out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "moe3d_ros.demo", "--out", str(out), *options]


def environment() -> dict[str, str]:
    hidden = ("INSTRUCTION", "CLOUD", "SEED", "CHECKPOINT", "TASK")
    known = {key: value for key, value in os.environ.items() if key not in hidden}
    path = [str(ROOT), str(ROOT / "test" / "helpers"), *filter(None, [known.get("PYTHONPATH")])]
    return {**known, "PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def run_demo(out: Path, *options: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(out, *options),
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=out.parent,
    )


def left_behind(mark: str) -> list[str]:
    """Command lines of living processes with ``mark`` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def gone(mark: str, seconds: float = 15.0) -> bool:
    """Whether all such processes end within some seconds."""
    end = time.monotonic() + seconds
    while left_behind(mark):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def running(mark: str, number: int, seconds: float = 15.0) -> bool:
    """Whether so many such processes come to run: what was forked bears the mark only once it has begun its program."""
    end = time.monotonic() + seconds
    while len(left_behind(mark)) != number:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def ros():
    pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")
    pytest.importorskip("mujoco", reason="MuJoCo is not installed")


def check_plan_json(record: dict, instruction: str) -> None:
    assert record["instruction"] == instruction
    assert isinstance(record["complete"], bool)
    for number, action in enumerate(record["actions"]):
        assert action["index"] == number
        assert action["text"]
        assert action["target"]
        assert action["destination"]
        for name in ("pick", "place"):
            pose = action[name]
            assert pose["frame"] == "base_link"
            assert Workspace().contains(pose["position"])
            turn = quaternion_to_matrix(pose["quaternion"])
            assert np.allclose(turn @ turn.T, np.eye(3))
    assert record["latency_s"]["instruction_to_pick_pose"] > 0
    assert all(seconds >= 0 for seconds in record["latency_s"].values())
    assert len(record["latency_s"]) > 1


def test_demo_plans_executes_and_leaves_nothing_behind(ros, tmp_path):
    out = tmp_path / "demo"
    done = run_demo(out, *ORACLE, DEMO_MARK=f"mark-{os.getpid()}-sim")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
    assert "pick the small red block" in done.stdout
    record = json.loads((out / "plan.json").read_text())
    check_plan_json(record, "put the red block in the green bowl")
    assert record["executed"] is True
    assert record["success"] is True
    assert len(record["actions"]) == 1
    assert (out / "plan.png").read_bytes()[:4] == b"\x89PNG"
    assert (out / "plan.gif").stat().st_size < 3_000_000
    assert distinct_pictures(out / "plan.gif") > 10
    assert not left_behind(f"mark-{os.getpid()}-sim")


def distinct_pictures(film: Path) -> int:
    """Number of pictures of a GIF that differ from all others."""
    from PIL import Image, ImageSequence

    with Image.open(film) as opened:
        return len({picture.convert("RGB").tobytes() for picture in ImageSequence.Iterator(opened)})


@pytest.mark.parametrize("number", [0, 1])
def test_a_long_task_runs_to_its_end_and_is_judged_by_its_goals(ros, tmp_path, number):
    """The oracle does the first task, and of the second a single step, of which it says that it is all."""
    out, mark = tmp_path / "demo", f"mark-{os.getpid()}-task"
    options = (*ORACLE, "--no-arm") if number else ORACLE
    done = run_demo(out, *options, DEMO_MARK=mark, TASK=EXAMPLES[number])
    record = json.loads((out / "plan.json").read_text())
    assert record["instruction"] == EXAMPLES[number]
    last = record["executions"][-1]
    if number:
        assert done.returncode == 1
        assert record["success"] is False
        assert "NO SUCCESS" in record["verdict"]
        assert (last["goals_reached"], len(record["executions"])) == (1, 1)
        assert last["goals"] > 1
    else:
        assert done.returncode == 0, done.stdout + done.stderr
        assert record["success"] is True
        assert "the planner says that it is done" in record["verdict"]
        assert last["goals_reached"] == last["goals"] == 6
        assert len(record["executions"]) >= 6
        assert (out / "plan.gif").stat().st_size < 3_000_000
    assert not left_behind(mark)


def test_a_task_that_is_none_is_refused_with_examples(ros, tmp_path):
    out = tmp_path / "demo"
    done = run_demo(out, *ORACLE, "--task", "sing a song", DEMO_MARK=f"mark-{os.getpid()}-none")
    assert done.returncode == 2
    assert EXAMPLES[0] in done.stderr
    assert not left_behind(f"mark-{os.getpid()}-none")


@pytest.fixture(params=["rmw_cyclonedds_cpp", "rmw_zenoh_cpp"])
def middleware(request):
    """One that is installed beside Fast DDS. Zenoh's nodes find each other through its router, which runs meanwhile."""
    index = pytest.importorskip("ament_index_python", reason="ROS 2 is not installed")
    if request.param not in index.get_resources("rmw_typesupport"):
        pytest.skip(f"{request.param} is not installed: it comes with ROS 2 from apt")
    router = Path(index.get_package_prefix(request.param)) / "lib" / request.param / "rmw_zenohd"
    if not router.is_file():
        yield request.param
        return
    with subprocess.Popen([router], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield request.param
        process.terminate()


def test_demo_on_other_middlewares(ros, middleware, tmp_path):
    """A node ends with an error where the middleware that is loaded is not the one that is asked for."""
    mark = f"mark-{os.getpid()}-{middleware}"
    done = run_demo(tmp_path / "demo", *ORACLE, "--no-arm", DEMO_MARK=mark, RMW_IMPLEMENTATION=middleware)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
    assert json.loads((tmp_path / "demo" / "plan.json").read_text())["executed"] is True
    assert not left_behind(mark)


def test_demo_with_the_default_checkpoint(ros, tmp_path):
    out = tmp_path / "demo"
    done = run_demo(out, DEMO_MARK=f"mark-{os.getpid()}-model")
    assert done.returncode == 0, done.stdout + done.stderr
    check_plan_json(json.loads((out / "plan.json").read_text()), "put the red block in the green bowl")
    assert not left_behind(f"mark-{os.getpid()}-model")


def test_demo_on_a_recorded_scan(ros, tmp_path):
    try:
        open3d = import_open3d()
    except ImportError as error:
        pytest.skip(str(error))
    rng = np.random.default_rng(0)
    table = rng.uniform([-0.5, 0.0, 0.0], [0.5, 0.6, 0.0], (20_000, 3))
    box = rng.uniform([0.1, 0.2, 0.0], [0.16, 0.26, 0.06], (3_000, 3))
    tilt = np.deg2rad(35)  # the camera looks down at the table
    points = np.concatenate([table, box])
    x, y, z = points[:, 0], points[:, 1] + 0.5, points[:, 2] - 0.6
    optical = np.column_stack([x, -z * np.cos(tilt) - y * np.sin(tilt), y * np.cos(tilt) - z * np.sin(tilt)])
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(optical))
    cloud.paint_uniform_color([0.6, 0.3, 0.3])
    scan = tmp_path / "my scan.pcd"
    assert open3d.io.write_point_cloud(str(scan), cloud)
    out = tmp_path / "demo"
    instruction = "move the highest thing to the middle"
    done = run_demo(out, *ORACLE, DEMO_MARK=f"mark-{os.getpid()}-scan", CLOUD=str(scan), INSTRUCTION=instruction)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((out / "plan.json").read_text())
    check_plan_json(record, instruction)
    assert record["executed"] is False
    assert record["success"] is None
    assert abs(record["actions"][0]["pick"]["position"][2] - 0.06) < 0.02
    assert (out / "plan.png").is_file()
    assert not left_behind(f"mark-{os.getpid()}-scan")


def test_a_refused_instruction_is_one_line_and_no_success(ros, tmp_path):
    out = tmp_path / "demo"
    done = run_demo(out, *ORACLE, "--instruction", "sing a song", DEMO_MARK=f"mark-{os.getpid()}-refused")
    assert done.returncode == 2
    assert done.stderr.strip() == "The demo failed: The oracle does not know this sentence."
    record = json.loads((out / "plan.json").read_text())
    assert record["success"] is False
    assert record["executed"] is False
    assert "does not know" in record["error"]
    assert not (out / "plan.png").exists()
    assert not left_behind(f"mark-{os.getpid()}-refused")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_no_process_outlives_an_interrupted_demo(ros, tmp_path, sign, code):
    out, mark = tmp_path / "demo", f"mark-{os.getpid()}-{sign.name}"
    process = subprocess.Popen(
        command(out, *ORACLE),
        env={**environment(), "DEMO_MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
    )
    for line in process.stdout:
        if line.startswith("Starting"):
            break
    assert running(mark, 4), left_behind(mark)  # itself and three nodes
    process.send_signal(sign)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == code, said
    assert gone(mark), left_behind(mark)
    assert "Traceback" not in said


def test_a_node_that_cannot_start_is_named(ros, tmp_path):
    out = tmp_path / "demo"
    done = run_demo(out, "--planner", "no_such_planner", DEMO_MARK=f"mark-{os.getpid()}-missing")
    assert done.returncode == 2
    assert not left_behind(f"mark-{os.getpid()}-missing")
    assert done.stderr.count("\n") == 1
    assert "planner node ended too early" in done.stderr
    assert "no_such_planner" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--cloud", "nowhere.pcd"), ("--cloud", __file__), ("--seed", "-1"), ("--task", EXAMPLES[0], "--cloud", __file__)],
)
def test_bad_options_are_refused_at_once(tmp_path, options):
    done = run_demo(tmp_path / "demo", *options)
    assert done.returncode == 2
    assert done.stderr.startswith("The demo failed: ")
    assert done.stderr.count("\n") == 1


# --- parts


def test_own_domains_differ_and_are_given_back():
    first = OwnDomain(start=40)
    second = OwnDomain(start=40)
    assert first.number != second.number
    assert second.environment()["ROS_DOMAIN_ID"] == str(second.number)
    freed = first.number
    first.close()
    third = OwnDomain(start=freed - 1)
    assert third.number == freed
    second.close()
    third.close()


HOLDER = """
import sys, time
from moe3d_ros.tabletop.tasks.spoken import EXAMPLES
from moe3d_ros.processes import OwnDomain
held = OwnDomain(start=int(sys.argv[1]))
print(held.number, flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def holder(start: int, folder: Path):
    """A process that holds a domain, with a folder of its own for temporary files, as another container has."""
    words = [sys.executable, "-c", HOLDER, str(start)]
    other = subprocess.Popen(words, env={**environment(), "TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True)
    try:
        yield other
    finally:
        other.kill()
        other.communicate()


def test_a_domain_is_held_by_the_network_and_not_by_a_folder(tmp_path):
    with OwnDomain(start=60) as mine, holder(mine.number - 1, tmp_path) as other:
        theirs = int(other.stdout.readline())
        assert theirs != mine.number
        other.kill()  # and nobody gives it back
        other.wait()
        with OwnDomain(start=theirs - 1) as again:
            assert again.number == theirs


def test_a_domain_is_not_held_by_what_was_started_meanwhile():
    with OwnDomain(start=80) as first:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        with OwnDomain(start=first.number - 1) as second:
            assert second.number == first.number
    finally:
        child.kill()
        child.wait()


def test_a_domain_is_left_to_programs_of_ros_that_run_there():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        with OwnDomain(start=70) as free:
            participant.bind(("0.0.0.0", 7400 + 250 * free.number + 10))
        with OwnDomain(start=free.number - 1) as other:
            assert other.number != free.number


SLEEPER = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", flush=True)
child.wait()
"""


def test_nodes_end_with_all_that_they_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    patience = ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0))
    monkeypatch.setattr("moe3d_ros.processes.PATIENCE", patience)
    (tmp_path / "stubborn_node.py").write_text(SLEEPER)
    mark = f"mark-{os.getpid()}-stubborn"
    with pytest.raises(RuntimeError, match="something else"), Nodes(tmp_path / "logs", {"DEMO_MARK": mark}) as nodes:
        nodes.start("stubborn", module="stubborn_node", text='it\'s "here"', number=3, names=["a", "b"])
        end = time.monotonic() + 60
        while "up" not in nodes.log_file("stubborn").read_text() and time.monotonic() < end:
            time.sleep(0.05)
        assert len(left_behind(mark)) == 2
        nodes.check()
        raise RuntimeError("something else")
    assert not left_behind(mark)


def test_a_node_that_ended_is_named_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "brief_node.py").write_text("raise SystemExit('there is no camera')")
    with Nodes(tmp_path / "logs", {}) as nodes:
        nodes.start("brief", module="brief_node")
        end = time.monotonic() + 60
        with pytest.raises(ProcessError, match="The brief node ended too early: there is no camera"):
            while time.monotonic() < end:
                nodes.check()
                time.sleep(0.05)


def test_plans_in_words():
    from moe3d_ros.demonstration.verdicts import describe

    assert describe(Plan("x", (), True)) == ["Plan: nothing is left to do."]
    assert describe(Plan("x", (), False)) == ["Plan: no step was found."]

"""Suite tabletop: episodes in closed loop through real physics, saved failures that replay, figures."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from moe3d_ros.model.tiny import write_tiny_checkpoint
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.world.areas import in_area
from training import evaluate
from training.evaluation import closed_loop_report
from training.evaluation.judging.episode import Episode, held_out_episode


def test_the_oracle_solves_an_episode_of_each_sort_through_two_processes(tmp_path, capsys):
    out, picture = tmp_path / "out.json", tmp_path / "plot.png"
    arguments = ["--suite", "tabletop", "--oracle-only", "--episodes", "1", "--tasks", "A,D,I", "--workers", "2"]
    assert evaluate.main([*arguments, "--json", str(out), "--plot", str(picture)]) == 0
    figures = json.loads(out.read_text())
    assert set(figures["tasks"]) == {"A", "D", "I"}
    for task in figures["tasks"].values():
        assert task["success"] == task["score"] == task["oracle"] == 1.0
    assert figures["seen_mean"] == figures["unseen_mean"] == 1.0
    for record in figures["records"]:
        assert record["end"] == "complete"
        assert len(record["steps"]) == record["moves"]
    assert "LoHoVLA" in capsys.readouterr().out
    assert picture.stat().st_size > 1000


def test_a_saved_failure_replays(tmp_path, capsys):
    folder = write_tiny_checkpoint(tmp_path / "tiny")
    out = tmp_path / "out.json"
    common = ["--suite", "tabletop", "--checkpoint", str(folder)]
    arguments = ["--tasks", "B", "--episodes", "1", "--cameras", "front", "--failures", str(tmp_path / "failures")]
    assert evaluate.main([*common, *arguments, "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    (record,) = figures["records"]
    assert figures["checkpoint"] == "tiny"
    assert not record["success"]
    assert record["oracle"]
    assert sum(figures["mistakes"].values()) >= 1
    assert figures["tasks"]["B"]["mistakes"] == figures["mistakes"]
    (saved,) = (tmp_path / "failures").iterdir()
    capsys.readouterr()
    assert evaluate.main([*common, "--replay", str(saved)]) == 0
    again = json.loads(capsys.readouterr().out)
    for name in ("instruction", "steps", "end", "score", "moves"):
        assert again[name] == record[name]


def test_a_block_goes_into_the_area_that_its_step_names_although_another_one_is_named_too():
    """The default checkpoint once put it half way between the two."""
    planner = Planner.from_pretrained("default")
    for number in (2, 7, 9):
        episode = held_out_episode("J", number)
        with TabletopWorld(episode.scene) as world:
            cloud = world.cloud(episode.cameras, noise=np.random.default_rng(number))
        action = planner.plan(*cloud, episode.task.instruction, max_steps=1).actions[0]
        area = episode.task.alternatives[0][0].area
        assert action.destination == f"on the {area}"
        assert in_area(action.place.position[:2], area)
        edges = np.abs(np.subtract(action.place.position[:2], planner.workspace.center[:2]))
        assert edges.min() > 0.06, "well inside, not at the middle of the table"


@pytest.mark.slow
def test_a_killed_evaluation_leaves_no_worker_behind():
    script = Path(evaluate.__file__)
    command = [sys.executable, str(script), "--suite", "tabletop", "--oracle-only", "--workers", "2"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        workers = until(
            lambda: [
                child for child in psutil.Process(running.pid).children() if "spawn_main" in " ".join(child.cmdline())
            ]
        )
    finally:
        running.kill()
        running.wait()
    _, alive = psutil.wait_procs(workers, timeout=30)
    for worker in alive:
        worker.kill()
    assert not alive


def until(found, seconds: float = 60):
    """What ``found()`` returns once it is true."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return value


def test_a_file_that_is_no_episode_is_refused(tmp_path, capsys):
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(SystemExit):
        evaluate.main(["--suite", "tabletop", "--oracle-only", "--replay", str(tmp_path / "bad.json")])
    assert "no saved episode" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--tasks", "A,Z"], ["--cameras", "behind"], ["--episodes", "0"]])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(SystemExit):
        evaluate.main(["--suite", "tabletop", "--oracle-only", *arguments])


def test_episodes_depend_on_their_number_alone_and_survive_a_file(tmp_path):
    episode = held_out_episode("E", 3, colors="all", cameras=("top",))
    assert held_out_episode("E", 3, colors="all", cameras=("top",)) == episode != held_out_episode("E", 4, colors="all")
    episode.save(tmp_path / "episode.json")
    assert Episode.load(tmp_path / "episode.json") == episode


def test_means_are_over_tasks_and_intervals_are_wilsons():
    records = [{"task": "A", "success": i < 9, "score": 0.9, "oracle": True, "steps": []} for i in range(10)]
    records += [
        {"task": "B", "success": False, "score": 0.5, "oracle": True, "steps": []},
        {"task": "K", "success": True, "score": 1.0, "oracle": False, "steps": []},
    ]
    figures = closed_loop_report.summary(records)
    assert figures["seen_mean"] == pytest.approx(0.45)
    assert figures["unseen_mean"] == 1.0
    assert figures["tasks"]["A"]["interval"] == pytest.approx((0.5958, 0.9821), abs=1e-3)
    assert figures["tasks"]["K"]["oracle"] == 0.0
    assert "2 of 5 tasks" in closed_loop_report.table(figures)

"""Queue of the study: runs end at their plateau, go on where they were stopped, and the report says what is missing."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from places import ROOT

from moe3d_ros.model.tiny import write_tiny_base
from training.studies.paired_seeds import paired_difference
from training.studies.study_plan import Stop, read_plan
from training.studies.study_run import Place, run
from training.study import main

TIMES = ("cpu_seconds", "texts_a_second")
PLAN = ROOT / "docs/results/plan.yaml"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """File of a small plan on a tiny base."""
    folder = tmp_path_factory.mktemp("plan")
    bench = {
        "base": str(write_tiny_base(folder / "llm")),
        "layers": None,
        "batch_size": 2,
        "pairs": 4,
        "warmup": 1,
        "rank": 1,
        "log_every": 2,
        "precision": "float32",
        "training_scenes": 8,
        "training_questions": 6,
        "held_out_scenes": 3,
        "held_out_questions": 3,
    }
    stop = {"nats": 1000.0, "last": 1, "every": 16, "at_least": 16, "at_most": 64, "rates": [0.01, 0.001]}
    values = {"bench": bench, "stop": stop, "seeds": [0], "baseline": "dense", "reference": "mixture"}
    variants = [{"name": "dense", "settings": {"dense": True}}, {"name": "mixture"}]
    variants.append({"name": "other", "settings": {"router_bias": True, "gates": "scaled"}})
    file = folder / "plan.yaml"
    file.write_text(yaml.safe_dump({**values, "variants": variants}))
    return file


def without_time(result: dict) -> dict:
    """What a run found, without how long it took and where it lies."""
    curve = [{k: v for k, v in point.items() if k not in TIMES} for point in result["curve"]]
    return {**result, "curve": curve, "config": None, "loads": {k: v for k, v in result["loads"].items() if "/" in k}}


def test_a_run_that_is_stopped_again_and_again_finds_the_same(plan, tmp_path):
    study = read_plan(plan)
    variant = study.variants[2]
    whole, broken = (Place(tmp_path / name, plan.parent / "scenes") for name in ("whole", "broken"))
    assert run(study, variant, 0, whole)
    stops = 0
    while not run(study, variant, 0, broken, until=time.monotonic()):
        stops += 1
        assert stops < 200
    assert stops
    results = [json.loads(place.result(variant, 0).read_text()) for place in (whole, broken)]
    assert without_time(results[0]) == without_time(results[1])
    assert len(results[0]["curve"]) == 3  # at the first rate nothing stands before the first evaluation


def test_the_report_is_of_what_there_is(plan, tmp_path, capsys):
    arguments = ["--plan", str(plan), "--runs", str(tmp_path), "--scenes", str(plan.parent / "scenes")]
    assert main([*arguments, "--report-only"]) == 1
    assert "**Not finished**: 3 of 3 runs are missing" in capsys.readouterr().out
    assert main([*arguments, "--only", "dense", "--only", "mixture"]) == 1
    page = (tmp_path / "study.md").read_text()
    assert "1 of 3 runs are missing" in page
    assert "* other, seed 0: not started" in page
    assert "against dense" in page
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*-0.json")}
    assert main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before  # finished runs are not trained again
    assert "missing" not in (tmp_path / "study.md").read_text()
    rows = {row["variant"]: row for row in json.loads((tmp_path / "study.json").read_text())}
    gain = rows["mixture"]["losses_against_baseline"]
    assert gain["low"] <= gain["mean"] <= gain["high"]
    assert gain["mean"] == pytest.approx(rows["mixture"]["loss"][0] - rows["dense"]["loss"][0], abs=1e-4)
    assert rows["dense"]["least_load_3d"] is None
    assert 0 <= rows["other"]["least_load_text"] <= 0.25
    with pytest.raises(SystemExit):
        main([*arguments, "--only", "nothing"])
    kept = tmp_path / "kept"  # what finished runs found is all that the report, and the queue, need
    kept.mkdir()
    for path in before:
        path.rename(kept / path.name)
    elsewhere = ["--plan", str(plan), "--runs", str(tmp_path / "new"), "--results", str(kept)]
    capsys.readouterr()
    assert main([*elsewhere, "--report-only"]) == 1
    assert "1 of 3 runs are missing" in capsys.readouterr().out
    dense = json.loads((kept / "dense-0.json").read_text())
    for change, word in (
        ({"scenes": "others"}, "different scenes"),
        ({"questions": ["others", "too"]}, "different scenes"),
        ({"config": {**dense["config"], "pairs": 5}}, "another pairs"),
    ):
        (kept / "dense-0.json").write_text(json.dumps({**dense, **change}))
        assert main([*elsewhere, "--report-only"]) == 2
        assert word in capsys.readouterr().err
    (kept / "dense-0.json").write_text("{}")
    assert main(elsewhere) == 2  # at once: nothing is trained beside it
    assert "dense-0.json is no result of a finished run" in capsys.readouterr().err
    assert not (tmp_path / "new" / "other-0").exists()


def test_the_plan_of_the_documentation_can_be_run():
    plan = read_plan(PLAN)
    assert len(plan.variants) >= 6
    assert len(plan.seeds) >= 3
    assert plan.stop.at_least >= 20_000
    stages = [plan.stage(variant, seed, Path("runs"), Path("scenes")) for variant, seed in plan.queue()]
    assert len({stage.output for stage in stages}) == len(stages)
    assert [seed for _, seed in plan.queue()][: len(plan.variants)] == [plan.seeds[0]] * len(plan.variants)


@pytest.mark.parametrize("text", ["", "variants: 3", "- 1", "seeds: [0]\nvariants: []\nbaseline: a\nreference: b"])
def test_what_is_no_plan_is_refused(text, tmp_path, capsys):
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    assert main(["--plan", str(file)]) == 2
    assert "is no plan of a study" in capsys.readouterr().err


def test_a_run_ends_when_its_loss_is_flat_at_the_last_rate():
    stop = Stop(nats=0.1, last=2, every=10, at_least=60, at_most=100, rates=(1.0, 0.1))
    assert stop.level([5.0, 4.0, 3.0], 30) == 0
    assert stop.level([5.0, 4.0, 3.95], 30) == 0  # one of the last two was better by more
    assert stop.level([5.0, 4.0, 3.95, 3.99], 40) == 1
    assert stop.level([5.0, 4.0, 3.95, 3.99, 3.95], 50) == 1  # at each rate it is asked as often
    assert stop.level([5.0, 4.0, 3.95, 3.99, 3.95, 3.94], 60) == 2
    assert stop.level([5.0, 4.0, 3.95, 3.99, 3.5, 3.4, 3.3], 70) == 1
    assert stop.level([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5], 100) == 2  # no plateau, and over
    early = Stop(nats=0.1, last=1, every=10, at_least=60, at_most=100, rates=(1.0,))
    assert early.level([5.0] * 5, 50) == 0
    assert early.level([5.0] * 6, 60) == 1


def test_a_rate_gives_way_after_its_longest_and_the_last_waits_for_its_plateau():
    stop = Stop(nats=0.1, last=2, every=10, at_least=10, at_most=200, rates=(1.0, 0.1), longest=(30,))
    falling = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0]
    assert [stop.level(falling[:count], 10 * count) for count in range(7)] == [0, 0, 0, 1, 1, 1, 1]
    assert stop.level([*falling, 3.99, 3.98], 80) == 2
    with pytest.raises(ValueError, match="longest"):
        Stop(rates=(1.0, 0.1), longest=(5000, 5000))


def test_intervals_are_over_seeds_and_scenes():
    scene = np.array([0, 0, 0, 1])
    same = paired_difference(np.full((2, 4), 0.7), np.full((2, 4), 0.2), scene)
    assert (same.mean, same.low, same.high) == pytest.approx((0.5, 0.5, 0.5))
    assert (same.seeds, same.scenes) == (2, 2)
    seeds = paired_difference(np.array([[1.0] * 4, [-1.0] * 4]), np.zeros((2, 4)), scene)
    assert (seeds.mean, seeds.low, seeds.high) == pytest.approx((0.0, -1.0, 1.0))
    scenes = paired_difference(np.array([[1.0, 1.0, 1.0, 0.0]]), np.zeros((1, 4)), scene)
    assert (scenes.mean, scenes.low, scenes.high) == pytest.approx((0.75, 0.0, 1.0))
    many = np.random.default_rng(0).normal(0.1, 1.0, (3, 4000))
    wide = paired_difference(many, np.zeros_like(many), np.arange(4000))
    assert wide.low < 0.1 < wide.high
    assert 0.02 < wide.high - wide.low < 0.2
    with pytest.raises(ValueError, match="the same"):
        paired_difference(np.zeros((2, 4)), np.zeros((3, 4)), scene)

"""Suites without physics: cases that differ in words alone, the planner's decisions, figures, calibration, curve."""

import json

import numpy as np
import pytest

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.writing import generate_plan
from moe3d_ros.planner import Planner
from training import calibrate, curve, evaluate
from training.evaluation import calibration, completion, refusals, wordings
from training.evaluation.judging.first_step import decide, look_at
from training.evaluation.judging.held_out_cases import moment_pair, single_step_pair


@pytest.fixture(scope="module")
def planner(tiny_checkpoint):
    return Planner.from_pretrained(str(tiny_checkpoint))


@pytest.mark.parametrize(
    "pair", [single_step_pair(1), moment_pair(1, "B"), moment_pair(2, "K"), moment_pair(0, "clear_zone")]
)
def test_both_wordings_mean_the_same(pair):
    trained, held_out = pair
    assert trained.instruction != held_out.instruction
    assert (trained.wording, held_out.wording) == (
        "trained",
        "held out",
    )
    assert trained.scene == held_out.scene
    assert trained.steps == held_out.steps
    assert trained.steps
    step = trained.steps[0]
    assert trained.right_step(step.pick_index, step.place_index, step.area, step.text)
    assert not trained.right_step(step.pick_index, step.place_index, step.area, step.text + " ")
    bowls = [i for i, thing in enumerate(trained.scene.objects) if thing.kind in ("bowl", "zone")]
    assert not any(trained.right_step(i, step.place_index, step.area, step.text) for i in bowls)


def test_another_step_that_helps_is_right_and_one_that_does_not_is_wrong():
    case = next(c for c in (moment_pair(n, "B")[0] for n in range(20)) if len(c.steps) >= 2)
    later = case.steps[1]
    assert case.right_step(later.pick_index, later.place_index, later.area, later.text)
    other = case.scene.objects[case.steps[0].pick_index].name
    assert not case.right_step(case.steps[0].pick_index, None, "middle", f"pick the {other}, place it on the middle")


def test_moments_are_done_or_not_as_asked():
    assert all(not moment_pair(n, "D", done=1.0)[0].steps and moment_pair(n, "D")[0].steps for n in range(3))


def test_decisions_in_batches_are_those_of_the_planner(planner):
    cases = [single_step_pair(0), moment_pair(1, "B")]
    groups = [[(c.instruction, c.history) for c in pair] + [("play some music", ())] for pair in cases]
    decided, seen = decide(planner, groups, [pair[0].scene for pair in cases], 5)
    for group, answers, look in zip(groups, decided, seen):
        for (said, history), (end, probability) in zip(group, answers):
            alone = look.decide(said, history)
            assert end == alone.end
            if end != "step":
                assert probability == pytest.approx(alone.probability, abs=1e-3)


def test_a_look_depends_on_its_seed(planner):
    scene = single_step_pair(0)[0].scene
    first, again, other = (look_at(planner, [scene], seed)[0].objects for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("suite", ["refusals", "completion", "wordings", "calibration"])
def test_every_suite_writes_shares_with_intervals(suite, tiny_checkpoint, tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--suite", suite, "--checkpoint", str(tiny_checkpoint), "--scenes", "4", "--json", str(out)]
    assert evaluate.main(arguments) == 0
    figures = json.loads(out.read_text())
    assert figures["suite"] == suite
    assert figures["checkpoint"] == "tiny"
    printed = capsys.readouterr().out
    assert printed.strip()
    if suite == "calibration":
        assert all(len(figures[name]["ece_interval"]) == 2 for name in ("single", "long", "all") if name in figures)
        return
    for name, met in figures["bars"].items():
        assert f"{name}: {'met' if met else 'missed'}" in printed
    assert figures["bars"]
    assert len(figures["records"]) >= 4
    for name, (low, high) in figures["intervals"].items():
        assert low - 1e-9 <= figures[name] <= high + 1e-9


def test_refusals_count_by_kind_and_false_ones_apart():
    said = (
        [("chat", False, True)] * 9
        + [("language", False, False)]
        + [("single", True, True)]
        + [("single", True, False)] * 49
    )
    records = [{"kind": kind, "doable": doable, "refused": refused} for kind, doable, refused in said]
    figures = refusals.summary(records)
    assert (figures["refused"], figures["refused, chat"], figures["refused, language"]) == (0.9, 1.0, 0.0)
    assert figures["refused_falsely"] == 0.02
    assert refusals.bars(figures) == {"refused >= 0.9": True, "refused_falsely < 0.03": True}


def test_completion_counts_done_and_false_stops():
    records = [{"remaining": 0, "family": "seen", "end": "done"}] * 19 + [
        {"remaining": 0, "family": "unseen", "end": "step"}
    ]
    records += [{"remaining": 1, "family": "seen", "end": end} for end in ("step", "step", "done", "cannot")]
    figures = completion.summary(records)
    assert figures["said_done"] == 0.95
    assert figures["stopped_falsely"] == 0.5
    assert list(completion.bars(figures).values()) == [True, False]


def test_wordings_are_compared_on_the_same_cases():
    def record(wording, right, family):
        return {"wording": wording, "right": right, "family": family}

    records = []
    for number in range(40):
        family = "single" if number % 2 else "seen"
        records += [
            record("trained", True, family),
            record("held out", number >= 4, family),
            record("typos", True, family),
        ]
    found = wordings.summary(records)
    assert found["differences"]["all, held out"]["difference"] == pytest.approx(-0.1)
    low, high = found["differences"]["all, held out"]["interval"]
    assert low < -0.1 < high < 0
    assert found["differences"]["all, typos"]["interval"] == [0, 0]
    assert list(wordings.bars(found).values()) == [False, False]


def test_calibration_error_is_nought_where_confidence_is_the_share_that_is_right():
    confidence = np.repeat([0.25, 0.75], 400)
    right = np.concatenate([np.arange(400) < 100, np.arange(400) < 300]).astype(float)
    assert calibration.expected_calibration_error(confidence, right) == pytest.approx(0, abs=1e-9)
    assert calibration.expected_calibration_error(confidence, 1 - right) == pytest.approx(0.5)
    records = [{"confidence": c, "right": bool(r), "family": "single"} for c, r in zip(confidence, right)]
    figures = calibration.summary(records)
    rows = {row["min_confidence"]: row for row in figures["all"]["thresholds"]}
    assert rows[0.0]["coverage"] == 1
    assert rows[0.0]["precision"] == 0.5
    assert rows[0.5]["coverage"] == 0.5
    assert rows[0.5]["precision"] == 0.75
    assert figures["min_confidence"] is None


def test_fitted_values_undo_overconfidence_and_are_stored(tmp_path):
    from moe3d_ros.model.tiny import write_tiny_checkpoint

    rng = np.random.default_rng(0)
    truth = rng.uniform(0.3, 0.95, 3000)
    right = (rng.random(3000) < truth).astype(float)
    said = 1 / (1 + np.exp(-3 * np.log(truth / (1 - truth))))  # three times too sure
    temperature, bias = calibrate.fit(said, right)
    assert temperature == pytest.approx(3, rel=0.15)
    assert abs(bias) < 0.15
    folder = write_tiny_checkpoint(tmp_path / "tiny")
    calibrate.store(folder, temperature, bias)
    config = Planner.from_pretrained(str(folder)).model.config
    assert (config.confidence_temperature, config.confidence_bias) == (temperature, bias)
    calibrated = np.array([config.calibrated(p) for p in said])
    before, after = (calibration.expected_calibration_error(p, right) for p in (said, calibrated))
    assert after < 0.03 < before
    assert (np.diff(calibrated[np.argsort(said)]) >= 0).all()


def test_confidence_stays_as_it_is_by_default_and_bad_values_are_refused():
    assert ModelConfig().calibrated(0.3) == 0.3
    assert ModelConfig().calibrated(1.0) == 1.0
    assert 0 < ModelConfig(confidence_temperature=2.0).calibrated(1.0) < 1
    with pytest.raises(ValueError, match="confidence_temperature"):
        ModelConfig(confidence_temperature=0.0)


def test_a_curve_needs_states_that_say_what_they_saw(tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({"step": 50, "samples": 600.0}))
    assert curve.samples_of(tmp_path) == 600
    assert curve.samples_of(tmp_path, 10) == 500
    (tmp_path / "state.json").write_text(json.dumps({"step": 50}))
    with pytest.raises(ValueError, match="samples-per-step"):
        curve.samples_of(tmp_path)
    interval = dict.fromkeys(curve.FAMILIES.values(), (0.4, 0.6))
    point = {"counts": dict.fromkeys(interval, 9), "intervals": interval, **dict.fromkeys(interval, 0.5)}
    curve.plot([{"samples": 100.0, **point}, {"samples": 200.0, **point}], tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_words_that_the_encoder_foresees_are_read_in_one_go():
    """Of the default checkpoint: a look at the task, "pick the", and one run of the LLM for each phrase; 9 without drafts."""
    planner, runs = Planner.from_pretrained("default"), []
    case = single_step_pair(0)[0]
    (look,) = look_at(planner, [case.scene], 1)
    steps, end, _ = generate_plan(
        planner.model.language, look.found(), case.instruction, should_stop=lambda: runs.append("run")
    )
    assert end == "done"
    assert [step.text for step in steps] == [case.steps[0].text]
    assert len(runs) <= 6

"""The mixture against its dense baseline: the same questions, EM with an interval that means what it says."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.model.checkpoint import load_checkpoint, save_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.policy import ThreeDMoE
from training.evaluate import main as evaluate
from training.evaluation.judging.comparison import paired_difference


def records(right, per_scene=1):
    return [
        {"scene": i // per_scene, "question": f"q{i}", "expected": "yes", "answer": "yes" if good else "no"}
        for i, good in enumerate(right)
    ]


def test_the_interval_is_that_of_a_binomial():
    """Against a baseline that is always wrong, on independent questions, it is the interval of a share."""
    right = np.arange(400) % 4 == 0
    found = paired_difference(records(right), records([False] * 400))
    assert found["em"] == 0.25
    half = 1.96 * (0.25 * 0.75 / 400) ** 0.5
    assert found["interval"] == pytest.approx([0.25 - half, 0.25 + half], abs=0.004)


def test_pairing_and_scenes_count():
    right = np.random.default_rng(1).random(400) < 0.5
    same = paired_difference(records(right), records(right))
    assert same["em"] == 0
    assert same["interval"] == [0, 0]
    together = np.repeat(right[:50], 8)  # a scene's answers are all right or all wrong: 50 facts, not 400
    apart, clustered = (paired_difference(records(together, n), records([False] * 400, n)) for n in (1, 8))
    width = [np.ptp(found["interval"]) for found in (apart, clustered)]
    assert width[1] > 2 * width[0]


def test_other_questions_are_refused():
    with pytest.raises(ValueError, match="same questions"):
        paired_difference(records([True] * 4), records([True] * 5))


def write_dense(folder, like):
    """A dense checkpoint with random adapters, its other parts those of the checkpoint ``like``."""
    values, tensors = load_checkpoint(like)
    config = ModelConfig.from_dict(values)
    config = replace(config, name="tiny dense", language=replace(config.language, dense=True))
    torch.manual_seed(0)
    model = ThreeDMoE(config, *load_base(config.language.base)[:2])
    with torch.no_grad():
        for name, parameter in model.trained_tensors().items():
            parameter.copy_(tensors[name] if name in tensors else 0.1 * torch.randn_like(parameter))
    return save_checkpoint(folder, config.to_dict(), model.trained_tensors(), "dense\n")


@pytest.mark.slow
def test_the_suite_compares(tmp_path, tiny_checkpoint, capsys):
    dense = write_dense(tmp_path / "dense", tiny_checkpoint)
    asked = [
        "--suite",
        "qa",
        "--checkpoint",
        str(tiny_checkpoint),
        "--questions",
        "12",
        "--json",
        str(tmp_path / "out.json"),
    ]
    assert evaluate([*asked, "--compare", "dense", "--dense-checkpoint", str(dense)]) == 0
    figures = json.loads((tmp_path / "out.json").read_text())
    keys = {"em", "em_refined", "cider", "by_type"}
    assert keys <= figures.keys()
    assert keys <= figures["dense"].keys()
    assert figures["dense"]["by_type"].keys() == figures["by_type"].keys()
    assert figures["dense"]["checkpoint"] == "tiny dense"
    assert figures["dense"]["checksum"] != figures["checksum"]
    difference = figures["em_difference"]
    assert difference["em"] == pytest.approx(figures["em"] - figures["dense"]["em"])
    assert difference["interval"][0] <= difference["em"] <= difference["interval"][1]
    printed = capsys.readouterr().out
    assert "mixture of experts" in printed
    assert "dense baseline (tiny dense)" in printed
    assert "95 % interval" in printed


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--dense-checkpoint", "nowhere"], "nowhere"),
        (["--dense-checkpoint", "TINY"], "not a dense baseline"),
    ],
)
def test_what_is_no_dense_baseline_is_refused(tiny_checkpoint, capsys, more, word):
    more = [part.replace("TINY", str(tiny_checkpoint)) for part in more]
    arguments = ["--suite", "qa", "--checkpoint", str(tiny_checkpoint), "--questions", "4", "--compare", "dense", *more]
    assert evaluate(arguments) == 1
    assert word in capsys.readouterr().err


def test_without_a_folder_it_says_what_to_do(tiny_checkpoint, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("training.evaluation.judging.comparison.CHECKPOINTS", tmp_path)
    arguments = ["--suite", "qa", "--checkpoint", str(tiny_checkpoint), "--questions", "4", "--compare", "dense"]
    assert evaluate(arguments) == 1
    assert "--dense-checkpoint FOLDER" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate(["--suite", "single-step", "--compare", "dense"])

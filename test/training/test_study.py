"""The fidelity study on a tiny LLM: one command, a table with intervals, plots, and commands that make each run again."""

import json

import pytest

from moe3d_ros.model.tiny import write_tiny_base
from training.study import main
from training.train import main as train_main


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Arguments of a study of three variants, after it was run."""
    folder = tmp_path_factory.mktemp("study")
    base = str(write_tiny_base(folder / "llm"))
    encoder = str(folder / "encoder")
    assert (
        train_main(
            ["--stage", "perception", "--output", encoder, "--steps", "1", "--batch_size", "2", "--workers", "0"]
        )
        == 0
    )
    arguments = [
        "--init",
        encoder,
        "--output",
        str(folder / "results"),
        "--runs",
        str(folder / "runs"),
        "--steps",
        "3",
        "--questions",
        "12",
        "--batches",
        "3",
        "--variants",
        "dense,4 experts; top 2,no balance loss",
        "--base",
        base,
        "--rank",
        "1",
        "--precision",
        "float32",
        "--batch_size",
        "2",
        "--workers",
        "0",
        "--log_every",
        "1",
    ]
    assert main(arguments) == 0
    return folder, arguments


def test_the_table_sets_every_variant_against_the_dense_one(study):
    folder, _ = study
    rows = {row["name"]: row for row in json.loads((folder / "results/study.json").read_text())}
    assert set(rows) == {"dense", "4 experts, top 2", "no balance loss"}
    mixture = rows["4 experts, top 2"]
    low, high = mixture["against_dense"]["interval"]
    assert low <= mixture["against_dense"]["em"] <= high
    assert mixture["against_dense"]["em"] == pytest.approx(mixture["em"] - rows["dense"]["em"])
    gain = mixture["loss_against_dense"]
    assert gain["interval"][0] <= gain["loss"] <= gain["interval"][1]
    assert gain["loss"] == pytest.approx(mixture["held_out_loss"] - rows["dense"]["held_out_loss"])
    assert "least_load_3d" not in rows["dense"]
    assert 0 <= mixture["least_load_3d"] <= 0.25
    text = (folder / "results/study.md").read_text()
    assert all(f"| {name} |" in text for name in rows)
    assert "seed 0" in text
    assert "12 held-out questions" in text
    assert len(list((folder / "results").glob("study_*.png"))) == 3


def test_a_finished_variant_is_not_trained_again(study, capsys):
    folder, arguments = study
    before = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/state.json")}
    assert main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/state.json")} == before
    assert "against dense" in capsys.readouterr().out


def test_the_commands_make_the_runs(study):
    folder, _ = study
    commands = [line for line in (folder / "results/study.md").read_text().splitlines() if line.startswith("python")]
    assert len(commands) == 3
    assert "--dense True" in commands[0]
    assert "--balance 0.0" in commands[2]


def test_an_unknown_variant_is_refused(study, capsys):
    with pytest.raises(SystemExit):
        main(["--init", "x", "--variants", "8 experts"])
    assert "4 experts, top 2" in capsys.readouterr().err

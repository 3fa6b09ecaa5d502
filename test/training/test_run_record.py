"""run.json: written by every run, read by export, which refuses what contradicts it; and the weighted mean of weights."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from places import ROOT

from moe3d_ros.model.checkpoint import load_checkpoint, save_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.tiny import write_tiny_base, write_tiny_checkpoint
from moe3d_ros.planner import Planner
from training.engine.averaging import parse_weighted
from training.engine.loop import train
from training.engine.run_record import RUN, Contradiction, git_state, read_record
from training.engine.state import KEPT, read_weights
from training.export import main as export
from training.stages.settings import configure
from training.train import make_task

FEW = {"workers": 0, "batch_size": 2, "steps": 1, "log_every": 1, "warmup": 1}
LLM = {"experts": 2, "top_k": 1, "rank": 2}
TEXTS = {"pairs": 2, "precision": "float32", "real_scenes": 0.0}
POSES = {"pairs": 2, "draws": 1, "llm_width": 32}
SMALL = {"encoder": {"width": 24, "layers": 1, "heads": 2, "queries": 6, "decoder_layers": 1}}
SMALL |= {
    "object_width": 24,
    "object_heads": 2,
    "object_layers": 1,
    "pose_width": 32,
    "pose_blocks": 1,
    "pose_heads": 2,
}


def made(folder: Path, task: str, **values) -> str:
    """Folder of a finished run."""
    config = configure(task=task, output=str(folder), model=SMALL, **FEW | values)
    train(make_task(config), config)
    return config.output


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, base):
    """Finished runs of one model, whose LLM goes to one expert a token."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        "encoder": made(folder / "encoder", "perception"),
        "language": made(folder / "language", "language", base=base, keep_every=1, **LLM, **TEXTS),
        "pose": made(folder / "pose", "action", **POSES),
    }


def join(runs: dict[str, str], output: Path, *more: str) -> int:
    return export(
        [*(text for part, run in runs.items() for text in (f"--{part}", run)), "--output", str(output), *more]
    )


def test_what_a_run_was_is_what_its_checkpoint_is(runs, tmp_path):
    """--top_k 1 was exported with 2, the default, until run.json was read: it loaded, and planned nonsense."""
    assert join(runs, tmp_path / "joined") == 0
    config = Planner.from_pretrained(str(tmp_path / "joined")).model.config
    record = read_record(runs["language"])
    trained = ModelConfig.from_dict(record["config"]["model"])
    assert config.language == replace(trained.language, revision=record["base_llm"])
    assert (config.language.top_k, config.encoder.width, config.pose_width) == (1, 24, 32)
    assert configure(**record["config"]).to_dict() == json.loads(json.dumps(record["config"]), object_hook=_boxes)


def _boxes(values: dict) -> dict:
    """A workspace's corners as the tuples that they are in a configuration."""
    return {name: tuple(value) if name in ("low", "high") else value for name, value in values.items()}


def test_a_record_says_where_a_run_comes_from(runs, base):
    record = json.loads((Path(runs["language"]) / RUN).read_text())
    (start,) = record["starts"]
    assert start["step"] == 0
    assert start["command"] == sys.argv
    assert start["versions"]["torch"] == torch.__version__
    assert len(record["base_llm"]) == 64
    assert json.loads((Path(runs["encoder"]) / RUN).read_text())["base_llm"] is None
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert start["git"]["commit"] == (commit.stdout.strip() or "unknown")


def test_outside_of_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert git_state() == {"commit": "unknown", "dirty": "unknown"}


@pytest.mark.parametrize(
    ("option", "said"),
    [(("--top-k", "2"), "language.top_k is 1"), (("--rank", "1"), "rank is 2"), (("--free-noise",), "pose_decided")],
)
def test_an_option_that_contradicts_the_runs_is_refused(runs, tmp_path, capsys, option, said):
    assert join(runs, tmp_path / "joined", *option) == 1
    message = capsys.readouterr().err
    assert said in message
    assert "the command line" in message
    assert not (tmp_path / "joined").exists()


def test_runs_that_contradict_each_other_are_refused(runs, tmp_path, capsys, base):
    two = made(tmp_path / "two", "language", base=base, **LLM | {"top_k": 2}, **TEXTS)
    assert join({**runs, "language": f"{runs['language']},{two}"}, tmp_path / "joined") == 1
    message = capsys.readouterr().err
    assert "language.top_k is 1" in message
    assert runs["language"] in message
    assert two in message
    coarse = made(tmp_path / "coarse", "perception", **{"model.patches.voxel_size": 0.02})
    assert join({**runs, "encoder": coarse}, tmp_path / "joined") == 1
    assert "patches.voxel_size is 0.02" in capsys.readouterr().err


def test_runs_of_before_there_were_records_need_the_options(runs, tmp_path, capsys):
    old = {part: str(shutil.copytree(run, tmp_path / part)) for part, run in runs.items()}
    (Path(old["language"]) / RUN).unlink()
    options = ["--base", read_record(runs["language"])["config"]["model"]["language"]["base"]]
    options += ["--experts", "2", "--rank", "2", "--model.object_width", "24", "--model.object_heads", "2"]
    options += ["--model.object_layers", "1", "--top_k", "1"]
    assert join(old, tmp_path / "joined", *options) == 0
    assert f"{old['language']} has no run.json" in capsys.readouterr().err
    assert load_checkpoint(tmp_path / "joined")[0]["language"]["top_k"] == 1


def test_a_run_does_not_go_on_with_another_model(runs, tmp_path, base):
    folder = shutil.copytree(runs["language"], tmp_path / "run")
    with pytest.raises(Contradiction, match=r"language\.top_k is 1"):
        made(folder, "language", base=base, **LLM | {"top_k": 2}, **TEXTS, steps=2)
    made(folder, "language", base=base, **LLM, **TEXTS, steps=2)
    assert [start["step"] for start in read_record(folder)["starts"]] == [0, 1]


def test_the_mean_of_two_checkpoints_is_that_of_their_tensors(tmp_path):
    first = write_tiny_checkpoint(tmp_path / "first")
    config, tensors = load_checkpoint(first)
    moved = {name: value + 1 if value.is_floating_point() else value for name, value in tensors.items()}
    second = save_checkpoint(tmp_path / "second", config, moved, "Moved by one.\n")
    assert export(["--average", f"{first}:0.4,{second}:0.6", "--name", "mean", "--output", str(tmp_path / "mean")]) == 0
    found, mean = load_checkpoint(tmp_path / "mean")
    assert found == config | {"name": "mean"}
    for name, value in tensors.items():
        expected = (0.4 * value.double() + 0.6 * moved[name].double()).half()
        torch.testing.assert_close(mean[name], expected, rtol=0, atol=0)
    assert Planner.from_pretrained(str(tmp_path / "mean")).name == "mean"


def test_the_mean_of_a_checkpoint_and_a_run_that_went_on_from_it(runs, tmp_path):
    assert join(runs, tmp_path / "before") == 0
    after = runs["language"] + "/" + KEPT + "/0000001"
    assert export(["--average", f"{tmp_path / 'before'}:0.5,{after}:0.5", "--output", str(tmp_path / "mean")]) == 0
    before, mean = (load_checkpoint(tmp_path / name)[1] for name in ("before", "mean"))
    weights = read_weights(after)
    assert weights
    for name, value in weights.items():
        expected = (before[f"language.{name}"].float() + value) / 2
        torch.testing.assert_close(mean[f"language.{name}"].float(), expected, rtol=1e-3, atol=1e-6)
    assert all(torch.equal(mean[name], value) for name, value in before.items() if not name.startswith("language."))


def test_a_mean_of_what_does_not_fit_is_refused(runs, tmp_path, capsys):
    tiny = write_tiny_checkpoint(tmp_path / "tiny")
    out = ["--output", str(tmp_path / "mean")]
    for text, said in (
        (f"{tiny}:0.4,{tiny}:0.5", "sum 1"),
        (f"{tiny},{tiny}:1", "has no weight"),
        (f"{runs['pose']}:0.5,{runs['pose']}:0.5", "give --checkpoint"),
    ):
        assert export(["--average", text, *out]) == 1
        assert said in capsys.readouterr().err
    assert export(["--average", f"{runs['pose']}:0.5,{runs['encoder']}:0.5", "--checkpoint", str(tiny), *out]) == 1
    assert "same names" in capsys.readouterr().err
    config, tensors = load_checkpoint(tiny)
    other = save_checkpoint(tmp_path / "other", config | {"object_width": 48}, tensors, "Other.\n")
    assert export(["--average", f"{tiny}:0.5,{other}:0.5", *out]) == 1
    assert "object_width is 24" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
    assert parse_weighted("a:0.4, b/c:0.6") == [(Path("a"), 0.4), (Path("b/c"), 0.6)]

"""Configuration of a stage: one class each, the model's nested, by any of its names; grid and workspace reach every batch."""

from dataclasses import FrozenInstanceError

import pytest
from places import ROOT

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.world.workspace import Workspace
from training.stages.command_line import parse
from training.stages.settings import PerceptionStage, configure
from training.train import make_task

FINE, COARSE = 0.01, 0.03


@pytest.mark.parametrize("name", ["top_k", "top-k", "model.language.top_k", "model.language.top-k"])
def test_a_setting_of_the_model_has_a_short_and_a_full_name(name):
    config = parse(["--stage", "2", f"--{name}", "1", "--share-3d", "0.4", "0.2", "0.2", "0.2", "--dense"])
    assert config.model.language.top_k == 1
    assert config.model.language.dense
    assert config.share_3d == [0.4, 0.2, 0.2, 0.2]
    assert not parse(["--stage", "2", "--dense", "false", "--init", ""]).model.language.dense


def test_the_command_line_wins_over_the_file_by_whatever_name(tmp_path):
    (tmp_path / "own.yaml").write_text(
        "task: perception\noutput: x\nkinds: 8\nmodel:\n  encoder:\n    queries: 20\n  workspace:\n    high: [0.75, 0.5, 0.4]\n"
    )
    stage = ["--stage", str(tmp_path / "own.yaml")]
    assert parse(stage).model.encoder.kinds == 8
    assert parse(stage).model.workspace == Workspace(high=(0.75, 0.5, 0.4))
    changed = parse([*stage, "--model.encoder.kinds", "4", "--model.workspace.high", "0.8", "0.5", "0.3"])
    assert (changed.model.encoder.kinds, changed.model.encoder.queries) == (4, 20)
    assert changed.model.workspace.high == (0.8, 0.5, 0.3)


def test_a_configuration_is_frozen_and_checks_itself():
    config = configure(task="perception", output="x")
    with pytest.raises(FrozenInstanceError):
        config.steps = 3
    for values, said in (
        ({"draws": 2}, "perception has no setting draws"),
        ({"model.encoder.widht": 2}, "widht"),
        ({"part": "head"}, "second_look"),
        ({"top_k": 5}, "top_k"),
        ({"kinds": 5}, "kinds must be 4 or 8"),
        ({"model": ModelConfig(workspace=Workspace(high=(0.5, 0.5, 0.3)))}, "workspace must contain"),
    ):
        with pytest.raises(ValueError, match=said):
            configure(task="perception", output="x", **values)
    with pytest.raises(ValueError, match="there is no task 'look'"):
        configure(task="look", output="x")


def test_a_wrong_value_on_the_command_line_ends_with_a_sentence(capsys):
    for arguments, said in (
        (["--dense", "perhaps"], "neither true nor false"),
        (["--draws", "2"], "--draws"),
        ([], "stage"),
    ):
        with pytest.raises(SystemExit):
            parse(["--stage", "2", *arguments] if arguments else [])
        assert said in capsys.readouterr().err


def test_a_configuration_survives_a_file():
    config = parse(["--stage", "compose", "--model.patches.margin", "0.03"])
    assert configure(**config.to_dict()) == config
    assert config.to_dict()["model"]["patches"]["margin"] == 0.03
    assert isinstance(configure(task="perception", output="x"), PerceptionStage)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


@pytest.mark.parametrize("task", ["perception", "language", "action", "language of a dataset"])
def test_the_grid_of_the_configuration_reaches_the_batches(task, base):
    samples = ROOT / "test" / "samples"
    values = {
        "perception": {},
        "language": {"base": base, "rank": 2},
        "action": {"llm_width": 32},
        "language of a dataset": {
            "base": base,
            "rank": 2,
            "data_share": 1.0,
            "data": f"scanqa:{samples}/scanqa.json?scans={samples}/scans",
        },
    }[task]
    counts = {}
    for voxel_size in (FINE, COARSE):
        settings = {"task": task.split()[0], "output": "", "batch_size": 1, "workers": 0, **values}
        batch = make_task(configure(**settings, **{"model.patches.voxel_size": voxel_size})).make_batch(3)
        counts[voxel_size] = len(batch.patches.voxels)
    assert 0 < 2 * counts[COARSE] < counts[FINE]


def test_a_scan_fills_the_workspace_of_the_configuration(base):
    samples = ROOT / "test" / "samples"
    data = {"data": f"scanqa:{samples}/scanqa.json?scans={samples}/scans", "data_share": 1.0}
    extents = []
    for high in ((0.75, 0.5, 0.3), (1.25, 1.5, 1.3)):
        settings = {"task": "language", "output": "", "batch_size": 1, "base": base, "rank": 2, **data}
        task = make_task(configure(**settings, **{"model.workspace.high": high}))
        voxels = task.make_batch(3).patches.voxels
        extents.append(voxels.amax(0) - voxels.amin(0))
    assert bool((extents[1] > 1.3 * extents[0]).all())

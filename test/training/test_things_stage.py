"""Stage things: it learns to see one table, keeps features of the tabletop world, and its encoder goes into a checkpoint."""

import json

import numpy as np
import pytest
import torch

from moe3d_ros.model.checkpoint import load_checkpoint
from moe3d_ros.model.perception.encoder import EncoderConfig, SceneEncoder
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.model.perception.pieces import FIRST_TRUST_LYING, SORTS
from moe3d_ros.planner import CHECKPOINTS, Planner
from training import export
from training.data.table_clouds import sample_things
from training.engine.loop import train
from training.engine.state import load_weights_into
from training.reports import things_report
from training.stages.perception import PerceptionTask
from training.stages.settings import configure

pytest.importorskip("moe3d_ros.open3d_loader").import_open3d()

DEFAULT = CHECKPOINTS / "default"
SMALL = {"task": "perception", "batch_size": 2, "steps": 2, "log_every": 1, "things": 0.5, "warmup": 1}


def configured(folder, **values):
    return configure(**{**SMALL, "output": str(folder), **values})


@pytest.mark.parametrize("things", [0.0, 0.5, 1.0])
def test_a_batch_has_the_share_of_tables_that_was_asked_for(tmp_path, things):
    batch = PerceptionTask(configured(tmp_path, batch_size=4, things=things)).make_batch(1)
    assert (~batch.own).sum() == 4 * things
    assert len(batch.scenes) == 4 and batch.visible.any()
    assert batch.patches.mask.any(1).all()


def test_what_is_to_be_seen_has_points():
    scenes, cloud = sample_things(4, np.random.default_rng(2))
    for row in range(4):
        slots = cloud.slot[cloud.scene == row]
        assert set(slots[slots >= 0].tolist()) <= set(torch.nonzero(scenes.exists[row]).flatten().tolist())


def test_it_learns_one_batch_by_heart(tmp_path):
    config = configured(
        tmp_path, votes=True, overfit=1, steps=60, things=1.0, learning_rate=1e-3, **{"model.encoder.width": 48}
    )
    losses_at = []
    train(PerceptionTask(config), config)
    for line in (tmp_path / "losses.jsonl").read_text().splitlines():
        losses_at.append(json.loads(line)["loss"])
    assert sum(losses_at[-5:]) < 0.6 * sum(losses_at[:5])


def test_what_reads_pieces_learns_at_a_rate_of_its_own(tmp_path):
    parts = {"votes": True, "pieces": True, "lying": True, "model.encoder.width": 48}
    config = configured(tmp_path, steps=1, warmup=0, weight_decay=0.0, pieces_rate=10.0, **parts)
    task = PerceptionTask(config)
    watched = {"pieces": task.encoder.pieces.trust[2].bias, "else": task.encoder.voted.belongs.bias}
    before = {name: value.detach().clone() for name, value in watched.items()}
    train(task, config)
    moved = {name: (value.detach() - before[name]).abs().max().item() for name, value in watched.items()}
    assert moved["pieces"] == pytest.approx(10 * moved["else"], rel=0.01)
    with pytest.raises(ValueError, match="pieces_rate"):
        configured(tmp_path, pieces_rate=0.0)


def test_features_of_the_tabletop_world_are_kept_from_the_checkpoint_that_it_starts_from(tmp_path):
    task = PerceptionTask(configured(tmp_path, init=str(DEFAULT), keep=1.0, kinds=8))
    _, figures = task.loss(task.make_batch(3))
    assert figures["kept"] >= 0
    with torch.no_grad():
        for value in task.encoder.patches.parameters():
            value.add_(0.05)
    _, changed = task.loss(task.make_batch(3))
    assert changed["kept"] > figures["kept"] + 0.01


@torch.no_grad()
@pytest.mark.parametrize("more", [{"axes": True}, {"axes": True, "lying": True}])
def test_an_encoder_that_is_told_more_of_pieces_begins_as_the_one_that_it_grew_from(more):
    def made(**parts):
        torch.manual_seed(5)
        sizes = {"width": 24, "layers": 1, "heads": 2, "queries": 5, "decoder_layers": 1}
        return SceneEncoder(EncoderConfig(**sizes, votes=True, pieces=True, **parts)).eval()

    before, after = made(), made(**more)
    for value in before.pieces.parameters():  # which begins silent
        value.add_(0.1 * torch.randn(value.shape))
    stored = {f"weight.{name}": value for name, value in before.named_parameters()}
    load_weights_into(dict(after.named_parameters()), stored)
    unlearnt = after.pieces.trust[2].bias[3 * SORTS :]
    assert (unlearnt == FIRST_TRUST_LYING[0]).all(), "all but untrusted: training has something to begin with"
    unlearnt.fill_(-50.0)
    _, cloud = sample_things(2, np.random.default_rng(3))
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 2)
    for one, other in zip(before(patches)[1].__dict__.values(), after(patches)[1].__dict__.values()):
        assert one is other is None or torch.allclose(one, other, atol=1e-5)
    for name in more:
        with pytest.raises(ValueError, match="set pieces too"):
            EncoderConfig(**{name: True})


def test_export_exchanges_the_encoder_and_leaves_the_rest(tmp_path, capsys):
    config = configured(tmp_path / "run", init=str(DEFAULT), kinds=8, votes=True, **{"model.patches.max_patches": 200})
    train(PerceptionTask(config), config)
    out = tmp_path / "new"
    assert export.main(["--checkpoint", str(DEFAULT), "--encoder", str(tmp_path / "run"), "--output", str(out)]) == 0
    settings, tensors = load_checkpoint(out)
    before = load_checkpoint(DEFAULT)[1]
    assert settings["encoder"]["votes"] and settings["patches"]["max_patches"] == 200
    others = [name for name in before if not name.startswith("encoder.")]
    assert others and all(torch.equal(before[name], tensors[name]) for name in others)
    assert any(
        not torch.equal(before[name], tensors[name])
        for name in before
        if name in tensors and name.startswith("encoder.")
    )
    assert Planner.from_pretrained(out).config.encoder.votes
    given = ["--checkpoint", str(DEFAULT), "--look-alone", "--output", str(out)]
    assert export.main([*given, "--encoder", str(tmp_path / "run")]) == 0
    alone = load_checkpoint(out)[1]
    new = {name for name in before if not torch.equal(before[name], alone[name])}
    assert new
    assert all(name.startswith("encoder.second_look.") for name in new)
    with pytest.raises(SystemExit):
        export.main(given)


def test_a_run_on_another_grid_is_refused(tmp_path, capsys):
    config = configured(tmp_path / "run", kinds=8, **{"model.patches.voxel_size": 0.02})
    train(PerceptionTask(config), config)
    out = tmp_path / "new"
    assert export.main(["--checkpoint", str(DEFAULT), "--encoder", str(tmp_path / "run"), "--output", str(out)]) == 1
    assert "voxel_size" in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize(
    "values", [{"things": 1.5}, {"things": -0.1}, {"keep": -1.0}, {"alike": 2.0}, {"filled": -0.5}]
)
def test_shares_that_cannot_be_are_refused(tmp_path, values):
    with pytest.raises(ValueError, match="things, alike and filled must lie between 0 and 1"):
        configured(tmp_path, **values)


def test_the_report_draws_recall_against_scenes_over_runs_that_went_on(tmp_path, capsys):
    for name, steps in (("one", 3), ("two", 2)):
        config = configured(tmp_path / name, steps=steps, things=0.5, log_every=1)
        train(PerceptionTask(config), config)
    runs = [str(tmp_path / name) for name in ("one", "two")]
    assert things_report.main([*runs, "--plot", str(tmp_path / "curve.png")]) == 0
    printed = capsys.readouterr().out.splitlines()
    batch = config.batch_size
    assert [int(line.split("|")[1].replace(",", "")) for line in printed[2:]] == [batch * n for n in range(1, 6)]
    assert (tmp_path / "curve.png").stat().st_size > 5000
    assert things_report.main([str(tmp_path)]) == 1
    assert "no run of stage things" in capsys.readouterr().err

"""Places beside things: the steps that are drawn, the training of their block alone, and its place in a checkpoint."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from moe3d_ros.model.checkpoint import load_checkpoint, save_checkpoint
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import CAMERAS
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.world.sides import SIDES
from training import export, train
from training.assembly import SIDES_PART
from training.data.side_steps import random_side_step
from training.engine.state import read_weights
from training.stages.command_line import parse


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The default checkpoint, as it was before its Pose-DiT knew places beside things."""
    config, tensors = load_checkpoint(Path("moe3d_ros/checkpoints/default"))
    kept = {name: value for name, value in tensors.items() if not name.startswith(f"{SIDES_PART}.")}
    assert len(kept) < len(tensors)
    return save_checkpoint(tmp_path_factory.mktemp("plain") / "plain", config | {"pose_sides": False}, kept, "")


def command(folder, init, **values) -> list[str]:
    own = {
        "output": folder,
        "init": init,
        "workers": 0,
        "batch_size": 2,
        "pairs": 4,
        "draws": 2,
        "log_every": 1,
        "warmup": 1,
        **values,
    }
    return ["--stage", "sides", *(text for name, value in own.items() for text in (f"--{name}", str(value)))]


def losses(folder) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "losses.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def run(plain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides") / "run"
    assert train.main(command(folder, plain, steps=25, overfit=1, ema=0.0, learning_rate=3e-3, flat=1.0)) == 0
    return folder


@pytest.fixture(scope="module")
def checkpoint(run, plain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with") / "sides"
    assert export.main(["--checkpoint", str(plain), "--sides", str(run), "--output", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("side", SIDES)
def test_steps_beside_things_are_drawn_where_there_is_room(side):
    rng, drawn = np.random.default_rng(5), 0
    for _ in range(12):
        scene = random_scene(rng)
        step = random_side_step(scene, rng, side)
        if step is not None:
            after = Layout(apply_step(scene, step))
            assert after.beside(step.pick_index, side, step.place_index, step.second)
            assert after.untouched(step.pick_index)
            drawn += 1
    assert drawn >= 6


def test_the_block_alone_learns(run):
    first, *_, last = losses(run)
    assert last < 0.6 * first
    assert all(name.startswith("sides.") for name in read_weights(run))


def test_it_resumes_bit_for_bit(plain, tmp_path):
    assert train.main(command(tmp_path / "whole", plain, steps=4)) == 0
    assert train.main(command(tmp_path / "parts", plain, steps=4, stop_after=1e-9)) == 0
    assert len(losses(tmp_path / "parts")) < 4
    assert train.main(command(tmp_path / "parts", plain, steps=4)) == 0
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")


def test_a_checkpoint_takes_the_block_and_keeps_all_else(checkpoint, plain):
    def sums(folder):
        return {file.name: hashlib.sha256(file.read_bytes()).digest() for file in folder.glob("*.safetensors")}

    before, after = sums(plain), sums(checkpoint)
    assert after.keys() - before.keys() == {"model-pose.sides.safetensors"}
    assert before.items() <= after.items()


def test_poses_of_other_steps_stay_to_the_bit_and_sides_part(checkpoint, plain):
    scene = random_scene(np.random.default_rng(8))
    with TabletopWorld(scene) as world:
        cloud = world.cloud(list(CAMERAS), noise=np.random.default_rng(0))
    looks = [Planner.from_pretrained(str(folder)).look(*cloud) for folder in (plain, checkpoint)]
    pick, place = [number for number, thing in enumerate(looks[0].objects) if thing.kind in ("block", "bowl")][:2]
    onto = "pick the small red block, place it in the green bowl"
    before, after = (look.step_poses(onto, onto, pick, place).sample(4, 4) for look in looks)
    assert all(np.array_equal(one, other) for one, other in zip(before, after))
    beside = onto.replace("in the", "left of the")
    sampler = looks[1].step_poses(beside, beside, pick, place, "left of")
    assert not np.allclose(sampler.sample(4, 4)[0][0, 1], after[0][0, 1], atol=1e-3)
    said = looks[1].step_poses("anything else", beside, pick, place, "left of")
    assert np.array_equal(said.sample(4, 4)[0], sampler.sample(4, 4)[0])
    with pytest.raises(ValueError, match="has not learnt places beside things"):
        looks[0].step_poses(beside, beside, pick, place, "left of").sample(4, 4)


def test_runs_are_taken_for_what_they_are(run, plain, tmp_path, tiny_checkpoint, capsys):
    output = ["--output", str(tmp_path / "out")]
    assert export.main(["--checkpoint", str(plain), "--pose", str(run), *output]) == 1
    assert "add them to a checkpoint with --sides" in capsys.readouterr().err
    assert export.main(["--checkpoint", str(tiny_checkpoint), "--sides", str(run), *output]) == 1
    assert "encoder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit):
        parse(["--stage", "sides", "--with_llm", "true"])
    assert "places beside things alone are learnt" in capsys.readouterr().err


def test_a_new_pose_dit_leaves_the_block_behind(checkpoint, plain, tmp_path):
    whole, output = tmp_path / "pose", tmp_path / "out"
    more = [
        "--sides",
        "false",
        "--init",
        str(plain),
        "--steps",
        "1",
        "--output",
        str(whole),
        "--workers",
        "0",
        "--batch_size",
        "1",
    ]
    assert train.main(["--stage", "sides", *more]) == 0
    assert export.main(["--checkpoint", str(checkpoint), "--pose", str(whole), "--output", str(output)]) == 0
    assert not (output / "model-pose.sides.safetensors").exists()
    assert not Planner.from_pretrained(str(output)).config.pose_sides
    assert torch.isfinite(Planner.from_pretrained(str(output)).model.pose.token).all()

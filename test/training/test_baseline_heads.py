"""Baseline heads end to end: trained by one command from a checkpoint, stored in one, planned with, set side by side."""

import pytest
import torch

from moe3d_ros.model.action.objectives import OBJECTIVES
from moe3d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.engine.loop import train
from training.engine.state import StateError
from training.evaluate import main as evaluate
from training.evaluation import pose_steps
from training.export import main as export
from training.heads import main as heads
from training.stages.settings import configure
from training.train import make_task

RUN_OF = {"encoder": "perception", "language": "language", "pose": "action"}
MODEL = {"experts": 2, "top_k": 1, "rank": 2}
FEW = {"workers": 0, "batch_size": 2, **MODEL}
TEXTS = {"pairs": 2, "precision": "float32"}
SMALL = {**FEW, **TEXTS, "draws": 1}  # of the action stage


def with_settings(checkpoint, folder, **settings):
    config, tensors = load_checkpoint(checkpoint)
    return save_checkpoint(folder, {**config, **settings}, tensors, "A head.\n")


@pytest.mark.parametrize("head", ["ddim", "regression"])
def test_a_checkpoint_with_another_head_plans(tmp_path, tiny_checkpoint, head):
    folder = with_settings(tiny_checkpoint, tmp_path / head, pose_head=head, pose_steps=2)
    planner = Planner.from_pretrained(str(folder))
    assert planner.model.pose.head is OBJECTIVES[head]
    generator = torch.Generator().manual_seed(2)
    seen = sense(sample_scenes(1, SceneRange(), generator), SensorRange(), generator)
    plan = planner.plan(seen.points.numpy(), (seen.colors * 255).byte().numpy(), "put the red block in the green bowl")
    assert plan.actions
    assert all(planner.workspace.contains(pose.position).all() for a in plan.actions for pose in (a.pick, a.place))


def test_a_checkpoint_of_an_unknown_head_is_refused(tmp_path, tiny_checkpoint):
    folder = with_settings(tiny_checkpoint, tmp_path / "ode", pose_head="ode")
    with pytest.raises(CheckpointError, match="flow, ddim, regression"):
        Planner.from_pretrained(str(folder))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A checkpoint with an encoder of the usual size, of runs of one step, and the arguments that its sizes need."""
    folder = tmp_path_factory.mktemp("source")
    base = str(write_tiny_base(folder / "llm"))
    stages = {"perception": {}, "language": {**TEXTS, "real_scenes": 0.0}, "action": {**SMALL, "llm_width": 32}}
    for task, more in stages.items():
        config = configure(task=task, output=str(folder / task), steps=1, base=base, **FEW | more)
        train(make_task(config), config)
    named = [text for name in ("encoder", "language", "pose") for text in (f"--{name}", str(folder / RUN_OF[name]))]
    assert export([*named, "--output", str(folder / "checkpoint")]) == 0
    sizes = {**SMALL, "base": base, "llm_width": 32}
    return folder / "checkpoint", [text for key, value in sizes.items() for text in (f"--{key}", str(value))]


def test_one_command_trains_the_baselines_with_one_budget(tmp_path, source):
    checkpoint, sizes = source
    arguments = [
        "--checkpoint",
        str(checkpoint),
        "--heads",
        "ddim,regression",
        "--runs",
        str(tmp_path),
        "--scenes",
        "0",
        "--action-steps",
        "2",
        "--joint-steps",
        "1",
        "--warmup",
        "1",
        *sizes,
    ]
    assert heads(arguments) == 0
    before = load_checkpoint(checkpoint)[1]
    steps = {"ddim": 10, "regression": 1}
    for head, number in steps.items():
        config, tensors = load_checkpoint(tmp_path / head / "checkpoint")
        assert config["pose_head"] == head
        assert config["pose_steps"] == number
        assert tensors.keys() == before.keys()
        same = {name for name, value in tensors.items() if torch.equal(value, before[name])}
        assert {name for name in before if not name.startswith("pose.")} <= same  # encoder and LLM are the source's
        assert "pose.pose.weight" not in same
        assert Planner.from_pretrained(str(tmp_path / head / "checkpoint")).model.pose.head is OBJECTIVES[head]
    resumed = configure(
        task="action", output=str(tmp_path / "ddim/action"), steps=3, llm_width=32, head="flow", **SMALL
    )
    with pytest.raises(StateError, match="another pose head"):
        train(make_task(resumed), resumed)


def test_curves_are_set_side_by_side():
    def curve(head, yaws):
        rows = {
            steps: pose_steps._figures([(0.001, 0.001, yaw)] * 5 + [(0.02, 0.001, 0.0)], [0.01])
            for steps, yaw in zip(pose_steps.STEPS, yaws)
        }
        return {
            "head": head,
            "draws": 1,
            "scenes": 6,
            "objects_missed": 0,
            "steps": rows,
            "one_against_ten": rows[1]["success"] - rows[10]["success"],
        }

    flow, ddim = curve("flow", (0.0, 0.0, 0.0, 0.0)), curve("ddim", (1.0, 1.0, 0.0, 0.0))
    assert flow["steps"][1]["success"] == pytest.approx(5 / 6)
    assert ddim["steps"][1]["success"] == 0.0
    text = pose_steps.table({**flow, "others": {"ddim": ddim}})
    assert "flow: one step +0.0 points" in text
    assert "ddim: one step -83.3 points" in text
    assert len([line for line in text.splitlines() if line.startswith(("flow  ", "ddim  "))]) == 8


def test_the_suite_says_what_is_wrong(tiny_checkpoint, capsys):
    asked = ["--suite", "pose-steps", "--checkpoint", str(tiny_checkpoint), "--scenes", "1"]
    with pytest.raises(SystemExit):
        evaluate([*asked, "--compare", "ddim"])
    assert "NAME=CHECKPOINT" in capsys.readouterr().err
    assert evaluate(asked) == 1  # a random encoder finds nothing
    assert "misses the objects" in capsys.readouterr().err


def test_a_share_of_the_draws_starts_from_pure_noise(tmp_path):
    config = configure(task="action", output=str(tmp_path), llm_width=32, from_start=1.0, **SMALL)
    task, seen = make_task(config), []
    task.pose.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[:2]))
    batch = task.make_batch(0)
    task.loss(batch)
    (x_t, t) = seen[0]
    assert (t == 1.0).all()
    assert x_t.shape[:2] == t.shape
    with pytest.raises(ValueError, match="from_start"):
        configure(task="action", output=str(tmp_path), from_start=1.5)

"""Training stages on a tiny random LLM: they learn, they train what they should, and a resumed run is the same run."""

import math

import numpy as np
import pytest
import torch
import yaml

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.config import LanguageConfig
from moe3d_ros.model.perception.objects import RELATIONS
from moe3d_ros.model.tiny import write_tiny_base, write_tiny_checkpoint
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.scene import SceneObject
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, SHAPES
from training.data.mixture import sample_mixture
from training.engine.config import StageConfig
from training.engine.loop import train
from training.engine.state import StateError, load_matching, read_weights
from training.evaluation import question_answering
from training.evaluation.metrics.prior import Prior
from training.export import main as export
from training.stages.alignment import AlignmentTask
from training.stages.command_line import CONFIG_FOLDER, parse
from training.stages.described import relation_targets
from training.stages.detection import reading_loss
from training.stages.language import LANGUAGE_RANGE, LanguageTask
from training.stages.perception import PerceptionTask
from training.stages.settings import configure
from training.train import main, make_task


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


def settings(tmp_path, **values) -> StageConfig:
    values = {
        "task": "language",
        "output": str(tmp_path),
        "workers": 0,
        "batch_size": 2,
        "log_every": 1,
        "warmup": 1,
        **values,
    }
    if values["task"] in ("language", "action"):
        values.setdefault("precision", "float32")
    return configure(**values)


def test_every_stage_file_is_a_valid_configuration():
    for path in CONFIG_FOLDER.glob("*.yaml"):
        assert parse(["--stage", path.stem]).task == yaml.safe_load(path.read_text())["task"]
    assert parse(["--stage", "stage2", "--steps", "7"]).steps == 7


def test_a_wrong_setting_is_named(tmp_path, capsys):
    (tmp_path / "own.yaml").write_text("task: perception\noutput: x\nlerning_rate: 1\n")
    with pytest.raises(SystemExit):
        parse(["--stage", str(tmp_path / "own.yaml")])
    assert "lerning_rate" in capsys.readouterr().err
    with pytest.raises(ValueError, match="batch_size"):
        settings(tmp_path, batch_size=0)
    with pytest.raises(SystemExit):
        main(["--stage", "stage9"])


def test_a_resumed_run_is_the_same_run(tmp_path, base):
    whole = settings(tmp_path / "whole", task="alignment", base=base, steps=6, batch_size=4)
    train(AlignmentTask(whole), whole)
    halves = settings(tmp_path / "halves", task="alignment", base=base, steps=6, batch_size=4)
    # A run that was stopped after three steps: the schedule is that of the whole run.
    stopped = _Stopping(AlignmentTask(halves), after=3)
    with pytest.raises(KeyboardInterrupt):
        train(
            stopped, settings(tmp_path / "halves", task="alignment", base=base, steps=6, batch_size=4, save_minutes=0)
        )
    train(AlignmentTask(halves), halves)
    one, other = read_weights(tmp_path / "whole"), read_weights(tmp_path / "halves")
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


class _Stopping:
    """A task that is interrupted, as by Ctrl-C, before it computes one more step."""

    def __init__(self, task, after):
        self.task, self.left = task, after
        self.module, self.make_batch = task.module, task.make_batch

    def loss(self, batch):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self.task.loss(batch)


def test_stage_two_learns_a_few_samples_by_heart(tmp_path, base):
    config = settings(
        tmp_path,
        base=base,
        experts=2,
        top_k=1,
        rank=4,
        pairs=4,
        steps=60,
        overfit=1,
        real_scenes=0.0,
        learning_rate=1e-2,
    )
    task = LanguageTask(config)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["plan_nll"]
    last = train(task, config)["plan_nll"]
    assert last < 0.3 * first


def test_stage_two_reads_real_clouds(tmp_path, base):
    config = settings(tmp_path, base=base, experts=2, top_k=1, rank=2, pairs=2, real_scenes=1.0)
    loss, _ = LanguageTask(config).loss(LanguageTask(config).make_batch(3))
    assert torch.isfinite(loss)


def test_captions_align_the_projection_through_the_frozen_llm(tmp_path, base):
    stage = yaml.safe_load((CONFIG_FOLDER / "stage1_captions.yaml").read_text())
    stage |= {"init": None, "base": base, "steps": 10, "pairs": 2, "real_scenes": 0.0, "learning_rate": 1e-2}
    config = settings(tmp_path, **{**stage, "output": str(tmp_path)})
    task = LanguageTask(config)
    kinds = {text.kind for texts in task.make_batch(0).texts for text in texts}
    assert kinds == {"question"}
    before = {name: value.detach().clone() for name, value in task.model.named_parameters()}
    batch = task.make_batch(99)
    first = float(task.loss(batch)[0].detach())
    train(task, config)
    moved = {name for name, value in task.model.named_parameters() if not torch.equal(value, before[name])}
    assert not [name for name in moved if name.startswith("llm.")]
    assert {"objects.projection.weight", "objects.projection.bias"} <= moved
    assert float(task.loss(batch)[0].detach()) < first
    with pytest.raises(ValueError, match="texts"):
        settings(tmp_path, texts="poems")


def test_detection_learns(tmp_path):
    config = settings(tmp_path, task="perception", steps=25, overfit=1, learning_rate=1e-3)
    task = PerceptionTask(config)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["loss"]
    assert train(task, config)["loss"] < 0.75 * first


def test_the_action_stage_learns(tmp_path, base):
    perception = settings(tmp_path / "perception", task="perception", steps=1)
    train(PerceptionTask(perception), perception)
    config = settings(
        tmp_path / "action",
        task="action",
        base=base,
        init=perception.output,
        steps=12,
        overfit=1,
        pairs=3,
        draws=2,
        with_llm=True,
        experts=2,
        top_k=1,
        rank=2,
        learning_rate=2e-3,
    )
    task = make_task(config)
    torch.manual_seed(0)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["loss"]
    assert train(task, config)["loss"] < 0.9 * first


def test_runs_with_fine_grained_experts_become_a_checkpoint_that_loads(tmp_path, base):
    runs = {}
    for task, more in (
        ("perception", {}),
        ("language", {"experts": 4, "top_k": 2, "shards": 2, "rank": 2, "pairs": 2, "real_scenes": 0.0, "base": base}),
        ("action", {"llm_width": 32, "pairs": 2, "draws": 1}),
    ):
        config = settings(tmp_path / task, task=task, steps=1, **more)
        train(make_task(config), config)
        runs[task] = config.output
    output = tmp_path / "checkpoint"
    named = ["--encoder", runs["perception"], "--language", runs["language"], "--pose", runs["action"]]
    assert export([*named, "--output", str(output)]) == 0
    model = Planner.from_pretrained(str(output)).model
    assert model.config.language.shards == 2
    trained = read_weights(runs["language"])["pointer.query.weight"]
    torch.testing.assert_close(model.language.pointer.query.weight, trained, atol=1e-3, rtol=1e-3)


def test_a_query_that_reads_half_of_two_things_pays_for_it():
    own = torch.tensor([[True, True, False, False], [False, False, False, False]])
    halves, one = torch.zeros(2, 4), torch.tensor([[9.0, 9.0, -9.0, -9.0], [0.0] * 4])
    assert float(reading_loss(halves, own)) == pytest.approx(math.log(2))
    assert float(reading_loss(one, own)) < 1e-3
    assert float(reading_loss(halves[1:], own[1:])) == 0  # nothing of the thing is in any patch


def test_weights_of_another_stage_are_refused(tmp_path, base):
    config = settings(tmp_path / "alignment", task="alignment", base=base, steps=1)
    train(AlignmentTask(config), config)
    with pytest.raises(StateError, match="fit none of the modules"):
        make_task(settings(tmp_path / "action", task="action", base=base, init=config.output, llm_width=32))


def test_a_stage_can_start_from_a_checkpoint(tmp_path):
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny")
    wanted = Planner.from_pretrained(str(checkpoint)).model
    model = Planner.from_pretrained(str(write_tiny_checkpoint(tmp_path / "other", seed=1))).model
    parts = {"encoder": model.encoder, "language": model.language, "pose": model.pose}
    assert not torch.equal(model.encoder.queries, wanted.encoder.queries)
    load_matching(parts, str(checkpoint))
    found = wanted.trained_tensors()
    assert all(torch.equal(value, found[name]) for name, value in model.trained_tensors().items())
    other = Planner.from_pretrained(str(write_tiny_checkpoint(tmp_path / "third", seed=2))).model
    pose, adapters = other.pose.state_dict(), dict(other.language.llm.named_parameters())
    before = {name: value.clone() for name, value in (pose | adapters).items()}
    parts = {
        "encoder": other.encoder,
        "language": other.language,
        "objects": other.language.objects,
        "pose": other.pose,
    }
    load_matching(parts, f"{checkpoint}:encoder,{checkpoint}:objects")
    assert torch.equal(other.encoder.queries, wanted.encoder.queries)
    assert torch.equal(other.language.objects.projection.weight, wanted.language.objects.projection.weight)
    assert all(torch.equal(value, before[name]) for name, value in (pose | adapters).items())
    with pytest.raises(StateError, match="nothing here takes the part 'pose'"):
        load_matching({"encoder": other.encoder}, f"{checkpoint}:pose")
    damaged = next(checkpoint.glob("*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    with pytest.raises(CheckpointError, match="checksum"):
        load_matching(parts, str(checkpoint))


def test_a_stage_takes_its_sizes_from_the_checkpoint_that_it_starts_from(tmp_path):
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny")  # rank 2, four kinds
    assert settings(tmp_path, init=f"runs/other,{checkpoint}").model.language.rank == 2
    assert (
        settings(tmp_path, init=f"{checkpoint}:encoder").model.language.rank == LanguageConfig.rank
    )  # of which the LLM is not taken
    grown = settings(tmp_path, init=str(checkpoint), rank=5, kinds=8)
    assert (grown.model.language.rank, grown.model.encoder.kinds) == (5, 8)


def test_long_tasks_can_be_chosen_and_only_those_of_training(tmp_path):
    rng, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    _, moments = sample_mixture(30, 1.0, LANGUAGE_RANGE, rng, generator, names=["clear_zone", "E"])
    assert {moment.task.name for moment in moments if not moment.task.reason} == {"clear_zone", "E"}
    for task in ("perception", "action"):
        config = settings(tmp_path, task=task, batch_size=8, long_tasks=1.0, long_names=["bowls_to_zone"])
        scenes = make_task(config).make_batch(3).scenes
        kinds = [{KINDS[kind] for kind in row.tolist() if kind >= 0} for row in scenes.kind]
        assert all({"block", "bowl", "zone"} <= found for found in kinds)
    assert settings(tmp_path, long_names=["A", "A", "E"]).long_names == ["A", "A", "E"]
    with pytest.raises(ValueError, match="long_names has K: training tasks are A"):
        settings(tmp_path, long_names=["A", "K"])


def test_adapters_of_a_bfloat16_base_train_in_float32(tmp_path, base):
    task = LanguageTask(settings(tmp_path, base=base, experts=2, top_k=1, rank=2, precision="bfloat16"))
    assert {p.dtype for p in task.model.parameters() if p.requires_grad} == {torch.float32}
    assert task.model.llm.dtype == torch.bfloat16


def test_stage_one_is_taught_who_is_next_to_what():
    def thing(kind, color, x, y, half):
        size = ("big" if half > 0.025 else "small") if kind == "block" else ""
        return SceneObject(kind, color, size, (x, y, half), (half, half, half), 0.0, "box", (9, 9, 9))

    things = [
        thing("block", "red", 0.4, 0.1, 0.02),
        thing("block", "red", 0.4, -0.2, 0.03),
        thing("zone", "green", 0.4, -0.1, 0.03),
    ]
    rows = batch_of_scene(things)
    truth = relation_targets(rows)[0]
    green_zone = len(RELATIONS) + KINDS.index("zone") * len(COLOR_NAMES) + COLOR_NAMES.index("green")
    assert truth[:, green_zone].tolist() == [0, 1, 0]
    assert truth[:, RELATIONS.index("left_of_kind_color")].tolist() == [1, 0, 0]
    assert truth[:, RELATIONS.index("bigger")].tolist() == [0, 1, 0]


def batch_of_scene(things) -> SceneBatch:
    """A batch of one scene whose slots are these things."""

    def column(values, dtype=torch.float32):
        return torch.tensor([values], dtype=dtype)

    return SceneBatch(
        exists=column([True] * len(things), torch.bool),
        kind=column([KINDS.index(t.kind) for t in things], torch.long),
        shape=column([SHAPES.index(t.shape) for t in things], torch.long),
        color=column([COLOR_NAMES.index(t.color) for t in things], torch.long),
        big=column([t.size == "big" for t in things], torch.bool),
        center=column([t.position for t in things]),
        half=column([t.half_extents for t in things]),
        yaw=column([t.yaw for t in things]),
        rgb=column([[0.5, 0.5, 0.5]] * len(things)),
        table_rgb=column([0.3, 0.3, 0.3]),
    )


@pytest.mark.slow
def test_questions_are_asked_and_scored_by_type(tmp_path):
    planner = Planner.from_pretrained(str(write_tiny_checkpoint(tmp_path / "tiny")))
    figures = question_answering.run(planner, questions=30)
    assert len(figures["records"]) == figures["count"] == 30
    assert sum(row["count"] for row in figures["by_type"].values()) == 30
    assert all(0 <= figures[name] <= 1 for name in ("em", "em_refined"))
    assert "all" in question_answering.table(figures)
    again, other = (question_answering.held_out_scene(number)[1] for number in (0, 1))
    assert again == question_answering.held_out_scene(0)[1] != other
    reworded = question_answering.held_out_scene(0, held_out_wordings=True)[1]
    assert not {question for question, _, _ in again} & {question for question, _, _ in reworded}
    assert 0.2 < figures["prior"]["em"] < 0.7  # what is known without a look
    assert figures["prior"]["by_type"].keys() == figures["by_type"].keys()


def test_the_prior_knows_what_is_mostly_answered():
    known = [("is it red?", "yes", "check")] * 6 + [("is it blue?", "no", "check")] * 5
    known += [("which is bigger, the red block or the blue bowl?", "the blue bowl", "comparison")] * 5
    prior = Prior(known)
    assert prior.answer("is it blue?", "check") == "yes"
    assert prior.answer("?", "count") == ""
    assert prior.answer("which is closer, the cube or the pad?", "comparison") == "the pad"
    sides = [(f"is the {c} block left or right of the zone?", "left", "side") for c in ("red", "blue", "pink")] * 3
    sides += [(f"is the {c} bowl nearer or farther than the zone?", "nearer", "side") for c in ("red", "gray")] * 4
    questions = [
        ("is the cyan bowl left or right of the zone?", "left", "side"),
        ("is the cyan bowl nearer or farther than the zone?", "nearer", "side"),
    ]
    assert Prior(sides).accuracy(questions) == {"side": 0.5, "all": 0.5}
    assert Prior(sides, by_wording=True).accuracy(questions) == {"side": 1.0, "all": 1.0}


def test_the_model_and_its_training_need_no_ros_and_no_simulator():
    import subprocess
    import sys

    code = (
        "import sys; import moe3d_ros.planner, training.stages.language, training.stages.action, training.stages.perception; "
        "print([n for n in ('rclpy', 'mujoco', 'open3d') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

"""Training stages on a tiny random LLM: they learn, they train what they should, and a resumed run is the same run."""

import pytest
import torch
import yaml

from moe3d_ros.model.lora import tensors_without_gradient
from moe3d_ros.model.tiny import write_tiny_base
from training.alignment import AlignmentTask
from training.config import CONFIG_FOLDER, StageConfig, parse
from training.engine import train
from training.language import LanguageTask
from training.perception import PerceptionTask
from training.state import read_weights
from training.train import main, make_task


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


def settings(tmp_path, **values) -> StageConfig:
    values = {"task": "language", "output": str(tmp_path), "workers": 0, "batch_size": 2, "log_every": 1,
              "precision": "float32", "warmup": 1, **values}  # fmt: skip
    return StageConfig(**values)


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
        train(stopped, settings(tmp_path / "halves", task="alignment", base=base, steps=6, batch_size=4, save_minutes=0))
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


def test_stage_two_trains_every_adapter_and_nothing_frozen(tmp_path, base):
    config = settings(tmp_path, base=base, experts=2, top_k=1, rank=2, pairs=4, real_scenes=0.0)
    task = LanguageTask(config)
    frozen = {n: p.detach().clone() for n, p in task.model.named_parameters() if not p.requires_grad}
    before = {n: p.detach().clone() for n, p in task.model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW([p for p in task.model.parameters() if p.requires_grad], lr=1e-2)
    for seed in range(4):
        loss, figures = task.loss(task.make_batch(seed))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert tensors_without_gradient(task.model) == []
    unmoved = [n for n, p in task.model.named_parameters() if p.requires_grad and torch.equal(p, before[n])]
    assert unmoved == []
    assert all(torch.equal(p, frozen[n]) for n, p in task.model.named_parameters() if n in frozen)
    assert {"plan_nll", "balance", "least_load", "pick_pointer"} <= figures.keys()


def test_stage_two_learns_a_few_samples_by_heart(tmp_path, base):
    config = settings(tmp_path, base=base, experts=2, top_k=1, rank=4, pairs=4, steps=60, overfit=1, real_scenes=0.0,
                      learning_rate=1e-2)  # fmt: skip
    task = LanguageTask(config)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["plan_nll"]
    last = train(task, config)["plan_nll"]
    assert last < 0.3 * first


def test_stage_two_reads_real_clouds(tmp_path, base):
    config = settings(tmp_path, base=base, experts=2, top_k=1, rank=2, pairs=2, real_scenes=1.0)
    loss, _ = LanguageTask(config).loss(LanguageTask(config).make_batch(3))
    assert torch.isfinite(loss)


def test_detection_learns(tmp_path):
    config = settings(tmp_path, task="perception", steps=25, overfit=1, learning_rate=1e-3)
    task = PerceptionTask(config)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["loss"]
    assert train(task, config)["loss"] < 0.75 * first


def test_the_action_stage_learns(tmp_path, base):
    perception = settings(tmp_path / "perception", task="perception", steps=1)
    train(PerceptionTask(perception), perception)
    config = settings(
        tmp_path / "action", task="action", base=base, init=perception.output, steps=12, overfit=1, pairs=3, draws=2,
        with_llm=True, experts=2, top_k=1, rank=2, learning_rate=2e-3,
    )  # fmt: skip
    task = make_task(config)
    torch.manual_seed(0)
    first = task.loss(task.make_batch(config.seed * 1_000_003))[1]["loss"]
    assert train(task, config)["loss"] < 0.9 * first


def test_weights_of_another_stage_are_refused(tmp_path, base):
    config = settings(tmp_path / "alignment", task="alignment", base=base, steps=1)
    train(AlignmentTask(config), config)
    with pytest.raises(ValueError, match="fit none of the modules"):
        make_task(settings(tmp_path / "action", task="action", base=base, init=config.output, llm_width=32))


def test_the_model_and_its_training_need_no_ros_and_no_simulator():
    import subprocess
    import sys

    code = ("import sys; import moe3d_ros.planner, training.language, training.action, training.perception; "
            "print([n for n in ('rclpy', 'pybullet', 'open3d') if n in sys.modules])")  # fmt: skip
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

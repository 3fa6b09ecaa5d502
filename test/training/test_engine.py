"""The training engine: a killed run goes on to the bit, several processes are as good as one, states survive bad disks."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from places import ROOT

from moe3d_ros.model.tiny import write_tiny_base
from training.curve import samples_of
from training.engine.config import StageConfig
from training.engine.loop import progress_factor, train
from training.engine.run_log import read_losses
from training.engine.state import KEPT, STATE, StateError, load_matching, read_weights
from training.stages.command_line import parse
from training.stages.language import LanguageTask

COMMON = {
    "workers": 0,
    "batch_size": 2,
    "pairs": 2,
    "steps": 8,
    "log_every": 3,
    "warmup": 1,
    "rank": 2,
    "experts": 2,
    "top_k": 1,
    "precision": "float32",
    "real_scenes": 0.0,
    "learning_rate": 1e-3,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, base):
    """A run that nothing disturbed, two micro-batches a step."""
    config = settings(tmp_path_factory.mktemp("whole"), base, accumulate=2)
    train(LanguageTask(config), config)
    return Path(config.output)


def command(folder, base, *launcher, **values) -> list[str]:
    """The command line that trains with these settings."""
    own = {**COMMON, "base": base, "output": folder, **values}
    options = [text for key, value in own.items() for text in (f"--{key}", str(value))]
    return [sys.executable, *launcher, str(ROOT / "training/train.py"), "--stage", "2", "--init", "", *options]


def settings(folder, base, **values) -> StageConfig:
    """The same run's settings, for a run in this process."""
    return parse(command(folder, base, **values)[2:])


def run(arguments, timeout=240) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


def test_a_killed_run_goes_on_bit_for_bit(tmp_path, base, whole):
    out = tmp_path / "killed"
    process = subprocess.Popen(
        command(out, base, accumulate=2, save_minutes=1e-6),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while not (out / STATE).exists() or len(read_losses(out)) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = read_losses(out)
    assert before == read_losses(whole)[: len(before)]
    config = settings(out, base, accumulate=2)
    train(LanguageTask(config), config)
    assert read_losses(out) == read_losses(whole)
    one, other = read_weights(whole), read_weights(out)
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_kept_states_are_those_of_their_steps_and_count_samples(tmp_path, base):
    config = settings(tmp_path / "run", base, keep_every=4)
    train(LanguageTask(config), config)
    first, last = sorted((tmp_path / "run" / KEPT).iterdir())
    assert (first.name, last.name) == ("0000004", "0000008")
    early, late, end = (read_weights(folder) for folder in (first, last, tmp_path / "run"))
    assert all(torch.equal(value, late[name]) for name, value in end.items())
    assert any(not torch.equal(value, early[name]) for name, value in end.items())
    assert 0 < samples_of(first) < samples_of(last) == samples_of(tmp_path / "run")


@pytest.mark.parametrize("shard", [False, True], ids=["ddp", "fsdp2"])
def test_two_processes_give_the_losses_of_one(tmp_path, base, shard):
    """Every token goes to both experts: of one alone, rounding decides where a router is at a tie, and the losses part.

    Sums in another order part them by 5e-5 at a step, on some CPUs.
    """
    one = settings(tmp_path / "one", base, accumulate=2, top_k=2)
    train(LanguageTask(one), one)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    done = run(command(tmp_path / "two", base, *launcher, shard=shard, top_k=2))
    assert done.returncode == 0, done.stderr[-2000:]
    assert read_losses(tmp_path / "two") == pytest.approx(read_losses(one.output), rel=2e-4)
    resumed = settings(tmp_path / "two", base, accumulate=2, steps=9, top_k=2)
    train(LanguageTask(resumed), resumed)  # one process takes over what two have written
    assert len(read_losses(tmp_path / "two")) == 9


def test_a_graceful_shutdown_saves_and_says_so(tmp_path, base, whole):
    out = tmp_path / "stopped"
    process = subprocess.Popen(
        command(out, base, accumulate=2, steps=2000, workers=1),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 240
    while not (out / "losses.jsonl").exists() or not read_losses(out):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGTERM)  # the workers hear it, too
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "the same command goes on from there" in said
    assert len(read_losses(out)) >= 1
    assert read_weights(out).keys() == read_weights(whole).keys()


def test_a_time_limit_leaves_the_schedule_alone(tmp_path, base, whole):
    limited = settings(tmp_path, base, accumulate=2, stop_after=1e-6)
    task = LanguageTask(limited)
    train(task, settings(tmp_path, base, accumulate=2, steps=8, stop_after=1e-6))
    assert not (tmp_path / STATE).exists()  # not a single step: nothing to save
    assert progress_factor(limited, 3, 1e9) == progress_factor(settings(tmp_path, base), 3, 0.0)
    train(LanguageTask(limited), settings(tmp_path, base, accumulate=2))
    assert read_losses(tmp_path) == read_losses(whole)


def test_a_full_disk_leaves_the_last_good_state(tmp_path, base):
    config = settings(tmp_path, base, steps=2)
    train(LanguageTask(config), config)
    good = (tmp_path / STATE).read_bytes(), sorted(path.name for path in tmp_path.glob("*.safetensors"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    longer = settings(tmp_path, base, steps=4)
    task = LanguageTask(longer)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # a disk that takes small files only
    try:
        with pytest.raises(StateError, match="last good state is untouched"):
            train(task, longer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ((tmp_path / STATE).read_bytes(), sorted(path.name for path in tmp_path.glob("*.safetensors"))) == good
    assert list(tmp_path.glob(".*.part")) == []
    train(LanguageTask(longer), longer)
    assert len(read_losses(tmp_path)) == 4


def test_a_damaged_state_is_refused(tmp_path, base, capsys):
    from training.train import main

    config = settings(tmp_path, base, steps=2)
    train(LanguageTask(config), config)
    (state,) = tmp_path.glob("state-*.safetensors")
    data = bytearray(state.read_bytes())
    data[-5] ^= 1
    state.write_bytes(data)
    assert main(command(tmp_path, base)[2:]) == 1
    assert "damaged" in capsys.readouterr().err
    assert state.read_bytes() == bytes(data)
    state.unlink()
    with pytest.raises(StateError, match="missing"):
        train(LanguageTask(config), config)
    (tmp_path / STATE).write_text("{")
    with pytest.raises(StateError, match="cannot be read"):
        train(LanguageTask(config), config)


def test_a_run_of_another_base_llm_is_refused(tmp_path, base):
    config = settings(tmp_path / "run", base, steps=1)
    train(LanguageTask(config), config)
    other = str(write_tiny_base(tmp_path / "other", seed=1))
    with pytest.raises(StateError, match="another base LLM"):
        train(LanguageTask(settings(tmp_path / "run", other)), settings(tmp_path / "run", other))
    task = LanguageTask(config)
    with pytest.raises(StateError, match="another base LLM"):
        load_matching({"language": task.model}, config.output, {"base LLM": "0" * 64})


def test_the_moving_average_is_what_later_stages_read(tmp_path, base):
    config = settings(tmp_path, base, steps=4, ema=0.5)
    task = LanguageTask(config)
    train(task, config)
    averaged = read_weights(tmp_path)
    moved = [
        name
        for name, value in task.model.named_parameters()
        if value.requires_grad and not torch.equal(value, averaged[name])
    ]
    assert "llm.model.layers.1.mlp.router.weight" in moved
    again = settings(tmp_path, base, steps=6, ema=0.5)
    train(LanguageTask(again), again)
    assert len(read_losses(tmp_path)) == 6


def test_a_run_tells_how_fast_it_is(tmp_path, base):
    config = settings(tmp_path, base, steps=6)
    figures = train(LanguageTask(config), config)
    assert figures["samples_per_s"] > 0
    assert figures["tokens_per_s"] > figures["samples_per_s"]
    assert 0 < figures["of_float32_peak"] < 1
    assert 0 <= figures["data_wait"] < 1
    assert 0.05 < figures["peak_memory_gb"] < 24

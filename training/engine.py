"""The training loop: any task, any device, resumable; what is random is a function of seed and step alone."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Protocol

import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from training.config import StageConfig
from training.state import load_state, save_state


class Task(Protocol):
    """What the engine trains."""

    def module(self) -> torch.nn.Module:
        """Everything with parameters; those that require gradients are trained and saved."""

    def make_batch(self, seed: int):
        """Data of one step, a function of ``seed`` alone; runs in a worker process."""

    def loss(self, batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss and figures of one step."""


class _Steps(Dataset):
    """Batch number ``step``, made from a seed of its own, so that a resumed run sees the same data."""

    def __init__(self, task: Task, config: StageConfig, first: int):
        self.task, self.config, self.first = task, config, first

    def __len__(self) -> int:
        return max(self.config.steps - self.first, 0)

    def __getitem__(self, index: int):
        step = self.first + index
        if self.config.overfit:
            step %= self.config.overfit
        return self.task.make_batch(self.config.seed * 1_000_003 + step)


def progress_factor(config: StageConfig, step: int, elapsed: float) -> float:
    """Learning rate as a share of the peak: linear warm-up, flat, then a cosine to the floor."""
    done = step / config.steps
    if config.minutes is not None:
        done = max(done, elapsed / (60 * config.minutes))
    fall = min(max((done - config.flat) / max(1 - config.flat, 1e-9), 0.0), 1.0)
    cosine = config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * fall))
    return min((step + 1) / max(config.warmup, 1), 1.0) * cosine


def _summary_writer(folder: Path):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # a bare training machine: the log file and the progress bar remain
        return None
    return SummaryWriter(str(folder))


def train(task: Task, config: StageConfig) -> dict[str, float]:
    """Run the stage to its end (or its time limit) and return the last figures, averaged over a log interval."""
    torch.set_num_threads(config.threads)
    output = Path(config.output)
    output.mkdir(parents=True, exist_ok=True)
    module = task.module().to(config.device)
    trained = {name: value for name, value in module.named_parameters() if value.requires_grad}
    decayed = [value for value in trained.values() if value.ndim > 1]
    plain = [value for value in trained.values() if value.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
    first, spent = 0, 0.0
    if config.resume and (output / "state.json").exists():
        first, spent = load_state(output, trained, optimizer)
        print(f"resuming {output} at step {first}", flush=True)
    context = "fork" if config.workers and config.device == "cpu" else None
    loader = DataLoader(
        _Steps(task, config, first),
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        multiprocessing_context=context,
        worker_init_fn=_single_thread,
    )
    writer = _summary_writer(output / "logs")
    window: list[dict[str, float]] = []
    figures: dict[str, float] = {}
    started = saved = logged = time.monotonic()
    waiting, step = 0.0, first
    bar = tqdm(total=config.steps, initial=first, desc=output.name, mininterval=10, dynamic_ncols=True)
    asked = time.monotonic()
    for batch in loader:
        waiting += time.monotonic() - asked
        elapsed = spent + time.monotonic() - started
        if config.minutes is not None and elapsed > 60 * config.minutes:
            break
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * progress_factor(config, step, elapsed)
        # A task's own randomness (noise of the flow) is a function of the step too.
        torch.manual_seed(config.seed * 1_000_003 + step)
        loss, current = task.loss(batch)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {step}: lower learning_rate or check the data")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        current["gradient"] = float(torch.nn.utils.clip_grad_norm_(list(trained.values()), config.clip))
        optimizer.step()
        step += 1
        bar.update()
        window.append(current)
        if step % config.log_every == 0 or step == config.steps:
            figures = {key: sum(w.get(key, 0.0) for w in window) / sum(key in w for w in window) for key in _keys(window)}
            now = time.monotonic()
            figures["scenes_per_s"] = config.batch_size * len(window) / max(now - logged, 1e-9)
            figures["data_wait"] = waiting / max(now - started, 1e-9)
            _log(output, writer, step, spent + now - started, figures)
            figures = {key: value for key, value in figures.items() if not _is_detail(key)}
            bar.set_postfix({key: f"{value:.3g}" for key, value in list(figures.items())[:8]}, refresh=False)
            window, logged = [], now
        if time.monotonic() - saved > 60 * config.save_minutes:
            save_state(output, trained, optimizer, step, spent + time.monotonic() - started)
            saved = time.monotonic()
        asked = time.monotonic()
    if hasattr(task, "finish"):  # what a stage does once, after its last step
        figures |= task.finish()
    save_state(output, trained, optimizer, step, spent + time.monotonic() - started)
    bar.close()
    if writer:
        writer.close()
    return figures


def _keys(window) -> list[str]:
    return list(dict.fromkeys(key for figures in window for key in figures))


def _is_detail(name: str) -> bool:
    """Figures with a slash in their names are too many for a line: TensorBoard and details.jsonl have them."""
    return "/" in name


def _log(output: Path, writer, step: int, seconds: float, figures: dict[str, float]) -> None:
    shown = {key: value for key, value in figures.items() if not _is_detail(key)}
    line = f"{seconds / 60:7.2f} min  step {step}  " + "  ".join(f"{key} {value:.4g}" for key, value in shown.items())
    if len(shown) < len(figures):
        details = {key: round(value, 6) for key, value in figures.items() if key not in shown}
        with open(output / "details.jsonl", "a") as log:
            log.write(json.dumps({"step": step, **details}) + "\n")
    with open(output / "log.txt", "a") as log:
        log.write(line + "\n")
    if writer:
        for key, value in figures.items():
            writer.add_scalar(key, value, step)


def _as_it_is(batch):
    return batch


def _single_thread(_worker: int) -> None:
    torch.set_num_threads(1)

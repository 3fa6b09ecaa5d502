"""The training loop: any task, any device, one process or many; what is random is a function of seed and step alone."""

from __future__ import annotations

import math
import signal
import threading
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import torch
from accelerate.utils import gather_object
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from training.engine.config import StageConfig
from training.engine.processes import Objective, clip, make_accelerator, to_device, without_sync, wrap
from training.engine.run_log import RunLog
from training.engine.run_record import write_record
from training.engine.state import KEPT, STATE, Progress, load_state, save_state
from training.engine.throughput import RATES, Meter


class Task(Protocol):
    """What the engine trains. ``identity`` (optional) names what a run belongs to, ``finish()`` (optional) ends it."""

    def module(self) -> torch.nn.Module:
        """Everything with parameters; those that require gradients are trained and saved."""

    def make_batch(self, seed: int):
        """Data of one micro-batch, a function of ``seed`` alone; runs in a worker process."""

    def loss(self, batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss and figures of one micro-batch; ``tokens`` among them where the task has tokens."""


class _MicroBatches(Dataset):
    """The micro-batches of one process, in order, each from a seed of its own.

    A step has ``accumulate x processes`` of them, numbered through the whole run; process r takes every one whose
    number within the step is r modulo the number of processes. So a resumed run sees the same data, and the same step
    is the same sum, however many processes share it.
    """

    def __init__(self, task: Task, config: StageConfig, first: int, rank: int, processes: int):
        self.task, self.config, self.first = task, config, first
        self.rank, self.processes = rank, processes

    def __len__(self) -> int:
        return max(self.config.steps - self.first, 0) * self.config.accumulate

    def __getitem__(self, index: int):
        number = self.number(index)
        if self.config.overfit:
            number %= self.config.overfit
        return self.task.make_batch(micro_seed(self.config, number))

    def number(self, index: int) -> int:
        """Number in the whole run of this process's micro-batch ``index``."""
        step, within = divmod(index, self.config.accumulate)
        per_step = self.config.accumulate * self.processes
        return (self.first + step) * per_step + within * self.processes + self.rank


def micro_seed(config: StageConfig, number: int) -> int:
    """Seed of a micro-batch."""
    return config.seed * 1_000_003 + number


def progress_factor(config: StageConfig, step: int, elapsed: float) -> float:
    """Learning rate as a share of the peak: linear warm-up, flat, then a cosine to the floor."""
    done = step / config.steps
    if config.minutes is not None:
        done = max(done, elapsed / (60 * config.minutes))
    fall = min(max((done - config.flat) / max(1 - config.flat, 1e-9), 0.0), 1.0)
    cosine = config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * fall))
    return min((step + 1) / max(config.warmup, 1), 1.0) * cosine


def train(task: Task, config: StageConfig) -> dict[str, float]:
    """Run the stage to its end, its time limit or a polite signal; returns the last figures, means of a log interval.

    A run that is started again goes on from its last state. Without ``minutes`` (a schedule by the clock) its losses are
    then, bit for bit on a CPU, those of a run that was never stopped.

    Raises:
        StateError: the state cannot be written, or read, or belongs to another run.
        FloatingPointError: the loss is not finite.
    """
    torch.set_num_threads(config.threads)
    if config.device.startswith("cuda"):
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in float32 beside the LLM
    output = Path(config.output)
    output.mkdir(parents=True, exist_ok=True)
    accelerator = make_accelerator(config.device)
    main, device = accelerator.is_main_process, accelerator.device
    objective = Objective(task).to(device)
    wrapped = wrap(accelerator, objective, config.shard)
    optimizer = torch.optim.AdamW(_groups(objective, config), lr=config.learning_rate, betas=(0.9, 0.98))
    # Names are the module's own, whatever it was wrapped in.
    trained = {name: value for name, value in objective.trained.named_parameters() if value.requires_grad}
    average = {name: value.detach().clone() for name, value in trained.items()} if config.ema else None
    progress = Progress(identity=dict(getattr(task, "identity", {})))
    if config.resume and (output / STATE).exists():
        progress = load_state(output, trained, optimizer, progress.identity, average)
        accelerator.print(f"resuming {output} at step {progress.step}", flush=True)
    write_record(output, config, progress.identity.get("base LLM"), progress.step, write=main)
    micro = _MicroBatches(task, config, progress.step, accelerator.process_index, accelerator.num_processes)
    log = RunLog(output, progress.step) if main else None
    bar = tqdm(
        total=config.steps,
        initial=progress.step,
        desc=output.name,
        mininterval=10,
        dynamic_ncols=True,
        disable=not main,
    )
    meter, figures, index = Meter(str(device)), {}, 0
    spent, started = progress.seconds, time.monotonic()
    saved, first, complete = started, progress.step, False

    def save() -> None:
        progress.seconds = spent + time.monotonic() - started
        save_state(output, trained, optimizer, progress, average, write=main)

    def interrupted() -> bool:
        enough = config.stop_after is not None and time.monotonic() - started > 60 * config.stop_after
        return _any(accelerator, enough or signalled.is_set())

    batches = iter(_loader(micro, config))
    with _politely() as signalled:
        while progress.step < config.steps:
            elapsed = spent + time.monotonic() - started
            if config.minutes is not None and _any(accelerator, elapsed > 60 * config.minutes):
                complete = True
                break
            if interrupted():
                break
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * progress_factor(config, progress.step, elapsed)
            optimizer.zero_grad(set_to_none=True)
            loss, current = 0.0, []
            for within in range(config.accumulate):
                asked = time.perf_counter()
                batch = to_device(next(batches), device)
                meter.waited += time.perf_counter() - asked
                # A task's own randomness (noise of the flow) is a function of the micro-batch too.
                torch.manual_seed(micro_seed(config, micro.number(index)))
                last = within == config.accumulate - 1
                counter = meter.counting()
                with counter or nullcontext(), without_sync(accelerator, wrapped, last):
                    part, found = wrapped(batch)
                    (part / config.accumulate).backward()
                tokens, samples = found.get("tokens", 0.0), found.pop("samples", config.batch_size)
                if counter:
                    meter.counted(tokens, samples)
                meter.add(samples, tokens)
                progress.samples += samples * accelerator.num_processes
                loss += float(part.detach()) / config.accumulate
                current.append(found)
                index += 1
            loss = float(accelerator.reduce(torch.tensor(loss, device=device, dtype=torch.float64), "mean"))
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"loss is {loss} at step {progress.step}: lower learning_rate or check the data"
                )
            norm = clip(list(trained.values()), config.clip)
            optimizer.step()
            progress.step += 1
            _update(average, trained, config.ema, progress.step)
            progress.window.append(_mean(current) | {"loss": loss, "gradient": norm})
            bar.update()
            if log:
                log.loss(progress.step, loss)
            if progress.step % config.log_every == 0 or progress.step == config.steps:
                figures = _together(_mean(progress.window) | meter.figures())
                if log:
                    log.figures(progress.step, spent + time.monotonic() - started, figures)
                figures = {key: value for key, value in figures.items() if "/" not in key}  # details are for the log
                bar.set_postfix({key: f"{value:.3g}" for key, value in list(figures.items())[:8]}, refresh=False)
                progress.window = []
                meter.restart()
            if config.keep_every and progress.step % config.keep_every == 0:
                kept = output / KEPT / f"{progress.step:07d}"
                kept.mkdir(parents=True, exist_ok=True)
                save_state(kept, trained, None, progress, average, write=main)
            if _any(accelerator, time.monotonic() - saved > 60 * config.save_minutes):
                save()
                saved = time.monotonic()
    complete = complete or progress.step == config.steps
    if complete and hasattr(task, "finish"):  # what a stage does once, after its last step
        figures |= task.finish()
    if progress.step > first or complete:
        save()
    if not complete:
        accelerator.print(
            f"stopped at step {progress.step} of {config.steps}: the same command goes on from there", flush=True
        )
    bar.close()
    if log:
        log.close()
    accelerator.wait_for_everyone()
    return figures


def _groups(module: torch.nn.Module, config: StageConfig) -> list[dict]:
    """Matrices decay, vectors do not."""
    trained = [value for value in module.parameters() if value.requires_grad]
    decayed = [value for value in trained if value.ndim > 1]
    plain = [value for value in trained if value.ndim <= 1]
    return [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]


def _loader(micro: _MicroBatches, config: StageConfig) -> DataLoader:
    return DataLoader(
        micro,
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        multiprocessing_context="fork" if config.workers and config.device == "cpu" else None,
        worker_init_fn=_single_thread,
    )


@torch.no_grad()
def _update(average, trained, decay: float, step: int) -> None:
    """Exponential moving average of the weights; it follows faster during the first steps."""
    if average is not None:
        keep = min(decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(average.values()), [value.detach() for value in trained.values()], 1 - keep)


def _any(accelerator, here: bool) -> bool:
    """Whether it is so in any process: all of them must stop, or save, in the same step."""
    if accelerator.num_processes == 1:
        return here
    return bool(accelerator.reduce(torch.tensor(float(here), device=accelerator.device), "sum") > 0)


def _together(figures: dict[str, float]) -> dict[str, float]:
    """Figures of all processes: rates add up, everything else is a mean."""
    everyone = gather_object([figures])
    return {key: value * (len(everyone) if key in RATES else 1) for key, value in _mean(everyone).items()}


@contextmanager
def _politely():
    """An event that SIGINT or SIGTERM set, so that a run ends with a state; a second Ctrl-C ends it at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def ask(number, _frame):
        if event.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        event.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _mean(window: list[dict[str, float]]) -> dict[str, float]:
    keys = dict.fromkeys(key for figures in window for key in figures)
    return {key: sum(w[key] for w in window if key in w) / sum(key in w for w in window) for key in keys}


def _as_it_is(batch):
    return batch


def _single_thread(_worker: int) -> None:
    torch.set_num_threads(1)
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # to a whole group, too: the training process decides when it is over
        signal.signal(number, signal.SIG_IGN)

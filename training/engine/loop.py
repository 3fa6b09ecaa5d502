"""The training loop: any task, any device, one process or many; what is random is a function of seed and step alone."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import torch
from accelerate.utils import gather_object
from tqdm import tqdm

from training.engine.config import StageConfig
from training.engine.micro_batches import MicroBatches, loader, micro_seed
from training.engine.processes import Objective, clip, make_accelerator, to_device, without_sync, wrap
from training.engine.run_log import RunLog
from training.engine.run_record import write_record
from training.engine.state import KEPT, STATE, Progress, load_state, save_state
from training.engine.throughput import RATES, Meter


class Task(Protocol):
    """A training objective, its data and its parameters. ``identity`` (optional) names what a run belongs to, ``finish()`` (optional) ends it.

    ``rate(name)`` (optional): learning rate of a parameter as a factor of the run's.
    """

    def module(self) -> torch.nn.Module:
        """Everything with parameters; those that require gradients are trained and saved."""

    def make_batch(self, seed: int):
        """Data of one micro-batch, a function of ``seed`` alone; runs in a worker process."""

    def loss(self, batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss and figures of one micro-batch; ``tokens`` among them where the task has tokens."""


def progress_factor(config: StageConfig, step: int, elapsed: float) -> float:
    """Learning rate as a share of the peak: linear warm-up, flat, then a cosine to the floor."""
    done = step / config.steps
    if config.minutes is not None:
        done = max(done, elapsed / (60 * config.minutes))
    fall = min(max((done - config.flat) / max(1 - config.flat, 1e-9), 0.0), 1.0)
    cosine = config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * fall))
    return min((step + 1) / max(config.warmup, 1), 1.0) * cosine


def train(task: Task, config: StageConfig) -> dict[str, float]:
    """Run the stage to its end, its time limit or a signal; returns the last figures, means of a log interval.

    A run that is started again goes on from its last state. Without ``minutes`` (a schedule by the clock) its losses are
    then, bit for bit on a CPU, those of a run that was never stopped.

    Raises:
        StateError: the state cannot be written, or read, or belongs to another run.
        Contradiction: the run was started with another model.
        FloatingPointError: the loss is not finite.
    """
    torch.set_num_threads(config.threads)
    if config.device.startswith("cuda"):
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in float32 beside the LLM
    run = _Run(task, config)
    try:
        with _graceful_shutdown() as signalled:
            complete = run.steps(signalled)
        return run.end(complete)
    finally:
        run.close()


class _Run:
    """One start of a run: what is trained, where it stands, and what is written about it."""

    def __init__(self, task: Task, config: StageConfig):
        self.task, self.config = task, config
        self.output = Path(config.output)
        self.output.mkdir(parents=True, exist_ok=True)
        self.accelerator = make_accelerator(config.device)
        self.main, self.device = self.accelerator.is_main_process, self.accelerator.device
        objective = Objective(task).to(self.device)
        self.wrapped = wrap(self.accelerator, objective, config.shard)
        groups = _groups(objective.trained, config, getattr(task, "rate", None))
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
        # Names are the module's own, whatever it was wrapped in.
        self.trained = {name: value for name, value in objective.trained.named_parameters() if value.requires_grad}
        self.average = {name: value.detach().clone() for name, value in self.trained.items()} if config.ema else None
        self.progress = self._resumed(Progress(identity=dict(getattr(task, "identity", {}))))
        self.first, self.before = self.progress.step, self.progress.seconds
        base_llm = self.progress.identity.get("base LLM")
        write_record(self.output, config, base_llm, self.first, write=self.main)
        processes = self.accelerator.process_index, self.accelerator.num_processes
        self.micro = MicroBatches(task, config, self.first, *processes)
        self.log = RunLog(self.output, self.first) if self.main else None
        self.bar = tqdm(
            total=config.steps,
            initial=self.first,
            desc=self.output.name,
            mininterval=10,
            dynamic_ncols=True,
            disable=not self.main,
        )
        self.meter = Meter(str(self.device))
        self.figures: dict[str, float] = {}
        self.started = self.saved = time.monotonic()
        self.batches, self.index = iter(loader(self.micro, config)), 0

    def _resumed(self, progress: Progress) -> Progress:
        if not (self.config.resume and (self.output / STATE).exists()):
            return progress
        progress = load_state(self.output, self.trained, self.optimizer, progress.identity, self.average)
        self.accelerator.print(f"resuming {self.output} at step {progress.step}", flush=True)
        return progress

    def steps(self, signalled: threading.Event) -> bool:
        """Step until the schedule ends or the run is to stop -> whether it is complete."""
        while self.progress.step < self.config.steps:
            if self.config.minutes is not None and self._any(self._elapsed() > 60 * self.config.minutes):
                return True
            enough = self.config.stop_after is not None and self._since_start() > 60 * self.config.stop_after
            if self._any(enough or signalled.is_set()):
                return False
            self._step()
            self._report()
            self._save_when_due()
        return True

    def end(self, complete: bool) -> dict[str, float]:
        """Finish the task, save, and return the last figures."""
        if complete and hasattr(self.task, "finish"):  # what a stage does once, after its last step
            self.figures |= self.task.finish()
        step, steps = self.progress.step, self.config.steps
        if step > self.first or complete:
            self._save()
        if not complete:
            self.accelerator.print(
                f"stopped at step {step} of {steps}: the same command goes on from there", flush=True
            )
        self.accelerator.wait_for_everyone()
        return self.figures

    def close(self) -> None:
        """Close the progress bar and the logs."""
        self.bar.close()
        if self.log:
            self.log.close()

    def _step(self) -> None:
        """One optimiser step over ``accumulate`` micro-batches."""
        factor = progress_factor(self.config, self.progress.step, self._elapsed())
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * factor * group["rate"]
        self.optimizer.zero_grad(set_to_none=True)
        loss, current = 0.0, []
        for within in range(self.config.accumulate):
            part, found = self._micro_step(last=within == self.config.accumulate - 1)
            loss += part
            current.append(found)
        total = torch.tensor(loss, device=self.device, dtype=torch.float64)
        loss = float(self.accelerator.reduce(total, "mean"))
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"loss is {loss} at step {self.progress.step}: lower learning_rate or check the data"
            )
        norm = clip(list(self.trained.values()), self.config.clip)
        self.optimizer.step()
        self.progress.step += 1
        _update(self.average, self.trained, self.config.ema, self.progress.step)
        self.progress.window.append(_mean(current) | {"loss": loss, "gradient": norm})
        self.bar.update()
        if self.log:
            self.log.loss(self.progress.step, loss)

    def _micro_step(self, last: bool) -> tuple[float, dict[str, float]]:
        """Add one micro-batch's gradients -> its part of the loss, its figures."""
        asked = time.perf_counter()
        batch = to_device(next(self.batches), self.device)
        self.meter.waited += time.perf_counter() - asked
        # A task's own randomness (noise of the flow) is a function of the micro-batch too.
        torch.manual_seed(micro_seed(self.config, self.micro.number(self.index)))
        counter = self.meter.counting()
        with counter or nullcontext(), without_sync(self.accelerator, self.wrapped, last):
            part, found = self.wrapped(batch)
            (part / self.config.accumulate).backward()
        tokens, samples = found.get("tokens", 0.0), found.pop("samples", self.config.batch_size)
        if counter:
            self.meter.counted(tokens, samples)
        self.meter.add(samples, tokens)
        self.progress.samples += samples * self.accelerator.num_processes
        self.index += 1
        return float(part.detach()) / self.config.accumulate, found

    def _report(self) -> None:
        """At the end of a log interval: figures of all processes to the log and the bar."""
        step = self.progress.step
        if step % self.config.log_every and step != self.config.steps:
            return
        figures = _together(_mean(self.progress.window) | self.meter.figures())
        if self.log:
            self.log.figures(step, self._elapsed(), figures)
        self.figures = {key: value for key, value in figures.items() if "/" not in key}  # details are for the log
        shown = list(self.figures.items())[:8]
        self.bar.set_postfix({key: f"{value:.3g}" for key, value in shown}, refresh=False)
        self.progress.window = []
        self.meter.restart()

    def _save_when_due(self) -> None:
        """Keep the weights of this step, and save the state, when it is time to."""
        if self.config.keep_every and self.progress.step % self.config.keep_every == 0:
            kept = self.output / KEPT / f"{self.progress.step:07d}"
            kept.mkdir(parents=True, exist_ok=True)
            save_state(kept, self.trained, None, self.progress, self.average, write=self.main)
        if self._any(time.monotonic() - self.saved > 60 * self.config.save_minutes):
            self._save()
            self.saved = time.monotonic()

    def _save(self) -> None:
        self.progress.seconds = self._elapsed()
        save_state(self.output, self.trained, self.optimizer, self.progress, self.average, write=self.main)

    def _since_start(self) -> float:
        """Seconds since this start of the run."""
        return time.monotonic() - self.started

    def _elapsed(self) -> float:
        """Seconds of all starts of the run together."""
        return self.before + self._since_start()

    def _any(self, here: bool) -> bool:
        """True where it is so in any process: all of them must stop, or save, in the same step."""
        if self.accelerator.num_processes == 1:
            return here
        told = self.accelerator.reduce(torch.tensor(float(here), device=self.device), "sum")
        return bool(told > 0)


def _groups(module: torch.nn.Module, config: StageConfig, rate: Callable[[str], float] | None = None) -> list[dict]:
    """Matrices decay, vectors do not; parameters with another learning rate are groups of their own."""
    groups: dict[tuple[float, bool], list] = {}
    for name, value in module.named_parameters():
        if value.requires_grad:
            groups.setdefault((rate(name) if rate else 1.0, value.ndim > 1), []).append(value)
    return [
        {"params": values, "rate": factor, "weight_decay": config.weight_decay if decays else 0.0}
        for (factor, decays), values in sorted(groups.items(), key=lambda entry: (entry[0][0], not entry[0][1]))
    ]


@torch.no_grad()
def _update(average, trained, decay: float, step: int) -> None:
    """Exponential moving average of the weights; it follows faster during the first steps."""
    if average is not None:
        keep = min(decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(average.values()), [value.detach() for value in trained.values()], 1 - keep)


def _together(figures: dict[str, float]) -> dict[str, float]:
    """Figures of all processes: rates add up, everything else is a mean."""
    everyone = gather_object([figures])
    return {key: value * (len(everyone) if key in RATES else 1) for key, value in _mean(everyone).items()}


@contextmanager
def _graceful_shutdown():
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

"""Micro-batches of a run in their order: each a function of its number in the whole run, however many processes share it."""

from __future__ import annotations

import signal

import torch
from torch.utils.data import DataLoader, Dataset

from training.engine.config import StageConfig


class MicroBatches(Dataset):
    """The micro-batches of one process, in order, each from a seed of its own.

    A step has ``accumulate x processes`` of them, numbered through the whole run; process r takes every one whose
    number within the step is r modulo the number of processes. So a resumed run sees the same data, and the same step
    is the same sum, however many processes share it.
    """

    def __init__(self, task, config: StageConfig, first: int, rank: int, processes: int):
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


def loader(micro: MicroBatches, config: StageConfig) -> DataLoader:
    """The micro-batches in their order, made ahead of time by ``workers`` processes."""
    return DataLoader(
        micro,
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        multiprocessing_context="fork" if config.workers and config.device == "cpu" else None,
        worker_init_fn=_single_thread,
    )


def _as_it_is(batch):
    return batch


def _single_thread(_worker: int) -> None:
    torch.set_num_threads(1)
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # to a whole group, too: the training process decides when it is over
        signal.signal(number, signal.SIG_IGN)

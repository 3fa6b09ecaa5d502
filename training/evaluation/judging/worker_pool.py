"""Processes that share the episodes of a suite, each with one torch thread and a planner of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context, parent_process
from typing import TypeVar

import torch

from moe3d_ros.planner import Planner

Job = TypeVar("Job")
Result = TypeVar("Result")


def over_processes(function: Callable[[Job], Result], jobs: Sequence[Job], workers: int) -> Iterator[Result]:
    """Results of the jobs in their order; in this process if there is one worker, else in so many others."""
    if workers == 1:
        yield from map(function, jobs)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker) as pool:
        try:
            yield from pool.map(function, jobs)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@cache
def process_planner(checkpoint: str, device: str) -> Planner:
    """The planner of this process, loaded once."""
    return Planner.from_pretrained(checkpoint, device=device)


def _start_worker() -> None:
    """One torch thread; and where the process that handed out the jobs is killed, this one ends too."""
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # this runs in a worker
    parent.join()
    os._exit(1)

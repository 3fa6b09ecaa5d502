"""Suite ``tabletop``: long-horizon tasks A to K in closed loop in the physics world, over several processes."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path

import torch
from tqdm import tqdm

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.scene import CAMERAS
from moe3d_ros.tabletop.tasks.benchmark_tasks import TASKS
from training.evaluation.closed_loop_report import summary
from training.evaluation.judging.episode import COLOR_SETS, Episode, held_out_episode, run_episode


@dataclass(frozen=True)
class TabletopOptions:
    """What is run.

    Attributes:
        tasks: letters A to K.
        episodes: of each task.
        checkpoint: folder or name; None for the oracle alone.
        colors: ``seen``, or ``all`` with those that training never showed.
        failures: folder for the failed episodes, to be run again.
    """

    tasks: tuple[str, ...] = tuple(TASKS)
    episodes: int = 50
    checkpoint: str | None = "default"
    cameras: tuple[str, ...] = ("front", "left", "right")
    colors: str = "seen"
    held_out_wordings: bool = False
    workers: int = 1
    device: str = "cpu"
    failures: Path | None = None

    def __post_init__(self):
        for name, values, known in (
            ("task", self.tasks, TASKS),
            ("camera", self.cameras, CAMERAS),
            ("set of colours", (self.colors,), COLOR_SETS),
        ):
            unknown = [value for value in values if value not in known]
            if unknown or not values:
                raise ValueError(f"{', '.join(unknown) or 'nothing'} is no {name}: use {', '.join(known)}.")
        if self.episodes < 1 or self.workers < 1:
            raise ValueError("episodes and workers must be at least 1.")


def run(options: TabletopOptions) -> dict:
    """Run the episodes and count; the oracle runs through the same loop, which gives the ceiling of scenes and physics.

    Raises:
        CheckpointError, BaseModelError: the checkpoint cannot be loaded.
    """
    jobs = [(name, number) for number in range(options.episodes) for name in options.tasks]
    episodes = _map(partial(_episode, options), jobs, options)
    records = list(tqdm(episodes, total=len(jobs), desc="tabletop", mininterval=5))
    identity = [record.pop("planner") for record in records if "planner" in record]
    figures = {
        **summary(records),
        "cameras": options.cameras,
        "colors": options.colors,
        "held_out_wordings": options.held_out_wordings,
        "records": records,
    }
    return (identity[0] if identity else {"checkpoint": "oracle", "checksum": ""}) | figures


def replay(path: Path, checkpoint: str | None, device: str = "cpu") -> dict:
    """Run a saved episode again; its record. Raises ValueError if the file is none."""
    episode = Episode.load(path)
    return run_episode(episode, Planner.from_pretrained(checkpoint, device=device) if checkpoint else None)


def _map(function, jobs, options: TabletopOptions):
    if options.workers == 1:
        yield from map(function, jobs)
        return
    with ProcessPoolExecutor(options.workers, get_context("spawn"), _start_worker) as pool:
        try:
            yield from pool.map(function, jobs)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker() -> None:
    """One torch thread; and where the process that handed out the episodes is killed, this one ends too."""
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


@cache
def _planner(checkpoint: str, device: str) -> Planner:
    """The planner of this process."""
    return Planner.from_pretrained(checkpoint, device=device)


def _episode(options: TabletopOptions, job: tuple[str, int]) -> dict:
    name, number = job
    planner = _planner(options.checkpoint, options.device) if options.checkpoint else None
    episode = held_out_episode(name, number, options.colors, options.held_out_wordings, options.cameras)
    oracle = run_episode(episode, None)
    record = dict(oracle) if planner is None else run_episode(episode, planner)
    record |= {"oracle": oracle["success"]}
    if planner is not None:
        record["planner"] = {"checkpoint": planner.name, "checksum": planner.checksum}
    if options.failures and not record["success"]:
        episode.save(options.failures / f"{name}{number:03}.json")
    return record

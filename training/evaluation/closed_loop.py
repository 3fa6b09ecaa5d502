"""Suite ``tabletop``: long-horizon tasks A to K in closed loop in the physics world, over several processes."""

from __future__ import annotations

import argparse
import json
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
from training.evaluation.closed_loop_report import plot, summary, table
from training.evaluation.judging.episode import BENCHMARK, COLOR_SETS, Episode, held_out_episode, run_episode
from training.evaluation.suite import Suite, add_held_out_wordings, names

CLOSED_LOOP_CAMERAS = ("front", "left", "right")


@dataclass(frozen=True)
class TabletopOptions:
    """Options of the closed-loop suite.

    Attributes:
        tasks: letters A to K.
        episodes: of each task.
        checkpoint: folder or name; None for the oracle alone.
        colors: ``seen``, or ``all`` with those that training never showed.
        failures: folder for the failed episodes, to be run again.
    """

    tasks: tuple[str, ...] = BENCHMARK
    episodes: int = 50
    checkpoint: str | None = "default"
    cameras: tuple[str, ...] = CLOSED_LOOP_CAMERAS
    colors: str = "seen"
    held_out_wordings: bool = False
    workers: int = 1
    device: str = "cpu"
    failures: Path | None = None

    def __post_init__(self):
        for name, values, known in (
            ("task", self.tasks, BENCHMARK),
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
    parent = parent_process()
    assert parent is not None  # this runs in a worker
    parent.join()
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


def _add_options(parser) -> None:
    parser.add_argument("--episodes", type=int, default=50, help="of each task (default: %(default)s)")
    parser.add_argument("--tasks", type=names, default=BENCHMARK, help="with commas (default: all)")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with one torch thread")
    parser.add_argument("--cameras", type=names, default=CLOSED_LOOP_CAMERAS, help="that look, with commas")
    parser.add_argument("--colors", choices=COLOR_SETS, default="seen", help="all: also those never shown in training")
    parser.add_argument("--oracle-only", action="store_true", help="no model: what scenes, physics and rules allow")
    parser.add_argument("--failures", type=Path, help="folder for the failed episodes")
    parser.add_argument("--replay", type=Path, help="run a saved episode again and print its steps")
    add_held_out_wordings(parser)


def _options(options: argparse.Namespace) -> TabletopOptions:
    """The command line's options; raises ValueError for a task, a camera or a number that cannot be."""
    return TabletopOptions(
        tasks=options.tasks,
        episodes=options.episodes,
        checkpoint=None if options.oracle_only else options.checkpoint,
        cameras=options.cameras,
        colors=options.colors,
        workers=options.workers,
        held_out_wordings=options.held_out_wordings,
        device=options.device,
        failures=options.failures,
    )


def _check(options: argparse.Namespace) -> None:
    _options(options)
    if options.replay:
        Episode.load(options.replay)
    if options.replay and options.plot:
        raise ValueError("--plot draws figures of many episodes: it does not go with --replay.")


def _run(_: None, options: argparse.Namespace) -> dict:
    if options.replay:
        return {"replayed": replay(options.replay, _options(options).checkpoint, options.device)}
    return run(_options(options))


def _table(figures: dict) -> str:
    return json.dumps(figures["replayed"], indent=1) if "replayed" in figures else table(figures)


SUITE = Suite(
    name="tabletop",
    run=_run,
    table=_table,
    add_options=_add_options,
    check=_check,
    planner=lambda options: None,  # each process loads its own
    plot=plot,
)

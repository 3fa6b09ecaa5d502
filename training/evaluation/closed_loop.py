"""Suite ``tabletop``: long-horizon tasks A to K in closed loop in the physics world, over several processes."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.scene import CAMERAS
from training.evaluation.closed_loop_report import plot, summary, table
from training.evaluation.judging.episode import Episode, held_out_episode, run_episode
from training.evaluation.judging.episode_options import (
    EpisodeOptions,
    add_episode_options,
    check_known,
    episode_options,
)
from training.evaluation.judging.worker_pool import over_processes, process_planner
from training.evaluation.suite import Suite, add_arm, names

CLOSED_LOOP_CAMERAS = ("front", "left", "right")


@dataclass(frozen=True)
class TabletopOptions(EpisodeOptions):
    """Options of the closed-loop suite.

    Attributes:
        cameras: names of those that look.
        failures: folder for the failed episodes, to be run again.
        arm: gripper of the simulated arm that executes; empty: none does.
    """

    cameras: tuple[str, ...] = CLOSED_LOOP_CAMERAS
    failures: Path | None = None
    arm: str = ""

    def __post_init__(self):
        super().__post_init__()
        check_known("camera", self.cameras, CAMERAS)


def run(options: TabletopOptions) -> dict:
    """Run the episodes and count; the oracle runs through the same loop, which gives the ceiling of scenes and physics.

    Raises:
        CheckpointError, BaseModelError: the checkpoint cannot be loaded.
    """
    jobs = [(name, number) for number in range(options.episodes) for name in options.tasks]
    episodes = over_processes(partial(_episode, options), jobs, options.workers)
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


def replay(path: Path, checkpoint: str | None, device: str = "cpu", arm: str = "") -> dict:
    """Run a saved episode again; its record. Raises ValueError if the file is none."""
    episode = Episode.load(path)
    return run_episode(episode, Planner.from_pretrained(checkpoint, device=device) if checkpoint else None, arm)


def _episode(options: TabletopOptions, job: tuple[str, int]) -> dict:
    name, number = job
    planner = process_planner(options.checkpoint, options.device) if options.checkpoint else None
    episode = held_out_episode(name, number, options.colors, options.held_out_wordings, options.cameras)
    oracle = run_episode(episode, None, options.arm)
    record = dict(oracle) if planner is None else run_episode(episode, planner, options.arm)
    record |= {"oracle": oracle["success"]}
    if planner is not None:
        record["planner"] = {"checkpoint": planner.name, "checksum": planner.checksum}
    if options.failures and not record["success"]:
        episode.save(options.failures / f"{name}{number:03}.json")
    return record


def _add_options(parser) -> None:
    add_episode_options(parser, 50)
    parser.add_argument("--cameras", type=names, default=CLOSED_LOOP_CAMERAS, help="that look, with commas")
    parser.add_argument("--failures", type=Path, help="folder for the failed episodes")
    add_arm(parser)
    parser.add_argument("--replay", type=Path, help="run a saved episode again and print its steps")


def _options(options: argparse.Namespace) -> TabletopOptions:
    """The command line's options; raises ValueError for a task, a camera or a number that cannot be."""
    return TabletopOptions(
        **episode_options(options), cameras=options.cameras, failures=options.failures, arm=options.arm
    )


def _check(options: argparse.Namespace) -> None:
    _options(options)
    if options.replay:
        Episode.load(options.replay)
    if options.replay and options.plot:
        raise ValueError("--plot draws figures of many episodes: it does not go with --replay.")


def _run(_: None, options: argparse.Namespace) -> dict:
    if options.replay:
        return {"replayed": replay(options.replay, _options(options).checkpoint, options.device, options.arm)}
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

"""Suite ``decisions``: long-horizon tasks A to K in closed loop with true objects and without physics, in batches.

What is decided is all that counts here: nothing is seen, no pose is sampled, nothing falls. It is the ceiling of suite
``tabletop``, whose episodes these are (scenes, tasks, words, step limits).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, remaining_steps, right_moves, satisfied, text_of
from moe3d_ros.tabletop.words.typos import with_typos
from training.evaluation.closed_loop_report import summary, table
from training.evaluation.judging.episode import Episode, held_out_episode
from training.evaluation.judging.episode_options import EpisodeOptions, add_episode_options, episode_options
from training.evaluation.judging.symbolic_decisions import Decide, decide_many, oracle_decisions
from training.evaluation.judging.symbolic_world import Run, Taken, play
from training.evaluation.judging.worker_pool import over_processes, process_planner
from training.evaluation.suite import Parser, Suite, bars_of

SEEN_BAR, UNSEEN_BAR, LEAST_BAR = 0.98, 0.92, 0.8
SAID_DONE, SAID_CANNOT, WRONG_PICK, WRONG_PLACE, WENT_ON = CAUSES = (
    "said done with steps left",
    "said cannot with steps left",
    "wrong pick",
    "wrong place",
    "went on when done",
)


@dataclass(frozen=True)
class DecisionsOptions(EpisodeOptions):
    """Options of the suite; ``typos``: one word of each instruction is mistyped."""

    typos: bool = False


def run(options: DecisionsOptions) -> dict:
    """Play the episodes and count; the oracle plays the same ones.

    Raises:
        CheckpointError, BaseModelError: the checkpoint cannot be loaded.
    """
    jobs = [(name, number) for number in range(options.episodes) for name in options.tasks]
    shares = [jobs[first :: options.workers] for first in range(options.workers)]
    parts = list(over_processes(partial(_share, options), shares, options.workers))
    place = {job: index for index, job in enumerate(jobs)}
    records = [record for _, part in parts for record in part]
    records.sort(key=lambda record: place[record["task"], record["number"]])
    return parts[0][0] | figures_of(records, options)


def figures_of(records: list[dict], options: DecisionsOptions) -> dict:
    """Figures of the records of :func:`played`, as of suite ``tabletop``, and the ``least_success`` of a task."""
    figures = summary(records, CAUSES)
    return {
        **figures,
        "least_success": min(task["success"] for task in figures["tasks"].values()),
        "colors": options.colors,
        "held_out_wordings": options.held_out_wordings,
        "typos": options.typos,
        "records": records,
    }


def _share(options: DecisionsOptions, jobs: list[tuple[str, int]]) -> tuple[dict, list[dict]]:
    """Name and checksum of what decided, and records of the jobs, which this process plays side by side."""
    episodes = [held_out_episode(*job, options.colors, options.held_out_wordings) for job in jobs]
    if options.checkpoint is None:
        return {"checkpoint": "oracle", "checksum": ""}, played(episodes, oracle_decisions, options.typos)
    planner = process_planner(options.checkpoint, options.device)
    identity = {"checkpoint": planner.name, "checksum": planner.checksum}
    return identity, played(episodes, partial(decide_many, planner), options.typos)


def played(episodes: list[Episode], decide: Decide, typos: bool = False) -> list[dict]:
    """Records of the episodes, as of suite ``tabletop``, played side by side with ``decide``, and apart from it by the oracle.

    ``seconds`` is what a decision took, the same in each record, as they are made in batches.
    """
    runs, best = ([_started(episode, typos) for episode in episodes] for _ in range(2))
    start = time.perf_counter()
    play(runs, decide)
    seconds = (time.perf_counter() - start) / sum(len(run.taken) + (run.end != "limit") for run in runs)
    play(best, oracle_decisions, "oracle")
    return [
        _record(episode, run) | {"oracle": _solved(episode.task, oracle), "seconds": seconds}
        for episode, run, oracle in zip(episodes, runs, best)
    ]


def _started(episode: Episode, typos: bool) -> Run:
    task, said = episode.task, episode.task.instruction
    if typos:
        said = with_typos(said, np.random.default_rng([*episode.seed, 2]))
    limit = task.step_limit(len(remaining_steps(task, episode.scene)))
    return Run(episode.scene, said, limit, np.random.default_rng([*episode.seed, 1]), task)


def _solved(task: LongTask, run: Run) -> bool:
    reached, goals = satisfied(task, run.scene)
    return reached == goals


def _record(episode: Episode, run: Run) -> dict:
    task = episode.task
    reached, goals = satisfied(task, run.scene)
    steps = [_step_record(task, taken) for taken in run.taken]
    ever = max((step["reached"] for step in steps), default=0)
    if run.end != "limit":
        steps.append(_end_record(task, run))
    return {
        "task": task.name,
        "number": episode.number,
        "instruction": run.instruction,
        "goals": goals,
        "moves": len(remaining_steps(task, episode.scene)),
        "reached": reached,
        "score": reached / goals,
        "success": reached == goals,
        "ever": ever,
        "end": run.end,
        "steps": steps,
    }


def _end_record(task: LongTask, run: Run) -> dict:
    """The end that was said, in words, and its cause: None if nothing was left to do."""
    wanted = _wanted(task, run.scene)
    said = {"complete": ("done", SAID_DONE), "cannot": ("cannot", SAID_CANNOT)}
    text, cause = said[run.end]
    return {"text": text, "oracle": wanted, "cause": cause if wanted else None}


def _step_record(task: LongTask, taken: Taken) -> dict:
    return {
        "text": taken.decision.text,
        "oracle": _wanted(task, taken.before),
        "message": taken.hindrance,
        "reached": satisfied(task, taken.after)[0],
        "cause": cause_of(task, taken),
    }


def _wanted(task: LongTask, scene: Scene) -> str | None:
    """The oracle's next step in words; None if nothing is left to do."""
    moves = right_moves(task, scene)
    return text_of(scene, moves[0]) if moves else None


def cause_of(task: LongTask, taken: Taken) -> str | None:
    """Cause, one of CAUSES, of a step after which no fewer are left; None if it helped."""
    moves = right_moves(task, taken.before)
    if not moves:
        return WENT_ON
    if len(remaining_steps(task, taken.after)) < len(remaining_steps(task, taken.before)):
        return None
    return WRONG_PLACE if taken.decision.pick in {move.pick for move in moves} else WRONG_PICK


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    return bars_of(figures, {"seen_mean": SEEN_BAR, "unseen_mean": UNSEEN_BAR, "least_success": LEAST_BAR}, {})


def _add_options(parser: Parser) -> None:
    add_episode_options(parser, 100)
    parser.add_argument(
        "--unseen-colors", dest="colors", action="store_const", const="all", help="the same as --colors all"
    )
    parser.add_argument("--typos", action="store_true", help="mistype a word of each instruction")


def _check(options: argparse.Namespace) -> None:
    _options(options)


def _options(options: argparse.Namespace) -> DecisionsOptions:
    """The command line's options; raises ValueError for a task or a number that cannot be."""
    return DecisionsOptions(**episode_options(options), typos=options.typos)


SUITE = Suite(
    name="decisions",
    run=lambda _, options: run(_options(options)),
    table=partial(table, published=False),
    bars=bars,
    add_options=_add_options,
    check=_check,
    planner=lambda options: None,  # each process loads its own
)

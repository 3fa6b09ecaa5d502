"""Options that the suites of whole episodes have in common: tasks, their number, colours, wordings, processes."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from training.evaluation.judging.episode import BENCHMARK, COLOR_SETS
from training.evaluation.suite import Parser, add_held_out_wordings, names


@dataclass(frozen=True)
class EpisodeOptions:
    """Options of a suite of whole episodes.

    Attributes:
        tasks: letters A to K.
        episodes: of each task.
        checkpoint: folder or name; None for the oracle alone.
        colors: ``seen``, or ``all`` with those that training never showed.
    """

    tasks: tuple[str, ...] = BENCHMARK
    episodes: int = 50
    checkpoint: str | None = "default"
    colors: str = "seen"
    held_out_wordings: bool = False
    workers: int = 1
    device: str = "cpu"

    def __post_init__(self):
        check_known("task", self.tasks, BENCHMARK)
        check_known("set of colours", (self.colors,), COLOR_SETS)
        if self.episodes < 1 or self.workers < 1:
            raise ValueError("episodes and workers must be at least 1.")


def check_known(name: str, values: tuple[str, ...], known: Iterable[str]) -> None:
    """Raise ValueError for no values, or for one that is not ``known``."""
    unknown = [value for value in values if value not in known]
    if unknown or not values:
        raise ValueError(f"{', '.join(unknown) or 'nothing'} is no {name}: use {', '.join(known)}.")


def add_episode_options(parser: Parser, episodes: int) -> None:
    """The command line's options; ``episodes`` of each task by default."""
    parser.add_argument("--episodes", type=int, default=episodes, help="of each task (default: %(default)s)")
    parser.add_argument("--tasks", type=names, default=BENCHMARK, help="with commas (default: all)")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with one torch thread")
    parser.add_argument("--colors", choices=COLOR_SETS, default="seen", help="all: also those never shown in training")
    parser.add_argument("--oracle-only", action="store_true", help="no model: what scenes and rules allow")
    add_held_out_wordings(parser)


def episode_options(options: argparse.Namespace) -> dict[str, Any]:
    """Values of :class:`EpisodeOptions` from the command line."""
    return {
        "tasks": options.tasks,
        "episodes": options.episodes,
        "checkpoint": None if options.oracle_only else options.checkpoint,
        "colors": options.colors,
        "workers": options.workers,
        "held_out_wordings": options.held_out_wordings,
        "device": options.device,
    }

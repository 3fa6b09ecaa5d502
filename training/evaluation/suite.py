"""Suites and their registry: a module here, or in a folder here, with a ``SUITE`` is one; ``training/evaluate.py`` runs it."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moe3d_ros.planner import Planner
from moe3d_ros.world.gripper_names import GRIPPERS, SUCTION
from training.engine.options import Parser

Figures = dict  # plain types for JSON
PACKAGE = "training.evaluation"


def load_planner(options: argparse.Namespace) -> Planner:
    """The planner of ``--checkpoint`` on ``--device``."""
    return Planner.from_pretrained(options.checkpoint, device=options.device)


def no_options(parser: Parser) -> None:
    """Add nothing."""


@dataclass(frozen=True)
class Suite:
    """One suite: its name, how to run it, its goals and its table.

    Attributes:
        name: on the command line and in the JSON.
        run: (planner, options) to figures; raises ValueError, CheckpointError or BaseModelError with what to do.
        table: figures to lines of text.
        bars: figures to goals in words and whether each is met; empty for a suite without goals. They are printed
            below the table and written under ``bars``.
        add_options: adds its command line options to a parser.
        check: raises ValueError for options that do not go together, before anything is loaded.
        planner: loads the planner for ``run``; None where the options, or the suite, need none.
        plot: draws figures into the file of ``--plot``; None for a suite that draws nothing.
    """

    name: str
    run: Callable[[Any, argparse.Namespace], Figures]  # of what `planner` loads
    table: Callable[[Figures], str]
    bars: Callable[[Figures], dict[str, bool]] = field(default=lambda figures: {})
    add_options: Callable[[Parser], None] = no_options
    check: Callable[[argparse.Namespace], None] = field(default=lambda options: None)
    planner: Callable[[argparse.Namespace], Planner | None] = load_planner
    plot: Callable[[Figures, Path], None] | None = None


def registry() -> dict[str, Suite]:
    """All suites by name, in the order of their files."""
    folder = [str(Path(__file__).parent)]
    found_names = (found.name for found in pkgutil.walk_packages(folder, f"{PACKAGE}.") if not found.ispkg)
    modules = (importlib.import_module(name) for name in found_names)
    suites = (module.SUITE for module in modules if hasattr(module, "SUITE"))
    return {suite.name: suite for suite in suites}


def positive(text: str) -> int:
    """Whole number above 0, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them, for argparse."""
    return tuple(text.split(","))


def add_scenes(parser: Parser, default: int) -> None:
    """Option ``--scenes``."""
    parser.add_argument("--scenes", type=positive, default=default, help="held-out scenes (default: %(default)s)")


def add_held_out_wordings(parser: Parser) -> None:
    """Option ``--held-out-wordings``."""
    parser.add_argument(
        "--held-out-wordings", action="store_true", help="word instructions and questions as training never did"
    )


def add_arm(parser: Parser) -> None:
    """Option ``--arm``."""
    parser.add_argument(
        "--arm",
        nargs="?",
        const=SUCTION,
        default="",
        choices=GRIPPERS,
        help="the simulated arm executes, with suction or fingers, instead of a gripper without a body",
    )


def bars_of(figures: Figures, at_least: dict[str, float], below: dict[str, float]) -> dict[str, bool]:
    """Goals for shares of ``figures``, in words, and whether each is met; a share without cases (None) has none."""
    goals = [(name, ">=", bar) for name, bar in at_least.items()] + [(name, "<", bar) for name, bar in below.items()]
    return {
        f"{name} {sign} {bar}": bool(figures[name] >= bar if sign == ">=" else figures[name] < bar)
        for name, sign, bar in goals
        if figures[name] is not None
    }

"""Evaluate a checkpoint: ``python training/evaluate.py --suite single-step --json out.json``.

Each suite has options of its own: ``--suite NAME --help``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from moe3d_ros.cores import compute_threads
from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.language.base_llm import BaseModelError
from training.evaluation.suite import Suite, registry


def parse(arguments: list[str] | None, suites: dict[str, Suite]) -> tuple[Suite, argparse.Namespace]:
    """The suite that is named, and the options; a wrong one ends the program with a sentence."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--suite", choices=suites, default="single-step", help="default: %(default)s")
    suite = suites[first.parse_known_args(arguments)[0].suite]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[first]
    )
    parser.add_argument("--checkpoint", default="default", help="folder, or the name of one that ships")
    parser.add_argument("--json", type=Path, help="write the figures and every case there")
    parser.add_argument(
        "--threads", type=int, default=0, help="torch threads; 0: as the planner node, half of the cores"
    )
    parser.add_argument("--device", default="cpu")
    if suite.plot:
        parser.add_argument("--plot", type=Path, help="also draw the figures: PNG, PDF or SVG")
    suite.add_options(parser.add_argument_group(f"suite {suite.name}"))
    options = parser.parse_args(arguments)
    try:
        suite.check(options)
    except ValueError as error:
        parser.error(str(error))
    return suite, options


def main(arguments: list[str] | None = None) -> int:
    """Run one suite, print its table, write its figures."""
    suite, options = parse(arguments, registry())
    torch.set_num_threads(compute_threads(options.threads))
    try:
        planner = suite.planner(options)
        figures = suite.run(planner, options)
    except (CheckpointError, BaseModelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    bars = suite.bars(figures)
    print(suite.table(figures), *(f"{name}: {'met' if met else 'missed'}" for name, met in bars.items()), sep="\n")
    if options.json:
        name, checksum = (planner.name, planner.checksum) if planner else ("oracle", "")
        written = {"suite": suite.name, "checkpoint": name, "checksum": checksum, **figures}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(written | ({"bars": bars} if bars else {}), indent=1) + "\n")
    if suite.plot and options.plot:
        suite.plot(figures, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Evaluate a checkpoint: ``python training/evaluate.py --suite single-step --json out.json``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.planner import Planner
from training.evaluation import (
    calibration,
    closed_loop,
    closed_loop_report,
    completion,
    pose_steps,
    question_answering,
    refusals,
    single_step,
    six_dof,
    wordings,
)
from training.evaluation.judging import comparison

ALL_TASKS = "A,B,C,D,E,F,G,H,I,J,K"
DECISIONS = {"refusals": refusals, "wordings": wordings, "calibration": calibration}  # no physics, all wordings
SUITES = ("single-step", "pose-steps", "qa", "tabletop", "6d", "completion", *DECISIONS)


def main(arguments: list[str] | None = None) -> int:
    """Run one suite, print its table, write its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", choices=SUITES, default="single-step")
    parser.add_argument("--checkpoint", default="default", help="folder, or the name of one that ships")
    parser.add_argument("--json", type=Path, help="write the figures and every case there")
    parser.add_argument("--scenes", type=int, help="how many held-out scenes (default: by the suite)")
    parser.add_argument("--questions", type=int, default=1000, help="how many held-out questions (qa)")
    parser.add_argument(
        "--episodes",
        type=int,
        default=50,
        help="how many of them are executed (single-step); of each task (tabletop, 6d)",
    )
    parser.add_argument(
        "--free-noise",
        action="store_true",
        help="poses from any noise, also near the edge between two turns (pose-steps)",
    )
    parser.add_argument(
        "--held-out-wordings", action="store_true", help="word instructions and questions as training never did"
    )
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="WHAT",
        help="`dense`: also ask the dense baseline the same questions (qa); NAME=CHECKPOINT ...: other "
        "checkpoints, such as of the baseline heads ddim and regression, beside this one (pose-steps)",
    )
    parser.add_argument("--draws", type=int, default=1, help="draws whose geodesic medoid is judged (pose-steps)")
    parser.add_argument("--dense-checkpoint", help="its folder (default: one that ships as `dense`)")
    parser.add_argument("--threads", type=int, help="torch threads")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--plot", type=Path, help="also draw the figures (tabletop, calibration): PNG, PDF or SVG")
    _tabletop_arguments(parser.add_argument_group("suites tabletop and 6d"))
    options = parser.parse_args(arguments)
    for name in ("scenes", "questions", "draws"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be at least 1")
    if options.compare and options.suite not in ("qa", "pose-steps"):
        parser.error("--compare goes with --suite qa or pose-steps")
    if options.suite == "qa" and options.compare not in ([], ["dense"]):
        parser.error("--compare of the suite qa takes `dense`")
    try:
        others = dict(map(pose_steps.compared, options.compare)) if options.suite == "pose-steps" else {}
    except ValueError as error:
        parser.error(str(error))
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.suite == "tabletop":
        return _tabletop(options, parser)
    if options.suite == "6d":
        return _sixd(options, parser)
    try:
        planner = Planner.from_pretrained(options.checkpoint, device=options.device)
        dense = comparison.load_dense(options.dense_checkpoint, options.device) if "dense" in options.compare else None
    except (CheckpointError, BaseModelError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.suite == "single-step":
        figures = single_step.run(planner, options.scenes or 200, options.episodes, options.held_out_wordings)
        print(single_step.table(figures))
    elif options.suite == "qa":
        figures = question_answering.run(planner, options.questions, options.held_out_wordings)
        if dense is not None:
            figures |= comparison.compare_answers(figures, dense, options.questions, options.held_out_wordings)
        print(question_answering.table(figures) if dense is None else comparison.table(figures))
    elif options.suite == "completion":
        figures = completion.run(planner, options.scenes or 300, options.held_out_wordings)
        print(completion.table(figures))
    elif options.suite in DECISIONS:
        suite = DECISIONS[options.suite]
        figures = suite.run(planner, **({"scenes": options.scenes} if options.scenes else {}))
        print(suite.table(figures))
        if options.suite == "calibration" and options.plot:
            calibration.plot(figures, options.plot)
    else:
        try:
            figures = pose_steps.run(planner, options.scenes or 100, options.draws, options.free_noise)
            figures = pose_steps.beside(figures, others, options.device) if others else figures
        except (CheckpointError, BaseModelError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1
        print(pose_steps.table(figures))
    _write({"suite": options.suite, "checkpoint": planner.name, "checksum": planner.checksum, **figures}, options.json)
    return 0


def _sixd(options, parser) -> int:
    """Suite 6d; with --oracle-only no checkpoint is loaded."""
    tasks = six_dof.SIXD_TASKS if options.tasks == ALL_TASKS else tuple(options.tasks.split(","))
    try:
        planner = None if options.oracle_only else Planner.from_pretrained(options.checkpoint, device=options.device)
        figures = six_dof.run(
            planner, options.episodes, tasks, options.held_out_wordings, tuple(options.cameras.split(","))
        )
    except (CheckpointError, BaseModelError) as error:
        print(error, file=sys.stderr)
        return 1
    except ValueError as error:
        parser.error(str(error))
    print(six_dof.table(figures))
    name, checksum = (planner.name, planner.checksum) if planner else ("oracle", "")
    _write({"suite": options.suite, "checkpoint": name, "checksum": checksum, **figures}, options.json)
    return 0


def _tabletop_arguments(group) -> None:
    group.add_argument("--tasks", default=ALL_TASKS, help="which, with commas (default: all of the suite)")
    group.add_argument("--workers", type=int, default=1, help="processes, each with one torch thread")
    group.add_argument("--cameras", default="front,left,right", help="which look, with commas (default: %(default)s)")
    group.add_argument(
        "--colors", choices=("seen", "all"), default="seen", help="all: also those never shown in training"
    )
    group.add_argument("--oracle-only", action="store_true", help="no model: what scenes, physics and rules allow")
    group.add_argument("--failures", type=Path, help="folder for the failed episodes")
    group.add_argument("--replay", type=Path, help="run a saved episode again and print its steps")


def _tabletop(options, parser) -> int:
    """Suite tabletop: it loads the checkpoint in its own processes."""
    checkpoint = None if options.oracle_only else options.checkpoint
    try:
        if options.replay:
            print(json.dumps(closed_loop.replay(options.replay, checkpoint, options.device), indent=1))
            return 0
        figures = closed_loop.run(
            closed_loop.TabletopOptions(
                tasks=tuple(options.tasks.split(",")),
                episodes=options.episodes,
                checkpoint=checkpoint,
                cameras=tuple(options.cameras.split(",")),
                colors=options.colors,
                workers=options.workers,
                held_out_wordings=options.held_out_wordings,
                device=options.device,
                failures=options.failures,
            )
        )
    except ValueError as error:
        parser.error(str(error))
    except (CheckpointError, BaseModelError) as error:
        print(error, file=sys.stderr)
        return 1
    print(closed_loop_report.table(figures))
    _write({"suite": "tabletop", **figures}, options.json)
    if options.plot:
        closed_loop_report.plot(figures, options.plot)
    return 0


def _write(figures: dict, path: Path | None) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())

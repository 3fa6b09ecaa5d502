"""Evaluate a checkpoint: ``python training/evaluate.py --suite single-step --json out.json``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run from a checkout without installing

import torch  # noqa: E402

from moe3d_ros.model.base_llm import BaseModelError  # noqa: E402
from moe3d_ros.model.checkpoint import CheckpointError  # noqa: E402
from moe3d_ros.planner import Planner  # noqa: E402
from training import pose_steps, question_answering, single_step  # noqa: E402

SUITES = ("single-step", "pose-steps", "qa")


def main(arguments: list[str] | None = None) -> int:
    """Run one suite, print its table, write its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", choices=SUITES, default="single-step")
    parser.add_argument("--checkpoint", default="default", help="folder, or the name of one that ships")
    parser.add_argument("--json", type=Path, help="write the figures and every case there")
    parser.add_argument("--scenes", type=int, help="how many held-out scenes (default: 200, pose-steps 100)")
    parser.add_argument("--questions", type=int, default=1000, help="how many held-out questions (qa)")
    parser.add_argument("--episodes", type=int, default=50, help="how many of them are executed (single-step)")
    parser.add_argument("--held-out-wordings", action="store_true", help="word instructions and questions as training never did")
    parser.add_argument("--threads", type=int, help="torch threads")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    for name in ("scenes", "questions"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be at least 1")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        planner = Planner.from_pretrained(options.checkpoint, device=options.device)
    except (CheckpointError, BaseModelError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.suite == "single-step":
        figures = single_step.run(planner, options.scenes or 200, options.episodes, options.held_out_wordings)
        print(single_step.table(figures))
    elif options.suite == "qa":
        figures = question_answering.run(planner, options.questions, options.held_out_wordings)
        print(question_answering.table(figures))
    else:
        figures = pose_steps.run(planner, options.scenes or 100)
        print(pose_steps.table(figures))
    figures = {"suite": options.suite, "checkpoint": planner.name, "checksum": planner.checksum, **figures}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Fit temperature and bias of a checkpoint's confidence and store them: ``python training/calibrate.py --help``.

The scenes are those of no suite and no training. Platt 1999 (scaling of log odds); Guo et al. 2017 (temperature).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit, logit

from moe3d_ros.cores import compute_threads
from moe3d_ros.model.checkpoint import CARD, CheckpointError, load_checkpoint, save_checkpoint
from moe3d_ros.model.config import MIN_PROBABILITY
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.planner import CHECKPOINTS, Planner
from training.evaluation.calibration import confidences, expected_calibration_error
from training.evaluation.judging.held_out_cases import CALIBRATION_SEED

LIMITS = ((-3.0, 3.0), (-10.0, 10.0))  # of the temperature's logarithm, and of the bias
PRIOR = 0.05  # keeps the fit finite where every step is right: a pull towards temperature 1 and bias 0


def fit(probability: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Temperature and bias for which the log odds of ``probability`` are likeliest, given which steps were right (N,).

    Raises:
        ValueError: there are no steps to fit to.
    """
    if len(probability) == 0:
        raise ValueError("the planner planned no step at all: there is nothing to calibrate. Train it first.")
    odds = logit(np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY))

    def loss(values):
        scaled = odds / np.exp(values[0]) + values[1]
        return np.logaddexp(0, np.where(right > 0.5, -scaled, scaled)).sum() + PRIOR * float(values @ values)

    found = minimize(loss, np.zeros(2), bounds=LIMITS)
    return float(np.exp(found.x[0])), float(found.x[1])


def store(folder: Path, temperature: float, bias: float) -> None:
    """Write the values into a checkpoint's config; its weights stay as they are."""
    config, tensors = load_checkpoint(folder)
    config |= {"confidence_temperature": temperature, "confidence_bias": bias}
    save_checkpoint(folder, config, tensors, (folder / CARD).read_text())


def main(arguments: list[str] | None = None) -> int:
    """Plan, fit, print what it changes, and store it unless it is a dry run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="default", help="folder, or the name of one that ships; it is changed")
    parser.add_argument("--scenes", type=int, default=300, help="how many cases (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print the values and leave the checkpoint alone")
    parser.add_argument(
        "--threads", type=int, default=0, help="torch threads; 0: as the planner node, half of the cores"
    )
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    if options.scenes < 1:
        parser.error("--scenes must be at least 1")
    torch.set_num_threads(compute_threads(options.threads))
    try:
        planner = Planner.from_pretrained(options.checkpoint, device=options.device)
        records = confidences(planner, options.scenes, CALIBRATION_SEED)
        raw, right = (np.array([r[key] for r in records], float) for key in ("raw_confidence", "right"))
        temperature, bias = fit(raw, right)
        fitted = expit(logit(np.clip(raw, MIN_PROBABILITY, 1 - MIN_PROBABILITY)) / temperature + bias)
        print(
            f"{len(right)} steps, {right.mean():.3f} right: temperature {temperature:.3f}, bias {bias:+.3f}; ECE on these "
            f"scenes {expected_calibration_error(raw, right):.3f} before, {expected_calibration_error(fitted, right):.3f} "
            "after (see `make eval SUITE=calibration` for others)"
        )
        if not options.dry_run:
            folder = Path(options.checkpoint).expanduser()
            store(folder if folder.is_dir() else CHECKPOINTS / options.checkpoint, temperature, bias)
    except (CheckpointError, BaseModelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A rehearsal of training: a few steps of the 3D encoder on generated scenes, in about a minute on a CPU.

    tools/run python examples/train_a_tiny_run.py --output runs/tiny

What it writes is what every run writes: weights, a state to resume from, losses.jsonl and TensorBoard's curves. The same
command goes on where it stopped. docs/training.md has the whole recipe.
"""

from __future__ import annotations

import argparse
import sys

from training.engine.run_log import read_losses
from training.train import main as train


def main(argv: list[str] | None = None) -> int:
    """Train and print the losses; 1 where the run could not start or go on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="runs/tiny")
    parser.add_argument("--steps", type=int, default=4)
    args = parser.parse_args(argv)
    settings = {"stage": "perception", "output": args.output, "steps": args.steps, "batch_size": 2, "workers": 0}
    failed = train([text for name, value in settings.items() for text in (f"--{name}", str(value))])
    if not failed:
        print("losses:", *(f"{loss:.3f}" for loss in read_losses(args.output)))
    return failed


if __name__ == "__main__":
    sys.exit(main())

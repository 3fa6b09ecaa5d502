"""Train one stage of 3D-MoE: ``python training/train.py --stage perception``, any setting overridable (see --help)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run from a checkout without installing

from training.config import StageConfig, parse  # noqa: E402
from training.engine import Task, train  # noqa: E402


def make_task(config: StageConfig) -> Task:
    """The task that ``config.task`` names."""
    if config.task == "perception":
        from training.perception import PerceptionTask

        return PerceptionTask(config)
    if config.task == "alignment":
        from training.alignment import AlignmentTask

        return AlignmentTask(config)
    if config.task == "language":
        from training.language import LanguageTask

        return LanguageTask(config)
    if config.task == "action":
        from training.action import ActionTask

        return ActionTask(config)
    raise SystemExit(f"no task {config.task!r}: perception, alignment, language or action")


def main(arguments: list[str] | None = None) -> None:
    """Parse, train, print the last figures."""
    config = parse(arguments)
    figures = train(make_task(config), config)
    print("  ".join(f"{key} {value:.4g}" for key, value in figures.items()))


if __name__ == "__main__":
    main()

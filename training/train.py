"""Train one stage of 3D-MoE: ``python training/train.py --stage perception``, any setting overridable (see --help)."""

from __future__ import annotations

import sys

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.language.base_llm import BaseModelError
from training.engine.config import StageConfig
from training.engine.loop import Task, train
from training.engine.processes import make_accelerator
from training.engine.state import StateError
from training.stages.command_line import parse
from training.stages.settings import (
    ActionStage,
    AlignmentStage,
    AnswerStage,
    FormStage,
    LanguageStage,
    PerceptionStage,
    ReasonStage,
)


def make_task(config: StageConfig) -> Task:
    """The task that ``config.task`` names."""
    if isinstance(config, PerceptionStage):
        from training.stages.perception import PerceptionTask

        return PerceptionTask(config)
    if isinstance(config, AlignmentStage):
        from training.stages.alignment import AlignmentTask

        return AlignmentTask(config)
    if isinstance(config, LanguageStage):
        from training.stages.language import LanguageTask

        return LanguageTask(config)
    if isinstance(config, ActionStage):
        from training.stages.action import ActionTask

        return ActionTask(config)
    if isinstance(config, FormStage):
        from training.stages.form import FormTask

        return FormTask(config)
    if isinstance(config, ReasonStage):
        from training.stages.reason import ReasonTask

        return ReasonTask(config)
    if isinstance(config, AnswerStage):
        from training.stages.short_answers import AnswerTask

        return AnswerTask(config)
    raise SystemExit(f"no task {config.task!r}: perception, alignment, language, action, form, reason or answers")


def main(arguments: list[str] | None = None) -> int:
    """Parse, train, print the last figures; 1 where the run could not start or go on, with the reason."""
    config = parse(arguments)
    accelerator = make_accelerator(config.device)  # before the task: it gives this process its GPU
    try:
        figures = train(make_task(config), config)
    except (StateError, CheckpointError, BaseModelError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    accelerator.print("  ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Command line of a stage: ``--stage NAME`` reads training/configs/NAME.yaml; every further ``--field value`` overrides it."""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from training.engine.config import StageConfig
from training.engine.options import add_options
from training.stages.settings import SHORT, STAGES, configure, stage_of

CONFIG_FOLDER = Path(__file__).resolve().parents[1] / "configs"


def parse(arguments: list[str] | None = None) -> StageConfig:
    """The configuration that a command line gives; a mistake in it ends the program with a message."""
    stages = sorted(path.stem for path in CONFIG_FOLDER.glob("*.yaml"))
    known = f"one of {', '.join(stages)}, or the path of a YAML file"
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--stage", help=known)
    chosen, rest = first.parse_known_args(arguments)
    parser = argparse.ArgumentParser(
        usage="%(prog)s --stage NAME [--setting value ...]",
        description="Train one stage of 3D-MoE; with a stage's name --help lists its settings alone.",
        parents=[first],
        allow_abbrev=False,
    )
    values: dict = {}
    if chosen.stage is not None:
        values = _read(chosen.stage, parser, known)
    elif not {"-h", "--help"} & set(rest):
        parser.error(f"--stage is missing: {known}")
    try:
        for stage in [stage_of(values.get("task"))] if values else STAGES.values():
            add_options(parser, stage, SHORT)
        given = vars(parser.parse_args(rest))
        return configure(**{**values, **{name: given[name] for name in given if name != "stage"}})
    except ValueError as error:
        parser.error(str(error))


def _read(stage: str, parser: argparse.ArgumentParser, known: str) -> dict:
    """Values of a stage's file: by its name, by its number (1 is stage1), or a path."""
    named = [CONFIG_FOLDER / f"{name}.yaml" for name in (stage, f"stage{stage}")]
    path = next((path for path in named if path.exists()), Path(stage))
    if not path.is_file():
        parser.error(f"no stage {stage!r}: {known}")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a date that cannot be
        parser.error(f"{path} is no YAML: {' '.join(str(error).split())}")
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        parser.error(f"{path} holds no settings: a stage's file is a list of `name: value`")
    return values

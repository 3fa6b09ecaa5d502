"""run.json: the configuration of a run and where it came from, and how the records of several runs are held against each other.

format     number of this layout
config     every setting of the stage, the model's nested
settles    which of the model's the weights depend on: dotted names, or whole groups
base_llm   sha256 of the base LLM's weights, null where the run has none
starts     of each start of the run: step, command line, commit of the checkout, versions, time
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from moe3d_ros.model.config import ModelConfig
from training.engine.config import StageConfig, chosen
from training.engine.state import KEPT, StateError

RUN, FORMAT = "run.json", 1
PACKAGES = ("torch", "transformers", "moe3d_ros")
REVISION = "language.revision"
GROWING = ("encoder.kinds", "language.rank")  # weights of fewer fit into a model with more: training/engine/growth.py


class Contradiction(StateError):
    """Two runs, or a run and what was asked for, do not make one model."""


@dataclass(frozen=True)
class Settled:
    """Settings of the model that one source requires: a run, a checkpoint, or the command line."""

    source: str
    values: Mapping[str, Any]  # by dotted name


def write_record(folder: Path, config: StageConfig, base_llm: str | None, step: int, write: bool = True) -> None:
    """Write a run's run.json as it starts at ``step``, or add this start to it.

    Args:
        base_llm: sha256 of the base LLM's weights, None where the run has none.
        write: whether this process is the one that writes; all of them check.

    Raises:
        Contradiction: the run goes on with other settings of the model than those it was started with.
        StateError: an older run.json cannot be read, or a new one not be written.
    """
    record = read_record(folder) if step else None
    if record:
        agreed((settled_of(folder, record), Settled("the settings to go on with", config.settled())), growing=())
    if not write:
        return
    start = {
        "step": step,
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": sys.argv,
        "git": git_state(),
        "versions": versions(),
    }
    values = {
        "format": FORMAT,
        "config": config.to_dict(),
        "settles": config.settles(),
        "base_llm": base_llm,
        "starts": [*(record["starts"] if record else ()), start],
    }
    temporary = folder / f".{RUN}.part"
    try:
        temporary.write_text(json.dumps(values, indent=1) + "\n")
        os.replace(temporary, folder / RUN)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StateError(
            f"{folder / RUN} cannot be written: {error}. Free some space and start the run again."
        ) from error


def read_record(folder: str | Path) -> dict | None:
    """The record of a run, or of the run that a kept state belongs to; None for a run from before there were records.

    Raises:
        StateError: it is there and cannot be read.
    """
    folder = Path(folder)
    if folder.parent.name == KEPT:
        folder = folder.parent.parent
    path = folder / RUN
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text())
        sound = (
            record["format"] == FORMAT
            and isinstance(record["config"]["model"], dict)
            and record["starts"]
            and record["settles"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} cannot be read ({error}): put it back from a copy, or remove it.") from error
    if not sound:
        raise StateError(f"{path} has format {record['format']}, this version reads {FORMAT}: use the same release.")
    return record


def settled_of(folder: str | Path, record: dict) -> Settled:
    """The settings of the model that a run's weights depend on. Raises StateError where this version does not know them."""
    try:
        model = ModelConfig.from_dict(record["config"]["model"])
    except ValueError as error:
        raise StateError(f"{Path(folder) / RUN} does not describe a model of this version: {error}") from error
    values = chosen(model, record["settles"])
    if REVISION in values and record["base_llm"]:
        values[REVISION] = record["base_llm"]
    return Settled(f"the run {folder}", values)


def agreed(sources: Iterable[Settled], growing: tuple[str, ...] = GROWING) -> dict[str, Any]:
    """All settings that the sources insist on, by dotted name; of what can grow the largest. An empty text insists on nothing.

    Raises:
        Contradiction: two of them want different things.
    """
    found: dict[str, tuple[Any, str]] = {}
    for settled in sources:
        for name, value in settled.values.items():
            if value == "":
                continue
            other, source = found.setdefault(name, (value, settled.source))
            if name in growing:
                found[name] = max((other, source), (value, settled.source), key=lambda each: each[0])
            elif other != value:
                raise Contradiction(
                    f"{name} is {_shown(other)} in {source} and {_shown(value)} in {settled.source}: their weights do not "
                    "make one model. Choose runs that were trained with the same setting."
                )
    return {name: value for name, (value, _) in found.items()}


def git_state() -> dict[str, object]:
    """Commit of the checkout that this file belongs to, and whether files differ from it; "unknown" outside of a checkout."""
    file = Path(__file__).resolve()

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=file.parent, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout

    try:
        git("ls-files", "--error-unmatch", file.name)  # an installed copy may lie inside another checkout
        return {"commit": git("rev-parse", "HEAD").strip(), "dirty": bool(git("status", "--porcelain").strip())}
    except (OSError, subprocess.SubprocessError):
        return {"commit": "unknown", "dirty": "unknown"}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide about numbers; "unknown" for what is not installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _shown(value) -> str:
    return value[:12] if isinstance(value, str) and len(value) == 64 else str(value)

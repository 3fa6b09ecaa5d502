"""Logs of a run: the exact loss of every step, figures for people, curves for TensorBoard."""

from __future__ import annotations

import json
import os
from pathlib import Path

LOSSES, LOG, DETAILS = "losses.jsonl", "log.txt", "details.jsonl"


class RunLog:
    """Logs of one run's folder; a resumed run first forgets what came after the state that it goes on from.

    ``losses.jsonl`` has one line a step, with the loss to the last bit: two runs can be compared exactly. Figures with a
    slash in their names (each expert's load) are too many for a line of ``log.txt``: they go to ``details.jsonl``.
    """

    def __init__(self, folder: Path, first_step: int):
        for name in (LOSSES, DETAILS):
            _keep(folder / name, lambda line: json.loads(line)["step"] <= first_step)
        _keep(folder / LOG, lambda line: int(line.split("  step ")[1].split()[0]) <= first_step)
        self._losses = open(folder / LOSSES, "a", buffering=1)
        self._log = open(folder / LOG, "a", buffering=1)
        self._details = open(folder / DETAILS, "a", buffering=1)
        self._writer = _summary_writer(folder / "logs", first_step)

    def loss(self, step: int, value: float) -> None:
        """The loss of the step that is now done."""
        self._losses.write(json.dumps({"step": step, "loss": value}) + "\n")

    def figures(self, step: int, seconds: float, figures: dict[str, float]) -> None:
        """Means over a log interval, and how long the run has lasted."""
        details = {key: round(value, 6) for key, value in figures.items() if "/" in key}
        if details:
            self._details.write(json.dumps({"step": step, **details}) + "\n")
        values = "  ".join(f"{key} {value:.4g}" for key, value in figures.items() if key not in details)
        self._log.write(f"{seconds / 60:7.2f} min  step {step}  {values}\n")
        if self._writer:
            for key, value in figures.items():
                self._writer.add_scalar(key, value, step)

    def close(self) -> None:
        """Flush and close every file."""
        for file in (self._losses, self._log, self._details, self._writer):
            if file:
                file.close()


def read_losses(folder: str | Path) -> list[float]:
    """The loss of every step of a run, from its first to its last."""
    return [json.loads(line)["loss"] for line in (Path(folder) / LOSSES).read_text().splitlines()]


def read_figures(folder: str | Path) -> list[dict[str, float]]:
    """The figures of every log interval of a run, with its last step under ``step``."""
    path = Path(folder) / LOG
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.partition(" min ")[2].split()
        rows.append({name: float(value) for name, value in zip(words[::2], words[1::2])})
    return rows


def last_details(folder: str | Path) -> dict[str, float]:
    """The detailed figures (each expert's load) of a run's last log interval; empty if it has none."""
    path = Path(folder) / DETAILS
    lines = path.read_text().splitlines() if path.exists() else []
    return {key: value for key, value in json.loads(lines[-1]).items() if key != "step"} if lines else {}


def _summary_writer(folder: Path, first_step: int):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # a bare training machine: the log files and the progress bar remain
        return None
    return SummaryWriter(str(folder), purge_step=first_step)


def _keep(path: Path, belongs) -> None:
    """Drop the lines of a file that do not belong to the past, and one that was cut off by a kill."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines(keepends=True):
        try:
            if line.endswith("\n") and belongs(line):
                kept.append(line)
        except (ValueError, KeyError, IndexError):
            continue
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text("".join(kept))
    os.replace(temporary, path)

"""Recall and false things of the encoder against scenes seen, of runs of stage things: ``python training/reports/things_report.py --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.engine.run_log import read_figures
from training.engine.run_record import read_record
from training.engine.state import StateError

CURVES = {  # figure of the log: words, and the goal of the suite `scenes`
    "things_recall": ("share of visible things found, on tables with things", 0.95),
    "things_false": ("things seen where none stands, a scene", 0.1),
    "recall": ("share of things found with kind and colour, in all scenes", None),
}
SMOOTHED = 15  # log intervals that a point of a curve is the mean of


def curve(folders: Sequence[Path]) -> dict[str, np.ndarray]:
    """Scenes seen, and the means of CURVES over the last intervals, of runs that went on from one another.

    Scenes are drawn anew for every step, so that none of them was seen before; families of things are those trained on.

    Raises:
        ValueError: a run has no record or no figures of things.
    """
    seen: list[float] = []
    columns: dict[str, list[float]] = {name: [] for name in CURVES}
    before = 0
    for folder in folders:
        record, rows = read_record(folder), read_figures(folder)
        rows = [row for row in rows if all(name in row for name in CURVES)]
        if record is None or not rows:
            raise ValueError(f"{folder} holds no run of stage things that has logged a step.")
        batch = record["config"]["batch_size"]
        seen += [before + batch * row["step"] for row in rows]
        for name, column in columns.items():
            column += [row[name] for row in rows]
        before = int(seen[-1])
    return {"scenes": np.array(seen), **{name: _smooth(np.array(column)) for name, column in columns.items()}}


def _smooth(values: np.ndarray) -> np.ndarray:
    """Means of up to SMOOTHED values, each with those before it."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - SMOOTHED, 0)
    return (sums[end] - sums[start]) / (end - start)


def table(found: dict[str, np.ndarray], rows: int = 12) -> str:
    """The curves at some evenly spaced numbers of scenes, as Markdown."""
    lines = [
        "| scenes seen | " + " | ".join(words for words, _ in CURVES.values()) + " |",
        "|---" * (1 + len(CURVES)) + "|",
    ]
    for row in np.unique(np.linspace(0, len(found["scenes"]) - 1, rows).round().astype(int)):
        values = " | ".join(f"{found[name][row]:.3f}" for name in CURVES)
        lines.append(f"| {found['scenes'][row]:,.0f} | {values} |")
    return "\n".join(lines)


def plot(found: dict[str, np.ndarray], path: Path) -> None:
    """One line for each of the curves, and their goals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.8), layout="constrained")
    for name, (words, goal) in CURVES.items():
        (line,) = axes.plot(found["scenes"] / 1000, found[name], label=words)
        if goal is not None:
            axes.axhline(goal, color=line.get_color(), ls=":", lw=1)
    axes.set(xlabel="thousands of scenes seen", ylim=(0, 1), title="Dotted: goals of the suite scenes")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def main(arguments: list[str] | None = None) -> int:
    """Print the table and draw the curves; 1 where a run has none, with the reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs, in the order in which they went on")
    parser.add_argument("--plot", type=Path, help="PNG to write")
    options = parser.parse_args(arguments)
    try:
        found = curve(options.runs)
    except (ValueError, StateError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(table(found))
    if options.plot:
        plot(found, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())

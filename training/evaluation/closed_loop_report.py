"""The figures of whole episodes: shares with intervals, a table, of suite ``tabletop`` beside the published ones, a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from moe3d_ros.tabletop.tasks import registry
from training.evaluation.judging.mistakes import CAUSES, mistakes
from training.evaluation.judging.shares import interval

# Published success of LoHoVLA, and of a plain VLA of its size (3 billion parameters), percent.
PUBLISHED = {
    "A": (77.5, 79.0),
    "B": (91.5, 0.0),
    "C": (22.5, 0.5),
    "D": (11.5, 3.0),
    "E": (81.0, 3.5),
    "F": (41.0, 9.0),
    "G": (25.0, 0.0),
    "H": (7.5, 0.0),
    "I": (52.0, 1.5),
    "J": (22.0, 10.5),
    "K": (54.5, 33.0),
}
PUBLISHED_MEANS = {"seen": (56.8, 17.2), "unseen": (33.7, 9.0)}


def summary(records: list[dict], causes: Sequence[str] = CAUSES) -> dict:
    """Per task ``success``, ``score``, ``oracle``, with 95 % intervals and count; means over seen and unseen tasks.

    ``mistakes`` counts, per task and over all, which of the ``causes`` spoilt the steps of failed episodes.
    """
    tasks = {}
    for name in registry.names("seen", "unseen"):
        of_task = [record for record in records if record["task"] == name]
        if of_task:
            won = [record["success"] for record in of_task]
            tasks[name] = {
                "success": float(np.mean(won)),
                "score": float(np.mean([record["score"] for record in of_task])),
                "oracle": float(np.mean([record["oracle"] for record in of_task])),
                "interval": interval(won),
                "episodes": len(won),
                "score_interval": _bootstrap([record["score"] for record in of_task]),
                "mistakes": mistakes(of_task, causes),
            }
    figures: dict = {"tasks": tasks}
    for name, letters in ((family, registry.names(family)) for family in ("seen", "unseen")):
        run = [tasks[letter] for letter in letters if letter in tasks]
        figures[f"{name}_mean"] = float(np.mean([task["success"] for task in run])) if run else None
        figures[f"{name}_score"] = float(np.mean([task["score"] for task in run])) if run else None
    figures["mistakes"] = mistakes(records, causes)
    seconds = [record["seconds"] for record in records if "seconds" in record]
    figures["seconds_median"] = float(np.median(seconds)) if seconds else None
    return figures


def _bootstrap(values, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of a mean of shares, by resampling."""
    means = np.random.default_rng(0).choice(values, (draws, len(values))).mean(axis=1)
    low, high = (float(v) for v in np.percentile(means, (2.5, 97.5)))
    return low, high


def table(figures: dict, published: bool = True) -> str:
    """The figures as lines of text, in percent; ``published``: with success in the physics world as others report it."""
    heads = f"{'task':8}{'success':>9}{'95 % interval':>16}{'score':>8}{'oracle':>8}{'episodes':>10}"
    lines = [heads + f"{'LoHoVLA':>9}{'VLA':>6}" * published]
    for name, task in figures["tasks"].items():
        low, high = (100 * bound for bound in task["interval"])
        lines.append(
            f"{name:8}{100 * task['success']:9.1f}{f'{low:.0f} to {high:.0f}':>16}{100 * task['score']:8.1f}"
            f"{100 * task['oracle']:8.1f}{task['episodes']:10}{_beside(PUBLISHED[name]) * published}"
        )
    for name, letters in ((family, registry.names(family)) for family in ("seen", "unseen")):
        if figures[f"{name}_mean"] is not None:
            run = [letter for letter in letters if letter in figures["tasks"]]
            share = "" if len(run) == len(letters) else f"  (of {len(run)} of {len(letters)} tasks)"
            own = f"{100 * figures[f'{name}_mean']:9.1f}{'':16}{100 * figures[f'{name}_score']:8.1f}"
            lines.append(f"{name:8}{own}{'':18}{_beside(PUBLISHED_MEANS[name]) * published}{share}")
    if any(figures["mistakes"].values()):
        lines.append("steps that did not help, in failed episodes, by cause")
        for name, counts in [
            *((name, task["mistakes"]) for name, task in figures["tasks"].items()),
            ("all", figures["mistakes"]),
        ]:
            said = ", ".join(f"{cause} {count}" for cause, count in counts.items() if count)
            lines += [f"{name:8}{said}"] * bool(said)
    if figures["seconds_median"] is not None:
        lines.append(f"seconds per plan (median)  {figures['seconds_median']:.2f}")
    return "\n".join(lines)


def _beside(percent: tuple[float, float]) -> str:
    """Published figures in their columns."""
    return f"{percent[0]:9.1f}{percent[1]:6.1f}"


def plot(figures: dict, path: Path) -> None:
    """Success per task with its interval, beside the published figures, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(figures["tasks"])
    place = np.arange(len(names))
    own = np.array([figures["tasks"][name]["success"] for name in names]) * 100
    bounds = np.array([figures["tasks"][name]["interval"] for name in names]) * 100
    figure, axes = pyplot.subplots(figsize=(max(1.5 + 0.8 * len(names), 5), 3.5), layout="constrained")
    error = np.abs(bounds.T - own).clip(min=0)
    axes.bar(place - 0.27, own, 0.26, label=figures.get("checkpoint", "this run"), color="#4e79a7")
    axes.errorbar(place - 0.27, own, error, fmt="none", ecolor="black", capsize=3, linewidth=1)
    for offset, column, label, color in ((0.0, 0, "LoHoVLA 3B", "#bab0ac"), (0.27, 1, "VLA 3B", "#e0dbd8")):
        axes.bar(place + offset, [PUBLISHED[name][column] for name in names], 0.26, label=label, color=color)
    axes.set_xticks(place, names)
    axes.set_ylim(0, 105)
    axes.set_ylabel("success %")
    axes.legend(loc="upper center", ncols=3, frameon=False, bbox_to_anchor=(0.5, 1.15))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)

"""Suite ``calibration``: does a step's confidence say how often it is right, and from where on should one abstain?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moe3d_ros.planner import Planner
from training.evaluation.judging.first_step import first_steps
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, moment_pair, single_step_pair
from training.evaluation.judging.shares import interval
from training.evaluation.suite import Suite, add_scenes

BINS = 10
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WANTED_PRECISION = 0.95  # of the steps that are not withheld, from the advised min_confidence on
RESAMPLES = 2000


def run(planner: Planner, scenes: int = 200, seed: int = HELD_OUT_SEED) -> dict:
    """First steps of one-step instructions and of moments of long tasks, half of each in held-out wordings.

    Returns:
        per sort of case (single, long, all) ``ece`` with its interval, ``brier``, a ``reliability`` table, and precision and
        coverage per threshold of ``min_confidence``; ``min_confidence``, the least one that gives the wanted precision;
        records.
    """
    records = confidences(planner, scenes, seed)
    return {**summary(records), "records": records}


def confidences(planner: Planner, scenes: int, seed: int) -> list[dict]:
    """A record for each first step that was planned: ``confidence``, ``raw_confidence``, ``right``."""
    cases = []
    for number in range(scenes):
        pair = single_step_pair(number // 2, seed) if number % 2 == 0 else moment_pair(number // 2, seed=seed)
        cases.append(pair[number // 4 % 2])
    return [r for r in first_steps(planner, cases, seed % 1_000_000, "calibration") if r["end"] == "step"]


def summary(records: list[dict]) -> dict:
    """The figures per sort of case."""
    sorts = {
        "single": [r for r in records if r["family"] == "single"],
        "long": [r for r in records if r["family"] != "single"],
        "all": records,
    }
    figures: dict = {}
    for name, chosen in sorts.items():
        if chosen:
            confidence, right = (np.array([r[key] for r in chosen], float) for key in ("confidence", "right"))
            figures[name] = _figures(confidence, right)
    figures["min_confidence"] = advised(figures["all"]["thresholds"]) if records else None
    return figures


def _figures(confidence: np.ndarray, right: np.ndarray) -> dict:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(right), (RESAMPLES, len(right)))
    spread = [expected_calibration_error(confidence[index], right[index]) for index in drawn]
    return {
        "cases": len(right),
        "accuracy": float(right.mean()),
        "accuracy_interval": interval(right),
        "mean_confidence": float(confidence.mean()),
        "ece": expected_calibration_error(confidence, right),
        "ece_interval": [float(v) for v in np.percentile(spread, (2.5, 97.5))],
        "brier": float(((confidence - right) ** 2).mean()),
        "reliability": reliability(confidence, right),
        "thresholds": [_threshold(confidence, right, threshold) for threshold in THRESHOLDS],
    }


def _bins(confidence: np.ndarray) -> np.ndarray:
    return np.minimum((confidence * BINS).astype(int), BINS - 1)


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over ten equally wide bins, weighted by their cases (Guo et al. 2017)."""
    members = _bins(confidence)
    apart = np.bincount(members, weights=confidence - right, minlength=BINS)
    return float(np.abs(apart).sum() / len(right))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[dict]:
    """Confidence against accuracy in each of the bins that have cases."""
    members, rows = _bins(confidence), []
    for number in np.unique(members).tolist():
        inside = members == number
        rows.append(
            {
                "from": number / BINS,
                "to": (number + 1) / BINS,
                "cases": int(inside.sum()),
                "confidence": float(confidence[inside].mean()),
                "accuracy": float(right[inside].mean()),
                "interval": interval(right[inside]),
            }
        )
    return rows


def _threshold(confidence: np.ndarray, right: np.ndarray, threshold: float) -> dict:
    kept = right[confidence >= threshold]
    return {
        "min_confidence": threshold,
        "coverage": len(kept) / len(right),
        "cases": len(kept),
        "precision": float(kept.mean()) if len(kept) else None,
        "interval": interval(kept) if len(kept) else None,
    }


def advised(thresholds: list[dict]) -> float | None:
    """The least threshold from which on the wanted precision is reached; None if none does."""
    for row in thresholds:
        if row["precision"] is not None and row["precision"] >= WANTED_PRECISION:
            return row["min_confidence"]
    return None


def table(figures: dict) -> str:
    """Calibration per sort of case, the reliability table, and what each threshold costs."""
    lines = [f"{'':8}{'cases':>6}{'right':>8}{'confidence':>12}{'ECE':>7}{'95 % interval':>18}{'Brier':>8}"]
    for name in ("single", "long", "all"):
        if name in figures:
            found = figures[name]
            low, high = found["ece_interval"]
            lines.append(
                f"{name:8}{found['cases']:6}{found['accuracy']:8.3f}{found['mean_confidence']:12.3f}"
                f"{found['ece']:7.3f}{f'{low:.3f} to {high:.3f}':>18}{found['brier']:8.3f}"
            )
    if "all" in figures:
        lines += ["", f"{'confidence':14}{'cases':>6}{'mean':>8}{'right':>8}{'95 % interval':>18}"]
        for row in figures["all"]["reliability"]:
            low, high = row["interval"]
            lines.append(
                f"{row['from']:.1f} to {row['to']:.1f}    {row['cases']:6}{row['confidence']:8.3f}{row['accuracy']:8.3f}"
                f"{f'{low:.3f} to {high:.3f}':>18}"
            )
        lines += ["", f"{'min_confidence':14}{'kept':>6}{'coverage':>10}{'precision':>11}{'95 % interval':>18}"]
        for row in figures["all"]["thresholds"]:
            if row["cases"]:
                low, high = row["interval"]
                lines.append(
                    f"{row['min_confidence']:<14g}{row['cases']:6}{row['coverage']:10.3f}{row['precision']:11.3f}"
                    f"{f'{low:.3f} to {high:.3f}':>18}"
                )
    advice = figures["min_confidence"]
    lines.append(
        f"least min_confidence with {WANTED_PRECISION:.0%} of the steps right: {'none' if advice is None else advice}"
    )
    return "\n".join(lines)


def plot(figures: dict, path: Path) -> None:
    """Reliability and precision against coverage, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    left.plot([0, 1], [0, 1], linestyle="--", color="gray")
    for name, color in (("single", "#4e79a7"), ("long", "#f28e2b")):
        if name in figures:
            rows, found = figures[name]["reliability"], figures[name]["thresholds"]
            x, y = (np.array([row[key] for row in rows]) for key in ("confidence", "accuracy"))
            bounds = np.array([row["interval"] for row in rows]).T
            error = np.abs(bounds - y).clip(min=0)
            left.errorbar(
                x, y, error, marker="o", capsize=3, color=color, label=f"{name}, ECE {figures[name]['ece']:.3f}"
            )
            kept = [row for row in found if row["cases"]]
            right.plot(
                [r["coverage"] for r in kept], [r["precision"] for r in kept], marker="o", color=color, label=name
            )
    left.set(xlabel="confidence", ylabel="share of right steps", xlim=(0, 1), ylim=(0, 1.02))
    right.set(xlabel="coverage", ylabel="precision", xlim=(0, 1.02))
    for axes in (left, right):
        axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


SUITE = Suite(
    name="calibration",
    run=lambda planner, options: run(planner, options.scenes),
    table=table,
    add_options=lambda parser: add_scenes(parser, 200),
    plot=plot,
)

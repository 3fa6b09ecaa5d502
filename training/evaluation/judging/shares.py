"""Shares of cases with Wilson's 95 % intervals, as suites report them: figures for JSON and lines of text."""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest


def interval(values) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = binomtest(int(sum(values)), len(values)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def shares(groups: dict[str, list[bool]]) -> dict:
    """The share of each group, ``counts`` and ``intervals``; groups without cases have no share."""
    figures: dict = {name: float(np.mean(values)) if values else None for name, values in groups.items()}
    figures["counts"] = {name: len(values) for name, values in groups.items()}
    figures["intervals"] = {name: interval(values) for name, values in groups.items() if values}
    return figures


def table(figures: dict) -> str:
    """One line per share of :func:`shares`."""
    width = max(26, *(len(name) + 2 for name in figures["counts"]))
    lines = [f"{'':{width}}{'share':>8}{'95 % interval':>18}{'cases':>7}"]
    for name, count in figures["counts"].items():
        if count:
            low, high = figures["intervals"][name]
            lines.append(f"{name:{width}}{figures[name]:8.3f}{f'{low:.3f} to {high:.3f}':>18}{count:7}")
    return "\n".join(lines)


def grouped(records: list[dict], right: str, by: str) -> dict[str, list[bool]]:
    """The values of ``right`` of the records, by what they have under ``by``, in order of appearance."""
    groups: dict[str, list[bool]] = {}
    for record in records:
        groups.setdefault(str(record[by]), []).append(bool(record[right]))
    return groups

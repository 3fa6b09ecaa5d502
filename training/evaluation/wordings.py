"""Suite ``wordings``: the same scenes and tasks in trained wordings, in held-out wordings, and with typos."""

from __future__ import annotations

import numpy as np

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.words.typos import with_typos
from training.evaluation.judging.first_step import first_steps
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, Case, moment_pair, reworded, single_step_pair
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_scenes

BAR = 0.05  # by which held-out wordings may fall behind
RESAMPLES = 10_000


def run(planner: Planner, scenes: int = 120, seed: int = HELD_OUT_SEED) -> dict:
    """First steps (words and pointer, no physics) of ``scenes`` cases, half of one step and half moments of long tasks.

    Returns:
        ``single, trained`` and the like: shares of right first steps with counts and 95 % intervals; ``differences`` of held
        out and typos against trained on the same cases, with paired bootstrap intervals; records.
    """
    cases: list[Case] = []
    for number in range(scenes):
        pair = single_step_pair(number // 2, seed) if number % 2 == 0 else moment_pair(number // 2, seed=seed)
        rng = np.random.default_rng((seed, 3, number))
        cases += [*pair, reworded(pair[0], with_typos(pair[0].instruction, rng), "typos")]
    records = first_steps(planner, cases, seed % 1_000_000, "wordings")
    return {**summary(records), "records": records}


def summary(records: list[dict]) -> dict:
    """Shares by sort and wording, and paired differences; records come in threes of one case."""
    sorts = {
        "single": lambda r: r["family"] == "single",
        "long": lambda r: r["family"] != "single",
        "all": lambda r: True,
    }
    groups: dict[str, list[bool]] = {}
    differences: dict[str, dict] = {}
    for sort, chosen in sorts.items():
        right = {
            wording: [r["right"] for r in records if chosen(r) and r["wording"] == wording]
            for wording in ("trained", "held out", "typos")
        }
        groups |= {f"{sort}, {wording}": values for wording, values in right.items()}
        for wording in ("held out", "typos"):
            if right["trained"]:
                differences[f"{sort}, {wording}"] = paired_difference(right[wording], right["trained"])
    return shares(groups) | {"differences": differences}


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite, as far as there were cases, and whether each is met."""
    found = {sort: figures["differences"].get(f"{sort}, held out") for sort in ("single", "long")}
    return {
        f"{sort}: held-out wordings within {BAR} of trained ones": bool(row["difference"] >= -BAR)
        for sort, row in found.items()
        if row is not None
    }


def paired_difference(ours: list[bool], theirs: list[bool], seed: int = 0) -> dict:
    """Share of the first minus share of the second on the same cases, with a paired bootstrap's 95 % interval."""
    gain = np.array(ours, float) - np.array(theirs, float)
    rng = np.random.default_rng(seed)
    means = gain[rng.integers(0, len(gain), (RESAMPLES, len(gain)))].mean(axis=1)
    return {
        "difference": float(gain.mean()),
        "interval": [float(v) for v in np.percentile(means, (2.5, 97.5))],
        "cases": len(gain),
    }


def table(figures: dict) -> str:
    """Shares and differences."""
    lines = [shares_table(figures), "", "against trained wordings"]
    for name, found in figures["differences"].items():
        low, high = found["interval"]
        lines.append(f"{name:26}{found['difference']:+8.3f}{f'{low:+.3f} to {high:+.3f}':>18}{found['cases']:7}")
    return "\n".join(lines)


SUITE = Suite(
    name="wordings",
    run=lambda planner, options: run(planner, options.scenes),
    table=table,
    bars=bars,
    add_options=lambda parser: add_scenes(parser, 120),
)

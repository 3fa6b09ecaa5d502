"""Report of the study: every variant against the baseline and the reference, what is missing, and what it cost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from training.studies.paired_seeds import Difference, paired_difference
from training.studies.study_plan import Plan, Variant
from training.studies.study_run import Place

PAGE, DATA, FIGURE = "study.md", "study.json", "study_cost.png"
HEAD = (
    "variant",
    "seeds",
    "trained",
    "activated",
    "GFLOP a token",
    "texts",
    "held-out loss",
    "against {baseline}",
    "EM %",
    "against {baseline}, points",
    "against {reference}, points",
    "least load text",
    "3D",
)


def write_report(plan: Plan, place: Place, output: Path) -> tuple[str, bool]:
    """Write study.md, study.json and a figure of what there is -> the page, and whether every run of the plan is in it.

    Raises:
        ValueError: see :func:`finished`.
    """
    found = finished(plan, place)
    missing = [
        f"{variant.name}, seed {seed}: {_so_far(place.curve(variant, seed))}"
        for variant, seed in plan.queue()
        if seed not in found[variant.name]
    ]
    output.mkdir(parents=True, exist_ok=True)
    rows = [_row(plan, variant, found) for variant in plan.variants if found[variant.name]]
    page = _page(plan, rows, missing, found)
    (output / PAGE).write_text(page)
    (output / DATA).write_text(json.dumps(rows, indent=1) + "\n")
    if rows:
        _figure(rows, output / FIGURE)
    return page, not missing


def finished(plan: Plan, place: Place) -> dict[str, dict[int, dict]]:
    """Results of all finished runs, by variant and seed.

    Raises:
        ValueError: a result is of another plan, or two of them are of different scenes.
    """
    results: dict[str, dict[int, dict]] = {variant.name: {} for variant in plan.variants}
    for variant, seed in plan.queue():
        result = place.found(plan, variant, seed)
        if result is not None:
            results[variant.name][seed] = result
    there = [result for of_variant in results.values() for result in of_variant.values()]
    if len({(result["scenes"], *result["questions"]) for result in there}) > 1:
        raise ValueError(
            "the runs were trained on different scenes: those of another checkpoint's relation encoder, or of a version that asks "
            "otherwise, are among them"
        )
    return results


def _so_far(curve: list[dict]) -> str:
    """State of a run that has no result."""
    if not curve:
        return "not started"
    return f"{curve[-1]['texts']} texts, held-out loss {curve[-1]['loss']:.3f}, no plateau yet"


def _row(plan: Plan, variant: Variant, found: dict[str, dict[int, dict]]) -> dict:
    results = found[variant.name]
    first = next(iter(results.values()))
    row = {
        "variant": variant.name,
        "shows": variant.shows,
        "seeds": list(results),
        "loss": [float(np.mean(result["losses"])) for result in results.values()],
        "em": [float(np.mean(result["right"])) for result in results.values()],
        "texts": [result["curve"][-1]["texts"] for result in results.values()],
        "cpu_minutes": [sum(p["cpu_seconds"] for p in result["curve"]) / 60 for result in results.values()],
        "plateau": all(result["curve"][-1]["texts"] < plan.stop.at_most for result in results.values()),
        **{name: first[name] for name in ("trained", "activated", "activated_flops", "computed_flops", "blind_em")},
    }
    for modality in ("text", "3d"):
        shares = [v for r in results.values() for k, v in r["loads"].items() if k.startswith(f"load/{modality}/")]
        row[f"least_load_{modality}"] = min(shares, default=None)
    for role in ("baseline", "reference"):
        other = getattr(plan, role)
        if other != variant.name:
            for measure in ("losses", "right"):
                row[f"{measure}_against_{role}"] = _difference(results, found[other], measure)
    return row


def _difference(ours: dict[int, dict], others: dict[int, dict], measure: str) -> dict | None:
    """Difference over the seeds that both have; None without any."""
    both = [seed for seed in ours if seed in others]
    if not both:
        return None
    mine, theirs = (np.array([results[seed][measure] for seed in both]) for results in (ours, others))
    return vars(paired_difference(mine, theirs, np.array(ours[both[0]]["scene"])))


def _page(plan: Plan, rows: list[dict], missing: list[str], found: dict[str, dict[int, dict]]) -> str:
    stop = plan.stop
    longest = f" (all but the last for at most {', '.join(map(str, stop.longest))} questions)" if stop.longest else ""
    head = [name.format(baseline=plan.baseline, reference=plan.reference) for name in HEAD]
    lines = [
        "# Does the mixture pay?",
        "",
        "Written by `python training/study.py --plan docs/results/plan.yaml`. Every run trains until its held-out loss was asked "
        f"{stop.last} times without falling by more than {stop.nats} nats, at learning rates {', '.join(map(str, stop.rates))} one after "
        f"the other{longest}, on at least {stop.at_least} and at most {stop.at_most} questions. EM: every likeliest token of the answer is right, "
        "behind the objects that the model itself points at, which is the EM of greedy decoding. Differences: the same questions and "
        "seeds; 95 % intervals by a bootstrap over seeds and scenes at once.",
        "",
    ]
    if missing:
        lines += [f"**Not finished**: {len(missing)} of {len(plan.queue())} runs are missing (list at the end).", ""]
    if rows:
        results = next(iter(found[rows[0]["variant"]].values()))
        lines += [
            f"{len(results['scene'])} held-out questions about {len(set(results['scene']))} scenes. A guess that knows the wording of "
            f"the question and does not see the scene reaches {100 * rows[0]['blind_em']:.1f} %.",
            "",
            "| " + " | ".join(head) + " |",
            "|" + "---|" * len(head),
            *("| " + " | ".join(_cells(row)) + " |" for row in rows),
            "",
            *(f"* **{row['variant']}**: {row['shows']}" for row in rows if row["shows"]),
            "",
            f"![cost]({FIGURE})",
            "",
        ]
    if missing:
        lines += ["## Missing", "", *(f"* {line}" for line in missing), ""]
    return "\n".join(lines)


def _cells(row: dict) -> list[str]:
    def difference(name: str, scale: float) -> str:
        values = row.get(name)
        if not values:
            return ""
        scaled = {key: values[key] * scale for key in ("mean", "low", "high")}
        return str(Difference(**scaled, seeds=values["seeds"], scenes=values["scenes"]))

    def over_seeds(values: list[float], digits: int) -> str:
        spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
        return f"{np.mean(values):.{digits}f}{spread}"

    def share(value: float | None) -> str:
        return "" if value is None else f"{100 * value:.1f} %"

    return [
        row["variant"],
        str(len(row["seeds"])),
        f"{row['trained'] / 1e6:.2f} M",
        f"{row['activated'] / 1e6:.1f} M",
        f"{row['activated_flops'] / 1e9:.3f}",
        f"{np.mean(row['texts']):.0f}" + ("" if row["plateau"] else " (no plateau)"),
        over_seeds(row["loss"], 3),
        difference("losses_against_baseline", 1),
        over_seeds([100 * value for value in row["em"]], 1),
        difference("right_against_baseline", 100),
        difference("right_against_reference", 100),
        share(row["least_load_text"]),
        share(row["least_load_3d"]),
    ]


def _figure(rows: list[dict], path: Path) -> None:
    """Loss and EM against what a token costs and against the time of training; a dot for each run."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained", sharey="row")
    for row in rows:
        flops = [row["activated_flops"] / 1e9] * len(row["seeds"])
        for column, cost in enumerate((flops, row["cpu_minutes"])):
            axes[0, column].scatter(cost, row["loss"], s=14, label=row["variant"])
            axes[1, column].scatter(cost, [100 * value for value in row["em"]], s=14)
    axes[1, 0].set_xlabel("activated GFLOP a token")
    axes[1, 1].set_xlabel("minutes of one core")
    axes[0, 0].set_ylabel("held-out loss, nats an answer")
    axes[1, 0].set_ylabel("EM, %")
    axes[1, 0].axhline(100 * rows[0]["blind_em"], linestyle="--", color="gray")
    axes[0, 1].legend(fontsize="x-small")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)

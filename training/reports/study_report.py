"""Report of the fidelity study: a table with paired intervals, bars, loss curves and the experts' loads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from training.evaluation.judging.comparison import paired_difference

TABLE, FIGURES, DATA = "study.md", ("study_em.png", "study_loss.png", "study_load.png"), "study.json"
STARVED_LOAD = 0.05  # of a modality's choices: an expert below is hardly used


def write_report(results: list[dict], output: Path, reference: str) -> str:
    """Write study.md, study.json and the plots into ``output`` -> the table."""
    output.mkdir(parents=True, exist_ok=True)
    by_name = {result["name"]: result for result in results}
    rows = [_row(result, by_name.get("dense"), by_name.get(reference)) for result in results]
    table = _table(rows)
    _plot_em(rows, output / FIGURES[0])
    _plot_losses(results, output / FIGURES[1])
    _plot_loads(results, output / FIGURES[2])
    (output / DATA).write_text(json.dumps(rows, indent=1) + "\n")
    (output / TABLE).write_text(_document(results, rows, table))
    return table


def _row(result: dict, dense: dict | None, reference: dict | None) -> dict:
    answers = result["answers"]
    row = {
        "name": result["name"],
        "shows": result["shows"],
        "em": answers["em"],
        "cider": answers["cider"],
        "by_type": {kind: values["em"] for kind, values in answers["by_type"].items()},
        "trained": result["trained"],
        "last_loss": float(np.mean(result["losses"][-20:])),
        "minutes": result["minutes"],
        "seed": result["seed"],
        "steps": result["steps"],
        "questions": answers["count"],
        "prior": answers["prior"]["em"],
    }
    row["held_out_loss"] = float(np.mean(result["held_out_losses"]))
    for name, other in (("dense", dense), ("reference", reference)):
        if other and other is not result:
            row[f"against_{name}"] = paired_difference(answers["records"], other["answers"]["records"])
            row[f"loss_against_{name}"] = _loss_difference(result["held_out_losses"], other["held_out_losses"])
    loads = result["loads"]
    for modality in ("text", "3d"):
        shares = [value for key, value in loads.items() if key.startswith(f"load/{modality}/")]
        if shares:
            row[f"least_load_{modality}"] = min(shares)
            row[f"starved_{modality}"] = sum(share < STARVED_LOAD for share in shares)
            row["experts_in_all"] = len(shares)
    return row


def _loss_difference(losses: list[float], others: list[float], resamples: int = 10_000) -> dict:
    """Mean difference on the same batches, with a 95 % paired bootstrap interval over batches."""
    gain = np.subtract(losses, others)
    drawn = np.random.default_rng(0).choice(gain, (resamples, len(gain))).mean(1)
    return {"loss": float(gain.mean()), "interval": np.percentile(drawn, (2.5, 97.5)).tolist(), "batches": len(gain)}


def _loss_cell(row: dict, name: str) -> str:
    found = row.get(f"loss_against_{name}")
    if not found:
        return ""
    low, high = found["interval"]
    return f"{found['loss']:+.3f} ({low:+.3f} to {high:+.3f})"


def _difference(row: dict, name: str) -> str:
    found = row.get(f"against_{name}")
    if not found:
        return ""
    low, high = found["interval"]
    return f"{100 * found['em']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _table(rows: list[dict]) -> str:
    head = (
        "variant",
        "held-out loss",
        "against dense (95 %)",
        "against the reference",
        "EM %",
        "against dense (95 %)",
        "CIDEr",
        "trained",
        "least load text",
        "3D",
        "experts below 5 %",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        load = [f"{100 * row[f'least_load_{m}']:.1f} %" if f"least_load_{m}" in row else "" for m in ("text", "3d")]
        starved = (
            f"{row['starved_text'] + row['starved_3d']} of {2 * row['experts_in_all']}" if "starved_text" in row else ""
        )
        cells = (
            row["name"],
            f"{row['held_out_loss']:.3f}",
            _loss_cell(row, "dense"),
            _loss_cell(row, "reference"),
            f"{100 * row['em']:.1f}",
            _difference(row, "dense"),
            f"{row['cider']:.2f}",
            f"{row['trained'] / 1e6:.2f} M",
            *load,
            starved,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _document(results: list[dict], rows: list[dict], table: str) -> str:
    first = rows[0]
    kinds = sorted(first["by_type"])
    by_type = ["| EM % by type | " + " | ".join(kinds) + " |", "|" + "---|" * (len(kinds) + 1)]
    by_type += [
        f"| {row['name']} | " + " | ".join(f"{100 * row['by_type'].get(k, 0):.0f}" for k in kinds) + " |"
        for row in rows
    ]
    shows = [f"* **{row['name']}**: {row['shows']}" for row in rows if row["shows"]]
    commands = [f"{result['command']}" for result in results]
    return "\n".join(
        [
            "# Fidelity study: the mixture against the dense LLM",
            "",
            f"Written by `python training/study.py`. Each variant: {first['steps']} steps on the same generated questions, seed "
            f"{first['seed']}, {first['questions']} held-out questions; a guess that sees nothing reaches "
            f"{100 * first['prior']:.1f} %. The held-out loss is that of words and pointers on {len(results[0]['held_out_losses'])} "
            "batches, the same for all. Intervals: paired bootstrap over scenes (EM) or batches (loss); they speak of the questions, "
            "not of other seeds: one run each.",
            "",
            table,
            "",
            *shows,
            "",
            *by_type,
            "",
            f"![EM]({FIGURES[0]})",
            "",
            f"![loss]({FIGURES[1]})",
            "",
            f"![loads]({FIGURES[2]})",
            "",
            "## Commands",
            "",
            "```bash",
            *commands,
            "```",
            "",
        ]
    )


def _axes(width: float = 7.0, height: float = 3.2):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height), layout="constrained")


def _save(figure, path: Path) -> None:
    from matplotlib import pyplot

    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _plot_em(rows: list[dict], path: Path) -> None:
    figure, axes = _axes()
    names = [row["name"] for row in rows][::-1]
    axes.barh(names, [100 * row["em"] for row in rows][::-1])
    axes.axvline(100 * rows[0]["prior"], linestyle="--", color="gray", label="a guess that sees nothing")
    axes.set_xlabel("exact match, %")
    axes.legend()
    _save(figure, path)


def _plot_losses(results: list[dict], path: Path, width: int = 10) -> None:
    figure, axes = _axes()
    for result in results:
        losses = np.asarray(result["losses"])
        window = min(width, len(losses))
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(np.arange(len(smooth)) + window, smooth, label=result["name"])
    axes.set_xlabel("step")
    axes.set_ylabel(f"loss, mean of {width} steps")
    axes.legend(fontsize="small")
    _save(figure, path)


def _plot_loads(results: list[dict], path: Path) -> None:
    figure, axes = _axes()
    ticks: list[str] = []
    for result in results:
        for modality in ("text", "3d"):
            shares = [100 * v for key, v in result["loads"].items() if key.startswith(f"load/{modality}/")]
            if shares:
                axes.scatter(shares, [len(ticks)] * len(shares), s=8)
                ticks.append(f"{result['name']}, {modality}")
    axes.axvline(100 * STARVED_LOAD, linestyle="--", color="gray")
    axes.set_yticks(range(len(ticks)), ticks, fontsize="small")
    axes.set_xlabel("share of a modality's choices, % (a dot for each expert of each layer)")
    _save(figure, path)

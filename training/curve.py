"""Success against samples seen, of kept states of a training: ``python training/curve.py --help``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from moe3d_ros.cores import compute_threads
from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.model.language.lora import merge_for_serving
from moe3d_ros.planner import Planner
from training.assembly import add_model_arguments, given_settings, model_of_runs
from training.engine.state import STATE, StateError, load_matching
from training.evaluation.judging.first_step import first_steps
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, Case, moment_pair, single_step_pair
from training.evaluation.judging.shares import shares

FAMILIES = {"single": "one step", "seen": "tasks A to E", "unseen": "tasks F to K", "practice": "practice tasks"}


def samples_of(folder: Path, per_step: float | None = None) -> float:
    """Number of samples that a state has seen, by itself or ``per_step`` of its steps. Raises ValueError where it does not say."""
    try:
        record = json.loads((folder / STATE).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{folder} holds no state of a run ({error}): name folders like runs/stage2/kept/0001000."
        ) from error
    seen = per_step * record["step"] if per_step else record.get("samples", 0.0)
    if not seen:
        raise ValueError(f"{folder} does not say how many samples it has seen: give --samples-per-step.")
    return float(seen)


def held_out_cases(scenes: int) -> list[Case]:
    """Instructions of one step and moments of long tasks, in turn, half of each in held-out wordings."""
    pairs = (single_step_pair(n // 2) if n % 2 == 0 else moment_pair(n // 2) for n in range(scenes))
    return [pair[number // 4 % 2] for number, pair in enumerate(pairs)]


def evaluate(planner: Planner, cases: list[Case]) -> dict:
    """Shares of right first steps by family of tasks, with counts and 95 % intervals."""
    records = first_steps(planner, cases, HELD_OUT_SEED % 1_000_000, "curve")
    return shares({words: [r["right"] for r in records if r["family"] == family] for family, words in FAMILIES.items()})


def plot(points: list[dict], path: Path) -> None:
    """One line per family of tasks, with its intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for words in FAMILIES.values():
        known = [point for point in points if point["counts"][words]]
        if known:
            seen, right = [point["samples"] for point in known], [100 * point[words] for point in known]
            (line,) = axes.plot(seen, right, marker="o", label=words)
            low, high = zip(*(point["intervals"][words] for point in known))
            axes.fill_between(seen, [100 * v for v in low], [100 * v for v in high], alpha=0.15, color=line.get_color())
    axes.set(xlabel="samples seen", ylabel="first step right, %", ylim=(0, 102))
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main(arguments: list[str] | None = None) -> int:
    """Evaluate every state on the same cases; write curve.json and curve.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("states", nargs="+", type=Path, help="kept states, such as runs/stage2/kept/*, or whole runs")
    add_model_arguments(parser)
    parser.add_argument(
        "--samples-per-step", type=float, help="for states that do not say how many samples they have seen"
    )
    parser.add_argument("--scenes", type=int, default=120, help="held-out cases (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("docs/results"), help="folder for curve.json and curve.png")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    if options.scenes < 1:
        parser.error("--scenes must be at least 1")
    if not (options.encoder and options.language):
        parser.error("give --encoder and --language")
    torch.set_num_threads(compute_threads())
    points = []
    try:
        states = sorted((samples_of(folder, options.samples_per_step), str(folder)) for folder in options.states)
        cases = held_out_cases(options.scenes)
        for samples, folder in states:
            model = model_of_runs(options.encoder, options.language, given_settings(options))
            load_matching({"language": model.language, "objects": model.language.objects}, folder)
            merge_for_serving(model.language.llm)
            planner = Planner(model.requires_grad_(False), device=options.device)
            points.append({"state": folder, "samples": samples, **evaluate(planner, cases)})
            known = [words for words in FAMILIES.values() if points[-1]["counts"][words]]
            shown = ", ".join(f"{words} {100 * points[-1][words]:.1f} %" for words in known)
            print(f"{samples:.0f} samples: {shown}", flush=True)
    except (ValueError, StateError, CheckpointError, BaseModelError) as error:
        print(error, file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "curve.json").write_text(
        json.dumps({"scenes": options.scenes, "points": points}, indent=1) + "\n"
    )
    plot(points, options.output / "curve.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())

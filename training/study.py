"""Fidelity study: does the mixture help? ``python training/study.py``

Every variant starts from the same dense LLM and is trained on the same questions for the same number of steps; then all are
asked the same held-out questions, and judged by their loss on the same held-out batches, which tells variants apart long
before their answers do. Writes a table, plots, the loss curves and the commands to ``docs/results/``. A study that was
interrupted goes on: finished variants are kept, a started one resumes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from moe3d_ros.model.language.answering import generate_answers
from moe3d_ros.model.perception.objects import from_detections
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.tabletop.simulation.raycast import CloudBatch
from training.engine.loop import train
from training.engine.run_log import last_details, read_losses
from training.engine.state import STATE
from training.evaluation import question_answering
from training.reports.study_report import write_report
from training.stages.command_line import parse
from training.stages.language import LanguageTask
from training.stages.settings import LanguageStage


@dataclass(frozen=True)
class Variant:
    """One run: its difference from the reference, and its purpose."""

    name: str
    shows: str
    settings: dict = field(default_factory=dict)
    stage_one: bool = True


# Encoder and Stage I of the default checkpoint, to which Stage II adds without changing them; nothing of its LLM.
INIT = "moe3d_ros/checkpoints/default:encoder,moe3d_ros/checkpoints/default:objects"
HELD_OUT_SEED = 2_000_000_000  # of the batches for the loss: training's are counted up from its own seed
REFERENCE = "4 experts, top 2"
VARIANTS = (
    Variant("dense", "LoRA on the dense LLM, as many trained numbers", {"dense": True}),
    Variant(REFERENCE, "the reference: what the default checkpoint is"),
    Variant("4 experts, top 1", "half of the activated experts", {"top_k": 1}),
    Variant("2 experts, top 2", "every expert for every token", {"experts": 2}),
    Variant("2 experts, top 1", "", {"experts": 2, "top_k": 1}),
    Variant("1 expert", "the conversion without a choice", {"experts": 1, "top_k": 1}),
    Variant("no balance loss", "what becomes of the loads", {"balance": 0.0}),
    Variant(
        "no Stage I",
        "relation encoder and projection from random weights, trained along",
        {"tune_objects": True},
        False,
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Train and evaluate every variant without a result, then write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", default=INIT, help=f"encoder first, then Stage I, comma-separated (default {INIT})")
    parser.add_argument("--output", type=Path, default=Path("docs/results"), help="report (default docs/results)")
    parser.add_argument("--runs", type=Path, default=Path("runs/study"), help="folder of the runs")
    parser.add_argument(
        "--variants",
        default=",".join(v.name.replace(",", ";") for v in VARIANTS),
        help="names, comma-separated; a comma within a name as a semicolon",
    )
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--questions", type=int, default=1000, help="asked of each variant")
    parser.add_argument("--batches", type=int, default=60, help="held-out batches for the loss")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report-only", action="store_true", help="write the report of the results that there are")
    options, extra = parser.parse_known_args(arguments)
    names = [name.replace(";", ",") for name in options.variants.split(",")]
    unknown = set(names) - {variant.name for variant in VARIANTS}
    if unknown:
        parser.error(f"no variant {', '.join(sorted(unknown))}: there are {', '.join(v.name for v in VARIANTS)}")
    results = []
    for variant in VARIANTS:
        if variant.name not in names:
            continue
        path = options.runs / f"{slug(variant.name)}.json"
        if not path.exists():
            if options.report_only:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(run_variant(variant, options, extra), indent=1))
        results.append(json.loads(path.read_text()))
    if not results:
        parser.error(f"{options.runs} has no results yet")
    print(write_report(results, options.output, REFERENCE))
    return 0


def slug(name: str) -> str:
    """A name for files."""
    return name.replace(",", "").replace(" ", "-").lower()


def stage_arguments(variant: Variant, options, extra: list[str]) -> list[str]:
    """The arguments of training/train.py that make this variant."""
    parts = options.init.split(",")
    init = options.init if variant.stage_one else parts[0]
    values = {
        "output": str(options.runs / slug(variant.name)),
        "init": init,
        "steps": options.steps,
        "seed": options.seed,
        "texts": "questions",
        "real_scenes": 0.0,
        "tune_objects": False,
        "learning_rate": 6e-4,
        "warmup": 10,
        **variant.settings,
    }
    return ["--stage", "2", *(text for key, value in values.items() for text in (f"--{key}", str(value))), *extra]


def run_variant(variant: Variant, options, extra: list[str]) -> dict:
    """Train and evaluate one variant; returns everything that the report needs."""
    arguments = stage_arguments(variant, options, extra)
    config = parse(arguments)
    assert isinstance(config, LanguageStage)
    task = LanguageTask(config)
    trained = sum(p.numel() for p in task.model.parameters() if p.requires_grad)
    resumed = (Path(config.output) / STATE).exists()
    start = time.monotonic()
    figures = train(task, config)
    minutes = (time.monotonic() - start) / 60
    task.model.eval()

    @torch.no_grad()
    def answer(cloud: CloudBatch, questions: Sequence[str]) -> list[str]:
        patches = make_patches(cloud.scene, cloud.points, cloud.colors, 1)
        return generate_answers(task.model, from_detections(task.encoder(patches)[1]), questions)

    answers = question_answering.ask(answer, options.questions)
    return {
        "name": variant.name,
        "shows": variant.shows,
        "seed": options.seed,
        "steps": config.steps,
        "command": "python training/train.py " + " ".join(f'"{a}"' if " " in a or not a else a for a in arguments),
        "trained": trained,
        "minutes": None if resumed else minutes,
        "threads": torch.get_num_threads(),
        "figures": figures,
        "loads": last_details(config.output),
        "losses": read_losses(config.output),
        "answers": answers,
        "held_out_losses": held_out_losses(task, options.batches),
    }


@torch.no_grad()
def held_out_losses(task: LanguageTask, batches: int) -> list[float]:
    """Loss of words and pointers, without the routers' own, on batches that training never sees: the same for every variant."""
    losses = []
    for number in range(batches):
        _, figures = task.loss(task.make_batch(HELD_OUT_SEED + number))
        losses.append(figures["task_loss"])
    return losses


if __name__ == "__main__":
    sys.exit(main())

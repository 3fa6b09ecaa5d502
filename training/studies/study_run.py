"""One run of the study: trained to its plateau piece by piece, each piece evaluated; it goes on where it was stopped."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moe3d_ros.model.experts.counting import count_flops, count_parameters
from training.engine.loop import train
from training.engine.run_log import last_details
from training.engine.state import STATE
from training.studies.held_out_answers import answers_given_pointers, blind_right, greedy_right, scene_numbers
from training.studies.study_plan import Plan, Variant
from training.studies.study_task import StudyTask

CURVE = "curve.json"  # of a run: its evaluations
# Settings of a run that its plan does not say: where it lies, and how far and how fast it is trained at the moment.
ON_THE_WAY = {"output", "scenes", "steps", "learning_rate", "stop_after"}


@dataclass(frozen=True)
class Place:
    """Folders of the runs, of the cached scenes, and of what finished runs found (that of the runs, if not given)."""

    runs: Path
    scenes: Path
    results: Path | None = None

    def result(self, variant: Variant, seed: int) -> Path:
        """File of a finished run."""
        return (self.results or self.runs) / f"{variant.slug}-{seed}.json"

    def found(self, plan: Plan, variant: Variant, seed: int) -> dict[str, Any] | None:
        """Result of a finished run; None where it is not finished.

        Raises:
            ValueError: the file holds no result, or that of a run with other settings than the plan's.
        """
        path = self.result(variant, seed)
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_text())
            config = {name: found["config"][name] for name in found["config"].keys() - ON_THE_WAY}
            found["scenes"], found["questions"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no result of a finished run: {' '.join(str(error).split())}") from error
        asked = json.loads(json.dumps(plan.stage(variant, seed, self.runs, self.scenes).to_dict()))
        other = sorted(name for name in config.keys() & asked.keys() if config[name] != asked[name])
        if other:
            raise ValueError(
                f"{path} is of a run with another {', '.join(other)} than the plan's: remove it, or name another folder"
            )
        return found

    def curve(self, variant: Variant, seed: int) -> list[dict]:
        """Evaluations of a run so far."""
        path = self.runs / f"{variant.slug}-{seed}" / CURVE
        return json.loads(path.read_text()) if path.exists() else []


def run(plan: Plan, variant: Variant, seed: int, place: Place, until: float | None = None) -> bool:
    """Train to the plateau and write the result -> False where the run was stopped before.

    Args:
        until: moment of time.monotonic() at which to stop.
    """
    stage = plan.stage(variant, seed, place.runs, place.scenes)
    task = StudyTask(stage)
    curve = place.curve(variant, seed)
    texts_a_step = stage.batch_size * stage.pairs * stage.accumulate
    piece = max(plan.stop.every // texts_a_step, 1)
    while True:
        texts = len(curve) * piece * texts_a_step
        level = plan.stop.level([point["loss"] for point in curve], texts)
        over = level == len(plan.stop.rates)
        target = (len(curve) + (not over)) * piece
        left = None if until is None else max((until - time.monotonic()) / 60, 1e-3)
        rate = plan.stop.rates[min(level, len(plan.stop.rates) - 1)]
        before, started = _steps_done(Path(stage.output)), time.process_time()
        train(task, replace(stage, steps=target, learning_rate=rate, stop_after=left))  # over: weights are loaded
        if over:
            break
        trained = time.process_time() - started
        if _steps_done(Path(stage.output)) < target:
            return False
        found = answers_given_pointers(task)
        point = {
            "texts": target * texts_a_step,
            "rate": rate,
            "loss": float(found.losses.mean()),
            "em_given_pointers": float(found.right.mean()),
            "cpu_seconds": trained,  # of the last start of this piece
            "texts_a_second": (target - before) * texts_a_step / trained,
        }
        curve.append(point)
        _write(Path(stage.output) / CURVE, curve)
        print(f"{variant.name}, seed {seed}: " + ", ".join(f"{k} {v:.4g}" for k, v in point.items()), flush=True)
        if until is not None and time.monotonic() >= until:
            return False
    _write(place.result(variant, seed), _result(task, variant, seed, curve))
    return True


def _steps_done(folder: Path) -> int:
    """Optimiser steps of a run's saved state."""
    state = folder / STATE
    return json.loads(state.read_text())["step"] if state.exists() else 0


def _result(task: StudyTask, variant: Variant, seed: int, curve: list[dict]) -> dict[str, Any]:
    """Everything that the report needs of a finished run."""
    found, llm = answers_given_pointers(task), task.model.llm
    count, flops = count_parameters(llm), count_flops(llm)
    return {
        "variant": variant.name,
        "seed": seed,
        "config": task.config.to_dict(),
        "scenes": task.identity["scenes"],
        "questions": [task.training.asked, task.held_out.asked],
        "trained": sum(p.numel() for p in task.model.parameters() if p.requires_grad),
        "activated": count.activated,
        "total": count.total,
        "activated_flops": flops.activated,
        "computed_flops": flops.computed,
        "curve": curve,
        "loads": last_details(task.config.output),
        "blind_em": blind_right(task),
        "scene": scene_numbers(task.held_out),
        "kind": [question.kind for asked in task.held_out.questions for question in asked],
        "losses": [round(float(value), 5) for value in found.losses],
        "right": [int(value) for value in greedy_right(task)],
    }


def _write(path: Path, values: Any) -> None:
    """Write JSON so that the file is whole once it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(json.dumps(values) + "\n")
    os.replace(draft, path)

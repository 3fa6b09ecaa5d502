"""Plans with the LLM in bfloat16 and in 8 bits against float32: are they the same, how long do they take, what memory does each need?

    python -m benchmarks weights [--scenes 200] [--formats bfloat16 int8] [--checkpoint default] [--threads 1] [--json out.json]

All plan the same instructions on the same clouds, in turns, so that whatever else the machine does meets both; scenes are the held-out
ones of suite `wordings`, half of one step and half moments of long tasks. Memory is that of a process of its own with the planner
loaded as the node loads it, and one plan made: what it holds, and of that what it does not share with a file on the disk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.decode import ratio
from moe3d_ros.model.llm_weights import BFLOAT16, FLOAT32, INT8
from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, Case, moment_pair, single_step_pair
from training.evaluation.judging.shares import interval

SMALLEST_MOVE = 1.0  # millimetres by which poses of equal steps count as different


def main(arguments: list[str] | None = None) -> int:
    """Plan with each and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks weights", description=__doc__)
    parser.add_argument("--scenes", type=int, default=200, help="default: %(default)s")
    parser.add_argument(
        "--formats", nargs="+", choices=(BFLOAT16, INT8), default=(BFLOAT16, INT8), help="default: both"
    )
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    formats = (FLOAT32, *options.formats)
    planners = {weights: Planner.from_pretrained(options.checkpoint, llm_weights=weights) for weights in formats}
    records = [_planned(planners, number) for number in tqdm(range(options.scenes), desc="weights", mininterval=5)]
    found: dict = {weights: summary(records, weights) for weights in options.formats}
    found["megabytes"] = {weights: _measured(options.checkpoint, weights) for weights in formats}
    print(_table(found, options.threads))
    if options.json:
        options.json.write_text(json.dumps(found | {"records": records}, indent=1) + "\n")
    return 0


def summary(records: list[dict], weights: str) -> dict:
    """Share of plans equal to those in float32, poses of equal steps that differ, and times."""
    same = [record["texts"][weights] == record["texts"][FLOAT32] for record in records]
    moved = [value for record, equal in zip(records, same) if equal for value in _apart(record["poses"], weights)]
    seconds = {name: [record["seconds"][name] for record in records] for name in (weights, FLOAT32)}
    return {
        "same": float(np.mean(same)),
        "interval": interval(same),
        "plans": len(same),
        "poses": len(moved),
        "poses_moved": int(np.sum(np.array(moved) > SMALLEST_MOVE)),
        "most_millimetres": max(moved, default=0.0),
        "seconds": ratio(seconds[weights], seconds[FLOAT32]),
    }


def _apart(poses: dict[str, list], weights: str) -> list[float]:
    """Millimetres between the positions of a plan and of the one in float32."""
    return [1e3 * float(np.linalg.norm(np.subtract(one, two))) for one, two in zip(poses[weights], poses[FLOAT32])]


def _planned(planners: dict[str, Planner], number: int) -> dict:
    """Each one's plan of a scene, in an order that turns from scene to scene."""
    case = (single_step_pair if number % 2 == 0 else moment_pair)(number // 2)[0]
    cloud = _cloud(case, number)
    record: dict = {"instruction": case.instruction, "texts": {}, "poses": {}, "seconds": {}}
    names = list(planners)
    first = number // 2 % len(names)
    for weights in names[first:] + names[:first]:
        start = time.perf_counter()
        plan, texts = _plan(planners[weights], cloud, case)
        record["seconds"][weights] = time.perf_counter() - start
        record["texts"][weights] = texts
        actions = plan.actions if plan else ()
        record["poses"][weights] = [list(end.position) for action in actions for end in (action.pick, action.place)]
    return record


def _cloud(case: Case, number: int) -> tuple[np.ndarray, np.ndarray]:
    return sense(
        batch_scenes([case.scene]), SensorRange(), torch.Generator().manual_seed(HELD_OUT_SEED + number)
    ).as_sensed()


def _plan(planner: Planner, cloud: tuple[np.ndarray, np.ndarray], case: Case) -> tuple[Plan | None, list[str]]:
    """A plan and its steps' texts; the sentence where it is refused."""
    try:
        plan = planner.plan(*cloud, case.instruction, case.history)
    except PlanningError as error:
        return None, [error.code.name]
    return plan, [action.text for action in plan.actions]


def _measured(checkpoint: str, weights: str) -> dict[str, float]:
    """Megabytes of a process with such a planner that has planned: all that it holds, and what is its own alone."""
    case = single_step_pair(0)[0]
    points, colors = _cloud(case, 0)
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "scene.npz"
        np.savez(scene, points=points, colors=colors)
        command = [
            sys.executable,
            "-m",
            "benchmarks._planner_memory",
            checkpoint,
            weights,
            str(scene),
            case.instruction,
        ]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _table(found: dict, threads: int) -> str:
    lines = []
    for weights in (name for name in (BFLOAT16, INT8) if name in found):
        of = found[weights]
        low, high = of["interval"]
        times = of["seconds"]
        lines += [
            f"{weights}: plans equal to float32's: {100 * of['same']:.1f} % (95 % {100 * low:.1f} to {100 * high:.1f}, n={of['plans']})",
            f"  poses of equal steps more than {SMALLEST_MOVE:g} mm apart: {of['poses_moved']} of {of['poses']}, "
            f"{of['most_millimetres']:.1f} mm at most",
            f"  seconds a plan on {threads} threads: {times['ours']:.3f}, float32 {times['other']:.3f}, ratio {times['ratio']:.3f} "
            f"(95 % {times['interval'][0]:.3f} to {times['interval'][1]:.3f})",
        ]
    for weights, size in found["megabytes"].items():
        lines.append(f"memory, {weights}: {size['held']:.0f} MB, of that {size['own']:.0f} MB of no file")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())

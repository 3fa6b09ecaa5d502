"""Plans with the LLM's weights in 8 bits against float32: are they the same, how long do they take, and what does each need of memory?

    python -m benchmarks weights [--scenes 200] [--checkpoint default] [--threads 1] [--json out.json]

Both plan the same instructions on the same clouds, in turns, so that whatever else the machine does meets both; scenes are the held-out
ones of suite `wordings`, half of one step and half moments of long tasks. Memory is that of a process of its own with the planner
loaded and one plan made: what it holds, and of that what it does not share with a file on the disk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.decode import ratio
from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.planner import LLM_WEIGHTS, Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, Case, moment_pair, single_step_pair
from training.evaluation.judging.shares import interval

FLOAT, INT8 = LLM_WEIGHTS
SMALLEST_MOVE = 1.0  # millimetres by which poses of equal steps count as different


def main(arguments: list[str] | None = None) -> int:
    """Plan with both and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks weights", description=__doc__)
    parser.add_argument("--scenes", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory-of", choices=LLM_WEIGHTS, help=argparse.SUPPRESS)  # of this process
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.memory_of:
        print(json.dumps(_memory(options.checkpoint, options.memory_of)))
        return 0
    planners = {weights: Planner.from_pretrained(options.checkpoint, llm_weights=weights) for weights in LLM_WEIGHTS}
    records = [_compared(planners, number) for number in tqdm(range(options.scenes), desc="weights", mininterval=5)]
    found = summary(records)
    found["megabytes"] = {weights: _measured(options.checkpoint, weights) for weights in LLM_WEIGHTS}
    print(_table(found, options.threads))
    if options.json:
        options.json.write_text(json.dumps(found | {"records": records}, indent=1) + "\n")
    return 0


def summary(records: list[dict]) -> dict:
    """Share of equal plans, poses of equal steps that differ, and times."""
    same = [record["same"] for record in records]
    moved = [value for record in records for value in record["millimetres"]]
    seconds = {weights: [record["seconds"][weights] for record in records] for weights in LLM_WEIGHTS}
    return {
        "same": float(np.mean(same)),
        "interval": interval(same),
        "plans": len(same),
        "poses": len(moved),
        "poses_moved": int(np.sum(np.array(moved) > SMALLEST_MOVE)),
        "most_millimetres": max(moved, default=0.0),
        "seconds": ratio(seconds[INT8], seconds[FLOAT]),
    }


def _compared(planners: dict[str, Planner], number: int) -> dict:
    """Both plans of a scene; every other scene the other one plans first."""
    case = (single_step_pair if number % 2 == 0 else moment_pair)(number // 2)[0]
    plans: dict[str, Plan | None] = {}
    texts: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    for weights in sorted(planners, reverse=bool(number % 4 > 1)):
        start = time.perf_counter()
        plans[weights], texts[weights] = _plan(planners[weights], case, number)
        seconds[weights] = time.perf_counter() - start
    same = texts[FLOAT] == texts[INT8]
    ours, other = (plans[weights].actions if plans[weights] else () for weights in (INT8, FLOAT))
    apart = [
        1e3 * float(np.linalg.norm(np.subtract(getattr(one, end).position, getattr(two, end).position)))
        for one, two in zip(ours, other)
        for end in ("pick", "place")
        if same
    ]
    return {"instruction": case.instruction, "texts": texts, "same": same, "millimetres": apart, "seconds": seconds}


def _plan(planner: Planner, case: Case, number: int) -> tuple[Plan | None, list[str]]:
    """A plan and its steps' texts; the sentence where it is refused."""
    cloud = sense(batch_scenes([case.scene]), SensorRange(), torch.Generator().manual_seed(HELD_OUT_SEED + number))
    try:
        plan = planner.plan(*cloud.as_sensed(), case.instruction, case.history)
    except PlanningError as error:
        return None, [error.code.name]
    return plan, [action.text for action in plan.actions]


def _memory(checkpoint: str, weights: str) -> dict[str, float]:
    """Megabytes of this process with a planner that has planned: all that it holds, and what is its own alone."""
    planner = Planner.from_pretrained(checkpoint, llm_weights=weights)
    _plan(planner, single_step_pair(0)[0], 0)
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return {name: int(lines[key].split()[0]) / 1e3 for name, key in (("held", "VmRSS"), ("own", "RssAnon"))}


def _measured(checkpoint: str, weights: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks", "weights", "--checkpoint", checkpoint, "--memory-of", weights]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _table(found: dict, threads: int) -> str:
    low, high = found["interval"]
    times = found["seconds"]
    lines = [
        f"equal plans: {100 * found['same']:.1f} % (95 % {100 * low:.1f} to {100 * high:.1f}, n={found['plans']})",
        f"poses of equal steps more than {SMALLEST_MOVE:g} mm apart: {found['poses_moved']} of {found['poses']}, "
        f"{found['most_millimetres']:.1f} mm at most",
        f"seconds a plan on {threads} threads: {INT8} {times['ours']:.3f}, {FLOAT} {times['other']:.3f}, ratio {times['ratio']:.3f} "
        f"(95 % {times['interval'][0]:.3f} to {times['interval'][1]:.3f})",
    ]
    for weights, size in found["megabytes"].items():
        lines.append(f"memory, {weights}: {size['held']:.0f} MB, of that {size['own']:.0f} MB of no file")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())

"""Stage II on this machine: samples and tokens per second, share of the measured matrix peak, waiting for data, memory.

One process with all cores, then as many single-threaded processes as there are cores (``--processes``): the step is the
same, only who computes it differs. Then stage ``reason``, with the drawing of tasks and the search for their right moves in
worker processes: decisions per second. Then how long a checkpoint takes to load.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REASON_STEPS = 40  # of 64 decisions; reading the instructions comes before them and is not counted
FEW_INSTRUCTIONS = ("seen:20:0.1", "practice:40:0.2", "single:60:0.2", "absent:10:0.1", "composed:60:0.4")
SHOWN = (
    "samples_per_s",
    "tokens_per_s",
    "gflops",
    "of_float32_peak",
    "of_bfloat16_peak",
    "data_wait",
    "peak_memory_gb",
)


def main(arguments: list[str] | None = None) -> int:
    """Train a few steps in each arrangement and print the rates of the second half."""
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benchmarks training", description=__doc__)
    parser.add_argument("--steps", type=int, default=12, help="of each arrangement; the first half warms up")
    parser.add_argument("--batch-size", type=int, default=8, help="scenes per step")
    parser.add_argument("--processes", type=int, default=cores, help=f"of the second arrangement (default {cores})")
    parser.add_argument("--precision", default="auto", help="float32, bfloat16 or auto")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    arrangements = {f"1 process, {cores} threads": (1, cores)}
    if options.processes > 1:
        arrangements[f"{options.processes} processes, 1 thread each"] = (options.processes, 1)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (processes, threads) in arrangements.items():
            found[name] = _train(Path(folder) / str(processes), processes, threads, options)
        found["stage reason"] = _decisions(Path(folder) / "reason", cores)
    print(f"{'':32}" + "".join(f"{name:>18}" for name in SHOWN))
    for name in arrangements:
        print(f"{name:32}" + "".join(f"{found[name][key]:18.3f}" for key in SHOWN))
    reason = found["stage reason"]
    print(
        f"stage reason: {reason['samples_per_s']:.0f} decisions a second, tasks drawn meanwhile, {reason['data_wait']:.2f} of the "
        "time spent waiting for them"
    )
    found["load_s"] = _load_seconds()
    print(f"load of the default checkpoint, base LLM cached: {found['load_s']:.2f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _train(output: Path, processes: int, threads: int, options) -> dict[str, float]:
    """Figures of the last log interval of a short Stage II from the default checkpoint."""
    launcher = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    )
    own = ["--batch_size", str(max(options.batch_size // processes, 1)), "--precision", options.precision]
    return _figures(output, "2", max(options.steps // 2, 1), threads, own, launcher)


def _decisions(output: Path, cores: int) -> dict[str, float]:
    """The same of a short stage ``reason`` on a few instructions."""
    own = ["--states", str(output / "states"), "--workers", str(cores), "--sources", *FEW_INSTRUCTIONS]
    return _figures(output, "reason", REASON_STEPS // 2, max(cores - 1, 1), own)


def _figures(output: Path, stage: str, half: int, threads: int, own: list[str], launcher: Sequence[str] = ()) -> dict:
    """Figures of the second half of a short run of a stage from the default checkpoint."""
    common = ["--stage", stage, "--output", str(output), "--init", str(ROOT / "moe3d_ros/checkpoints/default")]
    common += ["--steps", str(2 * half), "--log_every", str(half), "--threads", str(threads)]
    command = [sys.executable, *launcher, str(ROOT / "training/train.py"), *common, *own]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    words = (output / "log.txt").read_text().splitlines()[-1].split()
    return {key: float(value) for key, value in itertools.pairwise(words) if key in SHOWN}


def _load_seconds() -> float:
    from moe3d_ros.planner import Planner

    start = time.perf_counter()
    Planner.from_pretrained("default")
    return time.perf_counter() - start

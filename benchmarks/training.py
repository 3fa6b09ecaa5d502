"""Stage II on this machine: samples and tokens per second, share of the measured matrix peak, waiting for data, memory.

One process with all cores, then as many single-threaded processes as there are cores (``--processes``): the step is the
same, only who computes it differs. Then how long a checkpoint takes to load.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
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
    print(f"{'':32}" + "".join(f"{name:>18}" for name in SHOWN))
    for name, figures in found.items():
        print(f"{name:32}" + "".join(f"{figures[key]:18.3f}" for key in SHOWN))
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
    half = max(options.steps // 2, 1)
    command = [
        sys.executable,
        *launcher,
        str(ROOT / "training/train.py"),
        "--stage",
        "2",
        "--output",
        str(output),
        "--init",
        str(ROOT / "moe3d_ros/checkpoints/default"),
        "--steps",
        str(2 * half),
        "--log_every",
        str(half),
        "--batch_size",
        str(max(options.batch_size // processes, 1)),
        "--threads",
        str(threads),
        "--precision",
        options.precision,
    ]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    words = (output / "log.txt").read_text().splitlines()[-1].split()
    return {key: float(value) for key, value in itertools.pairwise(words) if key in SHOWN}


def _load_seconds() -> float:
    from moe3d_ros.planner import Planner

    start = time.perf_counter()
    Planner.from_pretrained("default")
    return time.perf_counter() - start

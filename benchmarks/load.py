"""Time of a plan on a busy computer: alone, and beside as many busy processes as there are cores, in turns.

    python -m benchmarks load [--plans 10] [--threads 0] [--spin] [--json out.json]

`--spin` leaves OpenMP's threads waiting busily, as they do by default outside this package. The ratio is that of the
medians; its interval is of 2000 resamplings of the pairs, 95 %.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from moe3d_ros.cores import compute_threads, let_threads_sleep

MOST = 2.0  # times as long as alone
INSTRUCTION = "put the red block in the green bowl"
RESAMPLED = 2000


def _spin(ready) -> None:
    ready.release()
    while True:
        pass


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Context: so many other processes compute without a pause."""
    make = multiprocessing.get_context("spawn")
    ready = make.Semaphore(0)
    running = [make.Process(target=_spin, args=(ready,), daemon=True) for _ in range(processes)]
    for process in running:
        process.start()
    try:
        for _ in running:
            ready.acquire()
        yield
    finally:
        for process in running:
            process.terminate()
            process.join()


def time_plans(plans: int, threads: int, cores: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of plans alone and beside busy processes, (plans,) each."""
    import torch

    from benchmarks._scene import table_with_blocks
    from moe3d_ros.planner import Planner

    planner = Planner.from_pretrained("default")
    torch.set_num_threads(threads)
    points, colors = table_with_blocks()

    def timed() -> float:
        start = time.perf_counter()
        planner.plan(points, colors, INSTRUCTION)
        return time.perf_counter() - start

    timed()  # the first one also fills caches
    pairs = []
    for _ in range(plans):
        alone = timed()
        with busy(cores):
            pairs.append((alone, timed()))
    alone, beside = np.array(pairs).T
    return alone, beside


def ratio(alone: np.ndarray, beside: np.ndarray) -> tuple[float, float, float]:
    """Ratio of the time beside others to the time alone, with the ends of its interval."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(alone), size=(RESAMPLED, len(alone)))
    ratios = np.median(beside[drawn], axis=1) / np.median(alone[drawn], axis=1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(np.median(beside) / np.median(alone)), float(low), float(high)


def main(argv=None) -> int:
    """Print both times and their ratio; exit code 1 where it misses the bar."""
    parser = argparse.ArgumentParser(prog="benchmarks load", description=__doc__.splitlines()[0])
    parser.add_argument("--plans", type=int, default=10, help="plans of each sort (default 10)")
    parser.add_argument("--threads", type=int, default=0, help="threads of the model; 0 (default): as the planner node")
    parser.add_argument("--spin", action="store_true", help="leave threads that wait spinning")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args(argv)
    if not options.spin:
        let_threads_sleep()
    cores, threads = len(os.sched_getaffinity(0)), compute_threads(options.threads)
    alone, beside = time_plans(options.plans, threads, cores)
    times, low, high = ratio(alone, beside)
    waiting = "spin" if options.spin else "sleep"
    print(
        f"a plan with {threads} of {cores} cores' threads, which {waiting} while they wait (n={len(alone)} each, in turns)"
    )
    for name, seconds in (("alone", alone), (f"beside {cores} busy processes", beside)):
        print(f"  {name:<26} median {np.median(seconds):.2f} s, {seconds.min():.2f} to {seconds.max():.2f} s")
    print(
        f"  {times:.2f} times as long ({low:.2f} to {high:.2f}); at most {MOST:g}: {'yes' if times <= MOST else 'no'}"
    )
    if options.json:
        Path(options.json).write_text(
            json.dumps({"alone": alone.tolist(), "beside": beside.tolist()}), encoding="utf-8"
        )
    return 0 if times <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())

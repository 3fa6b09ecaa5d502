"""Throughput of a run: samples and tokens per second, operations as a share of what this machine can multiply, memory.

Operations are counted by PyTorch's own formulas over a real step, forward and backward: matrix products and attention,
nothing else. The peak is measured, not looked up: the best of a few large matrix products with the same threads.
"""

from __future__ import annotations

import functools
import resource
import sys
import time

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

RATES = ("samples_per_s", "tokens_per_s", "gflops")  # of one process: those of several add up


@functools.lru_cache
def matrix_peak(device: str, dtype: torch.dtype, size: int = 0, rounds: int = 6) -> float:
    """Operations per second of a square matrix product (2 n^3 of them), the best of ``rounds`` after a warm-up."""
    size = size or (8192 if device.startswith("cuda") else 1536)
    a, b = (torch.ones(size, size, device=device, dtype=dtype) for _ in range(2))

    def seconds() -> float:
        start = time.perf_counter()
        torch.mm(a, b)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds()
    return 2 * size**3 / min(seconds() for _ in range(rounds))


class OperationCounter(TorchDispatchMode):
    """Adds up the floating-point operations of what runs inside, ``total``.

    torch's FlopCounterMode does the same by module, with hooks that a backward inside a backward (the experts') breaks.
    """

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


class Meter:
    """Counts what a training loop does between two log lines.

    The operations of one step in every interval are counted; the others are taken to need as many per token (per
    sample where a task has no tokens), since counting slows a step down a little.
    """

    def __init__(self, device: str):
        self.device = device
        self.peaks = {name: matrix_peak(device, getattr(torch, name)) for name in ("float32", "bfloat16")}
        self.per_unit: float | None = None
        self.started = time.perf_counter()
        self.restart()

    def restart(self) -> None:
        """A new interval."""
        self.samples = self.tokens = self.waited = 0.0
        self.counter: OperationCounter | None = None
        self.since = time.perf_counter()

    def counting(self) -> OperationCounter | None:
        """A counter to enter around the first micro-batch of an interval; None later on."""
        if self.counter is not None:
            return None
        self.counter = OperationCounter()
        return self.counter

    def counted(self, tokens: float, samples: float) -> None:
        """Take note of what the micro-batch under the counter held."""
        assert self.counter is not None  # this follows counting()
        self.per_unit = self.counter.total / (tokens or samples)

    def add(self, samples: float, tokens: float) -> None:
        """One micro-batch more."""
        self.samples += samples
        self.tokens += tokens

    def figures(self) -> dict[str, float]:
        """Rates of the interval, of this process alone."""
        seconds = max(time.perf_counter() - self.since, 1e-9)
        found = {
            "samples_per_s": self.samples / seconds,
            "data_wait": self.waited / seconds,
            "peak_memory_gb": peak_memory(self.device) / 1e9,
        }
        if self.tokens:
            found["tokens_per_s"] = self.tokens / seconds
        if self.per_unit is not None:
            rate = self.per_unit * (self.tokens or self.samples) / seconds
            found["gflops"] = rate / 1e9
            for name, peak in self.peaks.items():
                found[f"of_{name}_peak"] = rate / peak
        return found


def peak_memory(device: str) -> float:
    """Largest memory of this process so far, bytes: resident on a CPU, allocated on a GPU."""
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)

"""Threads of a process that shares its cores: how many compute, and that those which wait do not spin. No torch here.

OpenMP's threads wait for each other busily by default. Where other processes want the cores too, a thread that spins
takes the time of the one that it waits for: a plan of 0.7 s took 2.6 to 4.8 s with two threads beside two busy processes.
OpenBLAS, which numpy multiplies with, has threads that wait busily and cannot sleep, so it has one: of 3,000 products
(3, 3) x (3, 65536) on two busy cores the slowest took 273 ms with two threads, and 0.3 ms with one.

The priority stays what the program was started with: nobody may raise it without rights, and `nice` lowers it.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # read when numpy is loaded
# Of GNU's and LLVM's OpenMP: a thread that waits sleeps. Read once, when the library is loaded with torch.
SLEEP = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have threads sleep while they wait, unless the environment says otherwise; before numpy and torch are imported."""
    for name, number in ONE_THREAD.items():
        environment.setdefault(name, number)
    if not environment.keys() & SLEEP.keys():
        environment.update(SLEEP)


def compute_threads(wanted: int = 0) -> int:
    """Threads to compute with: as wanted, or for 0 half of the cores that this process may use, at least one."""
    return wanted or max(1, len(os.sched_getaffinity(0)) // 2)

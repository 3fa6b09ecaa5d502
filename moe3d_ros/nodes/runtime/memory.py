"""Memory that this process holds, and giving back what it no longer needs."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys

M_ARENA_MAX, ARENAS = -8, 2  # of glibc's mallopt
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 4 << 20  # bytes
M_TRIM_THRESHOLD, KEPT_BYTES = -1, 16 << 20  # bytes


def memory_mib() -> float:
    """Memory that this process holds, MiB (peak where the system does not say)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def release_memory() -> None:
    """Collect unreferenced objects, and return free memory to the GPU's driver and to the system."""
    gc.collect()
    torch = sys.modules.get("torch")  # not imported here: a node that never planned needs none of it
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    with contextlib.suppress(OSError, AttributeError):  # glibc keeps freed small blocks otherwise
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def without_collections():
    """Context: the cyclic garbage collector rests, for a start that makes many objects that all stay.

    Measured on the import of torch and the load of a checkpoint: 1.5 s with it, 1.4 s without.
    """
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


def configure_malloc(clouds: bool = False) -> None:
    """Make glibc give memory back; for a process with many threads, before it starts them.

    By default each of an executor's threads gets a heap of its own, and the first large block that is freed raises the
    size up to which blocks are cut from heaps to 32 MB: both grow, and are hardly given back. Measured on a planner that
    is loaded and freed again and again: 52 MiB more after 20 loads by default, 22 MiB with two heaps, 5 MiB with large
    blocks kept out of them too.

    Args:
        clouds: the process turns clouds into voxels and loads no model, so its heaps keep what a cloud needs. Else glibc
            hands back all but 128 kB of a heap's free end at every free, and takes it anew: 3300 page faults for a cloud
            of 640x480, half of the voxelizer's CPU time. (A planner that is loaded again and again would grow by 6 %.)
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        if clouds:
            mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)

"""Number format that is fast on this machine."""

from __future__ import annotations

import os

import torch


def check_precision(name: str) -> None:
    """Raise ValueError for a name that is no format."""
    if name not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"precision must be auto, float32 or bfloat16, got {name!r}")


def fast_precision(device: str, name: str = "auto") -> torch.dtype:
    """Format of matrix products in training; what is trained stays in float32.

    ``auto`` takes bfloat16 where the hardware multiplies in it: GPUs, and CPUs with AMX (7 times float32 there) or
    AVX512-BF16 (2.7 times). On other CPUs bfloat16 is slower than float32.
    """
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    fast = device.startswith("cuda") or _cpu_multiplies_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    if os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA"):
        return False  # oneDNN was configured to use less than the hardware offers
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()

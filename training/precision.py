"""Which number format is fast on this machine."""

from __future__ import annotations

import torch


def fast_precision(device: str, name: str = "auto") -> torch.dtype:
    """Format of matrix products in training; what is trained stays in float32.

    ``auto`` takes bfloat16 where the hardware multiplies in it: GPUs, and CPUs with AMX (7 times float32 there). On
    CPUs without, bfloat16 is slower than float32.
    """
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    fast = device.startswith("cuda") or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32

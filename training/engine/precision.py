"""Number format that is fast on this machine."""

from __future__ import annotations

import torch

from moe3d_ros.model.llm_weights import multiplies_bfloat16


def check_precision(name: str) -> None:
    """Raise ValueError for a name that is no format."""
    if name not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"precision must be auto, float32 or bfloat16, got {name!r}")


def fast_precision(device: str, name: str = "auto") -> torch.dtype:
    """Format of matrix products in training; what is trained stays in float32.

    ``auto`` takes bfloat16 where the hardware multiplies in it: GPUs, and some CPUs (`moe3d_ros/model/llm_weights.py`).
    """
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    fast = device.startswith("cuda") or multiplies_bfloat16()
    return torch.bfloat16 if fast else torch.float32

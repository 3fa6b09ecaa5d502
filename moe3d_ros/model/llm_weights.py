"""Number formats in which the LLM serves, and the one that this machine is fast in."""

from __future__ import annotations

import os
from typing import Any

import torch

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.experts.eight_bit import first_unread, pack_in_eight_bits
from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.language.llama import LlamaForServing

AUTO, FLOAT32, BFLOAT16, INT8 = "auto", "float32", "bfloat16", "int8"
LLM_WEIGHTS = (AUTO, FLOAT32, BFLOAT16, INT8)


def multiplies_bfloat16() -> bool:
    """Tell if this CPU multiplies matrices in bfloat16: AMX (7 times as fast as float32) or AVX512-BF16 (2.7 times).

    On other CPUs bfloat16 is slower than float32. Where oneDNN is told to use less than the hardware offers
    (ONEDNN_MAX_CPU_ISA), it does not.
    """
    if os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA"):
        return False
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def served_weights(wanted: str, device: str) -> str:
    """The format that ``wanted``, one of LLM_WEIGHTS, means on a device: auto is bfloat16 on CPUs that multiply in it.

    Raises:
        ValueError: there is no such format, or not on this device.
    """
    if wanted not in LLM_WEIGHTS or (wanted == INT8 and device != "cpu"):
        raise ValueError(
            f"llm_weights must be {', '.join(LLM_WEIGHTS[:-1])} or {INT8}, {INT8} on cpu alone; got {wanted!r} on {device}"
        )
    if wanted == AUTO:
        return BFLOAT16 if device == "cpu" and multiplies_bfloat16() else FLOAT32
    return wanted


def convert_llm(llm: Any, weights: str, config: ModelConfig) -> None:
    """Bring an LLM that was loaded in float32 into a format that `served_weights` returned, in place.

    Routers stay in float32: which experts a token passes hangs on small differences. Embedding tables that are mapped from a
    file stay there.

    Raises:
        ValueError: an LLM of this kind cannot be served so.
    """
    if weights == INT8:
        pack_in_eight_bits(llm, first_unread(config))
    elif weights == BFLOAT16:
        layers = moe_layers(llm).values()
        kept: list[torch.Tensor] = [
            value for layer in layers for name, value in layer.named_parameters() if name.startswith("router")
        ]
        kept += llm.tables() if isinstance(llm, LlamaForServing) else []
        exact = [parameter.data for parameter in kept]
        for parameter in kept:
            parameter.data = torch.empty(0)  # so that a table is not read
        llm.to(torch.bfloat16)
        for parameter, value in zip(kept, exact):
            parameter.data = value

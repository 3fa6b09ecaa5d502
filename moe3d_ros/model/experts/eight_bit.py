"""The LLM's linear layers in 8 bits, for serving on a CPU: they take a quarter of the memory and less time.

Layers that other parts read (the reasoner, the head of forms) stay as they are, so that what is decided stays the same; the rest
writes the words. torch's dynamic quantisation: weights by channel, activations by tensor. torchao's, which is to follow it, was
slower than float32 where words are written one by one (`python -m benchmarks decode` measures the one that is used).
"""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.experts.moe import moe_layers


def first_unread(config: ModelConfig) -> int:
    """Number of the first layer of the LLM, from 0, that no other part reads the states of."""
    heads = (config.reasoner, config.answers, config.form, config.questions)
    return max((head.layer for head in heads if head is not None), default=0)


def pack_in_eight_bits(llm: Any, first: int) -> Any:
    """Replace the linear layers from decoder layer ``first`` on, in place; returns the model, a decoder as `transformers` or `llama.py` have them.

    Raises:
        ValueError: this torch has no such layers, or experts that share a block by parts need its weights as they are.
    """
    try:
        from torch.ao.nn.quantized.dynamic import Linear
        from torch.ao.quantization import per_channel_dynamic_qconfig
    except ImportError as error:
        raise ValueError("this version of torch has no linear layers of 8 bits: use float32") from error
    if any(layer.shards > 1 for layer in moe_layers(llm).values()):
        raise ValueError("experts that are shards of a block cannot be served in 8 bits: use float32")
    for layer in llm.get_decoder().layers[first:]:
        for module in list(layer.modules()):
            for name, child in list(module.named_children()):
                if type(child) is nn.Linear and name != "router":  # a router is small, and a choice hangs on it
                    child.qconfig = per_channel_dynamic_qconfig  # type: ignore[assignment]
                    with warnings.catch_warnings():  # that torch means to move these layers elsewhere
                        warnings.simplefilter("ignore")
                        setattr(module, name, Linear.from_float(child))
    return llm

"""Scales in which families of base LLMs differ: of what enters the decoder, and of the logits that leave the head.

A decoder called with embeddings instead of token ids skips its embedding module, and with it the factor that some
families apply there (sqrt(width) in Gemma: arXiv 2403.08295); others apply theirs inside the decoder (Granite), which
then must not be applied twice. A head called alone skips what its model does to the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from moe3d_ros.model.experts.moe import ConversionError

TOLERANCE = 2e-2  # relative; bfloat16 rounds each product to 2^-9


class Embedding(Protocol):
    """Decoder with an input embedding that can be measured."""

    config: Any

    def get_input_embeddings(self) -> nn.Embedding: ...


def input_scale(llm: Embedding, ids: Sequence[int]) -> float:
    """Factor between a row of the embedding table and what the decoder expects as ``inputs_embeds``.

    It is measured rather than read from a configuration, where each family gives it another name.

    Args:
        llm: a decoder with its embedding module (``get_input_embeddings``).
        ids: some tokens to measure with.

    Raises:
        ConversionError: the embedding module does more than scale, so that no factor stands for it, or every layer reads
            the token ids again (per-layer embeddings, as in Gemma 3n), which objects do not have.
    """
    if getattr(llm.config, "hidden_size_per_layer_input", 0):
        raise ConversionError(
            f"{type(llm).__name__} has per-layer embeddings, which need token ids where objects stand: "
            "use a base with hidden_size_per_layer_input of 0."
        )
    embedding = llm.get_input_embeddings()
    index = torch.tensor(ids, device=embedding.weight.device)
    with torch.no_grad():
        rows, read = embedding.weight[index].double(), embedding(index).double()
    scale = (read * rows).sum() / rows.square().sum()
    if not torch.allclose(read, scale * rows, rtol=TOLERANCE, atol=TOLERANCE * float(read.abs().max())):
        raise ConversionError(
            f"The input embedding of {type(llm).__name__} does more than scale its table's rows: "
            "use a decoder of the Llama, Qwen, Mistral, Granite or Gemma kind."
        )
    return float(scale)


def finished_logits(config: Any, logits: Tensor) -> Tensor:
    """Logits of the head as the whole model returns them: scaled (Granite, Cohere) and soft-capped (Gemma 2 and later)."""
    divisor, factor = getattr(config, "logits_scaling", None), getattr(config, "logit_scale", None)
    if divisor is not None:
        logits = logits / divisor
    if factor is not None:
        logits = logits * factor
    cap = getattr(config, "final_logit_softcapping", None)
    return logits if cap is None else cap * torch.tanh(logits / cap)

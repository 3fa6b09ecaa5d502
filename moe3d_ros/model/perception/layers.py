"""Attention layers and position encodings that several networks share."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

MASKED = -1e4  # added to logits that must not count


class FourierPosition(nn.Module):
    """Sines and cosines of positions at wavelengths from 2 m down to 3 cm, projected to ``width``."""

    frequency: torch.Tensor  # (bands,) radians per metre

    def __init__(self, width: int, bands: int = 8, shortest: float = 0.03, longest: float = 2.0, dims: int = 3):
        super().__init__()
        wavelengths = torch.logspace(math.log10(longest), math.log10(shortest), bands)
        self.register_buffer("frequency", 2 * math.pi / wavelengths, persistent=False)
        self.linear = nn.Linear(dims * (2 * bands + 1), width)

    def forward(self, position: torch.Tensor) -> torch.Tensor:
        phase = position[..., None] * self.frequency
        waves = torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(-2)
        return self.linear(torch.cat([position * 4, waves], dim=-1))


class Attention(nn.Module):
    """Multi-head attention of x (B, Q, D) over memory (B, N, D) where mask (B, N) is True."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        batch, length, width = x.shape

        def split(t: torch.Tensor) -> torch.Tensor:
            return t.view(batch, t.shape[1], self.heads, width // self.heads).transpose(1, 2)

        key, value = self.key_value(memory).chunk(2, dim=-1)
        mask = None if mask is None else mask[:, None, None]
        attended = F.scaled_dot_product_attention(split(self.query(x)), split(key), split(value), attn_mask=mask)
        return self.out(attended.transpose(1, 2).reshape(batch, length, width))


class TransformerLayer(nn.Module):
    """Pre-norm self-attention, optional cross-attention, feed-forward."""

    def __init__(self, width: int, heads: int, cross: bool = False, expansion: int = 3):
        super().__init__()
        self.norm_self = nn.LayerNorm(width)
        self.self_attention = Attention(width, heads)
        self.cross_attention = Attention(width, heads) if cross else None
        self.norm_cross = nn.LayerNorm(width) if cross else None
        self.norm_out = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(
        self,
        x: torch.Tensor,
        mask: torch.Tensor | None = None,
        memory: torch.Tensor | None = None,
        memory_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        normed = self.norm_self(x)
        x = x + self.self_attention(normed, normed, mask)
        if self.cross_attention is not None and self.norm_cross is not None:
            x = x + self.cross_attention(self.norm_cross(x), memory, memory_mask)
        return x + self.feed_forward(self.norm_out(x))


def silent(linear: nn.Linear) -> nn.Linear:
    """The same layer with zeros for weights and bias: it adds nothing before it has learnt."""
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear

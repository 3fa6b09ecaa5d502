"""Building blocks of Pose-DiT: time and position embedders, attention that sees the scene from the pose, adaLN blocks.

Shapes: B scenes, M draws or steps of a plan per scene, K = 2 pose tokens (pick, place), N patches, H heads, W width,
F wavelengths. Lengths are metres in the planning frame. Shaped after DiT (Peebles and Xie, arXiv 2212.09748).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POINTER_RADIUS = 0.11  # metres; half the diagonal of a 15 cm zone, the widest thing on the table
ATTENDED_SCALE = 0.1  # metres; brings "attended centroid minus own position" to about one


class PatchMemory(NamedTuple):
    """Keys and values of the scene's patches, computed once per scene and read in every sampling step."""

    keys: tuple[Tensor, ...]  # per block (B, H, N, W / H)
    values: tuple[Tensor, ...]  # per block (B, H, N, W / H)
    pointer_keys: Tensor  # (B, N, W)
    pointer_values: Tensor  # (B, N, W)
    position_keys: Tensor  # (B, N, 6F) of the centroids
    centroids: Tensor  # (B, N, 3) metres
    close: Tensor  # (B, N, N) 1 where two patches are within POINTER_RADIUS of each other, else 0
    mask: Tensor  # (B, N) bool, True where a patch is


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1.0 + scale) + shift


def mask_logits(logits: Tensor, mask: Tensor) -> Tensor:
    # The lowest finite number, not -inf: a scene without any patch must not turn into NaN.
    return logits.masked_fill(~mask, torch.finfo(logits.dtype).min)


class RelativePosition(nn.Module):
    """Rotary-like 3D features: the product of ``query`` and ``key`` depends on the difference of positions alone.

    A query holds two numbers per axis and wavelength, c and s, and is rotated by its own position a; with the key of
    position k the product is the sum of c * cos(f (k - a)) + s * sin(f (k - a)): any smooth pattern around a. It has
    no weights of its own and is shared by all blocks.
    """

    frequencies: Tensor  # (F,) radians per unit

    def __init__(self, frequencies: int):
        super().__init__()
        wavelengths = torch.logspace(math.log10(1.5), math.log10(0.04), frequencies)  # metres: scene to block
        self.register_buffer("frequencies", 2.0 * math.pi / wavelengths, persistent=False)
        self.width = 6 * frequencies

    def key(self, position: Tensor) -> Tensor:
        """(..., 3) metres -> (..., 6F)."""
        angle = (position[..., None] * self.frequencies).flatten(-2)
        return torch.cat([angle.cos(), angle.sin()], -1)

    def query(self, weights: Tensor, position: Tensor) -> Tensor:
        """Weights (..., 6F) and own position (..., 3) metres -> (..., 6F)."""
        even, odd = weights.chunk(2, -1)
        cos, sin = self.key(position).chunk(2, -1)
        return torch.cat([even * cos - odd * sin, even * sin + odd * cos], -1)


class PositionEmbedder(nn.Module):
    """A point (..., 3) in metres -> (..., W) through sines of wavelengths between 2 m and 3 cm."""

    frequencies: Tensor  # (F,) radians per unit

    def __init__(self, width: int, frequencies: int):
        super().__init__()
        wavelengths = torch.logspace(math.log10(2.0), math.log10(0.03), frequencies)
        self.register_buffer("frequencies", 2.0 * math.pi / wavelengths, persistent=False)
        self.linear = nn.Linear(3 * (2 * frequencies + 1), width)

    def forward(self, position: Tensor) -> Tensor:
        angle = (position[..., None] * self.frequencies).flatten(-2)
        return self.linear(torch.cat([4.0 * position, angle.sin(), angle.cos()], -1))


class TimestepEmbedder(nn.Module):
    """Flow time (...) in [0, 1] -> (..., W)."""

    frequencies: Tensor  # (F,) radians per unit

    def __init__(self, width: int, features: int = 64):
        super().__init__()
        self.register_buffer("frequencies", torch.logspace(0.0, 2.0, features // 2), persistent=False)
        self.mlp = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        angle = t[..., None] * self.frequencies
        return self.mlp(torch.cat([angle.sin(), angle.cos()], -1))


class DiTBlock(nn.Module):
    """Self-attention between the pose tokens, cross-attention to the patches, MLP; each behind an adaLN-Zero gate."""

    def __init__(self, width: int, heads: int, patch_width: int, relative: RelativePosition):
        super().__init__()
        self.heads, self.relative = heads, relative
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 9 * width)
        self.qkv = nn.Linear(width, 3 * width)
        self.self_out = nn.Linear(width, width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(patch_width, 2 * width)
        self.relative_weights = nn.Linear(width, heads * relative.width)
        self.cross_out = nn.Linear(width + 3 * heads, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def encode_patches(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Patches (B, N, P) -> keys and values, both (B, H, N, W / H)."""
        return self.key_value(patches).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(
        self, x: Tensor, condition: Tensor, keys: Tensor, values: Tensor, memory: PatchMemory, origin: Tensor
    ) -> Tensor:
        """Tokens (B, M, K, W), condition (B, M, W), origin of each head's view (B, H, M * K, 3) metres -> tokens."""
        modulation = self.modulation(F.silu(condition))[:, :, None].chunk(9, -1)
        (shift_s, scale_s, gate_s), (shift_c, scale_c, gate_c) = modulation[:3], modulation[3:6]
        shift_m, scale_m, gate_m = modulation[6:]
        x = x + gate_s * self._between_poses(modulate(self.norm(x), shift_s, scale_s))
        x = x + gate_c * self._to_patches(modulate(self.norm(x), shift_c, scale_c), keys, values, memory, origin)
        return x + gate_m * self.mlp(modulate(self.norm(x), shift_m, scale_m))

    def _between_poses(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value)  # (B, M, H, K, W / H)
        return self.self_out(attended.transpose(2, 3).flatten(-2))

    def _to_patches(self, x: Tensor, keys: Tensor, values: Tensor, memory: PatchMemory, origin: Tensor) -> Tensor:
        def by_head(y: Tensor) -> Tensor:  # (B, M, K, H * D) -> (B, H, M * K, D)
            return y.flatten(1, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2)

        query = by_head(self.query(x))
        logits = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])  # (B, H, M * K, N)
        relative = self.relative.query(by_head(self.relative_weights(x)), origin)
        logits = logits + (relative.flatten(1, 2) @ memory.position_keys.transpose(1, 2)).view_as(logits)
        attention = mask_logits(logits, memory.mask[:, None, None]).softmax(-1)
        attended = attention.flatten(1, 2) @ memory.centroids  # (B, H * M * K, 3)
        displacement = (attended.view_as(origin) - origin) / ATTENDED_SCALE
        seen = torch.cat([attention @ values, displacement], -1).transpose(1, 2).flatten(-2)  # head by head
        return self.cross_out(seen).view_as(x)


class FinalLayer(nn.Module):
    """Pointer over the patches, then the numbers that make the pose, read from the token and from what it points at.

    The pointed position is the mean around the pointer's mode: where the pointer hesitates between two objects, the
    answer, rotation included, is for one of them and not a blend. In training the right patches are given instead
    (teacher forcing), so that the numbers are learned for the object that they belong to.
    """

    def __init__(self, width: int, patch_width: int, numbers: int, relative: RelativePosition, frequencies: int):
        super().__init__()
        self.relative = relative
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 2 * width)
        self.pointer_query = nn.Linear(width, width)
        self.pointer_key_value = nn.Linear(patch_width, 2 * width)
        self.relative_weights = nn.Linear(width, relative.width)
        self.position = PositionEmbedder(width, frequencies)
        self.hidden = nn.Linear(4 * width, width)
        self.linear = nn.Linear(width, numbers)

    def encode_patches(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Patches (B, N, P) -> the pointer's keys and values, both (B, N, W)."""
        return self.pointer_key_value(patches).chunk(2, -1)

    def forward(
        self, x: Tensor, condition: Tensor, memory: PatchMemory, origin: Tensor, right: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, M, K, W), condition (B, M, W), origin of the pointer's view (B, M, K, 3) metres, in training the
        right patches (B, M, K, N) bool -> numbers (B, M, K, D), pointer logits (B, M, K, N), pointed (B, M, K, 3)."""
        shift, scale = self.modulation(F.silu(condition))[:, :, None].chunk(2, -1)
        x = modulate(self.norm(x), shift, scale)
        content = self.pointer_query(x).flatten(1, 2) @ memory.pointer_keys.transpose(1, 2) / math.sqrt(x.shape[-1])
        relative = self.relative.query(self.relative_weights(x), origin).flatten(1, 2)
        logits = mask_logits(content + relative @ memory.position_keys.transpose(1, 2), memory.mask[:, None])
        weights = around_mode(logits.softmax(-1), memory.close)  # (B, M * K, N)
        if right is not None:
            right = right.flatten(1, 2) & memory.mask[:, None]
            given = logits.masked_fill(~right, torch.finfo(logits.dtype).min).softmax(-1)
            weights = torch.where(right.any(-1, keepdim=True), given, weights)
        pointed = (weights @ memory.centroids).view_as(origin)
        seen = torch.cat([x, (weights @ memory.pointer_values).view_as(x) + self.position(pointed)], -1)
        seen = torch.cat([seen, seen.flip(2)], -1)  # each pose's own and the other's: pick and place must agree
        return self.linear(F.gelu(self.hidden(seen))), logits.unflatten(1, x.shape[1:3]), pointed


def around_mode(weights: Tensor, close: Tensor) -> Tensor:
    """Weights (B, T, N) restricted to patches close (B, N, N) to the one with the most weight around it."""
    mode = (weights @ close).argmax(-1, keepdim=True)  # (B, T, 1)
    weights = weights * close.gather(1, mode.expand_as(weights))
    return weights / weights.sum(-1, keepdim=True)

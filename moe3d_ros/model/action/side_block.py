"""Places beside things: a block of Pose-DiT that only steps with a side pass, so that all others stay as they are, to the bit.

Shapes as in ``dit_blocks``: B scenes, M steps, K = 2 pose tokens (pick, place), W width. The other blocks may be frozen.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moe3d_ros.model.action.dit_blocks import ATTENDED_SCALE, DiTBlock, PatchMemory, RelativePosition
from moe3d_ros.world.sides import SIDES

NO_SIDE = -1  # of a place in or on what it points at, or in an area of the table


class Beside(NamedTuple):
    """Steps of a batch that go beside things, and what their block knows of them."""

    block: SideBlock
    steps: Tensor  # (B, M, 1, 1) bool, where a step has a side
    told: Tensor  # (B, M, W)


class SideBlock(nn.Module):
    """A block behind the others that is told the side and the shapes of the two things, and what it adds to a pose's numbers.

    Args:
        sizes: width, heads, width of the patches, and relative positions: of the block.
        features: width of a pointed object's features. numbers: of a pose.
    """

    def __init__(self, sizes: tuple[int, int, int, RelativePosition], features: int, numbers: int):
        super().__init__()
        width = sizes[0]
        self.side = nn.Embedding(len(SIDES), width)
        self.shapes = nn.Sequential(nn.Linear(2 * features + 5, width), nn.GELU(), nn.Linear(width, width))
        self.block = DiTBlock(*sizes)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.hidden = nn.Linear(2 * width, width)
        self.linear = nn.Linear(width, numbers)

    def start_without_effect(self) -> None:
        """Fill with zeros what is added to a pose: a step beside a thing starts as one that goes onto it."""
        for values in (self.linear.weight, self.linear.bias):
            nn.init.zeros_(values)

    def tell(self, side: Tensor, anchors: Tensor, features: Tensor) -> Beside:
        """The side (B, M) of each step, and of its two pointed objects the way from the one to the other with its direction on
        the table (anchors (B, M, K, 3), metres) and the features (B, M, K, F), for the block."""
        way = (anchors[..., 1, :] - anchors[..., 0, :]) / ATTENDED_SCALE
        shapes = self.shapes(torch.cat([features.flatten(-2), way, F.normalize(way[..., :2], dim=-1)], dim=-1))
        return Beside(self, (side != NO_SIDE)[..., None, None], shapes + self.side(side.clamp(min=0)))

    def forward(self, x: Tensor, condition: Tensor, beside: Beside, memory: PatchMemory, origin: Tensor) -> Tensor:
        """Tokens (B, M, K, W) behind the block, those of other steps untouched; further arguments as of ``DiTBlock``."""
        moved = self.block(x, condition + beside.told, memory.keys[-1], memory.values[-1], memory, origin)
        return torch.where(beside.steps, moved, x)

    def added(self, numbers: Tensor, x: Tensor, beside: Beside) -> Tensor:
        """Numbers of the poses (B, M, K, N) with what the tokens (B, M, K, W) add, those of other steps untouched."""
        seen = torch.cat([self.norm(x), beside.told[..., None, :].expand_as(x)], dim=-1)
        return torch.where(beside.steps, numbers + self.linear(F.gelu(self.hidden(seen))), numbers)

"""Quarter turns: a box looks the same and is held as well after each, so four poses of the tool are equally right.

Rotations are relative to the heading of the object that is meant, and the tool looks down: the four are near
``TOP_DOWN`` turned by quarters about the tool's own z axis, pick and place together.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

QUARTER_TURNS = 4
TOP_DOWN = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)  # the two rotation columns of a tool that looks down along the heading


def turn_tool(pose: Tensor, cos: Tensor | float, sin: Tensor | float) -> Tensor:
    """Nine numbers (..., 9) with the tool turned about its own z, by an angle whose cosine and sine broadcast."""
    position, x, y = pose.split(3, -1)
    return torch.cat([position, x * cos + y * sin, y * cos - x * sin], -1)


def quarter_turns(pose: Tensor) -> Tensor:
    """The equally right poses of pick and place: (..., K, 9) -> (..., 4, K, 9), the given one first."""
    return torch.stack([turn_tool(pose, *turn) for turn in ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))], -3)


def decided_noise(noise: Tensor, known: Tensor) -> Tensor:
    """Noise resolved to one of the four equally right turns, where the heading is known.

    Training pairs noise with the nearest of the four turns, so the network has to be a step function of the noise. No
    network is: one step from near an edge, where two turns are equally near, returns a blend of both. So noise is drawn
    under the condition that it lies in the middle between the edges, and at least a standard deviation from the centre,
    where they meet. The four turns stay equally likely.

    Free noise becomes this by the least turn to a middle, which Gaussian noise does not notice, and by a push away from
    the centre: the squared distance is distributed exponentially, so adding to it is conditioning it. In kin to the
    equivariant couplings of Klein et al. (arXiv 2306.15030) and Song et al. (arXiv 2312.07168).

    Args:
        noise: (..., K, 9) standard normal. known: (..., K, 1) bool, whether an object's heading is known; the pick's decides.
    """
    x, y = noise[..., 3:6], noise[..., 6:9]
    top_down = torch.tensor((0.0, 0.0, 0.0, *TOP_DOWN)).to(noise)
    along, across = top_down[3:6], top_down[6:]
    alike = (x @ along + y @ across).sum(-1)[..., None, None]  # the product with TOP_DOWN, pick and place together
    turned = (x @ across - y @ along).sum(-1)[..., None, None]  # and with TOP_DOWN turned by a quarter
    heading, strength = torch.atan2(turned, alike), torch.hypot(alike, turned)
    quarter = 2 * math.pi / QUARTER_TURNS
    middle = torch.round(heading / quarter) * quarter
    least = middle - heading
    columns = 2 * noise.shape[-2]  # of unit length, in all poses together: the variance of `alike` and of `turned`
    push = ((strength.square() + columns).sqrt() - strength) / columns
    decided = turn_tool(noise, least.cos(), least.sin()) + push * turn_tool(
        top_down.expand_as(noise), middle.cos(), middle.sin()
    )
    return torch.where(known[..., :1, :], decided, noise)

"""Rectified flow as a few pure functions: straight paths between noise and data, and how to walk them in few steps.

The direction of time, stated once: **t = 1 is noise, t = 0 is data**. A sample lies on the straight path

    x_t = (1 - t) * data + t * noise,        velocity = dx_t / dt = noise - data,

and sampling walks from t = 1 down to t = 0. The network predicts the data, not the velocity: the velocity follows
from both, and one single step already returns the network's best estimate (Liu et al., arXiv 2209.03003).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def bias_to_noise(u: Tensor) -> Tensor:
    """Uniform times ``u`` in [0, 1] -> training times in [0, 1] that favour noise: 3u / (1 + 2u).

    Density 3 at t = 1 and 1/3 at t = 0. With it one sampling step comes close to ten.
    """
    return 3.0 * u / (1.0 + 2.0 * u)


def interpolate(data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The point of the path at time ``t``; ``data`` and ``noise`` (..., D), ``t`` (...) or any shape that broadcasts."""
    t = _align(t, data)
    return (1.0 - t) * data + t * noise


def velocity_from_data(x_t: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """Velocity dx/dt at (``x_t``, ``t``) of the straight path that ends in ``data``; t must be above 0."""
    return (x_t - data) / _align(t, x_t)


def sample(predict_data: Callable[[Tensor, float], Tensor], noise: Tensor, steps: int) -> Tensor:
    """Walk from ``noise`` (t = 1) to data (t = 0) in ``steps`` equal Euler steps.

    ``predict_data(x_t, t)`` returns the data estimate, of the shape of ``x_t``. An Euler step from t to s along
    ``velocity_from_data`` is x_s = data + (s / t) * (x_t - data); written so, the last step returns the estimate
    itself, to the bit. Raises ValueError when ``steps`` is below 1.
    """
    if steps < 1:
        raise ValueError(f"sampling takes at least 1 step, not {steps}")
    x_t = noise
    for step in range(steps):
        t, t_next = (steps - step) / steps, (steps - step - 1) / steps
        data = predict_data(x_t, t)
        x_t = data + (t_next / t) * (x_t - data) if t_next > 0 else data
    return x_t


def nearest_index(targets: Tensor, noise: Tensor, valid: Tensor | None = None) -> Tensor:
    """Index of the one of K equally right ``targets`` (..., K, D) that lies nearest to ``noise`` (..., D) -> long (...).

    ``valid`` (..., K) bool leaves out padding; at least one target of each row must be valid.
    """
    distance = (targets - noise.unsqueeze(-2)).square().sum(-1)  # (..., K)
    if valid is not None:
        distance = distance.masked_fill(~valid, torch.inf)
    return distance.argmin(-1)


def nearest_equivalent(targets: Tensor, noise: Tensor, valid: Tensor | None = None) -> Tensor:
    """Of K equally right ``targets`` (..., K, D) the one nearest to the noise sample (..., D) -> (..., D).

    Trained on this pairing, the network sees at t = 1 already which answer this noise belongs to, so that even one
    step returns one of the answers and not their mean. Values that must agree (the yaw of a pick and of its place)
    belong into one D. ``valid`` as in ``nearest_index``.
    """
    index = nearest_index(targets, noise, valid)[..., None, None]
    index = index.expand(*targets.shape[:-2], 1, targets.shape[-1])
    return targets.gather(-2, index).squeeze(-2)


def _align(t: Tensor, like: Tensor) -> Tensor:
    """Append singleton dimensions to ``t`` until it broadcasts from the left over ``like``."""
    return t.reshape(*t.shape, *(1,) * (like.dim() - t.dim()))

"""Three ways to train and to sample one and the same pose network: rectified flow, and two baselines beside it.

All of them ask the network for the clean poses, from the same inputs. What differs is the input that it is trained on,
what its error is measured in, and how poses are sampled:

``flow``        straight paths, times biased to noise, error of the data, Euler steps (Liu et al., arXiv 2209.03003)
``ddim``        cosine schedule, uniform times, squared error of the noise, DDIM steps with eta 0 (Song et al.,
                arXiv 2010.02502; the schedule of Nichol and Dhariwal, arXiv 2102.09672; the weight bounded as by Hang
                et al., arXiv 2303.09556)
``regression``  no noise at all: the same question always has the same answer, error of the data, one evaluation

Time is 1 at noise and 0 at data for each of them, as in ``rectified_flow``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from moe3d_ros.model.action import rectified_flow

Predict = Callable[[Tensor, float], Tensor]
COSINE_OFFSET = 0.008  # of the cosine schedule: even its first step adds some noise
MAX_SNR = 5.0  # Min-SNR: where there is hardly any noise, its error would count without bound


class PoseObjective(Protocol):
    """Training objective and sampler of a Pose-DiT; ``data`` and ``noise`` are (..., D) each, ``t`` (...) or anything that broadcasts."""

    noisy: bool  # whether what it answers depends on the noise
    steps: int  # sampling steps that a checkpoint takes if nothing else is said

    def times(self, u: Tensor) -> Tensor:
        """Training times of uniform numbers ``u``."""

    def corrupt(self, data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """The network's input at ``t``."""

    def error(self, difference: Tensor, t: Tensor) -> Tensor:
        """Loss, element by element, where the data estimate is wrong by ``difference``."""

    def sample(self, predict_data: Predict, noise: Tensor, steps: int) -> Tensor:
        """Walk from ``noise`` to data; ``predict_data(x_t, t)`` is the network. ValueError when ``steps`` is below 1."""


class Flow:
    """Rectified flow."""

    noisy, steps = True, 4

    def times(self, u: Tensor) -> Tensor:
        return rectified_flow.bias_to_noise(u).clamp(min=0.01)

    def corrupt(self, data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        return rectified_flow.interpolate(data, noise, t)

    def error(self, difference: Tensor, t: Tensor) -> Tensor:
        return difference.abs()

    def sample(self, predict_data: Predict, noise: Tensor, steps: int) -> Tensor:
        return rectified_flow.sample(predict_data, noise, steps)


class Ddim:
    """Denoising diffusion, x_t = a(t) data + s(t) noise with a^2 + s^2 = 1, sampled by DDIM.

    The network's estimate of the data says what it takes for noise, (x_t - a data) / s; the error is that of this noise,
    which weighs an error of the data by a / s (at most the root of MAX_SNR): next to nothing at t = 1, where one-step
    sampling starts.
    """

    noisy, steps = True, 10

    def times(self, u: Tensor) -> Tensor:
        return u.clamp(min=0.001)  # one of the usual thousand steps

    def corrupt(self, data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        signal, spread = (value.reshape(*t.shape, *(1,) * (data.dim() - t.dim())) for value in self.schedule(t))
        return signal * data + spread * noise

    def error(self, difference: Tensor, t: Tensor) -> Tensor:
        signal, spread = self.schedule(t)
        weight = (signal / spread).square().clamp(max=MAX_SNR)
        return weight.reshape(*t.shape, *(1,) * (difference.dim() - t.dim())) * difference.square()

    def sample(self, predict_data: Predict, noise: Tensor, steps: int) -> Tensor:
        if steps < 1:
            raise ValueError(f"sampling takes at least 1 step, not {steps}")
        x_t = noise
        for step in range(steps, 1, -1):
            data = predict_data(x_t, step / steps)
            (signal, spread), (next_signal, next_spread) = (
                self.schedule(torch.tensor(k / steps, dtype=torch.float64)) for k in (step, step - 1)
            )
            x_t = float(next_signal) * data + float(next_spread / spread) * (x_t - float(signal) * data)
        return predict_data(x_t, 1 / steps)

    @staticmethod
    def schedule(t: Tensor) -> tuple[Tensor, Tensor]:
        """a(t) and s(t) of the cosine schedule."""
        start = math.cos(COSINE_OFFSET / (1 + COSINE_OFFSET) * math.pi / 2)
        signal = torch.cos((t + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2).clamp(min=0.0) / start
        return signal, (1.0 - signal.square()).clamp(min=1e-8).sqrt()


class Regression:
    """Plain regression without noise and time: one answer. Where several are right it learns their middle."""

    noisy, steps = False, 1

    def times(self, u: Tensor) -> Tensor:
        return torch.ones_like(u)

    def corrupt(self, data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        return torch.zeros_like(data)

    def error(self, difference: Tensor, t: Tensor) -> Tensor:
        return difference.abs()

    def sample(self, predict_data: Predict, noise: Tensor, steps: int) -> Tensor:
        if steps < 1:
            raise ValueError(f"sampling takes at least 1 step, not {steps}")
        return predict_data(torch.zeros_like(noise), 1.0)


OBJECTIVES: dict[str, PoseObjective] = {"flow": Flow(), "ddim": Ddim(), "regression": Regression()}

"""A step of a plan as the LLM wrote it, and its state, on which Pose-DiT is conditioned."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass
class StepState:
    """Summary of one step of a plan by the LLM, on which Pose-DiT is conditioned."""

    state: torch.Tensor  # (2 * width,) penultimate layer: at <step>, and mean over the step's tokens
    pointer: torch.Tensor  # (POINTERS, n + 1) logits over the objects; the last entry is "none of them"
    chosen: tuple[int, int]  # the objects that the words were written for; n for none


@dataclass
class GeneratedStep:
    """One step as generated."""

    text: str
    probability: float  # of all the choices that the grammar left open, and of what was decided by another part
    state: StepState
    side: str = ""  # of `world.sides`, where it goes beside the thing that it points at, or between that and `second`
    second: int | None = None
    decided: float | None = None  # probability that this other part gives its decision; None where there is none

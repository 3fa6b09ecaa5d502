"""Paired differences between two variants, with intervals over seeds and over scenes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Difference:
    """Mean difference on the same questions and seeds, with its 95 % interval."""

    mean: float
    low: float
    high: float
    seeds: int
    scenes: int

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def paired_difference(
    ours: np.ndarray, others: np.ndarray, scene: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Mean of ``ours - others`` by a percentile bootstrap that draws seeds and, independently, whole scenes.

    Seed for seed the two saw the same batches in the same order; questions about one scene are not independent of each
    other. With one seed the interval speaks of the scenes alone.

    Args:
        ours, others: (S, Q) of each seed and question. scene: (Q,) number of the question's scene.

    Raises:
        ValueError: the two do not belong together.
    """
    if ours.shape != others.shape or ours.shape[1:] != scene.shape or not ours.size:
        raise ValueError(f"seeds and questions must be the same, got {ours.shape}, {others.shape} and {scene.shape}")
    _, scene = np.unique(scene, return_inverse=True)
    gain = ours.astype(float) - others
    counts = np.bincount(scene)  # (C,)
    sums = np.stack([np.bincount(scene, weights=row) for row in gain])  # (S, C)
    rng = np.random.default_rng(seed)
    drawn_seeds, drawn_scenes = (
        rng.multinomial(number, np.full(number, 1 / number), size=resamples) for number in sums.shape
    )
    values = ((drawn_seeds @ sums) * drawn_scenes).sum(1) / (len(gain) * (drawn_scenes @ counts))
    low, high = np.percentile(values, (2.5, 97.5))
    return Difference(float(gain.mean()), float(low), float(high), len(gain), len(counts))

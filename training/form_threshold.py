"""Choice of the threshold at which the head for an instruction's form refuses, on sentences that no figure is of."""

from __future__ import annotations

import numpy as np

from moe3d_ros.model.language.form_head import FormHead, heard_forms
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from training.evaluation.judging.form_cases import doable_sentences
from training.evaluation.judging.held_out_cases import CALIBRATION_SEED

SENTENCES = 80  # of each sort
FALSELY = 0.015  # most doable ones that may be refused
LOWEST = 0.5
TOGETHER = 16  # sentences that are read at once


def choose_threshold(head: FormHead, language: SceneLanguageModel, seed: int = CALIBRATION_SEED) -> float:
    """The lowest threshold from a half on at which at most 1.5 % of doable sentences are refused, to three digits."""
    doable = _refusal(head, language, [said for said, _ in doable_sentences(SENTENCES, seed)])
    least = float(np.quantile(doable, 1 - FALSELY, method="higher"))
    threshold = min(max(LOWEST, round(least + 5e-4, 3)), 0.999)
    print(f"threshold {threshold:.3f}: {(doable >= threshold).mean():.3f} of {len(doable)} doable sentences refused")
    return threshold


def _refusal(head: FormHead, language: SceneLanguageModel, said: list[str]) -> np.ndarray:
    """Probability of each sentence that it is not doable."""
    parts = [said[start : start + TOGETHER] for start in range(0, len(said), TOGETHER)]
    return np.concatenate([1 - heard_forms(head, language, part)[:, 0].numpy() for part in parts])

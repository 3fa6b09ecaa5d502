"""Choice of the threshold at which a head that hears sentences refuses, on sentences that no figure is of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.form_check import planned_forms
from moe3d_ros.model.language.form_head import FormHead, heard_forms, heard_questions
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.plan import normalised
from moe3d_ros.tabletop.questions.questions import random_question
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from training.evaluation.judging.form_cases import composed_sentences, doable_sentences
from training.evaluation.judging.held_out_cases import CALIBRATION_SEED
from training.stages.described import describe
from training.stages.language import LANGUAGE_RANGE

SENTENCES, COMPOSED = 80, 100  # of each sort
SCENES, QUESTIONS = 40, 12  # questions about each scene, in both wordings by turns
FALSELY = 0.015  # most doable ones that may be refused
LOWEST = 0.25  # a prohibition that is not heard costs more than one question too many
TOGETHER = 16  # sentences that are read at once


def choose_threshold(head: FormHead, model: ThreeDMoE, part: str, seed: int = CALIBRATION_SEED) -> float:
    """The lowest threshold from LOWEST on at which at most 1.5 % of doable sentences are refused, to three digits.

    Args:
        part: of HEADS, which the head is to become.
    """
    doable = _of_questions(head, model, seed) if part == "questions" else _of_instructions(head, model, seed)
    least = float(np.quantile(doable, 1 - FALSELY, method="higher"))
    threshold = min(max(LOWEST, round(least + 5e-4, 3)), 0.999)
    print(f"threshold {threshold:.3f}: {(doable >= threshold).mean():.3f} of {len(doable)} doable sentences refused")
    return threshold


def _of_instructions(head: FormHead, model: ThreeDMoE, seed: int) -> np.ndarray:
    """Probability of each instruction that this checkpoint plans that it is refused."""
    planned = planned_forms(model.config)
    said = [said for said, _ in doable_sentences(SENTENCES, seed)]
    said += [said for said, _, form in composed_sentences(COMPOSED, seed) if not form or form in planned]
    said = sorted(map(normalised, said), key=len)
    parts = [said[start : start + TOGETHER] for start in range(0, len(said), TOGETHER)]
    chances = [row for part in parts for row in heard_forms(head, model.language, part).tolist()]
    return np.array([head.config.refused_as(row, planned)[0] for row in chances])


def _of_questions(head: FormHead, model: ThreeDMoE, seed: int) -> np.ndarray:
    """Probability of each question with an answer that it has none."""
    rng, generator, kinds = np.random.default_rng(seed), torch.Generator().manual_seed(seed), model.config.encoder.kinds
    scenes = sample_scenes(SCENES, replace(LANGUAGE_RANGE, known=kinds), generator)
    objects: ObjectSet = describe(scenes, generator, kinds=kinds)[0]
    found = []
    for row in range(SCENES):
        drawn = [random_question(scenes.scene(row)[0], rng, number % 2 == 1) for number in range(QUESTIONS)]
        asked = [question[0] for question in drawn if question is not None]
        if asked:
            chances = heard_questions(head, model.language, objects.row(row), asked)
            found += [head.config.refused_as(row)[0] for row in chances.tolist()]
    return np.array(found)

"""Suite ``qa``: questions about held-out generated scenes, seen through the encoder with a sensor's noise."""

from __future__ import annotations

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.language.answering import generate_answers
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.perception.encoder import SceneEncoder
from moe3d_ros.model.perception.objects import from_detections
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions.questions import random_question
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.evaluation.metrics.prior import Prior
from training.evaluation.metrics.report import score_by_type
from training.stages.detection import visible_objects
from training.stages.language import LANGUAGE_RANGE

HELD_OUT_SEED = 9_500_000_000  # training seeds are far below
PRIOR_SEED = 9_400_000_000
PRIOR_SCENES = 2000
QUESTIONS_PER_SCENE = 8


def held_out_scene(number: int, held_out_wordings: bool = False):
    """One scene's patches, and questions about what the cameras can see of it as (question, answer, type)."""
    generator = torch.Generator().manual_seed(HELD_OUT_SEED + number)
    rng = np.random.default_rng(HELD_OUT_SEED + number)
    scenes = sample_scenes(1, LANGUAGE_RANGE, generator)
    cloud = sense(scenes, SensorRange(), generator)
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 1)
    scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
    scene, _ = scenes.scene(0)
    drawn = (random_question(scene, rng, held_out_wordings) for _ in range(QUESTIONS_PER_SCENE))
    return patches, list(dict.fromkeys(question for question in drawn if question is not None))


def prior_questions(held_out_wordings: bool = False, scenes: int = PRIOR_SCENES) -> list[tuple[str, str, str]]:
    """Questions about scenes that are neither trained on nor asked about: what the prior baseline is learnt from."""
    rng = np.random.default_rng(PRIOR_SEED)
    batch = sample_scenes(scenes, LANGUAGE_RANGE, torch.Generator().manual_seed(PRIOR_SEED))
    drawn = (
        random_question(batch.scene(index)[0], rng, held_out_wordings)
        for index in range(scenes)
        for _ in range(QUESTIONS_PER_SCENE)
    )
    return [question for question in drawn if question is not None]


def run(planner: Planner, questions: int = 1000, held_out_wordings: bool = False) -> dict:
    """The suite for a planner; see :func:`ask`."""
    return ask(planner.model.encoder, planner.model.language, questions, held_out_wordings)


@torch.no_grad()
def ask(encoder: SceneEncoder, language: SceneLanguageModel, questions: int, held_out_wordings: bool = False) -> dict:
    """Ask ``questions`` questions, several about each scene.

    Returns:
        Figures in all and by type; ``prior``, EM of the most frequent answer of each type and, by wording, of each way to
        ask; a record of every question.
    """
    records: list[dict] = []
    asked: list[tuple[str, str, str]] = []
    number = 0
    with tqdm(total=questions, desc="qa", mininterval=5) as bar:
        while len(records) < questions:
            patches, about = held_out_scene(number, held_out_wordings)
            about = about[: questions - len(records)]
            if about:
                objects = from_detections(encoder(patches)[1])
                said = generate_answers(language, objects, [question for question, _, _ in about])
                for (question, answer, kind), own in zip(about, said):
                    records.append(
                        {"scene": number, "question": question, "expected": answer, "answer": own, "type": kind}
                    )
                asked += about
                bar.update(len(about))
            number += 1
    by_type = score_by_type(
        [r["answer"] for r in records], [[r["expected"]] for r in records], [r["type"] for r in records]
    )
    known = prior_questions(held_out_wordings)
    simple, by_wording = (Prior(known, worded).accuracy(asked) for worded in (False, True))
    prior = {kind: {"em": em, "em_by_wording": by_wording[kind]} for kind, em in simple.items()}
    return {
        **by_type.pop("all"),
        "prior": {**prior.pop("all"), "by_type": prior},
        "held_out_wordings": held_out_wordings,
        "by_type": by_type,
        "records": records,
    }


def table(figures: dict) -> str:
    """One line per type of question, then all of them; with the EM of a guess that sees nothing."""
    names = ("count", "em", "em_refined", "bleu_1", "meteor", "rouge_l", "cider")
    lines = [f"{'':12}" + "".join(f"{name:>11}" for name in (*names, "prior em", "by wording"))]
    priors = figures["prior"]["by_type"] | {"all": figures["prior"]}
    for kind, row in [*sorted(figures["by_type"].items()), ("all", figures)]:
        cells = [f"{row[name]:11.3f}" if name != "count" else f"{row[name]:11d}" for name in names]
        cells += [f"{priors[kind][name]:11.3f}" for name in ("em", "em_by_wording")]
        lines.append(f"{kind:12}" + "".join(cells))
    return "\n".join(lines)

"""Suite ``qa``: questions about held-out generated scenes, seen through the encoder with a sensor's noise."""

from __future__ import annotations

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.language import generate_answer
from moe3d_ros.model.objects import from_detections
from moe3d_ros.model.patches import make_patches
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions import random_question
from moe3d_ros.tabletop.raycast import SensorRange, sense
from moe3d_ros.tabletop.scenes import sample_scenes
from training.detection import visible_objects
from training.language import LANGUAGE_RANGE
from training.metrics.report import score_by_type

HELD_OUT_SEED = 9_500_000_000  # training seeds are far below
QUESTIONS_PER_SCENE = 8


def held_out_scene(number: int):
    """One scene's patches, and questions about what the cameras can see of it as (question, answer, type)."""
    generator = torch.Generator().manual_seed(HELD_OUT_SEED + number)
    rng = np.random.default_rng(HELD_OUT_SEED + number)
    scenes = sample_scenes(1, LANGUAGE_RANGE, generator)
    cloud = sense(scenes, SensorRange(), generator)
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 1)
    scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
    scene, _ = scenes.scene(0)
    drawn = (random_question(scene, rng) for _ in range(QUESTIONS_PER_SCENE))
    return patches, list(dict.fromkeys(question for question in drawn if question is not None))


@torch.no_grad()
def run(planner: Planner, questions: int = 1000) -> dict:
    """Ask ``questions`` questions, several about each scene; figures in all and by type, and a record of each."""
    records: list[dict] = []
    number = 0
    with tqdm(total=questions, desc="qa", mininterval=5) as bar:
        while len(records) < questions:
            patches, asked = held_out_scene(number)
            if asked:
                objects = from_detections(planner.model.encoder(patches)[1])
                for question, answer, kind in asked[: questions - len(records)]:
                    said = generate_answer(planner.model.language, objects, question)
                    records.append({"scene": number, "question": question, "expected": answer, "answer": said, "type": kind})
                    bar.update()
            number += 1
    by_type = score_by_type(
        [r["answer"] for r in records], [[r["expected"]] for r in records], [r["type"] for r in records]
    )
    return {**by_type.pop("all"), "by_type": by_type, "records": records}


def table(figures: dict) -> str:
    """One line per type of question, then all of them."""
    names = ("count", "em", "em_refined", "bleu_1", "meteor", "rouge_l", "cider")
    lines = [f"{'':12}" + "".join(f"{name:>12}" for name in names)]
    for kind, row in [*sorted(figures["by_type"].items()), ("all", figures)]:
        lines.append(f"{kind:12}" + "".join(f"{row[name]:12.3f}" if name != "count" else f"{row[name]:12d}" for name in names))
    return "\n".join(lines)

"""What a planner decides first, without physics: scenes seen by ray casting, decisions in batches, first steps judged.

Everything goes through the planner's own encoder, LLM and pointer; only the cloud comes from rays instead of rendered
images, and Pose-DiT is left out.
"""

from __future__ import annotations

from dataclasses import fields

import torch
from tqdm import tqdm

from moe3d_ros.model.language.grammar import CANNOT, DONE, parse_step
from moe3d_ros.model.language.scene_language import task_prompt
from moe3d_ros.model.language.writing import generate_plan
from moe3d_ros.model.perception.objects import ObjectSet, from_detections
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.planner import Planner, step_confidence
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.data.layout import Text
from training.data.packing import choice_logits, end_pointer, pack
from training.evaluation.judging.held_out_cases import Case
from training.stages.matching import nearest_slots_of_scene

SENSOR = SensorRange(cameras=(3, 4), standard=1.0)  # as many as look in suite `tabletop`, or one more
BATCH = 8


@torch.no_grad()
def look(planner: Planner, scenes: list[Scene], seed: int) -> ObjectSet:
    """What the encoder finds in each scene, seen by three or four of the standard cameras with noise."""
    config = planner.model.config
    cloud = sense(batch_scenes(scenes), SENSOR, torch.Generator().manual_seed(seed))
    scene, points, colors = (values.to(planner.device) for values in (cloud.scene, cloud.points, cloud.colors))
    return from_detections(
        planner.model.encoder(make_patches(scene, points, colors, len(scenes), config.patches, config.workspace))[1]
    )


def row_of(objects: ObjectSet, row: int) -> ObjectSet:
    """One scene of a batch, as a batch of one without padding."""
    count = max(int(objects.mask[row].sum()), 1)
    values = {entry.name: getattr(objects, entry.name) for entry in fields(ObjectSet)}
    return ObjectSet(**{k: None if v is None else v[row : row + 1, :count] for k, v in values.items()})


def decide(
    planner: Planner,
    groups: list[list[tuple[str, tuple[str, ...]]]],
    scenes: list[Scene],
    seed: int,
    name: str = "decide",
) -> tuple[list[list[tuple[str, float]]], list[ObjectSet]]:
    """The first thing that the planner would say, in batches: several instructions share their scene's prefix.

    Args:
        groups: for each scene, instructions with what was done before.

    Returns:
        for each scene and instruction ``step``, ``done`` or ``cannot`` with its probability; what was seen of each.
    """
    decided, seen = [], []
    for start in tqdm(range(0, len(scenes), BATCH), desc=name, mininterval=5):
        objects = look(planner, scenes[start : start + BATCH], seed + start)
        decided += _decisions(planner, objects, groups[start : start + BATCH])
        seen += [row_of(objects, row) for row in range(len(objects.mask))]
    return decided, seen


@torch.no_grad()
def _decisions(planner: Planner, objects: ObjectSet, groups) -> list[list[tuple[str, float]]]:
    model = planner.model.language
    done, cannot = (model.grammar.special[which] for which in (DONE, CANNOT))
    allowed = [list(model.grammar.root.children)]
    texts = [
        [Text(model.encode(task_prompt(said, history)), [done], allowed) for said, history in group] for group in groups
    ]
    features, tokens = model.objects(objects)
    packed = pack(model, tokens, objects, torch.full_like(objects.mask, -1, dtype=torch.long), texts)
    hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)
    ends = end_pointer(model, packed, penultimate, features, objects.mask)
    chances = choice_logits(model, packed, hidden, ends).softmax(-1)
    probability, best = chances.max(-1)
    chosen = packed.choice_allowed.gather(1, best[:, None])[:, 0].tolist()
    said = [
        ("done" if token == done else "cannot" if token == cannot else "step", float(p))
        for token, p in zip(chosen, probability)
    ]
    found = iter(said)
    return [[next(found) for _ in group] for group in groups]


def first_steps(planner: Planner, cases: list[Case], seed: int, name: str = "plans") -> list[dict]:
    """The planner's first step for each case, judged: see :func:`first_step`. Cases in a row may share their scene."""
    records, last, objects = [], None, None
    for number, case in enumerate(tqdm(cases, desc=name, mininterval=5)):
        if case.scene is not last:  # the same look for all that is said about a scene
            last, objects = case.scene, row_of(look(planner, [case.scene], seed + number), 0)
        records.append(first_step(planner, case, objects))
    return records


@torch.no_grad()
def first_step(planner: Planner, case: Case, objects: ObjectSet) -> dict:
    """Plan one step and judge its words together with the objects that it points at.

    Returns:
        record with ``right``, ``end`` (step, done, cannot), ``text``, ``oracle``, and of a step ``confidence`` as plans
        have it and ``raw_confidence`` before the checkpoint's calibration.
    """
    record = {
        "group": case.group,
        "family": case.family,
        "wording": case.wording,
        "instruction": case.instruction,
        "oracle": case.steps[0].text if case.steps else None,
        "text": None,
        "right": False,
    }
    if not bool(objects.mask.any()):
        return record | {"end": "nothing seen"}
    steps, end, _ = generate_plan(planner.model.language, objects, case.instruction, case.history, max_steps=1)
    if not steps:
        return record | {"end": end, "right": end == "done" and not case.steps}
    step, raw = steps[0], step_confidence(steps[0])
    right = bool(case.steps) and _judged(case, objects, step)
    return record | {
        "end": "step",
        "text": step.text,
        "right": right,
        "raw_confidence": raw,
        "confidence": planner.model.config.calibrated(raw),
    }


def _judged(case: Case, objects: ObjectSet, step) -> bool:
    here = ObjectSet(**{k: None if v is None else v.cpu() for k, v in vars(objects).items()})  # truth is on the CPU
    lying = nearest_slots_of_scene(here, case.scene, range(len(case.scene.objects))).tolist()
    none = int(objects.mask.sum())
    pick, place = (lying.index(which) if which in lying else None for which in step.state.chosen)
    if pick is None or (place is None and step.state.chosen[1] != none):
        return False  # it points at something that is not there
    _, destination = parse_step(step.text)
    area = destination.removeprefix("on the ") if place is None else None
    try:
        return case.right_step(pick, place, area, step.text)
    except KeyError:  # words of a thing, where it points at the table
        return False

"""First decisions of a planner without physics: scenes rendered by ray casting, decided in batches and judged.

Everything goes through the planner's own encoder, LLM and pointer; only the cloud comes from rays instead of rendered
images, and Pose-DiT is left out.
"""

from __future__ import annotations

import torch
from tqdm import tqdm

from moe3d_ros.look import Decision, Look
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.evaluation.judging.held_out_cases import Case
from training.evaluation.judging.seen_things import seen_as

SENSOR = SensorRange(cameras=(3, 4), standard=1.0)  # as many as look in suite `tabletop`, or one more
BATCH = 8


def look_at(planner: Planner, scenes: list[Scene], seed: int) -> tuple[Look, ...]:
    """A look at each scene, by three or four of the standard cameras with noise."""
    cloud = sense(batch_scenes(scenes), SENSOR, torch.Generator().manual_seed(seed))
    return planner.looks(cloud.scene, cloud.points, cloud.colors, len(scenes))


def decide(
    planner: Planner,
    groups: list[list[tuple[str, tuple[str, ...]]]],
    scenes: list[Scene],
    seed: int,
    name: str = "decide",
) -> tuple[list[list[tuple[str, float]]], list[Look]]:
    """The first thing that the planner would say, in batches: several instructions share their scene's prefix.

    Args:
        groups: for each scene, instructions with what was done before.

    Returns:
        for each scene and instruction ``step``, ``done`` or ``cannot`` with its probability; the look at each scene.
    """
    decided: list[list[tuple[str, float]]] = []
    seen: list[Look] = []
    for start in tqdm(range(0, len(scenes), BATCH), desc=name, mininterval=5):
        looks = look_at(planner, scenes[start : start + BATCH], seed + start)
        decided += planner.first_decisions(looks, groups[start : start + BATCH])
        seen += looks
    return decided, seen


def first_steps(planner: Planner, cases: list[Case], seed: int, name: str = "plans") -> list[dict]:
    """The planner's first step for each case, judged: see :func:`first_step`. Cases in a row may share their scene."""
    records: list[dict] = []
    last: Scene | None = None
    look: Look
    for number, case in enumerate(tqdm(cases, desc=name, mininterval=5)):
        if case.scene is not last:  # the same look for all that is said about a scene
            last, (look,) = case.scene, look_at(planner, [case.scene], seed + number)
        records.append(first_step(case, look))
    return records


def first_step(case: Case, look: Look) -> dict:
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
    if not look.objects:
        return record | {"end": "nothing seen"}
    said = look.decide(case.instruction, case.history)
    if said.end != "step":
        return record | {"end": said.end, "right": said.end == "done" and not case.steps}
    return record | {
        "end": "step",
        "text": said.text,
        "right": bool(case.steps) and _is_right(case, look, said),
        "raw_confidence": said.raw_confidence,
        "confidence": said.confidence,
    }


def _is_right(case: Case, look: Look, said: Decision) -> bool:
    lying = seen_as(look.objects, case.scene, range(len(case.scene.objects)))
    pick, place = (lying.index(which) if which in lying else None for which in (said.pick, said.place))
    if pick is None or (place is None and said.place is not None):
        return False  # it points at something that is not there
    area = said.destination.removeprefix("on the ") if place is None else None
    try:
        return case.right_step(pick, place, area, said.text)
    except KeyError:  # words of a thing, where it points at the table
        return False

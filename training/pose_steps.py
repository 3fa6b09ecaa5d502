"""Suite ``pose-steps``: Pose-DiT with the right objects given, at 1, 2, 4 and 10 sampling steps: error and time."""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.geometry import pose_from_matrix
from moe3d_ros.model.language import task_prompt
from moe3d_ros.model.policy import anchor_inputs, step_condition
from moe3d_ros.model.pose_dit import sample_poses
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.physics import TabletopWorld
from training.language import nearest_slots_of_scene
from training.packing import Text, pack, step_states
from training.single_step import held_out_episode, pose_error

STEPS = (1, 2, 4, 10)


@torch.no_grad()
def run(planner: Planner, scenes: int = 100) -> dict:
    """The head alone: the right text is given, so that only Pose-DiT (and the pointed objects) can be wrong."""
    model = planner.model
    errors: dict[int, list[tuple[float, float, float]]] = {steps: [] for steps in STEPS}
    seconds: dict[int, list[float]] = {steps: [] for steps in STEPS}
    missed = 0
    for number in tqdm(range(scenes), desc="pose-steps", mininterval=5):
        scene, task, cameras, rng = held_out_episode(number)
        with TabletopWorld(scene) as world:
            points, colors = world.cloud(cameras, noise=rng)
        patches = planner._patches(points, colors)
        encoded, objects = planner._see(patches)
        step = task.steps[0]
        index = nearest_slots_of_scene(objects, scene, (step.pick_index, step.place_index))
        if (index < 0).any():
            missed += 1
            continue
        condition = step_condition(_state(model.language, objects, index.tolist(), task))[None]
        anchors = anchor_inputs(objects, index[None, None])
        memory = model.pose.encode_memory(encoded, patches.centroids, patches.mask)
        for steps in STEPS:
            generator = torch.Generator(planner.device).manual_seed(number)
            start = time.perf_counter()
            positions, rotations = sample_poses(
                model.pose, condition, memory=memory, anchors=anchors.positions, anchor_features=anchors.features,
                tilt=anchors.tilt(), steps=steps, generator=generator,
            )  # fmt: skip
            rotations = anchors.turn() @ rotations
            seconds[steps].append(time.perf_counter() - start)
            pick, place = (pose_from_matrix(positions[0, 0, i].numpy(), rotations[0, 0, i].numpy()) for i in (0, 1))
            (pick_error, yaw_error), (place_error, _) = pose_error(pick, step.pick), pose_error(place, step.place)
            errors[steps].append((pick_error, place_error, yaw_error))
    return {"scenes": scenes, "objects_missed": missed, "steps": {s: _figures(errors[s], seconds[s]) for s in STEPS}}


def _state(language, objects, index: list[int], task) -> torch.Tensor:
    """The LLM's state of the right step, as if it had pointed at the right objects and written it."""
    answer = language.grammar.tokens([task.steps[0].text])[:-1]
    text = Text(language.encode(task_prompt(task.instruction)), answer, None, language.grammar.spans(answer), [tuple(index)])
    _, tokens = language.objects(objects)
    packed = pack(language, tokens, objects, torch.arange(objects.mask.shape[1])[None], [[text]])
    return step_states(language.run(packed.inputs, packed.mask, packed.positions, places=packed.places)[1], packed)


def _figures(errors, seconds) -> dict:
    pick, place, yaw = np.array(errors).T
    return {
        "pick_mm_median": 1000 * float(np.median(pick)),
        "place_mm_median": 1000 * float(np.median(place)),
        "yaw_deg_median": math.degrees(float(np.median(yaw))),
        "pick_within_15mm": float((pick < 0.015).mean()),
        "place_within_20mm": float((place < 0.02).mean()),
        "yaw_within_10deg": float((yaw < math.radians(10)).mean()),
        "milliseconds": 1000 * float(np.median(seconds)),
    }


def table(figures: dict) -> str:
    """One line per number of steps."""
    names = list(next(iter(figures["steps"].values())))
    lines = ["steps  " + "  ".join(f"{name:>18}" for name in names)]
    for steps, row in figures["steps"].items():
        lines.append(f"{steps:5}  " + "  ".join(f"{row[name]:18.3f}" for name in names))
    lines.append(f"{figures['objects_missed']} of {figures['scenes']} scenes left out: the encoder missed an object")
    return "\n".join(lines)

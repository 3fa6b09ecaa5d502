"""Suite ``pose-steps``: Pose-DiT with the right objects given, at 1, 2, 4 and 10 sampling steps: success, error, time.

Other checkpoints, with another head or of another training, stand beside it (``compare``).
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.action.anchors import anchor_inputs, step_condition
from moe3d_ros.model.action.pose_dit import sample_poses
from moe3d_ros.model.language.scene_language import task_prompt
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.world.geometry import pose_from_matrix
from training.data.layout import Text
from training.data.packing import pack, step_states
from training.evaluation.judging.shares import interval
from training.evaluation.single_step import held_out_episode, pose_error
from training.stages.matching import nearest_slots_of_scene

STEPS = (1, 2, 4, 10)


@torch.no_grad()
def run(planner: Planner, scenes: int = 100, draws: int = 1, free_noise: bool = False) -> dict:
    """The head alone: the right text is given, so that only Pose-DiT (and the pointed objects) can be wrong.

    A pose pair is a success by the rule of the suite single-step: pick within 15 mm, place within 20 mm, yaw of the pick
    within 10 degrees. With ``draws`` above 1 the medoid of so many draws is judged. ``free_noise``: not
    decided between equal turns (action/symmetry.py), whatever the checkpoint says.
    """
    model = planner.model
    if free_noise:
        model.pose.config = replace(model.pose.config, decided=False)
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
                model.pose,
                condition,
                memory=memory,
                anchors=anchors.positions,
                anchor_features=anchors.features,
                tilt=anchors.tilt(),
                steps=steps,
                draws=draws,
                generator=generator,
            )
            rotations = anchors.turn() @ rotations
            seconds[steps].append(time.perf_counter() - start)
            pick, place = (pose_from_matrix(positions[0, 0, i].numpy(), rotations[0, 0, i].numpy()) for i in (0, 1))
            (pick_error, yaw_error), (place_error, _) = pose_error(pick, step.pick), pose_error(place, step.place)
            errors[steps].append((pick_error, place_error, yaw_error))
    if missed == scenes:
        raise ValueError(
            f"the encoder of {planner.name} misses the objects of all {scenes} scenes: nothing can be judged"
        )
    curve = {steps: _figures(errors[steps], seconds[steps]) for steps in STEPS}
    return {
        "head": model.config.pose_head,
        "decided": model.pose.config.decided,
        "draws": draws,
        "scenes": scenes,
        "objects_missed": missed,
        "one_against_ten": curve[1]["success"] - curve[10]["success"],
        "steps": curve,
    }


def beside(figures: dict, compare: dict[str, str], device: str = "cpu") -> dict:
    """The figures of the checkpoint, with ``others``: the same of each in ``compare``, name -> checkpoint, one by one."""
    others = {}
    for name, checkpoint in compare.items():
        planner = Planner.from_pretrained(checkpoint, device=device)
        found = run(planner, figures["scenes"], figures["draws"], not figures["decided"])
        others[name] = {"checkpoint": planner.name, "checksum": planner.checksum, **found}
    return {**figures, "others": others}


def compared(text: str) -> tuple[str, str]:
    """``NAME=CHECKPOINT`` -> both; a ValueError says how it is written."""
    name, sign, checkpoint = text.partition("=")
    if not (name and sign and checkpoint):
        raise ValueError(
            f"--compare of pose-steps takes NAME=CHECKPOINT (ddim=runs/heads/ddim/checkpoint), got {text!r}"
        )
    return name, checkpoint


def _state(language, objects, index: list[int], task) -> torch.Tensor:
    """The LLM's state of the right step, as if it had pointed at the right objects and written it."""
    answer = language.grammar.tokens([task.steps[0].text])[:-1]
    text = Text(
        language.encode(task_prompt(task.instruction)), answer, None, language.grammar.spans(answer), [tuple(index)]
    )
    _, tokens = language.objects(objects)
    packed = pack(language, tokens, objects, torch.arange(objects.mask.shape[1])[None], [[text]])
    return step_states(language.run(packed.inputs, packed.mask, packed.positions, places=packed.places)[1], packed)


def _figures(errors, seconds) -> dict:
    pick, place, yaw = np.array(errors).T
    close = {
        "pick_within_15mm": pick < 0.015,
        "place_within_20mm": place < 0.02,
        "yaw_within_10deg": yaw < math.radians(10),
    }
    success = np.logical_and.reduce(list(close.values()))
    return {
        "success": float(success.mean()),
        "interval": interval(success),
        **{name: float(share.mean()) for name, share in close.items()},
        "pick_mm_median": 1000 * float(np.median(pick)),
        "place_mm_median": 1000 * float(np.median(place)),
        "yaw_deg_median": math.degrees(float(np.median(yaw))),
        "milliseconds": 1000 * float(np.median(seconds)),
    }


def table(figures: dict) -> str:
    """One line per checkpoint and number of steps, and for each how one step stands against ten."""
    curves = {figures["head"]: figures} | figures.get("others", {})
    if len(curves) == len(figures.get("others", {})):  # one of them has the name of the first one's head
        curves = {"checkpoint": figures} | figures["others"]
    columns = [name for name in figures["steps"][1] if name != "interval"]
    lines = [f"{'':12} steps  " + "  ".join(f"{name:>17}" for name in columns)]
    for name, curve in curves.items():
        for steps, row in curve["steps"].items():
            lines.append(f"{name:12} {steps:5}  " + "  ".join(f"{row[column]:17.3f}" for column in columns))
    for name, curve in curves.items():
        low, high = curve["steps"][1]["interval"]
        lines.append(
            f"{name}: one step {100 * curve['one_against_ten']:+.1f} points of success against ten "
            f"(95 % interval of one step {100 * low:.1f} to {100 * high:.1f} %); "
            f"{curve['objects_missed']} of {curve['scenes']} scenes left out: the encoder missed an object"
        )
    return "\n".join(lines)

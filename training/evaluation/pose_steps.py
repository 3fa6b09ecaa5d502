"""Suite ``pose-steps``: Pose-DiT with the right objects given, at 1, 2, 4 and 10 sampling steps: success, error, time.

Other checkpoints, with another head or of another training, stand beside it (``compare``).
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np
from tqdm import tqdm

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from training.evaluation.judging.seen_things import seen_as
from training.evaluation.judging.shares import interval
from training.evaluation.single_step import held_out_episode, pose_error
from training.evaluation.suite import Suite, add_scenes, positive

STEPS = (1, 2, 4, 10)


def run(planner: Planner, scenes: int = 100, draws: int = 1, free_noise: bool = False) -> dict:
    """The head alone: the right text is given, so that only Pose-DiT (and the pointed objects) can be wrong.

    A pose pair is a success by the rule of the suite single-step: pick within 15 mm, place within 20 mm, yaw of the pick
    within 10 degrees. With ``draws`` above 1 the medoid of so many draws is judged. ``free_noise``: not
    decided between equal turns (action/symmetry.py), whatever the checkpoint says.
    """
    planner.decided_noise &= not free_noise
    errors: dict[int, list[tuple[float, float, float]]] = {steps: [] for steps in STEPS}
    seconds: dict[int, list[float]] = {steps: [] for steps in STEPS}
    missed = 0
    for number in tqdm(range(scenes), desc="pose-steps", mininterval=5):
        scene, task, cameras, rng = held_out_episode(number)
        with TabletopWorld(scene) as world:
            points, colors = world.cloud(cameras, noise=rng)
        look, step = planner.look(points, colors), task.steps[0]
        picked, goal = seen_as(look.objects, scene, (step.pick_index, step.place_index))
        if picked < 0 or goal < 0:
            missed += 1
            continue
        sampler = look.step_poses(task.instruction, step.text, picked, goal)
        for steps in STEPS:
            start = time.perf_counter()
            ((pick, place),) = sampler.poses(steps, draws, seed=number)
            seconds[steps].append(time.perf_counter() - start)
            (pick_error, yaw_error), (place_error, _) = pose_error(pick, step.pick), pose_error(place, step.place)
            errors[steps].append((pick_error, place_error, yaw_error))
    if missed == scenes:
        raise ValueError(
            f"the encoder of {planner.name} misses the objects of all {scenes} scenes: nothing can be judged"
        )
    curve = {steps: _figures(errors[steps], seconds[steps]) for steps in STEPS}
    return {
        "head": planner.config.pose_head,
        "decided": planner.decided_noise,
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
    """``NAME=CHECKPOINT`` -> both, for argparse."""
    name, sign, checkpoint = text.partition("=")
    if not (name and sign and checkpoint):
        raise argparse.ArgumentTypeError(f"it takes NAME=CHECKPOINT (ddim=runs/heads/ddim/checkpoint), got {text!r}")
    return name, checkpoint


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


def _add_options(parser) -> None:
    add_scenes(parser, 100)
    parser.add_argument("--draws", type=positive, default=1, help="draws whose geodesic medoid is judged")
    parser.add_argument(
        "--free-noise", action="store_true", help="poses from any noise, also near the edge between two turns"
    )
    parser.add_argument(
        "--compare",
        nargs="+",
        type=compared,
        default=[],
        metavar="NAME=CHECKPOINT",
        help="other checkpoints, such as of the baseline heads ddim and regression, beside this one",
    )


def _run(planner: Planner, options) -> dict:
    figures = run(planner, options.scenes, options.draws, options.free_noise)
    return beside(figures, dict(options.compare), options.device) if options.compare else figures


SUITE = Suite(name="pose-steps", run=_run, table=table, add_options=_add_options)

"""Suite ``single-step``: held-out scenes rendered in the physics world, plain and grounded instructions, execution."""

from __future__ import annotations

import math
import time

import numpy as np
from tqdm import tqdm

from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import CAMERAS
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.simulation.physics import TabletopWorld, armed
from moe3d_ros.tabletop.tasks.single_step import Task, single_step_task
from moe3d_ros.world.geometry import quaternion_to_matrix, symmetric_angle_error, yaw_of
from moe3d_ros.world.pose import Pose
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_arm, add_held_out_wordings, add_scenes

HELD_OUT_SEED = 9_000_000  # training scenes come from seeds of another kind and range


def held_out_episode(number: int, held_out_wording: bool = False):
    """Scene, task and cameras of one episode: even numbers are plain, odd ones grounded."""
    rng = np.random.default_rng([HELD_OUT_SEED, number])
    grounded = number % 2 == 1
    while True:
        scene = random_scene(rng)
        task = single_step_task(scene, rng, grounded, held_out=held_out_wording)
        if task is not None:
            break
    names = list(CAMERAS)
    count = int(rng.integers(1, len(names) + 1))
    return scene, task, [str(name) for name in rng.choice(names, count, replace=False)], rng


def run(planner: Planner, scenes: int = 200, episodes: int = 50, held_out_wording: bool = False, arm: str = "") -> dict:
    """Plan for ``scenes`` held-out scenes, execute the first ``episodes`` of them, and count.

    A text is right when the plan is exactly one step that names the right pick and the right place. Poses are judged
    where the text is right, against the oracle's. Returns fractions, and a record of every episode.

    Args:
        arm: gripper of the simulated arm that executes; where it cannot get to, the step fails. Empty: none does.
    """
    records = []
    for number in tqdm(range(scenes), desc="single-step", mininterval=5):
        scene, task, cameras, rng = held_out_episode(number, held_out_wording)
        with TabletopWorld(scene, **armed(arm)) as world:
            points, colors = world.cloud(cameras, noise=rng)
            record = {
                "number": number,
                "instruction": task.instruction,
                "grounded": task.grounded,
                "cameras": cameras,
                "expected": task.steps[0].text,
            }
            start = time.perf_counter()
            try:
                plan = planner.plan(points, colors, task.instruction)
            except PlanningError as error:
                plan = None
                record["error"] = str(error)
            record["seconds"] = time.perf_counter() - start
            record |= judge(plan, task)
            if number < episodes:
                record["executed"] = _execute(world, plan, task.steps[0])
        records.append(record)
    return {**summary(records), "records": records}


def judge(plan: Plan | None, task: Task) -> dict:
    """Judge the text and, if it is right, measure the poses' errors against the oracle's."""
    texts = [action.text for action in plan.actions] if plan else []
    right = texts == [task.steps[0].text]
    record: dict = {"text": texts, "text_right": right}
    if plan is not None and right:
        action, step = plan.actions[0], task.steps[0]
        record["pick_error"], record["pick_yaw_error"] = pose_error(action.pick, step.pick)
        record["place_error"], record["place_yaw_error"] = pose_error(action.place, step.place)
        record["confidence"] = action.confidence
    return record


def pose_error(pose: Pose, truth: Pose) -> tuple[float, float]:
    """Distance in metres, and yaw error in radians modulo a quarter turn."""
    yaw, wanted = (float(yaw_of(quaternion_to_matrix(p.orientation))) for p in (pose, truth))
    distance = float(np.linalg.norm(np.subtract(pose.position, truth.position)))
    return distance, float(symmetric_angle_error(yaw, wanted, math.pi / 2))


def _execute(world: TabletopWorld, plan: Plan | None, step: Step) -> bool:
    if plan is None or not plan.actions:
        return False
    world.pick_and_place(plan.actions[0].pick, plan.actions[0].place)
    return bool(world.succeeded(step))


def summary(records: list[dict]) -> dict:
    """The suite's figures, each with its 95 % interval and how many cases it counts."""
    plain = [r["text_right"] for r in records if not r["grounded"]]
    grounded = [r["text_right"] for r in records if r["grounded"]]
    right = [r for r in records if r["text_right"]]
    figures = shares(
        {
            "text_accuracy": plain,
            "text_accuracy_grounded": grounded,
            "pick_within_15mm": [r["pick_error"] < 0.015 for r in right],
            "place_within_20mm": [r["place_error"] < 0.02 for r in right],
            "both_within": [r["pick_error"] < 0.015 and r["place_error"] < 0.02 for r in right],
            "yaw_within_10deg": [r["pick_yaw_error"] < math.radians(10) for r in right],
            "executed_success": [r["executed"] for r in records if "executed" in r],
        }
    )
    figures["seconds_median"] = float(np.median([r["seconds"] for r in records]))
    return figures


def table(figures: dict) -> str:
    """The figures as lines of text."""
    return f"{shares_table(figures)}\nseconds per plan (median)  {figures['seconds_median']:.2f}"


def _add_options(parser) -> None:
    add_scenes(parser, 200)
    parser.add_argument("--episodes", type=int, default=50, help="scenes that are executed (default: %(default)s)")
    add_held_out_wordings(parser)
    add_arm(parser)


SUITE = Suite(
    name="single-step",
    run=lambda planner, options: run(planner, options.scenes, options.episodes, options.held_out_wordings, options.arm),
    table=table,
    add_options=_add_options,
)

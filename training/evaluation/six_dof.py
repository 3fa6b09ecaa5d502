"""Suite ``6d``: tasks whose pick or place is not top-down, one step each: look, plan, execute, judge by their own rules."""

from __future__ import annotations

import math
import time

import numpy as np
from tqdm import tqdm

from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.sixd_success import equivalent_picks, pose_error_6d, step_reached_6d
from moe3d_ros.tabletop.scenes.scene import CAMERAS as ALL_CAMERAS
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.simulation.physics import TabletopWorld, armed
from moe3d_ros.tabletop.tasks.sixd_tasks import SIXD_TASKS, make_step_6d, sixd_episode
from training.evaluation.suite import Suite, add_arm, add_held_out_wordings, load_planner, names, positive

HELD_OUT_SEED = 9_200_000  # training scenes come from seeds of another kind and range
CAMERAS = ("front", "left", "right")


def run(
    planner: Planner | None,
    episodes: int = 50,
    tasks=SIXD_TASKS,
    held_out_wording: bool = False,
    cameras=CAMERAS,
    oracle: bool = True,
    arm: str = "",
) -> dict:
    """``episodes`` of each task with the planner, and with the oracle, which gives the ceiling of scenes and physics.

    A text is right when the plan is exactly the one step that is meant. Poses are compared with the oracle's where the text
    is right; a success counts whatever the text says. Returns figures per task and over all, and every record.

    Args:
        arm: gripper of the simulated arm that executes, the oracle's steps too; empty: none does.
    """
    jobs = [(name, number) for number in range(episodes) for name in tasks]
    records = [
        _episode(planner, name, number, held_out_wording, cameras, oracle, arm)
        for name, number in tqdm(jobs, desc="6d", mininterval=5)
    ]
    figures = {name: summary([r for r in records if r["task"] == name]) for name in tasks}
    return {
        "tasks": figures,
        "all": summary(records),
        "cameras": cameras,
        "held_out_wordings": held_out_wording,
        "records": records,
    }


def _episode(planner: Planner | None, name: str, number: int, held_out: bool, cameras, oracle: bool, arm: str) -> dict:
    rng = np.random.default_rng([HELD_OUT_SEED, SIXD_TASKS.index(name), number])
    task, scene = sixd_episode(name, rng, held_out)
    meant = task.steps[0]
    record = {"task": name, "number": number, "instruction": task.instruction, "expected": meant.text}
    if oracle or planner is None:
        with TabletopWorld(scene, **armed(arm)) as world:
            record |= _executed(world, _settled(world, meant), meant, "oracle")
    if planner is None:
        return record
    with TabletopWorld(scene, **armed(arm)) as world:
        truth, now = _settled(world, meant), world.current_scene()
        points, colors = world.cloud(cameras, noise=rng)
        start = time.perf_counter()
        try:
            plan = planner.plan(points, colors, task.instruction)
        except PlanningError as error:
            plan = None
            record["error"] = str(error)
        record["seconds"] = time.perf_counter() - start
        record |= judge(plan, now, truth)
        if plan is None or not plan.actions:
            return record | {"success": False}
        return record | _executed(world, plan.actions[0], truth, "success")


def _settled(world: TabletopWorld, step: Step) -> Step:
    """The step again, for things as they lie in the world now."""
    return make_step_6d(world.current_scene(), step.pick_index, step.place_index, step.area)


def _executed(world: TabletopWorld, poses, step: Step, key: str) -> dict:
    """Carry out the poses of a step or an action, and judge by the step -> record."""
    result = world.pick_and_place(poses.pick, poses.place)
    reached, words = step_reached_6d(world.current_scene(), step)
    return {key: reached, f"{key}_words": f"{result.message} Now {words}."}


def judge(plan: Plan | None, scene, step: Step) -> dict:
    """Judge the text and, if it is right, measure the poses' errors against the oracle's, modulo symmetry."""
    texts = [action.text for action in plan.actions] if plan else []
    record: dict = {"text": texts, "text_right": texts == [step.text]}
    if plan is not None and record["text_right"]:
        action = plan.actions[0]
        record["pick_error"], record["pick_turn"] = pose_error_6d(action.pick, equivalent_picks(scene, step))
        record["place_error"], record["place_turn"] = pose_error_6d(action.place, [step.place])
    return record


def summary(records: list[dict]) -> dict:
    """Figures of some episodes; errors are medians over picks and places together, and of each."""
    figures: dict = {"episodes": len(records)}
    for key in ("success", "text_right", "oracle"):
        values = [r[key] for r in records if key in r]
        if values:
            figures[key] = float(np.mean(values))
    right = [r for r in records if r.get("text_right")]
    if right:
        for unit, scale, name in (("mm", 1000, "error"), ("deg", 180 / math.pi, "turn")):
            pick, place = ([scale * r[f"{end}_{name}"] for r in right] for end in ("pick", "place"))
            word = {"error": "position", "turn": "rotation"}[name]
            figures |= {
                f"{word}_{unit}": float(np.median(pick + place)),
                f"pick_{word}_{unit}": float(np.median(pick)),
                f"place_{word}_{unit}": float(np.median(place)),
            }
    seconds = [r["seconds"] for r in records if "seconds" in r]
    return figures | ({"seconds_median": float(np.median(seconds))} if seconds else {})


def table(figures: dict) -> str:
    """One line per task."""
    columns = (
        "success",
        "text_right",
        "position_mm",
        "rotation_deg",
        "pick_position_mm",
        "pick_rotation_deg",
        "place_position_mm",
        "place_rotation_deg",
        "oracle",
    )
    heads = ("success", "text", "mm", "deg", "pick mm", "pick deg", "place mm", "place deg", "oracle")
    lines = [f"{'task':12}{'n':>5}" + "".join(f"{head:>11}" for head in heads)]
    for name, row in [*figures["tasks"].items(), ("all", figures["all"])]:
        cells = "".join(f"{row[key]:11.3f}" if key in row else f"{'-':>11}" for key in columns)
        lines.append(f"{name:12}{row['episodes']:5}{cells}")
    return "\n".join(lines)


def _add_options(parser) -> None:
    parser.add_argument("--episodes", type=positive, default=50, help="of each task (default: %(default)s)")
    parser.add_argument("--tasks", type=names, default=SIXD_TASKS, help="with commas (default: all)")
    parser.add_argument("--cameras", type=names, default=CAMERAS, help="that look, with commas (default: all but top)")
    parser.add_argument("--oracle-only", action="store_true", help="no model: what scenes, physics and rules allow")
    add_held_out_wordings(parser)
    add_arm(parser)


def _check(options) -> None:
    for kind, given, known in (("6D task", options.tasks, SIXD_TASKS), ("camera", options.cameras, ALL_CAMERAS)):
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is no {kind}: use {', '.join(known)}.")


SUITE = Suite(
    name="6d",
    run=lambda planner, options: run(
        planner, options.episodes, options.tasks, options.held_out_wordings, options.cameras, arm=options.arm
    ),
    table=table,
    add_options=_add_options,
    check=_check,
    planner=lambda options: None if options.oracle_only else load_planner(options),
)

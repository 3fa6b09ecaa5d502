"""Suite ``beside``: single steps beside things in held-out words, seen by the planner's own eyes, judged by the poses of its plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tqdm import tqdm

from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.composed_words.beside_step import beside_step_task
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import CAMERAS, Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.single_step import Task
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.side_spots import TARGET_GAP
from moe3d_ros.world.sides import BETWEEN, SIDES
from training.evaluation.judging.mistakes import followed
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Figures, Suite, add_scenes, bars_of

HELD_OUT_SEED = 9_600_000  # training scenes come from seeds of another kind and range
PICK_REACH = 0.03  # metres from the middle of a thing's top within which the tool takes it
RIGHT_BAR, GAP_BAR = 0.95, 0.015


def held_out_episode(number: int, held_out: bool = True) -> tuple[Scene, Task, list[str], np.random.Generator]:
    """Scene, task and cameras of one episode, and what draws its noise: even numbers name things plainly, odd ones by place."""
    rng = np.random.default_rng([HELD_OUT_SEED, number])
    task = None
    while task is None:
        scene = random_scene(rng)
        task = beside_step_task(scene, rng, number % 2 == 1, held_out)
    count = int(rng.integers(1, len(CAMERAS) + 1))
    return scene, task, [str(name) for name in rng.choice(list(CAMERAS), count, replace=False)], rng


def run(planner: Planner, scenes: int = 200, held_out: bool = True) -> Figures:
    """Plan in ``scenes`` held-out scenes and judge where the poses would bring the thing, without physics."""
    records = []
    for number in tqdm(range(scenes), desc="beside", mininterval=5):
        scene, task, cameras, rng = held_out_episode(number, held_out)
        with TabletopWorld(scene) as world:
            points, colors = world.cloud(cameras, noise=rng)
        record: dict = {
            "number": number,
            "instruction": task.instruction,
            "grounded": task.grounded,
            "cameras": cameras,
        }
        plan = None
        try:
            plan = planner.plan(points, colors, task.instruction)
        except PlanningError as error:
            record["error"] = str(error)
        records.append(record | judge(plan, scene, task.steps[0]))
    return {**summary(records), "records": records}


def judge(plan: Plan | None, scene: Scene, step: Step) -> dict:
    """Judge a plan by its words and by where its poses bring the thing that they pick.

    Returns:
        side: that is wanted. text, expected, text_right: the words of the plan, and whether they are the oracle's (two things
        in either order). picked: the right thing is taken. at_side: it ends where the instruction wants it. free: it touches
        nothing and stays in the workspace. right: all of this but for the words, in one step. gap_error: metres off 3 cm
        from outline to outline, where it goes beside one thing; None else.
    """
    texts = [action.text for action in plan.actions] if plan else []
    record = {
        "side": step.side,
        "text": texts,
        "expected": step.text,
        "text_right": len(texts) == 1 and _unordered(texts[0]) == _unordered(step.text),
        "picked": False,
        "at_side": False,
        "free": False,
        "right": False,
        "gap_error": None,
    }
    action = plan.actions[0] if plan is not None and plan.actions else None
    taken = None if action is None else _taken(scene, action.pick)
    if action is None or taken is None or step.place_index is None:
        return record
    after = followed(scene, replace(step, pick_index=taken, pick=action.pick, place=action.place))
    layout, place = Layout(after), np.array(after.objects[taken].position)
    record["picked"] = taken == step.pick_index
    record["free"] = layout.untouched(taken) and bool(scene.workspace.contains(place))
    if taken == step.pick_index:
        record["at_side"] = layout.beside(taken, step.side, step.place_index, step.second)
        if step.side != BETWEEN:
            record["gap_error"] = abs(layout.gap(taken, step.place_index) - TARGET_GAP)
    record["right"] = record["at_side"] and record["free"] and len(texts) == 1
    return record


def _taken(scene: Scene, pick: Pose) -> int | None:
    """Index of the movable thing that the tool takes; None where it takes nothing."""
    apart = {
        i: float(np.linalg.norm(np.subtract((*thing.position[:2], thing.top), pick.position)))
        for i, thing in enumerate(scene.objects)
        if thing.traits.movable
    }
    nearest = min(apart, key=lambda i: apart[i], default=None)
    return nearest if nearest is not None and apart[nearest] <= PICK_REACH else None


def _unordered(text: str) -> tuple[str, ...]:
    """A step's words, of two things that something goes between in one order."""
    before, word, things = text.partition(f" {BETWEEN} ")
    return (before, word, *sorted(things.split(" and ")))


def summary(records: list[dict]) -> Figures:
    """The suite's figures: shares with 95 % intervals, and the median error of the gap in metres (None without cases)."""
    groups = {
        name: [record[name] for record in records] for name in ("right", "at_side", "free", "picked", "text_right")
    }
    groups |= {f"right, {side}": [r["right"] for r in records if r["side"] == side] for side in SIDES}
    for name, grounded in (("plain", False), ("grounded", True)):
        groups[f"right, {name}"] = [record["right"] for record in records if record["grounded"] == grounded]
    errors = [record["gap_error"] for record in records if record["gap_error"] is not None]
    return {**shares(groups), "gap_error_median": float(np.median(errors)) if errors else None}


def bars(figures: Figures) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    return bars_of(figures, {"right": RIGHT_BAR}, {"gap_error_median": GAP_BAR})


def table(figures: Figures) -> str:
    """The figures as lines of text."""
    error = figures["gap_error_median"]
    told = "of no step" if error is None else f"{100 * error:.2f} cm"
    return f"{shares_table(figures)}\nerror of the gap against {100 * TARGET_GAP:.0f} cm (median)  {told}"


def _add_options(parser) -> None:
    add_scenes(parser, 200)
    parser.add_argument("--trained-wordings", action="store_true", help="word instructions as training does")


SUITE = Suite(
    name="beside",
    run=lambda planner, options: run(planner, options.scenes, not options.trained_wordings),
    table=table,
    bars=bars,
    add_options=_add_options,
)

"""Suite ``placed``: what was moved is seen where it now lies, in a bowl above all, and is moved on from there."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.step_done import step_done
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.single_step import Task, make_step, random_step, single_step_task
from moe3d_ros.world.kinds import BLOCK, BOWL
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_scenes, bars_of

CAMERAS = ("front", "left", "right")
STEPS = (1, 4)  # carried out before anything is asked: at least, and below
INTO_A_BOWL = 0.6  # share of them that put a block into a bowl, be it empty or not
FOUND = 0.015  # metres from a block's middle within which a block is seen
TRIES = 30  # instructions that are drawn until one is about what was moved
BAR = 0.95


def run(planner: Planner, scenes: int = 100, seed: int = HELD_OUT_SEED) -> dict:
    """Blocks that are seen after some of them were moved, by where they lie; and plans that move one of these on.

    Returns:
        shares of blocks that are ``seen``, and of plans of the one step that is meant (``moved on``), by where they lie,
        with counts and 95 % intervals; a record of every plan.
    """
    seen: dict[str, list[bool]] = {}
    moved_on: dict[str, list[bool]] = {}
    records = []
    for number in tqdm(range(scenes), desc="placed", unit="scene", mininterval=5):
        rng = np.random.default_rng((seed, 3, number))
        with TabletopWorld(random_scene(rng, n_blocks=(3, 5))) as world:
            moved = _carried_out(world, rng)
            points, colors = world.cloud(CAMERAS, noise=rng)
            scene = world.current_scene()
        where = whereabouts(scene)
        for index, found in found_blocks(planner, points, colors, scene).items():
            seen.setdefault(where[index], []).append(found)
        task = _moving_on(scene, moved, rng)
        if task is not None:
            (step,) = task.steps
            texts = _planned(planner, points, colors, task.instruction)
            lies = where[step.pick_index]
            moved_on.setdefault(lies, []).append(texts == [step.text])
            records.append(
                {"number": number, "instruction": task.instruction, "from": lies, "texts": texts, "meant": step.text}
            )
    groups = {
        f"{word} {lies}": values
        for word, of in (("seen", seen), ("moved on", moved_on))
        for lies, values in sorted(of.items())
    }
    return {**shares(groups), "records": records}


def _carried_out(world: TabletopWorld, rng: np.random.Generator) -> list[int]:
    """Move some blocks by the oracle, many of them into bowls; which were moved."""
    moved = []
    for _ in range(int(rng.integers(*STEPS))):
        scene = world.current_scene()
        blocks = [
            i for i, thing in enumerate(scene.objects) if thing.kind == BLOCK and i not in set(supports(scene).values())
        ]
        bowls = [i for i, thing in enumerate(scene.objects) if thing.kind == BOWL]
        if blocks and bowls and rng.random() < INTO_A_BOWL:
            step = make_step(scene, int(rng.choice(blocks)), int(rng.choice(bowls)), None)
        else:
            drawn = random_step(scene, rng, areas=0.2)
            if drawn is None:
                continue
            step = drawn
        if world.pick_and_place(step.pick, step.place).released:
            moved.append(step.pick_index)
    return moved


def whereabouts(scene: Scene) -> dict[int, str]:
    """Place of each block in words; a zone is part of the table."""
    below = supports(scene)
    words = {}
    for index, thing in enumerate(scene.objects):
        if thing.kind != BLOCK:
            continue
        down = [index]  # all that it lies on, one in or on the other
        while down[-1] in below:
            down.append(below[down[-1]])
        kinds = [scene.objects[i].kind for i in down[1:]]
        if BOWL in kinds:
            (bowl,) = (i for i in down[1:] if scene.objects[i].kind == BOWL)
            company = [
                i for i, other in enumerate(scene.objects) if i != index and other.kind == BLOCK and _in(scene, i, bowl)
            ]
            words[index] = "in a bowl with others" if company else "in a bowl"
        elif BLOCK in kinds:
            words[index] = "on a block"
        else:
            words[index] = "on the table"
    return words


def _in(scene: Scene, block: int, bowl: int) -> bool:
    """True if the middle of a block is above a bowl."""
    one, other = scene.objects[block], scene.objects[bowl]
    return bool(np.hypot(*np.subtract(one.position[:2], other.position[:2])) < other.half_extents[0])


def found_blocks(planner: Planner, points: np.ndarray, colors: np.ndarray, scene: Scene) -> dict[int, bool]:
    """Blocks of the scene by index, and whether a block of its own colour is seen where each lies."""
    try:
        things = planner.look(points, colors).objects
    except PlanningError:  # nothing at all
        things = ()
    return {
        index: any(
            (thing.kind, thing.color) == (block.kind, block.color)
            and np.linalg.norm(np.subtract(thing.center, block.position)) < FOUND
            for thing in things
        )
        for index, block in enumerate(scene.objects)
        if block.kind == BLOCK
    }


def _moving_on(scene: Scene, moved: list[int], rng: np.random.Generator) -> Task | None:
    """An instruction that moves on something that was moved, to where it is not yet; None where none comes up."""
    drawn = (single_step_task(scene, rng, grounded=False, areas=0.3) for _ in range(TRIES))
    tasks = (task for task in drawn if task is not None and task.steps[0].pick_index in moved)
    return next((task for task in tasks if not step_done(scene, task.steps[0])[0]), None)


def _planned(planner: Planner, points: np.ndarray, colors: np.ndarray, instruction: str) -> list[str]:
    """Texts of the steps of a plan; what is said instead where there is none."""
    try:
        return [action.text for action in planner.plan(points, colors, instruction).actions]
    except PlanningError as error:
        return [str(error)]


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met; among others in a bowl a block may be hidden, so there is none for that."""
    of = [name for name in figures["counts"] if name.endswith(("in a bowl", "on a block", "on the table"))]
    return bars_of(figures, dict.fromkeys(of, BAR), {})


SUITE = Suite(
    name="placed",
    run=lambda planner, options: run(planner, options.scenes),
    table=shares_table,
    bars=bars,
    add_options=lambda parser: add_scenes(parser, 100),
)

"""Suite ``scenes``: what the planner sees on tables with things of families that no training shows."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from tqdm import tqdm

from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.household.arranged import Standing, apart, random_thing_scene
from moe3d_ros.tabletop.household.depth_camera import random_views, visible_shares
from moe3d_ros.tabletop.household.families import HELD_OUT
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.workspace import Workspace
from training.data.table_clouds import see
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Figures, Suite, add_scenes, bars_of

HELD_OUT_SEED = 9_700_000  # training scenes come from seeds of another kind and range
SMALLEST, LEAST_VISIBLE = 0.03, 0.5  # longest edge in metres, and share that nothing hides, of what must be seen
REACH = 0.03  # metres from its middle, or half of its width, within which a thing counts as found
TOUCHING = 0.005  # metres between two outlines that touch
BARE_SHARE = 0.2  # of the scenes are tables with a border in view and two things at most
RECALL, FALSE, BARE_FALSE, CENTERS, TOUCHED = 0.95, 0.1, 0.05, 0.015, 0.9


def held_out_scene(number: int):
    """Things, cloud and visible shares of one scene; and if it is one of the bare tables."""
    rng = np.random.default_rng([HELD_OUT_SEED, number])
    bare = number % round(1 / BARE_SHARE) == 0
    scene = random_thing_scene(rng, HELD_OUT, int(rng.integers(3)) if bare else None, True if bare else None)
    views = random_views(rng)
    shown = visible_shares(scene, views)
    things, cloud = see(scene, views, rng)
    return things, cloud, shown, bare


def run(planner: Planner, scenes: int = 500) -> Figures:
    """Look at ``scenes`` held-out tables and hold what is seen against what stands there."""
    records = []
    for number in tqdm(range(scenes), desc="scenes", mininterval=5):
        things, cloud, shown, bare = held_out_scene(number)
        start, refused = time.perf_counter(), False
        try:
            colors = np.round(255 * cloud.colors).astype(np.uint8)
            found = planner.look(cloud.points.astype(np.float32), colors).objects
        except PlanningError as error:
            found, refused = (), error.code != ErrorCode.EMPTY_WORKSPACE
        record = {"number": number, "bare": bare, "refused": refused, "seconds": time.perf_counter() - start}
        records.append(record | judge(found, things, shown, cloud.label))
    return {**summary(records), "records": records}


def judge(found: Sequence[SeenObject], things: list[Standing], shown: np.ndarray, label: np.ndarray) -> dict:
    """Match what is seen with what stands there, one to one by the distance of their middles.

    Things that are small, hidden or at the border need not be seen, but may be.

    Returns:
        seen: of each thing that must be seen, if it is. errors: metres between middles of those. pairs: of each two that
        touch, if both are seen. false: number of things seen where none stands.
    """
    count = len(found)
    centers = np.array([seen.center for seen in found]).reshape(-1, 3)
    low, high = Workspace().low, Workspace().high
    points = np.bincount(label[label >= 0], minlength=len(things))
    needed = [
        2 * thing.half.max() > SMALLEST
        and shown[i] >= LEAST_VISIBLE
        and points[i] > 0
        and all(low[axis] + 0.01 < thing.center[axis] < high[axis] - 0.01 for axis in (0, 1))
        for i, thing in enumerate(things)
    ]
    matched: dict[int, int] = {}
    if things and count:
        distance = cdist(np.array([thing.center for thing in things]), centers)
        reach = np.array([max(REACH, thing.half[:2].min()) for thing in things])
        for thing, seen in zip(*linear_sum_assignment(np.where(distance < reach[:, None], distance, 10.0))):
            if distance[thing, seen] < reach[thing]:
                matched[int(thing)] = int(seen)
    boxes = [(thing.center, thing.half, thing.yaw) for thing in things]
    level = [abs(a.center[2] - b.center[2]) < a.half[2] + b.half[2] for a in things for b in things]
    touching = [
        (i, j)
        for i in range(len(things))
        for j in range(i)
        if needed[i] and needed[j] and level[i * len(things) + j] and apart(boxes[i], boxes[j]) < TOUCHING
    ]
    return {
        "families": [thing.family for thing in things],
        "seen": [i in matched for i in range(len(things)) if needed[i]],
        "missed": [things[i].family for i in range(len(things)) if needed[i] and i not in matched],
        "errors": [float(distance[i, matched[i]]) for i in matched if needed[i]],
        "pairs": [i in matched and j in matched for i, j in touching],
        "false": count - len(matched),
    }


def summary(records: list[dict]) -> Figures:
    """The suite's figures: shares with 95 % intervals, false things a scene, the middles' median error in metres, seconds."""
    groups = {
        "recall": [seen for record in records for seen in record["seen"]],
        "touching": [pair for record in records for pair in record["pairs"]],
        "refused": [record["refused"] for record in records],
        "scene right": [all(record["seen"]) and not record["false"] for record in records],
    }
    errors = [error for record in records for error in record["errors"]]
    bare = [record["false"] for record in records if record["bare"]]
    return {
        **shares(groups),
        "false_per_scene": float(np.mean([record["false"] for record in records])),
        "false_on_bare": float(np.mean(bare)) if bare else None,
        "center_median": float(np.median(errors)) if errors else None,
        "seconds_median": float(np.median([record["seconds"] for record in records])),
    }


def bars(figures: Figures) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    most = {"false_per_scene": FALSE, "false_on_bare": BARE_FALSE, "center_median": CENTERS}
    return bars_of(figures, {"recall": RECALL, "touching": TOUCHED}, most)


def table(figures: Figures) -> str:
    """The figures as lines of text."""
    bare, error = figures["false_on_bare"], figures["center_median"]
    lines = [
        shares_table(figures),
        f"things seen where none stands, a scene  {figures['false_per_scene']:.2f}",
        f"the same on bare tables                 {'no such table' if bare is None else f'{bare:.2f}'}",
        f"error of middles (median)               {'of none' if error is None else f'{100 * error:.2f} cm'}",
        f"seconds from cloud to things (median)   {figures['seconds_median']:.3f}",
    ]
    return "\n".join(lines)


SUITE = Suite(
    name="scenes",
    run=lambda planner, options: run(planner, options.scenes),
    table=table,
    bars=bars,
    add_options=lambda parser: add_scenes(parser, 500),
)

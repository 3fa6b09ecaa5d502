"""Tables with things of every sort for training: what is to be detected, as a batch of scenes, and what cameras see of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.tabletop.household.arranged import Standing, ThingScene, random_thing_scene
from moe3d_ros.tabletop.household.depth_camera import Cloud, View, random_views, sense_things
from moe3d_ros.tabletop.household.families import Family
from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.simulation.raycast import CloudBatch
from moe3d_ros.world.grid import MARGIN
from moe3d_ros.world.vocabulary import BOWL, BOWL_SHAPE, BOX, CYLINDER
from moe3d_ros.world.workspace import Workspace

TILTED, SHIFTED = 0.3, 0.4  # shares of tables that are not quite level, and not quite at height 0
_TILT, _SHIFT = np.deg2rad(1.8), 0.008  # at most, radians and metres: more is for the planner to withhold


def sample_things(
    number: int, rng: np.random.Generator, families: dict[str, Family] | None = None
) -> tuple[SceneBatch, CloudBatch]:
    """``number`` random tables with things of these families, and their clouds; labels are slots, negative for no thing."""
    drawn = [thing_scene_and_cloud(rng, families) for _ in range(number)]
    slots = max((len(things) for things, _ in drawn), default=0) or 1
    clouds = [cloud for _, cloud in drawn]
    sizes = torch.tensor([len(cloud.points) for cloud in clouds])
    scene = torch.repeat_interleave(torch.arange(number), sizes)
    points, colors, label = (
        torch.from_numpy(np.concatenate([getattr(cloud, name) for cloud in clouds]))
        for name in ("points", "colors", "label")
    )
    return _labels([things for things, _ in drawn], slots), CloudBatch(scene, points.float(), colors.float(), label)


def thing_scene_and_cloud(
    rng: np.random.Generator, families: dict[str, Family] | None = None
) -> tuple[list[Standing], Cloud]:
    """Things of one random table, and a cloud of it."""
    scene = random_thing_scene(rng, families)
    return see(scene, random_views(rng), rng)


def see(scene: ThingScene, views: list[View], rng: np.random.Generator) -> tuple[list[Standing], Cloud]:
    """Things of a table and a cloud of the workspace; now and then the table is a little tilted, or higher or lower."""
    cloud, things = sense_things(scene, rng, views), scene.things
    if rng.random() < TILTED or rng.random() < SHIFTED:
        heading, tilt = rng.uniform(-np.pi, np.pi), rng.uniform(0, _TILT)
        x, y = tilt * np.cos(heading), tilt * np.sin(heading)
        turn = np.array([[1, 0, y], [0, 1, -x], [-y, x, 1]])  # of a small angle
        middle, shift = np.array([0.5, 0, 0]), np.array([0, 0, rng.uniform(-_SHIFT, _SHIFT)])

        def moved(points: np.ndarray) -> np.ndarray:
            return (points - middle) @ turn.T + middle + shift

        cloud.points = moved(cloud.points)
        things = [replace(thing, center=moved(thing.center)) for thing in things]
    box = Workspace()
    inside = box.contains(cloud.points, margin=MARGIN)
    return things, Cloud(cloud.points[inside], cloud.colors[inside], cloud.label[inside])


def _labels(scenes: list[list[Standing]], slots: int) -> SceneBatch:
    """Things to be detected, as a batch of scenes; one whose middle is out of the workspace is none."""
    batch = len(scenes)
    low, high = Workspace().low, Workspace().high
    out = SceneBatch(
        exists=torch.zeros(batch, slots, dtype=torch.bool),
        kind=torch.full((batch, slots), -1),
        shape=torch.full((batch, slots), BOX),
        color=torch.zeros(batch, slots, dtype=torch.long),
        big=torch.zeros(batch, slots, dtype=torch.bool),
        center=torch.zeros(batch, slots, 3),
        half=torch.full((batch, slots, 3), 0.01),
        yaw=torch.zeros(batch, slots),
        rgb=torch.zeros(batch, slots, 3),
        table_rgb=torch.zeros(batch, 3),
    )
    for row, things in enumerate(scenes):
        for slot, thing in enumerate(things):
            out.exists[row, slot] = True
            inside = all(low[axis] < thing.center[axis] < high[axis] for axis in (0, 1))
            out.kind[row, slot] = thing.kind if inside else -1
            upright = BOWL_SHAPE if thing.kind == BOWL else CYLINDER
            out.shape[row, slot] = BOX if thing.heading else upright
            out.color[row, slot], out.big[row, slot] = thing.color, thing.big
            out.center[row, slot] = torch.from_numpy(thing.center)
            out.half[row, slot] = torch.from_numpy(thing.half)
            out.yaw[row, slot] = thing.yaw
    return out

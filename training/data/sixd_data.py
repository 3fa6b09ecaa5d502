"""6D scenes for training: as a batch, and the steps and instructions that they offer."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.batch import SceneBatch, batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks.sixd_tasks import SIXD_TASKS, doable, make_step_6d


def sample_sixd(number: int, rng: np.random.Generator, device: str = "cpu") -> SceneBatch:
    """``number`` random scenes with ramps, slots and racks."""
    return batch_scenes([sixd_scene(rng) for _ in range(number)], device)


def is_sixd(scene: Scene) -> bool:
    """True where something stands there that only 6D scenes have."""
    return any(thing.traits.sixd for thing in scene.objects)


def random_sixd_step(scene: Scene, rng: np.random.Generator) -> Step | None:
    """A random step of a 6D task, whether or not words could tell its objects apart; never to an area."""
    for name in rng.permutation(SIXD_TASKS):
        pairs = [pair for pair in doable(scene, str(name)) if pair[1] is not None]
        if pairs:
            return make_step_6d(scene, *pairs[int(rng.integers(len(pairs)))])
    return None

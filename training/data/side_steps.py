"""Steps that go beside a thing, drawn at random: for the poses that Pose-DiT learns of them."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.sides import BETWEEN, SIDES

TRIES = 12


def random_side_step(scene: Scene, rng: np.random.Generator, side: str = "") -> Step | None:
    """A random step to a free spot beside a thing, whether or not words could tell its objects apart; None if there is none.

    Args:
        side: one of SIDES; any if empty.
    """
    covered = set(supports(scene).values())
    movable = [i for i, thing in enumerate(scene.objects) if _stands(thing) and i not in covered]
    for _ in range(TRIES if movable else 0):
        pick, chosen = int(rng.choice(movable)), side or str(rng.choice(SIDES))
        others = [i for i, thing in enumerate(scene.objects) if i != pick]
        wanted = 2 if chosen == BETWEEN else 1
        if len(others) >= wanted:
            place, *second = (int(i) for i in rng.choice(others, wanted, replace=False))
            try:
                return make_step(scene, pick, place, None, chosen, *second)
            except NoSpot:
                continue
    return None


def _stands(thing: SceneObject) -> bool:
    """True for what can be picked from above, as it stands."""
    return thing.traits.piled and thing.orientation is None and thing.normal is None

"""Random scenes that hold what is asked for."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene

MAX_SCENES_TRIED = 2000


def scene_with(contains, seed: int) -> Scene:
    """The first random scene from ``seed`` on in which each of ``contains`` ("red block") is found exactly once.

    Raises:
        ValueError: none of many scenes has them all.
    """
    return find_scene(contains, seed)[1]


def find_scene(contains, seed: int) -> tuple[int, Scene]:
    """Number and scene of `scene_with`; seeds that lie close together may lead to the same one."""
    wanted = [" ".join(text.split()).lower() for text in contains if text.strip()]
    seen: set[str] = set()
    for number in range(seed, seed + MAX_SCENES_TRIED):
        scene = random_scene(np.random.default_rng(number))
        names = [f"{thing.color} {thing.kind}" for thing in scene.objects]
        if all(names.count(name) == 1 for name in wanted):
            return number, scene
        seen.update(names)
    unknown = [name for name in wanted if name not in seen]
    if unknown:
        kinds, colors = (sorted({name.split()[part] for name in seen}) for part in (1, 0))
        why = (
            f"{', '.join(unknown)} is in none of them. There are the kinds {', '.join(kinds)}, in {', '.join(colors)}."
        )
    else:
        why = "each is in some, and all of them exactly once are in none. Ask for fewer things, or take another seed."
    raise ValueError(
        f"no scene of {MAX_SCENES_TRIED} from seed {seed} on contains {', '.join(wanted)}, each once: {why}"
    )

"""Seen objects against the true things of a scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.seen_object import SeenObject

MAX_DISTANCE = 0.03  # metres between a thing's centre and where it is seen


def seen_as(objects: Sequence[SeenObject], scene: Scene, indices: Iterable[int]) -> list[int]:
    """Number of the seen object of the same kind that lies nearest to each thing of the scene; -1 if none is near it."""
    found = []
    for index in indices:
        thing = scene.objects[index]
        apart = [
            float(np.linalg.norm(np.subtract(seen.center, thing.position))) if seen.kind == thing.kind else np.inf
            for seen in objects
        ]
        best = int(np.argmin(apart)) if apart else -1
        found.append(best if apart and apart[best] < MAX_DISTANCE else -1)
    return found

"""What lies on what, and how high a thing comes to rest."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene


def resting_height(scene: Scene, moved: int, xy, ground: float) -> float:
    """Height in metres at which object ``moved`` comes to rest at ``xy`` (2,): on ``ground``, or on what is there."""
    own, height = scene.objects[moved].half_extents[0], ground
    for i, other in enumerate(scene.objects):
        if i != moved and other.kind in ("block", "object"):
            if np.hypot(xy[0] - other.position[0], xy[1] - other.position[1]) < 0.9 * (own + other.half_extents[0]):
                height = max(height, other.top)
    return height


def supports(scene: Scene) -> dict[int, int]:
    """Which object lies directly on or in which other one: index -> index below."""
    below = {}
    for i, upper in enumerate(scene.objects):
        if upper.kind not in ("block", "object"):
            continue
        bottom = upper.position[2] - upper.half_extents[2]
        best = None
        for j, lower in enumerate(scene.objects):
            reach = lower.half_extents[0]
            apart = np.hypot(*(np.subtract(upper.position[:2], lower.position[:2])))
            if i != j and apart < reach and lower.position[2] < upper.position[2] and bottom >= 0.0005 - 1e-6:
                if best is None or lower.top > scene.objects[best].top:
                    best = j
        if best is not None:
            below[i] = best
    return below

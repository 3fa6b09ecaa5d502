"""Support relations: things on, in and under each other, and the height at which one comes to rest."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.faces import about_z
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world import kinds


def resting_height(scene: Scene, moved: int, xy, ground: float) -> float:
    """Height in metres at which object ``moved`` comes to rest at ``xy`` (2,): on ``ground``, or on what is there."""
    own, height = scene.objects[moved].half_extents[0], ground
    for i, other in enumerate(scene.objects):
        gap = np.hypot(xy[0] - other.position[0], xy[1] - other.position[1])
        if i != moved and other.traits.piled and gap < 0.9 * (own + other.half_extents[0]):
            height = max(height, other.top)
    return height


def apart(scene: Scene) -> np.ndarray:
    """Horizontal distances between the middles of the scene's N objects (N, N), metres."""
    middle = np.array([thing.position[:2] for thing in scene.objects]).reshape(-1, 2)
    return np.linalg.norm(middle[:, None] - middle[None, :], axis=-1)


def supports(scene: Scene, distances: np.ndarray | None = None) -> dict[int, int]:
    """Map of what lies directly on or in what: index -> index of the object below.

    Args:
        distances: what :func:`apart` gives, where it is known already.
    """
    distances = apart(scene) if distances is None else distances
    position = np.array([thing.position for thing in scene.objects]).reshape(-1, 3)
    half = np.array([thing.half_extents for thing in scene.objects]).reshape(-1, 3)
    z, top = position[:, 2], position[:, 2] + half[:, 2]
    piled = np.array([thing.traits.piled for thing in scene.objects], dtype=bool)
    raised = piled & (z - half[:, 2] >= 0.0005 - 1e-6)
    on = (distances < half[None, :, 0]) & (z[None, :] < z[:, None]) & raised[:, None]
    return {i: int(np.where(on[i], top, -np.inf).argmax()) for i in np.flatnonzero(on.any(axis=1)).tolist()}


def support_of(scene: Scene, index: int) -> int | None:
    """The ramp that the thing lies on, or the rack that it stands in; None for neither."""
    thing = scene.objects[index]
    for other, below in enumerate(scene.objects):
        if below.kind not in (kinds.RAMP, kinds.RACK) or other == index:
            continue
        local = about_z(below.yaw).T @ np.subtract(thing.position, below.position)
        half = np.array(below.half_extents)
        if below.kind == kinds.RACK and (np.abs(local[:2]) < half[:2] + 0.005).all() and abs(local[2]) < half[2]:
            return other
        if below.kind == kinds.RAMP and (np.abs(local[:2]) < half[:2] + 0.01).all():
            return other
    return None

"""Present state of a scene's thing from the pose that the physics engine gives: flat on one of its sides, or tilted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.scenes.faces import heading_of
from moe3d_ros.tabletop.scenes.scene import SceneObject
from moe3d_ros.world.geometry import matrix_to_quaternion, quaternion_to_matrix

UPRIGHT_COSINE = 0.9986  # cosine of the 3 degrees up to which a thing counts as lying flat
STILL_DISTANCE = 0.01  # metres that what stands in a rack, or a bar, may move and still be taken by the same face


def moved(thing: SceneObject, pose) -> SceneObject:
    """``thing`` at its present pose (position, quaternion), with whichever of its axes now points up as its height."""
    matrix = quaternion_to_matrix(pose[1])
    if not thing.traits.movable and thing.normal is not None:
        return thing  # a ramp or a rack, which does not move
    up = int(np.abs(matrix[2]).argmax())
    half = thing.half_extents
    if up != 2 and thing.shape == "box":
        half = tuple(half[(up + k) % 3] for k in (1, 2, 0))
    forward = matrix[:, (up + 1) % 3]
    position = tuple(float(v) for v in pose[0])
    yaw = float(np.arctan2(forward[1], forward[0]))
    if abs(matrix[2, up]) > UPRIGHT_COSINE:
        inside = thing.normal is not None and np.linalg.norm(np.subtract(position, thing.position)) < STILL_DISTANCE
        return replace(
            thing,
            position=position,
            half_extents=half,
            yaw=yaw,
            orientation=None,
            normal=thing.normal if inside else None,
        )
    axes = np.stack([matrix[:, (up + k) % 3] for k in (1, 2, 0)], axis=1)
    if axes[2, 2] < 0:  # it lies upside down
        axes = axes * [1, -1, -1]
    orientation = tuple(float(v) for v in matrix_to_quaternion(axes))
    return replace(
        thing,
        position=position,
        half_extents=half,
        yaw=heading_of(axes, axes[:, 2]),
        orientation=orientation,
        normal=None,
    )

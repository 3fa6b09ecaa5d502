"""Procedural meshes for the physics engine: the bowl."""

from __future__ import annotations

import numpy as np

from moe3d_ros.world.vocabulary import BOWL_FLOOR_HEIGHT, BOWL_FLOOR_RADIUS

WALL_THICKNESS = 0.0015  # metres, thickness of a bowl's wall, measured along the radius


def bowl_mesh(radius: float, height: float, segments: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A bowl with a straight conical wall and a flat floor, the same shape that the ray caster sees.

    Args:
        radius: of the rim outside, metres.
        height: from the table to the rim, metres.
        segments: around the axis.

    Returns:
        vertices (V, 3) metres, origin in the middle of the bounding box, and triangles (T, 3) int, outward normals.
    """
    slope = (radius - BOWL_FLOOR_RADIUS) / height
    inner_floor = BOWL_FLOOR_RADIUS + slope * BOWL_FLOOR_HEIGHT - WALL_THICKNESS
    # The profile from the middle of the underside, up outside, over the rim, and down inside to the floor's middle.
    profile = [
        (BOWL_FLOOR_RADIUS, 0.0),
        (radius, height),
        (radius - WALL_THICKNESS, height),
        (inner_floor, BOWL_FLOOR_HEIGHT),
    ]
    # The polygon's flats, not its corners, are to be on the cone on average.
    angle = 2 * np.pi * np.arange(segments) / segments
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1) / np.sqrt(np.cos(np.pi / segments))
    rings = [np.column_stack([r * around, np.full(segments, z)]) for r, z in profile]
    vertices = np.concatenate([*rings, [[0.0, 0.0, 0.0]], [[0.0, 0.0, BOWL_FLOOR_HEIGHT]]])
    bottom, floor = len(vertices) - 2, len(vertices) - 1
    here = np.arange(segments)
    after = (here + 1) % segments
    triangles = [np.column_stack([np.full(segments, bottom), after, here])]
    for ring in range(len(profile) - 1):
        low, high = ring * segments, (ring + 1) * segments
        triangles.append(np.column_stack([low + here, low + after, high + after]))
        triangles.append(np.column_stack([low + here, high + after, high + here]))
    last = (len(profile) - 1) * segments
    triangles.append(np.column_stack([last + here, last + after, np.full(segments, floor)]))
    vertices[:, 2] -= height / 2
    return vertices, np.concatenate(triangles)

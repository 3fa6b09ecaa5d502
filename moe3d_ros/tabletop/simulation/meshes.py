"""The bowl for the physics engine: a mesh for the cameras, and boxes for what touches it."""

from __future__ import annotations

import numpy as np

from moe3d_ros.world.vocabulary import BOWL_FLOOR_HEIGHT, BOWL_FLOOR_RADIUS, BOWL_WALL


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
    inner_floor = BOWL_FLOOR_RADIUS + slope * BOWL_FLOOR_HEIGHT - BOWL_WALL
    # The profile from the middle of the underside, up outside, over the rim, and down inside to the floor's middle.
    profile = [
        (BOWL_FLOOR_RADIUS, 0.0),
        (radius, height),
        (radius - BOWL_WALL, height),
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


def bowl_walls(radius: float, height: float, segments: int = 32) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Boxes in the shape of `bowl_mesh`, hollow as it is: physics takes the convex hull of a mesh.

    Returns:
        centres (3,) metres in the mesh's frame, quaternions (4,) wxyz, and half extents (3,): the floor, then the wall.
    """
    run, rise = radius - BOWL_FLOOR_RADIUS, height
    length = np.hypot(run, rise)
    thickness = BOWL_WALL * rise / length  # across the wall
    cut = thickness * run / rise  # of the wall's length, so that no corner stands above the rim
    flat = np.sqrt(np.cos(np.pi / segments))  # distance of a flat from the axis, as a share of the cone's radius
    half = np.array([thickness / 2, flat * radius * np.tan(np.pi / segments), (length - cut) / 2])
    middle = (length - cut) / 2 / length
    out = flat * (BOWL_FLOOR_RADIUS + middle * run) - thickness / 2 * rise / length
    up = middle * rise + thickness / 2 * run / length - height / 2
    lean = np.arctan2(run, rise)
    # The floor is an octagon, made of four strips from side to side.
    corner, eighth = BOWL_FLOOR_RADIUS + BOWL_FLOOR_HEIGHT * run / rise, np.pi / 8
    strip = np.array([corner * np.cos(eighth), corner * np.sin(eighth), BOWL_FLOOR_HEIGHT / 2])
    low = np.array([0.0, 0.0, strip[2] - height / 2])
    boxes = [(low, np.array([np.cos(eighth * k), 0.0, 0.0, np.sin(eighth * k)]), strip) for k in range(4)]
    for around in 2 * np.pi * (np.arange(segments) + 0.5) / segments:
        center = np.array([out * np.cos(around), out * np.sin(around), up])
        # About the bowl's axis to the segment, then about the segment's own width outwards.
        (c, s), (a, b) = (np.cos(around / 2), np.sin(around / 2)), (np.cos(lean / 2), np.sin(lean / 2))
        boxes.append((center, np.array([c * a, -s * b, c * b, s * a]), half))
    return boxes

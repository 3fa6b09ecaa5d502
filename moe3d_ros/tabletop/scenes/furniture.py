"""Shapes of the fixed things in 6D scenes: ramp, slot and rack, the same for ray caster, physics and rules.

All lengths are metres in the thing's own frame, whose origin is the middle of its bounding box. A ramp rises along +x; a
rack is open towards +x; a slot is open at its top.
"""

from __future__ import annotations

import numpy as np

SLOT_WALL, SLOT_FLOOR = 0.018, 0.004
RACK_WALL, RACK_FLOOR, RACK_ROOF = 0.012, 0.008, 0.008
FURNITURE = ("ramp", "slot", "rack")


def slope(half) -> float:
    """Inclination of a ramp's face with these half extents (3,), radians."""
    return float(np.arctan2(half[2], half[0]))


def ramp_normal(half) -> np.ndarray:
    """Outward unit normal (3,) of a ramp's inclined face."""
    angle = slope(half)
    return np.array([-np.sin(angle), 0.0, np.cos(angle)])


def ramp_mesh(half) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (6, 3) and triangles (8, 3), counter-clockwise from outside, of a ramp."""
    x, y, z = half
    vertices = np.array([[-x, -y, -z], [x, -y, -z], [x, y, -z], [-x, y, -z], [x, -y, z], [x, y, z]])
    triangles = [[0, 2, 1], [0, 3, 2], [1, 2, 5], [1, 5, 4], [0, 4, 5], [0, 5, 3], [0, 1, 4], [2, 3, 5]]
    return vertices, np.array(triangles)


def parts(shape: str, half) -> list[tuple[np.ndarray, np.ndarray]]:
    """Boxes, as centres and half extents (3,) each, that a slot or a rack is made of."""
    x, y, z = (float(v) for v in half)
    if shape == "slot":
        wall, inner = SLOT_WALL / 2, y - SLOT_WALL
        boxes = [((side * (x - wall), 0, 0), (wall, y, z)) for side in (-1, 1)]
        boxes += [((0, side * (y - wall), 0), (x - SLOT_WALL, wall, z)) for side in (-1, 1)]
        boxes.append(((0, 0, SLOT_FLOOR / 2 - z), (x - SLOT_WALL, inner, SLOT_FLOOR / 2)))
    elif shape == "rack":
        wall = RACK_WALL / 2
        boxes = [((0, side * (y - wall), 0), (x, wall, z)) for side in (-1, 1)]
        boxes.append(((wall - x, 0, 0), (wall, y - RACK_WALL, z)))
        boxes.append(((wall, 0, RACK_FLOOR / 2 - z), (x - wall, y - RACK_WALL, RACK_FLOOR / 2)))
        boxes.append(((wall, 0, z - RACK_ROOF / 2), (x - wall, y - RACK_WALL, RACK_ROOF / 2)))
    else:
        raise ValueError(f"{shape!r} is not made of boxes: slot or rack")
    return [(np.array(center, float), np.array(extent, float)) for center, extent in boxes]

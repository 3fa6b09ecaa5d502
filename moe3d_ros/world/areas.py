"""Named areas of the table, from the robot's point of view: left is +y, far and top are +x."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from moe3d_ros.world.workspace import Workspace

AREA_CENTERS = {  # x, y in metres, in the default workspace
    "left side": (0.5, 0.3),
    "right side": (0.5, -0.3),
    "far side": (0.65, 0.0),
    "near side": (0.35, 0.0),
    "middle": (0.5, 0.0),
    "top left area": (0.625, 0.25),
    "top right area": (0.625, -0.25),
    "bottom left area": (0.375, 0.25),
    "bottom right area": (0.375, -0.25),
}
AREAS = tuple(AREA_CENTERS)
QUADRANTS = AREAS[-4:]
DIRECTIONS = {"left": (1, 1), "right": (1, -1), "near": (0, -1), "far": (0, 1)}  # axis (x 0, y 1) and sign
_SYNONYMS = {"top": "far", "bottom": "near"}
AREA_REACH = (0.09, 0.18)  # metres in x and y around an area's centre that still lie well inside it
AREA_STEP = 0.03


def in_area(xy: ArrayLike, area: str, workspace: Workspace = Workspace()) -> bool:
    """Tell if a point (2,) lies in a named area, from the robot's point of view: left +y, far and top +x.

    ``left side`` and the like are halves, ``top left area`` and the like quadrants, ``middle`` the inner half of the
    workspace's length and of its width.

    Raises:
        ValueError: no such area.
    """
    x, y = (np.asarray(xy, float) - workspace.center[:2]) / workspace.half_range[:2]
    inside = bool(max(abs(x), abs(y)) <= 1)
    words = area.lower().split()
    tests = {name: sign * (x, y)[axis] > 0 for name, (axis, sign) in DIRECTIONS.items()}
    tests["middle"] = max(abs(x), abs(y)) <= 0.5
    found = [bool(tests[word]) for word in (_SYNONYMS.get(word, word) for word in words) if word in tests]
    if not found:
        raise ValueError(f"'{area}' is not an area of the table: use left side, top right area, middle and the like.")
    return inside and all(found)


def in_quadrant(points: ArrayLike, area: str, margin: float = 0.0, workspace: Workspace = Workspace()) -> np.ndarray:
    """Tell which points (..., 2) lie in one of QUADRANTS, ``margin`` metres or more from its inner borders -> bool (...)."""
    places = np.moveaxis(np.asarray(points) - workspace.center[:2], -1, 0)
    inside = np.ones(places[0].shape, bool)
    for word in area.split()[:2]:
        axis, sign = DIRECTIONS[_SYNONYMS.get(word, word)]
        inside &= sign * places[axis] > margin
    return inside

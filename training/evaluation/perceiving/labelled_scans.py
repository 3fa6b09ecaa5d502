"""Labelled scans of real tables: read, put on a table frame, and asked what has one clear answer.

A scan is a PCD file with a field ``label`` beside x, y, z: 0 for no reading, 1 to 9 for the table, and label // 10 is the object,
from 2 on (so that 20 to 29 are parts of one object). Its camera is not calibrated to the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from moe3d_ros.sensing.clouds import CloudError, transform_points
from moe3d_ros.sensing.pcd_files import read_pcd
from moe3d_ros.sensing.scan_files import read_cloud_file
from moe3d_ros.sensing.tableplane import table_frame_from_plane
from moe3d_ros.world.footprints import in_upright_box
from moe3d_ros.world.seen_object import SeenObject

MIDDLE = (0.5, 0.0, 0.0)  # metres, where the objects' middle comes to lie on the table
LEAST_POINTS = 400  # of an object that is asked about and counted
FIRST_OBJECT = 2  # label // 10 of the first one
LEAD, LEAD_IN_HEIGHT = 0.05, 0.04  # metres by which the best object leads the second
REACH = 0.02  # metres from an object's points within which a pick takes it
BESIDE, BEYOND, BEFORE = 0.05, 0.53, 0.47  # metres: |y| of left and right, x of far and near
GROWN = 0.01  # metres around a seen box within which points are its own

Value = Callable[[np.ndarray], float]  # points (N, 3) of an object to what it is compared by


@dataclass(frozen=True)
class Sort:
    """A sort of question: the object that it names, and the side that it wants.

    Attributes:
        name: of the object, such as ``leftmost``. side: such as ``right``.
        value: the object that is meant has the greatest. lead: metres by which it must exceed the second.
    """

    name: str
    side: str
    value: Value
    lead: float = LEAD

    @property
    def instruction(self) -> str:
        """The question in words."""
        return f"pick the {self.name} object and place it on the {self.side} side of the table"


SORTS = (
    Sort("leftmost", "right", lambda points: float(np.median(points[:, 1]))),
    Sort("rightmost", "left", lambda points: -float(np.median(points[:, 1]))),
    Sort("nearest", "far", lambda points: -float(np.median(points[:, 0]))),
    Sort("farthest", "near", lambda points: float(np.median(points[:, 0]))),
    Sort("tallest", "left", lambda points: float(np.percentile(points[:, 2], 98)), LEAD_IN_HEIGHT),
)
SIDES: dict[str, Callable[[float, float], bool]] = {
    "left": lambda x, y: y > BESIDE,
    "right": lambda x, y: y < -BESIDE,
    "far": lambda x, y: x > BEYOND,
    "near": lambda x, y: x < BEFORE,
}


@dataclass(frozen=True)
class LabelledScan:
    """A scan in the table frame: x away from the camera, y left, z up.

    Attributes:
        name: of its file, without the ending.
        points: (N, 3) float32 metres, NaN where there is no reading. colors: (N, 3) uint8, None without colour.
        numbers: (N,) label // 10 of each point, 0 where there is no reading.
        objects: points (M, 3) of each labelled object with LEAST_POINTS or more, by its number.
    """

    name: str
    points: np.ndarray
    colors: np.ndarray | None
    numbers: np.ndarray
    objects: dict[int, np.ndarray]

    def questions(self) -> list[tuple[Sort, int]]:
        """The sorts that have one clear answer here, with the number of the object that is meant."""
        found = []
        for sort in SORTS if len(self.objects) > 1 else ():
            ranked = sorted((sort.value(points), number) for number, points in self.objects.items())
            (second, _), (best, number) = ranked[-2:]
            if best - second >= sort.lead:
                found.append((sort, number))
        return found

    def picked(self, position) -> int | None:
        """Number of the object that is taken at a position (3,) in metres; None where no object's points are in REACH."""
        apart = {number: float(cKDTree(points).query(position)[0]) for number, points in self.objects.items()}
        nearest = min(apart, key=lambda number: apart[number], default=None)
        return nearest if nearest is not None and apart[nearest] <= REACH else None

    def seen_on(self, seen: SeenObject) -> tuple[int | None, float]:
        """The object that most of the points in a seen box are of (None for none), and the share of its points that lie there."""
        inside = np.flatnonzero(_within(seen, self.points))
        if not len(inside):
            return None, 0.0
        numbers, counts = np.unique(self.numbers[inside], return_counts=True)
        number, count = int(numbers[counts.argmax()]), int(counts.max())
        return (number, count / len(self.objects[number])) if number in self.objects else (None, 0.0)


def on_side(side: str, position) -> bool:
    """True if a place (3,), metres in the table frame, is on the side that was asked for."""
    return SIDES[side](float(position[0]), float(position[1]))


def labelled_files(folder: Path) -> list[Path]:
    """The PCD files of a folder in order of their numbers. Raises ValueError where there is none."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}: give one with labelled PCD scans (--folder).")
    found = sorted(folder.glob("*.pcd"), key=lambda path: (len(path.stem), path.stem))
    if not found:
        raise ValueError(f"{folder} holds no .pcd file: give a folder with labelled PCD scans (--folder).")
    return found


def load_scan(path: Path) -> LabelledScan:
    """A labelled scan, brought to the table frame as a user's scan would be, without a look at its labels.

    Raises:
        CloudError: it cannot be read, no table is found in it, or it has no labels.
    """
    points, colors = read_cloud_file(path)
    label = read_pcd(path).get("label")
    if label is None or label.shape != (len(points),) or label.dtype.kind not in "iu":
        raise CloudError(
            f"{path.name} has no field label of one whole number for each point, so that nothing in it can be judged: save the "
            "labels (1 to 9 the table, 20 to 29 the first object, 30 to 39 the second and so on) beside x, y and z."
        )
    placed = np.ascontiguousarray(transform_points(table_frame_from_plane(points, MIDDLE), points))
    numbers = np.where(np.isfinite(placed).all(axis=1), label // 10, 0).astype(np.int64)
    objects = {int(n): placed[numbers == n] for n in np.unique(numbers[numbers >= FIRST_OBJECT])}
    kept = {n: of for n, of in objects.items() if len(of) >= LEAST_POINTS}
    return LabelledScan(path.stem, placed, colors, numbers, kept)


def _within(seen: SeenObject, points: np.ndarray) -> np.ndarray:
    """Mask (N,) of the points (N, 3) that lie in a seen box, turned by its yaw and grown by GROWN; NaN does not."""
    return in_upright_box(points, seen.center, seen.half_extents, seen.yaw, GROWN)

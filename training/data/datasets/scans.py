"""Scans in ScanNet's layout: a PLY mesh or point cloud, and which of its points belong to which object.

Beside `<id>_vh_clean_2.ply` may lie `<id>_vh_clean_2.0.010000.segs.json` and `<id>.aggregation.json` (objects) and
`<id>_vh_clean_2.labels.ply` (a class per vertex). 3RScan's `labels.instances.annotated.v2.ply`, with the objects as a
property of the vertices, and a plain `<id>.ply` are read too. Layouts: ScanNet's README, LEO's and 3RScan's scans.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.scan_files import read_colors
from training.data.datasets.example import Cloud, DataError, Problem
from training.data.datasets.json_file import JsonFile

PATTERNS = (
    "{id}/{id}_vh_clean_2.ply",
    "{id}_vh_clean_2.ply",
    "{id}/labels.instances.annotated.v2.ply",
    "{id}/{id}.ply",
    "{id}.ply",
)
COORDINATES, COLORS = ("x", "y", "z"), ("red", "green", "blue")


class Scans:
    """A folder of scans, found by their id and read when they are needed.

    Args:
        folder: holds a folder or a file per scan, in any of PATTERNS.
        keep: how many scans stay in memory.
    """

    def __init__(self, folder: str | Path, keep: int = 8):
        self.folder = Path(folder)
        self.load = lru_cache(maxsize=keep)(self._load)

    def __reduce__(self):  # for worker processes that are not forked
        return Scans, (self.folder,)

    def find(self, scene_id: str) -> Path | None:
        """The PLY file of a scan; None where there is none. An id is a name, never a path."""
        if not scene_id or "/" in scene_id or "\\" in scene_id or scene_id.startswith("."):
            return None
        paths = (self.folder / pattern.format(id=scene_id) for pattern in PATTERNS)
        return next((path for path in paths if path.is_file()), None)

    def _load(self, scene_id: str) -> Cloud:
        """The scan. Raises DataError where it is missing or wrong."""
        path = self.find(scene_id)
        if path is None:
            missing = f"there is no scan {scene_id!r}, expected e.g. {PATTERNS[0].format(id=scene_id)}"
            raise DataError([Problem(str(self.folder), 0, "scan", missing)])
        cloud, problems = read_scan(path)
        serious = [problem for problem in problems if not problem.harmless]
        if cloud is None or serious:
            raise DataError(serious or problems)
        return cloud


def read_scan(path: Path) -> tuple[Cloud | None, list[Problem]]:
    """A scan and what is wrong with it: its PLY file and the label files beside it. No cloud if the PLY is unusable."""
    vertices, problems = read_vertices(path, COORDINATES)
    if vertices is None:
        return None, problems
    points = np.stack([vertices[name] for name in COORDINATES], axis=1).astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(points).all(1))
    if len(bad):
        axis = COORDINATES[int(np.flatnonzero(~np.isfinite(points[bad[0]]))[0])]
        text = f"is {vertices[axis][bad[0]]} ({len(bad)} of {len(points)} vertices are not finite), expected metres"
        problems.append(Problem(str(path), 0, f"vertex[{bad[0]}].{axis}", text))
    names = vertices.dtype.names or ()
    colors, wrong = None, "is missing, expected red, green, blue for each vertex"
    lacking = next((name for name in COLORS if name not in names), COLORS[0])
    try:
        colors = read_colors({name: vertices[name] for name in names}, path.name)
    except CloudError as error:
        wrong = wrong if lacking != COLORS[0] else str(error)
    if colors is None:
        problems.append(Problem(str(path), 0, f"vertex.{lacking}", wrong))
        colors = np.full((len(points), 3), 128, np.uint8)
    cloud = Cloud(points, colors)
    if "objectId" in names:
        cloud.instances = vertices["objectId"].astype(np.int32)
        cloud.instances[cloud.instances <= 0] = -1  # 3RScan counts from 1
    if path.name.endswith("_vh_clean_2.ply"):
        problems += _read_objects(path, cloud) + _read_classes(path, cloud)
    return cloud, problems


def read_vertices(path: Path, needed: tuple[str, ...]) -> tuple[np.ndarray | None, list[Problem]]:
    """The vertex table of a PLY file, ascii or binary; None and the problem where it cannot be used."""
    from plyfile import PlyData, PlyElementParseError, PlyHeaderParseError, PlyParseError

    def failed(field: str, text: str, line: int = 0):
        return None, [Problem(str(path), line, field, text)]

    try:
        try:  # mapped, and with faces that are triangles, a mesh of ScanNet takes milliseconds instead of seconds
            ply = PlyData.read(str(path), mmap="r", known_list_len={"face": {"vertex_indices": 3}})
        except PlyElementParseError:
            ply = PlyData.read(str(path), mmap="r")
        table = np.array(ply["vertex"].data) if "vertex" in ply else None
    except PlyHeaderParseError as error:
        return failed("header", f"{error.message}, expected a PLY header", error.line or 1)
    except PlyElementParseError as error:
        row = "" if error.row is None else f"[{error.row}]"
        name = f"{error.element.name if error.element else 'data'}{row}{f'.{error.prop.name}' if error.prop else ''}"
        line = _header_lines(path) + 1 + error.row if error.row is not None and _is_ascii(path) else 0
        return failed(name, f"{error.message}, expected as many rows and values as the header says", line)
    except (PlyParseError, OSError, ValueError, MemoryError, OverflowError, UnicodeError) as error:
        return failed("file", f"cannot be read ({error or type(error).__name__}), expected a complete PLY file")
    if table is None:
        return failed("vertex", "is missing, expected an element of that name")
    if len(table) == 0:
        return failed("vertex", "has no rows, expected points")
    for name in needed:
        if name not in (table.dtype.names or ()) or table.dtype[name].kind not in "iuf":
            return failed(f"vertex.{name}", "is missing, expected a number for each vertex")
    return table, []


def _is_ascii(path: Path) -> bool:
    with open(path, "rb") as file:
        return b"format ascii" in file.read(200)


def _header_lines(path: Path) -> int:
    with open(path, "rb") as file:
        return next((number for number, line in enumerate(file, start=1) if line.strip() == b"end_header"), 0)


def _read_objects(path: Path, cloud: Cloud) -> list[Problem]:
    """Instances and labels from the segmentation and its aggregation, if both are there."""
    stem = path.name.removesuffix("_vh_clean_2.ply")
    segment_paths = sorted(path.parent.glob(f"{stem}_vh_clean_2.*segs.json"))
    group_path = path.parent / f"{stem}.aggregation.json"
    if not segment_paths and not group_path.is_file():
        return []
    for present, name in (
        (group_path.is_file(), group_path.name),
        (segment_paths, f"{stem}_vh_clean_2.0.010000.segs.json"),
    ):
        if not present:
            return [
                Problem(str(path.parent / name), 0, "file", "is missing beside its counterpart, expected both or none")
            ]
    segments_file, groups_file = JsonFile(segment_paths[0]), JsonFile(group_path)
    segments = _segments(segments_file, len(cloud.points))
    known = set() if segments is None else set(np.unique(segments).tolist())
    groups = _groups(groups_file, known)
    if segments is not None:
        cloud.instances = np.full(len(cloud.points), -1, np.int32)
        for number, label, parts in reversed(groups):  # of one that is listed twice, the first keeps the points
            cloud.instances[np.isin(segments, parts)] = number
            cloud.labels[number] = label
    return segments_file.problems() + groups_file.problems()


def _segments(file: JsonFile, count: int) -> np.ndarray | None:
    """The segment of each vertex (N,)."""
    indices = file.get((), file.root(dict, "a segmentation"), "segIndices", list) if file.data is not None else None
    if indices is None:
        return None
    if len(indices) != count:
        file.wrong(
            ("segIndices",), f"has {len(indices)} entries, expected {count}, one for each vertex of the PLY file"
        )
        return None
    for place, number in enumerate(indices):
        if type(number) is not int or not 0 <= number < 2**31:
            file.wrong(("segIndices", place), f"is {number!r}, expected a whole number from 0")
            return None
    return np.array(indices, np.int64)


def _groups(file: JsonFile, known: set[int]) -> list[tuple[int, str, list[int]]]:
    """Object id, label and segments of each object."""
    found: list[tuple[int, str, list[int]]] = []
    seen: set[int] = set()
    owner: dict[int, int] = {}  # segment -> the object that it is part of
    groups = file.get((), file.root(dict, "an aggregation"), "segGroups", list) if file.data is not None else None
    for index, group in enumerate(groups or []):
        path = ("segGroups", index)
        if file.typed(path, group, dict) is None:
            continue
        number, label = file.get(path, group, "objectId", int), file.get(path, group, "label", str)
        parts = file.get(path, group, "segments", list)
        if number is None or label is None or parts is None:
            continue
        if number in seen or not 0 <= number < 2**31:
            file.wrong((*path, "objectId"), f"is {number}, expected a whole number from 0 that no other object has")
            continue
        wrong = next(
            (i for i, part in enumerate(parts) if type(part) is not int or (known and part not in known)), None
        )
        if wrong is not None:
            file.wrong((*path, "segments", wrong), f"is {parts[wrong]!r}, expected a segment of segIndices")
            continue
        seen.add(number)
        found.append((number, label, parts))
        if not parts:
            file.wrong((*path, "segments"), f"is empty: object {number} ({label}) has no points, expected one or more")
        shared = [(i, owner[part]) for i, part in enumerate(parts) if owner.setdefault(part, number) != number]
        if shared:
            place, other = shared[0]
            again = len(shared) == len(parts) and sorted(parts) == sorted(next(p for n, _, p in found if n == other))
            text = "all the same ones: it is listed twice" if again else f"{len(shared)} of {len(parts)} segments"
            file.wrong(
                (*path, "segments", place),
                f"is {parts[place]}, which object {other} has as well ({text}), expected a segment of one object only",
                harmless=again,
            )
    return found


def _read_classes(path: Path, cloud: Cloud) -> list[Problem]:
    """A class per vertex from the labels file, if it is there."""
    labels_path = path.with_name(path.name.removesuffix(".ply") + ".labels.ply")
    if not labels_path.is_file():
        return []
    table, problems = read_vertices(labels_path, ("label",))
    if table is None:
        return problems
    if len(table) != len(cloud.points):
        text = f"has {len(table)} rows, expected {len(cloud.points)}, as {path.name} has"
        return [Problem(str(labels_path), 0, "vertex", text)]
    cloud.classes = table["label"].astype(np.uint16)
    return []

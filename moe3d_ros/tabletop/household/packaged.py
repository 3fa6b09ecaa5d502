"""Things whose meshes a package ships: the procedural objects of `pybullet_data` (zlib licence), for evaluation alone."""

from __future__ import annotations

import importlib.util
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from moe3d_ros.open3d_loader import import_open3d
from moe3d_ros.tabletop.household.families import Family
from moe3d_ros.tabletop.household.solids import Mesh

_SCALE = 0.015  # metres a unit, as their URDFs have it
_WIDEST, _THINNEST = 0.25, 0.02  # metres between which a mesh's longest edge is a thing for a table


def packaged_families() -> dict[str, Family]:
    """A family for each packaged mesh, drawn at its own size; none where the package is not installed."""
    found = importlib.util.find_spec("pybullet_data")
    if found is None or found.origin is None:
        return {}
    files = sorted((Path(found.origin).parent / "random_urdfs").glob("*/*.obj"))
    return {f"mesh {file.stem}": Family(partial(_made, file)) for file in files}


def _made(file: Path, rng: np.random.Generator) -> Mesh:
    mesh = _read(file)
    edge = float(np.ptp(mesh.vertices, axis=0).max())
    scale = np.clip(edge, _THINNEST, _WIDEST) / edge
    return Mesh(mesh.vertices * scale, mesh.faces, mesh.part)


@lru_cache(maxsize=256)
def _read(file: Path) -> Mesh:
    """The mesh of a file, standing on the plane z = 0 around the origin."""
    mesh = import_open3d().io.read_triangle_mesh(str(file))
    vertices, faces = np.asarray(mesh.vertices) * _SCALE, np.asarray(mesh.triangles, dtype=np.int64)
    low, high = vertices.min(0), vertices.max(0)
    vertices = vertices - (*((low + high)[:2] / 2), low[2])
    return Mesh(vertices, faces, np.zeros(len(faces), dtype=np.int64))

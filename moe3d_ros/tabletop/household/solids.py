"""Triangle meshes of simple solids: boxes, solids of revolution, swept tubes, prisms; numpy, lengths in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
TURNS = 18  # corners of what is round


@dataclass(frozen=True)
class Mesh:
    """Triangles of one thing; ``part`` numbers the surfaces that are painted differently.

    Attributes:
        vertices: (V, 3) metres. faces: (F, 3) indices of vertices. part: (F,) number of each face's part.
    """

    vertices: np.ndarray
    faces: np.ndarray
    part: np.ndarray

    def moved(self, rotation: np.ndarray, shift=(0.0, 0.0, 0.0)) -> Mesh:
        """The same mesh turned by a matrix (3, 3), then shifted."""
        return Mesh(self.vertices @ rotation.T + np.asarray(shift), self.faces, self.part)

    def shifted(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        """The same mesh elsewhere."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces, self.part)

    def painted(self, part: int) -> Mesh:
        """The same mesh with all faces in one part."""
        return Mesh(self.vertices, self.faces, np.full(len(self.faces), part))


def between(rng: Rng, low: float, high: float) -> float:
    """A length between two, their logarithm evenly spread."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def joined(*meshes: Mesh) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts)]
    vertices, part = [mesh.vertices for mesh in meshes], [mesh.part for mesh in meshes]
    return Mesh(np.concatenate(vertices), np.concatenate(faces), np.concatenate(part))


def _mesh(vertices, faces) -> Mesh:
    faces = np.asarray(faces, dtype=np.int64)
    return Mesh(np.asarray(vertices, dtype=np.float64), faces, np.zeros(len(faces), dtype=np.int64))


def box(x: float, y: float, z: float) -> Mesh:
    """A box of these edges that stands on the plane z = 0."""
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return _mesh((corners - (0.5, 0.5, 0.0)) * (x, y, z), [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])


def _tube(rings: np.ndarray) -> Mesh:
    """Surface through rings of corners (R, N, 3)."""
    count, corners, _ = rings.shape
    index = np.arange(count * corners).reshape(count, corners)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return _mesh(rings.reshape(-1, 3), faces)


def lathe(profile) -> Mesh:
    """A solid of revolution around z from its profile ((radius, z), ...), from the bottom along the outside."""
    profile = np.asarray(profile, dtype=float)
    angle = np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    rings = np.concatenate([profile[:, None, :1] * circle, np.repeat(profile[:, None, 1:], TURNS, axis=1)], axis=-1)
    return _tube(rings)


def cylinder(radius: float, height: float, top: float | None = None) -> Mesh:
    """A cylinder or, with another radius at the ``top``, a frustum that stands on the plane z = 0."""
    return lathe(((0, 0), (radius, 0), (radius if top is None else top, height), (0, height)))


def ellipsoid(x: float, y: float, z: float) -> Mesh:
    """An ellipsoid of these half axes that lies on the plane z = 0."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    ball = lathe(np.stack([np.cos(angle), np.sin(angle)], axis=-1))
    return Mesh(ball.vertices * (x, y, z) + (0, 0, z), ball.faces, ball.part)


def sweep(path, radius, corners: int = 8) -> Mesh:
    """A tube along a path (P, 3) of a radius, or one for each of its points; its ends are closed."""
    path = np.asarray(path, dtype=float)
    radius = np.broadcast_to(np.asarray(radius, dtype=float), len(path))
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    aside = np.cross(along, (0.0, 0.0, 1.0))
    lost = np.linalg.norm(aside, axis=1) < 0.3
    aside[lost] = np.cross(along[lost], (1.0, 0.0, 0.0))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    above = np.cross(aside, along)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)[:, None]
    rings = path[:, None] + radius[:, None, None] * (np.cos(angle) * aside[:, None] + np.sin(angle) * above[:, None])
    return _tube(np.concatenate([np.repeat(path[:1, None], corners, 1), rings, np.repeat(path[-1:, None], corners, 1)]))


def prism(outline, height: float) -> Mesh:
    """A prism over an outline (K, 2) that its own middle sees all of, on the plane z = 0."""
    outline = np.asarray(outline, dtype=float)
    middle = np.repeat(outline.mean(0, keepdims=True), len(outline), axis=0)
    rings = [
        np.pad(ring, ((0, 0), (0, 1)), constant_values=z)
        for ring, z in ((middle, 0), (outline, 0), (outline, height), (middle, height))
    ]
    return _tube(np.stack(rings))


def turned(axis: str, angle: float) -> np.ndarray:
    """Rotation matrix (3, 3) by an angle in radians around x, y or z."""
    c, s = np.cos(angle), np.sin(angle)
    rows = {
        "x": ((1, 0, 0), (0, c, -s), (0, s, c)),
        "y": ((c, 0, s), (0, 1, 0), (-s, 0, c)),
        "z": ((c, -s, 0), (s, c, 0), (0, 0, 1)),
    }
    return np.array(rows[axis], dtype=float)

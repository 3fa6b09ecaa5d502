"""Depth cameras as they are: clouds of a scene's triangles with the faults of structured light, stereo and time of flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.open3d_loader import import_open3d
from moe3d_ros.tabletop.household.arranged import BACKGROUND, ThingScene
from moe3d_ros.tabletop.household.paint import Palette

_JUMP = 0.015  # metres between neighbouring pixels' depths: an edge
_MAX_RANGE = 3.0


@dataclass(frozen=True)
class View:
    """Place and optics of a camera (metres, pixels)."""

    eye: np.ndarray  # (3,)
    target: np.ndarray  # (3,)
    width: int
    height: int
    focal: float  # pixels


@dataclass
class Cloud:
    """Points (N, 3) metres, colours (N, 3) in [0, 1], and the index of the thing that each lies on, or BACKGROUND."""

    points: np.ndarray
    colors: np.ndarray
    label: np.ndarray


def random_view(rng: np.random.Generator) -> View:
    """A camera anywhere above the table that looks at it."""
    azimuth, elevation = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(25, 88))
    reach = rng.uniform(0.6, 1.4)
    target = np.array([0.5 + rng.normal(0, 0.06), rng.normal(0, 0.1), 0.03])
    away = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    width = int(rng.integers(140, 230))
    height, opening = int(width * rng.choice([0.75, 0.5625])), np.deg2rad(rng.uniform(50, 75))
    return View(target + reach * away, target, width, height, width / 2 / np.tan(opening / 2))


class ThingRenderer:
    """Casts the rays of cameras at one scene."""

    def __init__(self, scene: ThingScene, only: int | None = None):
        o3d = import_open3d()
        used = [mesh for mesh, label in zip(scene.meshes, scene.labels) if only in (None, label)]
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in used)])
        vertices = np.concatenate([mesh.vertices for mesh in used]).astype(np.float32)
        faces = np.concatenate([mesh.faces + start for mesh, start in zip(used, starts)]).astype(np.uint32)
        counts = [len(mesh.faces) for mesh in used]
        self.mesh_of_face = np.repeat(np.arange(len(counts)), counts)
        self.row_of_face = np.concatenate(scene.rows)
        self.label_of_mesh = np.array([label for label in scene.labels if only in (None, label)])
        self.origin_of_mesh = np.array(scene.origins)
        self.palette = Palette.of(scene.paints)
        self.caster = o3d.t.geometry.RaycastingScene(nthreads=1)
        self.caster.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces))
        self._tensor = o3d.core.Tensor

    def _cast(self, view: View) -> tuple[dict, np.ndarray]:
        """First hits of a camera's rays, and the rays (H, W, 3), one metre long along its axis."""
        forward = (view.target - view.eye) / np.linalg.norm(view.target - view.eye)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right /= max(float(np.linalg.norm(right)), 1e-6)
        down = np.cross(forward, right)
        u = (np.arange(view.width) + 0.5 - view.width / 2) / view.focal
        v = (np.arange(view.height) + 0.5 - view.height / 2) / view.focal
        rays = forward + u[None, :, None] * right + v[:, None, None] * down
        both = np.concatenate([np.broadcast_to(view.eye, rays.shape), rays], axis=-1).astype(np.float32)
        return self.caster.cast_rays(self._tensor(both), nthreads=1), rays

    def labels(self, view: View) -> np.ndarray:
        """Index of the thing in each pixel (H, W), BACKGROUND where there is none."""
        hit, _ = self._cast(view)
        there = np.isfinite(hit["t_hit"].numpy())
        face = np.where(there, hit["primitive_ids"].numpy().astype(np.int64), 0)
        return np.where(there, self.label_of_mesh[self.mesh_of_face[face]], BACKGROUND)

    def look(self, view: View, light: np.ndarray, contrast: float):
        """Picture of a perfect camera: depth along its axis (H, W), labels, colours (H, W, 3), facing and gloss (H, W); rays (H, W, 3)."""
        hit, rays = self._cast(view)
        depth = hit["t_hit"].numpy().astype(np.float64)
        there = np.isfinite(depth)
        face = np.where(there, hit["primitive_ids"].numpy().astype(np.int64), 0)
        mesh, row = self.mesh_of_face[face], self.row_of_face[face]
        label = np.where(there, self.label_of_mesh[mesh], BACKGROUND)
        normal = hit["primitive_normals"].numpy().astype(np.float64)
        points = view.eye + np.where(there, depth, 0)[..., None] * rays
        toward = np.einsum("hwi,hwi->hw", normal, rays) / np.linalg.norm(rays, axis=-1)
        normal = np.where(toward[..., None] > 0, -normal, normal)
        local = points - self.origin_of_mesh[mesh]
        colors = self.palette.colors(row.ravel(), local.reshape(-1, 3)).reshape(*row.shape, 3)
        shade = 1 - contrast + contrast * np.clip(normal @ light, 0, 1)
        return depth, label, np.clip(colors * shade[..., None], 0, 1), np.abs(toward), self.palette.gloss[row], rays


def random_views(rng: np.random.Generator) -> list[View]:
    """One to four cameras."""
    return [random_view(rng) for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.6, 0.2, 0.12, 0.08])))]


def visible_shares(scene: ThingScene, views: list[View]) -> np.ndarray:
    """Share of each thing's surface toward the cameras that nothing hides (T,), counted in pixels of all of them.

    A thing that is in no picture at all has none.
    """
    whole = ThingRenderer(scene)
    seen = [whole.labels(view) for view in views]
    shares = np.zeros(len(scene.things))
    for thing in range(len(scene.things)):
        alone = ThingRenderer(scene, only=thing)
        full = sum(int((alone.labels(view) == thing).sum()) for view in views)
        shares[thing] = sum(int((labels == thing).sum()) for labels in seen) / max(full, 1)
    return shares


def sense_things(scene: ThingScene, rng: np.random.Generator, views: list[View]) -> Cloud:
    """A cloud of these cameras with noise, quantised depth, shadows, flying pixels, holes and wrong colours."""
    renderer = ThingRenderer(scene)
    light = np.array([rng.normal(0, 0.6), rng.normal(0, 0.6), 1 + rng.random()])
    light, contrast = light / np.linalg.norm(light), rng.uniform(0, 0.55)
    faults = _Faults(rng)
    parts = [faults.cloud(renderer, view, light, contrast) for view in views]
    cloud = Cloud(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("points", "colors", "label")))
    if rng.random() < 0.3:
        keep = rng.random(len(cloud.points)) < rng.uniform(0.3, 1)
        cloud = Cloud(cloud.points[keep], cloud.colors[keep], cloud.label[keep])
    return cloud


class _Faults:
    """Errors that all cameras of a scene have alike."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.noise = rng.uniform(0, 0.003)  # metres at 1 m
        self.waves = rng.uniform(0, 0.003) * (rng.random() < 0.5)  # the same, slowly changing over the picture
        self.quantum = rng.uniform(0.001, 0.004) * (rng.random() < 0.4)  # metres at 1 m, growing with its square
        self.shadow = rng.uniform(0.03, 0.09) * (rng.random() < 0.6)  # metres between projector and camera
        self.flying = rng.uniform(0, 0.7) * (rng.random() < 0.6)
        self.lost_edges = rng.uniform(0, 0.7)
        self.holes = rng.uniform(0, 0.25) * (rng.random() < 0.5)
        self.grazing = rng.uniform(0.03, 0.3)
        self.balance = 1 + rng.normal(0, 0.05, 3)
        self.brightness, self.gamma = 1 + rng.normal(0, 0.08), np.exp(rng.normal(0, 0.12))
        self.color_noise = rng.uniform(0, 0.04)
        self.blur = rng.random() < 0.4
        self.offset = rng.integers(-2, 3, 2) if rng.random() < 0.4 else np.zeros(2, int)
        self.pose_error = rng.uniform(0, 0.003)

    def cloud(self, renderer: ThingRenderer, view: View, light: np.ndarray, contrast: float) -> Cloud:
        """Points of one camera."""
        rng = self.rng
        depth, label, colors, toward, gloss, rays = renderer.look(view, light, contrast)
        there = np.isfinite(depth) & (depth < _MAX_RANGE)
        depth = np.where(there, depth, _MAX_RANGE)
        lost = ~there | (toward < self.grazing * rng.random(depth.shape))
        edge = _edges(depth)
        if self.shadow:
            lost |= _shadowed(depth, view.focal * self.shadow)
        lost |= (gloss > 0.2) & (toward > 1 - 0.15 * gloss) & (rng.random(depth.shape) < 0.8)
        lost |= edge & (rng.random(depth.shape) < self.lost_edges)
        if self.holes:
            lost |= _smooth(rng, depth.shape, 9) > 2.6 - 3 * self.holes
        if self.flying:
            flying = edge & (rng.random(depth.shape) < self.flying)
            mixed = depth + (np.roll(depth, 1, axis=1) - depth) * rng.random(depth.shape)
            depth = np.where(flying & (mixed < _MAX_RANGE - 0.3), mixed, depth)
        depth = depth + depth**2 * (
            self.noise * rng.normal(size=depth.shape) + self.waves * _smooth(rng, depth.shape, 14)
        )
        if self.quantum:
            step = self.quantum * depth**2
            depth = np.round(depth / step) * step
        colors = self._colored(colors)
        keep = ~lost & (rays[..., 2] * depth + view.eye[2] > -0.06)
        points = view.eye + depth[..., None] * rays + rng.normal(0, self.pose_error, 3)
        return Cloud(points[keep], colors[keep], label[keep])

    def _colored(self, colors: np.ndarray) -> np.ndarray:
        if self.blur:
            colors = (colors + np.roll(colors, 1, 0) + np.roll(colors, 1, 1) + np.roll(colors, (1, 1), (0, 1))) / 4
        colors = np.roll(colors, tuple(self.offset), (0, 1))
        colors = np.clip(colors, 0, 1) ** self.gamma * self.balance * self.brightness
        return np.clip(colors + self.color_noise * self.rng.normal(size=colors.shape), 0, 1)


def _edges(depth: np.ndarray) -> np.ndarray:
    """Pixels beside which the depth jumps (H, W)."""
    edge = np.zeros(depth.shape, dtype=bool)
    for axis in (0, 1):
        jump = np.abs(np.diff(depth, axis=axis)) > _JUMP
        pad = [(0, 0), (0, 0)]
        pad[axis] = (1, 0)
        edge |= np.pad(jump, pad)
        pad[axis] = (0, 1)
        edge |= np.pad(jump, pad)
    return edge


def _shadowed(depth: np.ndarray, reach: float) -> np.ndarray:
    """Pixels that a projector beside the camera does not light (H, W); ``reach`` is baseline times focal length."""
    disparity = reach / depth
    height, width = depth.shape
    column = np.round(np.arange(width) - disparity).astype(int) % width
    nearest = np.zeros(depth.shape)
    rows = np.broadcast_to(np.arange(height)[:, None], depth.shape)
    np.maximum.at(nearest, (rows, column), disparity)
    return disparity < nearest[rows, column] - 1.5


def _smooth(rng: np.random.Generator, shape: tuple[int, int], cell: int) -> np.ndarray:
    """Noise of unit size that changes slowly over a picture (H, W)."""
    coarse = rng.normal(size=(shape[0] // cell + 2, shape[1] // cell + 2))
    rows, columns = np.arange(shape[0]) / cell, np.arange(shape[1]) / cell
    i, j = rows.astype(int), columns.astype(int)
    a, b = (rows - i)[:, None], (columns - j)[None]
    top = coarse[i][:, j] * (1 - b) + coarse[i][:, j + 1] * b
    bottom = coarse[i + 1][:, j] * (1 - b) + coarse[i + 1][:, j + 1] * b
    return 1.5 * (top * (1 - a) + bottom * a)

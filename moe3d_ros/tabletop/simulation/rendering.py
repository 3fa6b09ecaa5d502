"""Depth cameras in the physics world: images, the noise of real sensors, and clouds in the base frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Camera

if TYPE_CHECKING:
    from moe3d_ros.tabletop.simulation.mujoco_engine import Engine

NEAR, FAR = 0.05, 3.0  # metres
LAMP = np.array([0.3, 0.2, 2.0]) / np.linalg.norm([0.3, 0.2, 2.0])  # direction to it
AMBIENT = 0.65  # a face that looks up comes out in its own colour, a side at about two thirds of it
BACKGROUND = 255


@dataclass(frozen=True)
class CameraView:
    """Images of one camera.

    Attributes:
        depth: (H, W) float32 metres along the optical axis, NaN where there is no reading (REP-118).
        rgb: (H, W, 3) uint8.
        K: (3, 3) intrinsics; pixel centres lie at whole numbers.
        T_base_camera: (4, 4) takes points of the optical frame (x right, y down, z forward) into the base frame.
    """

    depth: np.ndarray
    rgb: np.ndarray
    K: np.ndarray
    T_base_camera: np.ndarray

    def cloud(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) float32 metres in the base frame and colours (N, 3) uint8 of all pixels with a reading."""
        row, column = np.nonzero(np.isfinite(self.depth))
        z = self.depth[row, column].astype(np.float64)
        x = (column - self.K[0, 2]) / self.K[0, 0] * z
        y = (row - self.K[1, 2]) / self.K[1, 1] * z
        points = np.column_stack([x, y, z]) @ self.T_base_camera[:3, :3].T + self.T_base_camera[:3, 3]
        return points.astype(np.float32), self.rgb[row, column]


def intrinsics(camera: Camera, width: int, height: int) -> np.ndarray:
    """Camera matrix (3, 3) for images of ``width`` x ``height`` pixels; the field of view across stays the camera's."""
    focal = camera.focal * width / camera.width
    return np.array([[focal, 0.0, (width - 1) / 2], [0.0, focal, (height - 1) / 2], [0.0, 0.0, 1.0]])


@lru_cache(maxsize=4)
def _rays(camera: Camera, width: int, height: int) -> tuple[np.ndarray, float]:
    """A ray for each pixel (H * W, 3), in the base frame, one metre long along the optical axis; the longest's length."""
    matrix = intrinsics(camera, width, height)
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    slopes = [(column - matrix[0, 2]) / matrix[0, 0], (row - matrix[1, 2]) / matrix[1, 1], np.ones((height, width))]
    rays = np.stack(slopes, axis=-1).reshape(-1, 3) @ camera.rotation().T
    rays.flags.writeable = False  # the next picture takes the same
    return rays, float(np.linalg.norm(rays, axis=1).max())


def render(
    engine: Engine,
    camera: Camera,
    width: int = 640,
    height: int = 480,
    noise: np.random.Generator | None = None,
    arm: bool = False,
) -> CameraView:
    """One picture of the world: a ray for each pixel, so that it needs no display and no graphics driver.

    Args:
        noise: where given, depth and colour get a real sensor's noise and holes from it.
        arm: draw the arm, too.
    """
    matrix = intrinsics(camera, width, height)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation(), camera.position
    rays, longest = _rays(camera, width, height)
    along, surfaces, normals = engine.cast(pose[:3, 3], rays, FAR * longest, arm)
    seen = (along >= NEAR) & (along < FAR)
    depth = np.where(seen, along, np.nan).astype(np.float32).reshape(height, width)
    shade = AMBIENT + (1 - AMBIENT) * np.maximum(normals @ LAMP, 0.0)
    rgb = np.where(seen[:, None], engine.colors[surfaces] * shade[:, None], BACKGROUND)
    rgb = np.rint(rgb).astype(np.uint8).reshape(height, width, 3)
    if noise is not None:
        depth, rgb = add_noise(depth, rgb, noise)
    return CameraView(depth, rgb, matrix, pose)


def add_noise(depth: np.ndarray, rgb: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Adds the noise of a structured-light camera to a depth (H, W) and a colour image (H, W, 3).

    Axial noise grows with distance (Nguyen et al. 2012, "Modeling Kinect sensor noise": 1.2 mm + 1.9 mm (z - 0.4)^2),
    edges lose half of their readings, some pixels and a few patches have none, and the exposure drifts.
    """
    height, width = depth.shape
    sigma = 0.0012 + 0.0019 * (depth - 0.4) ** 2
    noisy = depth + sigma * rng.standard_normal(depth.shape, dtype=np.float32)
    filled = np.nan_to_num(depth, nan=FAR)
    edge = np.zeros(depth.shape, bool)
    jump = np.abs(np.diff(filled, axis=1)) > 0.02
    edge[:, 1:] |= jump
    edge[:, :-1] |= jump
    jump = np.abs(np.diff(filled, axis=0)) > 0.02
    edge[1:] |= jump
    edge[:-1] |= jump
    lost = rng.random(depth.shape, dtype=np.float32) < np.where(edge, 0.5, 0.005)
    for _ in range(int(rng.integers(0, 6))):
        u, v, radius = rng.integers(width), rng.integers(height), int(rng.integers(2, 8))
        lost[max(v - radius, 0) : v + radius, max(u - radius, 0) : u + radius] = True
    noisy[lost] = np.nan
    gain = (1 + 0.06 * (2 * rng.random() - 1)) * (1 + 0.02 * (2 * rng.random(3) - 1))
    shade = rgb * gain + 3.0 * rng.standard_normal(rgb.shape, dtype=np.float32)
    return noisy.astype(np.float32), np.clip(np.rint(shade), 0, 255).astype(np.uint8)

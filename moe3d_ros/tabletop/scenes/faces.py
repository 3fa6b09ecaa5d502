"""Frames of things that do not lie flat: their rotation, the face by which they are taken, and tool poses on faces.

A face's frame has z along its outward normal; it is the base frame, turned by a heading about z and then tilted by the
least rotation that brings z onto the normal. So what lies flat has its yaw as heading, and what lies on a ramp, too.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.scene import SceneObject
from moe3d_ros.world.geometry import pose_from_matrix, quaternion_to_matrix
from moe3d_ros.world.pose import Pose

TOOL_DOWN = np.diag([1.0, -1.0, -1.0])  # from the frame of a face to a tool that presses on it, its x along the frame's
UP = (0.0, 0.0, 1.0)


def about_z(yaw: float) -> np.ndarray:
    """Rotation by ``yaw`` radians about z (3, 3)."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def align(normal) -> np.ndarray:
    """The least rotation that brings z onto the unit vector ``normal`` (3,), which must not point straight down."""
    x, y, z = normal
    k = 1 / (1 + z)
    return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]])


def face_frame(normal, heading: float) -> np.ndarray:
    """Frame (3, 3) of a face with this outward unit normal (3,) and heading in radians."""
    return align(normal) @ about_z(heading)


def body_rotation(thing: SceneObject) -> np.ndarray:
    """Rotation (3, 3) from the thing's own axes to the base frame."""
    return about_z(thing.yaw) if thing.orientation is None else quaternion_to_matrix(thing.orientation)


def face_normal(thing: SceneObject) -> tuple[float, float, float]:
    """Outward unit normal of the face by which the thing is taken, or that bears what is put on it."""
    if thing.normal is not None:
        return thing.normal
    x, y, z = UP if thing.orientation is None else (float(v) for v in body_rotation(thing)[:, 2])
    return x, y, z


def heading_of(matrix: np.ndarray, normal) -> float:
    """The heading for which :func:`face_frame` gives a frame (3, 3) whose z is ``normal``, radians."""
    flat = align(normal).T @ matrix
    return float(np.arctan2(flat[1, 0], flat[0, 0]))


def tool_on_face(position, normal, heading: float) -> Pose:
    """Tool pose at ``position`` (3,) metres that presses on a face with this outward normal, its x along the heading."""
    return pose_from_matrix(position, face_frame(normal, heading) @ TOOL_DOWN)

"""SE(3) and 6D rotations: quaternions (xyzw), rotation matrices, the tool frame of a pick or a place.

The 6D form of a rotation is its first two columns (Zhou et al. 2019, arXiv 1812.07035), which is continuous and so
fit for regression and flow. Tool frames follow ROS-Industrial's ``tool0``: z along the approach, into the surface.

Quaternions are converted here and not by scipy.spatial, whose import takes each node 0.3 to 0.5 s of its start.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from moe3d_ros.world.pose import Pose


def quaternion_to_matrix(quaternion: ArrayLike) -> np.ndarray:
    """Quaternion (..., 4) xyzw -> rotation matrix (..., 3, 3). Raises ValueError on a zero quaternion."""
    quaternion = np.asarray(quaternion, dtype=np.float64)
    norm = np.linalg.norm(quaternion, axis=-1, keepdims=True)
    if (norm == 0).any():
        raise ValueError("a quaternion of zero norm is no rotation")
    x, y, z, w = np.moveaxis(quaternion / norm, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def matrix_to_quaternion(matrix: ArrayLike) -> np.ndarray:
    """Rotation matrix (..., 3, 3) -> unit quaternion (..., 4) xyzw with w >= 0."""
    (a, b, c), (d, e, f), (g, h, i) = np.moveaxis(np.asarray(matrix, dtype=np.float64), (-2, -1), (0, 1))
    # Four times the products of the quaternion's entries. The row of the largest is the quaternion, scaled, with the least
    # loss of precision (Shepperd 1978).
    products = np.stack(
        [
            np.stack([1 + a - e - i, b + d, c + g, h - f], axis=-1),
            np.stack([b + d, 1 - a + e - i, f + h, c - g], axis=-1),
            np.stack([c + g, f + h, 1 - a - e + i, d - b], axis=-1),
            np.stack([h - f, c - g, d - b, 1 + a + e + i], axis=-1),
        ],
        axis=-2,
    )
    largest = np.diagonal(products, axis1=-2, axis2=-1).argmax(-1)
    row = np.take_along_axis(products, largest[..., None, None], axis=-2)[..., 0, :]
    row = np.where(row[..., 3:] < 0, -row, row)
    return row / np.linalg.norm(row, axis=-1, keepdims=True)


def interpolate_rotation(first: ArrayLike, last: ArrayLike, share: float) -> np.ndarray:
    """Rotation matrix (3, 3) on the shortest way from ``first`` to ``last``, (3, 3) each, at ``share`` of it (0 to 1)."""
    relative = matrix_to_quaternion(np.asarray(first).T @ np.asarray(last))  # w >= 0: the short way
    sine = np.linalg.norm(relative[:3])
    half = share * np.arctan2(sine, relative[3])
    axis = relative[:3] / sine if sine > 0 else relative[:3]
    return np.asarray(first) @ quaternion_to_matrix([*(axis * np.sin(half)), np.cos(half)])


def matrix_to_rot6d(matrix: ArrayLike) -> np.ndarray:
    """Rotation matrix (..., 3, 3) -> its first two columns, one after the other (..., 6)."""
    matrix = np.asarray(matrix)
    return np.concatenate([matrix[..., :, 0], matrix[..., :, 1]], axis=-1)


def rot6d_to_matrix(rot6d: ArrayLike) -> np.ndarray:
    """Two columns (..., 6), not necessarily orthonormal -> rotation matrix (..., 3, 3) by Gram-Schmidt."""
    rot6d = np.asarray(rot6d, dtype=np.float64)
    first, second = rot6d[..., :3], rot6d[..., 3:]
    x = first / np.linalg.norm(first, axis=-1, keepdims=True)
    second = second - (x * second).sum(-1, keepdims=True) * x
    y = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def tool_down_matrix(yaw: ArrayLike) -> np.ndarray:
    """Top-down tool frame with x along ``yaw`` (radians, about the world's z) -> rotation matrix (..., 3, 3)."""
    yaw = np.asarray(yaw, dtype=np.float64)
    cos, sin, zero = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)
    columns = [[cos, sin, zero], [sin, -cos, zero], [zero, zero, zero - 1.0]]
    return np.stack([np.stack(column, axis=-1) for column in columns], axis=-1)


def pose_from_matrix(position: Iterable[float], matrix: ArrayLike) -> Pose:
    """Position (3,) in metres and rotation matrix (3, 3) -> Pose."""
    (px, py, pz), (x, y, z, w) = position, matrix_to_quaternion(matrix)
    return Pose((float(px), float(py), float(pz)), (float(x), float(y), float(z), float(w)))


def pose_from_xyz_yaw(position: Iterable[float], yaw: float) -> Pose:
    """Top-down tool pose at ``position`` (3,) metres with x along ``yaw`` radians."""
    return pose_from_matrix(position, tool_down_matrix(yaw))


def yaw_of(matrix: ArrayLike) -> np.ndarray:
    """Heading of the frame's x axis in the world's xy plane, radians; matrix (..., 3, 3) -> (...)."""
    matrix = np.asarray(matrix)
    return np.arctan2(matrix[..., 1, 0], matrix[..., 0, 0])


def tool_angle(matrix: ArrayLike, reference: ArrayLike) -> np.ndarray:
    """Angle in radians between tool frames (..., 3, 3), modulo quarter turns of the tool about its own z.

    A box is held as well after each of them; it is the geodesic distance to the nearest of the four.
    """
    relative = np.swapaxes(np.asarray(reference, dtype=np.float64), -1, -2) @ np.asarray(matrix, dtype=np.float64)
    # A quarter turn of the reference about its z permutes the first two rows of the relative rotation.
    same = np.abs(relative[..., 0, 0] + relative[..., 1, 1])
    quarter = np.abs(relative[..., 1, 0] - relative[..., 0, 1])
    return np.arccos(np.clip((np.maximum(same, quarter) + relative[..., 2, 2] - 1) / 2, -1, 1))


def symmetric_angle_error(angle: ArrayLike, reference: ArrayLike, period: float) -> np.ndarray:
    """Smallest absolute difference of two angles (radians) modulo ``period``, e.g. pi / 2 for a cube."""
    return np.abs((np.asarray(angle) - np.asarray(reference) + period / 2) % period - period / 2)

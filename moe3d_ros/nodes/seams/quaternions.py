"""Quaternions at the message boundary: through tf_transformations where it is installed, else through numpy alone."""

from __future__ import annotations

import numpy as np

from moe3d_ros.world import geometry

try:
    import tf_transformations
except ImportError:  # the pip-only route
    tf_transformations = None


def quaternion_to_matrix(quaternion) -> np.ndarray:
    """Quaternion (4,) xyzw, not zero -> rotation matrix (3, 3)."""
    if tf_transformations is None:
        return geometry.quaternion_to_matrix(quaternion)
    return tf_transformations.quaternion_matrix(quaternion)[:3, :3]


def matrix_to_quaternion(matrix: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) -> unit quaternion (4,) xyzw with w >= 0."""
    if tf_transformations is None:
        return geometry.matrix_to_quaternion(matrix)
    transform = np.eye(4)
    transform[:3, :3] = matrix
    return np.asarray(tf_transformations.quaternion_from_matrix(transform))

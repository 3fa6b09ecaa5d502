"""Errors of 6D poses: distance in metres, geodesic angle of rotation in radians."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.transform import Rotation


def position_error(positions, references) -> np.ndarray:
    """Euclidean distance (...) in metres of positions (..., 3) from references (..., 3)."""
    return np.linalg.norm(np.asarray(positions, np.float64) - np.asarray(references, np.float64), axis=-1)


def rotation_error(quaternions, references, fold: int = 1) -> np.ndarray:
    """Geodesic distance on SO(3), the angle in [0, pi] radians of the one rotation that leads from one to the other.

    Args:
        quaternions, references: (..., 4) xyzw, not necessarily of unit length; q and -q are the same rotation.
        fold: the tool looks the same after a turn of 2 pi / fold about its own z, as a gripper above a cube does with
            4: the smallest angle over those turns is returned.

    Raises:
        ValueError: a quaternion is zero, or fold is less than 1.
    """
    if fold < 1:
        raise ValueError(f"fold must be at least 1, got {fold}")
    quaternions, references = np.broadcast_arrays(
        np.asarray(quaternions, np.float64), np.asarray(references, np.float64)
    )
    shape = quaternions.shape[:-1]
    own, other = (Rotation.from_quat(q.reshape(-1, 4)) for q in (quaternions, references))
    turns = [Rotation.from_rotvec([0.0, 0.0, 2 * math.pi * k / fold]) for k in range(fold)]
    return np.min([((other * turn).inv() * own).magnitude() for turn in turns], axis=0).reshape(shape)

"""Conversions of rotations agree with scipy's, at the awkward ones too."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from moe3d_ros.world.geometry import interpolate_rotation, matrix_to_quaternion, quaternion_to_matrix

TURNS = Rotation.concatenate(
    [
        Rotation.random(1000, random_state=0),
        Rotation.create_group("O"),  # quarter and half turns
        Rotation.from_rotvec(np.pi * (1 - 1e-9) * Rotation.random(200, random_state=1).as_matrix()[:, 0]),  # w almost 0
        Rotation.from_rotvec(1e-9 * np.eye(3)),
    ]
)


def test_quaternions_and_matrices_are_scipys():
    quaternions = matrix_to_quaternion(TURNS.as_matrix())
    assert np.allclose(np.linalg.norm(quaternions, axis=-1), 1, atol=1e-12)
    assert (quaternions[:, 3] >= 0).all()
    assert (TURNS.inv() * Rotation.from_quat(quaternions)).magnitude().max() < 1e-7
    assert np.allclose(quaternion_to_matrix(TURNS.as_quat()), TURNS.as_matrix(), atol=1e-12)


def test_any_shape_and_any_length_of_the_quaternion():
    matrices = TURNS.as_matrix()[:24].reshape(2, 3, 4, 3, 3)
    quaternions = matrix_to_quaternion(matrices)
    assert quaternions.shape == (2, 3, 4, 4)
    assert np.allclose(quaternion_to_matrix(-3 * quaternions), matrices, atol=1e-12)
    assert np.allclose(matrix_to_quaternion(matrices[0, 0, 0]), quaternions[0, 0, 0])


def test_a_quaternion_of_zeros_is_refused():
    with pytest.raises(ValueError, match="zero"):
        quaternion_to_matrix([[0, 0, 0, 1], [0, 0, 0, 0]])


def test_rotations_between_two_are_scipys():
    for number in range(0, len(TURNS) - 1, 7):
        two = TURNS[number : number + 2]
        for share in (0.0, 0.3, 1.0):
            between = interpolate_rotation(*two.as_matrix(), share)
            assert np.allclose(between, Slerp([0, 1], two)(share).as_matrix(), atol=1e-7)
    still = TURNS[5].as_matrix()
    assert np.allclose(interpolate_rotation(still, still, 0.4), still, atol=1e-12)

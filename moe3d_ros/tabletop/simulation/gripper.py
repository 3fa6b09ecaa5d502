"""The suction gripper: a tip without a body, and the body attached to it by a constraint of limited force."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from moe3d_ros.world.geometry import matrix_to_quaternion, quaternion_to_matrix

TIME_STEP = 1 / 240  # seconds, of the physics
TURN_SPEED = 3.0  # radians a second
SUCTION_FORCE = 20.0  # newtons


class Carried:
    """A body that hangs on the gripper's tip by a fixed constraint to the world."""

    def __init__(self, client, body: int, tip: np.ndarray, turn: np.ndarray):
        position, quaternion = client.getBasePositionAndOrientation(body)
        self.body, self.position, self.rotation, self._client = body, tip, turn, client
        self._offset = turn.T @ (np.array(position) - tip)  # of the body in the tip's frame
        self._relative = turn.T @ quaternion_to_matrix(quaternion)
        self._target = np.array(position)
        self._constraint = client.createConstraint(
            body, -1, -1, -1, client.JOINT_FIXED, [0, 0, 0], [0, 0, 0], position, [0, 0, 0, 1], quaternion
        )
        client.changeConstraint(self._constraint, position, quaternion, maxForce=SUCTION_FORCE)

    def move(self, position: np.ndarray, rotation: np.ndarray) -> None:
        """Put the tip at ``position`` (3,) with ``rotation`` (3, 3)."""
        self.position, self.rotation = position, rotation
        self._target = position + rotation @ self._offset
        quaternion = matrix_to_quaternion(rotation @ self._relative).tolist()
        self._client.changeConstraint(self._constraint, self._target.tolist(), quaternion, maxForce=SUCTION_FORCE)

    def lag(self) -> float:
        """Distance in metres from the body to the position commanded by the tip."""
        return float(np.linalg.norm(np.array(self._client.getBasePositionAndOrientation(self.body)[0]) - self._target))

    def release(self) -> None:
        """Let go, at rest."""
        self._client.removeConstraint(self._constraint)
        self._client.resetBaseVelocity(self.body, [0, 0, 0], [0, 0, 0])


def straight_line(start, rotation, end, end_rotation, speed: float):
    """Tip poses, one a time step, from one pose to another along a straight line at a constant speed."""
    turns = Rotation.from_matrix([rotation, end_rotation])
    angle = float((turns[0].inv() * turns[1]).magnitude())
    steps = max(int(np.ceil(max(float(np.linalg.norm(end - start)) / speed, angle / TURN_SPEED) / TIME_STEP)), 1)
    share = np.arange(1, steps + 1) / steps
    rotations = Slerp([0, 1], turns)(share).as_matrix()
    for s, turned in zip(share, rotations):
        yield start + s * (end - start), turned

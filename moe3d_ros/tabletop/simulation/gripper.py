"""The suction gripper: a tip without a body, and the thing that it carries by a force of limited strength."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

if TYPE_CHECKING:
    from moe3d_ros.tabletop.simulation.mujoco_engine import Engine

TIME_STEP = 1 / 240  # seconds, of the physics
TURN_SPEED = 3.0  # radians a second
SUCTION_FORCE = 20.0  # newtons
SUCTION_TORQUE = 0.4  # newton metres: that force, 2 cm off the tip


class Carried:
    """A thing that hangs on the gripper's tip."""

    def __init__(self, engine: Engine, thing: int, tip: np.ndarray, turn: np.ndarray):
        self.thing, self.position, self.rotation, self._engine = thing, tip, turn, engine
        self._target = engine.positions()[thing]
        self._offset = turn.T @ (self._target - tip)  # of the thing in the tip's frame
        self._relative = turn.T @ engine.rotations()[thing]

    def move(self, position: np.ndarray, rotation: np.ndarray) -> None:
        """Put the tip at ``position`` (3,) with ``rotation`` (3, 3), where the next step takes the thing, too."""
        self.position, self.rotation = position, rotation
        self._target = position + rotation @ self._offset
        self._engine.drive(self.thing, self._target, rotation @ self._relative, SUCTION_FORCE, SUCTION_TORQUE)

    def lag(self) -> float:
        """Distance in metres from the thing to the position commanded by the tip."""
        return float(np.linalg.norm(self._engine.positions()[self.thing] - self._target))

    def release(self) -> None:
        """Let go, at rest."""
        self._engine.let_go(self.thing)


def straight_line(start, rotation, end, end_rotation, speed: float):
    """Tip poses, one a time step, from one pose to another along a straight line at a constant speed."""
    turns = Rotation.from_matrix([rotation, end_rotation])
    angle = float((turns[0].inv() * turns[1]).magnitude())
    steps = max(int(np.ceil(max(float(np.linalg.norm(end - start)) / speed, angle / TURN_SPEED) / TIME_STEP)), 1)
    share = np.arange(1, steps + 1) / steps
    rotations = Slerp([0, 1], turns)(share).as_matrix()
    for s, turned in zip(share, rotations):
        yield start + s * (end - start), turned

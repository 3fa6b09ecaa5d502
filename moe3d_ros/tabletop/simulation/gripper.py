"""Grippers: the tips that carry, first that without a body, and the thing that hangs on one by limited strength."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

if TYPE_CHECKING:
    from moe3d_ros.tabletop.simulation.mujoco_engine import Engine

TIME_STEP = 1 / 240  # seconds, of the physics
TURN_SPEED = 3.0  # radians a second
HOLD_FORCE = 20.0  # newtons, of suction, and of the friction between two fingers
HOLD_TORQUE = 0.4  # newton metres: that force, 2 cm off the tip

TipPose = tuple[np.ndarray, np.ndarray]  # position (3,) metres and rotation (3, 3), in the base frame


class Leg(NamedTuple):
    """A straight piece of the tip's way.

    Attributes:
        position, rotation: (3,) metres and (3, 3), where it ends.
        speed: metres a second.
        careful: it ends where something holds up what is carried.
    """

    position: np.ndarray
    rotation: np.ndarray
    speed: float
    careful: bool = False


class Unreachable(Exception):
    """A way that the tip cannot go; the message says where it ends and why, without a full stop."""


class Tip(Protocol):
    """A tip that carries. The poses that it yields are those it has at each time step; the caller makes the steps."""

    def plan(self, thing: int, tip: np.ndarray, turn: np.ndarray, route: Sequence[Leg]) -> None:
        """Find the way to what is taken, a thing at ``tip`` (3,) with ``turn`` (3, 3), and on along ``route``. Raises Unreachable."""

    def approach(self) -> Iterator[TipPose]:
        """Go to what is taken, and take it."""

    def missed(self) -> str:
        """Say why what was gone to is not held; empty if it is."""

    def pose(self) -> TipPose:
        """Position and rotation of the tip now."""

    def leg(self, number: int) -> Iterator[TipPose]:
        """Go along one leg of the route, from where the one before it was left."""

    def withdraw(self) -> Iterator[TipPose]:
        """Go back out of the way."""


class BodilessTip:
    """A tip that is where it should be, and that nothing meets."""

    def plan(self, thing: int, tip: np.ndarray, turn: np.ndarray, route: Sequence[Leg]) -> None:
        """Be at the pick at once."""
        self._pose, self._route = (tip, turn), route

    def approach(self) -> Iterator[TipPose]:
        """No time passes."""
        return iter(())

    def missed(self) -> str:
        """It holds what it touches."""
        return ""

    def pose(self) -> TipPose:
        """Position and rotation of the tip now."""
        return self._pose

    def leg(self, number: int) -> Iterator[TipPose]:
        """Poses along a straight line."""
        there, rotation, speed, _ = self._route[number]
        for pose in straight_line(*self._pose, there, rotation, speed):
            self._pose = pose
            yield pose

    def withdraw(self) -> Iterator[TipPose]:
        """No time passes."""
        return iter(())


class Carried:
    """A thing that hangs on the gripper's tip."""

    def __init__(self, engine: Engine, thing: int, tip: np.ndarray, turn: np.ndarray):
        self.thing, self._engine = thing, engine
        self._target = engine.positions()[thing]
        self._offset = turn.T @ (self._target - tip)  # of the thing in the tip's frame
        self._relative = turn.T @ engine.rotations()[thing]

    def move(self, position: np.ndarray, rotation: np.ndarray) -> None:
        """Put the tip at ``position`` (3,) with ``rotation`` (3, 3), where the next step takes the thing, too."""
        self._target = position + rotation @ self._offset
        self._engine.drive(self.thing, self._target, rotation @ self._relative, HOLD_FORCE, HOLD_TORQUE)

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

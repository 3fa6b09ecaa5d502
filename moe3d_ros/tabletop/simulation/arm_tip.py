"""The tip of the arm, a cup or between two fingers: it follows a way that was planned whole, and goes home by the way that it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from moe3d_ros.tabletop.simulation.arm_model import HOME, joints
from moe3d_ros.tabletop.simulation.arm_path import ROUND, ArmPlanner, cannot_get_to, joint_line
from moe3d_ros.tabletop.simulation.arm_timing import timed
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP, Leg, TipPose
from moe3d_ros.tabletop.simulation.mujoco_arm import ArmBody

CONTACT_SPEED, RETURN_SPEED = 0.15, 0.6  # metres a second, of the tip: down to the pick, and back from the place
THERE = 0.002  # radians of each joint from where it should be, for it to have arrived
HIGH = 0.02  # metres below the highest point of the way, from which on the arm may go home
PATIENCE = 60  # time steps that it may take longer than planned
DOWN = 2  # legs at the end of a route that go down
TRAIL_STEP = 4  # time steps between the points of the way back


class ArmTip:
    """A suction cup; the interface is `gripper.Tip`."""

    def __init__(self, arm: ArmBody, names: Sequence[str]):
        """Args: names: of the scene's things."""
        self._arm, self._names, self._planner = arm, names, ArmPlanner(arm.gripper)
        self._told = HOME  # (6,) radians, of the servos
        self._approach: list[np.ndarray] = []
        self._legs: list[np.ndarray] = []
        self._trail: list[tuple[np.ndarray, np.ndarray]] = []  # joint angles and tip positions, of the way back

    def plan(self, thing: int, tip: np.ndarray, turn: np.ndarray, route: Sequence[Leg]) -> None:
        """Find joint angles for the whole way, from above the pick to the place. Raises Unreachable."""
        self._find(thing, tip, turn, route, ROUND)

    def _find(
        self, thing: int, tip: np.ndarray, turn: np.ndarray, route: Sequence[Leg], turns: Sequence[float]
    ) -> None:
        lifted, over = route[:2]
        approach = [over, lifted, Leg(tip, turn, CONTACT_SPEED)]

        def hindrance(angles: np.ndarray, leg: int) -> str:
            carries = leg >= len(approach)
            met = self._meets(angles, thing if carries else None, leg == len(approach) + len(route) - 1)
            if met is None:
                return ""
            where, link, other = met
            part, name = link.removesuffix("_link").replace("_", " "), "table" if other < 0 else self._names[other]
            return f"{cannot_get_to(where)}, where its {part} would meet the {name}"

        commands = self._planner.plan(self._told, [*approach, *route], hindrance, turns)
        self._approach, self._legs, self._trail = commands[: len(approach)], commands[len(approach) :], []

    def _meets(self, angles: np.ndarray, held: int | None, last: bool) -> tuple[np.ndarray, str, int] | None:
        """Look for what is in the way on a leg, with a thing in hand or none; see `ArmBody.meets`."""
        return self._arm.meets(angles, held)

    def approach(self) -> Iterator[TipPose]:
        """Go over what is taken, then down to it."""
        for commands in self._approach:
            yield from self._follow(commands)

    def missed(self) -> str:
        """A cup holds what it touches."""
        return ""

    def pose(self) -> TipPose:
        """Position and rotation of the tip now."""
        return self._arm.tip()

    def leg(self, number: int) -> Iterator[TipPose]:
        """Go along one leg of the route."""
        if number == len(self._legs) - DOWN:  # nothing of the way to here leads back
            self._trail = []
        return self._follow(self._legs[number])

    def withdraw(self) -> Iterator[TipPose]:
        """Go back to the highest point of the way, and from there home."""
        if self._trail:
            heights = np.array([position[2] for _, position in self._trail])
            highest = len(heights) - 1 - int(np.argmax(heights[::-1] > heights.max() - HIGH))
            back = self._trail[: highest - 1 if highest else None : -TRAIL_STEP]
            angles, positions = (np.array(part) for part in zip(*back))
            least = np.linalg.norm(np.diff(positions, axis=0), axis=1) / RETURN_SPEED
            if len(angles) > 1:
                yield from self._follow(timed(angles, least, joints().speed, TIME_STEP))
        yield from self._follow(joint_line(self._told, HOME))
        self._trail = []

    def _follow(self, commands: np.ndarray) -> Iterator[TipPose]:
        """Tell the servos one command a time step, then wait until the joints have arrived."""
        for angles in commands:
            self._arm.command(angles, (angles - self._told) / TIME_STEP)
            self._told = angles
            yield self._arm.tip()
            self._trail.append((self._arm.angles(), self._arm.tip()[0]))
        for _ in range(PATIENCE):
            if np.abs(self._arm.angles() - self._told).max() < THERE:
                break
            self._arm.command(self._told, np.zeros(len(HOME)))
            yield self._arm.tip()

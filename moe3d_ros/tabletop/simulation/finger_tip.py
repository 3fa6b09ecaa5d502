"""Two fingers at the arm's tip: they open a little wider than what they take, close until they hold it, and open to let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from moe3d_ros.tabletop.simulation.arm_tip import ArmTip
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP, Leg, TipPose, Unreachable
from moe3d_ros.tabletop.simulation.mujoco_arm import ArmBody

ROOM = 0.008  # metres between a finger and what is taken, on either side, before they close and after they let go
SPEED = 0.1  # metres a second, of each finger
PRESS = 0.01  # metres that the gap is told to be narrower than it is, at most: the fingers press with half their force
STILL_STEPS, STILL = 12, 2e-4  # time steps and metres: a gap that closes by less in so many is held open by something
SQUEEZE = 0.001  # metres that they are told to go on closing then
NOTHING = 0.003  # metres between fingers that have closed on nothing
QUARTERS = (0.0, np.pi), (np.pi / 2, -np.pi / 2)  # turns about the tool's axis: the same two faces, and the other two


class FingerTip(ArmTip):
    """A parallel gripper, turned so that its fingers take the two faces that are nearer to each other, or else the other two.

    Args:
        names: of the scene's things.
        width: of a thing along a direction (3,), metres.
    """

    def __init__(self, arm: ArmBody, names: Sequence[str], width: Callable[[int, np.ndarray], float]):
        super().__init__(arm, names)
        self._width = width
        self._wide = self._held = 0.0  # metres between the fingers before they close, and of what they take

    def plan(self, thing: int, tip: np.ndarray, turn: np.ndarray, route: Sequence[Leg]) -> None:
        """Find joint angles for the whole way, from above the pick to the place. Raises Unreachable."""
        sides = sorted((self._width(thing, turn[:, axis]), turns) for axis, turns in enumerate(QUARTERS))
        narrow = sides[0][0]
        if narrow + 2 * ROOM > self._arm.widest:
            widest = 100 * (self._arm.widest - 2 * ROOM)
            raise Unreachable(
                f"the {self._names[thing]} is {100 * narrow:.1f} cm wide, and the fingers take at most {widest:.1f} cm"
            )
        reason = Unreachable()
        for self._held, turns in sides:
            self._wide = self._held + 2 * ROOM
            if self._wide > self._arm.widest:
                break
            try:
                self._find(thing, tip, turn, route, turns)
            except Unreachable as error:
                reason = reason if reason.args else error
            else:
                return
        raise reason

    def _meets(self, angles: np.ndarray, held: int | None, last: bool) -> tuple[np.ndarray, str, int] | None:
        if held is None:
            return self._arm.meets(angles, None, self._wide)
        met = self._arm.meets(angles, held, self._held)
        return self._arm.meets(angles[-1:], held, self._wide) if last and met is None else met

    def approach(self) -> Iterator[TipPose]:
        """Go over what is taken and down to it, and close until the fingers hold it."""
        self._arm.open(self._wide)
        yield from super().approach()
        told, gaps = self._wide, [np.inf] * STILL_STEPS
        while gaps[-STILL_STEPS] - (gap := self._arm.gap()) > STILL:
            gaps.append(gap)
            told = max(told - 2 * SPEED * TIME_STEP, gap - PRESS, 0.0)
            self._arm.open(told)
            yield self._arm.tip()
        self._arm.open(max(gap - SQUEEZE, 0.0))

    def missed(self) -> str:
        """Fingers that have closed hold nothing."""
        return "its fingers closed on nothing" if self._arm.gap() < NOTHING else ""

    def withdraw(self) -> Iterator[TipPose]:
        """Open, then go back."""
        gap = self._arm.gap()
        wide = min(gap + 2 * ROOM, self._arm.widest)
        for told in np.arange(gap, wide, 2 * SPEED * TIME_STEP):
            self._arm.open(told)
            yield self._arm.tip()
        self._arm.open(wide)
        yield from super().withdraw()

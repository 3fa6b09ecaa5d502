"""From one planned step to the motions of an arm: approach, contact, retreat, one after the other. Free of ROS.

The poses of a step are the tool tip's in the `tool0` convention (z into the surface), so "away" is against the tool's
own z, whatever its orientation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from moe3d_ros.world.geometry import pose_from_matrix, quaternion_to_matrix
from moe3d_ros.world.pose import Pose

SECOND_NS = 1_000_000_000
FUTURE_S = 1.0  # clocks of two machines may differ by so much
GRASP, RELEASE = "grasp", "release"


class Refused(ValueError):
    """A step cannot be followed; the message is a sentence that says why."""


@dataclass(frozen=True)
class Motion:
    """One goal for the arm.

    Attributes:
        name: what it is, in words.
        pose: of the tool tip, in the planning frame.
        straight: along the tool's z, so a planner for straight lines is right for it.
        gripper: what the gripper does once the arm is there: GRASP, RELEASE or nothing.
        reaches_goal: with it the pick or the place is over.
    """

    name: str
    pose: Pose
    straight: bool = False
    gripper: str = ""
    reaches_goal: bool = False


def back_off(pose: Pose, distance: float) -> Pose:
    """The pose ``distance`` metres back along the tool's z, away from the surface."""
    away = -quaternion_to_matrix(pose.orientation)[:, 2]
    position = np.asarray(pose.position) + distance * away
    x, y, z = (float(v) for v in position)
    return Pose((x, y, z), pose.orientation)


def turned(pose: Pose, angle: float) -> Pose:
    """The pose turned by ``angle`` radians about the tool's own z; its tip stays where it is."""
    if angle == 0.0:
        return pose
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return pose_from_matrix(pose.position, quaternion_to_matrix(pose.orientation) @ turn)


def equal_turns(count: int) -> tuple[float, ...]:
    """Angles that divide a full turn into ``count`` parts, radians in (-pi, pi], the smallest first."""
    steps = sorted(range(count), key=lambda n: (min(n, count - n), n))
    return tuple(2 * math.pi * (n if n <= count - n else n - count) / count for n in steps)


def motions(pick: Pose, place: Pose, approach: float, retreat: float, angle: float = 0.0) -> tuple[Motion, ...]:
    """The six motions of a pick and a place.

    Args:
        pick, place: tool poses at contact and at release.
        approach, retreat: metres along the tool's z before and after each.
        angle: radians by which the tool is turned about its own z at both, so that the thing itself ends as planned.
    """
    pick, place = turned(pick, angle), turned(place, angle)
    return (
        Motion("approach the pick", back_off(pick, approach)),
        Motion("pick", pick, straight=True, gripper=GRASP),
        Motion("lift", back_off(pick, retreat), straight=True, reaches_goal=True),
        Motion("approach the place", back_off(place, approach)),
        Motion("place", place, straight=True, gripper=RELEASE),
        Motion("retreat", back_off(place, retreat), straight=True, reaches_goal=True),
    )


def check_step(verb: str, poses: dict[str, tuple[str, int, Pose]], frame: str, now_ns: int, max_age: float) -> None:
    """Check that a step may be followed now.

    Args:
        verb: of the step.
        poses: name -> frame, stamp in ns, pose.
        frame: the only frame that is followed.
        now_ns: the present by the same clock as the stamps.
        max_age: seconds; 0: any age.

    Raises:
        Refused: another verb, another frame, an old pose or one from the future, numbers that make no pose.
    """
    if verb != "pick_place":
        raise Refused(f"The verb is '{verb}': only pick_place can be followed.")
    for name, (given, stamp, pose) in poses.items():
        if given.lstrip("/") != frame:
            raise Refused(f"The {name} pose is in the frame '{given}', expected '{frame}': set planning_frame alike.")
        numbers = np.array([*pose.position, *pose.orientation])
        if not np.isfinite(numbers).all() or abs(np.linalg.norm(numbers[3:]) - 1.0) > 0.01:
            raise Refused(f"The {name} pose has no finite position and unit quaternion: {numbers.tolist()}.")
        age = (now_ns - stamp) / SECOND_NS
        if max_age > 0 and age > max_age and stamp == 0:
            raise Refused(
                f"The {name} pose has no stamp (header.stamp is 0), so its age is not known: have the camera's driver stamp "
                "its messages, or set max_age to 0, which follows poses of any age."
            )
        if max_age > 0 and age > max_age:
            raise Refused(
                f"The {name} pose is {age:.1f} s old, more than max_age ({max_age:g} s): it was confirmed late, or planning took "
                "long. Plan again, or raise max_age."
            )
        if max_age > 0 and age < -FUTURE_S:
            raise Refused(
                f"The {name} pose is stamped {-age:.1f} s in the future: synchronise the clocks, or set use_sim_time alike on all "
                "nodes."
            )


class Follower:
    """Hands out the motions of one step at a time, and stops for good at the first failure.

    The arm may hold something, or stand in the way, when a motion fails; so nothing moves until `resume`.

    Attributes:
        stopped: why nothing moves any more; empty while all is well.
    """

    def __init__(self, approach: float, retreat: float, turns: int = 1):
        """``approach``, ``retreat``: metres, see `motions`; ``turns``: equal turns about the tool's axis that may be tried."""
        self._approach, self._retreat, self._turns = approach, retreat, turns
        self._left: list[Motion] = []
        self._others: list[tuple[Motion, ...]] = []  # the step at the turns that were not tried
        self._text = ""
        self.stopped = ""

    @property
    def busy(self) -> bool:
        """A step is under way."""
        return bool(self._left)

    @property
    def current(self) -> Motion | None:
        """The motion that is to be done now."""
        return self._left[0] if self._left else None

    def begin(self, text: str, pick: Pose, place: Pose) -> Motion:
        """Take a step (its words for messages) and return its first motion. Raises Refused while busy or stopped."""
        if self.stopped:
            raise Refused(f"Nothing moves: {self.stopped} Call resume_motion when the arm is free.")
        if self.busy:
            raise Refused(f"'{text}' is not followed: '{self._text}' is under way ({self._left[0].name}).")
        self._text = text
        self._others = [
            motions(pick, place, self._approach, self._retreat, angle) for angle in equal_turns(self._turns)
        ]
        self._left = list(self._others.pop(0))
        return self._left[0]

    def turn(self) -> Motion | None:
        """Begin the step anew at the next turn of the tool; None where none is left, or its first motion is over."""
        if not self._others:
            return None
        self._left = list(self._others.pop(0))
        return self._left[0]

    def advance(self) -> Motion | None:
        """The current motion has ended well, the gripper's part included; the next one, None at the end."""
        self._others = []
        if self._left:
            del self._left[0]
        return self.current

    def fail(self, reason: str) -> None:
        """Drop the rest of the step: the current motion has failed or was stopped."""
        name = f"{self._left[0].name} of '{self._text}'" if self._left else "the arm"
        self.stopped = f"{name} was stopped: {reason.rstrip('.')}."
        self._left, self._others = [], []

    def resume(self) -> None:
        """Accept steps again."""
        self.stopped = ""

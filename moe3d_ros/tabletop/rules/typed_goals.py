"""Goals as people would put them, judged by a scene as it was and as it is now: in, on, next to, between, swapped and so on.

Left is +y, away from the robot is +x; "behind" a thing is what lies farther from the robot. Things are indices of the
scenes' objects, lengths are metres.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np

from moe3d_ros.tabletop.rules.layout import OFF_SHARE, Layout
from moe3d_ros.tabletop.rules.success import footprint
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.side_spots import ACROSS, TOWARD
from moe3d_ros.world.sides import BETWEEN, NEXT_TO

SAME_PLACE, STILL = 0.02, 0.01  # from where another thing was; from where it was itself
SHIFT_TOLERANCE = 0.015  # of a shift whose tolerance is not told
SIDES = {side.replace(" ", "_"): side for side in TOWARD}  # as goals are written, and as plans say it


@dataclass(frozen=True)
class Outcome:
    """A scene before and after what was done in it; its objects have the same indices in both."""

    before: Scene
    after: Scene

    @cached_property
    def then(self) -> Layout:
        """The layout before."""
        return Layout(self.before)

    @cached_property
    def now(self) -> Layout:
        """The layout after."""
        return Layout(self.after)

    def gap(self, one: int, other: int) -> float:
        """Distance between the outlines of two things now."""
        return self.now.gap(one, other)


def _xy(scene: Scene, thing: int) -> np.ndarray:
    return np.array(scene.objects[thing].position[:2])


def _cross(one: np.ndarray, other: np.ndarray) -> float:
    """Area in square metres of the parallelogram of two vectors (2,)."""
    return abs(float(one[0] * other[1] - one[1] * other[0]))


def inside(outcome: Outcome, thing: int, goal: int) -> bool:
    """The thing lies in the bowl, or on the zone or block: by the rules of `success`."""
    return outcome.now.at(thing, goal)


def outside(outcome: Outcome, thing: int, bowl: int) -> bool:
    """The thing does not lie in the bowl, nor over its rim."""
    return outcome.gap(thing, bowl) > 0


def off(outcome: Outcome, thing: int, goal: int) -> bool:
    """No more of the thing than a tenth lies on the zone; it does not lie on the block."""
    if outcome.after.objects[goal].traits.flat:
        lying, zone = (footprint(outcome.after.objects[i]) for i in (thing, goal))
        return share_inside(lying, zone) <= OFF_SHARE
    return outcome.now.below.get(thing) != goal


def in_any(outcome: Outcome, thing: int, kind: str) -> bool:
    """The thing lies in or on some thing of the kind."""
    return any(outcome.now.at(thing, goal) for goal, name in enumerate(outcome.now.kinds) if name == kind)


def count_in(outcome: Outcome, number: int, goal: int) -> bool:
    """Exactly ``number`` things lie in the bowl or on the zone."""
    return len(things_in(outcome, goal)) == number


def things_in(outcome: Outcome, goal: int) -> list[int]:
    """Indices of the things that can be moved and lie in or on ``goal`` now."""
    things = outcome.after.objects
    return [i for i, thing in enumerate(things) if thing.traits.piled and i != goal and outcome.now.at(i, goal)]


def stack(outcome: Outcome, things: Sequence[int], base: int | None) -> bool:
    """The things make one stack in any order, on ``base`` or, where it is None, on the table or a zone."""
    bottoms = [i for i in things if outcome.now.below.get(i) not in things]
    if len(bottoms) != 1:
        return False
    pile = bottoms
    while above := [i for i in outcome.now.on(pile[-1]) if i in things]:
        pile.append(above[0])
    return len(pile) == len(things) and stack_on(outcome, pile, base)


def stack_on(outcome: Outcome, things: Sequence[int], base: int | None) -> bool:
    """The things make a stack in this order from below, on ``base`` or, where it is None, on the table or a zone."""
    founded = outcome.now.grounded(things[0]) if base is None else outcome.now.at(things[0], base)
    return founded and all(outcome.now.at(upper, lower) for lower, upper in pairwise(things))


def next_to(outcome: Outcome, thing: int, other: int) -> bool:
    """The thing stands on the table with a gap of 1 to 6 cm to the other one, and touches nothing."""
    return outcome.now.beside(thing, NEXT_TO, other)


def _beside(side: str) -> Callable[[Outcome, int, int], bool]:
    def test(outcome: Outcome, thing: int, other: int) -> bool:
        return outcome.now.beside(thing, SIDES[side], other)

    return test


def between(outcome: Outcome, thing: int, one: int, other: int) -> bool:
    """The thing lies within 3 cm of the line from one to the other, nearer to its middle than to its ends."""
    return outcome.now.beside(thing, BETWEEN, one, other)


def in_named_area(outcome: Outcome, thing: int, area: str) -> bool:
    """The thing has its middle in the area. Raises ValueError for an area that there is not."""
    return in_area(_xy(outcome.after, thing), area, outcome.after.workspace)


def shifted(outcome: Outcome, thing: int, by: Sequence[float], tolerance: str = "") -> bool:
    """The thing was moved on the table by (dx, dy), as exactly as the ``tolerance`` says, see :func:`shift_bounds`."""
    shift, wanted = _xy(outcome.after, thing) - _xy(outcome.before, thing), np.array(by)
    nearest, farthest = shift_bounds(tolerance)
    if nearest is None:
        return bool(np.hypot(*(shift - wanted)) <= farthest)
    direction = wanted / np.hypot(*wanted)
    across = _cross(direction, shift)
    return bool(nearest <= shift @ direction < farthest and across <= ACROSS)


def shift_bounds(tolerance: str) -> tuple[float | None, float]:
    """Bounds of a shift: (None, how far off it may be), or (least, most) length along its direction, metres.

    Args:
        tolerance: "within 1.5 cm", or "at least 3 cm left, less than 15"; empty for the default.

    Raises:
        ValueError: it says anything else.
    """
    if not tolerance:
        return None, SHIFT_TOLERANCE
    number = r"(\d+(?:\.\d+)?)"
    if found := re.fullmatch(rf"within {number} cm", tolerance):
        return None, float(found[1]) / 100
    if found := re.fullmatch(rf"at least {number} cm(?: \w+)*, less than {number}(?: cm)?", tolerance):
        return float(found[1]) / 100, float(found[2]) / 100
    raise ValueError(f"{tolerance!r} is no tolerance: say 'within 1.5 cm', or 'at least 3 cm left, less than 15'.")


def where_was(outcome: Outcome, thing: int, other: int) -> bool:
    """The thing lies within 2 cm of where the other one was."""
    return bool(np.hypot(*(_xy(outcome.after, thing) - _xy(outcome.before, other))) <= SAME_PLACE)


def swapped(outcome: Outcome, one: int, other: int) -> bool:
    """Each lies within 2 cm of where the other was."""
    return where_was(outcome, one, other) and where_was(outcome, other, one)


def unmoved(outcome: Outcome, thing: int) -> bool:
    """The thing lies within 1 cm of where it was, height included."""
    now, then = (scene.objects[thing].position for scene in (outcome.after, outcome.before))
    return bool(np.linalg.norm(np.subtract(now, then)) <= STILL)


@dataclass(frozen=True)
class Rule:
    """A kind of goal: its test of an outcome, and what the further arguments of that are.

    They are called thing, things, base (a thing or None), kind, number, area, shift, words.
    """

    test: Callable[..., bool]
    arguments: tuple[str, ...]


RULES = {
    "in": Rule(inside, ("thing", "thing")),
    "on": Rule(inside, ("thing", "thing")),
    "not_in": Rule(outside, ("thing", "thing")),
    "not_on": Rule(off, ("thing", "thing")),
    "in_any": Rule(in_any, ("thing", "kind")),
    "stack": Rule(stack, ("things", "base")),
    "stack_on": Rule(stack_on, ("things", "base")),
    "next_to": Rule(next_to, ("thing", "thing")),
    **{side: Rule(_beside(side), ("thing", "thing")) for side in SIDES},
    "between": Rule(between, ("thing", "thing", "thing")),
    "area": Rule(in_named_area, ("thing", "area")),
    "shifted": Rule(shifted, ("thing", "shift", "words")),
    "swapped": Rule(swapped, ("thing", "thing")),
    "where_was": Rule(where_was, ("thing", "thing")),
    "unmoved": Rule(unmoved, ("thing",)),
    "count_in": Rule(count_in, ("number", "thing")),
}


@dataclass(frozen=True)
class Expectation:
    """One goal about things of a scene.

    Attributes:
        kind: of RULES.
        arguments: as of the rule; for a thing the indices of all that its name can mean. All of those that the first
            name can mean must be so with respect to one of those that the others can mean.
    """

    kind: str
    arguments: tuple[Any, ...]

    def holds(self, outcome: Outcome) -> bool:
        """True if the outcome is as expected."""
        rule = RULES[self.kind]
        first, *others = (
            (value or (None,)) if name in ("thing", "base") else (value,)
            for name, value in zip(rule.arguments, self.arguments)
        )
        enough = all if self.kind.startswith("not_") else any
        return all(enough(rule.test(outcome, one, *rest) for rest in product(*others)) for one in first)

    def concerned(self, outcome: Outcome) -> set[int]:
        """Indices of the things that the goal names, and of those that it counts: others have no reason to move."""
        found: set[int] = set()
        for name, value in zip(RULES[self.kind].arguments, self.arguments):
            found.update((value or ()) if name in ("thing", "things", "base") else ())
        if self.kind == "count_in":
            found.update(i for goal in self.arguments[1] for i in things_in(outcome, goal))
        return found


def moved_without_reason(goals: Sequence[Expectation], outcome: Outcome) -> list[int]:
    """Indices of what can be moved and did move although no goal is about it."""
    concerned = set().union(*(goal.concerned(outcome) for goal in goals))
    things = enumerate(outcome.after.objects)
    return [i for i, thing in things if thing.traits.piled and i not in concerned and not unmoved(outcome, i)]

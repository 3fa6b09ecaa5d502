"""Goals of long-horizon tasks: the wanted state, the share of it that is reached, and the moves that come next.

The first of the moves is canonical: of what can be moved at once, the leftmost goes first (of a stack without a
prescribed order only the big blocks before the small ones are right); of several bowls that would do, the leftmost empty
one; a stack that has been begun is continued, the tallest first, then the one nearest to the middle. What lies on top of
something that is needed is put aside only when nothing else is left to do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from moe3d_ros.tabletop.rules.layout import OFF_SHARE, Layout
from moe3d_ros.tabletop.rules.placing import place_pose
from moe3d_ros.tabletop.rules.success import footprint
from moe3d_ros.world.areas import AREA_CENTERS, AREAS
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.vocabulary import KIND


class Move(NamedTuple):
    """Move object ``pick`` onto or into object ``place``, or to ``area``; ``aside``: only to get at something else.

    With a ``side`` (of `world.sides`) it goes to the table at that side of ``place``, or between ``place`` and ``second``.
    """

    pick: int
    place: int | None = None
    area: str | None = None
    aside: bool = False
    side: str = ""
    second: int | None = None

    def plainly(self) -> Move:
        """The move by itself, whatever it is good for, with the two things that it goes between in their order."""
        move = self._replace(aside=False)
        if move.place is None or move.second is None:
            return move
        return move._replace(place=min(move.place, move.second), second=max(move.place, move.second))


def _uncover(layout: Layout, wanted: list[int]) -> list[Move]:
    """Take off what covers the ``wanted``, from left to right."""
    summits = dict.fromkeys(layout.summit(i) for i in layout.leftmost(wanted) if not layout.free(i))
    return [Move(summit, aside=True) for summit in summits]


@dataclass(frozen=True)
class _EachPick:
    """A goal for each of ``picks``; subclasses say which of them are unmet."""

    picks: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of goals that this counts as."""
        return len(self.picks)

    def _left_to_do(self, layout: Layout) -> list[int]:
        raise NotImplementedError

    def reached(self, layout: Layout) -> int:
        """Number of them that are met in the layout's scene."""
        return self.total - len(self._left_to_do(layout))

    def waiting(self, layout: Layout) -> list[int]:
        """Blocks that have still to be moved."""
        return self._left_to_do(layout)


@dataclass(frozen=True)
class Into(_EachPick):
    """Each of ``picks`` lies in or on one of the bowls or zones ``allowed`` for it (one tuple for each pick)."""

    allowed: tuple[tuple[int, ...], ...]

    def _left_to_do(self, layout: Layout) -> list[int]:
        return [i for i, goals in zip(self.picks, self.allowed) if not any(layout.at(i, g) for g in goals)]

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first; none if nothing is left to do."""
        wanted = self._left_to_do(layout)
        found: list[Move] = []
        for pick in layout.leftmost(wanted):
            if layout.free(pick):
                goals = layout.leftmost(self.allowed[self.picks.index(pick)])
                empty = [g for g in goals if layout.empty(g)] if len(goals) > 1 else []
                found += [Move(pick, goal) for goal in empty or goals]
        return found or _uncover(layout, wanted)


@dataclass(frozen=True)
class InArea(_EachPick):
    """Each of ``picks`` has its centre in an area of the table."""

    area: str

    def _left_to_do(self, layout: Layout) -> list[int]:
        return [i for i in self.picks if not layout.inside(i, self.area)]

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first; none if nothing is left to do."""
        wanted = self._left_to_do(layout)
        ready = [i for i in layout.leftmost(wanted) if layout.free(i)]
        return [Move(i, area=self.area) for i in ready] or _uncover(layout, wanted)


@dataclass(frozen=True)
class Stack:
    """A stack whose k-th layer from below is one of ``layers[k]``, on a block or zone (``base``) or in an ``area``."""

    layers: tuple[tuple[int, ...], ...]
    base: int | None = None
    area: str | None = None

    @property
    def total(self) -> int:
        """Number of goals that this counts as: one for each layer."""
        return len(self.layers)

    def reached(self, layout: Layout) -> int:
        """Number of layers, from below, that are as they should be."""
        return len(self._begun(layout))

    def waiting(self, layout: Layout) -> list[int]:
        """Blocks that have still to be moved."""
        begun = self._begun(layout)
        return list(dict.fromkeys(i for layer in self.layers[len(begun) :] for i in layer if i not in begun))

    def _begun(self, layout: Layout) -> list[int]:
        """The blocks of the best stack that has been begun, from below."""
        if self.base is not None and KIND[layout.kinds[self.base]].sized:
            return self._layers_above(layout, self.base)
        if self.base is not None:
            starts = [i for i in self.layers[0] if layout.grounded(i) and layout.at(i, self.base)]
            middle = layout.scene.objects[self.base].position[:2]
        else:
            starts = [i for i in self.layers[0] if layout.grounded(i) and layout.inside(i, self.area)]
            middle = AREA_CENTERS[self.area]
        stacks = [[i, *self._layers_above(layout, i, 1)] for i in starts]

        def rank(stack):
            return -len(stack), float(np.hypot(*np.subtract(layout.scene.objects[stack[0]].position[:2], middle)))

        return min(stacks, key=rank, default=[])

    def _layers_above(self, layout: Layout, support: int, first: int = 0) -> list[int]:
        found: list[int] = []
        for layer in self.layers[first:]:
            found_here = [i for i in layout.on(support) if i in layer and layout.at(i, support)]
            if not found_here:
                break
            support = found_here[0]
            found.append(support)
        return found

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first; none if nothing is left to do."""
        begun = self._begun(layout)
        if len(begun) == self.total:
            return []
        layer = self.layers[len(begun)]
        support = begun[-1] if begun else self.base
        if support is not None and KIND[layout.kinds[support]].sized and not layout.free(support):
            highest = layout.summit(support)
            askew = highest in layer and highest in layout.on(support)  # the right block, put down badly: again
            return [Move(highest, support) if askew else Move(highest, aside=True)]
        wanted = [i for i in layer if i not in begun]
        ready = [i for i in layout.leftmost(wanted) if layout.free(i)]
        if not ready:
            return _uncover(layout, wanted)
        big = [i for i in ready if layout.scene.objects[i].size == "big"]
        return [Move(i, support, None if support is not None else self.area) for i in big or ready]


@dataclass(frozen=True)
class OneEach:
    """Each of ``goals`` (bowls or zones) holds at least one of ``picks``."""

    picks: tuple[int, ...]
    goals: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of goals that this counts as: one for each bowl or zone."""
        return len(self.goals)

    def reached(self, layout: Layout) -> int:
        """Number of bowls or zones that are filled."""
        return sum(any(layout.at(i, g) for i in self.picks) for g in self.goals)

    def waiting(self, layout: Layout) -> list[int]:
        """Blocks that have still to be moved: none of them has to, as long as others will do."""
        return []

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first; none if nothing is left to do."""
        unfilled = [g for g in layout.leftmost(self.goals) if not any(layout.at(i, g) for i in self.picks)]
        spare = [i for i in layout.leftmost(self.picks) if not any(layout.at(i, g) for g in self.goals)]
        if not unfilled:
            return []
        ready = [i for i in spare if layout.free(i)]
        if not ready:  # two in one bowl, or everything is covered
            second = [i for g in self.goals for i in [j for j in self.picks if layout.at(j, g)][1:]]
            ready = [i for i in layout.leftmost(second) if layout.free(i)]
        return [Move(i, goal) for i in ready for goal in unfilled] or _uncover(layout, spare)


@dataclass(frozen=True)
class Off(_EachPick):
    """None of ``picks`` lies on ``zone`` any more."""

    zone: int

    def _left_to_do(self, layout: Layout) -> list[int]:
        return [i for i in self.picks if _touches(layout, i, self.zone)]

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, to the other side of the table, the canonical one first; none if nothing is left."""
        wanted = self._left_to_do(layout)
        ready = [i for i in layout.leftmost(wanted) if layout.free(i)]
        side = "right side" if layout.left(self.zone) > 0 else "left side"
        return [Move(i, area=side) for i in ready] or _uncover(layout, wanted)


@dataclass(frozen=True)
class SomeOf:
    """At least ``number`` of ``picks`` lie in an ``area``, or in or on one of the things ``allowed`` for them (one tuple each)."""

    picks: tuple[int, ...]
    number: int
    allowed: tuple[tuple[int, ...], ...] = ()
    area: str | None = None

    @property
    def total(self) -> int:
        """Number of goals that this counts as: one for each block that is asked for."""
        return self.number

    @property
    def _each(self) -> Into | InArea:
        """The goal that all of them would have."""
        return Into(self.picks, self.allowed) if self.area is None else InArea(self.picks, self.area)

    def reached(self, layout: Layout) -> int:
        """Number of blocks that are there, up to the number that is asked for."""
        return min(self.number, self._each.reached(layout))

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first; none if enough of the blocks are there."""
        return self._each.moves(layout) if self.reached(layout) < self.number else []

    def waiting(self, layout: Layout) -> list[int]:
        """Blocks that may still be moved."""
        return self._each.waiting(layout) if self.reached(layout) < self.number else []


@dataclass(frozen=True)
class ToTable(_EachPick):
    """Each of ``picks`` lies on the free table: in nothing, on nothing, and on no zone."""

    def _left_to_do(self, layout: Layout) -> list[int]:
        return [i for i in self.picks if i in layout.below or any(_touches(layout, i, z) for z in _zones(layout))]

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, each to a side with a free spot beside the zones; none if nothing is left to do."""
        wanted = self._left_to_do(layout)
        found = []
        for pick in (i for i in layout.leftmost(wanted) if layout.free(i)):
            sides = ("right side", "left side") if layout.left(pick) > 0 else ("left side", "right side")
            ends = [side for side in sides if _ends_on_table(layout, pick, side)]
            found += [Move(pick, area=side) for side in ends or [a for a in AREAS if _ends_on_table(layout, pick, a)]]
        return found or _uncover(layout, wanted)


def _zones(layout: Layout) -> list[int]:
    return [i for i, kind in enumerate(layout.kinds) if KIND[kind].flat]


def _touches(layout: Layout, index: int, zone: int) -> bool:
    """True if more than a sliver of a block lies on a zone."""
    thing, other = layout.scene.objects[index], layout.scene.objects[zone]
    return layout.apart[index, zone] < 0.2 and share_inside(footprint(thing), footprint(other)) > OFF_SHARE


def _ends_on_table(layout: Layout, pick: int, area: str) -> bool:
    """True if a block that is put in an area comes to lie beside every zone, and on nothing."""
    scene = layout.scene
    thing, place = scene.objects[pick], place_pose(scene, pick, None, area)
    if place.position[2] > 2 * thing.half_extents[2] + 0.002:
        return False
    there = footprint(replace(thing, position=place.position))
    return all(share_inside(there, footprint(scene.objects[zone])) <= OFF_SHARE for zone in _zones(layout))


@dataclass(frozen=True)
class Beside(_EachPick):
    """Each of ``picks`` stands at a ``side`` (of `world.sides`) of ``reference``, or between that and ``second``.

    There is room for one, and next to a thing for two.
    """

    side: str
    reference: int
    second: int | None = None

    def _left_to_do(self, layout: Layout) -> list[int]:
        return [i for i in self.picks if not layout.beside(i, self.side, self.reference, self.second)]

    def moves(self, layout: Layout) -> list[Move]:
        """The moves that come next, the canonical one first, whether or not something is in the way there; none if all is done."""
        wanted = self._left_to_do(layout)
        ready = [i for i in layout.leftmost(wanted) if layout.free(i)]
        found = [Move(i, self.reference, side=self.side, second=self.second) for i in ready]
        return found or _uncover(layout, wanted)


Goal = Into | InArea | Stack | OneEach | Off | SomeOf | ToTable | Beside
GOALS = {goal.__name__: goal for goal in (Into, InArea, Stack, OneEach, Off, SomeOf, ToTable, Beside)}

"""The semantic form of a composed task: what is meant, without words and without a scene."""

from __future__ import annotations

from dataclasses import dataclass, fields

from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

PARITIES = ("even", "odd")  # of the number of blocks of a colour
FREQUENCIES = ("most", "fewest")  # how often a colour occurs among the blocks
RESTS = ("in", "on", "under")  # how a block is at the thing that it is told by
RANK_SIDES = ("left", "right", "near", "far")  # from which blocks are counted
DESTINATIONS = (BOWL, ZONE, BLOCK, "area", "table")
MATCHES = ("named", "own", "other", "any", "one_each")
ARRANGEMENTS = ("put", "pile", "pile_by_size", "pile_by_list", "pile_by_turns", "groups")


@dataclass(frozen=True)
class Reference:
    """One thing that is told by its colour and kind: ``the blue bowl``."""

    kind: str
    color: str


@dataclass(frozen=True)
class Selection:
    """Blocks that a clause is about: all that fulfil every condition that is set; without any condition all blocks.

    Attributes:
        count: take only so many of them, whichever; 0: all.
        colors: of one of these colours.
        excluded_colors: of none of these ("except the red ones").
        size: "small" or "big"; empty: any.
        excluded_size: not of this size.
        parity: the number of blocks of its colour is even or odd.
        frequency: its colour is the one that occurs most often, or least often.
        area: it starts in this area of the table.
        excluded_area: it starts outside of this area.
        rest: it starts in, on, or under the ``reference``.
        side: it starts to this side ("left", "right", "near", "far": in front, behind) of the ``reference``.
        reference: the thing that ``rest`` and ``side`` speak of.
        rank: of those that fulfil the rest, the n-th (from 1) from ``rank_side``; 0: all of them.
    """

    count: int = 0
    colors: tuple[str, ...] = ()
    excluded_colors: tuple[str, ...] = ()
    size: str = ""
    excluded_size: str = ""
    parity: str = ""
    frequency: str = ""
    area: str = ""
    excluded_area: str = ""
    rest: str = ""
    side: str = ""
    reference: Reference | None = None
    rank: int = 0
    rank_side: str = ""

    def conditions(self) -> frozenset[str]:
        """Names of the conditions that are set; empty for "all blocks"."""
        found = {entry.name for entry in fields(self) if getattr(self, entry.name)}
        return frozenset(found - {"reference", "rank_side"})


@dataclass(frozen=True)
class Destination:
    """The place where the blocks go.

    Attributes:
        kind: of DESTINATIONS; "table": off what they lie in or on, back to the free table.
        match: of MATCHES. "named": the one of ``color``, or the ``area``; "own": the one of each block's own colour;
            "other": any one of another colour than the block's; "any": any one of the kind; "one_each": each of the
            kind gets one.
        color, size: of a named thing; the size only of a block, empty where it is not said. Each block's own one is told by
            its size, too: small ones go on the big one of their colour.
        area: of a named area.
        side: of `world.sides`, for a place on the table beside the named thing; empty for one in or on it.
        second: the other one of the two things that "between" speaks of.
    """

    kind: str
    match: str = "named"
    color: str = ""
    size: str = ""
    area: str = ""
    side: str = ""
    second: Reference | None = None


@dataclass(frozen=True)
class Clause:
    """One goal: a selection, a destination, and how the blocks are arranged there.

    Attributes:
        arrangement: of ARRANGEMENTS. "put": each one put there; "pile": in one pile for each destination, in any order;
            "pile_by_size": small ones over big ones; "pile_by_list": in the order of ``order`` (colours, from below);
            "pile_by_turns": colours by turns, beginning below with ``order[0]`` (and with the other colour ``order[1]``
            if it is named); "groups": the blocks of one ``grouped_by`` to the first place, those of the other to the
            second, either to either.
        grouped_by: "color" or "size", of groups.
        piled: groups are piled.
        second: the second place of groups.
        own_pile: of pile_by_size, each colour makes a pile of its own (small over big of the same colour).
    """

    selection: Selection
    destination: Destination
    arrangement: str = "put"
    order: tuple[str, ...] = ()
    grouped_by: str = ""
    piled: bool = False
    second: Destination | None = None
    own_pile: bool = False


@dataclass(frozen=True)
class TaskForm:
    """Goals one after another; a later one is about the scene as it was at the start."""

    clauses: tuple[Clause, ...]

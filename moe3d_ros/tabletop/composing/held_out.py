"""Combinations that training never draws: the benchmark's unseen tasks by their meaning, and a dozen to choose by."""

from __future__ import annotations

from collections.abc import Callable

from moe3d_ros.tabletop.composing.task_form import Clause, TaskForm
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

Test = Callable[[Clause], bool]


def _goes(clause: Clause, kind: str, match: str, arrangement: str = "put") -> bool:
    place = clause.destination
    return (place.kind, place.match, clause.arrangement) == (kind, match, arrangement)


def _only(clause: Clause, *names: str) -> bool:
    """Conditions of the selection are just these."""
    return clause.selection.conditions() == frozenset(names)


UNSEEN: dict[str, Test] = {
    "F": lambda c: _only(c) and _goes(c, BOWL, "other"),
    "G": lambda c: c.arrangement == "groups" and c.grouped_by == "size" and c.piled and c.destination.kind == ZONE,
    "H": lambda c: c.arrangement == "pile_by_turns" and c.destination.kind == ZONE and len(c.order) == 1,
    "I": lambda c: c.arrangement == "pile_by_size" and c.own_pile and c.destination.kind == ZONE and _only(c),
    "J": lambda c: (
        _only(c, "area")
        and c.selection.area in QUADRANTS
        and _goes(c, "area", "named")
        and c.destination.area in QUADRANTS
    ),
    "K": lambda c: _only(c) and _goes(c, ZONE, "own", "pile"),
}
VALIDATION: dict[str, Test] = {
    "odd to other bowls": lambda c: _only(c, "parity") and _goes(c, BOWL, "other"),
    "small to other zones": lambda c: _only(c, "size") and _goes(c, ZONE, "other"),
    "all but a color to own zones": lambda c: _only(c, "excluded_colors") and _goes(c, ZONE, "own"),
    "all but a color piled by size": lambda c: _only(c, "excluded_colors") and c.arrangement == "pile_by_size",
    "even piled in an area": lambda c: _only(c, "parity") and _goes(c, "area", "named", "pile"),
    "area to own bowls": lambda c: _only(c, "area") and _goes(c, BOWL, "own"),
    "most frequent to a zone": lambda c: _only(c, "frequency") and _goes(c, ZONE, "named"),
    "size piled on a block": lambda c: _only(c, "size") and _goes(c, BLOCK, "named", "pile"),
    "turns in an area": lambda c: c.arrangement == "pile_by_turns" and c.destination.kind == "area",
    "colors in groups to areas": lambda c: (
        c.arrangement == "groups" and c.grouped_by == "color" and not c.piled and c.destination.kind == "area"
    ),
    "side to an area": lambda c: _only(c, "side") and _goes(c, "area", "named"),
    "named colors piled on own zones": lambda c: _only(c, "colors") and _goes(c, ZONE, "own", "pile"),
}


def held_out(form: TaskForm) -> str:
    """Name of the held-out combination that a clause of the form is; empty if none is."""
    for clause in form.clauses:
        for name, test in (UNSEEN | VALIDATION).items():
            if test(clause):
                return name
    return ""

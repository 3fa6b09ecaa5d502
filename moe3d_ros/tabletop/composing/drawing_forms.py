"""Random forms of composed tasks: selection, relation and layout are drawn apart, and dropped only where they mean nothing."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.composing.held_out import held_out
from moe3d_ros.tabletop.composing.parts import LAYOUTS, RELATIONS, SELECTIONS, meaningful
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Reference, Selection, TaskForm
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.world.areas import AREAS, QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.sides import BETWEEN, NEXT_TO, SIDES

CLAUSES = (0.7, 0.24, 0.06)  # shares of forms with one, two and three clauses
PLAIN = 0.4  # of those with several, which are what people string together most: this there, that there
_CLAUSE_LIMITS = list(itertools.accumulate(CLAUSES[:-1]))
TELLING = {  # conditions that can tell the blocks of one clause from those of another
    *("colors", "excluded_colors", "size", "excluded_size", "parity", "frequency"),
    *("area", "excluded_area", "rest", "side"),
}
OPPOSITE = {"left": "right", "right": "left", "near": "far", "far": "near"}
_OPPOSITE_WORDS = (("left", "right"), ("near", "far"), ("top", "bottom"), ("top", "near"), ("bottom", "far"))


# As if each part were drawn apart, and again where they mean nothing together.
_TRIPLES = [names for names in itertools.product(SELECTIONS, RELATIONS, LAYOUTS) if meaningful(*names)]
_PLAIN_TRIPLES = list(
    itertools.product(
        ("colors", "colors", "colors+size"), ("named bowl", "named zone", "named block", "named area"), ("put",)
    )
)
_LIMITS = list(itertools.accumulate(SELECTIONS[a] * RELATIONS[b] * LAYOUTS[c] for a, b, c in _TRIPLES))


class Unfit(ValueError):
    """There are too few colours, or too little room, for what was drawn; draw again."""


def draw_number(rng: np.random.Generator) -> int:
    """A random number of clauses."""
    return 1 + bisect.bisect(_CLAUSE_LIMITS, rng.random())


def draw_form(
    rng: np.random.Generator, colors: tuple[str, ...] = SEEN_COLORS, scale: float = 1.0, clauses: int = 0
) -> TaskForm:
    """A random form of which nothing is held out.

    Args:
        colors: which colours there are; three at least.
        scale: below 1, what is listed or counted is shorter.
        clauses: how many; drawn if 0.
    """
    number = clauses or draw_number(rng)
    while True:
        form = _draw_clauses(number, rng, colors, scale)
        if form is not None and not held_out(form):
            return form


def draw_parts(rng: np.random.Generator) -> tuple[str, str, str]:
    """Names of a selection, a relation and a layout that were drawn apart and mean something together."""
    return _TRIPLES[bisect.bisect(_LIMITS, rng.random() * _LIMITS[-1])]


def compose(
    names: tuple[str, str, str], rng: np.random.Generator, colors: tuple[str, ...] = SEEN_COLORS, scale: float = 1.0
) -> Clause:
    """A random clause of three named parts.

    Raises:
        Unfit: there are too few colours.
    """
    return _Composer(rng, colors, scale).clause(*names)


def apart(a: Selection, b: Selection) -> bool:
    """True if no block can be meant by both selections, whatever the scene."""
    return (
        bool(a.colors and b.colors and not set(a.colors) & set(b.colors))
        or bool(a.colors and set(a.colors) <= set(b.excluded_colors))
        or bool(b.colors and set(b.colors) <= set(a.excluded_colors))
        or _differ(a.size, b.size)
        or bool(a.size and a.size == b.excluded_size)
        or bool(b.size and b.size == a.excluded_size)
        or _differ(a.parity, b.parity)
        or (_differ(a.area, b.area) and areas_apart(a.area, b.area))
        or bool(a.area and a.area == b.excluded_area)
        or bool(b.area and b.area == a.excluded_area)
        or bool(a.rest and a.rest == b.rest and a.reference != b.reference)
        or bool(a.side and a.reference == b.reference and OPPOSITE[a.side] == b.side)
    )


def areas_apart(a: str, b: str) -> bool:
    """True if two areas of the table share nothing."""
    first, second = set(a.split()), set(b.split())
    return any((x in first and y in second) or (y in first and x in second) for x, y in _OPPOSITE_WORDS)


def _differ(a: str, b: str) -> bool:
    return bool(a and b and a != b)


def _draw_clauses(number: int, rng, colors: tuple[str, ...], scale: float) -> TaskForm | None:
    """A form with so many clauses, no two of which speak of the same blocks or places; None if none was found."""
    clauses: list[Clause] = []
    opposed = [TELLING] * (number > 1)  # of each clause, conditions that can tell other blocks than its own
    plain = number > 1 and rng.random() < PLAIN
    for _ in range(60):
        names = _PLAIN_TRIPLES[int(rng.integers(len(_PLAIN_TRIPLES)))] if plain else draw_parts(rng)
        told = set(names[0].split("+"))
        if not all(told & other for other in opposed):
            continue
        try:
            clause = compose(names, rng, colors, scale)
        except Unfit:
            continue
        if all(_compatible(clause, other) for other in clauses):
            clauses.append(clause)
            opposed.append({name for name in TELLING if told & {name, *_negated(name)}})
            if len(clauses) == number:
                return TaskForm(tuple(clauses))
    return None


def _negated(condition: str) -> tuple[str, str]:
    return f"excluded_{condition}", condition.removeprefix("excluded_")


def _compatible(a: Clause, b: Clause) -> bool:
    if not apart(a.selection, b.selection):
        return False
    for mine in filter(None, (a.destination, a.second)):
        for other in filter(None, (b.destination, b.second)):
            if mine == other or (mine.kind == other.kind != "area" and "named" not in (mine.match, other.match)):
                return False
            if mine.kind == other.kind and {mine.match, other.match} & {"own", "any", "other", "one_each"}:
                return False
    return True


class _Composer:
    """Random choices for one clause."""

    def __init__(self, rng: np.random.Generator, colors: tuple[str, ...], scale: float):
        self.rng, self.scale, self.colors = rng, scale, colors

    def clause(self, selection: str, relation: str, layout: str) -> Clause:
        arrangement, *more = layout.split()
        told = set(selection.split("+"))
        match, kind = relation.split()
        order = self._order(arrangement, told)
        chosen = self._selection(told, match, kind, arrangement, more, order)
        destination = self._destination(match, kind, chosen, arrangement, more)
        return Clause(
            chosen,
            destination,
            arrangement,
            self._said_order(order, arrangement),
            grouped_by=more[1] if arrangement == "groups" else "",
            piled="piled" in more,
            second=self._second(destination) if arrangement == "groups" else None,
            own_pile="own" in more,
        )

    def choose(self, options):
        """One of the options, each as likely."""
        options = list(options)
        if not options:
            raise Unfit("There is nothing left to choose from.")
        return options[int(self.rng.random() * len(options))]

    def shuffled(self, options) -> list:
        """The options in random order."""
        rest, found = list(options), []
        while rest:
            found.append(rest.pop(int(self.rng.random() * len(rest))))
        return found

    def take(self, number: int, without=()) -> tuple[str, ...]:
        """So many colours."""
        free = [color for color in self.colors if color not in without]
        if len(free) < number:
            raise Unfit(f"{number} colours are needed, there are {len(free)}.")
        return tuple(free.pop(int(self.rng.random() * len(free))) for _ in range(number))

    def _order(self, arrangement: str, told: set[str]) -> tuple[str, ...]:
        """Colours of a list or of turns, from below."""
        if arrangement == "pile_by_turns":
            return self.take(2)
        if arrangement != "pile_by_list":
            return ()
        length = self.choose((2, 3, 4) if self.scale > 0.5 else (2, 3))
        kinds = self.take(min(self.choose((1, 2, 3) if length > 2 and "colors" in told else (2, 3)), length))
        listed = [*kinds, *(self.choose(kinds) for _ in range(length - len(kinds)))]
        return tuple(self.shuffled(listed))

    def _said_order(self, order: tuple[str, ...], arrangement: str) -> tuple[str, ...]:
        """Turns name both colours, or only the one to begin with."""
        return order[:1] if arrangement == "pile_by_turns" and self.rng.random() < 0.5 else order

    def _selection(self, told, match, kind, arrangement, more, order) -> Selection:
        values: dict = {}
        if "colors" in told:
            number = self.choose((1,) * 5 + (2,) if match == "beside" else (1,) * 14 + (2,) * 5 + (3,))
            number = 2 if "color" in more else number
            values["colors"] = tuple(dict.fromkeys(order)) or self.take(min(number, len(self.colors) - 1))
        if "excluded_colors" in told:
            values["excluded_colors"] = self.take(1 if self.rng.random() < 0.8 else 2, order)
        if "size" in told:
            values["size"] = "small" if (match, kind) == ("own", BLOCK) else self.choose(("small", "small", "big"))
        if "excluded_size" in told:
            values["excluded_size"] = self.choose(("small", "big", "big"))
        if "parity" in told:
            values["parity"] = self.choose(("even", "odd"))
        if "frequency" in told:
            values["frequency"] = self.choose(("most", "fewest"))
        for name in sorted(told & {"area", "excluded_area"}):
            values[name] = self.choose((*AREAS, *QUADRANTS))
        if "rest" in told:
            several = (("in", BOWL), ("in", BOWL), ("on", ZONE))
            rest, of = self.choose((*several, ("on", BLOCK), ("under", BLOCK)) if arrangement == "put" else several)
            values |= {"rest": rest, "reference": Reference(of, self.take(1)[0])}
        if "side" in told:
            of = self.choose((BOWL, ZONE, BLOCK))
            color = self.take(1, values.get("colors", ()) if of == BLOCK else ())[0]
            values |= {"side": self.choose(OPPOSITE), "reference": Reference(of, color)}
        if "rank" in told:
            values |= {"rank": self.choose((1,) * 13 + (2,) * 5 + (3,) * 2), "rank_side": self.choose(OPPOSITE)}
        if "count" in told:
            least = 2 if arrangement == "pile" else 1
            single = arrangement == "put" and (kind == BLOCK or match == "beside")
            values["count"] = 1 if single else self.choose(range(least, 4 if self.scale > 0.5 else 3))
        return Selection(**values)

    def _destination(self, match: str, kind: str, selection: Selection, arrangement: str, more) -> Destination:
        if kind == "area":
            areas = QUADRANTS if arrangement != "put" or self.rng.random() < 0.5 else AREAS
            if selection.excluded_area and selection.excluded_area in areas and self.rng.random() < 0.5:
                return Destination(kind, area=selection.excluded_area)
            return Destination(kind, area=self.choose([area for area in areas if area != selection.area]))
        if match == "beside":
            return self._beside(self._destination("named", kind, selection, arrangement, more), selection)
        if match == "own" and kind == BLOCK:
            return Destination(kind, match, size="big")
        if match != "named" or kind == "table":
            return Destination(kind, match)
        taken = set()
        if selection.reference is not None and selection.reference.kind == kind:
            taken.add(selection.reference.color)
        if kind == BLOCK:
            taken |= set(selection.colors)
            size = self.choose(("", "", "big", "small"))
            if selection.excluded_colors and self.rng.random() < 0.4:
                return Destination(kind, color=self.choose(sorted(set(selection.excluded_colors) - taken)), size=size)
            return Destination(kind, color=self.take(1, taken)[0], size=size)
        if self.rng.random() < 0.2 and selection.reference is None:
            return Destination(kind)  # the only one: "in the bowl"
        if selection.colors and self.rng.random() < 0.2 and not set(selection.colors) & taken:
            return Destination(kind, color=self.choose(selection.colors))
        return Destination(kind, color=self.take(1, taken)[0])

    def _beside(self, place: Destination, selection: Selection) -> Destination:
        """A place beside a named thing, or between it and another one; for two blocks next to it, where there is room."""
        several = len(selection.colors) > 1 and not selection.rank and not selection.count
        side = NEXT_TO if several else self.choose(SIDES)
        if side != BETWEEN:
            return replace(place, side=side)
        kind = self.choose((BOWL, ZONE, BLOCK))
        taken = {*(selection.colors if kind == BLOCK else ()), *((place.color,) if kind == place.kind else ())}
        return replace(place, side=side, second=Reference(kind, self.take(1, taken)[0]))

    def _second(self, first: Destination) -> Destination:
        """The other place of groups: of the same kind, apart from the first."""
        if first.kind == "area":
            return Destination("area", area=self.choose(a for a in QUADRANTS if areas_apart(a, first.area)))
        return Destination(first.kind, color=self.take(1, (first.color,))[0])

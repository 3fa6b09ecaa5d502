"""Things for a composed task: those that its form is about, and others that a careless reader would take for them."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Reference, TaskForm
from moe3d_ros.tabletop.scenes.arrange import Thing
from moe3d_ros.tabletop.tasks.draft import MAX_OBJECTS
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

RESTING_SHARE = 0.25  # of the scenes have blocks that lie in or on something at the start
CHOSEN_SHARE = 0.6  # of the blocks lie, or are, as the selection says


def stage(form: TaskForm, rng: np.random.Generator, colors: tuple[str, ...], scale: float) -> list[Thing] | None:
    """Things to arrange; None where they would be too many."""
    draft = _Stage(form, rng, colors, scale)
    draft.blocks()
    draft.places()
    draft.rest()
    return draft.things if 2 <= len(draft.things) <= MAX_OBJECTS else None


class _Stage:
    """Things of one scene while they are drawn."""

    def __init__(self, form: TaskForm, rng: np.random.Generator, colors: tuple[str, ...], scale: float):
        self.form, self.rng, self.scale = form, rng, scale
        self.things: list[Thing] = []
        self.named = self._named()
        others = [str(c) for c in rng.permutation(colors) if str(c) not in self.named]
        number = max(1, round(scale * rng.integers(2, 7)))
        self.palette = [*self.named, *others[: max(1, number - len(self.named))]]
        if any(clause.arrangement in ("pile_by_turns", "groups") for clause in form.clauses) and rng.random() < 0.7:
            self.palette = [*self.named, *others][: max(2, len(self.named))]

    def _named(self) -> list[str]:
        """Colours of blocks that the form names."""
        found: dict[str, None] = {}
        for clause in self.form.clauses:
            found |= dict.fromkeys((*clause.selection.colors, *clause.order))
            found |= dict.fromkeys(clause.selection.excluded_colors)
        return list(found)

    def add(self, kind: str, color: str, size: str = "", area: str = "", on: int | None = None) -> int:
        self.things.append(Thing(kind, color, size, area, on))
        return len(self.things) - 1

    def blocks(self) -> None:
        """Blocks of every colour of the palette, in sizes and areas of which the form speaks."""
        rng, clauses = self.rng, self.form.clauses
        listed = {color for clause in clauses if clause.arrangement == "pile_by_list" for color in clause.order}
        by_size = any(c.arrangement == "pile_by_size" or c.grouped_by == "size" or c.destination.size for c in clauses)
        sized = by_size or any(c.selection.size or c.selection.excluded_size for c in clauses)
        single = "" if sized or rng.random() < 0.25 else ("small" if rng.random() < 0.7 else "big")
        most = 2 if len(self.palette) > 4 else 3
        area = next(
            (
                c.selection.area or c.selection.excluded_area
                for c in clauses
                if c.selection.area or c.selection.excluded_area
            ),
            "",
        )
        area = area if area in QUADRANTS else ""
        for color in self.palette:
            if color in listed:
                self.add(BLOCK, color, single or "small")
                continue
            pair = by_size and rng.random() < 0.75
            number = 2 if pair else int(rng.integers(1, max(2, round(most * (0.6 + 0.4 * self.scale))) + 1))
            for k in range(number):
                size = ("big", "small")[k] if pair else single or str(rng.choice(("small", "big")))
                inside = "" if not area else (area if rng.random() < CHOSEN_SHARE else f"not {area}")
                self.add(BLOCK, color, size, inside)

    def places(self) -> None:
        """Destinations and references of the form, and as many again that it does not name."""
        for clause in self.form.clauses:
            self._place(clause, clause.destination)
            if clause.second is not None:
                self._place(clause, clause.second)
            if clause.selection.reference is not None:
                self._reference(clause.selection.reference)
        for kind in (BOWL, ZONE):
            free = [c for c in self.palette if not any((t.kind, t.color) == (kind, c) for t in self.things)]
            for color in free[: int(self.rng.integers(0, 3) * self.scale)]:
                if len(self.things) < MAX_OBJECTS - 1:
                    self.add(kind, color)

    def _reference(self, reference: Reference) -> None:
        there = [t for t in self.things if (t.kind, t.color) == (reference.kind, reference.color)]
        if not there:
            self.add(reference.kind, reference.color, "big" if reference.kind == BLOCK else "")

    def _place(self, clause: Clause, place: Destination) -> None:
        rng = self.rng
        if place.kind in ("area", "table"):
            return
        if place.kind == BLOCK:
            if place.match == "named":
                self._reference(Reference(BLOCK, place.color))
            return
        if place.match == "named":
            self._reference(Reference(place.kind, place.color))
            return
        colors = list(self.palette)
        if place.match in ("other", "any", "one_each"):
            colors = [str(c) for c in rng.permutation(colors)][: int(rng.integers(2, max(3, len(colors)) + 1))]
        elif rng.random() < 0.25 and len(colors) > 2:
            colors = [str(c) for c in rng.permutation(colors)][:-1]  # one has no place of its colour
        for color in colors:
            self._reference(Reference(place.kind, color))

    def rest(self) -> None:
        """Some blocks lie in or on something at the start."""
        rng = self.rng
        wanted: list[tuple[int, int]] = []
        for clause in self.form.clauses:
            selection = clause.selection
            if selection.rest:
                at = [
                    i
                    for i, t in enumerate(self.things)
                    if (t.kind, t.color) == (selection.reference.kind, selection.reference.color)
                ]
                loose = [i for i, t in enumerate(self.things) if t.kind == BLOCK and i not in at]
                for i in rng.permutation(loose)[: int(rng.integers(1, 3))]:
                    pair = (int(i), at[0])
                    wanted.append(pair[::-1] if selection.rest == "under" else pair)
            elif clause.destination.kind == "table":
                wanted += self._scattered(2)
        if not wanted and rng.random() < RESTING_SHARE:
            wanted = self._scattered(int(rng.integers(1, 3)))
        lying: set[int] = set()
        bearing: dict[int, int] = {}
        for upper, lower in wanted:
            block, below = self.things[upper], self.things[lower]
            taken = bearing.get(lower, 0)
            full = taken >= (1 if below.kind != ZONE else 2)
            if upper == lower or upper in lying or lower in lying or upper in bearing or full:
                continue
            if below.kind == BLOCK and block.size == "big" and below.size == "small":
                continue
            lying.add(upper)
            bearing[lower] = taken + 1
            self.things[upper] = Thing(BLOCK, block.color, block.size, "", lower)

    def _scattered(self, number: int) -> list[tuple[int, int]]:
        """Random blocks on random things."""
        rng = self.rng
        blocks = [i for i, t in enumerate(self.things) if t.kind == BLOCK]
        below = [i for i, t in enumerate(self.things) if t.kind != BLOCK or rng.random() < 0.3]
        if not below or not blocks:
            return []
        return [(int(rng.choice(blocks)), int(rng.choice(below))) for _ in range(number)]

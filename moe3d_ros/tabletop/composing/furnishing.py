"""Things for the scene of a composed task: what it needs, and what would mislead a careless reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.composing.drawing_forms import OPPOSITE, Unfit
from moe3d_ros.tabletop.composing.members import Looks, Members, fits_looks, near_miss
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Selection, TaskForm
from moe3d_ros.tabletop.scenes.arrange import Thing
from moe3d_ros.tabletop.tasks.draft import MAX_OBJECTS, Draft
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

_WITHIN = {"left": QUADRANTS[::2], "right": QUADRANTS[1::2], "far": QUADRANTS[:2], "near": QUADRANTS[2:]}
BEGUN, STRAY, COVERED = 0.25, 0.15, 0.08  # shares of scenes: some are there already, some lie elsewhere, one is covered


def furnish(form: TaskForm, rng: np.random.Generator, colors: tuple[str, ...], scale: float) -> list[Thing]:
    """Things of a random scene for a form, to be arranged; whether it offers the task is seen when they are.

    Raises:
        Unfit: there are too few colours, or too many things.
    """
    return _Furnishing(form, Draft(rng, colors, scale)).things()


class _Furnishing:
    """A scene under construction for one form."""

    def __init__(self, form: TaskForm, draft: Draft):
        self.form, self.draft, self.rng = form, draft, draft.rng
        self.named: dict[tuple[str, str, str], int] = {}

    def things(self) -> list[Thing]:
        clauses = self.form.clauses
        for clause in clauses:
            if clause.selection.reference is not None:
                reference = clause.selection.reference
                self._name(reference.kind, reference.color, "", self._reference_area(clause.selection))
            for place in filter(None, (clause.destination, clause.second)):
                if place.match == "named" and place.kind in (BOWL, ZONE, BLOCK):
                    self._name(place.kind, place.color, place.size, "")
                if place.second is not None:
                    self._name(place.second.kind, place.second.color, "", "")
        unique = [(color, size) for kind, color, size in self.named if kind == BLOCK]
        for clause in clauses:
            members = Members(clause, self.draft, unique).looks()
            places = self._places(clause, members)
            self._add_members(clause, members, places)
        for clause in clauses:
            self._add_distractors(clause, unique)
        kinds = {ZONE, BOWL} - {c.destination.kind for c in clauses if c.destination.match in ("any", "one_each")}
        kinds -= {kind for kind, color, _ in self.named if not color}  # "the bowl": there is no other
        self.draft.distract({kind: 3 for kind in (BOWL, ZONE) if kind in kinds}, self.draft.colors)
        if len(self.draft.things) > MAX_OBJECTS:
            raise Unfit(f"{len(self.draft.things)} things are too many.")
        return self.draft.things

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def _name(self, kind: str, color: str, size: str, area: str) -> int:
        """Index of a thing that the form names; it is added where it is not there yet."""
        if (kind, color, size) not in self.named:
            if any((k, c) == (kind, color) for k, c, _ in self.named):
                raise Unfit("Two things would have one name.")
            built = (size or ("big" if self._chance(0.6) else "small")) if kind == BLOCK else ""
            its_color = color or self._pick(self.draft.colors)
            self.named[kind, color, size] = self.draft.add(kind, its_color, built, area)
        return self.named[kind, color, size]

    def _reference_area(self, selection: Selection) -> str:
        """A quadrant for what a side is told by: away from that side, so that there is room."""
        return self._pick(_WITHIN[OPPOSITE[selection.side]]) if selection.side and self._chance(0.5) else ""

    def _places(self, clause: Clause, members: list[Looks]) -> dict[str, int]:
        """Bowls or zones that go by the blocks' colours: colour -> index; some are missing, some are for no block."""
        kind, match = clause.destination.kind, clause.destination.match
        if kind == "table" and not clause.own_pile:
            for _ in range(self.draft.count(1, 4)):  # for the blocks to lie in or on
                self._name(self._pick((BOWL, ZONE)), self._pick(self.draft.colors), "", "")
            return {}
        if match == "named" or kind not in (BOWL, ZONE, BLOCK):
            return {}
        present = list(dict.fromkeys(color for color, _ in members))
        others = [color for color in self.draft.colors if color not in present]
        if kind == BLOCK:
            unique = {(c, s) for k, c, s in self.named if k == BLOCK}
            if match == "own":
                wanted = [color for color in present if (color, "") not in unique]
                return {color: self.draft.add(BLOCK, color, clause.destination.size) for color in wanted}
            return {}  # other blocks of the scene
        if match == "own":
            kept = present[: max(1, len(present) - self._chance(0.2))]
            wanted = kept + others[: self.draft.count(0, 3, 0)]
        else:
            low = {"other": max(2, len(members)), "any": 2, "one_each": 2}[match]
            number = min(low + int(self.rng.integers(0, 3)), len(self.draft.colors))
            if match == "one_each":
                number = min(number, len(members))
            wanted = [str(color) for color in self.rng.permutation(present + others)[:number]]
            if match == "other" and self._chance(0.7):
                wanted = list(dict.fromkeys(present[:number] + wanted))[:number]
            if match == "other" and set(wanted) <= set(present) and len(present) == 1:
                wanted = others[:1] + wanted
        there = {thing.color: i for i, thing in enumerate(self.draft.things) if thing.kind == kind}
        return {c: there[c] if c in there else self.draft.add(kind, c) for c in wanted}

    def _add_members(self, clause: Clause, members: list[Looks], places: dict[str, int]) -> None:
        """The blocks that the clause is about, where the selection wants them, some of them at the goal already."""
        selection, destination = clause.selection, clause.destination
        if selection.rest:
            members = sorted(members, key=lambda looks: looks[1])  # big ones below
            if selection.reference is not None and selection.reference.kind == BLOCK:
                members = members[:1]
        placed = bool(selection.conditions() & {"area", "excluded_area", "rest", "side", "rank"})
        begun = self._chance(BEGUN) and not placed and not selection.count
        begun = begun and destination.kind != "table" and not destination.side
        if begun and clause.arrangement.startswith("pile"):
            members = sorted(members, key=lambda looks: looks[1])  # big ones below
        top: dict[int, int] = {}
        for number, (color, size) in enumerate(members):
            area, on = self._start(selection, destination)
            if destination.kind == "table" and not clause.own_pile and on is None and self._chance(0.75):
                on = self._somewhere(size)
            elif begun and number < len(members) - 1 and self._chance(0.5):
                area, on = self._at_goal(clause, color, places, top, area)
            elif not placed and self._chance(STRAY):
                on = self._somewhere(size)
            if on is not None:
                on = self._over(on, size)
            index = self.draft.add(BLOCK, color, size, "" if on is not None else area, on)
            if on is not None:
                top[on] = index
            elif begun and destination.kind == "area" and self._within(destination.area) == area:
                top[index] = index
        if selection.rest == "under":
            self._lay_reference_on(len(self.draft.things) - 1, selection)
        if self._chance(COVERED) and members and "rank" not in selection.conditions() and not placed:
            missed, last = near_miss(selection, self.draft), len(self.draft.things) - 1
            if missed is not None and missed[1] == "small" and self.draft.things[last].on is None:
                self.draft.add(BLOCK, *missed, on=last)

    def _start(self, selection: Selection, destination: Destination) -> tuple[str, int | None]:
        """Quadrant and support of a block that is meant."""
        if selection.rest:
            assert selection.reference is not None
            index = self._name(selection.reference.kind, selection.reference.color, "", "")
            return "", None if selection.rest == "under" else index
        if selection.area:
            return self._within(selection.area), None
        if selection.excluded_area:
            return self._outside(selection.excluded_area), None
        if selection.side:
            return self._pick(_WITHIN[selection.side]), None
        if destination.kind == "area" and self._chance(0.85):
            return self._outside(destination.area), None
        return "", None

    def _lay_reference_on(self, index: int, selection: Selection) -> None:
        """Put what a selection is told by on top of a block."""
        assert selection.reference is not None
        upper = self._name(selection.reference.kind, selection.reference.color, "", "")
        things = self.draft.things
        if things[index].on is not None or (things[index].size, things[upper].size) == ("small", "big"):
            raise Unfit("The reference does not lie well on the block.")
        things[upper] = replace(things[upper], area="", on=index)

    def _within(self, area: str) -> str:
        """A quadrant in an area; empty for the middle."""
        return area if area in QUADRANTS else self._pick(_WITHIN.get(area.split(maxsplit=1)[0], ("",)))

    def _outside(self, area: str) -> str:
        """A quadrant, or its negation, out of an area; empty for the middle."""
        if area in QUADRANTS:
            return f"not {area}"
        word = area.split(maxsplit=1)[0]
        return self._pick(_WITHIN[OPPOSITE[word]]) if word in OPPOSITE else ""

    def _at_goal(self, clause: Clause, color: str, places: dict[str, int], top: dict[int, int], area: str):
        """Quadrant and support of a block that is where it should be already, or in a pile that has been begun there."""
        destination, piled = clause.destination, clause.arrangement != "put"
        if destination.kind == "area":
            if piled and top:
                return "", next(iter(top))
            return self._within(destination.area), None
        if (
            destination.kind in (BOWL, ZONE)
            and destination.match in ("named", "own")
            and clause.arrangement != "groups"
        ):
            goal = self.named.get((destination.kind, destination.color, "")) if destination.color else places.get(color)
            if goal is not None and (piled or goal not in top):
                return "", goal
        return area, None

    def _somewhere(self, size: str) -> int | None:
        """A bowl, a zone or a free big block on which nothing lies yet; None if there is none."""
        taken = {thing.on for thing in self.draft.things}
        free = [i for i, thing in enumerate(self.draft.things) if i not in taken and thing.kind in (BOWL, ZONE)]
        return int(self._pick(free)) if free else None

    def _over(self, index: int, size: str) -> int:
        """The topmost of what lies on or in a thing; itself if that is nothing.

        Raises:
            Unfit: a big block would lie on a small one, or the fourth on the others.
        """
        on = {thing.on: i for i, thing in enumerate(self.draft.things) if thing.on is not None}
        height = 0
        while index in on:
            index, height = on[index], height + 1
        below = self.draft.things[index]
        if height > 2 or (below.kind == BLOCK and below.size == "small" and size == "big"):
            raise Unfit("That would be too much on one thing.")
        return index

    def _add_distractors(self, clause: Clause, unique: list[Looks]) -> None:
        """Blocks that miss one of the conditions: of other looks, or elsewhere."""
        selection, draft = clause.selection, self.draft
        if selection.conditions() <= {"count"}:
            return
        others = [c.selection for c in self.form.clauses if c is not clause]
        where = bool(selection.area or selection.excluded_area or selection.rest or selection.side)
        looks = set(selection.conditions() & {"colors", "excluded_colors", "size", "excluded_size"})
        for _ in range(draft.count(1, 6 if len(self.form.clauses) == 1 else 3)):
            if len(draft.things) >= MAX_OBJECTS - 1:
                return
            on, area = None, ""
            if where and (not looks or self._chance(0.5)):
                color, size = self._pick(draft.colors), draft.size()
                if looks and self._chance(0.6):
                    color, size = Members(clause, draft, unique).one()
                area = self._elsewhere(selection)
            else:
                missed = near_miss(selection, draft)
                if missed is None:
                    break
                color, size = missed
                if self._chance(0.6) and not selection.rest:
                    area, _ = self._start(selection, Destination("table"))
            if any(color == c and s in ("", size) for c, s in unique):
                continue
            if any(fits_looks(other, color, size) for other in others):
                continue
            if not area and size == "small" and self._chance(0.2):
                on = self._somewhere(size)
            draft.add(BLOCK, color, size, "" if on is not None else area, on)
        if selection.parity or selection.frequency:
            for color, size in Members(clause, draft, unique).of_other_number():
                if len(draft.things) < MAX_OBJECTS - 1:
                    draft.add(BLOCK, color, size)

    def _elsewhere(self, selection: Selection) -> str:
        """A quadrant where a selection by place does not reach."""
        if selection.area:
            return self._outside(selection.area)
        if selection.excluded_area:
            return self._within(selection.excluded_area)
        return self._pick(_WITHIN[OPPOSITE[selection.side]]) if selection.side else ""

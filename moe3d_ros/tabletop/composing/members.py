"""Looks of the blocks that a clause of a composed task is about, and of those that it is not."""

from __future__ import annotations

from collections import Counter

from moe3d_ros.tabletop.composing.drawing_forms import Unfit
from moe3d_ros.tabletop.composing.task_form import Clause, Selection
from moe3d_ros.tabletop.tasks.draft import OTHER_SIZE, Draft
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

Looks = tuple[str, str]  # colour and size
LONE = 0.4  # of what is named by one colour is one block


def fits_looks(selection: Selection, color: str, size: str) -> bool:
    """True if a block of these looks may be meant by a selection, as far as looks go."""
    return (
        (not selection.colors or color in selection.colors)
        and color not in selection.excluded_colors
        and selection.size in ("", size)
        and selection.excluded_size != size
    )


def near_miss(selection: Selection, draft: Draft) -> Looks | None:
    """Looks that miss one condition of a selection; None where it does not go by looks."""
    rng = draft.rng
    of_color = bool(selection.colors or selection.excluded_colors)
    size = selection.size or (OTHER_SIZE[selection.excluded_size] if selection.excluded_size else "")
    right = [color for color in draft.colors if fits_looks(selection, color, size or "small")]
    wrong = [color for color in draft.colors if color not in right]
    if of_color and wrong and (not size or rng.random() < 0.5):
        return str(rng.choice(wrong)), size or draft.size()
    if size and right:
        return str(rng.choice(right)), OTHER_SIZE[size]
    return None


class Members:
    """Random looks of blocks that a clause can mean."""

    def __init__(self, clause: Clause, draft: Draft, unique: list[Looks]):
        """Set up for a clause; ``unique``: looks that only one named block has (size empty: any)."""
        self.clause, self.draft, self.rng = clause, draft, draft.rng
        self.selection = clause.selection
        taken = {color for color, _ in unique}
        used: Counter[str] = Counter(thing.color for thing in draft.things if thing.kind == BLOCK)
        counted = self.selection.parity or self.selection.frequency
        self.pool = [
            color
            for color in draft.colors
            if color not in taken
            and color not in self.selection.excluded_colors
            and (not self.selection.colors or color in self.selection.colors)
            and not (counted and used[color])
        ]
        if not self.pool:
            raise Unfit("No colour is left for the blocks that are meant.")

    def one(self) -> Looks:
        """Looks of one block that is meant."""
        return str(self.rng.choice(self.pool)), self._size()

    def looks(self) -> list[Looks]:
        """Looks of all the blocks that are meant, in random order."""
        arrangement, own = self.clause.arrangement, self.clause.destination.match == "own"
        if arrangement == "pile_by_list":
            size = self._size()
            found = [(color, size) for color in self.clause.order]
            if any(color not in self.pool for color in self.clause.order):
                raise Unfit("A listed colour is not free.")
        elif arrangement == "pile_by_turns":
            found = self._by_turns()
        elif arrangement == "groups":
            found = self._groups()
        elif arrangement == "pile_by_size" and self.clause.own_pile:
            found = self._pairs()
        elif arrangement == "pile_by_size":
            found = self._mixed_pile()
        elif arrangement == "pile":
            found = self._own_piles() if own else self._pile()
        else:
            found = self._put()
        return [found[i] for i in self.rng.permutation(len(found))]

    def of_other_number(self) -> list[Looks]:
        """Blocks of other colours: of the other parity, or of less or more than there are of those that are meant."""
        present = Counter(thing.color for thing in self.draft.things if thing.kind == BLOCK)
        free = [color for color in self.pool if not present[color]]
        colors = free[: self.draft.count(1, 3)]
        if self.selection.parity:
            options = (1, 3) if self.selection.parity == "even" else (2,)
            numbers = [options[0] if self.rng.random() < 0.8 else options[-1] for _ in colors]
        elif self.selection.frequency == "most":
            most = max(present.values())
            numbers = [int(self.rng.integers(1, most)) if most > 1 else 0 for _ in colors]
        else:
            least = min(present.values())
            numbers = [least + int(self.rng.integers(1, 3)) for _ in colors]
        return [(color, self.draft.size()) for color, number in zip(colors, numbers) for _ in range(number)]

    def _size(self) -> str:
        excluded = self.selection.excluded_size
        return self.selection.size or (OTHER_SIZE[excluded] if excluded else self.draft.size())

    def _colors(self, number: int) -> list[str]:
        """So many different colours, or all that there are."""
        return [self.pool[i] for i in self.rng.permutation(len(self.pool))[: max(number, 1)]]

    def _number(self, low: int, high: int) -> int:
        """Number of blocks of one colour, by the parity that is said."""
        parity = self.selection.parity
        fitting = [n for n in range(low, high + 2) if not parity or n % 2 == (parity == "odd")]
        return int(self.rng.choice(fitting if parity else fitting[:-1]))

    def _spread(self, low: int, high: int, least: int) -> list[str]:
        """Colours of a number of blocks; by parity or frequency, in numbers of their own."""
        if self.selection.parity:
            return [color for color in self._colors(self.draft.count(1, 2)) for _ in range(self._number(1, 2))]
        number = self.draft.count(low, high, least)
        if self.selection.frequency:
            return self._colors(1) * max(min(number, 3), 2 if self.selection.frequency == "most" else 1)
        return [str(color) for color in self.rng.choice(self.pool, number)]

    def _put(self) -> list[Looks]:
        kind, match = self.clause.destination.kind, self.clause.destination.match
        low, high, least = 1, {"table": 4}.get(kind, 6), 1
        if match == "named" and kind in (BOWL, ZONE):
            high = 3 if kind == BOWL else 4
        elif match in ("own", "other"):
            low, high = 2, 7
        if match == "one_each":
            low, high, least = 2, 5, 2
        if self.clause.destination.side and not (self.selection.rank or self.selection.count):
            return [(color, self._size()) for color in self._colors(len(self.selection.colors) or 1)]
        if len(self.selection.colors) == 1 and match == "named" and self.rng.random() < LONE:
            low, high = 1, 1
        if self.selection.rank:
            low, high, least = max(self.selection.rank, 2), self.selection.rank + 3, max(self.selection.rank, 2)
        if self.selection.count:
            low, high, least = self.selection.count + 1, self.selection.count + 3, self.selection.count + 1
        colors = self._spread(low, high, least)
        if match == "own" and not (self.selection.parity or self.selection.rank or self.selection.count):
            spread = self._colors(min(len(colors), len(self.pool)))
            colors = spread + [c for c in spread[: int(self.rng.random() < 0.3)] if kind != BLOCK]
        several = kind in (BOWL, ZONE) and (match == "named" or len(set(colors)) < len(colors)) and len(colors) > 1
        if self.selection.rank or not several:
            return [(color, self._size()) for color in colors]
        wanted = self._size() if self.selection.size or self.selection.excluded_size else "small"
        return [(color, wanted) for color in colors]

    def _pile(self) -> list[Looks]:
        least = max(2, self.selection.count + 1 if self.selection.count else 0)
        colors = self._spread(max(2, least), 5, least)
        size = self._size()
        sizes = [size] * len(colors)
        fixed = self.selection.size or self.selection.excluded_size or self.selection.count
        if not fixed and self.rng.random() < 0.3:
            sizes = ["big"] + ["small"] * (len(colors) - 1)
        return list(zip(colors, sizes))

    def _own_piles(self) -> list[Looks]:
        found = []
        for color in self._colors(self.draft.count(1, 4)):
            size = self._size()
            found += [(color, size)] * self._number(1 if self.rng.random() < 0.3 else 2, 3)
        return found

    def _pairs(self) -> list[Looks]:
        found = []
        for color in self._colors(self.draft.count(1, 6 if self.clause.destination.kind == "table" else 4)):
            extra = {"even": 0, "odd": 1}.get(self.selection.parity, int(self.rng.random() < 0.15))
            found += [(color, "big")] + [(color, "small")] * (1 + extra)
        return found[:3] if self.selection.frequency else found

    def _mixed_pile(self) -> list[Looks]:
        colors = self._spread(2, 5, 2)
        big = 1 + int(self.rng.random() < 0.3 and len(colors) > 2)
        return list(zip(colors, ["big"] * big + ["small"] * (len(colors) - big)))

    def _by_turns(self) -> list[Looks]:
        first = self.clause.order[0]
        others = [c for c in self.clause.order[1:] or self.pool if c != first]
        if first not in self.pool or not set(others) & set(self.pool):
            raise Unfit("A colour that takes turns is not free.")
        size = self._size()
        number = self.draft.count(3, 6 if size == "small" else 4, 2)
        if self.selection.parity:
            number = 4 if self.selection.parity == "even" else 2
        second = str(self.rng.choice([c for c in others if c in self.pool]))
        return [(first, size)] * ((number + 1) // 2) + [(second, size)] * (number // 2)

    def _groups(self) -> list[Looks]:
        low, high = (2, 3) if self.clause.piled else (1, 3)
        if self.clause.grouped_by == "color":
            colors = self._colors(2)
            size = "small" if not (self.selection.size or self.selection.excluded_size) else self._size()
            return [
                (color, size) for color in colors for _ in range(self._number(low, self.draft.count(low, high, low)))
            ]
        if self.selection.parity or self.selection.frequency:
            colors = self._spread(2, 4, 2)
            return [(color, ("big", "small")[k % 2]) for k, color in enumerate(colors)]
        sizes = ["big"] * self.draft.count(low, 3, low) + ["small"] * self.draft.count(low, 4, low)
        return [(str(self.rng.choice(self.pool)), size) for size in sizes]

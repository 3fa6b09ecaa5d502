"""Draft of a long task: its things, the random choices made for them, and the task's wording."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, Thing
from moe3d_ros.tabletop.words.long_wordings import Wording, word
from moe3d_ros.tabletop.words.wordings import AREA_WORDS, SIZE_WORDS
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import KIND

MAX_OBJECTS = 20
OTHER_SIZE = {"small": "big", "big": "small"}


@dataclass
class Draft:
    """Things of a scene under construction.

    Attributes:
        colors: what may be used; those not taken yet are drawn from it in random order.
        scale: 1 for the full size of scenes, less for smaller ones.
        held_out: word instructions as training never does.
        wording: of the task; None if the generator words it by itself.
        things: what has been added so far.
        again: what was said, in other words; empty if there are none.
    """

    rng: np.random.Generator
    colors: tuple[str, ...] = SEEN_COLORS
    scale: float = 1.0
    held_out: bool = False
    wording: Wording | None = None
    things: list[Thing] = field(default_factory=list)
    again: str = ""

    def __post_init__(self):
        self.colors = tuple(str(c) for c in self.rng.permutation(self.colors))

    def count(self, low: int, high: int, least: int = 1) -> int:
        """A random number of things between ``low`` and ``high`` at full size, at least ``least``."""
        low, high = (max(round(self.scale * n), least) for n in (low, high))
        return int(self.rng.integers(low, high + 1))

    def size(self) -> str:
        """A random size, mostly small."""
        return "small" if self.rng.random() < 0.65 else "big"

    def add(self, kind: str, color: str, size: str = "", area: str = "", on: int | None = None) -> int:
        """Put one more thing into the scene; its index."""
        self.things.append(Thing(kind, color, size, area, on))
        return len(self.things) - 1

    def others(
        self, low: int, high: int, colors: tuple[str, ...] | None = None, size: str = "", area: str = ""
    ) -> list[int]:
        """Add between ``low`` and ``high`` blocks that the task is not about; their indices."""
        choice = self.colors if colors is None else colors
        number = self.count(low, high, 0) if choice else 0
        return [self.add(BLOCK, str(self.rng.choice(choice)), size or self.size(), area) for _ in range(number)]

    def distract(self, kinds: dict[str, int], colors: tuple[str, ...]) -> None:
        """Add up to so many things of each kind, in ``colors``, each kind and colour at most once."""
        taken = {(thing.kind, thing.color) for thing in self.things}
        for kind, most in kinds.items():
            number = round(self.scale * self.rng.integers(0, most + 1))
            free = [c for c in colors if (kind, c) not in taken]
            for color in self.rng.permutation(free)[:number].tolist():
                if len(self.things) < MAX_OBJECTS:
                    self.add(kind, color, self.size() if KIND[kind].sized else "")

    def area_words(self, area: str) -> str:
        """An area as people say it."""
        return str(self.rng.choice(AREA_WORDS[area]))

    def size_words(self, size: str) -> str:
        """A size as people say it."""
        return str(self.rng.choice(SIZE_WORDS[size]))

    def say(self, **fields: str) -> str:
        """An instruction for the task. Raises ValueError where the task has no wording."""
        if self.wording is None:
            raise ValueError("The task was registered without a wording, so nothing can be said for it.")
        self.again = word(self.wording, self.rng, self.held_out, **fields)
        return word(self.wording, self.rng, self.held_out, **fields)

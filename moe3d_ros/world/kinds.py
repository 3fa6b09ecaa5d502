"""The one table of kinds of things on the table; everything that depends on a kind is derived from it.

A kind is added here, behind the others: trained models know kinds by their place in the table, and a model may know only
the first of them. Torch-free, imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

BLOCK, BOWL, ZONE, OBJECT = "block", "bowl", "zone", "object"
BAR, RAMP, SLOT, RACK = "bar", "ramp", "slot", "rack"


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Attributes:
        name: as plans say it.
        words: what people call one of them, each as often as it is said.
        plurals: what people call several; empty for kinds that questions do not count or list.
        preposition: where something is that lies on it or in it.
        shape: one of `vocabulary.SHAPES`, as scenes to order draw it.
        movable: it can be picked.
        bears: plans may put things on it. contains: plans may put things into it.
        round: seen from above it is a circle, its radius the first half extent; else a rectangle.
        flat: nothing stops at it: it counts as ground, and has room for several things side by side.
        sized: comes small and big, and plans say which.
        generic: anything may be called so; it is no landmark.
        sixd: stands only in 6D scenes, where faces may look elsewhere than up.
        inclined: what is put on it lies on a face that looks elsewhere than up.
        number: how many a random plain scene holds (inclusive) where it is not told.
        half: least and greatest half extents (x, y, z) in metres of those that scenes draw by this table alone; None for
            kinds whose sizes follow rules of their own in `tabletop/scenes`.
    """

    name: str
    words: tuple[str, ...]
    plurals: tuple[str, ...] = ()
    preposition: str = "on"
    shape: str = "box"
    movable: bool = False
    bears: bool = False
    contains: bool = False
    round: bool = False
    flat: bool = False
    sized: bool = False
    generic: bool = False
    sixd: bool = False
    inclined: bool = False
    number: tuple[int, int] = (0, 0)
    half: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError(f"kind {self.name!r} needs at least one word that people say for it")
        if self.bears and self.contains:
            raise ValueError(f"kind {self.name!r} either bears or contains things, not both")
        if self.preposition not in ("in", "on"):
            raise ValueError(f"kind {self.name!r}: the preposition must be in or on, got {self.preposition!r}")

    @property
    def destination(self) -> bool:
        """Plans may put things on it or into it."""
        return self.bears or self.contains

    @property
    def piled(self) -> bool:
        """It lies on, in and under other things of plain scenes."""
        return self.movable and not self.sixd

    @property
    def faced(self) -> bool:
        """Things that are put on it take its heading."""
        return not self.round and not self.flat


TABLE = (
    Kind(
        BLOCK,
        ("block", "block", "block", "cube"),
        ("blocks", "blocks", "cubes"),
        movable=True,
        bears=True,
        sized=True,
    ),
    Kind(
        BOWL,
        ("bowl", "bowl", "bowl", "dish"),
        ("bowls", "bowls", "dishes"),
        preposition="in",
        shape="bowl",
        contains=True,
        round=True,
    ),
    Kind(ZONE, ("zone", "zone", "zone", "square", "pad"), ("zones", "zones", "pads"), bears=True, flat=True),
    Kind(OBJECT, ("object", "object", "thing", "item"), movable=True, generic=True),  # any other box or cylinder
    Kind(BAR, ("bar", "bar", "bar", "stick"), movable=True, sixd=True),
    Kind(RAMP, ("ramp", "ramp", "ramp", "wedge"), shape="ramp", bears=True, sixd=True, inclined=True),
    Kind(SLOT, ("slot", "slot", "slot", "holder"), preposition="in", shape="slot", contains=True, sixd=True),
    Kind(RACK, ("rack", "rack", "rack", "shelf"), preposition="in", shape="rack", sixd=True),
)

"""The words of the world and the sizes that go with them: colours, kinds, shapes, sizes; torch-free."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from moe3d_ros.world import kinds
from moe3d_ros.world.kinds import Kind

COLORS = {
    "blue": (78, 121, 167),
    "red": (255, 87, 89),
    "green": (89, 169, 78),
    "orange": (242, 142, 43),
    "yellow": (237, 201, 72),
    "purple": (176, 122, 161),
    "pink": (255, 157, 167),
    "cyan": (118, 183, 178),
    "brown": (156, 117, 95),
    "white": (255, 255, 255),
    "gray": (186, 176, 172),
}
COLOR_NAMES = tuple(COLORS)
KIND = {kind.name: kind for kind in kinds.TABLE}
KINDS = tuple(KIND)
BLOCK, BOWL, ZONE, OBJECT, BAR, RAMP, SLOT, RACK = map(
    KINDS.index,
    (kinds.BLOCK, kinds.BOWL, kinds.ZONE, kinds.OBJECT, kinds.BAR, kinds.RAMP, kinds.SLOT, kinds.RACK),
)
COUNTED = tuple(name for name, kind in KIND.items() if kind.plurals)
SHAPES = ("box", "bowl", "cylinder", "ramp", "slot", "rack")
BOX, BOWL_SHAPE, CYLINDER, RAMP_SHAPE, SLOT_SHAPE, RACK_SHAPE = range(6)
ROUND_SHAPES = ("bowl", "cylinder")  # seen from above

BOWL_RADIUS = 0.06  # metres, at the rim
BOWL_FLOOR_RADIUS = 0.03
BOWL_FLOOR_HEIGHT = 0.004  # of the inner floor above the table
BOWL_WALL = 0.0015  # thickness, measured along the radius
ZONE_HALF, ZONE_HEIGHT = 0.075, 0.001
BLOCK_EDGES = (0.04, 0.06)  # small, big
SIZE_NAMES = ("small", "big")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")  # as answers say them


def number_word(count: int) -> str:
    """A count as answers say it: ``ten``, but ``11``."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def number_said(answer: str) -> int | None:
    """The count that `number_word` says so, or digits say; None for other words."""
    return int(answer) if answer.isdecimal() else NUMBERS.index(answer) if answer in NUMBERS else None


def with_article(name: str) -> str:
    """``a red block``, ``an orange bowl``."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def kinds_that(test: Callable[[Kind], bool], known: int = len(KINDS)) -> tuple[int, ...]:
    """Indices into KINDS of those of the first ``known`` kinds for which ``test`` holds."""
    return tuple(index for index, kind in enumerate(kinds.TABLE[:known]) if test(kind))


def knows_sixd(known: int) -> bool:
    """Tell if one of the first ``known`` kinds stands only in 6D scenes, where faces may look elsewhere than up."""
    return bool(kinds_that(lambda kind: kind.sixd, known))


# Numbers of kinds that a model may know: the first of them, up to where the table passes from plain to 6D scenes or back.
KIND_COUNTS = (
    *(index for index, (a, b) in enumerate(pairwise(kinds.TABLE), start=1) if a.sixd != b.sixd),
    len(KINDS),
)
PLAIN_KINDS = KIND_COUNTS[0]  # of a model that does not know 6D scenes

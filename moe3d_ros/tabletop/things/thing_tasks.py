"""Tasks about things of any kind: an instruction of a seed, and scenes in which it is clear."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.things.drawing_orders import Drawn, draw_order, draw_series, lay_out
from moe3d_ros.tabletop.things.order_words import ThingSpeaker
from moe3d_ros.tabletop.things.refused_orders import RefusedOrder, absent_order, ambiguous_order
from moe3d_ros.tabletop.things.telling import THING
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import COLOR_NAMES

SERIES = "series"
THINGS, BLOCKS, REFUSED, IN_SERIES, SERIES_REFUSED = 12, 13, 14, 15, 16  # streams of random numbers
BLOCKS_IN_SERIES = 0.6  # of series of orders are about blocks alone
BLOCKS_REFUSED = 0.3  # of what is refused is about blocks
ALL_COLORS = 0.5  # of the instructions are about all colours; the rest about those of the benchmark's training
FIRST_SCENE = 0.35  # of play-throughs are in the scene that the instruction was drawn with


def colors_of(rng: np.random.Generator) -> tuple[str, ...]:
    """Colours of an instruction's scenes."""
    return COLOR_NAMES if rng.random() < ALL_COLORS else SEEN_COLORS


@lru_cache(maxsize=1 << 15)
def worded_order(seed: int, kind: str = THING, held_out: bool = False) -> tuple[Drawn, str]:
    """An order of a seed with its first scene, and its words.

    Args:
        kind: THING, BLOCK for orders about blocks only, or SERIES for several orders one after the other, about either.
        held_out: say it only in phrases that training never uses.
    """
    if kind == SERIES:
        rng = np.random.default_rng((seed, IN_SERIES))
        drawn = draw_series(rng, colors_of(rng), BLOCK if rng.random() < BLOCKS_IN_SERIES else THING)
    else:
        rng = np.random.default_rng((seed, BLOCKS if kind == BLOCK else THINGS))
        drawn = draw_order(rng, colors_of(rng), kind)
    return drawn, ThingSpeaker(rng, held_out).said(drawn.order)


def thing_task(seed: int, rng: np.random.Generator, kind: str = THING) -> tuple[LongTask, Scene, bool]:
    """The task of a seed in a scene of ``rng``; and whether moving other things changes what it means.

    Args:
        kind: as above.
    """
    drawn, text = worded_order(seed, kind)
    if rng.random() >= FIRST_SCENE:
        drawn = lay_out(drawn.order, rng, colors_of(rng)) or drawn
    return LongTask("things", text, (drawn.goals,), in_order=True), drawn.scene, drawn.order.by_place


@lru_cache(maxsize=1 << 14)
def refused_order(seed: int) -> RefusedOrder:
    """An order of a seed that names what is not there, or, under odd seeds, that could mean one thing or another."""
    rng = np.random.default_rng((seed, REFUSED))
    draw, kind = (absent_order, ambiguous_order)[seed % 2], BLOCK if rng.random() < BLOCKS_REFUSED else THING
    return draw(rng, colors_of(rng), kind)


@lru_cache(maxsize=1 << 14)
def refused_series(seed: int, held_out: bool = False) -> RefusedOrder:
    """Orders of a seed, one after the other, one of which names what is not there: none of them is begun.

    Args:
        held_out: as above.
    """
    rng = np.random.default_rng((seed, SERIES_REFUSED))
    kind = BLOCK if rng.random() < BLOCKS_IN_SERIES else THING
    return absent_order(rng, colors_of(rng), kind, held_out, series=True)

"""Orders about things that cannot be done as they are said: what they name is not there, or could be one thing or another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.things.drawing_orders import Drawn, draw_order, draw_series, random_place
from moe3d_ros.tabletop.things.order_words import ThingSpeaker
from moe3d_ros.tabletop.things.telling import BORDER, BOX, THING, Landmark, Telling, named
from moe3d_ros.tabletop.things.thing_orders import AREA, ThingClause, ThingOrder
from moe3d_ros.tabletop.things.thing_scenes import random_contents, thing_scene
from moe3d_ros.world.areas import DIRECTIONS
from moe3d_ros.world.kinds import BLOCK, BOWL, OBJECT, ZONE

COLORED = ("color", "all_color", "half_color", "look_color", "both", "extreme", "rank", "all_half")
LEAST_IN_HALF = 2  # things in a half of the table, of which "the object on the left" could be any


@dataclass(frozen=True)
class RefusedOrder:
    """An order that is refused in a scene.

    Attributes:
        missing: colour and kind of what is named and not there; both empty where the order is ambiguous.
    """

    instruction: str
    scene: Scene
    missing: Landmark = ("", "")

    @property
    def ambiguous(self) -> bool:
        """It could mean one thing or another."""
        return not self.missing[1]


def absent_order(
    rng: np.random.Generator, colors: Sequence[str], kind: str = THING, held_out: bool = False, series: bool = False
) -> RefusedOrder:
    """An order for something of a colour that nothing of the sort has, be it what is moved or where it goes.

    Args:
        series: it is one of several orders, of which the others could be done.
    """
    while True:
        drawn = draw_series(rng, colors, kind) if series else draw_order(rng, colors, kind, COLORED)
        found = _without_place(drawn, rng, colors) if rng.random() < 0.35 else _without_thing(drawn, rng, colors)
        if found is not None:
            order, missing = found
            return RefusedOrder(ThingSpeaker(rng, held_out).said(order), drawn.scene, missing)


def ambiguous_order(
    rng: np.random.Generator, colors: Sequence[str], kind: str = THING, held_out: bool = False
) -> RefusedOrder:
    """An order that tells a thing by too little, so that it could be one of several that look different."""
    while True:
        contents = random_contents(rng, colors, bool(rng.random() < 0.6), (BLOCK,) if kind == BLOCK else (OBJECT,))
        scene = thing_scene(rng, contents)
        vague = _vague(kind, scene, rng)
        if vague is None:
            continue
        place = random_place(rng, scene, vague)
        if place.kind == AREA or place.any or named(scene, (place.color, place.kind)) is not None:
            order = ThingOrder((ThingClause(vague, place),))
            return RefusedOrder(ThingSpeaker(rng, held_out).said(order), scene)


def _absent(rng, colors: Sequence[str], there: set[str]) -> str:
    """A colour that is not there; empty if all are."""
    rest = [color for color in colors if color not in there]
    return rest[int(rng.integers(len(rest)))] if rest else ""


def _without_thing(drawn: Drawn, rng, colors: Sequence[str]) -> tuple[ThingOrder, Landmark] | None:
    """The order with a colour that nothing which stands there has."""
    number = int(rng.integers(len(drawn.order.clauses)))
    clause = drawn.order.clauses[number]
    told = clause.telling
    color = _absent(rng, colors, {thing.color for thing in drawn.scene.objects if not thing.traits.flat})
    if told.construct not in COLORED or not told.color or not color:
        return None
    changed = replace(clause, telling=replace(told, color=color))
    kind = OBJECT if told.kind in (THING, BOX) else told.kind
    return _with(drawn.order, number, changed), (color, kind)


def _without_place(drawn: Drawn, rng, colors: Sequence[str]) -> tuple[ThingOrder, Landmark] | None:
    """The order to a place of a colour that none of its kind has, beside nothing else."""
    number = int(rng.integers(len(drawn.order.clauses)))
    clause = drawn.order.clauses[number]
    place = clause.place
    color = _absent(rng, colors, {thing.color for thing in drawn.scene.objects if thing.kind == place.kind})
    if place.kind not in (BOWL, ZONE) or not place.color or not color:
        return None
    return _with(drawn.order, number, replace(clause, place=replace(place, color=color))), (color, place.kind)


def _with(order: ThingOrder, number: int, clause: ThingClause) -> ThingOrder:
    clauses = list(order.clauses)
    clauses[number] = clause
    return replace(order, clauses=tuple(clauses))


def _vague(kind: str, scene: Scene, rng) -> Telling | None:
    """A telling that could mean several things of the scene; None where its draw is clear there."""
    things = [o for o in scene.objects if o.traits.piled and kind in (THING, o.kind)]
    if len(things) < 2:
        return None
    looks = {(o.color, o.size, o.half_extents if o.kind == OBJECT else ()) for o in things}
    draw = rng.random()
    if draw < 0.4:
        return Telling("sole", kind) if len(looks) > 1 else None
    if draw < 0.7:
        several = [c for c in sorted({o.color for o in things}) if len({look for look in looks if look[0] == c}) > 1]
        return Telling("color", kind, several[int(rng.integers(len(several)))]) if several else None
    side = str(rng.choice(list(DIRECTIONS)))
    axis, sign = DIRECTIONS[side]
    inside = [o for o in things if sign * (o.position[axis] - scene.workspace.center[axis]) > BORDER]
    several_there = len({(o.color, o.size, o.half_extents) for o in inside}) >= LEAST_IN_HALF and len(inside) < len(
        things
    )
    return Telling("half", kind, side=side) if several_there else None

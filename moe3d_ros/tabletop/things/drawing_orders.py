"""Random orders about things of any kind, each with scenes that leave no doubt about it; and orders that cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Goal
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, right_moves
from moe3d_ros.tabletop.things.measures import BY_LOOK
from moe3d_ros.tabletop.things.telling import BOX, THING, Landmark, Telling, meant
from moe3d_ros.tabletop.things.thing_orders import AREA, TABLE, Place, ThingClause, ThingOrder, goals_of
from moe3d_ros.tabletop.things.thing_scenes import Contents, random_contents, thing_scene
from moe3d_ros.tabletop.words.wordings import one_of
from moe3d_ros.world.areas import AREAS, DIRECTIONS
from moe3d_ros.world.kinds import BLOCK, BOWL, OBJECT, ZONE
from moe3d_ros.world.sides import BETWEEN, SIDES

ORDERS_OF_SCENE = 8  # series that are tried in a scene before another one is drawn
ORDERS, SCENES, PLACINGS = 60, 4, 6  # orders of a construct before another one is taken, scenes of each, places in each
SHARES = {  # of constructs by which things are told
    "extreme": 16, "look": 24, "look_color": 5, "color": 12, "rank": 6, "near": 7, "half": 4, "half_color": 5, "other": 3, "middle": 3,
    "between": 3, "rest": 4, "sole": 2, "all": 4, "all_color": 4, "all_half": 6, "but_color": 4, "both": 3, "all_rest": 3,
}  # fmt: skip
TWO, OUT = 0.14, 0.1  # shares of orders with two clauses, and of those that take things out of or off something
THREE, AGAIN = 0.3, 0.5  # shares of series of three orders, and of orders for the place of the one before
BOXES, BLOCKS = 0.06, 0.04  # shares of tellings of things as boxes, and of blocks, among the everyday things
PLAINLY = 0.35  # of tellings of blocks, where there are no other things, say no more than "thing" or "one"
PLACES = {AREA: 0.56, BOWL: 0.22, ZONE: 0.1, "beside": 0.12}
SERIES_PLACES = {AREA: 0.3, BOWL: 0.46, ZONE: 0.16, "beside": 0.08}
FEW = ("other", "middle", "both", "sole", "but_color")  # constructs that need few things
NO_BLOCKS = (
    "tallest",
    "lowest",
    "flattest",
    "longest",
    "thinnest",
    "flat",
    "slender",
)  # looks in which all blocks are alike


@dataclass(frozen=True)
class Drawn:
    """An order with a scene, and the goals that it has there."""

    order: ThingOrder
    scene: Scene
    goals: tuple[Goal, ...]


def draw_order(
    rng: np.random.Generator, colors: Sequence[str], kind: str = THING, constructs: Sequence[str] = ()
) -> Drawn:
    """A random order with a scene.

    Args:
        kind: of what is moved: THING, or BLOCK for orders about blocks only.
        constructs: orders of one clause only, in which things are told by one of these.
    """
    while True:
        make = _maker(rng, constructs)
        for _ in range(ORDERS):
            drawn = _first_drawn(make(rng, colors, kind), rng, colors)
            if drawn is not None:
                return drawn


def draw_series(rng: np.random.Generator, colors: Sequence[str], kind: str = THING) -> Drawn:
    """Orders one after the other, each about one thing that is told by its look; half of the time to the same place."""
    number = 3 if rng.random() < THREE else 2
    again = [bool(draw < AGAIN) for draw in rng.random(number)]
    while True:
        contents = random_contents(rng, colors, True, (BOWL, ZONE))
        if kind == BLOCK:
            contents = replace(contents, blocks=int(rng.integers(number, 6)), things=0)
        scene = thing_scene(rng, contents)
        there = [thing.color for thing in scene.objects if thing.traits.piled] or list(colors)
        for _ in range(ORDERS_OF_SCENE):
            order = _series(rng, scene, there, again, kind)
            goals = goals_of(order, scene)
            if goals is not None:
                drawn = Drawn(order, scene, goals)
                if ends(drawn):
                    return drawn


def _series(rng, scene: Scene, there: Sequence[str], again: Sequence[bool], kind: str) -> ThingOrder:
    """Orders about a scene, as many as ``again`` has, which says of each whether it goes to the place of the one before, if it can."""
    clauses: list[ThingClause] = []
    for same in again:
        telling = _telling(
            rng, there, kind, one_of(rng, ("color", "color", "color", "look")), one_of(rng, list(BY_LOOK))
        )
        if clauses and same and not clauses[-1].place.side:
            place = clauses[-1].place
        else:
            place = random_place(rng, scene, telling, SERIES_PLACES)
        clauses.append(ThingClause(telling, place))
    return ThingOrder(tuple(clauses), kind, series=True)


def ends(drawn: Drawn) -> bool:
    """True if the oracle reaches the goals one after the other in as many steps as there are things to move."""
    task, scene = LongTask("", "", (drawn.goals,), in_order=True), drawn.scene
    for _ in drawn.goals:
        step = next_step(task, scene)
        if step is None:
            return False
        scene = apply_step(scene, step)
    return not right_moves(task, scene)


def random_place(
    rng: np.random.Generator, scene: Scene, telling: Telling, shares: Mapping[str, float] = PLACES
) -> Place:
    """A place that is likely to be in a scene, for what a telling means.

    Args:
        shares: of the sorts of places.
    """
    there = sorted({thing.color for thing in scene.objects if thing.traits.destination}) or ["red"]
    return _place(rng, there, telling, shares)


def _first_drawn(order: ThingOrder, rng, colors: Sequence[str]) -> Drawn | None:
    """An order with a scene that leaves no doubt about its things; its places are changed until they fit the scene."""
    for _ in range(SCENES):
        scene = thing_scene(rng, _contents(order, rng, colors))
        if any(meant(clause.telling, scene) is None for clause in order.clauses):
            continue
        for _ in range(PLACINGS):
            goals = goals_of(order, scene)
            if goals is not None:
                return Drawn(order, scene, goals)
            order = _elsewhere(order, scene, rng)
    return None


def _elsewhere(order: ThingOrder, scene: Scene, rng) -> ThingOrder:
    """The same things to other places, of which most are there."""
    clauses = tuple(c if c.out_of[1] else replace(c, place=random_place(rng, scene, c.telling)) for c in order.clauses)
    return replace(order, clauses=clauses)


def lay_out(order: ThingOrder, rng: np.random.Generator, colors: Sequence[str], tries: int = 10) -> Drawn | None:
    """The order in another scene; None where so many tries find none."""
    for _ in range(tries):
        scene = thing_scene(rng, _contents(order, rng, colors))
        goals = goals_of(order, scene)
        if goals is not None:
            return Drawn(order, scene, goals)
    return None


def _maker(rng, constructs: Sequence[str]) -> Callable[[np.random.Generator, Sequence[str], str], ThingOrder]:
    """A way to draw orders of one random construct, so that none is the rarer for being hard to find a scene for."""
    draw = rng.random()
    if draw < OUT and not constructs:
        return _taken_out
    if draw < OUT + TWO and not constructs:
        return _two
    names = list(constructs or SHARES)
    shares = np.array([SHARES[name] for name in names], float)
    construct = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    look = one_of(rng, list(BY_LOOK))

    def single(rng: np.random.Generator, colors: Sequence[str], kind: str) -> ThingOrder:
        told = _telling(rng, colors, kind, construct, look)
        return ThingOrder((ThingClause(told, _place(rng, colors, told)),), kind)

    return single


def _two(rng: np.random.Generator, colors: Sequence[str], kind: str) -> ThingOrder:
    """Two clauses about things that are told by their looks."""
    first, second = (
        _telling(rng, colors, kind, one_of(rng, ("color", "color", "color", "look")), one_of(rng, list(BY_LOOK)))
        for _ in range(2)
    )
    place = _place(rng, colors, first)
    other = place if rng.random() < 0.25 and not place.side else _place(rng, colors, second)
    return ThingOrder((ThingClause(first, place), ThingClause(second, other)), kind)


def _telling(rng, colors: Sequence[str], kind: str, construct: str, look: str) -> Telling:
    table = kind
    if kind == BLOCK and rng.random() < PLAINLY:
        kind = THING
    elif kind == THING and (draw := rng.random()) < BOXES + BLOCKS:
        kind = BOX if draw < BOXES else BLOCK
    side, color, rank = one_of(rng, list(DIRECTIONS)), one_of(rng, colors), 0
    landmark = second = ("", "")
    looks = construct in ("look", "look_color")
    if looks and BLOCK in (kind, table) and look in NO_BLOCKS:
        look = one_of(rng, ("biggest", "smallest"))
    if construct == "rank":
        rank = int(rng.integers(2, 5))
        side = one_of(rng, ("left", "left", "right", "right", "near", "far"))
    if construct in ("near", "between", "rest", "all_rest"):
        landmark = _landmark(rng, colors, (BOWL, ZONE) if "rest" in construct else (BOWL, ZONE, BLOCK, OBJECT))
    if construct == "between":
        second = landmark
        while second == landmark:
            second = _landmark(rng, colors, (BOWL, ZONE, BLOCK, OBJECT))
    if construct in ("extreme", "rank", "all_half") and rng.random() < 0.75:
        color = ""
    if construct == "both" and rng.random() < 0.5:
        color = ""
    if construct in ("look", "near", "half", "middle", "between", "rest", "sole", "all", "all_rest"):
        color = ""
    sided = construct in ("extreme", "rank", "half", "half_color", "all_half")
    return Telling(construct, kind, color, side if sided else "", rank, look if looks else "", landmark, second)


def _landmark(rng, colors: Sequence[str], kinds: Sequence[str]) -> Landmark:
    kind = one_of(rng, kinds)
    return (one_of(rng, colors) if kind == OBJECT or rng.random() < 0.8 else "", kind)


def _place(rng, colors: Sequence[str], telling: Telling, shares: Mapping[str, float] = PLACES) -> Place:
    kinds = list(shares)
    kind = kinds[int(rng.choice(len(kinds), p=list(shares.values())))]
    if kind == "beside" and (
        telling.several or telling.by_place
    ):  # "the one by the bowl left of the zone" has two meanings
        kind = AREA
    if kind == AREA:
        sides = AREAS[:4] if telling.several or rng.random() < 0.5 else AREAS
        return Place(AREA, area=one_of(rng, sides))
    if kind == "beside":
        side = one_of(rng, SIDES)
        color, other = _landmark(rng, colors, (BOWL, ZONE, BLOCK))
        second = ("", "")
        while side == BETWEEN and (not second[1] or second == (color, other)):
            second = _landmark(rng, colors, (BOWL, ZONE, BLOCK))
        return Place(other, color, side=side, second=second)
    if telling.kind == BLOCK and rng.random() < 0.15:
        kind = BLOCK
    if rng.random() < 0.1 and kind != BLOCK:
        return Place(kind, any=True)
    return Place(kind, one_of(rng, colors) if rng.random() < 0.8 or kind == BLOCK else "")


def _taken_out(rng: np.random.Generator, colors: Sequence[str], kind: str) -> ThingOrder:
    """Clause by which things in a bowl or on a zone are put on the table, or in an area of it."""
    mark = _landmark(rng, colors, (BOWL, BOWL, ZONE))
    noun = kind if kind == BLOCK or rng.random() < 0.8 else BLOCK
    place = Place(TABLE) if rng.random() < 0.7 else Place(AREA, area=one_of(rng, AREAS))
    if rng.random() < 0.35:
        return ThingOrder((ThingClause(Telling("all_rest", THING, landmark=mark), Place(TABLE), mark),), kind)
    construct = "sole" if rng.random() < 0.15 else "color"
    told = Telling(construct, noun, "" if construct == "sole" else one_of(rng, colors))
    return ThingOrder((ThingClause(told, place, mark),), kind)


def _contents(order: ThingOrder, rng, colors: Sequence[str]) -> Contents:
    """A table on which the order has a chance to be clear."""
    tellings = [clause.telling for clause in order.clauses]
    places = [clause.place for clause in order.clauses]
    marks = [mark for told in tellings for mark in (told.landmark, told.second)]
    marks += [
        mark
        for place in places
        if place.kind not in (AREA, TABLE)
        for mark in ((place.color, place.kind), place.second)
    ]
    marks += [clause.out_of for clause in order.clauses]
    marks = [mark for mark in marks if mark[1]]
    mine = [told.color for told in tellings if told.color] + [c for c, kind in marks if c and kind in (BLOCK, OBJECT)]
    few = any(told.construct in FEW for told in tellings) or rng.random() < 0.45
    only_blocks = order.table == BLOCK
    contents = random_contents(rng, colors, few, [k for _, k in marks] + [BLOCK] * only_blocks, mine)
    contents = replace(contents, places=_first(contents.places, [c for c, kind in marks if c and kind in (BOWL, ZONE)]))
    settled = any("rest" in told.construct for told in tellings) or any(clause.out_of[1] for clause in order.clauses)
    contents = _numbers(contents, order, rng)
    between = next(((told.landmark, told.second) for told in tellings if told.construct == "between"), ())
    look = next((told.look for told in tellings if told.look and order.table != BLOCK), "")
    boxes = any(told.kind == BOX for told in tellings)
    return replace(contents, settled=settled, boxes=boxes, look=look, between=between)


def _first(colors: tuple[str, ...], wanted: list[str]) -> tuple[str, ...]:
    """The colours with the wanted ones in front."""
    return tuple(dict.fromkeys((*wanted, *colors)))


def _numbers(contents: Contents, order: ThingOrder, rng) -> Contents:
    """The contents with as many things as the words have it: "the other one" is said of two."""
    tellings, places = [clause.telling for clause in order.clauses], [clause.place for clause in order.clauses]
    constructs = {told.construct for told in tellings}
    number = None
    if constructs & {"other", "both"} and len(tellings) == 1:
        number = 2
    if constructs & {"sole"} and len(tellings) == 1:
        number = 1
    if constructs & {"middle"}:
        number = int(rng.choice((3, 3, 5)))
    if order.table == BLOCK:
        contents = replace(contents, blocks=number or int(rng.integers(1, 6)), things=0)
    elif number is not None:
        contents = replace(contents, things=number, blocks=0)
    if any(place.any for place in places):
        kind = next(place.kind for place in places if place.any)
        contents = replace(contents, bowls=2 + int(rng.integers(2))) if kind == BOWL else replace(contents, zones=2)
    if any(not place.any and not place.color and place.kind in (BOWL, ZONE) for place in places):
        kind = next(place.kind for place in places if not place.color and place.kind in (BOWL, ZONE))
        contents = replace(contents, bowls=1) if kind == BOWL else replace(contents, zones=1)
    return contents

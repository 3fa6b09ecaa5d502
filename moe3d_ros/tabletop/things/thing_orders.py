"""Orders about things of any kind: what is meant, and the goals that it has in a scene."""

from __future__ import annotations

from dataclasses import dataclass

from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Beside, Goal, InArea, Into, Move, ToTable
from moe3d_ros.tabletop.tasks.long_tasks import step_of
from moe3d_ros.tabletop.things.telling import THING, Landmark, Telling, meant, named
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import ROUND_SHAPES

AREA, TABLE = "area", "table"  # kinds of places beside those of things
MOST_IN_HALF, MOST_IN_PART = 6, 3  # things that have room in a half of the table, and in a smaller area
# Metres: what fits into a bowl alone, two of it, and more; on a zone 2 cm more.
ALONE_RADIUS, PAIR_RADIUS, SHARED_RADIUS = 0.05, 0.043, 0.04
MOST_SHARED = 3
ON_BLOCK = 1.15  # times as wide as a block may be what is put on it
WELL_OFF = 0.02  # metres from an area's border, at which it is clear whether something is in it


@dataclass(frozen=True)
class Place:
    """Place that things go to.

    Attributes:
        kind: AREA, TABLE, or a kind of thing.
        color: of the thing; empty where it is the only one of its kind, or with ``any``.
        area: of `world.areas`.
        side, second: as in `goals.Beside`: on the table beside the thing.
        any: whichever of the kind.
    """

    kind: str
    color: str = ""
    area: str = ""
    side: str = ""
    second: Landmark = ("", "")
    any: bool = False


@dataclass(frozen=True)
class ThingClause:
    """Things that go to a place; ``out_of`` a bowl or off a zone, where that is said."""

    telling: Telling
    place: Place
    out_of: Landmark = ("", "")


@dataclass(frozen=True)
class ThingOrder:
    """Clauses that are done one after the other, as they are said.

    Attributes:
        table: THING for a table with everyday things, BLOCK for one of blocks only.
        series: said as whole orders, one after the other.
    """

    clauses: tuple[ThingClause, ...]
    table: str = THING
    series: bool = False

    @property
    def by_place(self) -> bool:
        """Moving other things changes what it means."""
        return any(clause.telling.by_place for clause in self.clauses)


def goals_of(order: ThingOrder, scene: Scene) -> tuple[Goal, ...] | None:
    """The goals of an order in a scene; None where the scene leaves a doubt, has no room, or nothing is to be done."""
    layout = Layout(scene)
    goals: list[Goal] = []
    taken: set[int] = set()
    places: set[int | None] = set()
    for clause in order.clauses:
        picks = meant(clause.telling, scene)
        if picks is None or taken & set(picks):
            return None
        taken |= set(picks)
        places |= {named(scene, (clause.place.color, clause.place.kind)), named(scene, clause.place.second)}
        goal = _goal(clause, picks, layout, len(picks) * sum(other.place == clause.place for other in order.clauses))
        if goal is None or taken & places:
            return None
        goals.append(goal)
    return tuple(goals)


def _goal(clause: ThingClause, picks: tuple[int, ...], layout: Layout, together: int) -> Goal | None:
    """The goal of one clause, where so many things as ``together`` go to its place in all."""
    scene, place = layout.scene, clause.place
    if clause.out_of[1] and not _out_of(clause.out_of, picks, layout):
        return None
    if place.kind == TABLE:
        return ToTable(picks)
    if place.kind == AREA:
        return _in_area(picks, place.area, layout)
    if place.any:
        goals = tuple(i for i, o in enumerate(scene.objects) if o.kind == place.kind)
        inside = any(layout.at(i, goal) for i in picks for goal in goals)
        return (
            None
            if len(goals) < 2 or inside or not _fits(picks, goals[0], layout, 1)
            else Into(picks, (goals,) * len(picks))
        )
    index = named(scene, (place.color, place.kind))
    if index is None or index in picks:
        return None
    if place.side:
        return _beside(place, picks, index, layout)
    if any(index in layout.under(i) for i in picks) or not _fits(picks, index, layout, together):
        return None
    return Into(picks, ((index,),) * len(picks))


def _out_of(landmark: Landmark, picks: tuple[int, ...], layout: Layout) -> bool:
    """True if all of the things lie in or on it."""
    index = named(layout.scene, landmark)
    return index is not None and all(index in layout.under(i) for i in picks)


def _radius(layout: Layout, index: int) -> float:
    thing = layout.scene.objects[index]
    return float(circle_radius(thing.half_extents, thing.shape in ROUND_SHAPES))


def _in_area(picks: tuple[int, ...], area: str, layout: Layout) -> InArea | None:
    """The goal, where all have room there beside each other, and those that are there already clearly are."""
    most = MOST_IN_HALF if area.endswith("side") else MOST_IN_PART
    waiting = [i for i in picks if not layout.inside(i, area)]
    if not waiting or len(picks) > most:
        return None
    for i in picks:
        x, y, _ = layout.scene.objects[i].position
        near = [(x + dx, y + dy) for dx in (-WELL_OFF, WELL_OFF) for dy in (-WELL_OFF, WELL_OFF)]
        if len({in_area(xy, area, layout.scene.workspace) for xy in [(x, y), *near]}) > 1:
            return None
    scene = layout.scene
    for i in waiting:
        if not layout.free(i):
            continue
        scene = apply_step(scene, step_of(scene, Move(i, area=area)))
        put = scene.objects[i]
        if put.position[2] - put.half_extents[2] > 0.002:  # on top of another
            return None
    return InArea(picks, area)


def _beside(place: Place, picks: tuple[int, ...], index: int, layout: Layout) -> Beside | None:
    """The goal for one thing, where there is room."""
    second = named(layout.scene, place.second) if place.second[1] else None
    if len(picks) != 1 or (place.second[1] and second is None) or second in (index, picks[0]):
        return None
    if layout.beside(picks[0], place.side, index, second) or not layout.grounded(index):
        return None
    try:
        step_of(layout.scene, Move(picks[0], index, side=place.side, second=second))
    except NoSpot:
        return None
    return Beside(picks, place.side, index, second)


def _fits(picks: tuple[int, ...], index: int, layout: Layout, together: int) -> bool:
    """True if the things have room in or on a thing, so many of them together."""
    goal = layout.scene.objects[index]
    widest = max(_radius(layout, i) for i in picks)
    if goal.kind == BLOCK:
        fits = all(layout.scene.objects[i].half_extents[0] <= ON_BLOCK * goal.half_extents[0] for i in picks)
        return together == 1 and fits and layout.free(index) and layout.grounded(index)
    if goal.kind not in (BOWL, ZONE) or together > MOST_SHARED:
        return False
    there = [i for i in layout.on(index) if i not in picks]
    fitting = {1: ALONE_RADIUS, 2: PAIR_RADIUS}.get(together + len(there), SHARED_RADIUS)
    return widest <= fitting + 0.02 * goal.traits.flat and len(there) < 2

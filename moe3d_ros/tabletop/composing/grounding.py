"""Goals that a composed task means in a scene; none where the scene does not offer the task."""

from __future__ import annotations

import itertools

from moe3d_ros.tabletop.composing.piles import pile_goals
from moe3d_ros.tabletop.composing.selecting import find, selected
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, TaskForm
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Beside, Goal, InArea, Into, OneEach, SomeOf, Stack, ToTable
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.sides import BETWEEN, NEXT_TO

MOST_ALTERNATIVES = 12
MOST_IN_AREA = 6
HOLDS = {
    BOWL: 3,
    ZONE: 4,
}  # small blocks; a big one takes the room of as many, but for one in a zone's or bowl's middle

Alternatives = list[tuple[Goal, ...]]  # each would do


def grounded(form: TaskForm, scene: Scene, layout: Layout | None = None) -> tuple[tuple[Goal, ...], ...] | None:
    """Sets of goals, each of which would do, that a form means in a scene as it is; None where it cannot be done.

    Args:
        layout: of the scene, where it is known already.
    """
    layout = layout or Layout(scene)
    picks = [selected(clause.selection, scene, layout) for clause in form.clauses]
    found = [goals_of(clause, chosen, layout) for clause, chosen in zip(form.clauses, picks)]
    if not all(found) or _in_each_others_way(found):
        return None
    alternatives = tuple(tuple(itertools.chain(*goals)) for goals in itertools.product(*found))
    return alternatives if len(alternatives) <= MOST_ALTERNATIVES else None


def goals_of(clause: Clause, picks: list[int], layout: Layout) -> Alternatives:
    """Sets of goals of one clause that moves ``picks``, each of which would do; empty where it cannot be done."""
    count, kind = clause.selection.count, clause.destination.kind
    if not picks or count > len(picks):
        return []
    if clause.arrangement == "groups":
        return _group_goals(clause, picks, layout)
    if clause.arrangement != "put":
        return pile_goals(clause, picks, layout)
    if clause.destination.side:
        return _beside_goals(clause.destination, picks, count, layout)
    if kind == "area":
        return _area_goals(picks, clause.destination.area, count)
    if kind == "table":
        return _table_goals(picks, count, layout)
    if kind == BLOCK:
        return _block_goals(clause.destination, picks, count, layout)
    return _container_goals(clause.destination, picks, count, layout)


def _area_goals(picks: list[int], area: str, count: int) -> Alternatives:
    if (count or len(picks)) > MOST_IN_AREA:
        return []
    return [(SomeOf(tuple(picks), count, area=area) if count else InArea(tuple(picks), area),)]


def _beside_goals(destination: Destination, picks: list[int], count: int, layout: Layout) -> Alternatives:
    """One block beside a thing or between two, or two blocks next to one."""
    places = find(layout, destination.kind, destination.color, destination.size)
    seconds = find(layout, destination.second.kind, destination.second.color) if destination.second else []
    if len(places) != 1 or len(seconds) != (destination.side == BETWEEN):
        return []
    others = [i for i in picks if i not in (*places, *seconds)]
    carrying = {below for place in (*places, *seconds) for below in layout.under(place)}
    if carrying & set(others) or (count or len(picks)) > (2 if destination.side == NEXT_TO else 1):
        return []
    all_at_once = [tuple(picks)] if others == picks else []
    moved = [(i,) for i in others] if count else all_at_once
    return [(Beside(those, destination.side, places[0], *seconds),) for those in moved]


def _table_goals(picks: list[int], count: int, layout: Layout) -> Alternatives:
    goal = ToTable(tuple(picks))
    lifted = tuple(picks) if not goal.reached(layout) else tuple(i for i in picks if not ToTable((i,)).reached(layout))
    return [(ToTable(lifted),)] if lifted and not count else []


def _block_goals(destination: Destination, picks: list[int], count: int, layout: Layout) -> Alternatives:
    """One block onto another, or each onto the one of its colour."""
    objects = layout.scene.objects
    bases = find(layout, BLOCK, destination.color, destination.size)
    if destination.match == "own":
        goals = []
        for color in dict.fromkeys(objects[i].color for i in picks):
            own = [i for i in picks if objects[i].color == color]
            below = [b for b in bases if objects[b].color == color and b not in picks]
            if not below:
                continue
            if len(below) > 1 or len(own) > 1 or not may_lie(own[0], below[0], layout):
                return []
            goals.append(Stack((tuple(own),), below[0]))
        return [tuple(goals)] if goals else []
    if destination.match == "named" and len(bases) != 1:
        return []
    if (count or len(picks)) != 1:
        return []
    alternatives: Alternatives = []
    for base in bases:
        others = [i for i in picks if i != base]
        upper = [i for i in others if may_lie(i, base, layout)]
        upper = [i for i in upper if destination.match != "other" or objects[i].color != objects[base].color]
        if destination.match == "named" and upper != others:
            return []  # one of those that would do by the words is too big
        if upper:
            alternatives.append((Stack((tuple(upper),), base),))
    return alternatives


def may_lie(upper: int, base: int, layout: Layout) -> bool:
    """True if a block may be put on another: it is no bigger, and that one stands free, or bears just this one."""
    sizes = [layout.scene.objects[i].size for i in (upper, base)]
    return sizes != ["big", "small"] and layout.grounded(base) and layout.on(base) in ([], [upper])


def _container_goals(destination: Destination, picks: list[int], count: int, layout: Layout) -> Alternatives:
    """Bowls and zones: each block into or onto one of those that the match allows it."""
    objects = layout.scene.objects
    places = find(layout, destination.kind, destination.color)
    if destination.match == "named" and len(places) != 1:
        return []
    if destination.match == "one_each":
        spare = [i for i in picks if not any(layout.at(i, place) for place in places)]
        enough = len(picks) >= len(places) > 1 and not (set(_residents(places, layout)) - set(picks))
        return [(OneEach(tuple(picks), tuple(places)),)] if enough and spare and not count else []
    allowed = {}
    for i in picks:
        fits = [p for p in places if destination.match in ("named", "any") or _same(objects, i, p, destination.match)]
        if fits:
            allowed[i] = tuple(fits)
    if not allowed or (len(allowed) < len(picks) and destination.match != "own") or count > len(allowed):
        return []
    if not _holds(destination.kind, allowed, count, layout):
        return []
    if count:
        return [(SomeOf(tuple(allowed), count, tuple(allowed.values())),)]
    return [(Into(tuple(allowed), tuple(allowed.values())),)]


def _same(objects, index: int, place: int, match: str) -> bool:
    return (objects[index].color == objects[place].color) == (match == "own")


def _residents(places: list[int], layout: Layout) -> list[int]:
    """Blocks that lie in or on the places now, piled ones included."""
    found = [i for place in places for i in layout.on(place)]
    for i in found:
        found += layout.on(i)
    return found


def _holds(kind: str, allowed: dict[int, tuple[int, ...]], count: int, layout: Layout) -> bool:
    """True if bowls or zones have room for the blocks that go there, whichever of those allowed they choose."""
    objects = layout.scene.objects
    room = HOLDS[kind]
    for places in dict.fromkeys(allowed.values()):
        going = [i for i, fits in allowed.items() if fits == places]
        staying = [i for i in _residents(list(places), layout) if i not in allowed]
        small = sum(objects[i].size == "small" for i in going)
        if count:
            small, big = min(count, small), min(count, len(going) - small)
            if big and small:
                return False
        else:
            big = len(going) - small
        if len(places) > 1:  # the empty ones are filled first
            if small + big + len(staying) > len(places) + (0 if big else 1):
                return False
        elif (staying and big) or (big and small + big > 1) or small + len(staying) > room:
            return False
    union = set(itertools.chain(*allowed.values()))
    chosen = count or len(allowed)
    staying = [i for i in _residents(list(union), layout) if i not in allowed]
    choosy = [fits for i, fits in allowed.items() if objects[i].size == "big" and len(fits) > 1]
    if kind == ZONE and choosy:  # whatever the others choose, a zone is left for it
        return all(chosen + len(staying) <= len(fits) for fits in choosy)
    return len(union) == 1 or any(len(p) == 1 for p in allowed.values()) or chosen + len(staying) <= len(union) + 1


def _group_goals(clause: Clause, picks: list[int], layout: Layout) -> Alternatives:
    """The blocks of one colour or size to the first place, the others to the second; or the other way round."""
    objects = layout.scene.objects
    keys = sorted({getattr(objects[i], clause.grouped_by) for i in picks})
    if len(keys) != 2 or clause.second is None or clause.selection.count:
        return []
    groups = [[i for i in picks if getattr(objects[i], clause.grouped_by) == key] for key in keys]
    alternatives: Alternatives = []
    for places in ((clause.destination, clause.second), (clause.second, clause.destination)):
        goals: list[Goal] = []
        for group, place in zip(groups, places):
            part = Clause(clause.selection, place, "pile" if clause.piled else "put")
            found = goals_of(part, group, layout)
            if len(found) != 1:
                return []
            goals += found[0]
        alternatives.append(tuple(goals))
    return alternatives


def _in_each_others_way(clauses: list[Alternatives]) -> bool:
    """True if clauses move the same blocks, use the same place, or one moves what another one builds on or names."""
    goals = [list(itertools.chain(*alternatives)) for alternatives in clauses]
    moved = [set().union(*map(_moved, of_clause)) for of_clause in goals]
    needed = [set().union(*map(_used, of_clause)) | those for of_clause, those in zip(goals, moved)]
    named = [set().union(*map(_named, of_clause)) for of_clause in goals]
    return any(
        needed[a] & needed[b] or moved[a] & named[b] or moved[b] & named[a]
        for a, b in itertools.combinations(range(len(clauses)), 2)
    )


def _moved(goal: Goal) -> set[int]:
    return set(itertools.chain(*goal.layers)) if isinstance(goal, Stack) else set(goal.picks)


def _named(goal: Goal) -> set[int]:
    """Things beside which a goal wants others."""
    return {i for i in (goal.reference, goal.second) if i is not None} if isinstance(goal, Beside) else set()


def _used(goal: Goal) -> set:
    """Things and areas that a goal needs."""
    if isinstance(goal, Into | SomeOf):
        places: set = set(itertools.chain(*goal.allowed))
    elif isinstance(goal, OneEach):
        places = set(goal.goals)
    elif isinstance(goal, Beside):
        places = {(goal.side, *sorted(_named(goal)))}
    else:
        places = {getattr(goal, "base", None)}
    return (places | {getattr(goal, "area", None)}) - {None}

"""Goals of a composed task in a scene: what its form comes to among the things that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from moe3d_ros.tabletop.composing.selecting import blocks_of, clear, selected
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, TaskForm
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Goal, InArea, Into, OneEach, SomeOf, Stack, ToTable
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

ROOM = {BOWL: 3, ZONE: 4}  # of a bowl or a zone, in small blocks; a big one takes two
TALLEST = 5  # blocks of a pile; of big ones one less
Goals = tuple[Goal, ...]


class Impossible(ValueError):
    """The scene does not offer the task."""


def grounded(form: TaskForm, scene: Scene) -> tuple[Goals, ...] | None:
    """Goals that would do, any one set of them; None where the scene does not offer the task, or it could be disputed."""
    try:
        clauses = [_alternatives(clause, scene) for clause in form.clauses]
    except Impossible:
        return None
    found: list[Goals] = [()]
    for alternatives in clauses:
        found = [(*goals, *more) for goals in found for more in alternatives]
    if any(_contradict(goals) for goals in found):
        return None
    return tuple(found)


def moved_by(goals: Goals) -> set[int]:
    """Blocks that goals speak of."""
    found: set[int] = set()
    for goal in goals:
        found |= {i for layer in goal.layers for i in layer} if isinstance(goal, Stack) else set(goal.picks)
    return found


def _contradict(goals: Goals) -> bool:
    """Whether two goals want one block, or one wants what another builds on."""
    taken = [moved_by((goal,)) for goal in goals]
    bases = [goal.base for goal in goals if isinstance(goal, Stack) and goal.base is not None]
    bases += [g for goal in goals if isinstance(goal, Into) for allowed in goal.allowed for g in allowed]
    several = Counter(i for blocks in taken for i in blocks)
    return max(several.values(), default=1) > 1 or any(base in several for base in bases)


def _alternatives(clause: Clause, scene: Scene) -> list[Goals]:
    selection, arrangement = clause.selection, clause.arrangement
    if not clear(selection, scene):
        raise Impossible
    picks = selected(selection, scene)
    if not picks or (selection.count and selection.count >= len(picks)):
        raise Impossible
    return {
        "put": _put,
        "pile": _pile,
        "pile_by_size": _pile_by_size,
        "pile_by_list": _pile_by_list,
        "pile_by_turns": _pile_by_turns,
        "groups": _groups,
    }[arrangement](clause, picks, scene)


def _named(place: Destination, scene: Scene) -> int:
    """The one thing that a destination names."""
    found = [
        i
        for i, thing in enumerate(scene.objects)
        if (thing.kind, thing.color) == (place.kind, place.color) and place.size in ("", thing.size)
    ]
    if len(found) != 1:
        raise Impossible
    return found[0]


def _of_kind(kind: str, scene: Scene) -> list[int]:
    return [i for i, thing in enumerate(scene.objects) if thing.kind == kind]


def _own(place: Destination, pick: int, scene: Scene) -> list[int]:
    color = scene.objects[pick].color
    found = [i for i in _of_kind(place.kind, scene) if scene.objects[i].color == color and i != pick]
    return [i for i in found if place.size in ("", scene.objects[i].size)]


def _weight(picks: Sequence[int], scene: Scene) -> int:
    return sum(2 if scene.objects[i].size == "big" else 1 for i in picks)


def _put(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    place, count = clause.destination, clause.selection.count
    if place.kind == "table":
        return [(ToTable(tuple(picks)),)] if not count else _raise()
    if place.kind == "area":
        goal = InArea(tuple(picks), place.area)
        return [(SomeOf(tuple(picks), (), place.area, count) if count else goal,)]
    if place.kind == BLOCK:
        return _onto_blocks(clause, picks, scene)
    there = _of_kind(place.kind, scene)
    room = ROOM[place.kind]
    if place.match == "named":
        goal_index = _named(place, scene)
        if (2 * count if count else _weight(picks, scene)) > room:
            raise Impossible
        if count:
            return [(SomeOf(tuple(picks), (goal_index,), "", count),)]
        return [(Into(tuple(picks), ((goal_index,),) * len(picks)),)]
    if count:
        raise Impossible
    if place.match == "one_each":
        if not 2 <= len(there) <= len(picks):
            raise Impossible
        return [(OneEach(tuple(picks), tuple(there)),)]
    if place.match == "own":
        movable = [i for i in picks if len(_own(place, i, scene)) == 1]
        if len(movable) < max(1, len(picks) / 2):
            raise Impossible
        allowed = [tuple(_own(place, i, scene)) for i in movable]
        for goal_index in set(allowed):
            if _weight([i for i, goals in zip(movable, allowed) if goals == goal_index], scene) > room:
                raise Impossible
        return [(Into(tuple(movable), tuple(allowed)),)]
    color = place.match == "other"
    allowed = [tuple(g for g in there if not color or scene.objects[g].color != scene.objects[i].color) for i in picks]
    if len(there) < 2 or not all(allowed) or len(picks) > len(there) + 1:
        raise Impossible
    return [(Into(tuple(picks), tuple(allowed)),)]


def _raise() -> list[Goals]:
    raise Impossible


def _onto_blocks(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    place = clause.destination
    if clause.selection.count:
        raise Impossible
    if place.match == "named":
        base = _named(place, scene)
        picks = [i for i in picks if i != base]
        if len(picks) != 1 or scene.objects[picks[0]].half_extents[0] > scene.objects[base].half_extents[0] + 0.002:
            raise Impossible
        return [(Stack(((picks[0],),), base),)]
    if place.match != "own" or place.size != "big":
        raise Impossible
    small = [i for i in picks if scene.objects[i].size == "small"]
    if len(small) != len(picks):
        raise Impossible
    return [tuple(_over_own(small, scene))]


def _over_own(small: list[int], scene: Scene) -> list[Goal]:
    """Small blocks over the only big one of their colour."""
    goals: list[Goal] = []
    for color in dict.fromkeys(scene.objects[i].color for i in small):
        mine = tuple(i for i in small if scene.objects[i].color == color)
        bases = [i for i in blocks_of(scene) if scene.objects[i].color == color and scene.objects[i].size == "big"]
        if len(bases) != 1 or len(mine) > 2:
            raise Impossible
        goals.append(Stack((mine,) * len(mine), bases[0]))
    return goals


def _stack(layers: Sequence[Sequence[int]], clause: Clause, scene: Scene, place: Destination | None = None) -> Stack:
    """A pile at a destination, not too tall, nothing on what is smaller."""
    place = place or clause.destination
    big = sum(scene.objects[layer[0]].size == "big" for layer in layers)
    base, area = (None, place.area) if place.kind == "area" else (_named(place, scene), None)
    allowed = TALLEST - (big > 0)
    if place.kind == BLOCK:
        allowed -= 1
        if any(base in layer for layer in layers) or (big and scene.objects[base].size == "small"):
            raise Impossible
    if place.kind not in (ZONE, BLOCK, "area") or not 1 <= len(layers) <= allowed:
        raise Impossible
    return Stack(tuple(map(tuple, layers)), base, area)


def _sized(picks: Sequence[int], scene: Scene) -> tuple[list[int], list[int]]:
    """Big blocks, and small ones."""
    return tuple([i for i in picks if scene.objects[i].size == size] for size in ("big", "small"))


def _layers(picks: Sequence[int], scene: Scene) -> list[Sequence[int]]:
    """Layers of a pile in any order that stands: big blocks below small ones."""
    big, small = _sized(picks, scene)
    return [big] * len(big) + [small] * len(small)


def _by_color(picks: Sequence[int], scene: Scene) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i in picks:
        found.setdefault(scene.objects[i].color, []).append(i)
    return found


def _pile(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    if clause.selection.count or clause.destination.match not in ("named", "own"):
        raise Impossible
    if clause.destination.match == "own":
        goals = []
        for color, mine in _by_color(picks, scene).items():
            own = Destination(clause.destination.kind, "named", color)
            goals.append(_stack(_layers(mine, scene), clause, scene, own))
        if clause.destination.kind != ZONE or not any(goal.total > 1 for goal in goals):
            raise Impossible
        return [tuple(goals)]
    if clause.destination.kind == BLOCK:
        picks = [i for i in picks if i != _named(clause.destination, scene)]
    if len(picks) < 2:
        raise Impossible
    return [(_stack(_layers(picks, scene), clause, scene),)]


def _pile_by_size(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    if clause.selection.count or clause.selection.size or clause.selection.excluded_size:
        raise Impossible
    groups = _by_color(picks, scene) if clause.own_pile else {"": picks}
    goals: list[Goal] = []
    for color, mine in groups.items():
        big, small = _sized(mine, scene)
        if not big or not small or (clause.own_pile and len(big) > 1):
            raise Impossible
        place = clause.destination
        if clause.own_pile:
            if place.match != "own":
                raise Impossible
            if place.kind == BLOCK:
                goals += _over_own(small, scene)
                continue
            place = Destination(place.kind, "named", color)
        goals.append(_stack([big] * len(big) + [small] * len(small), clause, scene, place))
    return [tuple(goals)]


def _pile_by_list(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    found = _by_color(picks, scene)
    if sorted(found) != sorted(clause.order) or any(len(mine) > 1 for mine in found.values()):
        raise Impossible
    sizes = [scene.objects[found[color][0]].half_extents[0] for color in clause.order]
    if any(upper > lower + 0.004 for lower, upper in pairwise(sizes)):
        raise Impossible
    return [(_stack([found[color] for color in clause.order], clause, scene),)]


def _pile_by_turns(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    found = _by_color(picks, scene)
    first = clause.order[0]
    if len(found) != 2 or first not in found or not set(clause.order) <= found.keys():
        raise Impossible
    (other,) = found.keys() - {first}
    mine = found[first], found[other]
    if len({scene.objects[i].size for i in picks}) > 1 or len(mine[0]) - len(mine[1]) not in (0, 1):
        raise Impossible
    return [(_stack([mine[number % 2] for number in range(len(picks))], clause, scene),)]


def _groups(clause: Clause, picks: list[int], scene: Scene) -> list[Goals]:
    if clause.selection.count or clause.second is None or clause.destination.match != "named":
        raise Impossible
    key = {"color": lambda i: scene.objects[i].color, "size": lambda i: scene.objects[i].size}[clause.grouped_by]
    groups: dict[str, list[int]] = {}
    for i in picks:
        groups.setdefault(key(i), []).append(i)
    if len(groups) != 2:
        raise Impossible
    places = clause.destination, clause.second
    if places[0] == places[1]:
        raise Impossible
    first, second = groups.values()

    def goal(mine: list[int], place: Destination) -> Goal:
        if clause.piled:
            return _stack(_layers(mine, scene), clause, scene, place)
        if place.kind == "area":
            return InArea(tuple(mine), place.area)
        if place.kind not in ROOM or _weight(mine, scene) > ROOM[place.kind]:
            raise Impossible
        return Into(tuple(mine), ((_named(place, scene),),) * len(mine))

    return [(goal(first, a), goal(second, b)) for a, b in (places, places[::-1])]

"""Goals of clauses that pile blocks up: in any order, by size, by a list of colours, or by turns."""

from __future__ import annotations

from moe3d_ros.tabletop.composing.selecting import find
from moe3d_ros.tabletop.composing.task_form import Clause
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.tasks.goals import Goal, Stack
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import KIND

HIGHEST = 0.255  # metres of a pile, its base included: four big ones, or six small ones
MOST_BESIDE = 2  # small blocks of others that may lie on a zone on which small ones are piled

Layers = tuple[tuple[int, ...], ...]


def pile_goals(clause: Clause, picks: list[int], layout: Layout) -> list[tuple[Goal, ...]]:
    """Sets of goals, each of which would do, of a clause that piles up ``picks``; empty where it cannot be done."""
    destination, objects = clause.destination, layout.scene.objects
    if destination.kind == "area":
        if clause.own_pile:
            piles = [_layers(clause, own, layout) for own in _by_color(picks, layout)]
            return _set_of([Stack(layers, area=destination.area) for layers in piles], layout)
        return _set_of([Stack(_layers(clause, picks, layout), area=destination.area)], layout)
    if destination.kind == "table":
        return _on_own_big_ones(picks, layout) if clause.own_pile else []
    places = find(layout, destination.kind, destination.color, destination.size)
    if destination.kind == BLOCK and destination.match == "any":
        places = picks  # one of them is the lowest
    if destination.match == "own":
        groups = [own for own in _by_color(picks, layout) if _of_color(places, objects[own[0]].color, layout)]
        if not any(len(own) > 1 for own in groups):
            return []
        stacks = []
        for own in groups:
            below = _of_color(places, objects[own[0]].color, layout)
            if len(below) > 1:
                return []
            stacks.append(Stack(_layers(clause, own, layout), below[0]))
        return _set_of(stacks, layout)
    if destination.match == "named" and len(places) != 1:
        return []
    if destination.match == "other":
        colors = {objects[i].color for i in picks}
        places = [place for place in places if objects[place].color not in colors]
    found = []
    for place in places:
        found += _set_of([Stack(_layers(clause, [i for i in picks if i != place], layout), place)], layout)
    return found


def _by_color(picks: list[int], layout: Layout) -> list[list[int]]:
    colors = dict.fromkeys(layout.scene.objects[i].color for i in picks)
    return [_of_color(picks, color, layout) for color in colors]


def _of_color(indices: list[int], color: str, layout: Layout) -> list[int]:
    return [i for i in indices if layout.scene.objects[i].color == color]


def _of_size(indices: list[int], size: str, layout: Layout) -> tuple[int, ...]:
    return tuple(i for i in indices if layout.scene.objects[i].size == size)


def _layers(clause: Clause, picks: list[int], layout: Layout) -> Layers:
    """Layers of one pile of ``picks``, from below; empty where they do not make such a pile."""
    objects = layout.scene.objects
    if len(picks) < 2 and clause.destination.match != "own":
        return ()
    if clause.arrangement == "pile_by_list":
        by_color = {color: tuple(_of_color(picks, color, layout)) for color in clause.order}
        if sorted(clause.order) != sorted(objects[i].color for i in picks):
            return ()
        return tuple(by_color[color] for color in clause.order)
    if clause.arrangement == "pile_by_turns":
        colors = {objects[i].color for i in picks}
        if len(colors) != 2 or not set(clause.order) <= colors:
            return ()
        first = _of_color(picks, clause.order[0], layout)
        second = [i for i in picks if i not in first]
        if len(first) - len(second) not in (0, 1):
            return ()
        return tuple((tuple(first), tuple(second))[k % 2] for k in range(len(picks)))
    big, small = _of_size(picks, "big", layout), _of_size(picks, "small", layout)
    if clause.arrangement == "pile_by_size" and not (big and small):
        return ()
    if clause.selection.count:
        return (tuple(picks),) * clause.selection.count if not (big and small) else ()
    return (big,) * len(big) + (small,) * len(small)  # a big block does not lie well on a small one


def _set_of(stacks: list[Stack], layout: Layout) -> list[tuple[Goal, ...]]:
    """The stacks as the one set of goals that will do; none if one of them cannot be built."""
    return [tuple(stacks)] if stacks and all(_stands(stack, layout) for stack in stacks) else []


def _stands(stack: Stack, layout: Layout) -> bool:
    """True if a pile is not too high, no block of it lies on a smaller one, and its base has room for it."""
    objects = layout.scene.objects
    if not stack.layers:
        return False
    halves = [[objects[i].half_extents[2] for i in layer] for layer in stack.layers]
    height = sum(2 * max(layer) for layer in halves)
    if any(
        ({objects[i].size for i in upper} == {"big"} and "small" in {objects[i].size for i in lower})
        or len({objects[i].size for i in upper}) > 1
        for lower, upper in zip(stack.layers[:1] + stack.layers, stack.layers)
    ):
        return False
    if stack.base is None:
        return height <= HIGHEST
    base, meant = objects[stack.base], {i for layer in stack.layers for i in layer}
    others = [i for i in layout.on(stack.base) if i not in meant]
    if KIND[base.kind].flat:
        big = any(objects[i].size == "big" for i in (*others, *stack.layers[0]))
        waiting = [i for i in layout.on(stack.base) if i in meant and i not in stack.layers[0]]
        return height <= HIGHEST and len(others) + len(waiting) <= (0 if big else MOST_BESIDE)
    too_big = base.size == "small" and any(objects[i].size == "big" for i in stack.layers[0])
    return not (too_big or others) and layout.grounded(stack.base) and base.top + height <= HIGHEST


def _on_own_big_ones(picks: list[int], layout: Layout) -> list[tuple[Goal, ...]]:
    """The small blocks over the big one of their colour, wherever it stands."""
    stacks = []
    for own in _by_color(picks, layout):
        big, small = _of_size(own, "big", layout), _of_size(own, "small", layout)
        if not small:
            continue
        if len(big) != 1:
            return []
        stacks.append(Stack((small,) * len(small), big[0]))
    return _set_of(stacks, layout)

"""Blocks that a selection means in a scene, and whether anybody could dispute it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from moe3d_ros.tabletop.composing.task_form import Reference, Selection
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.areas import DIRECTIONS, in_area
from moe3d_ros.world.kinds import BLOCK

MARGIN = 0.025  # metres by which a place must be clear: between ranks, beyond a thing's side, from an area's border


def blocks_of(scene: Scene) -> list[int]:
    """Indices of the blocks."""
    return [i for i, thing in enumerate(scene.objects) if thing.kind == BLOCK]


def referent(reference: Reference, scene: Scene) -> int | None:
    """Index of the only thing of that colour and kind; None where there is none or more than one."""
    named = (reference.kind, reference.color)
    found = [i for i, thing in enumerate(scene.objects) if (thing.kind, thing.color) == named]
    return found[0] if len(found) == 1 else None


def selected(selection: Selection, scene: Scene) -> list[int]:
    """Indices of the blocks that are meant, from left to right; of a selection with a ``count`` all that it may be."""
    found = Layout(scene).leftmost(_fulfilling(selection, scene))
    if not selection.rank:
        return found
    ranked = sorted(found, key=lambda i: -_along(scene, i, selection.rank_side))
    return ranked[selection.rank - 1 : selection.rank]


def clear(selection: Selection, scene: Scene, margin: float = MARGIN) -> bool:
    """Tell whether no block is so near to a border that it could as well be meant, or not."""
    places = {i: np.array(scene.objects[i].position[:2]) for i in blocks_of(scene)}
    for area in filter(None, (selection.area, selection.excluded_area)):
        for place in places.values():
            around = [place + margin * np.array([x, y]) for x in (-1, 0, 1) for y in (-1, 0, 1)]
            if len({in_area(_inside(scene, spot), area, scene.workspace) for spot in around}) > 1:
                return False
    if selection.side and selection.reference is not None:
        other = referent(selection.reference, scene)
        if other is None:
            return False
        axis, _ = DIRECTIONS[selection.side]
        apart = [abs(place[axis] - scene.objects[other].position[axis]) for i, place in places.items() if i != other]
        if min(apart, default=1.0) < margin:
            return False
    if selection.frequency:
        counts = sorted(Counter(scene.objects[i].color for i in places).values())
        first, second = (
            (counts[:2] if selection.frequency == "fewest" else counts[::-1][:2]) if len(counts) > 1 else (0, 0)
        )
        if first == second:
            return False
    if selection.rank:
        along = sorted((_along(scene, i, selection.rank_side) for i in _fulfilling(selection, scene)), reverse=True)
        if len(along) < 2 or selection.rank > len(along) or (-np.diff(along)).min() < margin:
            return False
    return True


def _inside(scene: Scene, spot: np.ndarray) -> np.ndarray:
    low, high = (np.array(corner[:2]) for corner in (scene.workspace.low, scene.workspace.high))
    return spot.clip(low, high)


def _along(scene: Scene, index: int, side: str) -> float:
    axis, sign = DIRECTIONS[side]
    return sign * scene.objects[index].position[axis]


def _fulfilling(selection: Selection, scene: Scene) -> list[int]:
    """Blocks that fulfil every condition but the rank."""
    things = scene.objects
    counts = Counter(things[i].color for i in blocks_of(scene))
    layout = Layout(scene)
    other = None if selection.reference is None else referent(selection.reference, scene)
    if selection.reference is not None and other is None:
        return []

    def fulfils(i: int) -> bool:
        thing = things[i]
        tests = {
            "colors": lambda: thing.color in selection.colors,
            "excluded_colors": lambda: thing.color not in selection.excluded_colors,
            "size": lambda: thing.size == selection.size,
            "excluded_size": lambda: thing.size != selection.excluded_size,
            "parity": lambda: (counts[thing.color] % 2 == 0) == (selection.parity == "even"),
            "frequency": lambda: (
                counts[thing.color] == (max if selection.frequency == "most" else min)(counts.values())
            ),
            "area": lambda: layout.inside(i, selection.area),
            "excluded_area": lambda: not layout.inside(i, selection.excluded_area),
            "rest": lambda: i != other and _rests(layout, i, selection.rest, other),
            "side": lambda: i != other and _along(scene, i, selection.side) > _along(scene, other, selection.side),
        }
        return all(tests[name]() for name in selection.conditions() - {"count", "rank"})

    return [i for i in blocks_of(scene) if fulfils(i)]


def _rests(layout: Layout, index: int, rest: str, other: int) -> bool:
    """Block ``index`` lies in or on thing ``other``, at any height of a pile, or under it."""
    if rest == "under":
        index, other = other, index
    seen = index
    while seen in layout.below:
        seen = layout.below[seen]
        if seen == other:
            return True
    return layout.at(index, other) if layout.kinds[other] != BLOCK else False

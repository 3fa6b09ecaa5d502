"""Blocks that a selection means in a scene, and whether anybody could dispute it."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np

from moe3d_ros.tabletop.composing.task_form import Reference, Selection
from moe3d_ros.tabletop.rules.layout import OFF_SHARE, Layout
from moe3d_ros.tabletop.rules.success import ZONE_SHARE, footprint
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.single_step import MARGIN
from moe3d_ros.world.areas import DIRECTIONS, in_area
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import KIND

BORDER = 0.015  # metres from an area's border within which it is disputable where a block lies


def blocks_of(layout: Layout) -> list[int]:
    """Indices of the scene's blocks."""
    return [i for i, kind in enumerate(layout.kinds) if kind == BLOCK]


def find(layout: Layout, kind: str, color: str = "", size: str = "") -> list[int]:
    """Indices of the things of a kind, of a colour and a size where these are given."""
    return [
        i
        for i, thing in enumerate(layout.scene.objects)
        if thing.kind == kind and color in ("", thing.color) and size in ("", thing.size)
    ]


def selected(selection: Selection, scene: Scene, layout: Layout | None = None) -> list[int]:
    """Indices of the blocks that a selection means in the scene as it is; its count is not resolved.

    Args:
        layout: of the scene, where it is known already.
    """
    layout = layout or Layout(scene)
    found = _placed(selection, layout, _of_looks(selection, layout))
    if selection.rank:
        return _ranked(selection, layout, found)[selection.rank - 1 : selection.rank]
    return found


def clear(selection: Selection, scene: Scene, layout: Layout | None = None) -> bool:
    """True if nobody could dispute which blocks a selection means: no ties, nothing at a border, its reference unique."""
    layout = layout or Layout(scene)
    candidates = _of_looks(selection, layout)
    if selection.frequency and len(_rare_or_common(selection, layout)) > 1:
        return False
    if selection.reference is not None:
        references = find(layout, selection.reference.kind, selection.reference.color)
        if len(references) != 1:
            return False
        (reference,) = references
        candidates = [i for i in candidates if i != reference]
        if selection.rest and not _rest_is_clear(selection.rest, layout, candidates, reference):
            return False
        if selection.side and any(abs(_beside(layout, selection.side, i, reference)) < MARGIN for i in candidates):
            return False
    for area in filter(None, (selection.area, selection.excluded_area)):
        if any(at_border(layout, i, area) for i in candidates):
            return False
    return not selection.rank or _rank_is_clear(selection, layout)


def at_border(layout: Layout, index: int, area: str) -> bool:
    """True if a thing lies so near to a border of an area that it is disputable whether it lies in it."""
    scene = layout.scene
    low, high = scene.workspace.low[:2], scene.workspace.high[:2]
    position = np.array(scene.objects[index].position[:2])
    shifts = BORDER * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    return len({in_area(np.clip(position + shift, low, high), area, scene.workspace) for shift in shifts}) > 1


def _of_looks(selection: Selection, layout: Layout) -> list[int]:
    """The blocks that fulfil the conditions on colour and size."""
    objects = layout.scene.objects
    blocks = blocks_of(layout)
    number = Counter(objects[i].color for i in blocks)
    colors = set(number)
    if selection.colors:
        colors &= set(selection.colors)
    colors -= set(selection.excluded_colors)
    if selection.parity:
        colors = {color for color in colors if number[color] % 2 == (selection.parity == "odd")}
    if selection.frequency:
        colors &= set(_rare_or_common(selection, layout))
    return [
        i
        for i in blocks
        if objects[i].color in colors
        and selection.size in ("", objects[i].size)
        and (not selection.excluded_size or objects[i].size != selection.excluded_size)
    ]


def _rare_or_common(selection: Selection, layout: Layout) -> list[str]:
    """The colours that occur most often, or least often, among all blocks."""
    number = Counter(layout.scene.objects[i].color for i in blocks_of(layout))
    extreme = (max if selection.frequency == "most" else min)(number.values(), default=0)
    return [color for color, count in number.items() if count == extreme]


def _placed(selection: Selection, layout: Layout, found: list[int]) -> list[int]:
    """Those of the blocks that fulfil the conditions on where they are."""
    if selection.area:
        found = [i for i in found if layout.inside(i, selection.area)]
    if selection.excluded_area:
        found = [i for i in found if not layout.inside(i, selection.excluded_area)]
    if selection.reference is None:
        return found
    reference = _reference(layout, selection.reference)
    if reference is None:
        return []
    if selection.rest:
        found = [i for i in found if _rests(selection.rest, layout, i, reference)]
    if selection.side:
        found = [i for i in found if i != reference and _beside(layout, selection.side, i, reference) > 0]
    return found


def _reference(layout: Layout, reference: Reference) -> int | None:
    """Index of the thing that is told by its colour and kind; None if there is none."""
    return next(iter(find(layout, reference.kind, reference.color)), None)


def _rests(rest: str, layout: Layout, index: int, reference: int) -> bool:
    """True if a block lies in or on the reference, or under it, other blocks in between included."""
    if rest == "under":
        return index in layout.under(reference)
    return reference in layout.under(index)


def _beside(layout: Layout, side: str, index: int, reference: int) -> float:
    """Distance in metres by which a block lies to the side of the reference; negative: on the other side."""
    axis, sign = DIRECTIONS[side]
    objects = layout.scene.objects
    return float(sign * (objects[index].position[axis] - objects[reference].position[axis]))


def _rest_is_clear(rest: str, layout: Layout, candidates: list[int], reference: int) -> bool:
    """No block lies half on a zone; what lies on a block lies on it directly, what lies under one too."""
    objects = layout.scene.objects
    if KIND[layout.kinds[reference]].flat:
        for i in candidates:
            if layout.apart[i, reference] < 0.2 and not set(layout.under(i)) & set(candidates):
                share = share_inside(footprint(objects[i]), footprint(objects[reference]))
                if OFF_SHARE < share < ZONE_SHARE:
                    return False
        return True
    if layout.kinds[reference] != BLOCK:
        return True
    met = [i for i in candidates if _rests(rest, layout, i, reference)]
    direct = layout.on(reference) if rest == "on" else [layout.below.get(reference)]
    return all(i in direct for i in met)


def _ranked(selection: Selection, layout: Layout, found: list[int]) -> list[int]:
    """Blocks in the order in which they are counted from ``rank_side``."""
    axis, sign = DIRECTIONS[selection.rank_side]
    return sorted(found, key=lambda i: -sign * layout.scene.objects[i].position[axis])


def _rank_is_clear(selection: Selection, layout: Layout) -> bool:
    """The n-th and those before and after it are apart by the margin, and there are more than one to count."""
    found = _ranked(selection, layout, _placed(selection, layout, _of_looks(selection, layout)))
    if len(found) <= max(selection.rank - 1, 1):
        return False
    axis = DIRECTIONS[selection.rank_side][0]
    along = [layout.scene.objects[i].position[axis] for i in found[: selection.rank + 1]]
    return all(abs(a - b) > MARGIN for a, b in itertools.pairwise(along))

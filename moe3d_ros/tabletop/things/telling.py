"""Tellings: what people say of things to single them out, and the things that it can only mean in a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.things.measures import BY_LOOK, Extents, extreme, middle_one, nearest_to, ranked
from moe3d_ros.world.areas import DIRECTIONS
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.kinds import BLOCK, OBJECT
from moe3d_ros.world.side_spots import is_between
from moe3d_ros.world.vocabulary import KIND, ROUND_SHAPES

THING = OBJECT  # as a kind of telling: anything may be called so
BOX = "box"  # as a kind of telling: a word for things, said where all of them are boxes
SQUARE = 1.15  # length over width of what might be round, as far as its extents tell
BORDER = 0.03  # metres by which something lies in its half of the table, so that nobody could dispute it
NEAR = 0.1  # metres between the rims of things, up to which one is still next to the other
OFF_LINE = 0.07  # metres from the line between two things beyond which something is clearly not between them
Landmark = tuple[str, str]  # colour and kind


@dataclass(frozen=True)
class Telling:
    """Words' meaning, apart from the words.

    Attributes:
        construct: how they are told, one of ONE, or of SEVERAL.
        kind: of the things; THING: whatever can be moved.
        color: that they have, where it is said; for `other` and `but_color` the one that they have not.
        side: of the table: left, right, near, far.
        rank: from that side, from 1.
        look: a key of `measures.BY_LOOK`.
        landmark, second: things that they are told by.
    """

    construct: str
    kind: str = THING
    color: str = ""
    side: str = ""
    rank: int = 0
    look: str = ""
    landmark: Landmark = ("", "")
    second: Landmark = ("", "")

    @property
    def several(self) -> bool:
        """They are spoken of as several things."""
        return self.construct in SEVERAL

    @property
    def by_place(self) -> bool:
        """Moving things changes what it means."""
        return self.construct in BY_PLACE


ONE = (
    "color", "extreme", "rank", "look", "look_color", "near", "half", "half_color", "other", "middle", "between", "rest", "sole",
)  # fmt: skip
SEVERAL = ("all", "all_color", "all_half", "but_color", "both", "all_rest")
BY_PLACE = ("extreme", "rank", "near", "half", "half_color", "middle", "between", "rest", "all_half", "all_rest")


def named(scene: Scene, landmark: Landmark) -> int | None:
    """Index of the only thing of a colour and kind; without a colour the only one of its kind; None if it is not the only one."""
    color, kind = landmark
    found = [i for i, o in enumerate(scene.objects) if o.kind == kind and color in ("", o.color)]
    return found[0] if len(found) == 1 else None


def meant(telling: Telling, scene: Scene) -> tuple[int, ...] | None:
    """Indices of the things that a telling means in a scene, in order; None where people could disagree, or nothing is meant.

    "Things" may be the everyday things, all that can be moved, or all that stands on the table: every reading of the word
    must give the same.
    """
    told_by = (
        []
        if not telling.landmark[1]
        else [named(scene, mark) for mark in (telling.landmark, telling.second) if mark[1]]
    )
    if None in told_by:
        return None
    marks = [index for index in told_by if index is not None]
    if telling.kind == BOX and not all(_is_box(scene, i) for i in range(len(scene.objects))):
        return None
    answers = {_found(telling, scene, group, marks) for group in _readings(telling.kind, scene, marks)}
    if len(answers) != 1:
        return None
    (answer,) = answers
    if not answer or any(not scene.objects[i].traits.piled for i in answer):
        return None
    return answer


def _is_box(scene: Scene, index: int) -> bool:
    """True for what is no everyday thing, or certainly a box by its extents."""
    thing = scene.objects[index]
    x, y = sorted(thing.half_extents[:2])
    return thing.kind not in (OBJECT, BLOCK) or (thing.kind == OBJECT and y > SQUARE * x)


def _readings(kind: str, scene: Scene, marks: Sequence[int]) -> list[list[int]]:
    """Groups that the word for the things may speak of, without those by which they are told."""
    things = [(i, o) for i, o in enumerate(scene.objects) if i not in marks]
    if kind not in (THING, BOX):
        return [[i for i, o in things if o.kind == kind]]
    everyday = [i for i, o in things if o.kind == OBJECT]
    movable = [i for i, o in things if o.traits.piled]
    solid = [i for i, o in things if not o.traits.flat]
    return [everyday or movable, movable, solid]


def _found(telling: Telling, scene: Scene, group: list[int], marks: Sequence[int]) -> tuple[int, ...] | None:
    """The meaning for one reading; None where it is disputable."""
    if telling.several:
        return _several(telling, scene, group, marks)
    one = _one(telling, scene, group, marks)
    return None if one is None else (one,)


def _one(telling: Telling, scene: Scene, group: list[int], marks: Sequence[int]) -> int | None:
    construct, side = telling.construct, telling.side
    if construct == "sole":
        return group[0] if len(group) == 1 else None
    if construct == "other":
        rest = [i for i in group if scene.objects[i].color != telling.color]
        return rest[0] if len(group) == 2 and len(rest) == 1 else None
    if telling.color:
        group = [i for i in group if scene.objects[i].color == telling.color]
    if construct == "color":
        return group[0] if len(group) == 1 else None
    if construct in ("half", "half_color"):
        inside = _in_half(scene, group, side)
        return inside[0] if inside is not None and len(inside) == 1 and len(group) > 1 else None
    if construct == "rest":
        lying = _resting(scene, group, marks[0])
        return lying[0] if len(lying) == 1 else None
    if construct == "between":
        return _between(scene, group, marks)
    if len(group) < 2:
        return None
    things = Extents(scene, group)
    found: int | None
    if construct == "extreme":
        found = extreme(things, side)
    elif construct == "rank":
        found = ranked(things, side, telling.rank) if len(group) > 2 else None
    elif construct == "middle":
        found = middle_one(things)
    elif construct == "near":
        mark = scene.objects[marks[0]]
        radius = float(circle_radius(mark.half_extents, mark.shape in ROUND_SHAPES))
        found = nearest_to(things, np.array(mark.position[:2]), radius)
        if found is not None and not _beside(things, found, np.array(mark.position[:2]), radius):
            return None
    elif construct in ("look", "look_color"):
        found = BY_LOOK[telling.look](things)
    else:
        raise ValueError(f"{construct!r} is no way to tell a thing")
    return None if found is None else group[found]


def _beside(things: Extents, found: int, place: np.ndarray, radius: float) -> bool:
    """True if a thing stands near a circle around a place, and not in it or on it."""
    away = float(np.hypot(*(things.center[found, :2] - place)))
    return away > radius and away - radius - things.radius[found] < NEAR


def _several(telling: Telling, scene: Scene, group: list[int], marks: Sequence[int]) -> tuple[int, ...] | None:
    construct, color = telling.construct, telling.color
    same = [i for i in group if scene.objects[i].color == color]
    if construct == "all":
        return tuple(group) if len(group) > 1 else None
    if construct == "both":
        if len(group) == 2 and not color:
            return tuple(group)
        return tuple(same) if color and len(same) == 2 else None
    if construct == "all_color":
        return tuple(same) if len(same) > 1 else None
    if construct == "but_color":
        rest = [i for i in group if i not in same]
        return tuple(rest) if len(same) == 1 and len(rest) > 1 else None
    if construct == "all_half":
        inside = _in_half(scene, same if color else group, telling.side)
        return tuple(inside) if inside else None
    if construct == "all_rest":
        return tuple(_resting(scene, group, marks[0])) or None
    raise ValueError(f"{construct!r} is no way to tell things")


def _in_half(scene: Scene, group: list[int], side: str) -> list[int] | None:
    """Those of the group that lie in a half of the table; None where one is too near to its border to say."""
    axis, sign = DIRECTIONS[side]
    middle = scene.workspace.center[axis]
    inside = []
    for i in group:
        along = sign * (scene.objects[i].position[axis] - middle)
        if abs(along) < BORDER:
            return None
        if along > 0:
            inside.append(i)
    return inside


def _resting(scene: Scene, group: list[int], mark: int) -> list[int]:
    """Those of the group that lie directly on or in a thing."""
    below = supports(scene)
    return [i for i in group if below.get(i) == mark or (KIND[scene.objects[mark].kind].flat and _over(scene, i, mark))]


def _over(scene: Scene, index: int, zone: int) -> bool:
    """True if a thing's middle lies over a zone."""
    thing, goal = scene.objects[index], scene.objects[zone]
    return bool(np.hypot(*np.subtract(thing.position[:2], goal.position[:2])) < min(goal.half_extents[:2]))


def _between(scene: Scene, group: list[int], marks: Sequence[int]) -> int | None:
    """The only thing between two others, where all others clearly are elsewhere."""
    start, end = (np.array(scene.objects[i].position[:2]) for i in marks)
    line = end - start
    length = float(np.hypot(*line))
    if length < 0.12:
        return None
    inside = []
    for i in group:
        place = np.array(scene.objects[i].position[:2])
        along = float((place - start) @ line) / length
        off = abs(float(line[0] * (place - start)[1] - line[1] * (place - start)[0])) / length
        if is_between(place, start, end):
            inside.append(i)
        elif -0.02 < along < length + 0.02 and off < OFF_LINE:
            return None
    return inside[0] if len(inside) == 1 else None

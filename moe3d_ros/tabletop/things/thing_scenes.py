"""Tables with everyday things: boxes and cylinders of any size, close together, touching, stacked, beside blocks, bowls and zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import shade, table_color
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.kinds import BLOCK, BOWL, OBJECT, ZONE
from moe3d_ros.world.vocabulary import (
    BLOCK_EDGES,
    BOWL_FLOOR_HEIGHT,
    BOWL_RADIUS,
    COLOR_NAMES,
    KIND,
    ROUND_SHAPES,
    SIZE_NAMES,
    ZONE_HALF,
    ZONE_HEIGHT,
)
from moe3d_ros.world.workspace import Workspace

HALF, HALF_HEIGHT = (0.01, 0.12), (0.005, 0.125)  # metres, least and greatest
CUBE_EDGES, CUBE_SKEW = (0.033, 0.067), 0.18  # what looks like a block of the kind block is none of the things
OBLONG = 1.2  # length over width of what certainly is a box
GAPS = (0.0015, 0.008, 0.02)  # metres between things, of which a scene has one
TRIES, CANDIDATES = 4, 24
IN_BOWL, ON_ZONE = 0.035, 0.06  # metres: radius of what fits there
STACKED, TOUCHING, SETTLED = 0.2, 0.15, 0.25  # shares of scenes with such things
LOOKS = {  # that one thing is to have: families of that one, and of the others
    "tallest": (("pole", "can"), ("box", "slab", "bar", "can", "disc")),
    "lowest": (("slab", "disc", "bar"), ("box", "pole", "can", "can")),
    "biggest": (("box",), ("box", "slab", "pole", "bar", "can")),
    "smallest": (("box", "can"), ("box", "slab", "pole", "can", "disc")),
    "flattest": (("slab", "disc"), ("box", "slab", "pole", "bar", "can")),
    "flat": (("slab", "disc"), ("box", "pole", "can")),
    "longest": (("bar",), ("box", "pole", "can", "can", "disc")),
    "slender": (("bar",), ("cube", "cube", "tub")),
    "thinnest": (("bar", "pole"), ("box", "can", "can")),
}
FAMILIES = ("box", "box", "slab", "pole", "bar", "can", "can", "disc")
ROUND_FAMILIES = ("can", "disc", "tub")


@dataclass(frozen=True)
class Contents:
    """Order for a table.

    Attributes:
        things: number of everyday things. blocks, bowls, zones: of those.
        colors: of the things and blocks, each drawn from it. places: colours of bowls and zones, no two of a kind alike.
        settled: some things lie in bowls and on zones. boxes: all things are certainly boxes by their extents.
        look: a key of LOOKS that one of the things is likely to have.
        between: colours and kinds of two things that one is put between.
    """

    things: int
    blocks: int
    bowls: int
    zones: int
    colors: tuple[str, ...]
    places: tuple[str, ...]
    settled: bool = False
    boxes: bool = False
    look: str = ""
    between: tuple[tuple[str, str], ...] = ()


def random_contents(
    rng: np.random.Generator,
    colors: Sequence[str] = COLOR_NAMES,
    few: bool = False,
    kinds: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> Contents:
    """A random order for a table.

    Args:
        few: two to five movable things.
        kinds: of which there must be one at least. kept: colours that must be among those of the things.
    """
    most = 5 if few else 12
    draw = rng.random()
    things = int(rng.integers(2, most + 1)) if draw < 0.9 or OBJECT in kinds else 0
    room = most - things
    blocks = int(rng.integers(1, min(room, 5) + 1)) if room and (rng.random() < 0.3 or not things) else 0
    blocks = max(blocks, int(BLOCK in kinds))
    bowls, zones = (int(rng.integers(1, 4)) if rng.random() < 0.4 or kind in kinds else 0 for kind in (BOWL, ZONE))
    palette = [str(color) for color in rng.permutation(list(colors))]
    number = int(rng.choice((1, 2, 3, len(palette)), p=(0.08, 0.17, 0.25, 0.5)))
    mine = tuple(dict.fromkeys((*kept, *palette[:number])))
    return Contents(things, blocks, bowls, zones, mine, tuple(str(color) for color in rng.permutation(list(colors))))


def thing_scene(rng: np.random.Generator, contents: Contents) -> Scene:
    """A random table; what finds no room on it is left out."""
    gap = float(rng.choice(GAPS))
    drawn = _drawn(rng, contents)
    order = sorted(range(len(drawn)), key=lambda i: -_radius(drawn[i]))
    piles, settled = rng.random() < STACKED, rng.random() < SETTLED or contents.settled
    touching = rng.random() < TOUCHING
    standing: list[SceneObject] = []
    borne: set[int] = set()
    for i in order:
        thing = drawn[i]
        put = None
        draw = rng.random()
        if thing.traits.piled and settled and draw < 0.5:
            put = _settled(thing, standing, borne, rng)
        elif thing.kind == OBJECT and piles and draw < 0.4:
            put = _stacked(thing, standing, borne, rng)
        elif thing.kind == OBJECT and touching and draw < 0.5:
            put = _touching(thing, standing, gap, rng)
        put = put or _placed(thing, standing, gap, rng)
        if put is not None:
            standing.append(put)
    if contents.between:
        standing = _between(standing, contents.between, gap, rng)
    number = [int(i) for i in rng.permutation(len(standing))]
    return Scene(tuple(standing[i] for i in number), table_color(rng))


def _drawn(rng, contents: Contents) -> list[SceneObject]:
    """The things of an order, in the middle of nowhere."""
    one, others = LOOKS.get(contents.look, (FAMILIES, FAMILIES))
    found = [
        _thing(rng, str(rng.choice(contents.colors)), contents.boxes, one if number == 0 else others)
        for number in range(contents.things)
    ]
    for _ in range(contents.blocks):
        size = SIZE_NAMES[int(rng.random() < 0.35)]
        half = BLOCK_EDGES[SIZE_NAMES.index(size)] / 2 * float(rng.uniform(0.95, 1.05))
        found.append(_made(rng, BLOCK, str(rng.choice(contents.colors)), (half,) * 3, "box", size))
    for kind, number in ((BOWL, contents.bowls), (ZONE, contents.zones)):
        for color in contents.places[:number]:
            scale = float(rng.uniform(0.95, 1.05))
            bowl = (BOWL_RADIUS * scale, BOWL_RADIUS * scale, float(rng.uniform(0.03, 0.04)) / 2)
            half3 = bowl if kind == BOWL else (ZONE_HALF * scale, ZONE_HALF * scale, ZONE_HEIGHT / 2)
            found.append(_made(rng, kind, color, half3, KIND[kind].shape))
    return found


def _thing(rng, color: str, boxes: bool, families: Sequence[str]) -> SceneObject:
    """An everyday thing of some family: no cube that is as large as a block."""
    while True:
        family = str(rng.choice(families))
        x, y, z = _half_of(family, rng)
        edges = np.array((x, y, z)) * 2
        cube = edges.max() / edges.min() < 1 + CUBE_SKEW and CUBE_EDGES[0] < edges.mean() < CUBE_EDGES[1]
        if boxes and (family in ROUND_FAMILIES or max(x, y) < OBLONG * min(x, y)):
            continue
        if not (cube and family in ("box", "cube")):
            return _made(rng, OBJECT, color, (x, y, z), "cylinder" if family in ROUND_FAMILIES else "box")


def _half_of(family: str, rng) -> tuple[float, float, float]:
    """Half extents of a thing of a family: the first is no longer than the second for half of the boxes."""

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    if family in ("can", "disc"):
        radius = between(0.012, 0.05) if family == "can" else between(0.03, 0.1)
        height = between(0.02, HALF_HEIGHT[1]) if family == "can" else between(HALF_HEIGHT[0], 0.02)
        return radius, radius, height
    if family == "tub":
        radius = between(0.02, 0.05)
        return radius, radius, radius * between(0.8, 1.3)
    if family == "cube":
        x = between(0.012, 0.05)
        return x, x * between(0.75, 1.33), x * between(0.8, 1.25)
    if family == "slab":
        return between(0.03, 0.1), between(0.03, 0.1), between(HALF_HEIGHT[0], 0.015)
    if family == "pole":
        return between(HALF[0], 0.03), between(HALF[0], 0.03), between(0.05, HALF_HEIGHT[1])
    if family == "bar":
        long, thin = between(0.05, HALF[1]), between(HALF[0], 0.02)
        across = (long, thin) if rng.random() < 0.5 else (thin, long)
        return (*across, between(0.007, 0.02))
    x = between(HALF[0], 0.09)
    return x, min(x * between(0.6, 1.7), HALF[1]), between(0.012, 0.09)


def _made(rng, kind: str, color: str, half, shape: str, size: str = "") -> SceneObject:
    yaw = 0.0 if shape in ROUND_SHAPES else float(rng.uniform(-np.pi / 4, np.pi / 4))
    return SceneObject(kind, color, size, (0.0, 0.0, half[2]), tuple(half), yaw, shape, shade(color, rng))


def _radius(thing: SceneObject) -> float:
    return float(circle_radius(thing.half_extents, thing.shape in ROUND_SHAPES))


def _at(thing: SceneObject, xy, bottom: float, **changes) -> SceneObject:
    place = (float(xy[0]), float(xy[1]), float(bottom) + thing.half_extents[2])
    return replace(thing, position=place, **changes)


def _room(xy: np.ndarray, radius: float, standing: Sequence[SceneObject], gap: float) -> np.ndarray:
    """Tell at which of the places (P, 2) a circle touches nothing that stands there -> bool (P,)."""
    free = np.ones(len(xy), bool)
    for other in standing:
        free &= np.hypot(*(xy - other.position[:2]).T) > radius + _radius(other) + gap
    return free


def _placed(thing: SceneObject, standing: Sequence[SceneObject], gap: float, rng) -> SceneObject | None:
    """The thing at a random free spot of the table."""
    workspace = Workspace()
    radius = _radius(thing)
    reach = workspace.half_range[:2] - min(radius, 0.08)
    for _ in range(TRIES):
        spots = workspace.center[:2] + rng.uniform(-1, 1, (CANDIDATES, 2)) * reach
        free = _room(spots, radius, standing, gap)
        if free.any():
            return _at(thing, spots[free.argmax()], 0.0)
    return None


def _settled(thing: SceneObject, standing: Sequence[SceneObject], borne: set[int], rng) -> SceneObject | None:
    """The thing in a bowl or on a zone that is free and large enough."""
    radius = _radius(thing)
    fit = [
        i
        for i, other in enumerate(standing)
        if i not in borne and radius < {BOWL: IN_BOWL, ZONE: ON_ZONE}.get(other.kind, 0.0)
    ]
    if not fit:
        return None
    index = int(rng.choice(fit))
    borne.add(index)
    below = standing[index]
    bottom = BOWL_FLOOR_HEIGHT if below.kind == BOWL else below.top
    return _at(thing, np.add(below.position[:2], rng.uniform(-0.008, 0.008, 2)), bottom)


def _stacked(thing: SceneObject, standing: Sequence[SceneObject], borne: set[int], rng) -> SceneObject | None:
    """The thing on top of another one that is larger and bears nothing yet."""
    mine = max(thing.half_extents[:2])
    fit = [
        i
        for i, other in enumerate(standing)
        if i not in borne and other.kind == OBJECT and mine <= min(other.half_extents[:2])
    ]
    fit = [i for i in fit if standing[i].top + 2 * thing.half_extents[2] < 0.28]
    if not fit:
        return None
    index = int(rng.choice(fit))
    borne.add(index)
    below = standing[index]
    slack = 0.2 * min(below.half_extents[:2])
    return _at(thing, np.add(below.position[:2], rng.uniform(-slack, slack, 2)), below.top)


def _between(standing: list[SceneObject], marks, gap: float, rng) -> list[SceneObject]:
    """The things with one of them between the marks, where these are there and leave room."""
    found = [[o for o in standing if o.kind == kind and color in ("", o.color)] for color, kind in marks]
    loose = [o for o in standing if o.traits.piled and all(o not in of for of in found)]
    if not loose or not all(found):
        return standing
    thing = loose[int(rng.integers(len(loose)))]
    rest = [o for o in standing if o is not thing]
    spot = np.mean([of[0].position[:2] for of in found], axis=0) + rng.uniform(-0.015, 0.015, 2)
    return [*rest, _at(thing, spot, 0.0)] if _room(spot[None], _radius(thing), rest, gap)[0] else standing


def _touching(thing: SceneObject, standing: Sequence[SceneObject], gap: float, rng) -> SceneObject | None:
    """The thing along a side of a box that stands there, a few millimetres from it or none."""
    boxes = [i for i, other in enumerate(standing) if other.kind == OBJECT and other.shape == "box"]
    if not boxes:
        return None
    below = int(rng.choice(boxes))
    other = standing[below]
    if other.position[2] - other.half_extents[2] > 1e-6:
        return None
    axis = int(rng.integers(2))
    apart = other.half_extents[axis] + thing.half_extents[axis] + float(rng.uniform(0.0, 0.004))
    turn = other.yaw + axis * np.pi / 2
    xy = np.add(other.position[:2], apart * float(rng.choice((-1, 1))) * np.array([np.cos(turn), np.sin(turn)]))
    inside = Workspace().contains((*xy, 0.01), -0.02)
    rest = [o for i, o in enumerate(standing) if i != below]
    if not inside or not _room(xy[None], _radius(thing), rest, gap)[0]:
        return None
    return _at(thing, xy, 0.0, yaw=other.yaw if thing.shape == "box" else 0.0)

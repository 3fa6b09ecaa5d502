"""Scenes to order: given things, laid out at random without overlap, some of them in an area or on another thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.scenes.support import resting_height
from moe3d_ros.world import kinds
from moe3d_ros.world.areas import in_quadrant
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.kinds import Kind
from moe3d_ros.world.vocabulary import (
    BLOCK_EDGES,
    BOWL_FLOOR_HEIGHT,
    BOWL_RADIUS,
    COLORS,
    KIND,
    SIZE_NAMES,
    ZONE_HALF,
    ZONE_HEIGHT,
)
from moe3d_ros.world.workspace import Workspace

SEEN_COLORS = ("blue", "red", "green", "yellow", "brown", "gray", "cyan")
UNSEEN_COLORS = ("orange", "purple", "pink", "white")
_CANDIDATES = 120


class NoRoom(ValueError):
    """The things do not fit on the table; draw again."""


@dataclass(frozen=True)
class Thing:
    """Order for one thing that is to stand on the table.

    Attributes:
        kind: of the kinds whose sizes are known here or in the table. color: a name. size: small or big, for sized kinds.
        area: quadrant that it must lie in; with a leading ``not `` that it must not lie in.
        on: index of the thing that it lies on or in.
    """

    kind: str
    color: str
    size: str = ""
    area: str = ""
    on: int | None = None

    @property
    def traits(self) -> Kind:
        """Traits of its kind."""
        return KIND[self.kind]


def arrange(things: list[Thing], rng: np.random.Generator, jitter: float = 0.0) -> Scene:
    """Lay ``things`` out at random; objects of the scene have their order.

    Args:
        jitter: sizes vary by this fraction.

    Raises:
        NoRoom: there is no room for them all.
    """
    halves = [_half(thing, rng, jitter) for thing in things]
    radii = [float(circle_radius(half, thing.traits.round)) for thing, half in zip(things, halves)]
    order = sorted((i for i, t in enumerate(things) if t.on is None), key=lambda i: (not things[i].area, -radii[i]))
    for _ in range(6):
        places = _places(things, radii, order, rng)
        if places is not None:
            break
    else:
        raise NoRoom(f"{len(things)} things do not fit on the table.")
    objects: list[SceneObject | None] = [None] * len(things)
    for i in order:
        yaw = float(rng.uniform(-np.pi / 4, np.pi / 4)) if not things[i].traits.round else 0.0
        objects[i] = _object(things[i], halves[i], (*places[i], halves[i][2]), yaw, rng)
    for i, thing in enumerate(things):
        if thing.on is not None:
            objects[i] = _on(thing, halves[i], objects, rng)
    return Scene(tuple(objects), table_color(rng))


def table_color(rng: np.random.Generator) -> tuple[int, int, int]:
    """A random table's colour, uint8 values: wood or grey."""
    wood = tuple(int(v) for v in np.array([90, 77, 66]) * rng.uniform(0.5, 1.5))
    grey = (int(rng.uniform(40, 160)),) * 3
    return wood if rng.random() < 0.6 else grey


def shade(color: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """A random shade of a named colour, uint8 values."""
    channels = np.array(COLORS[color]) * (1 + rng.uniform(-0.06, 0.06)) + rng.uniform(-6, 6, 3)
    return tuple(int(v) for v in channels.clip(0, 255).round())


def _half(thing: Thing, rng, jitter: float) -> tuple[float, float, float]:
    scale = 1 + jitter * rng.uniform(-1, 1)
    if thing.kind == kinds.BOWL:
        return BOWL_RADIUS * scale, BOWL_RADIUS * scale, float(rng.uniform(0.03, 0.04)) / 2
    if thing.traits.half is not None:
        x, y, z = (float(rng.uniform(*span)) for span in thing.traits.half)
        return x, x if thing.traits.round else y, z
    if thing.kind == kinds.ZONE:
        return ZONE_HALF * scale, ZONE_HALF * scale, ZONE_HEIGHT / 2
    return (BLOCK_EDGES[SIZE_NAMES.index(thing.size)] / 2 * scale,) * 3


def _places(things, radii, order, rng) -> dict[int, np.ndarray] | None:
    workspace = Workspace()
    center, reach = workspace.center[:2], workspace.half_range[:2]
    places: dict[int, np.ndarray] = {}
    for i in order:
        room = reach - min(radii[i], 0.08)
        points = center + rng.uniform(-1, 1, (_CANDIDATES, 2)) * room
        fits = np.ones(_CANDIDATES, dtype=bool)
        if things[i].area:
            name = things[i].area.removeprefix("not ")
            fits = in_quadrant(points, name, -0.03 if things[i].area != name else 0.03)
            fits = ~fits if things[i].area != name else fits
        for j, other in places.items():
            fits &= np.hypot(*(points - other).T) > radii[i] + radii[j] + 0.008
        if not fits.any():
            return None
        places[i] = points[fits.argmax()]
    return places


def _object(thing: Thing, half, position, yaw: float, rng) -> SceneObject:
    rgb = shade(thing.color, rng)
    position = tuple(float(v) for v in position)
    return SceneObject(
        thing.kind, thing.color, thing.size, position, tuple(map(float, half)), yaw, thing.traits.shape, rgb
    )


def _on(thing: Thing, half, objects, rng) -> SceneObject:
    """A block on or in a thing that is placed already, a few millimetres off its middle."""
    below = objects[thing.on]
    slack = 0.03 if below.traits.flat else 0.01 if below.traits.contains else 0.004
    x, y = np.array(below.position[:2]) + rng.uniform(-slack, slack, 2)
    ground = BOWL_FLOOR_HEIGHT if below.traits.contains else below.top
    yaw = below.yaw + rng.uniform(-0.15, 0.15) if below.traits.sized else rng.uniform(-np.pi / 4, np.pi / 4)
    laid = _object(thing, half, (x, y, ground + half[2]), float(yaw), rng)
    standing = Scene((laid, *(o for o in objects if o is not None)))
    return _object(thing, half, (x, y, resting_height(standing, 0, (x, y), ground) + half[2]), float(yaw), rng)

"""Families of things as people have them on tables, each drawn at random sizes; some are kept for evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.household import utensils
from moe3d_ros.tabletop.household.solids import (
    Mesh,
    Rng,
    between,
    box,
    cylinder,
    ellipsoid,
    joined,
    lathe,
    prism,
    sweep,
    turned,
)
from moe3d_ros.world.kinds import BOWL, OBJECT

_BLOCKLIKE = (
    0.033,
    0.072,
)  # edges in metres; a cube of such edges would be a block, and a column or row a pile of them


@dataclass(frozen=True)
class Family:
    """A sort of thing.

    Attributes:
        make: draws one, standing on the plane z = 0 around the origin.
        kind: of those of `world.kinds.TABLE` that plans speak of.
        round: its yaw means nothing when it stands.
        lies: share of them that lie on their side.
        flat: other things may stand on it.
        weight: how often it is drawn beside the others.
    """

    make: Callable[[Rng], Mesh]
    kind: str = OBJECT
    round: bool = False
    lies: float = 0.0
    flat: bool = False
    weight: float = 1.0


def _box(rng: Rng) -> Mesh:
    while True:
        least = 0.02 if rng.random() < 0.5 else 0.05  # many are packages
        x, y, z = (between(rng, least, 0.24) for _ in range(3))
        edges = sorted((x, y, z))
        if not (_BLOCKLIKE[0] < edges[0] and edges[1] < _BLOCKLIKE[1] and edges[1] < 1.25 * edges[0]):
            return box(x, y, z)


def _book(rng: Rng) -> Mesh:
    return box(between(rng, 0.12, 0.26), between(rng, 0.09, 0.19), between(rng, 0.008, 0.045))


def _gadget(rng: Rng) -> Mesh:
    x, y, z = between(rng, 0.08, 0.2), between(rng, 0.03, 0.08), between(rng, 0.008, 0.03)
    return joined(box(x, y, z), box(0.8 * x, 0.7 * y, 0.002).shifted(z=z).painted(1))


def _can(rng: Rng) -> Mesh:
    radius, height = between(rng, 0.018, 0.055), between(rng, 0.03, 0.2)
    lid = cylinder(0.9 * radius, 0.003).shifted(z=height).painted(1)
    return joined(cylinder(radius, height), lid) if rng.random() < 0.5 else cylinder(radius, height)


def _cone(rng: Rng) -> Mesh:
    radius = between(rng, 0.025, 0.07)
    return cylinder(radius, between(rng, 0.04, 0.2), top=radius * float(rng.uniform(0, 0.8)))


def _plate(rng: Rng) -> Mesh:
    radius, height = between(rng, 0.05, 0.13), between(rng, 0.008, 0.025)
    return lathe(
        ((0, 0), (0.6 * radius, 0), (radius, height), (0.97 * radius, height), (0.6 * radius, 0.004), (0, 0.004))
    )


def _bottle(rng: Rng) -> Mesh:
    radius, height = between(rng, 0.02, 0.05), between(rng, 0.12, 0.28)
    shoulder, neck = float(rng.uniform(0.45, 0.8)) * height, radius * float(rng.uniform(0.25, 0.6))
    lip = shoulder + float(rng.uniform(0.3, 0.8)) * (height - shoulder)
    body = lathe(((0, 0), (radius, 0), (radius, shoulder), (neck, lip), (neck, height), (0, height)))
    if rng.random() < 0.6:
        return joined(body, cylinder(1.15 * neck, 0.02).shifted(z=height - 0.018).painted(1))
    return body


def _hollow(base: float, rim: float, height: float, wall: float = 0.003) -> Mesh:
    """A vessel with a thin wall and a floor."""
    inner = rim - wall, base - wall
    return lathe(((0, 0), (base, 0), (rim, height), (inner[0], height), (inner[1], 0.004), (0, 0.004)))


def _cup(rng: Rng) -> Mesh:
    base = between(rng, 0.02, 0.042)
    return _hollow(base, base * float(rng.uniform(1.0, 1.5)), between(rng, 0.05, 0.14))


def _mug(rng: Rng) -> Mesh:
    base, height = between(rng, 0.028, 0.045), between(rng, 0.06, 0.12)
    rim, reach = base * float(rng.uniform(0.95, 1.2)), float(rng.uniform(0.02, 0.035))
    angle = np.linspace(-np.pi / 2, np.pi / 2, 7)
    x = (base + rim) / 2 - 0.004 + reach * np.cos(angle)
    handle = np.stack([x, np.zeros(7), height * (0.5 + 0.33 * np.sin(angle))], axis=-1)
    return joined(
        _hollow(base, rim, height), sweep(handle, float(rng.uniform(0.004, 0.007))).painted(int(rng.integers(2)))
    )


def _bowl(rng: Rng) -> Mesh:
    rim, wall = between(rng, 0.045, 0.12), 0.004
    height, foot = rim * float(rng.uniform(0.35, 0.8)), rim * float(rng.uniform(0.3, 0.6))
    bulge = foot + (rim - foot) * float(rng.uniform(0.55, 0.9))
    outside = ((0, 0), (foot, 0), (bulge, 0.4 * height), (rim, height))
    inside = ((rim - wall, height), (bulge - wall, 0.4 * height + 0.003), (foot - wall, wall), (0, wall))
    return lathe((*outside, *inside))


def _ball(rng: Rng) -> Mesh:
    radius = between(rng, 0.018, 0.075)
    return ellipsoid(radius, radius, radius)


def _fruit(rng: Rng) -> Mesh:
    x, y = between(rng, 0.025, 0.08), between(rng, 0.02, 0.05)
    return ellipsoid(x, y, y * float(rng.uniform(0.7, 1.1)))


def _stick(rng: Rng) -> Mesh:
    radius, length = between(rng, 0.005, 0.03), between(rng, 0.08, 0.26)
    return sweep(((-length / 2, 0, radius), (0, 0, radius), (length / 2, 0, radius)), radius, corners=12)


def _banana(rng: Rng) -> Mesh:
    bend, length, thick = rng.uniform(0.6, 1.8), between(rng, 0.1, 0.2), between(rng, 0.012, 0.022)
    angle = np.linspace(-bend / 2, bend / 2, 9)
    reach = length / bend
    path = np.stack([reach * np.sin(angle), reach * (np.cos(angle) - np.cos(bend / 4)), np.full(9, thick)], axis=-1)
    return sweep(path, thick * np.array([0.4, 0.75, 0.95, 1, 1, 1, 0.95, 0.75, 0.4]))


def _polygon(rng: Rng) -> Mesh:
    corners = int(rng.integers(3, 9))
    angle = 2 * np.pi * (np.arange(corners) + 0.3 * rng.random(corners)) / corners
    reach = between(rng, 0.025, 0.08) * rng.uniform(0.8, 1.1, corners)
    return prism(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1), between(rng, 0.012, 0.12))


def _hammer(rng: Rng) -> Mesh:
    length, thick = between(rng, 0.14, 0.26), between(rng, 0.008, 0.015)
    head, height = between(rng, 0.06, 0.11), float(rng.uniform(0.02, 0.035))
    handle = sweep(((-length, 0, thick), (-length / 2, 0, thick), (0, 0, thick)), thick)
    return joined(handle, box(height, head, height).painted(1)).shifted(x=length / 2)


def _angle_piece(rng: Rng) -> Mesh:
    long, short = between(rng, 0.06, 0.18), between(rng, 0.04, 0.12)
    wide, height = between(rng, 0.015, 0.04), between(rng, 0.015, 0.08)
    return joined(box(long, wide, height), box(wide, short, height).shifted(x=(long - wide) / 2, y=short / 2))


def _carton(rng: Rng) -> Mesh:
    x, y, z = between(rng, 0.04, 0.09), between(rng, 0.04, 0.09), between(rng, 0.1, 0.2)
    roof = prism(((-x / 2, 0), (x / 2, 0), (0, 0.35 * x)), y).moved(turned("x", np.pi / 2), (0, y / 2, z))
    return joined(box(x, y, z), roof.painted(int(rng.integers(2))))


def _cake(rng: Rng) -> Mesh:
    """Things on one another that belong together: a toy, a jar with its lid, a lamp."""
    parts, z, radius = [], 0.0, between(rng, 0.025, 0.07)
    for number in range(int(rng.integers(2, 5))):
        height = between(rng, 0.012, 0.07)
        square = rng.random() < 0.3
        solid = box(1.7 * radius, 1.7 * radius, height) if square else cylinder(radius, height)
        parts.append(solid.shifted(z=z).painted(number % 2))
        z, radius = z + height, radius * float(rng.uniform(0.55, 1.15))
    return joined(*parts)


def _tray(rng: Rng) -> Mesh:
    x, y, wall, height = between(rng, 0.1, 0.24), between(rng, 0.08, 0.18), 0.006, between(rng, 0.02, 0.08)
    sides = [box(x, wall, height).shifted(y=s * (y - wall) / 2) for s in (-1, 1)]
    sides += [box(wall, y, height).shifted(x=s * (x - wall) / 2) for s in (-1, 1)]
    return joined(box(x, y, wall), *sides)


def _teapot(rng: Rng) -> Mesh:
    radius, height = between(rng, 0.045, 0.07), between(rng, 0.07, 0.12)
    body = lathe(((0, 0), (0.7 * radius, 0), (radius, 0.45 * height), (0.5 * radius, height), (0, height)))
    spout = sweep(
        ((0.8 * radius, 0, 0.35 * height), (1.4 * radius, 0, 0.6 * height), (1.7 * radius, 0, 0.95 * height)),
        (0.014, 0.01, 0.007),
    )
    angle = np.linspace(-np.pi / 2, np.pi / 2, 7)
    path = np.stack(
        [-0.8 * radius - 0.035 * np.cos(angle), np.zeros(7), height * (0.5 + 0.35 * np.sin(angle))], axis=-1
    )
    knob = ellipsoid(0.012, 0.012, 0.01).shifted(z=height)
    return joined(body, spout, sweep(path, 0.006), knob.painted(1))


def _car(rng: Rng) -> Mesh:
    long, wide, high = between(rng, 0.08, 0.16), between(rng, 0.04, 0.07), between(rng, 0.02, 0.035)
    wheel = high * 0.55
    body = box(long, wide, high).shifted(z=wheel)
    cabin = box(0.5 * long, 0.85 * wide, high).shifted(x=-0.05 * long, z=wheel + high).painted(1)
    wheels = [
        cylinder(wheel, 0.012).moved(turned("x", np.pi / 2), (i * 0.3 * long, j * wide / 2 + 0.006, wheel)).painted(1)
        for i in (-1, 1)
        for j in (-1, 1)
    ]
    return joined(body, cabin, *wheels)


def _screwdriver(rng: Rng) -> Mesh:
    grip, shaft, thick = between(rng, 0.07, 0.11), between(rng, 0.07, 0.14), between(rng, 0.01, 0.016)
    handle = sweep(((0, 0, thick), (-grip / 2, 0, thick), (-grip, 0, thick)), (0.8 * thick, thick, 0.9 * thick))
    return joined(handle, sweep(((0, 0, thick), (shaft / 2, 0, thick), (shaft, 0, thick)), 0.004).painted(1))


def _vase(rng: Rng) -> Mesh:
    radius, height, waves = between(rng, 0.025, 0.055), between(rng, 0.1, 0.22), rng.uniform(1, 2.5)
    z = np.linspace(0, 1, 9)
    wave = radius * (1 + 0.35 * np.sin(2 * np.pi * waves * z / 2 + rng.uniform(0, 6)))
    return lathe(((0, 0), *zip(wave, height * z), (0.6 * wave[-1], height), (0, 0.02)))


def _ring(rng: Rng) -> Mesh:
    reach, thick = between(rng, 0.035, 0.08), between(rng, 0.008, 0.02)
    angle = np.linspace(0, 2 * np.pi, 20)
    return sweep(np.stack([reach * np.cos(angle), reach * np.sin(angle), np.full(20, thick)], axis=-1), thick)


def _star(rng: Rng) -> Mesh:
    points = int(rng.integers(4, 7))
    angle, reach = np.pi * np.arange(2 * points) / points, between(rng, 0.04, 0.08)
    radius = np.where(np.arange(2 * points) % 2, 0.45 * reach, reach)
    return prism(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1), between(rng, 0.015, 0.05))


FAMILIES = {
    "box": Family(_box, flat=True, weight=5.0),
    "book": Family(_book, flat=True, lies=0.15),
    "gadget": Family(_gadget),
    "can": Family(_can, round=True, lies=0.25, flat=True, weight=3.0),
    "cone": Family(_cone, round=True, lies=0.2),
    "plate": Family(_plate, round=True),
    "bottle": Family(_bottle, round=True, lies=0.3, weight=2.0),
    "cup": Family(_cup, round=True, lies=0.15, weight=1.5),
    "mug": Family(_mug, lies=0.1, weight=1.5),
    "bowl": Family(_bowl, kind=BOWL, round=True, weight=1.5),
    "ball": Family(_ball, round=True, weight=1.5),
    "fruit": Family(_fruit),
    "stick": Family(_stick),
    "banana": Family(_banana),
    "polygon": Family(_polygon, flat=True),
    "hammer": Family(_hammer, weight=2.0),
    "angle piece": Family(_angle_piece),
    "carton": Family(_carton, lies=0.1),
    "cake": Family(_cake, lies=0.2),
    "tray": Family(_tray),
    "spoon": Family(utensils.spoon, weight=2.0),
    "spatula": Family(utensils.spatula, weight=2.0),
    "knife": Family(utensils.knife, weight=2.0),
    "brush": Family(utensils.brush, weight=2.0),
    "wrench": Family(utensils.wrench, weight=2.0),
    "scissors": Family(utensils.scissors, weight=2.0),
    "pan": Family(utensils.pan, weight=2.0),
    "torch": Family(utensils.torch, weight=2.0),
    "pen": Family(utensils.pen, weight=3.0),
}
HELD_OUT = {  # never trained on
    "teapot": Family(_teapot),
    "car": Family(_car),
    "screwdriver": Family(_screwdriver),
    "vase": Family(_vase, round=True, lies=0.2),
    "ring": Family(_ring, round=True),
    "star": Family(_star, flat=True),
}

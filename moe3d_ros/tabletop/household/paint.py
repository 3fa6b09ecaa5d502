"""Paint of surfaces: a main colour with a name, and patterns in a second one (stripes, checks, halves, labels)."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, field, fields

import numpy as np

from moe3d_ros.world.vocabulary import COLOR_NAMES, COLORS

_PLAIN, _STRIPES, _CHECKS, _SPLIT, _PRINTED = range(5)
_SHARES = (0.45, 0.1, 0.08, 0.15, 0.22)
_INKS = 4  # colours of a print beside the main one
WOODS = ((139, 101, 66), (181, 142, 99), (94, 66, 44), (205, 178, 140))


@dataclass(frozen=True)
class Paint:
    """Surface colours of one part.

    A point is of ``rgb``, or of ``second`` where sin(w0 . p + f0) sin(w1 . p + f1) exceeds ``threshold``. On what is printed, cells
    of an edge ``cell``, bent by the waves, have one of the ``inks`` instead, as pictures and letters on a package do.

    Attributes:
        rgb, second: (3,) in [0, 1]. waves: (2, 3) radians per metre, in the thing's frame. phases: (2,) radians.
        gloss: 0 dull to 1, where light shines back and depth is lost.
        inks: (4, 3) in [0, 1]. cell: metres; 0 for no print. covered: share of the cells that are not of the main colour.
    """

    rgb: np.ndarray
    second: np.ndarray
    waves: np.ndarray
    phases: np.ndarray
    threshold: float
    gloss: float
    inks: np.ndarray = field(default_factory=lambda: np.zeros((_INKS, 3)))
    cell: float = 0.0
    covered: float = 0.0


def plain(rgb, gloss: float = 0.0) -> Paint:
    """One colour all over."""
    rgb = np.asarray(rgb, dtype=float)
    return Paint(rgb, rgb, np.zeros((2, 3)), np.zeros(2), 2.0, gloss)


def named_color(name: str, rng: np.random.Generator, spread: float = 1.0) -> np.ndarray:
    """A shade (3,) in [0, 1] that people would call by this name."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(np.array(COLORS[name]) / 255))
    if name in ("white", "gray"):
        saturation = float(np.clip(saturation + spread * rng.uniform(-0.02, 0.06), 0, 0.12))
        value = rng.uniform(0.86, 1.0) if name == "white" else rng.uniform(0.35, 0.72)
    elif name in ("brown", "pink"):
        saturation *= 1 + spread * rng.uniform(-0.2, 0.35)
        value *= 1 + spread * rng.uniform(-0.3 if name == "brown" else -0.08, 0.1)
    else:
        saturation += spread * rng.uniform(-0.15, 0.35) * (1 - saturation * 0.5)
        value *= 1 + spread * rng.uniform(-0.4, 0.15)
    hue += spread * rng.uniform(-0.015, 0.015)
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, float(np.clip(saturation, 0, 1)), float(np.clip(value, 0, 1))))


def dark(rng: np.random.Generator) -> np.ndarray:
    """Nearly black (3,); the nearest name that there is for it is gray."""
    return np.clip(rng.uniform(0.03, 0.16) + rng.normal(0, 0.01, 3), 0, 1)


def thing_paints(rng: np.random.Generator, parts: int, color: str = "") -> tuple[str, list[Paint]]:
    """Name of a thing's main colour, and a paint for each of its parts."""
    name = color or str(rng.choice(COLOR_NAMES))
    black = name == "gray" and not color and rng.random() < 0.5
    main = dark(rng) if black else named_color(name, rng)
    gloss = float(rng.uniform(0.3, 1)) if rng.random() < 0.25 else 0.0
    paints = [_patterned(main, _any(rng), rng, gloss)]
    for _ in range(parts - 1):
        paints.append(plain(main if rng.random() < 0.3 else _any(rng), gloss))
    return name, paints


def _any(rng: np.random.Generator) -> np.ndarray:
    return dark(rng) if rng.random() < 0.2 else named_color(str(rng.choice(COLOR_NAMES)), rng)


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.normal(size=3) if rng.random() < 0.3 else np.eye(3)[rng.integers(3)]
    return vector / np.linalg.norm(vector)


def _patterned(main, second, rng: np.random.Generator, gloss: float) -> Paint:
    """Main colour on more than half of the surface."""
    sort = rng.choice(len(_SHARES), p=_SHARES)
    if sort == _PLAIN:
        return plain(main, gloss)
    waves, phases = np.zeros((2, 3)), np.array([rng.uniform(0, 6.3), np.pi / 2])
    if sort == _PRINTED:
        waves = rng.normal(0, 40, (2, 3))
        inks = np.array([_any(rng) for _ in range(_INKS)])
        cell, covered = float(np.exp(rng.uniform(np.log(0.006), np.log(0.08)))), float(rng.uniform(0.15, 0.7))
        return Paint(main, second, waves, rng.uniform(0, 6.3, 2), 2.0, gloss, inks, cell, covered)
    if sort == _SPLIT:  # a label, a lid, a half
        waves[0] = _direction(rng) * rng.uniform(15, 40)
        return Paint(main, second, waves, phases, float(rng.uniform(0.3, 0.8)), gloss)
    waves[0] = _direction(rng) * rng.uniform(60, 300)
    if sort == _CHECKS:
        waves[1] = np.roll(waves[0], 1)
    return Paint(main, second, waves, phases, float(rng.uniform(0.1, 0.7)), gloss)


def table_paint(rng: np.random.Generator) -> Paint:
    """A table's top: plain, of wood with its grain, or a cloth with a pattern."""
    draw = rng.random()
    gloss = float(rng.uniform(0, 0.6)) * (rng.random() < 0.3)
    if draw < 0.45:
        shade = rng.uniform(0.05, 0.95)
        return plain(np.clip(shade + rng.normal(0, 0.04, 3), 0, 1), gloss)
    if draw < 0.75:
        wood = np.array(WOODS[rng.integers(len(WOODS))]) / 255 * rng.uniform(0.7, 1.15)
        waves = np.zeros((2, 3))
        waves[0, int(rng.random() < 0.5)] = rng.uniform(60, 250)
        waves[1, :2] = rng.normal(0, 8, 2)
        grain = np.clip(wood * rng.uniform(0.75, 0.95), 0, 1)
        return Paint(np.clip(wood, 0, 1), grain, waves, rng.uniform(0, 6, 2), float(rng.uniform(-0.2, 0.5)), gloss)
    waves = np.zeros((2, 3))
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(20, 200)
    waves[0, :2] = frequency * np.array([np.cos(angle), np.sin(angle)])
    waves[1, :2] = frequency * np.array([-np.sin(angle), np.cos(angle)]) * (rng.random() < 0.6)
    return Paint(
        _any(rng), _any(rng), waves, np.array([rng.uniform(0, 6), np.pi / 2]), float(rng.uniform(-0.3, 0.7)), gloss
    )


@dataclass(frozen=True)
class Palette:
    """Paints as arrays, one row each."""

    rgb: np.ndarray  # (P, 3)
    second: np.ndarray  # (P, 3)
    waves: np.ndarray  # (P, 2, 3)
    phases: np.ndarray  # (P, 2)
    threshold: np.ndarray  # (P,)
    gloss: np.ndarray  # (P,)
    inks: np.ndarray  # (P, 4, 3)
    cell: np.ndarray  # (P,)
    covered: np.ndarray  # (P,)

    @classmethod
    def of(cls, paints: list[Paint]) -> Palette:
        """Rows in the order of the paints."""
        return cls(**{entry.name: np.array([getattr(paint, entry.name) for paint in paints]) for entry in fields(cls)})

    def colors(self, row: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Colour of points (N, 3) of things' frames with the paint of these rows (N,) -> (N, 3) in [0, 1]."""
        angle = np.einsum("nwi,ni->nw", self.waves[row], points) + self.phases[row]
        wave = np.sin(angle)
        colors = np.where((wave.prod(-1) > self.threshold[row])[:, None], self.second[row], self.rgb[row])
        printed = np.flatnonzero(self.cell[row] > 0)
        if len(printed):
            own = row[printed]
            bent = points[printed] + 0.3 * self.cell[own, None] * wave[printed][:, [0, 1, 0]]
            number = _hashed(np.floor(bent / self.cell[own, None]).astype(np.int64), own)
            ink = self.inks[own, number % _INKS]
            colors[printed] = np.where(
                (number // _INKS % 1000 < 1000 * self.covered[own])[:, None], ink, colors[printed]
            )
        return colors


def _hashed(cell: np.ndarray, row: np.ndarray) -> np.ndarray:
    """A number of each cell (N, 3) of a paint (N,) that looks random -> (N,), not below 0."""
    mixed = cell[:, 0] * 73856093 ^ cell[:, 1] * 19349663 ^ cell[:, 2] * 83492791 ^ row * 2654435761
    mixed = (mixed ^ (mixed >> 13)) * 1274126177
    return np.abs(mixed ^ (mixed >> 16)) >> 3

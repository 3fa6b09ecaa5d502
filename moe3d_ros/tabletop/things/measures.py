"""Superlatives of things that nobody could dispute: by place and by extents, each by every way in which people see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.world.areas import DIRECTIONS
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.vocabulary import ROUND_SHAPES

PLACE_MARGIN = 0.025  # metres by which what is farthest to a side leads, with its middle and with its rim
HEIGHT_MARGIN, SHARE_MARGIN, VOLUME_MARGIN = 0.012, 1.2, 1.5
FLAT, UPRIGHT = 0.35, 0.6  # height over width of what is flat, and of what is certainly not
SLENDER, STOUT = 2.6, 1.7  # length over width of what is long and thin, and of what is certainly not
SUPERLATIVES = ("tallest", "lowest", "biggest", "smallest", "flattest", "longest", "thinnest")
EPITHETS = ("flat", "slender")


class Extents:
    """Places and extents of some things of a scene (n things), in their order."""

    def __init__(self, scene: Scene, indices: Sequence[int]) -> None:
        things = [scene.objects[i] for i in indices]
        self.center = np.array([thing.position for thing in things]).reshape(-1, 3)
        self.half = np.array([thing.half_extents for thing in things]).reshape(-1, 3)
        self.top = np.array([thing.top for thing in things])
        self.radius = circle_radius(self.half, [thing.shape in ROUND_SHAPES for thing in things])
        below = supports(scene)
        raised = [i for i in indices if i in below and not scene.objects[below[i]].traits.flat]
        self.raised = np.array([i in raised for i in indices], bool)

    @property
    def height(self) -> np.ndarray:
        """Of each thing (n,), metres."""
        return 2 * self.half[:, 2]

    def along(self, side: str) -> np.ndarray:
        """Distance of each thing's middle to a side of the table's middle (n,), metres."""
        axis, sign = DIRECTIONS[side]
        return sign * self.center[:, axis]


def _leader(values: np.ndarray, margin: float = 0.0, share: float = 1.0) -> int | None:
    """Index of what beats all others by a margin and by a share; None if nothing does, or there are no others."""
    if len(values) < 2:
        return None
    best = int(values.argmax())
    others = np.delete(values, best).max()
    return best if values[best] > others + margin and values[best] >= share * others else None


def _agreed(*found: int | None) -> int | None:
    """Index that all ways of seeing it agree on; None where they do not."""
    return found[0] if len(set(found)) == 1 else None


def extreme(things: Extents, side: str) -> int | None:
    """The thing that is farthest to a side: with its middle, with its rim, and for near and far from the robot too."""
    along = things.along(side)
    found = [_leader(along, PLACE_MARGIN), _leader(along + things.radius)]
    if side in ("near", "far"):
        away = np.hypot(*things.center[:, :2].T)
        found.append(_leader(away if side == "far" else -away, 0.01))
    return _agreed(*found)


def ranked(things: Extents, side: str, rank: int) -> int | None:
    """The thing that is the ``rank``-th from a side (from 1), clearly apart in that from those before and behind it."""
    along = things.along(side)
    if rank > len(along):
        return None
    order = np.argsort(-along)
    gaps = -np.diff(along[order])[: rank - 1 + (rank < len(along))]
    return int(order[rank - 1]) if (gaps > PLACE_MARGIN).all() else None


def middle_one(things: Extents) -> int | None:
    """The thing in the middle of an odd number of them: from left to right, and nearest to the middle of all."""
    number = len(things.center)
    if number < 3 or number % 2 == 0 or number > 7:
        return None
    away = np.hypot(*(things.center[:, :2] - things.center[:, :2].mean(axis=0)).T)
    return _agreed(ranked(things, "left", number // 2 + 1), _leader(-away, PLACE_MARGIN))


def nearest_to(things: Extents, place: np.ndarray, radius: float) -> int | None:
    """The thing nearest to a circle around ``place`` (2,), by its middle and by its rim."""
    away = np.hypot(*(things.center[:, :2] - place).T)
    return _agreed(_leader(-away, PLACE_MARGIN), _leader(-(away - things.radius - radius), 0.015))


def _tallest(things: Extents) -> int | None:
    share = _leader(things.height, HEIGHT_MARGIN, SHARE_MARGIN)
    return _agreed(share, _leader(things.top, HEIGHT_MARGIN))


def _lowest(things: Extents) -> int | None:
    return _agreed(
        _leader(-things.height, HEIGHT_MARGIN / 2, 1 / SHARE_MARGIN), _leader(-things.top, HEIGHT_MARGIN / 2)
    )


def _volumes(things: Extents) -> np.ndarray:
    return things.half.prod(axis=1)


def _sides(things: Extents) -> np.ndarray:
    """Area of the largest side of each."""
    x, y, z = things.half.T
    return np.maximum(x * y, np.maximum(x * z, y * z))


def _biggest(things: Extents) -> int | None:
    volume = _leader(_volumes(things), share=VOLUME_MARGIN)
    return _agreed(volume, _leader(_sides(things), share=SHARE_MARGIN), _leader(things.half.max(axis=1)))


def _smallest(things: Extents) -> int | None:
    least = [1 / _volumes(things), 1 / _sides(things), 1 / things.half.max(axis=1)]
    return _agreed(*(_leader(v, share=share) for v, share in zip(least, (VOLUME_MARGIN, SHARE_MARGIN, 1.05))))


def _flatness(things: Extents) -> np.ndarray:
    return things.half[:, 2] / things.half[:, :2].min(axis=1)


def _flattest(things: Extents) -> int | None:
    flat = _agreed(_leader(1 / things.height, share=SHARE_MARGIN), _leader(1 / _flatness(things), share=SHARE_MARGIN))
    return flat if flat is not None and _flatness(things)[flat] < FLAT else None


def _longest(things: Extents) -> int | None:
    level = things.half[:, :2].max(axis=1)
    return _agreed(_leader(level, 0.006, SHARE_MARGIN), _leader(things.half.max(axis=1), 0.006, SHARE_MARGIN))


def _thinnest(things: Extents) -> int | None:
    """The thing that is thinnest seen from above and from any side."""
    level, any_side = things.half[:, :2].min(axis=1), things.half.min(axis=1)
    return _agreed(_leader(1 / level, share=1.3), _leader(1 / any_side, share=1.1))


def _flat(things: Extents) -> int | None:
    return _only(_flatness(things) < FLAT, _flatness(things) > UPRIGHT)


def _slender(things: Extents) -> int | None:
    """The only thing that lies there long and thin; nothing else stands so either."""
    short, long = (np.sort(things.half, axis=1)[:, k] for k in (1, 2))
    lying = things.half[:, 2] < 1.2 * things.half[:, :2].min(axis=1)
    return _only((long > SLENDER * short) & lying, long < STOUT * short)


def _only(certain: np.ndarray, not_so: np.ndarray) -> int | None:
    """Index of the only thing that is certainly so, where all others certainly are not."""
    return int(certain.argmax()) if len(certain) > 1 and certain.sum() == 1 and (certain | not_so).all() else None


BY_LOOK: dict[str, Callable[[Extents], int | None]] = {
    "tallest": _tallest,
    "lowest": _lowest,
    "biggest": _biggest,
    "smallest": _smallest,
    "flattest": _flattest,
    "longest": _longest,
    "thinnest": _thinnest,
    "flat": _flat,
    "slender": _slender,
}

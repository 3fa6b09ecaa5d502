"""Random scenes with ramps, slots and racks: things that lie tilted, stand in niches, or are to be stood upright."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import NoRoom, shade, table_color
from moe3d_ros.tabletop.scenes.faces import face_frame
from moe3d_ros.tabletop.scenes.furniture import RACK_FLOOR, ramp_normal
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.world.geometry import matrix_to_quaternion
from moe3d_ros.world.kinds import BAR, BLOCK, BOWL, RACK, RAMP, SLOT, ZONE
from moe3d_ros.world.vocabulary import BOWL_RADIUS, COLOR_NAMES, KIND, ZONE_HALF, ZONE_HEIGHT
from moe3d_ros.world.workspace import Workspace

SLOPES = (np.deg2rad(15), np.deg2rad(30))  # of ramps
BAR_HALF = (0.0475, 0.016, 0.016)  # metres
SLOT_HALF = (0.043, 0.043, 0.025)  # a hole of 5 cm: 9 mm of play on either side of a bar
RACK_HALF = (0.04, 0.045, 0.035)
SMALL = 0.02  # half edge of the blocks on ramps and in racks, as of all small ones
BAR_TURN = np.deg2rad(40)  # most that a bar's long axis is turned off x, so that its near end is plain
EDGE = 0.01  # metres between a thing and the border of the workspace
_CANDIDATES = 150


@dataclass
class _Place:
    """A thing that needs room: its radius, circles (x, y, radius, in its own frame) that must stay free, and its yaw."""

    kind: str
    half: tuple[float, float, float]
    radius: float
    yaw: float = 0.0
    free: tuple = field(default=())
    at: np.ndarray | None = None


def sixd_scene(rng: np.random.Generator, colors=COLOR_NAMES, jitter: float = 0.05) -> Scene:
    """One random scene with at least one ramp, slot or rack.

    Args:
        colors: names to choose from.
        jitter: sizes vary by this fraction.
    """
    while True:
        try:
            return _scene(rng, colors, jitter)
        except NoRoom:
            continue


def _scene(rng, colors, jitter: float) -> Scene:
    def several(*shares: float) -> int:
        return int(rng.choice(len(shares), p=shares))

    ramps, racks, slots = several(0.2, 0.5, 0.3), several(0.4, 0.6), several(0.45, 0.55)
    if ramps + racks + slots == 0:
        ramps = 1
    bars = slots + several(0.85, 0.15) if slots else several(0.8, 0.2)
    places = [_ramp(rng, jitter) for _ in range(ramps)] + [_rack(rng, jitter) for _ in range(racks)]
    places += [_plain(SLOT, SLOT_HALF, rng, jitter) for _ in range(slots)] + [_bar(rng, jitter) for _ in range(bars)]
    places += [_bowl(rng, jitter) for _ in range(several(0.35, 0.45, 0.2))]
    places += [
        _plain(ZONE, (ZONE_HALF, ZONE_HALF, ZONE_HEIGHT / 2), rng, jitter) for _ in range(several(0.5, 0.4, 0.1))
    ]
    loose = several(0.15, 0.35, 0.3, 0.2)
    sizes = ["small" if rng.random() < 0.75 else "big" for _ in range(loose)]
    places += [_plain(BLOCK, ((SMALL if size == "small" else 0.03),) * 3, rng, jitter) for size in sizes]
    _lay_out(places, rng)

    palette = {kind: list(rng.permutation(colors)) for kind in (BLOCK, BAR, RAMP, RACK, SLOT, BOWL, ZONE)}
    objects: list[SceneObject] = []
    bearing: list[SceneObject] = []
    sizes_left = iter(sizes)
    for place in places:
        size = next(sizes_left) if place.kind == BLOCK else ""
        thing = _thing(place, palette[place.kind].pop(), size, rng)
        objects.append(thing)
        if place.kind == RACK and rng.random() < 0.9:
            bearing.append(_in_rack(thing, palette[BLOCK].pop(), rng, jitter))
        if (
            place.kind == RAMP
            and not any(b.orientation for b in bearing)
            and rng.random() < (0.6 if ramps == 1 else 0.85)
        ):
            bearing.append(_on_ramp(thing, palette[BLOCK].pop(), rng, jitter))
    if bearing and rng.random() < 0.3:  # a block on the table shares its colour with one that does not lie there
        loose_blocks = [i for i, o in enumerate(objects) if o.kind == BLOCK and o.size == "small"]
        if loose_blocks:
            index, twin = int(rng.choice(loose_blocks)), bearing[int(rng.integers(len(bearing)))]
            objects[index] = _painted(objects[index], twin.color, rng)
    mixed = [(objects + bearing)[i] for i in rng.permutation(len(objects) + len(bearing))]
    # What lies on or in something else comes behind it: where both share a patch, it is the smaller thing's.
    mixed.sort(key=lambda thing: thing.traits.movable)
    return Scene(tuple(mixed), table_color(rng))


def _scaled(half, rng, jitter: float) -> tuple[float, float, float]:
    scale = 1 + jitter * rng.uniform(-1, 1)
    return tuple(float(v * scale) for v in half)


def _plain(kind: str, half, rng, jitter: float) -> _Place:
    half = _scaled(half, rng, jitter)
    return _Place(kind, half, float(np.hypot(*half[:2])), float(rng.uniform(-np.pi / 4, np.pi / 4)))


def _bowl(rng, jitter: float) -> _Place:
    radius = BOWL_RADIUS * (1 + jitter * rng.uniform(-1, 1))
    return _Place(BOWL, (radius, radius, float(rng.uniform(0.015, 0.02))), radius)


def _ramp(rng, jitter: float) -> _Place:
    length, width = 0.075 * (1 + jitter * rng.uniform(-1, 1)), 0.06 * (1 + jitter * rng.uniform(-1, 1))
    half = (length, width, length * float(np.tan(rng.uniform(*SLOPES))))
    return _Place(RAMP, half, float(np.hypot(length, width)), float(rng.uniform(-np.pi, np.pi)))


def _rack(rng, jitter: float) -> _Place:
    half = _scaled(RACK_HALF, rng, jitter)
    # Its mouth looks towards the middle of the table once it is laid out; what is taken out passes there.
    return _Place(RACK, half, float(np.hypot(*half[:2])), float(rng.uniform(-1, 1)), ((half[0] + 0.065, 0.0, 0.06),))


def _bar(rng, jitter: float) -> _Place:
    half = _scaled(BAR_HALF, rng, jitter)
    return _Place(BAR, half, half[0], float(rng.uniform(-BAR_TURN, BAR_TURN)), ((-half[0] - 0.06, 0.0, 0.045),))


def _lay_out(places: list[_Place], rng) -> None:
    """Give every place its spot, the widest first; the circles that must stay free may meet each other, not things."""
    workspace = Workspace()
    center, reach = workspace.center[:2], workspace.half_range[:2]
    taken: list[tuple[np.ndarray, float]] = []  # things
    kept: list[tuple[np.ndarray, float]] = []  # what must stay free
    for place in sorted(places, key=lambda p: -p.radius - (0.2 if p.free else 0.0)):
        points = center + rng.uniform(-1, 1, (_CANDIDATES, 2)) * (reach - min(place.radius, 0.09) - EDGE)
        yaw = np.full(_CANDIDATES, place.yaw)
        if place.kind == RACK:  # facing right where it stands on the left, and the other way round, give or take
            yaw = np.where(points[:, 1] > center[1], -np.pi / 2, np.pi / 2) + 0.9 * place.yaw
        fits = np.ones(_CANDIDATES, bool)
        for other, radius in taken + kept:
            fits &= np.hypot(*(points - other).T) > place.radius + radius + 0.008
        lanes = []
        for x, y, radius in place.free:
            lane = points + np.stack([np.cos(yaw) * x - np.sin(yaw) * y, np.sin(yaw) * x + np.cos(yaw) * y], axis=1)
            lanes.append((lane, radius))
            for other, own in taken:
                fits &= np.hypot(*(lane - other).T) > radius + own
        if not fits.any():
            raise NoRoom(f"{len(places)} things do not fit on the table.")
        chosen = int(fits.argmax())
        place.at, place.yaw = points[chosen], float(yaw[chosen])
        taken.append((place.at, place.radius))
        kept += [(lane[chosen], radius) for lane, radius in lanes]


def _painted(thing: SceneObject, color: str, rng) -> SceneObject:
    return replace(thing, color=str(color), rgb=shade(color, rng))


def _thing(place: _Place, color, size: str, rng) -> SceneObject:
    position = (float(place.at[0]), float(place.at[1]), place.half[2])
    shape = KIND[place.kind].shape
    normal = None
    if place.kind == RAMP:
        normal = face_frame((0, 0, 1), place.yaw) @ ramp_normal(place.half)
    elif place.kind == BAR:  # the end that is nearer to the robot, by which it is taken
        normal = -np.array([np.cos(place.yaw), np.sin(place.yaw), 0.0])
    elif place.kind == RACK:
        normal = np.array([np.cos(place.yaw), np.sin(place.yaw), 0.0])
    yaw = 0.0 if KIND[place.kind].round else place.yaw
    return SceneObject(
        place.kind,
        str(color),
        size,
        position,
        place.half,
        yaw,
        shape,
        shade(color, rng),
        normal=None if normal is None else tuple(map(float, normal)),
    )


def _on_ramp(ramp: SceneObject, color, rng, jitter: float) -> SceneObject:
    """A small block that lies on the ramp's face, turned anyhow."""
    half = _scaled((SMALL,) * 3, rng, jitter)
    heading = float(rng.uniform(-np.pi / 4, np.pi / 4))
    matrix = face_frame(ramp.normal, heading)
    along = face_frame(ramp.normal, ramp.yaw) @ np.array(
        [rng.uniform(-0.03, 0.03), rng.uniform(-0.025, 0.025), half[2]]
    )
    position = np.array(ramp.position) + along
    return SceneObject(
        BLOCK,
        str(color),
        "small",
        tuple(map(float, position)),
        half,
        heading,
        "box",
        shade(color, rng),
        orientation=tuple(map(float, matrix_to_quaternion(matrix))),
    )


def _in_rack(rack: SceneObject, color, rng, jitter: float) -> SceneObject:
    """A small block in the rack's niche; its free side looks out a little."""
    half = _scaled((SMALL,) * 3, rng, jitter)
    turned = rack.yaw + float(np.deg2rad(rng.normal(0, 2)))
    x, y = rack.half_extents[0] + rng.uniform(0.006, 0.014) - half[0], rng.uniform(-0.004, 0.004)
    cos, sin = np.cos(rack.yaw), np.sin(rack.yaw)
    position = (
        float(rack.position[0] + cos * x - sin * y),
        float(rack.position[1] + sin * x + cos * y),
        RACK_FLOOR + half[2],
    )
    yaw = float((turned + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    return SceneObject(
        BLOCK,
        str(color),
        "small",
        position,
        half,
        yaw,
        "box",
        shade(color, rng),
        normal=(float(np.cos(turned)), float(np.sin(turned)), 0.0),
    )

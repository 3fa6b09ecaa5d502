"""Random tables with things: what stands where, touching and stacked, with edges, floors, walls and arms around."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from moe3d_ros.tabletop.household.families import FAMILIES, Family
from moe3d_ros.tabletop.household.paint import Paint, dark, named_color, plain, table_paint, thing_paints
from moe3d_ros.tabletop.household.solids import Mesh, box, prism, sweep, turned
from moe3d_ros.world.footprints import least_upright_box
from moe3d_ros.world.kinds import BLOCK, OBJECT, ZONE
from moe3d_ros.world.vocabulary import BLOCK_EDGES, COLOR_NAMES, KINDS, ZONE_HALF, ZONE_HEIGHT
from moe3d_ros.world.workspace import Workspace

BACKGROUND = -1  # label of all that is no thing to be named
_PLACES = ((0.29, 0.71), (-0.45, 0.45))  # x and y between which middles of things lie, metres
_TRIES = 12
_HIGHEST = 0.28  # metres that a pile may reach
_EMPTY, _MOST = 0.06, 12  # share of tables with nothing on them; things on one
_PLAIN_WORLD = 0.3  # of the scenes, blocks and zones stand among the things


@dataclass(frozen=True)
class Standing:
    """One named thing where it stands; lengths in metres, angles in radians.

    Attributes:
        kind: index into KINDS. color: index into COLOR_NAMES. center, half: of its upright box with heading ``yaw``
            in (-pi/4, pi/4]. heading: its yaw can be told. family: name of its family.
    """

    kind: int
    color: int
    center: np.ndarray
    half: np.ndarray
    yaw: float
    heading: bool
    big: bool
    family: str


@dataclass
class ThingScene:
    """A table with things as triangles; ``label`` of a face is the index of its thing, or BACKGROUND."""

    things: list[Standing] = field(default_factory=list)
    meshes: list[Mesh] = field(default_factory=list)  # in the planning frame
    paints: list[Paint] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)  # of each mesh: paint of each face
    labels: list[int] = field(default_factory=list)  # of each mesh
    origins: list[np.ndarray] = field(default_factory=list)  # of each mesh: where its pattern starts

    def add(self, mesh: Mesh, paints: list[Paint], label: int = BACKGROUND, origin=(0.0, 0.0, 0.0)) -> None:
        """Another mesh with a paint for each of its parts."""
        self.rows.append(len(self.paints) + np.minimum(mesh.part, len(paints) - 1))
        self.meshes.append(mesh)
        self.paints += paints
        self.labels.append(label)
        self.origins.append(np.asarray(origin, dtype=float))


def _corners(center: np.ndarray, half: np.ndarray, yaw: float) -> np.ndarray:
    c, s = np.cos(yaw), np.sin(yaw)
    signs = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * half[:2]
    return center[:2] + signs @ np.array([[c, s], [-s, c]])


def apart(a: tuple, b: tuple) -> float:
    """Gap between two rectangles, each (centre, half, yaw), along the axis that separates them best; negative: they overlap."""
    first, second = _corners(*a), _corners(*b)
    gaps = []
    for yaw in (a[2], b[2]):
        axes = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
        p, q = first @ axes.T, second @ axes.T
        gaps.append(np.maximum(p.min(0) - q.max(0), q.min(0) - p.max(0)).max())
    return float(max(gaps))


def random_thing_scene(
    rng: np.random.Generator,
    families: dict[str, Family] | None = None,
    number: int | None = None,
    ends: bool | None = None,
) -> ThingScene:
    """A random table with things of these families; by default of those that are trained on.

    Args:
        number: of things, as many of them as there is room for; None: random, up to 12 and now and then none.
        ends: True: the table's border may lie in view, False: never; None: either.
    """
    scene = ThingScene()
    arranged = _Arranging(scene, rng, families or FAMILIES, _add_table(scene, rng, ends))
    if number is None:
        number = 0 if rng.random() < _EMPTY else min(int(rng.geometric(0.22)), _MOST)
    plain_world = rng.random() < _PLAIN_WORLD
    for _ in range(number):
        arranged.add_one(plain_world and rng.random() < 0.5)
    _add_around(scene, rng)
    return scene


@dataclass(frozen=True)
class _Top:
    """A table's top: half lengths (2,), middle (2,) and heading; ``round`` for an ellipse. Metres, radians."""

    half: np.ndarray
    middle: np.ndarray = field(default_factory=lambda: np.zeros(2))
    yaw: float = 0.0
    round: bool = False

    def bears(self, point: np.ndarray) -> bool:
        """True if a thing whose middle is here stands on it."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        x, y = np.abs(np.array([[c, s], [-s, c]]) @ (point - self.middle)) / self.half
        return bool(x * x + y * y < 0.95) if self.round else bool(max(x, y) < 0.96)


@dataclass(frozen=True)
class _Made:
    """A thing that is to be put somewhere; ``flat``: another may stand on it."""

    mesh: Mesh
    kind: str
    heading: bool
    flat: bool
    family: str
    color: str
    paints: list[Paint]
    big: bool = False


class _Arranging:
    """Things that are put on a table one after the other."""

    def __init__(self, scene: ThingScene, rng: np.random.Generator, families: dict[str, Family], table: _Top):
        self.scene, self.rng, self.families, self.table = scene, rng, families, table
        self.names = list(families)
        weight = np.array([families[name].weight for name in self.names])
        self.chances = weight / weight.sum()
        self.taken: list[tuple] = []  # rectangles on the table
        self.tops: list[int] = []  # things that one may stand on
        self.touching, self.stacked = rng.uniform(0, 0.6), rng.uniform(0, 0.3)

    def add_one(self, own: bool) -> None:
        """One more thing where there is room; none where there is not."""
        rng = self.rng
        made = self._own() if own else self._drawn()
        zone = made.kind == ZONE
        for _ in range(_TRIES):
            yaw = rng.uniform(-np.pi, np.pi)
            turned_mesh = made.mesh.moved(turned("z", yaw))
            center, half, angle = least_upright_box(turned_mesh.vertices)
            top = self._top(half) if rng.random() < self.stacked and not zone else None
            if top is not None:
                below = self.scene.things[top]
                middle = below.center[:2] + rng.uniform(-0.3, 0.3, 2) * below.half[:2].min()
                height = below.center[2] + below.half[2]
            else:
                middle, height = self._spot(half, angle, zone), 0.0
                if middle is None:
                    continue
            shift = np.array([*(middle - center[:2]), height])
            self._stand(turned_mesh, shift, center, half, angle, made, top)
            return

    def _stand(self, mesh: Mesh, shift, center, half, angle: float, made: _Made, top: int | None) -> None:
        scene, label = self.scene, len(self.scene.things)
        scene.add(mesh.shifted(*shift), made.paints, label, shift)
        kind, color = KINDS.index(made.kind), COLOR_NAMES.index(made.color)
        scene.things.append(Standing(kind, color, center + shift, half, angle, made.heading, made.big, made.family))
        if made.kind == ZONE:
            return
        if top is None:
            self.taken.append((center + shift, half, angle))
        else:
            self.tops.remove(top)
        if made.flat and center[2] + shift[2] + half[2] < _HIGHEST:
            self.tops.append(label)

    def _top(self, half: np.ndarray) -> int | None:
        """A thing with a flat top that is as wide as the next thing, or a little narrower."""
        wide = [i for i in self.tops if self.scene.things[i].half[:2].min() > 0.7 * half[:2].max()]
        high = [i for i in wide if (t := self.scene.things[i]).center[2] + t.half[2] + 2 * half[2] < _HIGHEST]
        return int(self.rng.choice(high)) if high else None

    def _spot(self, half: np.ndarray, yaw: float, zone: bool) -> np.ndarray | None:
        """Middle (2,) of a free rectangle, against another thing now and then; None where it is not free."""
        rng = self.rng
        middle = np.array([rng.uniform(*limits) for limits in _PLACES])
        if not self.table.bears(middle):
            return None
        close = bool(self.taken) and rng.random() < self.touching and not zone
        if close:
            other = self.taken[rng.integers(len(self.taken))]
            angle = rng.uniform(-np.pi, np.pi)
            away = np.array([np.cos(angle), np.sin(angle)])
            low, high = 0.0, 0.5
            for _ in range(12):  # as near as it goes
                reach = (low + high) / 2
                gap = apart((np.array([*(other[0][:2] + reach * away), 0]), half, yaw), other)
                low, high = (low, reach) if gap > 0.001 else (reach, high)
            middle = other[0][:2] + high * away
            if not (all(a <= v <= b for v, (a, b) in zip(middle, _PLACES)) and self.table.bears(middle)):
                return None
        gap = 0.0 if close else 0.012
        rectangle = (np.array([*middle, 0.0]), half, yaw)
        if zone:
            return middle if all(apart(rectangle, other) > 0.0 for other in self.taken) else None
        return middle if all(apart(rectangle, other) > gap for other in self.taken) else None

    def _drawn(self) -> _Made:
        """A thing of one of the families, standing or lying."""
        rng = self.rng
        name = str(rng.choice(self.names, p=self.chances))
        family = self.families[name]
        mesh = family.make(rng)
        lying = rng.random() < family.lies
        if lying:
            mesh = mesh.moved(turned("x", rng.uniform(0, 2 * np.pi) if not family.round else 0.0))
            mesh = mesh.moved(turned("y", np.pi / 2))
            mesh = mesh.shifted(z=-mesh.vertices[:, 2].min())
        color, paints = thing_paints(rng, int(mesh.part.max()) + 1)
        kind = OBJECT if lying else family.kind
        return _Made(mesh, kind, not family.round or lying, family.flat and not lying, name, color, paints)

    def _own(self) -> _Made:
        """A block or a zone as in the plain world."""
        rng = self.rng
        color = str(rng.choice(COLOR_NAMES))
        paint = [plain(named_color(color, rng, spread=0.3))]
        if rng.random() < 0.25:
            edge = 2 * ZONE_HALF
            return _Made(box(edge, edge, ZONE_HEIGHT), ZONE, True, False, ZONE, color, paint)
        big = bool(rng.random() < 0.5)
        edge = BLOCK_EDGES[big]
        return _Made(box(edge, edge, edge), BLOCK, True, True, BLOCK, color, paint, big)


def _add_table(scene: ThingScene, rng: np.random.Generator, ends: bool | None) -> _Top:
    """A table's top at height 0: without an end in view, or a plate of some outline with what lies below and behind."""
    paint = table_paint(rng)
    endless = rng.random() < 0.35 if ends is None else not ends
    if endless:
        top = _Top(np.array([2.0, 2.0]))
        scene.add(box(4, 4, 0.02).shifted(z=-0.02), [paint])
    else:
        size = np.array([rng.uniform(0.45, 1.1), rng.uniform(0.6, 1.6)])
        yaw = rng.normal(0, 0.25) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
        middle = np.array([0.5 + rng.uniform(-0.25, 0.25), rng.uniform(-0.3, 0.3)])
        top = _Top(size / 2, middle, yaw, round=bool(rng.random() < 0.25))
        thick = rng.uniform(0.015, 0.05)
        if top.round:
            angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            plate = prism(np.stack([np.cos(angle), np.sin(angle)], axis=-1) * top.half, thick)
        else:
            plate = box(float(size[0]), float(size[1]), thick)
        scene.add(plate.moved(turned("z", yaw), (*middle, -thick)), [paint])
        depth = rng.uniform(0.02, 0.12) if rng.random() < 0.25 else rng.uniform(0.3, 1.2)
        if rng.random() < 0.85:
            scene.add(box(6, 6, 0.02).shifted(z=-depth - thick - 0.02), [table_paint(rng)])
    if rng.random() < 0.3:  # a mat, a cloth, sheets of paper: they are part of the table
        for _ in range(int(rng.integers(1, 4))):
            x, y = rng.uniform(0.18, 0.6), rng.uniform(0.2, 0.6)
            place = rng.uniform(0.2, 0.8), rng.uniform(-0.5, 0.5), 0.0
            sheet = box(x, y, rng.uniform(0.0005, 0.002)).moved(turned("z", rng.uniform(-np.pi, np.pi)), place)
            scene.add(sheet, [table_paint(rng)])
    return top


def _add_around(scene: ThingScene, rng: np.random.Generator) -> None:
    """Walls, shelves, cables, arms: seen, never named."""
    low, high = Workspace().low, Workspace().high
    if rng.random() < 0.3:  # a wall or a cupboard behind or beside the table, now and then in the workspace
        side = rng.integers(3)
        paint = [plain(rng.uniform(0.1, 1, 3) if rng.random() < 0.3 else np.full(3, rng.uniform(0.2, 1)))]
        inset = rng.uniform(-0.3, 0.04)
        if side == 0:
            wall = box(0.3, 3, 1.2).shifted(x=high[0] - inset + 0.15, z=-0.3)
        else:
            sign = 1 if side == 1 else -1
            wall = box(2, 0.3, 1.2).shifted(x=0.5, y=sign * (high[1] - inset + 0.15), z=-0.3)
        if all(not _inside(wall, thing.center) for thing in scene.things):
            scene.add(wall, paint)
    if rng.random() < 0.25:  # a cable on the table
        start = np.array([rng.uniform(low[0], high[0]), rng.uniform(low[1], high[1])])
        steps = np.cumsum(rng.normal(0, 0.03, (10, 2)) + rng.normal(0, 0.04, 2), axis=0)
        path = np.column_stack([start + steps, np.full(10, 0.003)])
        scene.add(sweep(path, 0.003, corners=5), [plain(dark(rng))])
    if rng.random() < 0.3:
        _add_arm(scene, rng)


def _inside(mesh: Mesh, point: np.ndarray, margin: float = 0.05) -> bool:
    low, high = mesh.vertices.min(0) - margin, mesh.vertices.max(0) + margin
    return bool(((point > low) & (point < high)).all())


def _add_arm(scene: ThingScene, rng: np.random.Generator) -> None:
    """A robot's arm, or a person's, that reaches in above the things."""
    hand = np.array([rng.uniform(0.3, 0.7), rng.uniform(-0.4, 0.4), rng.uniform(0.12, 0.35)])
    tallest = max(
        (t.center[2] + t.half[2] for t in scene.things if np.linalg.norm(t.center[:2] - hand[:2]) < 0.2), default=0
    )
    hand[2] = max(hand[2], tallest + 0.03)
    if rng.random() < 0.5:
        base, elbow = np.array([0.0, 0.0, 0.3]), np.array([0.2, rng.uniform(-0.2, 0.2), rng.uniform(0.45, 0.7)])
        wrist = hand + np.array([0, 0, 0.12])
        path, thick = np.array([base, elbow, wrist, hand]), (0.06, 0.05, 0.04, 0.03)
        shade = plain(np.full(3, rng.uniform(0.1, 0.95)), gloss=0.3)
    else:
        side = rng.uniform(-np.pi, np.pi)
        shoulder = np.array([0.5, 0, 0.4]) + 0.9 * np.array([np.cos(side), np.sin(side), 0])
        wrist = hand + 0.22 * (shoulder - hand)
        path, thick = np.array([shoulder, wrist, hand + 0.1 * (shoulder - hand), hand]), (0.06, 0.035, 0.045, 0.03)
        shade = plain(np.array([0.85, 0.62, 0.5]) * rng.uniform(0.35, 1.1))
    scene.add(sweep(path, thick, corners=10), [shade])

"""Random table scenes, many at a time as tensors or one as objects: what stands where, how big, in which colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from moe3d_ros.tabletop.scenes.batch import SceneBatch, kind_is
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.kinds import TABLE, Kind
from moe3d_ros.world.vocabulary import (
    BLOCK,
    BLOCK_EDGES,
    BOWL,
    BOWL_FLOOR_HEIGHT,
    BOWL_FLOOR_RADIUS,
    BOWL_RADIUS,
    BOWL_SHAPE,
    BOWL_WALL,
    BOX,
    COLOR_NAMES,
    COLORS,
    CYLINDER,
    OBJECT,
    SHAPES,
    ZONE,
    ZONE_HALF,
    ZONE_HEIGHT,
)
from moe3d_ros.world.workspace import Workspace

_OWN_RULES = (BLOCK, BOWL, ZONE, OBJECT)  # kinds whose numbers and sizes are drawn by rules of their own
_BY_TABLE = tuple(index for index, kind in enumerate(TABLE) if kind.half is not None)


@dataclass(frozen=True)
class SceneRange:
    """Numbers of each kind that a random scene holds (inclusive), and its variety."""

    blocks: tuple[int, int] = (2, 5)
    bowls: tuple[int, int] = (1, 3)
    zones: tuple[int, int] = (0, 2)
    objects: tuple[int, int] = (0, 0)
    clutter: tuple[int, int] = (0, 0)
    stacked: float = 0.0  # share of the scenes in which one block already lies on or in something
    towers: float = 0.0  # share of the scenes in which about half of the blocks do, also one on the other
    twins: float = 0.35  # share of the scenes in which two blocks share a colour and differ in size
    few_colors: float = 0.0  # share of the scenes with three to five colours in all, so that each comes several times
    scale_jitter: float = 0.0  # sizes vary by this fraction
    color_jitter: float = 0.05  # shades vary by this fraction around their centres
    known: int = len(TABLE)  # only the first kinds of the table are drawn: those that a model knows

    def __post_init__(self):
        for name in ("blocks", "bowls", "zones", "objects", "clutter"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} needs 0 <= low <= high, got {low}, {high}")

    @property
    def numbers(self) -> tuple[tuple[int, tuple[int, int]], ...]:
        """Kinds (-1: clutter) in the order of their slots, and how many of each a scene holds."""
        own = (self.blocks, self.bowls, self.zones, self.objects, self.clutter)
        others = (index for index in _BY_TABLE if index < self.known)
        return (*zip((*_OWN_RULES, -1), own), *((index, TABLE[index].number) for index in others))


TRAINING_RANGE = SceneRange(
    blocks=(1, 9),
    bowls=(0, 7),
    zones=(0, 4),
    objects=(0, 2),
    clutter=(0, 2),
    stacked=0.3,
    towers=0.25,
    scale_jitter=0.06,
    color_jitter=0.08,
)


def random_scene(rng: np.random.Generator, n_blocks=(2, 5), n_bowls=(1, 3), n_zones=(0, 2), **ranges) -> Scene:
    """One random scene; ``ranges`` are further fields of :class:`SceneRange`."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    scene_range = SceneRange(tuple(n_blocks), tuple(n_bowls), tuple(n_zones), **ranges)
    return sample_scenes(1, scene_range, generator).scene(0)[0]


def sample_scenes(
    batch: int, scene_range: SceneRange, generator: torch.Generator, workspace: Workspace = Workspace()
) -> SceneBatch:
    """``batch`` random scenes without overlap, on the generator's device."""
    device = generator.device
    kind = torch.cat([torch.full((most,), k) for k, (_, most) in scene_range.numbers]).to(device).expand(batch, -1)
    slots = kind.shape[1]

    def uniform(*shape):
        return torch.rand(*shape, generator=generator, device=device)

    exists = torch.cat(
        [
            torch.arange(high, device=device)[None] < torch.floor(low + uniform(batch, 1) * (high - low + 1))
            for _, (low, high) in scene_range.numbers
        ],
        dim=1,
    )
    color, big = _colors_and_sizes(kind, scene_range, uniform)
    half, shape = _extents(kind, big, scene_range, uniform)
    center, placed = _positions(kind, half, exists, workspace, uniform)
    yaw = (uniform(batch, slots) - 0.5) * (np.pi / 2)
    yaw = torch.where(shape == BOX, yaw, torch.zeros_like(yaw))
    palette = torch.tensor(list(COLORS.values()), device=device, dtype=torch.float32) / 255
    rgb = palette[color] * (1 + scene_range.color_jitter * (2 * uniform(batch, slots, 1) - 1))
    rgb = (rgb + 0.5 * scene_range.color_jitter * (2 * uniform(batch, slots, 3) - 1)).clamp(0, 1)
    dull = 0.15 + 0.55 * uniform(batch, slots, 1) + 0.06 * (uniform(batch, slots, 3) - 0.5)
    rgb = torch.where(kind[..., None] < 0, dull, rgb)
    wood = torch.tensor([0.35, 0.30, 0.26], device=device) * (0.5 + uniform(batch, 1))
    grey = 0.15 + 0.5 * uniform(batch, 1) + 0.04 * (uniform(batch, 3) - 0.5)
    table_rgb = torch.where(uniform(batch, 1) < 0.6, wood, grey)
    scenes = SceneBatch(placed, kind.clone(), shape, color, big, center, half, yaw, rgb, table_rgb)
    return _stack_many(_stack_one(scenes, scene_range.stacked, uniform), scene_range.towers, uniform)


def _colors_and_sizes(kind, scene_range, uniform):
    batch, slots = kind.shape
    n_colors = len(COLOR_NAMES)
    color = torch.zeros_like(kind)
    order_of_blocks = uniform(batch, n_colors)
    match = uniform(batch, 1) < 0.5  # in half of the scenes bowls and zones take the blocks' colours
    period = torch.full((batch, 1), n_colors, device=kind.device)
    if scene_range.few_colors:
        few = 3 + torch.floor(3 * uniform(batch, 1)).long()
        period = torch.where(uniform(batch, 1) < scene_range.few_colors, few, period)
    for k in (*_OWN_RULES, *_BY_TABLE):
        columns = torch.nonzero(kind[0] == k).flatten()
        if len(columns) == 0:
            continue
        order = order_of_blocks if k == BLOCK else torch.where(match, order_of_blocks, uniform(batch, n_colors))
        permuted = order.argsort(dim=1)
        color[:, columns] = permuted.gather(1, torch.arange(len(columns), device=kind.device)[None] % period)
        repeat = uniform(batch, len(columns)) < 0.06  # now and then a colour comes twice
        color[:, columns] = torch.where(repeat, color[:, columns[:1]], color[:, columns])
    big = uniform(batch, slots) < 0.35
    blocks = torch.nonzero(kind[0] == BLOCK).flatten()
    if len(blocks) > 1:
        twin = uniform(batch) < scene_range.twins
        color[:, blocks[1]] = torch.where(twin, color[:, blocks[0]], color[:, blocks[1]])
        big[:, blocks[1]] = torch.where(twin, ~big[:, blocks[0]], big[:, blocks[1]])
    return color, big


def _extents(kind, big, scene_range, uniform):
    batch, slots = kind.shape
    edges = torch.tensor(BLOCK_EDGES, device=kind.device)
    edge = edges[big.long()] * (1 + scene_range.scale_jitter * (2 * uniform(batch, slots) - 1))
    half = (edge / 2)[..., None].expand(-1, -1, 3).clone()
    scale = 1 + scene_range.scale_jitter * (2 * uniform(batch, slots, 1) - 1)
    rim = 0.03 + 0.01 * uniform(batch, slots, 1)
    bowl = torch.cat([BOWL_RADIUS * scale, BOWL_RADIUS * scale, rim / 2], dim=-1)
    zone = torch.cat([ZONE_HALF * scale, ZONE_HALF * scale, torch.full_like(scale, ZONE_HEIGHT / 2)], dim=-1)
    # Other things: boxes and cylinders, but not cubes of 4 or 6 cm.
    width = 0.015 + 0.045 * uniform(batch, slots, 2)
    height = 0.02 + 0.055 * uniform(batch, slots, 1)
    box = torch.cat([width, height], dim=-1)
    cylinder = torch.cat([width[..., :1], width[..., :1], height], dim=-1)
    round_ = uniform(batch, slots) < 0.4
    other = torch.where(round_[..., None], cylinder, box)
    arm = torch.cat([0.02 + 0.03 * uniform(batch, slots, 2), 0.06 + 0.12 * uniform(batch, slots, 1)], dim=-1)
    for k, value in ((BOWL, bowl), (ZONE, zone), (OBJECT, other), (-1, arm)):
        half = torch.where((kind == k)[..., None], value, half)
    shape = torch.full_like(kind, BOX)
    shape = torch.where(kind == BOWL, torch.full_like(kind, BOWL_SHAPE), shape)
    shape = torch.where(((kind == OBJECT) | (kind == -1)) & round_, torch.full_like(kind, CYLINDER), shape)
    half = torch.where(
        (shape == CYLINDER)[..., None], torch.cat([half[..., :1], half[..., :1], half[..., 2:]], -1), half
    )
    for k in (k for k in _BY_TABLE if k in kind[0].tolist()):
        low, high = torch.tensor(TABLE[k].half, device=kind.device).T
        drawn = low + (high - low) * uniform(batch, slots, 3)
        if TABLE[k].round:
            drawn[..., 1] = drawn[..., 0]
        half = torch.where((kind == k)[..., None], drawn, half)
        shape = torch.where(kind == k, torch.full_like(kind, SHAPES.index(TABLE[k].shape)), shape)
    return half, shape


def _positions(kind, half, exists, workspace, uniform, candidates: int = 40):
    """Rejection sampling, big things first; what finds no room does not exist."""
    batch, slots = kind.shape
    device = kind.device
    low = torch.tensor(workspace.low, device=device)
    high = torch.tensor(workspace.high, device=device)
    radius = torch.where(kind_is(kind, lambda k: k.round), half[..., 0], half[..., :2].norm(dim=-1))
    center = torch.zeros(batch, slots, 3, device=device)
    placed = torch.zeros(batch, slots, dtype=torch.bool, device=device)
    rows = torch.arange(batch, device=device)
    for slot in sorted(range(slots), key=lambda s: -float(radius[:, s].mean())):
        own = radius[:, slot, None]
        rim = own.clamp(max=0.08)
        x = low[0] + rim + uniform(batch, candidates) * (high[0] - low[0] - 2 * rim)
        y = low[1] + rim + uniform(batch, candidates) * (high[1] - low[1] - 2 * rim)
        gap = torch.hypot(x[:, :, None] - center[:, None, :, 0], y[:, :, None] - center[:, None, :, 1])
        free = ((gap > own[..., None] + radius[:, None] + 0.008) | ~placed[:, None]).all(dim=2)
        first = free.int().argmax(dim=1)
        center[:, slot, 0], center[:, slot, 1] = x[rows, first], y[rows, first]
        # An arm or a gripper hangs above the table; everything else stands on it.
        lift = torch.where(kind[:, slot] < 0, 0.1 * uniform(batch), torch.zeros(batch, device=device))
        center[:, slot, 2] = half[:, slot, 2] + lift
        placed[:, slot] = free.any(dim=1) & exists[:, slot]
    return center, placed


def _bears_blocks(kind: Kind) -> bool:
    return kind.destination and not kind.sixd


def bottom_in_bowl(bowl: torch.Tensor, half: torch.Tensor) -> torch.Tensor:
    """Height (B,) of the underside of a block in the middle of a bowl: on its floor, or with its corners on the wall.

    Args:
        bowl, half: half extents (B, 3) of both, metres; the bowl stands on the table.
    """
    slope = (bowl[:, 0] - BOWL_FLOOR_RADIUS) / (2 * bowl[:, 2])  # of the radius with the height
    corner = half[:, :2].norm(dim=-1)
    return ((corner + BOWL_WALL - BOWL_FLOOR_RADIUS) / slope).clamp(min=BOWL_FLOOR_HEIGHT)


def _stack_one(scenes: SceneBatch, share: float, uniform) -> SceneBatch:
    """In ``share`` of the scenes, move block 0 onto or into another block, bowl or zone."""
    if share <= 0:
        return scenes
    support = scenes.named & kind_is(scenes.kind, _bears_blocks)
    support[:, 0] = False
    return _put_on(scenes, 0, support, uniform(len(scenes)) < share, uniform)[0]


def _stack_many(scenes: SceneBatch, share: float, uniform) -> SceneBatch:
    """In ``share`` of the scenes, move every second block onto or into something that bears nothing yet."""
    if share <= 0:
        return scenes
    chosen = uniform(len(scenes)) < share
    scenes = replace(scenes, center=scenes.center.clone())
    free = scenes.named & kind_is(scenes.kind, _bears_blocks)
    blocks = torch.nonzero(scenes.kind[0] == BLOCK).flatten().tolist()
    # What block 0 may lie on already is left alone: another block there would fill the same place.
    apart = (scenes.center[:, :, :2] - scenes.center[:, :1, :2]).norm(dim=-1)
    free &= (apart > 0.07) & (torch.arange(free.shape[1], device=free.device) > 0)
    for slot in reversed(blocks[1:]):  # a block lies only on those after it, which do not move any more
        support = free.clone()
        support[:, blocks[0] : slot + 1] = False
        scenes, below = _put_on(
            scenes, slot, support, chosen & (uniform(len(scenes)) < 0.5) & (apart[:, slot] > 0.07), uniform
        )
        free[below >= 0, below[below >= 0]] = False
    return scenes


def _put_on(scenes: SceneBatch, mover: int, support: torch.Tensor, use: torch.Tensor, uniform):
    """Move block ``mover`` onto a random slot of ``support`` (B, S) where ``use`` (B,) says so -> scenes, slot below or -1."""
    batch = len(scenes)
    fits = ~((scenes.kind == BLOCK) & scenes.big[:, mover, None] & ~scenes.big)  # no big block on a small one
    weight = uniform(*support.shape) * (support & fits)
    slot = weight.argmax(dim=1)
    rows = torch.arange(batch, device=slot.device)
    use = use & (weight.amax(dim=1) > 0) & scenes.exists[:, mover] & (scenes.kind[:, mover] == BLOCK)
    below = scenes.center[rows, slot]
    top = below[:, 2] + scenes.half[rows, slot, 2]
    kind = scenes.kind[rows, slot]
    top = torch.where(
        kind_is(kind, lambda k: k.contains), bottom_in_bowl(scenes.half[rows, slot], scenes.half[:, mover]), top
    )
    slack = torch.where(kind_is(kind, lambda k: k.flat), 0.04, 0.008)[:, None]
    xy = below[:, :2] + slack * (2 * uniform(batch, 2) - 1)
    center = torch.cat([xy, (top + scenes.half[:, mover, 2])[:, None]], dim=1)
    moved = scenes.center.clone()
    moved[:, mover] = torch.where(use[:, None], center, moved[:, mover])
    return replace(scenes, center=moved), torch.where(use, slot, torch.full_like(slot, -1))

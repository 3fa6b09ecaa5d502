"""Depth clouds of scene batches by ray casting, with the noise of real sensors; torch, on CPU and GPU alike.

Rays are aimed at surfaces instead of walking a pixel grid: the first hit of each ray is what a camera would see, and
no ray is spent on empty space, so a training step can afford new clouds every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.scene import CAMERAS
from moe3d_ros.tabletop.simulation.raycast_furniture import hit_rack, hit_ramp, hit_slot, normal_of_furniture
from moe3d_ros.world.vocabulary import (
    BOWL_FLOOR_HEIGHT,
    BOWL_FLOOR_RADIUS,
    BOWL_SHAPE,
    BOX,
    CYLINDER,
    RACK_SHAPE,
    RAMP_SHAPE,
    SLOT_SHAPE,
)

TABLE, MISS = -1, -2


@dataclass(frozen=True)
class SensorRange:
    """Ranges over which cameras and their noise vary from scene to scene."""

    cameras: tuple[int, int] = (1, 4)  # how many look (inclusive)
    standard: float = 0.6  # share of scenes seen by the cameras of CAMERAS, else by random ones
    object_rays: int = 2200  # per camera
    table_rays: int = 700
    depth_noise: float = 0.0025  # metres, 1 sigma at 1 m, at most
    pose_noise: float = 0.002  # metres, 1 sigma, error of a camera's calibration
    holes: float = 0.15  # largest share of rays without a reading
    color_noise: float = 0.03
    contrast: float = 0.45  # largest share of an object's brightness that depends on how it faces the lamp
    light: float = 0.08  # strength of brightness changes; beyond 0.1 white and gray cannot be told apart


@dataclass
class CloudBatch:
    """Points of all scenes, one after the other."""

    scene: torch.Tensor  # (N,) long, which scene
    points: torch.Tensor  # (N, 3) metres, base frame
    colors: torch.Tensor  # (N, 3) in [0, 1]
    slot: torch.Tensor  # (N,) long, what was hit: slot of the scene or TABLE

    def as_sensed(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) float32 and colours (N, 3) uint8, as a planner takes them; of a batch of one."""
        return self.points.float().numpy(), (255 * self.colors.clamp(0, 1)).round().byte().numpy()


def cast(origin: torch.Tensor, direction: torch.Tensor, scenes: SceneBatch):
    """First hits of rays with a batch of scenes.

    Args:
        origin: (B, R, 3) metres. direction: (B, R, 3) unit vectors.

    Returns:
        distance (B, R) metres (inf for a miss), slot (B, R) (TABLE or MISS where no object), normal (B, R, 3).
    """
    cos, sin = torch.cos(scenes.yaw), torch.sin(scenes.yaw)

    def to_local(vector, shift=None):  # (B, R, 3) -> (B, R, S, 3)
        vector = vector[:, :, None]
        if shift is not None:
            vector = vector - shift[:, None]
        if scenes.turn is not None:
            return torch.einsum("brsi,bsij->brsj", vector.expand(-1, -1, scenes.exists.shape[1], -1), scenes.turn)
        x, y, z = vector.unbind(-1)
        c, s = cos[:, None], sin[:, None]
        return torch.stack(torch.broadcast_tensors(c * x + s * y, c * y - s * x, z), dim=-1)

    start, heading = to_local(origin, scenes.center), to_local(direction)
    heading = torch.where(heading.abs() < 1e-9, torch.full_like(heading, 1e-9), heading)
    half = scenes.half[:, None]  # (B, 1, S, 3)
    distance = _hit_box(start, heading, half)
    for shape, hit in (
        (BOWL_SHAPE, _hit_bowl),
        (CYLINDER, _hit_cylinder),
        (RAMP_SHAPE, hit_ramp),
        (SLOT_SHAPE, hit_slot),
        (RACK_SHAPE, hit_rack),
    ):
        columns = torch.nonzero((scenes.shape == shape).any(dim=0)).flatten()
        if len(columns):
            found = hit(start[:, :, columns], heading[:, :, columns], half[:, :, columns])
            other = (scenes.shape[:, None, columns] == shape).expand_as(found)
            distance[:, :, columns] = torch.where(other, found, distance[:, :, columns])
    distance = torch.where(scenes.exists[:, None].expand_as(distance), distance, torch.full_like(distance, torch.inf))
    nearest, slot = distance.min(dim=2)  # (B, R)
    down = direction[..., 2].clamp(max=-1e-9)
    table = torch.where(direction[..., 2] < 0, -origin[..., 2] / down, torch.full_like(nearest, torch.inf))
    normal = _normal(start, heading, half, nearest, slot, cos, sin, scenes)
    on_table = table < nearest
    slot = torch.where(on_table, torch.full_like(slot, TABLE), slot)
    nearest = torch.minimum(nearest, table)
    slot = torch.where(torch.isinf(nearest), torch.full_like(slot, MISS), slot)
    up = torch.zeros_like(normal)
    up[..., 2] = 1
    return nearest, slot, torch.where(on_table[..., None], up, normal)


def _hit_box(start, heading, half):
    near = (-half - start) / heading
    far = (half - start) / heading
    enter = torch.minimum(near, far).amax(dim=-1)
    leave = torch.maximum(near, far).amin(dim=-1)
    return torch.where((leave >= enter) & (enter > 1e-6), enter, torch.full_like(enter, torch.inf))


def _hit_cylinder(start, heading, half):
    radius, height = half[..., 0], half[..., 2]
    a = heading[..., 0] ** 2 + heading[..., 1] ** 2
    b = start[..., 0] * heading[..., 0] + start[..., 1] * heading[..., 1]
    c = start[..., 0] ** 2 + start[..., 1] ** 2 - radius**2
    root = (b * b - a * c).clamp(min=0).sqrt()
    side = (-b - root) / a
    z = start[..., 2] + side * heading[..., 2]
    wall = (b * b >= a * c) & (z.abs() <= height) & (side > 1e-6)
    top = (height - start[..., 2]) / heading[..., 2]
    x, y = (start[..., axis] + top * heading[..., axis] for axis in (0, 1))
    lid = (x * x + y * y <= radius**2) & (top > 1e-6)
    miss = torch.full_like(side, torch.inf)
    return torch.minimum(torch.where(wall, side, miss), torch.where(lid, top, miss))


def _hit_bowl(start, heading, half):
    """A thin conical wall from the floor's rim up to the bowl's rim, seen from both sides, and the floor disk."""
    height = half[..., 2]
    slope = (half[..., 0] - BOWL_FLOOR_RADIUS) / (2 * height)  # radius gained per metre of height
    apex = start[..., 2] + height + BOWL_FLOOR_RADIUS / slope  # height above the cone's apex
    a = heading[..., 0] ** 2 + heading[..., 1] ** 2 - (slope * heading[..., 2]) ** 2
    a = torch.where(a.abs() < 1e-9, torch.full_like(a, 1e-9), a)
    b = start[..., 0] * heading[..., 0] + start[..., 1] * heading[..., 1] - slope**2 * apex * heading[..., 2]
    c = start[..., 0] ** 2 + start[..., 1] ** 2 - (slope * apex) ** 2
    disc = b * b - a * c
    root = disc.clamp(min=0).sqrt()
    miss = torch.full_like(a, torch.inf)
    best = miss
    for t in ((-b - root) / a, (-b + root) / a):
        z = start[..., 2] + t * heading[..., 2]
        best = torch.minimum(best, torch.where((disc >= 0) & (z.abs() <= height) & (t > 1e-6), t, miss))
    floor = (BOWL_FLOOR_HEIGHT - height - start[..., 2]) / heading[..., 2]
    x, y = (start[..., axis] + floor * heading[..., axis] for axis in (0, 1))
    radius = BOWL_FLOOR_RADIUS + slope * BOWL_FLOOR_HEIGHT
    return torch.minimum(best, torch.where((x * x + y * y <= radius**2) & (floor > 1e-6), floor, miss))


def _normal(start, heading, half, distance, slot, cos, sin, scenes):
    """Outward normal of the object that each ray hits (B, R, 3), in the base frame; only used for shading."""
    index = slot[..., None, None].expand(-1, -1, 1, 3)
    reach = torch.where(torch.isinf(distance), torch.zeros_like(distance), distance)[..., None]
    local = start.gather(2, index)[:, :, 0] + reach * heading.gather(2, index)[:, :, 0]
    extent = half.expand_as(start).gather(2, index)[:, :, 0]
    ratio = local / extent
    face = torch.nn.functional.one_hot(ratio.abs().argmax(dim=-1), 3) * torch.sign(ratio)
    radial = torch.cat([ratio[..., :2], torch.zeros_like(ratio[..., :1])], dim=-1)
    shape = torch.gather(scenes.shape, 1, slot)[..., None]
    lid = ratio[..., 2:] > 0.98
    up = torch.zeros_like(face)
    up[..., 2] = 1
    cylinder = torch.where(lid, up, radial)
    inner = heading.gather(2, index)[:, :, 0][..., :2].mul(ratio[..., :2]).sum(-1, keepdim=True) > 0
    bowl = torch.where(inner, -radial, radial) * 0.7 + 0.5 * up
    normal = torch.where(shape == BOX, face, torch.where(shape == CYLINDER, cylinder, bowl))
    if scenes.turn is not None:
        normal = torch.where(shape >= RAMP_SHAPE, normal_of_furniture(local, extent, shape), normal)
        normal = torch.nn.functional.normalize(normal, dim=-1)
        own = scenes.turn.gather(1, slot[..., None, None].expand(-1, -1, 3, 3))
        return torch.einsum("brij,brj->bri", own, normal)
    normal = torch.nn.functional.normalize(normal, dim=-1)
    c, s = torch.gather(cos, 1, slot), torch.gather(sin, 1, slot)
    x, y, z = normal.unbind(-1)
    return torch.stack([c * x - s * y, s * x + c * y, z], dim=-1)


def random_camera_positions(batch: int, count: int, standard: float, generator: torch.Generator) -> torch.Tensor:
    """Camera positions of each scene (B, count, 3) in metres: the four of CAMERAS in random order, or random ones."""
    device = generator.device
    known = torch.tensor([camera.position for camera in CAMERAS.values()], device=device)
    order = torch.rand(batch, len(known), generator=generator, device=device).argsort(dim=1)[:, :count]
    known = known[order] + 0.03 * torch.randn(batch, count, 3, generator=generator, device=device)
    u = torch.rand(batch, count, 3, generator=generator, device=device)
    azimuth, elevation, reach = u[..., 0] * 2 * torch.pi, torch.deg2rad(30 + 55 * u[..., 1]), 0.6 + 0.5 * u[..., 2]
    free = torch.stack(
        [
            0.5 + reach * elevation.cos() * azimuth.cos(),
            reach * elevation.cos() * azimuth.sin(),
            reach * elevation.sin(),
        ],
        dim=-1,
    )
    use = torch.rand(batch, 1, 1, generator=generator, device=device) < standard
    return torch.where(use, known, free)


def sense(scenes: SceneBatch, sensor: SensorRange, generator: torch.Generator) -> CloudBatch:
    """Clouds of every scene from a random subset of cameras, with noise, holes and colour changes."""
    batch, device = len(scenes), generator.device

    def uniform(*shape):
        return torch.rand(*shape, generator=generator, device=device)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, device=device)

    low, high = sensor.cameras
    count = (low + torch.floor(uniform(batch) * (high - low + 1))).long()
    positions = random_camera_positions(batch, high, sensor.standard, generator)
    light = torch.nn.functional.normalize(torch.cat([0.6 * normal(batch, 2), 1 + uniform(batch, 1)], 1), dim=1)
    brightness = 1 + sensor.light * (2 * uniform(batch, 1) - 1)
    contrast = sensor.contrast * uniform(batch, 1)
    noise = sensor.depth_noise * uniform(batch, 1)
    holes = sensor.holes * uniform(batch, 1)
    parts = []
    for view in range(high):
        rows = torch.nonzero(count > view).flatten()
        if len(rows) == 0:
            break
        seen = _take(scenes, rows)
        eye = positions[rows, view][:, None]
        target = _aim(seen, sensor, uniform)
        direction = torch.nn.functional.normalize(target - eye, dim=-1)
        distance, slot, facing = cast(eye.expand_as(target), direction, seen)
        grazing = -(direction * facing).sum(-1).clamp(max=0)  # cosine of the incidence angle
        keep = (
            torch.isfinite(distance)
            & (uniform(*distance.shape) > holes[rows])
            & (grazing > 0.05 + 0.15 * uniform(len(rows), 1))
        )
        distance = distance + noise[rows] * distance.clamp(max=3) ** 2 * normal(*distance.shape)
        points = eye + distance[..., None] * direction + sensor.pose_noise * normal(len(rows), 1, 3)
        keep &= ~_holes(points, uniform)
        painted = torch.cat([seen.rgb, seen.table_rgb[:, None]], dim=1)  # TABLE == -1 picks the last row
        painted = painted.gather(1, (slot.clamp(min=-1) % painted.shape[1])[..., None].expand(-1, -1, 3))
        shade = 1 - contrast[rows] + contrast[rows] * (facing * light[rows][:, None]).sum(-1).clamp(0, 1)
        colors = painted * (brightness[rows] * shade)[..., None]
        colors = (colors + sensor.color_noise * uniform(len(rows), 1, 1) * normal(*colors.shape)).clamp(0, 1)
        parts.append((rows[:, None].expand_as(slot)[keep], points[keep], colors[keep], slot[keep]))
    return CloudBatch(*(torch.cat(columns) for columns in zip(*parts)))


def _take(scenes: SceneBatch, rows: torch.Tensor) -> SceneBatch:
    return SceneBatch(**{name: None if value is None else value[rows] for name, value in vars(scenes).items()})


def _aim(scenes: SceneBatch, sensor: SensorRange, uniform) -> torch.Tensor:
    """Points to aim rays at (B, R, 3): spread over the objects by their area, and over the table."""
    batch = len(scenes)
    area = (scenes.half[..., 0] + scenes.half[..., 2]) * (scenes.half[..., 1] + scenes.half[..., 2])
    area = torch.where(scenes.kind < 0, 0.3 * area, area)  # an arm in view matters less than what can be picked
    weight = torch.where(scenes.exists, area, torch.zeros_like(area)) + 1e-12
    cumulative = (weight / weight.sum(1, keepdim=True)).cumsum(1)
    draw = uniform(batch, sensor.object_rays)
    slot = torch.searchsorted(cumulative, draw).clamp(max=scenes.half.shape[1] - 1)

    def pick(value):
        return value.gather(1, slot[..., None].expand(-1, -1, value.shape[-1]))

    local = 2.1 * uniform(batch, sensor.object_rays, 3) - 1.05
    # Push one axis onto a face, chosen by the faces' areas, so that faces are hit as evenly as by a pixel grid.
    extent = pick(scenes.half)
    face_area = extent.roll(1, -1) * extent.roll(2, -1)
    bound = (face_area / face_area.sum(-1, keepdim=True)).cumsum(-1)[..., :2]
    axis = torch.nn.functional.one_hot((uniform(batch, sensor.object_rays, 1) > bound).sum(-1), 3).bool()
    local = torch.where(axis, torch.sign(local), local) * extent
    if scenes.turn is not None:
        own = scenes.turn.gather(1, slot[..., None, None].expand(-1, -1, 3, 3))
        aimed = torch.einsum("brij,brj->bri", own, local) + pick(scenes.center)
    else:
        c, s = torch.cos(scenes.yaw).gather(1, slot), torch.sin(scenes.yaw).gather(1, slot)
        x, y, z = local.unbind(-1)
        aimed = torch.stack([c * x - s * y, s * x + c * y, z], dim=-1) + pick(scenes.center)
    u = uniform(batch, sensor.table_rays, 2)
    table = torch.stack([0.2 + 0.6 * u[..., 0], -0.55 + 1.1 * u[..., 1], torch.zeros_like(u[..., 0])], dim=-1)
    return torch.cat([aimed, table], dim=1)


def _holes(points: torch.Tensor, uniform) -> torch.Tensor:
    """Blobs without readings, as shiny or dark spots leave: up to two balls of 1 to 2.5 cm a view (B, R) bool."""
    batch, rays = points.shape[:2]
    lost = torch.zeros(batch, rays, dtype=torch.bool, device=points.device)
    for _ in range(2):
        index = (uniform(batch, 1) * rays).long().clamp(max=rays - 1)
        middle = points.gather(1, index[..., None].expand(-1, -1, 3))
        radius = (0.01 + 0.015 * uniform(batch, 1)) * (uniform(batch, 1) < 0.3)
        lost |= (points - middle).norm(dim=-1) < radius
    return lost

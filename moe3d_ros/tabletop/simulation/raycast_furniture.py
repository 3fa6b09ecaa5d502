"""Rays against ramps, slots and racks, in their own frames; companions of the hit functions in `raycast`."""

from __future__ import annotations

import torch

from moe3d_ros.tabletop.scenes.furniture import RACK_FLOOR, RACK_ROOF, RACK_WALL, SLOT_FLOOR, SLOT_WALL
from moe3d_ros.world.vocabulary import RACK_SHAPE, RAMP_SHAPE, SLOT_SHAPE


def hit_ramp(start, heading, half):
    """Distances (B, R, S) along rays (B, R, S, 3) to the convex ramp: a box, cut by the plane of its inclined face."""
    near, far = (-half - start) / heading, (half - start) / heading
    enter = torch.minimum(near, far).amax(dim=-1)
    leave = torch.maximum(near, far).amin(dim=-1)
    # Inside is where z / half_z <= x / half_x.
    gap = start[..., 2] / half[..., 2] - start[..., 0] / half[..., 0]
    speed = heading[..., 2] / half[..., 2] - heading[..., 0] / half[..., 0]
    speed = torch.where(speed.abs() < 1e-9, torch.full_like(speed, 1e-9), speed)
    at = -gap / speed
    enter = torch.where(speed < 0, torch.maximum(enter, at), enter)
    leave = torch.where(speed > 0, torch.minimum(leave, at), leave)
    return torch.where((leave >= enter) & (enter > 1e-6), enter, torch.full_like(enter, torch.inf))


def hit_slot(start, heading, half):
    """Distances (B, R, S) to the nearest of a slot's boxes."""
    return _hit_parts(start, heading, slot_parts(half))


def hit_rack(start, heading, half):
    """Distances (B, R, S) to the nearest of a rack's boxes."""
    return _hit_parts(start, heading, rack_parts(half))


def _hit_parts(start, heading, parts):
    best = torch.full_like(start[..., 0], torch.inf)
    for center, half in parts:
        near, far = (center - half - start) / heading, (center + half - start) / heading
        enter = torch.minimum(near, far).amax(dim=-1)
        leave = torch.maximum(near, far).amin(dim=-1)
        best = torch.where((leave >= enter) & (enter > 1e-6), torch.minimum(best, enter), best)
    return best


def slot_parts(half):
    """Boxes of slots with half extents (..., 3) -> list of centres and half extents (..., 3), as in `furniture.parts`."""
    x, y, z = half.unbind(-1)
    nil, wall, floor = torch.zeros_like(x), torch.full_like(x, SLOT_WALL / 2), torch.full_like(x, SLOT_FLOOR / 2)
    boxes = [((side * (x - wall), nil, nil), (wall, y, z)) for side in (-1, 1)]
    boxes += [((nil, side * (y - wall), nil), (x - SLOT_WALL, wall, z)) for side in (-1, 1)]
    boxes.append(((nil, nil, floor - z), (x - SLOT_WALL, y - SLOT_WALL, floor)))
    return [(torch.stack(center, -1), torch.stack(extent, -1)) for center, extent in boxes]


def rack_parts(half):
    """Boxes of racks, likewise."""
    x, y, z = half.unbind(-1)
    nil, wall = torch.zeros_like(x), torch.full_like(x, RACK_WALL / 2)
    floor, roof = torch.full_like(x, RACK_FLOOR / 2), torch.full_like(x, RACK_ROOF / 2)
    boxes = [((nil, side * (y - wall), nil), (x, wall, z)) for side in (-1, 1)]
    boxes.append(((wall - x, nil, nil), (wall, y - RACK_WALL, z)))
    boxes.append(((wall, nil, floor - z), (x - wall, y - RACK_WALL, floor)))
    boxes.append(((wall, nil, z - roof), (x - wall, y - RACK_WALL, roof)))
    return [(torch.stack(center, -1), torch.stack(extent, -1)) for center, extent in boxes]


def normal_of_furniture(local, half, shape):
    """Outward normals (B, R, 3) at points (B, R, 3) on things with half extents (B, R, 3) and shapes (B, R, 1)."""
    ratio = local / half
    incline = torch.stack([-half[..., 2], torch.zeros_like(half[..., 0]), half[..., 0]], dim=-1)
    on_incline = ((ratio[..., 2] - ratio[..., 0]).abs() < 0.02)[..., None]
    normal = torch.where(on_incline, torch.nn.functional.normalize(incline, dim=-1), _face(ratio))
    for wanted, parts in ((SLOT_SHAPE, slot_parts), (RACK_SHAPE, rack_parts)):
        best, found = torch.full_like(ratio[..., 0], torch.inf), torch.zeros_like(normal)
        for center, extent in parts(half):
            own = (local - center) / extent.clamp(min=1e-6)
            off = (own.abs().amax(dim=-1) - 1).abs()  # the part on whose surface the point lies
            found = torch.where((off < best)[..., None], _face(own), found)
            best = torch.minimum(best, off)
        normal = torch.where(shape == wanted, found, normal)
    return torch.where(shape >= RAMP_SHAPE, normal, torch.zeros_like(normal))


def _face(ratio):
    return torch.nn.functional.one_hot(ratio.abs().argmax(dim=-1), 3) * torch.sign(ratio)

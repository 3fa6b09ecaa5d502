"""Anchors: the conditioning of Pose-DiT on the objects that a step points at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from moe3d_ros.model.action.pose_dit import OFFSET_SCALE
from moe3d_ros.model.action.side_block import NO_SIDE
from moe3d_ros.model.perception.objects import SIDEWAYS_MAX_Z, ObjectSet, attributes_width
from moe3d_ros.world.vocabulary import PLAIN_KINDS, kinds_that, knows_sixd

FACE_FEATURES = 12  # half edges of the thing as vectors (9), and how far the picked thing rises above a face put on (3)
_FACED, _INCLINED = kinds_that(lambda kind: kind.faced), kinds_that(lambda kind: kind.inclined)
_ROUND = kinds_that(lambda kind: kind.round)


def anchor_feature_width(encoder_width: int, kinds: int = PLAIN_KINDS) -> int:
    """Width of the features of a pointed object on which Pose-DiT is conditioned."""
    return attributes_width(kinds) + 2 + encoder_width + (FACE_FEATURES if knows_sixd(kinds) else 0)


def step_condition(state: torch.Tensor) -> torch.Tensor:
    """A step's state (..., 2W) of the LLM, brought to unit scale for Pose-DiT."""
    return F.layer_norm(state, state.shape[-1:])


@dataclass
class Anchors:
    """Geometric conditioning of Pose-DiT on the two pointed objects of M steps in B scenes."""

    positions: torch.Tensor  # (B, M, 2, 3) metres, NaN for none
    features: torch.Tensor  # (B, M, 2, anchor_feature_width), zero for none
    yaw: torch.Tensor  # (B, M, 2) radians: Pose-DiT's rotations are relative to these headings
    normal: torch.Tensor | None = None  # (B, M, 2, 3) and to the faces with these outward unit normals; None: upwards
    side: torch.Tensor | None = None  # (B, M) of the place, as `PoseDiT.forward` takes it; None: no step has one

    def turn(self) -> torch.Tensor:
        """Rotations from the faces' frames (heading about z, then tilted) to the planning frame (B, M, 2, 3, 3)."""
        return face_turn(self.yaw, self.normal)

    def tilt(self) -> torch.Tensor | None:
        """The tilts alone, without the headings (B, M, 2, 3, 3); None where all faces look up."""
        return None if self.normal is None else face_turn(torch.zeros_like(self.yaw), self.normal)


def face_turn(yaw: torch.Tensor, normal: torch.Tensor | None = None) -> torch.Tensor:
    """Frames of faces (..., 3, 3): a turn by yaw (...) about z, then the least one that brings z onto normal (..., 3)."""
    cos, sin, zero = yaw.cos(), yaw.sin(), torch.zeros_like(yaw)
    rows = [[cos, -sin, zero], [sin, cos, zero], [zero, zero, zero + 1]]
    flat = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
    if normal is None:
        return flat
    x, y, z = normal.unbind(-1)
    k = 1 / (1 + z.clamp(min=-0.99))
    rows = [[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2) @ flat


def anchor_inputs(
    objects: ObjectSet, index: torch.Tensor, side: torch.Tensor | None = None, second: torch.Tensor | None = None
) -> Anchors:
    """Anchors of the pointed objects; index (B, M, 2) into the objects, n or negative for none.

    Args:
        side: (B, M) of each place, an index of `world.sides`, NO_SIDE for in or on what it points at; None: all of them.
        second: (B, M) index of the other object where a place lies between two, else n or negative; None: nowhere.

    The heading at the pick is the picked object's. At the place it is the same, so that nothing turns without need,
    but where it is placed on a thing with faces of its own: then it is that thing's, by the least turn that aligns them.
    Beside blocks, ramps and slots that is any object, since a pile of like blocks may look like one tall box. A model that
    knows tilted things takes the face at the pick from the picked object, and from a ramp at the place. What goes beside a
    thing stands upright and keeps its heading; between two things the anchor is in the middle of what is free between them, as
    high as the first of them.
    """
    batch, n = objects.mask.shape
    none = (index < 0) | (index >= n)
    flat = index.clamp(0, n - 1).reshape(batch, -1)

    def take(value: torch.Tensor) -> torch.Tensor:
        picked = value.gather(1, flat[..., None].expand(-1, -1, value.shape[-1]))
        return picked.view(*index.shape, value.shape[-1])

    assert objects.features is not None  # poses are for objects that the encoder saw
    yaw = take(objects.yaw[..., None])[..., 0].masked_fill(none, 0.0)  # (B, M, 2)
    relative = 4 * (yaw - yaw[..., :1])[..., None]  # boxes look the same after a quarter turn
    given = [take(objects.attributes), relative.cos(), relative.sin(), take(objects.features)]
    positions = take(objects.center).masked_fill(none[..., None], torch.nan)
    beside = torch.zeros_like(none[..., 1]) if side is None else side != NO_SIDE
    if second is not None:
        positions = torch.where(none[..., None], positions, _middles(objects, positions, index, second))
    quarter = torch.pi / 2
    least = torch.remainder(yaw[..., 1] - yaw[..., 0] + quarter / 2, quarter) - quarter / 2
    goal = take(objects.kind)[..., 1, :].argmax(-1)
    stacked = torch.isin(goal, goal.new_tensor(_FACED)) & ~none.any(-1) & ~beside
    place = yaw[..., 0] + torch.where(stacked, least, torch.zeros_like(least))
    headings, normal = torch.stack([yaw[..., 0], place], dim=-1), None
    if objects.normal is not None:
        normal = take(objects.normal)  # (B, M, 2, 3)
        level = ~torch.isin(goal, goal.new_tensor(_INCLINED)) | beside
        upward = none | torch.stack([torch.zeros_like(stacked), level], dim=-1)
        normal = torch.where(upward[..., None], normal.new_tensor([0.0, 0.0, 1.0]), normal)
        half = take(objects.half)
        lying = torch.where(normal[..., 2:] < SIDEWAYS_MAX_Z, normal.new_tensor([0.0, 0.0, 1.0]), normal)
        edges = face_turn(yaw, lying) * half[..., None, :] / OFFSET_SCALE  # columns: half edges in the planning frame
        rise = normal[..., 1:, :] * 2 * half[..., :1, 2:] / OFFSET_SCALE
        given += [edges.mT.flatten(-2), torch.cat([torch.zeros_like(rise), rise], dim=-2)]
    return Anchors(positions, torch.cat(given, dim=-1).masked_fill(none[..., None], 0.0), headings, normal, side)


def _middles(objects: ObjectSet, positions: torch.Tensor, index: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Positions (B, M, 2, 3) with those of places between two objects in the middle of what is free between them.

    Args:
        index: (B, M, 2) of the pointed objects. second: (B, M) of the other ones, n or negative for none.
    """
    n = objects.mask.shape[1]
    two = (second >= 0) & (second < n)
    pair = torch.stack([index[..., 1], second], dim=-1).clamp(0, n - 1)  # (B, M, 2)

    def take(value: torch.Tensor) -> torch.Tensor:
        chosen = pair.flatten(1)[..., None].expand(-1, -1, value.shape[-1])
        return value.gather(1, chosen).view(*pair.shape, value.shape[-1])

    centers, half, yaw = take(objects.center)[..., :2], take(objects.half), take(objects.yaw[..., None])[..., 0]
    along = F.normalize(centers[..., 1, :] - centers[..., 0, :], dim=-1)[..., None, :]  # (B, M, 1, 2)
    ahead = yaw.cos() * along[..., 0] + yaw.sin() * along[..., 1]
    aside = yaw.cos() * along[..., 1] - yaw.sin() * along[..., 0]
    reach = half[..., 0] * ahead.abs() + half[..., 1] * aside.abs()  # of a rectangle along that line
    kinds = take(objects.kind).argmax(-1)
    reach = torch.where(torch.isin(kinds, kinds.new_tensor(_ROUND)), half[..., 0], reach)
    middle = centers.mean(-2) + along[..., 0, :] * (reach[..., :1] - reach[..., 1:]) / 2
    place = torch.where(two[..., None], torch.cat([middle, positions[..., 1, 2:]], dim=-1), positions[..., 1, :])
    return torch.stack([positions[..., 0, :], place], dim=-2)

"""Scenes as tensors, many at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from moe3d_ros.tabletop.scenes.faces import body_rotation, face_normal
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.world.geometry import matrix_to_quaternion
from moe3d_ros.world.kinds import TABLE, Kind
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, SHAPES, SIZE_NAMES, kinds_that


@dataclass
class SceneBatch:
    """B scenes of S slots each, as tensors on one device (lengths in metres, angles in radians).

    Slots keep their kind: blocks first, then bowls, zones, objects, clutter (kind -1: seen, never named), other kinds.
    """

    exists: torch.Tensor  # (B, S) bool
    kind: torch.Tensor  # (B, S) long, index into KINDS, -1 clutter
    shape: torch.Tensor  # (B, S) long, index into SHAPES
    color: torch.Tensor  # (B, S) long, index into COLOR_NAMES
    big: torch.Tensor  # (B, S) bool, only meant for blocks
    center: torch.Tensor  # (B, S, 3)
    half: torch.Tensor  # (B, S, 3)
    yaw: torch.Tensor  # (B, S)
    rgb: torch.Tensor  # (B, S, 3) in [0, 1]
    table_rgb: torch.Tensor  # (B, 3) in [0, 1]
    turn: torch.Tensor | None = None  # (B, S, 3, 3) rotations from things to the base frame; None: all upright, by yaw
    normal: torch.Tensor | None = None  # (B, S, 3) outward normals of the faces that matter; None: all upwards

    def __len__(self) -> int:
        return len(self.exists)

    @property
    def named(self) -> torch.Tensor:
        """Mask of the slots that hold something that can be named (B, S)."""
        return self.exists & (self.kind >= 0)

    def scene(self, index: int) -> tuple[Scene, list[int]]:
        """Scene ``index`` as objects, and the slot of each object."""
        slots = torch.nonzero(self.named[index]).flatten().tolist()
        objects = [self._object(index, slot) for slot in slots]
        table = tuple(round(255 * v) for v in self.table_rgb[index].tolist())
        return Scene(tuple(objects), table), slots

    def _object(self, index: int, slot: int) -> SceneObject:
        kind = int(self.kind[index, slot])
        return SceneObject(
            kind=KINDS[kind],
            color=COLOR_NAMES[int(self.color[index, slot])],
            size=SIZE_NAMES[int(self.big[index, slot])] if TABLE[kind].sized else "",
            position=tuple(self.center[index, slot].tolist()),
            half_extents=tuple(self.half[index, slot].tolist()),
            yaw=float(self.yaw[index, slot]),
            shape=SHAPES[int(self.shape[index, slot])],
            rgb=tuple(round(255 * v) for v in self.rgb[index, slot].clamp(0, 1).tolist()),
            **self._tilt(index, slot),
        )

    def _tilt(self, index: int, slot: int) -> dict:
        """Orientation and normal of a thing, where they are not what its yaw and its upper side say."""
        if self.turn is None:
            return {}
        turn, normal = self.turn[index, slot].double().cpu().numpy(), tuple(self.normal[index, slot].tolist())
        upright = turn[2, 2] > 1 - 1e-6
        return {
            "orientation": None if upright else tuple(matrix_to_quaternion(turn).tolist()),
            "normal": None if normal == (0.0, 0.0, 1.0) else normal,
        }


def kind_is(kind: torch.Tensor, test: Callable[[Kind], bool]) -> torch.Tensor:
    """Mask of where ``test`` holds for an index tensor of kinds (-1: clutter) of any shape -> bool of that shape."""
    return torch.isin(kind, torch.tensor(kinds_that(test), dtype=kind.dtype, device=kind.device))


def batch_scenes(scenes: list[Scene], device: str = "cpu") -> SceneBatch:
    """Scenes as tensors for `sense` and `describe`: slot i holds object i of its scene, the rest does not exist."""
    slots = max(len(scene.objects) for scene in scenes)

    def filled(value, shape=(), dtype=torch.float32, empty=0.0):
        rows = [[value(thing) for thing in scene.objects] for scene in scenes]
        out = torch.zeros((len(scenes), slots, *shape), dtype=dtype) + torch.as_tensor(empty, dtype=dtype)
        for index, row in enumerate(rows):
            if row:
                out[index, : len(row)] = torch.tensor(row, dtype=dtype)
        return out.to(device)

    exists = filled(lambda thing: True, dtype=torch.bool)
    tilted = any(thing.orientation or thing.normal for scene in scenes for thing in scene.objects)
    kind = filled(lambda thing: KINDS.index(thing.kind), dtype=torch.long)
    return SceneBatch(
        exists=exists,
        kind=torch.where(exists, kind, torch.full_like(kind, -1)),
        shape=filled(lambda thing: SHAPES.index(thing.shape), dtype=torch.long),
        color=filled(lambda thing: COLOR_NAMES.index(thing.color), dtype=torch.long),
        big=filled(lambda thing: thing.size == "big", dtype=torch.bool),
        center=filled(lambda thing: thing.position, (3,)),
        half=filled(lambda thing: thing.half_extents, (3,)),
        yaw=filled(lambda thing: thing.yaw),
        rgb=filled(lambda thing: thing.rgb, (3,)) / 255,
        table_rgb=torch.tensor([scene.table_color for scene in scenes], dtype=torch.float32, device=device) / 255,
        turn=filled(lambda thing: body_rotation(thing).tolist(), (3, 3), empty=torch.eye(3)) if tilted else None,
        normal=filled(face_normal, (3,)) if tilted else None,
    )

"""A scene as objects: what stands on the table, and the cameras that look at it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from moe3d_ros.world.kinds import Kind
from moe3d_ros.world.vocabulary import KIND
from moe3d_ros.world.workspace import Workspace


@dataclass(frozen=True)
class Camera:
    """A depth camera that looks from ``position`` at ``target`` (base frame, metres); ``focal`` in pixels."""

    name: str
    position: tuple[float, float, float]
    target: tuple[float, float, float]
    width: int = 640
    height: int = 480
    focal: float = 450.0

    def rotation(self) -> np.ndarray:
        """Columns are the optical frame's axes in the base frame: x right, y down, z forward (3, 3)."""
        forward = np.subtract(self.target, self.position).astype(np.float64)
        forward /= np.linalg.norm(forward)
        # A camera that looks straight down has the far side of the table (+x) at the top of its image.
        up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([1.0, 0.0, 0.0])
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward], axis=1)


_MIDDLE = (0.5, 0.0, 0.0)
CAMERAS = {
    "front": Camera("front", (1.0, 0.0, 0.75), _MIDDLE),
    "left": Camera("left", (0.0, 0.5, 0.75), _MIDDLE),
    "right": Camera("right", (0.0, -0.5, 0.75), _MIDDLE),
    "top": Camera("top", (0.5, 0.0, 0.55), _MIDDLE, focal=317.0),
}


@dataclass(frozen=True)
class SceneObject:
    """One thing on the table.

    Attributes:
        kind: one of the names of `moe3d_ros.world.kinds`.
        color: one of ``COLORS``; the nearest name if the shade differs.
        size: ``small`` or ``big`` for sized kinds (blocks), else empty.
        position: centre of the bounding box, base frame, metres.
        half_extents: half edge lengths, metres.
        yaw: radians about the base frame's z.
        shape: box, bowl, cylinder, or one of the furniture of `furniture`.
        rgb: the shade that is really painted, uint8 values.
        orientation: quaternion xyzw of a thing that does not stand upright; None where the yaw says it all.
        normal: outward unit normal of the face by which it is taken, or that bears what is put on it, where that is not
            its upper side (a ramp's inclined face, the free side of what stands in a rack, a bar's near end); None else.
    """

    kind: str
    color: str
    size: str
    position: tuple[float, float, float]
    half_extents: tuple[float, float, float]
    yaw: float
    shape: str
    rgb: tuple[int, int, int]
    orientation: tuple[float, float, float, float] | None = None
    normal: tuple[float, float, float] | None = None

    @property
    def traits(self) -> Kind:
        """Traits of its kind."""
        return KIND[self.kind]

    @property
    def name(self) -> str:
        """The object in words: ``small red block``, ``green bowl``."""
        return f"{self.size} {self.color} {self.kind}".strip()

    @property
    def top(self) -> float:
        """Height of its highest point, metres."""
        return self.position[2] + self.half_extents[2]


@dataclass(frozen=True)
class Scene:
    """Objects on a table whose top is z = 0 of the base frame."""

    objects: tuple[SceneObject, ...]
    table_color: tuple[int, int, int] = (90, 77, 66)
    workspace: Workspace = field(default_factory=Workspace)

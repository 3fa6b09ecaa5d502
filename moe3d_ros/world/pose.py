"""A pose of the tool tip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pose:
    """Pose of the tool tip (``tool0``: z into the surface) in the planning frame.

    Attributes:
        position: x, y, z in metres.
        orientation: unit quaternion x, y, z, w.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float]

    def to_dict(self, frame: str) -> dict:
        """Plain types for JSON, with the frame's name."""
        return {"position": list(self.position), "quaternion": list(self.orientation), "frame": frame}

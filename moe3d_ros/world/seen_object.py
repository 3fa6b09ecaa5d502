"""An object of a scene as the planner sees it, in words and plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class SeenObject:
    """A thing that the encoder recognised (metres, radians, planning frame).

    Attributes:
        name: in the words of a plan, such as ``small red block``, or ``coffee mug`` for a thing with a label.
        kind: such as ``block``.
        color: such as ``red``.
        size: ``small`` or ``big`` for a kind that has sizes (a block), else empty.
        center: of its box.
        half_extents: half edges of its box, along its own axes.
        yaw: heading of its box about z.
        normal: outward unit normal of the face by which it is taken, of a model that knows tilted things; else None.
        probability: that it exists, in [0, 1].
        label: that a detector gave it; empty for what only the encoder has found.
    """

    name: str
    kind: str
    color: str
    size: str
    center: Vector
    half_extents: Vector
    yaw: float
    normal: Vector | None
    probability: float
    label: str = ""

"""Things that a detector of the user gives by their labels, and the kind that a label makes of a thing; no torch, no ROS."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from moe3d_ros.world.footprints import in_upright_box
from moe3d_ros.world.kinds import BOWL, OBJECT, TABLE, ZONE

LONGEST_LABEL = 60  # characters

# Last words of labels of things that others are put into. For the planner each of them is a bowl.
CONTAINERS = (
    *("basin", "basket", "beaker", "bin", "bowl", "box", "bucket", "can", "carton", "crate", "cup", "dish", "drawer"),
    *("glass", "jar", "mug", "pan", "plate", "pot", "saucer", "sink", "skillet", "tray", "tub", "vase", "wok"),
)
# Words before the last one of what is sold closed, which nothing goes into: a cracker box, a soup can.
CLOSED = (
    *(
        "beer",
        "biscuit",
        "cereal",
        "coke",
        "cola",
        "cookie",
        "cracker",
        "food",
        "gelatin",
        "juice",
        "magnifying",
        "match",
    ),
    *("meat", "milk", "music", "pudding", "soda", "soup", "spray", "sugar", "tea", "tissue", "tomato", "tool", "tuna"),
    *("watering", "wine"),
)
# Last words of labels of flat things that others are put on. For the planner each of them is a zone.
SURFACES = ("cloth", "coaster", "mat", "napkin", "pad", "paper", "placemat", "sheet", "towel")
_KIND_OF_WORD = {
    **dict.fromkeys(CONTAINERS, BOWL),
    **dict.fromkeys(SURFACES, ZONE),
    **{word: kind.name for kind in TABLE if not kind.sixd for word in kind.words},
}


@dataclass(frozen=True)
class NamedThing:
    """A thing that a detector has found and named; metres and radians, planning frame.

    Attributes:
        label: what it is called, one word or several.
        center: of its upright box.
        half: half edges of the box, along its own axes.
        yaw: heading of the box about z.
        score: how sure the detector is, in [0, 1].

    Raises:
        ValueError: the label says nothing, or a number is none that can be.
    """

    label: str
    center: tuple[float, float, float]
    half: tuple[float, float, float]
    yaw: float = 0.0
    score: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", plain_label(self.label))
        numbers = np.array([*self.center, *self.half, self.yaw, self.score], dtype=float)
        if numbers.shape != (8,) or not np.isfinite(numbers).all():
            raise ValueError(f"{self.label!r} needs three finite numbers each for its center and its half edges")
        if min(self.half) <= 0:
            raise ValueError(f"{self.label!r} needs half edges above 0, got {self.half}")
        if not 0 <= self.score <= 1:
            raise ValueError(f"{self.label!r} needs a score from 0 to 1, got {self.score}")

    @property
    def kind(self) -> str:
        """Kind that the planner takes it for; see :func:`kind_of_label`."""
        return kind_of_label(self.label)

    def holds(self, points: np.ndarray, slack: float = 0.0) -> np.ndarray:
        """Mask of the points (..., 3) that lie in its box grown by ``slack`` metres -> bool (...)."""
        return in_upright_box(points, self.center, self.half, self.yaw, slack)


def plain_label(label: str) -> str:
    """The label as people say it: small letters, single spaces for all else but letters and digits (``Coffee_Mug``).

    Raises:
        ValueError: nothing is left, or it is too long for a name.
    """
    plain = " ".join(re.sub(r"[\W_]+", " ", label).lower().split())
    if not plain or len(plain) > LONGEST_LABEL:
        raise ValueError(f"a label needs 1 to {LONGEST_LABEL} letters or digits, got {label!r}")
    return plain


def kind_of_label(label: str) -> str:
    """Kind of the table of kinds that a label makes of a thing, by its last word: ``coffee mug`` is a bowl, ``lego brick`` an object."""
    *before, last = label.split()
    if last in CONTAINERS and set(before) & set(CLOSED):
        return OBJECT
    return _KIND_OF_WORD.get(last, OBJECT)

"""Detections of others as named things in the planning frame; numpy only, messages are read by their fields.

Read are `vision_msgs/Detection3DArray` and `yolo_msgs/DetectionArray` of yolo_ros with boxes in 3D.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from moe3d_ros.sensing.frame_tree import UnknownFrame, rigid_transform
from moe3d_ros.world.named_things import NamedThing

LEAST_POINTS = 3  # of the cloud in what is taken for a thing
TABLE_LAYER = 0.008  # metres above the table below which a point may be the table's
LEAST_LEVEL = 0.5  # length of an axis of a box seen from above, from which on it is one that lies


@dataclass(frozen=True)
class LabelledBox:
    """A detection as it comes.

    Attributes:
        label: as the detector calls it. score: in [0, 1]. frame: that the box is in.
        position: of the middle (3,), metres. quaternion: xyzw; all zero for none. size: edges (3,), metres.
    """

    label: str
    score: float
    frame: str
    position: tuple[float, float, float]
    quaternion: tuple[float, float, float, float]
    size: tuple[float, float, float]


class Labelled(Protocol):
    """Anything that a detector gives: a label, and how sure it is of it, in [0, 1]."""

    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...


Found = TypeVar("Found", bound=Labelled)


def with_likeliest(msg: Any) -> Iterator[tuple[Any, Any]]:
    """Detections of an array of vision_msgs, each with its likeliest hypothesis; those without any are left out."""
    for detection in msg.detections:
        if len(detection.results):
            yield detection, max((result.hypothesis for result in detection.results), key=lambda one: one.score)


def vision_boxes(msg: Any) -> Iterator[LabelledBox]:
    """Boxes of a vision_msgs/Detection3DArray; see `with_likeliest`."""
    for detection, best in with_likeliest(msg):
        frame = detection.header.frame_id or msg.header.frame_id
        yield _box(best.class_id, best.score, frame, detection.bbox)


def yolo_boxes(msg: Any) -> Iterator[LabelledBox]:
    """Boxes of a yolo_msgs/DetectionArray; those without a box in 3D are left out."""
    for detection in msg.detections:
        box = detection.bbox3d
        if max(box.size.x, box.size.y, box.size.z) > 0:
            yield _box(detection.class_name, detection.score, box.frame_id or msg.header.frame_id, box)


def _box(label: str, score: float, frame: str, box: Any) -> LabelledBox:
    at, turn, size = box.center.position, box.center.orientation, box.size
    return LabelledBox(
        label, score, frame, (at.x, at.y, at.z), (turn.x, turn.y, turn.z, turn.w), (size.x, size.y, size.z)
    )


def things_of(
    found: Iterable[Found], least_score: float, make: Callable[[Found], NamedThing]
) -> tuple[list[NamedThing], list[str]]:
    """Things, and sentences on those that cannot be taken.

    Args:
        found: what a detector gives, each with a label and a score.
        least_score: of what is taken; others are left out without a word.
        make: makes a thing of one, or raises ValueError or UnknownFrame.
    """
    things, problems = [], []
    for one in found:
        if not one.score >= least_score:  # true for NaN
            continue
        try:
            if not any(letter.isalpha() for letter in one.label):
                raise ValueError("a label needs letters, and this detector numbers its classes")
            things.append(make(one))
        except (ValueError, UnknownFrame) as error:
            problems.append(f"The detector's {one.label!r} was left out: {error}.")
    return things, list(dict.fromkeys(problems))


def named_things(
    boxes: Iterable[LabelledBox], least_score: float, transform_of: Callable[[str], np.ndarray]
) -> tuple[list[NamedThing], list[str]]:
    """Things in the planning frame, and sentences on those that cannot be taken; see `things_of`.

    Args:
        transform_of: gives the transform (4, 4) from a frame into the planning frame, or raises UnknownFrame.
    """
    return things_of(boxes, least_score, lambda box: upright(box, transform_of(box.frame)))


def upright(box: LabelledBox, transform: np.ndarray) -> NamedThing:
    """The least upright box, along one of the box's own axes, that holds a box when it is moved by transform (4, 4).

    Raises:
        ValueError: a number is none that can be, or the label is none.
    """
    turned = any(box.quaternion)
    moved = transform @ rigid_transform(box.position, box.quaternion if turned else (0.0, 0.0, 0.0, 1.0))
    rotation = moved[:3, :3]
    level = np.linalg.norm(rotation[:2], axis=0)  # of each axis of the box, seen from above
    along = rotation[:, int(np.argmax(level >= LEAST_LEVEL))]
    yaw = float(np.arctan2(along[1], along[0]))
    cos, sin = np.cos(yaw), np.sin(yaw)
    own = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) @ rotation
    half = (np.abs(own) * np.asarray(box.size, float) / 2).sum(1)
    x, y, z = moved[:3, 3].tolist()
    length, width, height = half.tolist()
    return NamedThing(box.label, (x, y, z), (length, width, height), yaw, float(box.score))

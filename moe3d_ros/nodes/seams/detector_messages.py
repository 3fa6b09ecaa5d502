"""Messages of detectors: vision_msgs and yolo_msgs where they are installed; neither has a pip package."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from std_msgs.msg import Header

from moe3d_ros.nodes.seams.quaternions import matrix_to_quaternion
from moe3d_ros.sensing.detections import LabelledBox, vision_boxes, yolo_boxes
from moe3d_ros.sensing.image_detections import LabelledRegion, vision_regions, yolo_regions
from moe3d_ros.world.seen_object import SeenObject

VISION, YOLO = "vision_msgs", "yolo_msgs"
VISION_IMAGE, YOLO_IMAGE = "vision_msgs_2d", "yolo_msgs_2d"


class NotInstalled(RuntimeError):
    """A package of messages is missing; the message says which, and what to install."""


class DetectorInput(NamedTuple):
    """A type of message that detectors publish, and its reader: of boxes, or of regions of a camera's image."""

    message: type
    boxes: Callable[[Any], Iterator[LabelledBox]] | None = None
    regions: Callable[[Any], Iterator[LabelledRegion]] | None = None


def detector_input(name: str) -> DetectorInput:
    """The input of this name, one of VISION, YOLO, VISION_IMAGE and YOLO_IMAGE. Raises NotInstalled."""
    if name == VISION:
        return DetectorInput(_messages(VISION).Detection3DArray, boxes=vision_boxes)
    if name == VISION_IMAGE:
        return DetectorInput(_messages(VISION).Detection2DArray, regions=vision_regions)
    if name == YOLO:
        return DetectorInput(_messages(YOLO).DetectionArray, boxes=yolo_boxes)
    return DetectorInput(_messages(YOLO).DetectionArray, regions=yolo_regions)


def _messages(package: str) -> Any:
    try:
        return importlib.import_module(f"{package}.msg")
    except ImportError as error:
        how = "yolo_ros brings it" if package == YOLO else "apt-get install ros-$ROS_DISTRO-vision-msgs"
        raise NotInstalled(
            f"The package {package} is not installed or not sourced, so there are no detections in it ({how})."
        ) from error


class DetectionArrays:
    """Objects that are seen as vision_msgs/Detection3DArray. Raises NotInstalled when it is made."""

    def __init__(self, messages: Any = None):
        """``messages``: a module with the package's types; None: vision_msgs.msg."""
        self._types = messages or _messages(VISION)

    @property
    def message(self) -> type:
        """Type of the arrays."""
        return self._types.Detection3DArray

    def array(self, objects: Sequence[SeenObject], head: Header) -> Any:
        """One detection for each object: its upright box, and its names, the label first, then colour and kind.

        Args:
            head: planning frame, and the stamp of the cloud that they were seen in.
        """
        return self.message(header=head, detections=[self._detection(seen, head, n) for n, seen in enumerate(objects)])

    def _detection(self, seen: SeenObject, head: Header, number: int) -> Any:
        cos, sin = float(np.cos(seen.yaw)), float(np.sin(seen.yaw))
        turn = matrix_to_quaternion(np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]))
        x, y, z, w = (float(value) for value in turn)
        pose = Pose(position=Point(x=seen.center[0], y=seen.center[1], z=seen.center[2]))
        pose.orientation = Quaternion(x=x, y=y, z=z, w=w)
        length, width, height = (2 * half for half in seen.half_extents)
        box = self._types.BoundingBox3D(center=pose, size=Vector3(x=length, y=width, z=height))
        names = dict.fromkeys((seen.label, f"{seen.size} {seen.color} {seen.kind}".strip()))
        results = [self._hypothesis(name, seen.probability, pose) for name in names if name]
        return self._types.Detection3D(header=head, results=results, bbox=box, id=str(number))

    def _hypothesis(self, name: str, score: float, pose: Pose) -> Any:
        hypothesis = self._types.ObjectHypothesis(class_id=name, score=float(score))
        return self._types.ObjectHypothesisWithPose(hypothesis=hypothesis, pose=PoseWithCovariance(pose=pose))

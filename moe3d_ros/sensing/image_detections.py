"""Detections in an image as named things in the planning frame: what a camera sees of the cloud within their outlines.

Read are `yolo_msgs/DetectionArray`, with masks or boxes, and `vision_msgs/Detection2DArray`; numpy and scipy, messages are
read by their fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from moe3d_ros.sensing.clouds import transform_points
from moe3d_ros.sensing.detections import LEAST_POINTS, TABLE_LAYER, with_likeliest
from moe3d_ros.world.footprints import in_upright_box, inside_outline, least_upright_box
from moe3d_ros.world.grid import VOXEL_SIZE
from moe3d_ros.world.named_things import NamedThing
from moe3d_ros.world.vocabulary import KIND

NEAREST = 0.05  # metres before the camera; what is nearer is not in its image
HIDDEN = 0.03  # metres behind what the camera sees in the same place, from which on a point is hidden
TOUCHING = 2.5 * VOXEL_SIZE  # metres between points of one thing
RING = 0.03  # metres around a thing in which something lower is seen where it stands on that and not on the table


@dataclass(frozen=True)
class LabelledRegion:
    """A detection in an image.

    Attributes:
        label: as the detector calls it. score: in [0, 1].
        outline: (P, 2) pixels, corners of a polygon; of a box its four.
    """

    label: str
    score: float
    outline: np.ndarray


def vision_regions(msg: Any) -> Iterator[LabelledRegion]:
    """Boxes of a vision_msgs/Detection2DArray; see `with_likeliest`."""
    for detection, best in with_likeliest(msg):
        box = detection.bbox
        yield LabelledRegion(best.class_id, best.score, _corners(box.center, box.size_x, box.size_y))


def yolo_regions(msg: Any) -> Iterator[LabelledRegion]:
    """Masks of a yolo_msgs/DetectionArray, and boxes where there is no mask."""
    for detection in msg.detections:
        outline = np.array([(point.x, point.y) for point in detection.mask.data], float).reshape(-1, 2)
        if len(outline) < 3:
            box = detection.bbox
            outline = _corners(box.center, box.size.x, box.size.y)
        yield LabelledRegion(detection.class_name, detection.score, outline)


def _corners(center: Any, width: float, height: float) -> np.ndarray:
    """Corners (4, 2) of a box in pixels."""
    cos, sin = np.cos(center.theta), np.sin(center.theta)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2)
    return (center.position.x, center.position.y) + corners @ np.array([[cos, sin], [-sin, cos]])


class View:
    """The points of a cloud that a camera sees, with their places in its image.

    Args:
        points: (N, 3) metres in the planning frame; those that are not finite are not seen.
        projection: (3, 4) of the rectified image.
        pose: (4, 4) of the camera's optical frame in the planning frame.
    """

    def __init__(self, points: np.ndarray, projection: np.ndarray, pose: np.ndarray):
        points = np.asarray(points, float)[np.isfinite(points).all(axis=1)]
        own = transform_points(np.linalg.inv(pose), points)
        before = own[:, 2] > NEAREST
        points, own = points[before], own[before]
        image = own @ projection[:, :3].T + projection[:, 3]
        pixels = image[:, :2] / image[:, 2:]
        seen = _in_front(pixels, own[:, 2], projection[0, 0])
        self.points, self.pixels = points[seen], pixels[seen]

    def thing(self, region: LabelledRegion) -> NamedThing:
        """The thing that is seen in a region: a box around the largest piece of the cloud there.

        Raises:
            ValueError: a number is none that can be, the label is none, or the cloud has no points there.
        """
        if not np.isfinite(region.outline).all():
            raise ValueError("its outline has a number that is not finite")
        inside = self.points[inside_outline(self.pixels, region.outline)]
        thing = self._around(region, inside[inside[:, 2] > TABLE_LAYER])
        if thing is None or KIND[thing.kind].flat:
            thing = self._around(region, inside)
        if thing is None:
            raise ValueError(
                "the camera sees no points of the cloud in its outline: compare the camera_info, the frame and the stamp of the "
                "detections with those of the cloud"
            )
        return thing

    def _around(self, region: LabelledRegion, points: np.ndarray) -> NamedThing | None:
        """The box around the largest piece of some points (N, 3), down to the table if it stands there; None for too few."""
        if len(points) < LEAST_POINTS:
            return None
        near = cKDTree(points).sparse_distance_matrix(cKDTree(points), TOUCHING, output_type="coo_matrix")
        _, piece = connected_components(near, directed=False)
        own = points[piece == np.bincount(piece).argmax()]
        if len(own) < LEAST_POINTS:
            return None
        center, half, yaw = least_upright_box(own)
        if not self._stands_on_another(center, half, yaw):  # a camera from above sees no sides
            top = center[2] + half[2]
            center[2], half[2] = top / 2, top / 2
        x, y, z = center.tolist()
        length, width, height = (half + VOXEL_SIZE / 2 * np.array([1, 1, 0])).clip(min=0.001).tolist()
        return NamedThing(region.label, (x, y, z), (length, width, height), yaw, float(region.score))

    def _stands_on_another(self, center: np.ndarray, half: np.ndarray, yaw: float) -> bool:
        """True if something that reaches no higher than a box's lower side, and higher than the table, is seen around it."""
        low = center[2] - half[2]
        around = (*half[:2] + RING, low / 2 + VOXEL_SIZE)
        column = in_upright_box(self.points, (*center[:2], low / 2), around, yaw)
        column &= ~in_upright_box(self.points, center, half, yaw, slack=VOXEL_SIZE / 2)
        below = self.points[column & (self.points[:, 2] > TABLE_LAYER)]
        return len(below) >= LEAST_POINTS


def _in_front(pixels: np.ndarray, depth: np.ndarray, focal: float) -> np.ndarray:
    """Mask (N,) of the points that nothing hides: pixels (N, 2), depth (N,) metres, focal length in pixels."""
    if not len(depth):
        return np.zeros(0, bool)
    edge = max(1.5 * focal * VOXEL_SIZE / float(np.median(depth)), 1.0)  # of a cell in pixels, wider than a voxel
    _, cell = np.unique(np.floor(pixels / edge).astype(np.int64), axis=0, return_inverse=True)
    nearest = np.full(int(cell.max()) + 1, np.inf)
    np.minimum.at(nearest, cell.ravel(), depth)
    return depth < nearest[cell.ravel()] + HIDDEN

"""Placement of a scan in the model's workspace: an approximation that lets a tabletop encoder process rooms.

The encoder was made for a table of half a metre by one: a room must be shrunk to that size, and what it recognises
there are shapes and colours of a table's things. Policies:

    none      the cloud is in the planning frame already, in metres (own recordings)
    fit       the whole scan: its floor to z = 0, its middle to the workspace's, one scale for all axes
    objects   the same with a crop of the scan around the objects that the example is about, where it names any
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.world.workspace import Workspace
from training.data.datasets.example import Cloud

PLACEMENTS = ("none", "fit", "objects")
CROP_MARGIN = 0.5  # metres of the scan around the objects
OUTLIERS = 0.5  # per cent of the points, at either end of an axis, that do not count for the extents


def place(cloud: Cloud, placement: str, object_ids=(), workspace: Workspace = Workspace()) -> tuple[Cloud, np.ndarray]:
    """The cloud in the planning frame, and the transform (4, 4) that took it there (scaled rotation, then shift).

    The scan turns by a quarter about z if its longer side would otherwise lie along the workspace's shorter one. The
    scale is never above 1: nothing is shown larger than life.

    Raises:
        ValueError: an unknown placement.
    """
    if placement not in PLACEMENTS:
        raise ValueError(f"there is no placement {placement!r}: {', '.join(PLACEMENTS)}")
    if placement == "none":
        return cloud, np.eye(4)
    if placement == "objects":
        cloud = _crop(cloud, object_ids)
    low, high = np.percentile(cloud.points, [OUTLIERS, 100 - OUTLIERS], axis=0)
    extent = np.maximum(high - low, 1e-6)
    room = 2 * workspace.half_range
    turn = np.eye(3)
    if (extent[0] > extent[1]) != (room[0] > room[1]):
        turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        extent = extent[[1, 0, 2]]
    scale = min(1.0, float((room / extent).min()))
    foot = np.array([*(low[:2] + high[:2]) / 2, low[2]])
    target = np.array([*workspace.center[:2], workspace.low[2]])
    transform = np.eye(4)
    transform[:3, :3] = scale * turn
    transform[:3, 3] = target - scale * turn @ foot
    points = (cloud.points.astype(np.float64) @ transform[:3, :3].T + transform[:3, 3]).astype(np.float32)
    return Cloud(points, cloud.colors, cloud.instances, cloud.classes, cloud.labels), transform


def _crop(cloud: Cloud, object_ids) -> Cloud:
    """Part of the cloud within CROP_MARGIN of the box around these objects; all of it where none of them has a point."""
    if cloud.instances is None:
        return cloud
    meant = cloud.points[np.isin(cloud.instances, list(object_ids))]
    if len(meant) == 0:
        return cloud
    inside = ((cloud.points >= meant.min(0) - CROP_MARGIN) & (cloud.points <= meant.max(0) + CROP_MARGIN)).all(1)
    classes = None if cloud.classes is None else cloud.classes[inside]
    return Cloud(cloud.points[inside], cloud.colors[inside], cloud.instances[inside], classes, cloud.labels)

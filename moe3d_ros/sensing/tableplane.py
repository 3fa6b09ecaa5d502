"""Last resort for a camera whose place is unknown: find the table as a plane and put a robot frame on it.

The plane is found by Open3D's plane segmentation, in 9 to 18 ms for 40,000 points of each of 13 recorded scans, and 16 to
26 ms with the least squares that follow it (one core). On made tables it lies within 0.02 degrees and 0.2 mm of the true
one. RANSAC in numpy (300 hypotheses on 4,000 points, 5 to 13 ms) finds the same planes to 0.01 degrees and 0.1 mm, and so
adds nothing but code of our own; Open3D's import, 1 s, is paid by who asks for the table only.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.open3d_loader import import_open3d
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.expectations import check_distances, other_unit, scales_around
from moe3d_ros.sensing.readings import has_reading

INLIER_DISTANCE = 0.01  # metres; depth noise of a Kinect at 1 m
INSTEAD = "Let the camera see the table and the things on it, or give its transform instead."
MOST_ROUNDS = 20  # of least squares on the inliers; recorded scans take 2 or 3
MAX_POINTS = 40_000  # RANSAC sees a sample: more points add time, not certainty
MIN_POINTS = 100
LEAST_SPREAD = 1e-4  # metres, standard deviation along the second axis: less is a line
MIN_SHARE = 0.2  # of the points, that a table's plane holds
THING = 0.3  # metres above and below the plane in which things count that stand on it
CLEARLY = 3  # times as many points on one side of the plane as on the other, where that side is up
UNDER = 0.1  # of the points within the table's outline, that may lie under it: a table hides what is under it
TOWERING = 0.5  # share of the points more than 0.5 m above it, from which on it is a floor or a wall
FAR_FOR_A_TABLE = 3.5  # metres, median distance of the points from which on another unit is tried
CAMERA_HEIGHTS = (0.1, 4.0)  # metres above a table from which cameras look at it


def table_frame_from_plane(points: np.ndarray, center=(0.5, 0.0, 0.0)) -> np.ndarray:
    """Transform (4, 4) that takes points of a camera's optical frame into a robot frame that stands on the table.

    The camera is taken to look from where the robot stands, as a person who made the scan would: x is the direction
    of view along the table, y points to the left of the image, z is up, on the camera's side of the table. The middle
    of what stands on the table comes to ``center``, or of the table itself where nothing does. Up is where things stand;
    a scan that was saved in a frame of the world, whose origin is no camera, is put upright by them alone.

    Args:
        points: (N, 3) metres in the optical frame (z forward, x right, y down); what is no reading is left out.
        center: (3,) metres, the point of the robot frame on the table where the scene's middle is to lie.

    Raises:
        CloudError: too few points, no plane that holds a fifth of them, or one that is not clearly a table; with the
            figures.
    """
    points = points[has_reading(points)].astype(np.float64)
    if len(points) < MIN_POINTS:
        raise CloudError(f"Only {len(points)} valid points: a table plane cannot be found. Check the camera's view.")
    sample = points[:: -(-len(points) // MAX_POINTS)]
    spread = np.linalg.svd(sample - sample.mean(axis=0), compute_uv=False) / len(sample) ** 0.5  # metres, largest first
    if spread[1] < LEAST_SPREAD:
        where = "at one place" if spread[0] < LEAST_SPREAD else "on one line"
        raise CloudError(f"All {len(points)} valid points lie {where}: a table plane cannot be found. Check the scan.")
    near, middle, far = (float(value) for value in np.percentile(np.linalg.norm(sample, axis=1), (5, 50, 95)))
    check_distances((near, far), middle)
    normal, offset, inliers = _largest_plane(sample)
    try:
        normal, offset = _upwards(sample, normal, offset, inliers)
    except CloudError:
        for scale in scales_around(middle) if middle > FAR_FOR_A_TABLE else ():
            if _largest_plane(scale * sample)[2].mean() > 2 * max(MIN_SHARE, inliers.mean() / 2):
                raise other_unit((near, far), scale, "a plane holds two fifths of them or more") from None
        raise
    view = np.array([0.0, 0.0, 1.0])
    forward = view - normal * (view @ normal)
    if np.linalg.norm(forward) < 1e-3:  # looking straight down: the image's upper edge is forward
        forward = np.array([0.0, -1.0, 0.0])  # of a scan in a world's frame, which may end here too, any axis will do
        forward -= normal * (forward @ normal)
    forward /= np.linalg.norm(forward)
    rotation = np.stack([forward, np.cross(normal, forward), normal])  # rows: the robot's axes in the optical frame

    in_table = sample @ rotation.T + [0.0, 0.0, offset]
    middle = np.median(in_table[inliers, :2], axis=0)
    height = in_table[:, 2]
    standing = (height > 2 * INLIER_DISTANCE) & (height < 0.5)
    if standing.sum() >= MIN_POINTS:
        low, high = np.percentile(in_table[standing, :2], [2, 98], axis=0)
        middle = (low + high) / 2
    transform = np.eye(4)
    transform[:3, :3] = rotation
    transform[:3, 3] = np.asarray(center, float) - [middle[0], middle[1], -offset]
    return transform


def _upwards(points: np.ndarray, normal: np.ndarray, offset: float, inliers: np.ndarray) -> tuple[np.ndarray, float]:
    """The plane with its normal upwards. Raises CloudError where it is not clear which way that is, or no table's.

    Up is the side on which things stand; where nothing does, it is the camera's, which is at the origin and looks along
    z. Only what lies within the table's outline counts: beyond its edge the floor is seen.
    """
    if inliers.mean() < MIN_SHARE:
        raise CloudError(
            f"The largest plane holds {inliers.mean():.0%} of the points. No plane holds a fifth of them: no table is in "
            f"view. {INSTEAD}"
        )
    if offset < 0:  # the camera, at the origin, belongs above the table
        normal, offset = -normal, -offset
    height = points @ normal + offset
    axes = np.linalg.svd(normal[None])[2][1:]  # two directions along the plane
    along = points @ axes.T
    low, high = np.percentile(along[inliers], [2, 98], axis=0)
    over = np.all((along >= low) & (along <= high), axis=1)
    camera_side, other_side = (
        int(np.count_nonzero(over & (side > 2 * INLIER_DISTANCE) & (side < THING))) for side in (height, -height)
    )
    share = f"the plane holds {inliers.mean():.0%} of the points"
    least = max(MIN_POINTS // 2, int(0.001 * len(points)))
    looks = float(np.mean(points[:, 2] > 0)) > 0.9 and normal[2] < 0.2  # along z, and not away from the plane
    camera = looks and CAMERA_HEIGHTS[0] < offset < CAMERA_HEIGHTS[1]
    if max(camera_side, other_side) < least:
        if camera:
            return normal, offset
        raise CloudError(
            f"Nothing stands on the largest plane, and no camera looks at it from {offset:.2f} m ({share}): which way is up "
            f"cannot be told. {INSTEAD}"
        )
    if min(camera_side, other_side) * CLEARLY > max(camera_side, other_side):
        raise CloudError(
            f"On one side of the largest plane lie {camera_side} points of things, on the other {other_side} ({share}): "
            f"which way is up cannot be told. {INSTEAD}"
        )
    if other_side > camera_side:
        normal, offset, height, camera = -normal, -offset, -height, False
    under = float(np.mean(height[over] < -2 * INLIER_DISTANCE))
    if under > UNDER:
        raise CloudError(
            f"Under the largest plane, within its outline, lie {under:.0%} of the points ({share}): it is no table top. "
            f"{INSTEAD}"
        )
    towering = float(np.mean(height > 0.5))
    if towering > TOWERING:
        raise CloudError(
            f"More than 0.5 m above the largest plane lie {towering:.0%} of the points ({share}): it is a floor or a wall. "
            f"{INSTEAD}"
        )
    if looks and normal[2] < 0.2 and offset > 0 and not camera:
        raise CloudError(
            f"The camera would be {offset:.2f} m above the largest plane ({share}), expected {CAMERA_HEIGHTS[0]:g} to "
            f"{CAMERA_HEIGHTS[1]:g} m: are the points in metres? {INSTEAD}"
        )
    return normal, offset


def _largest_plane(points: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Plane normal . p + offset = 0 with the most points near it: RANSAC, then least squares on the inliers.

    Least squares and inliers take turns until they agree: Open3D's threads do not end at the same hypothesis every time, and from
    any of them this comes to the same plane, so that one scan has one table frame.
    """
    open3d = import_open3d()

    open3d.utility.random.seed(0)
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    _, rows = cloud.segment_plane(INLIER_DISTANCE, 3, 1000)
    inliers = np.zeros(len(points), bool)
    inliers[rows] = True
    for _ in range(MOST_ROUNDS):
        normal, offset = _least_squares_plane(points[inliers])
        before, inliers = inliers, np.abs(points @ normal + offset) < INLIER_DISTANCE
        if np.array_equal(before, inliers):
            break
    return normal, offset, inliers


def _least_squares_plane(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Unit normal (3,) and offset, normal . p + offset = 0, with the least squares of distances to points (N, 3)."""
    mean = points.mean(axis=0)
    off = points - mean
    normal = np.linalg.eigh(off.T @ off)[1][:, 0]
    return normal, -float(normal @ mean)

"""Demonstrated poses held against the cloud that they were demonstrated on: the tool's axis, and something at the pick."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.pose import Pose

REACH = 0.04  # metres, in the plane, from a pose to what it means
ABOVE_TABLE = 0.005  # metres; lower points are the table's
RISING = 0.17  # upward part of the tool's z axis, 10 degrees above level: no tool comes so from below a table's things
PATH = (0.012, 0.05)  # metres behind the contact, along the approach, that must be free
PATH_RADIUS = 0.012  # metres
IN_THE_WAY = 3  # points on the path that are no noise
ALONE = 0.02  # metres: a point that has no other one as near as that is a sensor's stray one, and no thing
CONVENTION = "z goes along the approach into the surface (tool0; straight down is the quaternion (1, 0, 0, 0))"


def axis_problem(pose: Pose) -> str | None:
    """Reason that a pick or place pose has another tool axis than z into the surface; None where it may have that one."""
    up = float(quaternion_to_matrix(pose.orientation)[2, 2])
    if up <= RISING:
        return None
    return f"has a tool axis z that points up ({np.degrees(np.arccos(-up)):.0f} degrees from down), expected one where {CONVENTION}"


def pick_problem(points: np.ndarray, pose: Pose) -> str | None:
    """Reason that nothing can have been picked at a pose; None where something stands there and the tool can come to it.

    Args:
        points: (N, 3) metres in the planning frame, the table's top at z = 0; NaN allowed.
        pose: of the tool tip at contact.
    """
    points = points[np.isfinite(points).all(axis=1)]
    standing = _not_alone(points[points[:, 2] > ABOVE_TABLE].astype(np.float64))
    contact = np.asarray(pose.position)
    apart = np.linalg.norm(standing[:, :2] - contact[:2], axis=1)
    if not (apart < REACH).any():
        nearest = f"the nearest thing is {apart.min():.2f} m away" if len(apart) else "the table is empty"
        return f"has nothing that stands within {REACH * 100:.0f} cm of it in the cloud before it ({nearest})"
    gap = np.linalg.norm(standing - contact, axis=1).min()
    if gap > REACH:
        return (
            f"lies {gap * 100:.0f} cm from the nearest point of what stands there, expected the tool tip at contact (is it the "
            "pose of the flange, or one before the approach?)"
        )
    approach = quaternion_to_matrix(pose.orientation)[:, 2]
    behind = (contact - standing) @ approach
    aside = np.linalg.norm(standing - contact + behind[:, None] * approach, axis=1)
    crossed = int(((behind > PATH[0]) & (behind < PATH[1]) & (aside < PATH_RADIUS)).sum())
    if crossed >= IN_THE_WAY:
        return (
            f"lies behind what stands there, as the tool comes ({crossed} points of the cloud are on its way), expected the "
            f"point of contact, and a tool where {CONVENTION}"
        )
    return None


def _not_alone(points: np.ndarray) -> np.ndarray:
    """Those of the points (N, 3) that have another one near."""
    if len(points) < 2:
        return points[:0]
    nearest, _ = cKDTree(points).query(points, k=2, distance_upper_bound=ALONE)
    return points[np.isfinite(nearest[:, 1])]

"""Colours for points from the image of another camera: projected, nearest pixel, hidden points left without (numpy)."""

from __future__ import annotations

import numpy as np

# A point is hidden where another one stands in front of it by more than this: metres, and a share of its distance.
# It must exceed the noise of depth cameras (1 % at most at table distance) and what a slope gains across a cell.
OCCLUSION_ABSOLUTE, OCCLUSION_RELATIVE = 0.01, 0.01


def color_points(points, image, projection, spacing: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Give each point the colour of the nearest pixel of an image in which it is seen.

    Occlusion is decided from the points alone: per cell of the image the nearest one is found, and what lies
    clearly behind it is hidden. A cell is as large as the points lie apart in the image, so that a surface in front
    has no holes; at its rim points that are just visible may count as hidden too: no colour rather than a wrong one.

    Args:
        points: (N, 3) metres in the optical frame of the colour camera (z forward); NaN where there is no reading.
        image: (H, W, 3) uint8 RGB, rectified.
        projection: (3, 4) projection matrix of the image, as `clouds.read_projection` gives it.
        spacing: distance of neighbouring points in pixels of the image, the colour camera's focal length over the
            depth camera's.

    Returns:
        colours (N, 3) uint8, zero where there is none, and which points have one, (N,) bool: those in front of the
        camera, inside its image and not hidden.
    """
    height, width = image.shape[:2]
    matrix = np.asarray(projection, np.float32)
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 3]) / z + matrix[0, 2]
        v = (matrix[1, 1] * y + matrix[1, 3]) / z + matrix[1, 2]
        # Pixel centres are whole numbers: pixel 0 reaches from -0.5 to 0.5. NaN compares false.
        inside = (z > 0) & (u >= -0.5) & (u < width - 0.5) & (v >= -0.5) & (v < height - 0.5)
    rows = np.flatnonzero(inside)
    depth = z[rows]
    column, line = ((value[rows] + 0.5).astype(np.int64) for value in (u, v))

    cell = max(1, int(np.ceil(1.5 * spacing)))
    key = (line // cell) * (width // cell + 1) + column // cell
    nearest = np.full((height // cell + 1) * (width // cell + 1), np.inf, np.float32)
    np.minimum.at(nearest, key, depth)
    visible = depth <= nearest[key] * (1 + OCCLUSION_RELATIVE) + OCCLUSION_ABSOLUTE

    colors, colored = np.zeros((len(points), 3), np.uint8), np.zeros(len(points), bool)
    rows = rows[visible]
    colors[rows] = image[line[visible], column[visible]]
    colored[rows] = True
    return colors, colored


def same_view(depth_shape, color_shape, depth_projection, color_projection) -> bool:
    """True if two images share one projection: equal sizes, and intrinsics equal to a tenth of a pixel."""
    return tuple(depth_shape) == tuple(color_shape) and np.allclose(depth_projection, color_projection, atol=0.1)

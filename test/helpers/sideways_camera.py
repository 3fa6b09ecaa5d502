"""A block on a table, seen by a depth camera from above and by a colour camera 6 cm to its right."""

import numpy as np

from moe3d_ros.sensing import clouds

K = np.array([[150.0, 0, 80], [0, 150.0, 60], [0, 0, 1]])
FINE = np.array([[310.0, 0, 158, 0], [0, 300.0, 121, 0], [0, 0, 1, 0]])  # of a colour image of 320x240
TABLE, BLOCK = (90, 77, 66), (255, 87, 89)
SIDEWAYS = np.array([-0.06, 0.0, 0.0], np.float32)  # of depth points in the frame of a camera 6 cm to the right


def depth_points() -> np.ndarray:
    """Seen from straight above: a table at 0.8 m with a block of 8 x 8 cm and 20 cm height, and a hole."""
    depth = np.full((120, 160), 0.8, np.float32)
    depth[50:70, 70:90] = 0.6
    depth[100:, :10] = np.nan
    return clouds.depth_to_points(depth, K)


def color_image(on_block=BLOCK) -> np.ndarray:
    """What the colour camera sees, drawn from geometry: through each pixel a ray, to the block's top or the table."""
    v, u = np.mgrid[0:240, 0:320]
    x, y = (u - 158) / 310.0, (v - 121) / 300.0
    edges = (np.array([69.5, 89.5]) - 80) / 150 * 0.6, (np.array([49.5, 69.5]) - 60) / 150 * 0.6
    at = x * 0.6 - SIDEWAYS[0], y * 0.6
    top = (at[0] > edges[0][0]) & (at[0] < edges[0][1]) & (at[1] > edges[1][0]) & (at[1] < edges[1][1])
    image = np.full((240, 320, 3), TABLE, np.uint8)
    image[top] = on_block
    return image

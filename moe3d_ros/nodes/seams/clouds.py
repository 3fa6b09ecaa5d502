"""Clouds at the message boundary: through sensor_msgs_py where it is installed, else through numpy alone.

The library reads little-endian clouds without padded rows whose fields are all well named, and asserts the rest; what
it does not read goes the other way, as do messages that were decoded without ROS.
"""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.voxels import GREY

try:
    from sensor_msgs_py import point_cloud2
except ImportError:  # the pip-only route
    point_cloud2 = None


def read_cloud(msg) -> tuple[np.ndarray, np.ndarray | None]:
    """Points (N, 3) float32 and colours (N, 3) uint8 or None; see ``moe3d_ros.sensing.clouds.read_cloud``."""
    return clouds.read_cloud(msg, _library_rows if _library_reads(msg) else clouds.point_rows)


def cloud_to_msg(points: np.ndarray, colors: np.ndarray | None, head: Header) -> PointCloud2:
    """Points (N, 3) metres and colours (N, 3) uint8 (None: grey) -> PointCloud2 with x y z rgb, unorganised."""
    if colors is None:
        colors = np.full((len(points), 3), GREY, np.uint8)
    if point_cloud2 is not None and len(points):  # the library cannot make an empty cloud
        made = point_cloud2.create_cloud(
            head, _fields(), clouds.structured_points(points, colors), point_step=clouds.XYZRGB_STEP
        )
    else:
        made = _packed_cloud(points, colors, head)
    made.is_dense = bool(np.isfinite(points).all())
    return made


def _fields() -> list[PointField]:
    return [
        PointField(name=name, offset=offset, datatype=datatype, count=1)
        for name, offset, datatype in clouds.XYZRGB_FIELDS
    ]


def _library_reads(msg) -> bool:
    """True if the library can read this message correctly."""
    if point_cloud2 is None or not isinstance(msg, PointCloud2) or msg.is_bigendian:
        return False
    if msg.height != 1 and msg.row_step != msg.width * msg.point_step:
        return False
    names = [field.name for field in msg.fields]
    return len(set(names)) == len(names) and all(
        field.name and field.count == 1 and field.datatype in clouds.POINT_FORMATS and _lies_inside(field, msg)
        for field in msg.fields
    )


def _lies_inside(field: PointField, msg: PointCloud2) -> bool:
    return field.offset + np.dtype(clouds.POINT_FORMATS[field.datatype]).itemsize <= msg.point_step


def _library_rows(msg: PointCloud2) -> np.ndarray:
    """Rows of points as from ``clouds.point_rows``, read by the library."""
    return point_cloud2.read_points(msg).reshape(msg.height, msg.width)


def _packed_cloud(points: np.ndarray, colors: np.ndarray, head: Header) -> PointCloud2:
    """Cloud of any length, equal to that of the library's ``create_cloud``."""
    msg = PointCloud2(
        header=head,
        height=1,
        width=len(points),
        fields=_fields(),
        is_bigendian=False,
        point_step=clouds.XYZRGB_STEP,
        row_step=clouds.XYZRGB_STEP * len(points),
    )
    msg.data = clouds.pack_cloud(points, colors)  # not in the constructor, which looks at every byte
    return msg

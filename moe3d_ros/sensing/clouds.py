"""Sensor messages to numpy and back: PointCloud2, depth and colour images, camera intrinsics.

Messages are read by their attributes alone (``fields``, ``data``, ``width``...), so that nothing here imports ROS and
any object with the same attributes will do. Whatever a message claims is checked against the bytes it holds before
anything is allocated: a claim that does not fit raises ``CloudError`` with a sentence for the user.
"""

from __future__ import annotations

import array

import numpy as np

from moe3d_ros.sensing.readings import without_sentinels

# sensor_msgs/PointField datatypes.
INT32, UINT32, FLOAT32, FLOAT64 = 5, 6, 7, 8
POINT_FORMATS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", INT32: "i4", UINT32: "u4", FLOAT32: "f4", FLOAT64: "f8"}

# The layout that is written: 16 bytes a point, x y z as float32 and the packed colour that PCL and RViz call `rgb`.
XYZRGB_FIELDS = (("x", 0, FLOAT32), ("y", 4, FLOAT32), ("z", 8, FLOAT32), ("rgb", 12, FLOAT32))
XYZRGB_STEP = 16

UINT16_MAX = 65535  # in a depth image of integers: no reading
DEPTH_FORMATS = {"32FC1": ("f4", 1.0), "16UC1": ("u2", 1e-3), "mono16": ("u2", 1e-3)}  # format, metres per unit
COLOR_CHANNELS = {"rgb8": (0, 1, 2), "bgr8": (2, 1, 0), "rgba8": (0, 1, 2), "bgra8": (2, 1, 0), "mono8": (0, 0, 0)}


class CloudError(ValueError):
    """Sensor data cannot be used; the message says what is wrong with it and what to do."""


def point_rows(msg) -> np.ndarray:
    """The points of a checked PointCloud2 as bytes (height, width) of ``point_step`` each, a view of its data."""
    return np.ndarray(
        (int(msg.height), int(msg.width)),
        np.dtype((np.void, int(msg.point_step))),
        _bytes_view(msg.data),
        strides=(_row_step(msg), int(msg.point_step)),
    )


def read_cloud(msg, rows=point_rows) -> tuple[np.ndarray, np.ndarray | None]:
    """Points and colours of a PointCloud2 in any layout.

    Args:
        msg: organised or not, x y z as float32 or float64 anywhere in the point, colour as `rgb` or `rgba` (packed in
            a float32 or a 32-bit integer) or as three uint8 fields r, g, b; little- or big-endian; padded rows.
        rows: takes the message, once what it claims was checked, to its points (height, width), as ``point_rows``.

    Returns:
        points (N, 3) float32 in the message's frame and unit (metres), NaN and Inf left in place, and colours (N, 3)
        uint8 RGB, or None where the cloud has none. Both are views of the message's bytes where the layout allows it:
        do not write to them.

    Raises:
        CloudError: a field is missing or does not fit in the point, a step is too small, or `data` is truncated.
    """
    count = int(msg.width) * int(msg.height)
    fields = {field.name: field for field in msg.fields}
    if count == 0:
        colored = "rgb" in fields or "rgba" in fields or fields.keys() >= set("rgb")
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8) if colored else None
    _check_fields(fields, int(msg.point_step))
    _check_size(msg)
    view, order = rows(msg), ">" if msg.is_bigendian else "<"

    def column(offset: int, form: str, shape=()) -> np.ndarray:
        """A view of one field of every point (height, width, *shape)."""
        return view.getfield(np.dtype((order + form, shape)), offset)

    x, y, z = fields["x"], fields["y"], fields["z"]
    if {x.datatype, y.datatype, z.datatype} == {FLOAT32} and (y.offset - x.offset, z.offset - x.offset) == (4, 8):
        points = column(x.offset, "f4", (3,)).astype(np.float32, copy=False)
    else:
        points = np.empty((*view.shape, 3), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # a float64 beyond float32 becomes Inf, dropped later
            for axis, field in enumerate((x, y, z)):
                points[..., axis] = column(field.offset, POINT_FORMATS[field.datatype])

    colors = None
    packed = fields.get("rgb") or fields.get("rgba")
    if packed is not None:
        channels = column(packed.offset, "u1", (4,))  # 0xAARRGGBB
        colors = channels[..., slice(1, 4) if msg.is_bigendian else slice(2, None, -1)].reshape(count, 3)
    elif all(name in fields for name in "rgb"):
        colors = np.stack([column(fields[name].offset, "u1") for name in "rgb"], axis=-1).reshape(count, 3)
    return points.reshape(count, 3), colors


def _row_step(msg) -> int:
    """Bytes from row to row; some drivers leave row_step 0 for an unorganised cloud, whose one row needs none."""
    least = int(msg.width) * int(msg.point_step)
    return max(int(msg.row_step), least) if msg.height == 1 else int(msg.row_step)


def _check_size(msg) -> None:
    """Raise CloudError unless the message holds as many bytes as its points take."""
    width, height, step, row_step = int(msg.width), int(msg.height), int(msg.point_step), _row_step(msg)
    if row_step < width * step:
        raise CloudError(
            f"The cloud's row_step is {row_step} bytes, but {width} points of {step} bytes need "
            f"{width * step}: the driver fills in PointCloud2 wrongly."
        )
    held = len(_bytes_view(msg.data))
    needed = row_step * (height - 1) + width * step
    if held < needed:
        raise CloudError(
            f"The cloud's data is truncated: {width} x {height} points of {step} bytes need {needed} "
            f"bytes, but {held} arrived. Check the driver or the network for cut messages."
        )


def _check_fields(fields: dict, step: int) -> None:
    """Raise CloudError unless x, y, z and the colour lie in the point and have types that can be read."""
    missing = [name for name in "xyz" if name not in fields]
    if missing:
        raise CloudError(
            f"The cloud has no field {' or '.join(missing)} (it has {quoted(', '.join(fields)) or 'none'}): "
            "publish a cloud with x, y and z."
        )
    allowed = {
        **dict.fromkeys("xyz", (FLOAT32, FLOAT64)),
        **dict.fromkeys(("rgb", "rgba"), (INT32, UINT32, FLOAT32)),
        **(dict.fromkeys("rgb", (2,)) if all(name in fields for name in "rgb") else {}),
    }
    for name, types in allowed.items():
        field = fields.get(name)
        if field is None:
            continue
        if field.datatype not in types:
            raise CloudError(
                f"The cloud's field {name} has datatype {field.datatype}: use {' or '.join(map(str, types))} "
                "(sensor_msgs/PointField)."
            )
        if field.offset + np.dtype(POINT_FORMATS[field.datatype]).itemsize > step:
            raise CloudError(
                f"The cloud's field {name} at byte {field.offset} lies outside its {step}-byte point: "
                "the driver fills in PointCloud2 wrongly."
            )


def structured_points(points: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Points (N, 3) metres and colours (N, 3) uint8 -> structured array (N,) with the layout of XYZRGB_FIELDS."""
    packed = np.zeros(len(points), np.dtype([("xyz", "<f4", (3,)), ("bgra", "u1", (4,))]))
    packed["xyz"] = points
    packed["bgra"][:, :3] = np.asarray(colors)[:, ::-1]
    return packed.view([(name, "<f4") for name, _, _ in XYZRGB_FIELDS])


def pack_cloud(points: np.ndarray, colors: np.ndarray) -> array.array:
    """Points (N, 3) metres and colours (N, 3) uint8 -> the bytes of an XYZRGB_FIELDS cloud.

    An ``array.array`` is what rclpy takes without looking at every byte.
    """
    return array.array("B", structured_points(points, colors).tobytes())


def read_depth(msg, scale: float = 0.0, farthest: float = 0.0) -> np.ndarray:
    """Depth image (H, W) float32 in metres, by its encoding; NaN where there is no reading.

    Args:
        msg: sensor_msgs/Image, 32FC1 in metres or 16UC1 in millimetres.
        scale: metres per unit, for a sensor that has others; 0: as the encoding says.
        farthest: see `readings.without_sentinels`.

    Raises:
        CloudError: another encoding, or fewer bytes than its size needs.
    """
    if msg.encoding not in DEPTH_FORMATS:
        raise CloudError(
            f"The depth image has encoding '{quoted(msg.encoding)}': publish 32FC1 (metres) or 16UC1 (millimetres)."
        )
    form, _ = DEPTH_FORMATS[msg.encoding]
    values = _image_view(msg, np.dtype((">" if msg.is_bigendian else "<") + form), 1)
    return depth_in_metres(values, msg.encoding, scale, farthest)


def depth_in_metres(values: np.ndarray, encoding: str, scale: float, farthest: float) -> np.ndarray:
    """Numbers of a depth image (H, W) of an encoding in DEPTH_FORMATS -> as `read_depth` returns them."""
    form, metres = DEPTH_FORMATS[encoding]
    depth = values.astype(np.float32)
    if form == "u2":
        depth[values == UINT16_MAX] = np.nan
    if (scale or metres) != 1.0:
        depth *= np.float32(scale or metres)
    return without_sentinels(depth, farthest)


def read_color(msg) -> np.ndarray:
    """Colour image (H, W, 3) uint8 RGB. Raises CloudError on an encoding that is not 8-bit colour or grey."""
    if msg.encoding not in COLOR_CHANNELS:
        raise CloudError(
            f"The colour image has encoding '{quoted(msg.encoding)}': publish one of {', '.join(COLOR_CHANNELS)}."
        )
    depth = {"mono8": 1, "rgb8": 3, "bgr8": 3}.get(msg.encoding, 4)
    view = _image_view(msg, np.dtype("u1"), depth).reshape(int(msg.height), int(msg.width), depth)
    return view[..., list(COLOR_CHANNELS[msg.encoding])]


def read_projection(msg, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Projection matrix (3, 4) of a rectified image: P where it is filled in, else K; sensor_msgs/CameraInfo.

    Args:
        msg: camera_info; its matrices are of the full resolution, before binning and region of interest.
        shape: (height, width) of the image that it belongs to; None: not checked.

    Raises:
        CloudError: the camera is not calibrated (focal lengths not positive), the numbers are not finite, or the image
            has another size than camera_info says.
    """
    matrix = np.asarray(msg.p, np.float64).reshape(3, 4).copy()
    if matrix[0, 0] == 0:
        matrix[:, :3] = np.asarray(msg.k, np.float64).reshape(3, 3)
        matrix[:, 3] = 0
    if not np.isfinite(matrix).all() or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise CloudError(
            "The camera_info holds no calibration (fx and fy must be positive): calibrate the camera or fix its driver."
        )
    region = getattr(msg, "roi", None)
    height, width = int(getattr(msg, "height", 0)), int(getattr(msg, "width", 0))
    if region is not None and region.width and region.height:
        matrix[0, 2] -= region.x_offset
        matrix[1, 2] -= region.y_offset
        height, width = int(region.height), int(region.width)
    across, down = (max(1, int(getattr(msg, name, 0))) for name in ("binning_x", "binning_y"))
    matrix[0] /= across
    matrix[1] /= down
    expected = (height // down, width // across)
    if shape is not None and (height or width) and tuple(shape) != expected:
        raise CloudError(
            f"The image is {shape[1]}x{shape[0]}, its camera_info is for {expected[1]}x{expected[0]}: remap to the "
            "camera_info that is published beside the image."
        )
    return matrix


def read_intrinsics(msg, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Camera matrix (3, 3) of a rectified image; arguments and errors as of `read_projection`."""
    return read_projection(msg, shape)[:, :3]


def depth_to_points(depth: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Depth (H, W) metres and camera matrix (3, 3) -> points (H*W, 3) float32 in the optical frame (z forward)."""
    height, width = depth.shape
    (fx, fy), (cx, cy) = np.diag(intrinsics)[:2], intrinsics[:2, 2]
    points = np.empty((height, width, 3), np.float32)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # absurd intrinsics: points far away
        across = ((np.arange(width) - cx) / fx).astype(np.float32)
        down = ((np.arange(height) - cy) / fy).astype(np.float32)
        np.multiply(depth, across, out=points[..., 0])
        np.multiply(depth, down[:, None], out=points[..., 1])
    points[..., 2] = depth
    return points.reshape(-1, 3)


def transform_points(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a rigid transform (4, 4) to points (N, 3) float32 -> (N, 3) float32.

    The result's columns lie one after the other in memory, which is three times as fast here and suits voxelising.
    """
    rotation = np.asarray(transform[:3, :3], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # of NaN and Inf
        return (rotation @ points.T + np.asarray(transform[:3, 3], np.float32)[:, None]).T


def quoted(text: str, longest: int = 60) -> str:
    """Received text made fit for a message: truncated, and without characters that do not print."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:longest])
    return shown + ("..." if len(text) > longest else "")


def _bytes_view(data) -> np.ndarray:
    """The bytes of a message's data (array.array, bytes, numpy array or list of ints) as uint8 (n,), not copied."""
    return np.frombuffer(bytes(data) if isinstance(data, (list, tuple)) else data, np.uint8)


def _image_view(msg, dtype: np.dtype, channels: int) -> np.ndarray:
    """View of an image's pixels (H, W * channels). Raises CloudError where the bytes do not suffice."""
    height, width, step = int(msg.height), int(msg.width), int(msg.step)
    row = width * channels * dtype.itemsize
    if height == 0 or width == 0:
        raise CloudError("The image is empty (width or height is 0): check the camera.")
    if step < row:
        raise CloudError(
            f"The image's step is {step} bytes, but a row of {width} '{msg.encoding}' pixels needs {row}: the "
            "driver fills in Image wrongly."
        )
    data = _bytes_view(msg.data)
    needed = step * (height - 1) + row
    if len(data) < needed:
        raise CloudError(
            f"The image's data is truncated: {width} x {height} '{msg.encoding}' needs {needed} bytes, but "
            f"{len(data)} arrived. Check the driver or the network for cut messages."
        )
    return np.ndarray((height, width * channels), dtype, data, strides=(step, dtype.itemsize))

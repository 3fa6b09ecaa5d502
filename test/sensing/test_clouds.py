"""Sensor messages to numpy: every layout is read alike, every false claim is refused with a sentence."""

from types import SimpleNamespace

import numpy as np
import pytest

from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.clouds import FLOAT32, FLOAT64, UINT32, CloudError

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-1, 1, (12, 3)).astype(np.float32)
COLORS = RNG.integers(0, 256, (12, 3), dtype=np.uint8)


def message(dtype: np.dtype, array: np.ndarray, height: int = 1, padding: int = 0, big: bool = False):
    """A PointCloud2-like object from a structured array (N,)."""
    numbers = {"f4": FLOAT32, "f8": FLOAT64, "u4": UINT32, "i4": 5, "u1": 2, "u2": 4}
    fields = [
        SimpleNamespace(
            name=name, offset=dtype.fields[name][1], datatype=numbers[dtype.fields[name][0].str[1:]], count=1
        )
        for name in dtype.names
    ]
    width = len(array) // height
    rows = array.reshape(height, width)
    data = b"".join(row.tobytes() + b"\xff" * padding for row in rows)
    return SimpleNamespace(
        height=height,
        width=width,
        fields=fields,
        is_bigendian=big,
        point_step=dtype.itemsize,
        row_step=width * dtype.itemsize + padding,
        data=data,
        is_dense=False,
    )


def packed(colors) -> np.ndarray:
    """0x00RRGGBB (N,) uint32."""
    wide = colors.astype(np.uint32)
    return wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]


def layout(
    order: str = "<", number: str = "f4", color: str | None = "rgb", kind: str = "f4", offsets=None
) -> np.ndarray:
    """POINTS and COLORS in a structured array with the given byte order, types and offsets."""
    names = ["x", "y", "z"] + ([color] if color else [])
    formats = [order + number] * 3 + ([order + kind] if color else [])
    spec = {"names": names, "formats": formats}
    if offsets:
        spec.update(offsets=offsets[: len(names)], itemsize=offsets[-1])
    array = np.zeros(len(POINTS), np.dtype(spec))
    for axis, name in enumerate("xyz"):
        array[name] = POINTS[:, axis]
    if color:
        array[color] = packed(COLORS).view(np.float32) if kind == "f4" else packed(COLORS)
    return array


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"color": "rgba", "kind": "u4"},
        {"color": "rgba", "kind": "i4"},
        {"number": "f8"},
        {"order": ">"},
        {"order": ">", "color": "rgba", "kind": "u4", "number": "f8"},
        {"offsets": [0, 4, 8, 16, 32]},  # what PCL and RealSense send
        {"offsets": [20, 4, 12, 0, 48]},  # nobody's, but allowed
    ],
)
@pytest.mark.parametrize(("height", "padding"), [(1, 0), (3, 0), (3, 7)])
def test_every_layout_reads_alike(options, height, padding):
    array = layout(**options)
    points, colors = clouds.read_cloud(message(array.dtype, array, height, padding, big=options.get("order") == ">"))
    np.testing.assert_allclose(points, POINTS, rtol=1e-6)
    np.testing.assert_array_equal(colors, COLORS)
    assert points.dtype == np.float32
    assert colors.dtype == np.uint8


def test_cloud_without_colour_and_with_separate_channels():
    array = layout(color=None)
    assert clouds.read_cloud(message(array.dtype, array))[1] is None
    dtype = np.dtype([(n, "<f4") for n in "xyz"] + [(n, "u1") for n in "rgb"])
    array = np.zeros(12, dtype)
    for axis, name in enumerate("rgb"):
        array[name] = COLORS[:, axis]
    np.testing.assert_array_equal(clouds.read_cloud(message(dtype, array))[1], COLORS)


def test_not_finite_values_stay_in_place():
    array = layout()
    array["x"][3], array["z"][4] = np.nan, np.inf
    points, _ = clouds.read_cloud(message(array.dtype, array))
    assert len(points) == 12
    assert np.isnan(points[3, 0])
    assert np.isinf(points[4, 2])


@pytest.mark.parametrize("colored", [True, False])
def test_an_empty_cloud_is_empty_and_has_the_fields_that_it_says(colored):
    array = layout()
    rows = array[:0] if colored else array[["x", "y", "z"]][:0]
    points, colors = clouds.read_cloud(message(rows.dtype, rows))
    assert points.shape == (0, 3)
    assert (colors is not None and colors.shape == (0, 3)) == colored


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: setattr(m, "data", m.data[:-1]), "truncated"),
        (lambda m: setattr(m, "data", b""), "truncated"),
        (lambda m: setattr(m, "width", 2**31), "truncated"),  # claims 32 GiB in a small buffer
        (lambda m: setattr(m, "point_step", 4), "outside its 4-byte point"),
        (lambda m: setattr(m, "point_step", 0), "outside its 0-byte point"),
        (lambda m: (setattr(m, "height", 3), setattr(m, "width", 4), setattr(m, "row_step", 16)), "row_step"),
        (lambda m: m.fields.pop(1), "no field y"),
        (lambda m: m.fields.clear(), "no field x or y or z"),
        (lambda m: setattr(m.fields[0], "datatype", 4), "datatype 4"),
        (lambda m: setattr(m.fields[3], "datatype", FLOAT64), "datatype 8"),
        (lambda m: setattr(m.fields[2], "offset", 2**32 - 1), "outside"),
    ],
)
def test_false_claims_are_refused_with_a_sentence(change, words):
    array = layout()
    msg = message(array.dtype, array)
    change(msg)
    with pytest.raises(CloudError, match=words):
        clouds.read_cloud(msg)


def test_what_is_packed_is_read_back():
    data = clouds.pack_cloud(POINTS, COLORS)
    fields = [SimpleNamespace(name=n, offset=o, datatype=t, count=1) for n, o, t in clouds.XYZRGB_FIELDS]
    msg = SimpleNamespace(
        height=1, width=12, fields=fields, is_bigendian=False, point_step=clouds.XYZRGB_STEP, row_step=192, data=data
    )
    points, colors = clouds.read_cloud(msg)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(colors, COLORS)


def image(array: np.ndarray, encoding: str, big: bool = False, padding: int = 0):
    """An Image-like object."""
    rows = b"".join(row.tobytes() + b"\0" * padding for row in array)
    return SimpleNamespace(
        height=array.shape[0],
        width=array.shape[1],
        encoding=encoding,
        is_bigendian=big,
        step=array[0].nbytes + padding,
        data=rows,
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_depth_is_read_by_its_encoding(order):
    metres = np.array([[0.5, 1.25, 0.0], [np.nan, np.inf, -1.0]], np.float32)
    expected = np.array([[0.5, 1.25, np.nan], [np.nan, np.nan, np.nan]], np.float32)
    got = clouds.read_depth(image(metres.astype(order + "f4"), "32FC1", order == ">", padding=5))
    np.testing.assert_array_equal(got, expected)
    millimetres = np.array([[500, 1250, 0], [0, 0, 0]], order + "u2")
    np.testing.assert_allclose(clouds.read_depth(image(millimetres, "16UC1", order == ">")), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("encoding", "channels"),
    [("rgb8", [0, 1, 2]), ("bgr8", [2, 1, 0]), ("rgba8", [0, 1, 2, 0]), ("bgra8", [2, 1, 0, 0])],
)
def test_colour_is_read_by_its_encoding(encoding, channels):
    color = RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(clouds.read_color(image(color[..., channels], encoding, padding=3)), color)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: setattr(m, "encoding", "8UC1"), "encoding"),
        (lambda m: setattr(m, "step", 3), "step"),
        (lambda m: setattr(m, "data", m.data[:-2]), "truncated"),
        (lambda m: setattr(m, "height", 2**31), "truncated"),
        (lambda m: setattr(m, "width", 0), "empty"),
    ],
)
def test_false_images_are_refused_with_a_sentence(change, words):
    msg = image(np.ones((4, 5), np.float32), "32FC1")
    change(msg)
    with pytest.raises(CloudError, match=words):
        clouds.read_depth(msg)


def test_depth_and_intrinsics_give_points():
    intrinsics = np.array([[450.0, 0, 3], [0, 400.0, 2], [0, 0, 1]])
    depth = np.full((5, 7), 0.8, np.float32)
    points = clouds.depth_to_points(depth, intrinsics)
    v, u = np.divmod(np.arange(35), 7)
    expected = np.stack([(u - 3) * 0.8 / 450, (v - 2) * 0.8 / 400, np.full(35, 0.8)], axis=1)
    np.testing.assert_allclose(points, expected, rtol=1e-5, atol=1e-7)
    info = SimpleNamespace(k=intrinsics.ravel(), p=np.zeros(12))
    np.testing.assert_array_equal(clouds.read_intrinsics(info), intrinsics)
    rectified = np.hstack([intrinsics * 1.1, np.ones((3, 1))])
    np.testing.assert_allclose(
        clouds.read_intrinsics(SimpleNamespace(k=intrinsics.ravel(), p=rectified.ravel())), intrinsics * 1.1
    )


@pytest.mark.parametrize("focal", [0.0, -1.0, np.nan, np.inf])
def test_uncalibrated_camera_is_refused(focal):
    with pytest.raises(CloudError, match="calibration"):
        clouds.read_intrinsics(SimpleNamespace(k=np.array([focal, 0, 3, 0, focal, 2, 0, 0, 1]), p=np.zeros(12)))


def test_transform_points():
    transform = np.array([[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1.0]])
    np.testing.assert_allclose(clouds.transform_points(transform, np.array([[1, 0, 0]], np.float32)), [[1, 3, 3]])

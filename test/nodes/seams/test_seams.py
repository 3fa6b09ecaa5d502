"""Both sides of each seam are equal: what the apt route's libraries compute, and what the pip-only route does."""

import array

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from builtin_interfaces.msg import Time
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from moe3d_ros.nodes.seams import clouds as seam
from moe3d_ros.nodes.seams import quaternions
from moe3d_ros.sensing import clouds
from moe3d_ros.world import geometry

RNG = np.random.default_rng(0)
COUNT = 60
POINTS = RNG.normal(size=(COUNT, 3)).astype(np.float32)
POINTS[3], POINTS[7, 2] = np.nan, np.inf
COLORS = RNG.integers(0, 256, (COUNT, 3), dtype=np.uint8)
HEAD = Header(frame_id="camera", stamp=Time(sec=3, nanosec=4))
XYZ = [("x", 0, "f4"), ("y", 4, "f4"), ("z", 8, "f4")]
READ_BY_THE_LIBRARY = {
    "xyz": (XYZ, 12),
    "xyzrgb": ([*XYZ, ("rgb", 12, "f4")], 16),
    "packed integers": ([*XYZ, ("rgba", 12, "u4")], 16),
    "gaps, as PCL leaves them": ([*XYZ, ("rgb", 16, "f4")], 32),
    "any order": ([("z", 0, "f4"), ("x", 4, "f4"), ("y", 8, "f4"), ("intensity", 12, "u2")], 14),
    "double": ([("x", 0, "f8"), ("y", 8, "f8"), ("z", 16, "f8"), ("rgb", 24, "f4")], 28),
    "three channels": ([*XYZ, ("r", 12, "u1"), ("g", 13, "u1"), ("b", 14, "u1")], 15),
}
NUMBERS = {form: number for number, form in clouds.POINT_FORMATS.items()}


def cloud(fields, step, height=3, padding=0, order="<", seed=0) -> PointCloud2:
    """A real message of random bytes whose coordinates are some of POINTS."""
    width = COUNT // height
    dtype = np.dtype(
        {
            "names": [name for name, *_ in fields],
            "formats": [order + form for *_, form in fields],
            "offsets": [offset for _, offset, _ in fields],
            "itemsize": step,
        }
    )
    rng = np.random.default_rng(seed)
    points = np.frombuffer(rng.bytes(COUNT * step), dtype).copy()
    for axis, name in enumerate("xyz"):
        points[name] = POINTS[:, axis]
    rows = [row.tobytes() + b"\x01" * padding for row in points.reshape(height, width)]
    msg = PointCloud2(
        header=HEAD,
        height=height,
        width=width,
        is_bigendian=order == ">",
        point_step=step,
        row_step=width * step + padding,
        fields=[PointField(name=n, offset=o, datatype=NUMBERS[f], count=1) for n, o, f in fields],
    )
    msg.data = array.array("B", b"".join(rows))
    return msg


def equal(found, expected):
    for mine, other in zip(found, expected):
        if other is None:
            assert mine is None
        else:
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("height", [1, 3])
@pytest.mark.parametrize("name", READ_BY_THE_LIBRARY)
def test_clouds_are_read_alike(name, height):
    pytest.importorskip("sensor_msgs_py", reason="sensor_msgs_py is not installed")
    msg = cloud(*READ_BY_THE_LIBRARY[name], height=height)
    assert seam._library_reads(msg)
    before = bytes(msg.data)
    equal(clouds.read_cloud(msg, seam._library_rows), clouds.read_cloud(msg))
    equal(seam.read_cloud(msg), clouds.read_cloud(msg))
    assert bytes(msg.data) == before
    points, _ = seam.read_cloud(msg)
    np.testing.assert_array_equal(points, POINTS)


def odd(change) -> PointCloud2:
    msg = cloud(*READ_BY_THE_LIBRARY["gaps, as PCL leaves them"])
    change(msg)
    return msg


def add_field(**values):
    return lambda msg: msg.fields.append(PointField(**{"name": "more", "datatype": 7, "count": 1, **values}))


@pytest.mark.parametrize(
    "msg",
    [
        cloud(*READ_BY_THE_LIBRARY["xyzrgb"], order=">"),
        cloud(*READ_BY_THE_LIBRARY["xyzrgb"], padding=5),
        odd(add_field(count=0)),
        odd(add_field(count=40)),
        odd(add_field(datatype=77)),
        odd(add_field(datatype=10, offset=16)),  # PointField.UINT64, since Lyrical
        odd(add_field(offset=31)),
        odd(add_field(name="x", offset=4)),
        odd(add_field(name="")),
    ],
    ids=["big-endian", "padded", "count 0", "long array", "unknown type", "uint64", "outside", "twice", "nameless"],
)
def test_what_the_library_does_not_read_is_read_all_the_same(msg):
    """With and without it: it would assert, or swap the bytes of the message itself."""
    before, data = clouds.read_cloud(msg), bytes(msg.data)
    equal(seam.read_cloud(msg), before)
    assert not seam._library_reads(msg)
    assert bytes(msg.data) == data


def test_clouds_are_made_alike():
    pytest.importorskip("sensor_msgs_py", reason="sensor_msgs_py is not installed")
    for points in (POINTS, POINTS[20:]):
        made = seam.cloud_to_msg(points, COLORS[: len(points)], HEAD)
        own = seam._packed_cloud(points, COLORS[: len(points)], HEAD)
        own.is_dense = len(points) < COUNT
        assert made == own


@pytest.mark.parametrize("count", [0, 1, COUNT])
def test_a_made_cloud_is_read_back(count):
    points, colors = seam.read_cloud(seam.cloud_to_msg(POINTS[:count], COLORS[:count], HEAD))
    np.testing.assert_array_equal(points, POINTS[:count])
    if count:
        np.testing.assert_array_equal(colors, COLORS[:count])


def test_messages_do_not_share_their_fields():
    first, second = (seam.cloud_to_msg(POINTS, COLORS, HEAD) for _ in range(2))
    first.fields[0].name = "changed"
    assert second.fields[0].name == "x"


def rotations() -> np.ndarray:
    """Rotation matrices (N, 3, 3): random ones, and those where a formula may lose its footing."""
    random = np.random.default_rng(1).normal(size=(50, 4))
    special = [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1e-6], [0, 1, 1, -1e-6]]
    return geometry.quaternion_to_matrix(np.concatenate([random, special]))


def test_quaternions_are_converted_alike():
    pytest.importorskip("tf_transformations", reason="tf_transformations is not installed")
    assert quaternions.tf_transformations is not None
    for matrix in rotations():
        own = geometry.matrix_to_quaternion(matrix)
        found = quaternions.matrix_to_quaternion(matrix)
        assert found[3] >= 0
        same = own if own @ found > 0 else -own  # half turns have two
        np.testing.assert_allclose(found, same, atol=1e-9)
        for scale in (1.0, -1.0, 2.5):
            np.testing.assert_allclose(quaternions.quaternion_to_matrix(scale * own), matrix, atol=1e-9)


def test_a_quaternion_that_was_converted_comes_back():
    for matrix in rotations():
        back = quaternions.quaternion_to_matrix(quaternions.matrix_to_quaternion(matrix))
        np.testing.assert_allclose(back, matrix, atol=1e-9)

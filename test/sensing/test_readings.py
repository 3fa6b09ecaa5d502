"""What is no reading, in clouds and depth images of drivers that each have their own way to say so."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from moe3d_ros.sensing.clouds import read_depth
from moe3d_ros.sensing.readings import BEYOND, has_reading, readings_of
from moe3d_ros.sensing.voxels import AT_SENSOR, NO_NUMBER, voxelize

CAMERA = np.array([[1.0, 0, 0, 0.5], [0, -1, 0, 0], [0, 0, -1, 0.28], [0, 0, 0, 1]])  # within the workspace itself


def depth_msg(depth: np.ndarray, encoding: str):
    """As sensor_msgs/Image."""
    height, width = depth.shape
    return SimpleNamespace(
        height=height, width=width, encoding=encoding, is_bigendian=0, step=depth.nbytes // height, data=depth.tobytes()
    )


@pytest.mark.parametrize(
    "lost",
    [
        (np.nan, np.nan, np.nan),
        (0.0, 0.0, 0.0),
        (-0.0, 0.0, -0.0),
        (np.nan, 0.1, 0.2),
        (np.inf, -np.inf, np.inf),
        (np.finfo(np.float32).max,) * 3,
        (1e10, 1e10, 1e10),
        (0.1, -1e6, 0.2),
    ],
)
def test_no_reading_is_dropped_however_it_is_spelt(lost):
    points = np.array([[0.1, 0.0, 0.2], lost, [0.0, 0.0, 0.25]], np.float32)
    np.testing.assert_array_equal(has_reading(points), [True, False, True])
    assert len(readings_of(points, 10)) == 2
    assert len(voxelize(points, None, transform=CAMERA)[0]) == 2  # the camera itself stands in the workspace


def test_dropped_points_are_counted_by_reason():
    points = np.tile(np.float32([0.1, 0.0, 0.2]), (100_000, 1))
    points[::4], points[1::10] = 0.0, np.nan
    dropped = Counter()
    voxels, _ = voxelize(points, None, transform=CAMERA, dropped=dropped)
    assert dropped == {AT_SENSOR: 25_000, NO_NUMBER: 10_000}
    assert len(voxels) == 1


def test_a_point_on_one_axis_plane_is_a_reading():
    points = np.array([[0.4, 0.0, 0.0], [0.0, 0.2, 0.0], [0.5, 0.1, 0.0]], np.float32)
    assert has_reading(points).all()
    assert len(voxelize(points, None)[0]) == 2  # the one at x = 0 lies outside the workspace


@pytest.mark.parametrize(
    ("encoding", "kind", "lost", "unit"),
    [
        ("16UC1", np.uint16, 0, 0.001),
        ("16UC1", np.uint16, 65535, 0.001),
        ("mono16", np.uint16, 65535, 0.001),
        ("32FC1", np.float32, -1.0, 1.0),
        ("32FC1", np.float32, np.finfo(np.float32).max, 1.0),
        ("32FC1", np.float32, -np.inf, 1.0),
        ("32FC1", np.float32, 10.0, 1.0),  # a sensor that clips at its range
        ("16UC1", np.uint16, 8000, 0.001),
    ],
)
def test_sentinels_of_depth_images_are_no_reading(encoding, kind, lost, unit):
    rng = np.random.default_rng(0)
    true = 0.9 + rng.normal(0, 0.002, (48, 64))
    stored = np.round(true / unit).astype(kind) if kind is np.uint16 else true.astype(kind)
    stored[:, :16] = lost
    depth = read_depth(depth_msg(stored, encoding))
    assert np.isnan(depth[:, :16]).all()
    np.testing.assert_allclose(depth[:, 16:], true[:, 16:], atol=0.001)


def test_a_flat_table_without_noise_is_no_sentinel_and_neither_is_a_wall_with_noise():
    table = np.full((48, 64), 0.9, np.float32)
    table[10:20, 10:20] = 0.8
    assert np.isfinite(read_depth(depth_msg(table, "32FC1"))).all()
    wall = table.copy()
    wall[:, :16] = 4 + np.random.default_rng(0).normal(0, 0.01, (48, 16))
    assert np.isfinite(read_depth(depth_msg(wall, "32FC1"))).all()


def test_unit_and_range_of_depth_can_be_given():
    tenths = np.full((4, 4), 9000, np.uint16)
    tenths[0] = 30_000
    depth = read_depth(depth_msg(tenths, "16UC1"), scale=0.0001, farthest=2.5)
    np.testing.assert_allclose(depth[1:], 0.9, atol=1e-6)
    assert np.isnan(depth[0]).all()
    np.testing.assert_allclose(
        read_depth(depth_msg(np.full((4, 4), 900.0, np.float32), "32FC1"), 0.001), 0.9, atol=1e-6
    )


def test_a_cloud_in_millimetres_has_readings():
    assert has_reading(np.float32([[400.0, 20.0, 0.9 * BEYOND]])).all()

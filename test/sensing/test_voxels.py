"""Voxelising: cropping, averaging, idempotence, and what is not finite."""

import numpy as np
import pytest

from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.workspace import Workspace


def cloud(count=5000, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform((0.0, -0.8, -0.1), (1.0, 0.8, 0.5), (count, 3)).astype(np.float32)
    return points, rng.integers(0, 256, (count, 3), dtype=np.uint8)


def test_keeps_only_the_workspace_and_its_margin():
    points, colors = cloud()
    centroids, shades = voxelize(points, colors)
    assert 0 < len(centroids) == len(shades) < len(points)
    assert Workspace().contains(centroids, margin=0.026).all()


def test_a_voxel_is_the_mean_of_its_points():
    points = np.array([[0.501, 0.001, 0.051], [0.503, 0.003, 0.053], [0.6, 0.2, 0.1]], np.float32)
    colors = np.array([[10, 20, 30], [30, 40, 50], [1, 2, 3]], np.uint8)
    centroids, shades = voxelize(points, colors)
    assert len(centroids) == 2
    first = np.argmin(centroids[:, 0])
    assert np.allclose(centroids[first], [0.502, 0.002, 0.052], atol=1e-6)
    assert shades[first].tolist() == [20, 30, 40]


def test_voxelising_again_changes_nothing():
    centroids, shades = voxelize(*cloud())
    again, shades_again = voxelize(centroids, shades)
    assert np.allclose(again, centroids, atol=1e-6)
    assert (shades_again == shades).all()


def test_rows_that_are_not_finite_are_dropped():
    points, colors = cloud(100)
    points[::2] = np.nan
    points[1] = np.inf
    expected = voxelize(points[3::2], colors[3::2])
    found = voxelize(points, colors)
    assert np.allclose(found[0], expected[0])
    assert (found[1] == expected[1]).all()
    assert len(voxelize(np.full((10, 3), np.nan, np.float32), None)[0]) == 0


def test_the_table_top_fills_one_layer():
    rng = np.random.default_rng(1)
    flat = np.column_stack([rng.uniform(0.3, 0.7, 4000), rng.uniform(-0.4, 0.4, 4000), rng.normal(0, 0.001, 4000)])
    centroids, _ = voxelize(flat.astype(np.float32), None)
    assert np.abs(centroids[:, 2]).max() < 0.005


def test_a_workspace_must_have_a_volume():
    with pytest.raises(ValueError, match="low < high"):
        Workspace((0, 0, 0), (1, 0, 1))

"""One grid for numpy and torch: voxels made by either lie in the same cells."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from moe3d_ros.model.perception.patches import PatchConfig, make_patches
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.grid import Grid
from moe3d_ros.world.workspace import Workspace


@pytest.mark.parametrize(
    ("workspace", "voxel_size", "margin"),
    [(Workspace(), 0.01, 0.02), (Workspace((0.1, -0.33, 0.0), (0.71, 0.4, 0.25)), 0.013, 0.0)],
)
def test_numpy_and_torch_voxels_are_the_same(workspace, voxel_size, margin):
    rng = np.random.default_rng(0)
    points = rng.uniform(np.subtract(workspace.low, 0.05), np.add(workspace.high, 0.05), (4000, 3)).astype(np.float32)
    colors = rng.integers(0, 256, (4000, 3), dtype=np.uint8)
    centroids, _ = voxelize(points, colors, voxel_size, workspace, margin)
    config = PatchConfig(voxel_size=voxel_size, margin=margin, table_height=-1.0, max_patches=10**6)
    scene = torch.zeros(len(points), dtype=torch.long)
    patches = make_patches(
        scene, torch.from_numpy(points), torch.from_numpy(colors).float() / 255, 1, config, workspace
    )
    found = patches.voxels.numpy()
    assert len(found) == len(centroids)
    assert cKDTree(found).query(centroids)[0].max() < 1e-5


def test_the_table_top_lies_in_the_middle_of_a_layer():
    grid = Grid()
    assert (0 - grid.low[2]) / grid.voxel_size % 1 == pytest.approx(0.5, abs=1e-4)

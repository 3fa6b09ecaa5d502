"""The one grid of voxels: the box with its margin, cut into cubes; nodes, planner and training stand on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.world.workspace import Workspace

VOXEL_SIZE = 0.01  # metres, edge of a voxel
MARGIN = 0.02  # metres around the workspace that are seen too


@dataclass(frozen=True)
class Grid:
    """Cells of a workspace and its margin.

    The table's top (z = 0 of the default workspace) lies in the middle of a layer of voxels, so that sensor noise does
    not spread it over two.

    Attributes:
        workspace: box in the planning frame, metres.
        voxel_size: edge length of a voxel, metres.
        margin: how far beyond the box points are kept, metres; below the table too.
    """

    workspace: Workspace = Workspace()
    voxel_size: float = VOXEL_SIZE
    margin: float = MARGIN

    @property
    def low(self) -> np.ndarray:
        """Lowest corner (3,) float32, metres."""
        low = np.asarray(self.workspace.low, np.float32) - np.float32(self.margin)
        low[2] -= np.float32(self.voxel_size / 2)
        return low

    @property
    def high(self) -> np.ndarray:
        """Highest corner (3,) float32, metres."""
        return np.asarray(self.workspace.high, np.float32) + np.float32(self.margin)

    @property
    def shape(self) -> np.ndarray:
        """Number of cells along x, y and z (3,) int64."""
        return np.floor((self.high - self.low) / np.float32(self.voxel_size)).astype(np.int64) + 1

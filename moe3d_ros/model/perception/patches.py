"""From points to the encoder's input: voxels of 1 cm, grouped into patches of 4x4x4, without the bare table; torch.

Works on a whole batch of clouds at once, on CPU and GPU alike; one cloud is a batch of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from moe3d_ros.world.grid import MARGIN, VOXEL_SIZE, Grid
from moe3d_ros.world.workspace import Workspace

VOXEL_FEATURES = 7  # offset from the patch's centroid (3), colour (3), height (1)


@dataclass(frozen=True)
class PatchConfig:
    """Grid of the encoder's input (lengths in metres)."""

    voxel_size: float = VOXEL_SIZE
    patch_voxels: int = 4
    margin: float = MARGIN  # kept around the workspace
    table_height: float = 0.008  # a voxel above this is no table
    table_color_gap: float = 0.1  # a voxel whose colour differs more than this (of 1) from the table's is no table
    max_patches: int = 512  # per scene; those with most that is no table are kept (patterned cloths and walls have 400)

    def __post_init__(self) -> None:
        if self.voxel_size <= 0 or self.patch_voxels < 1 or self.max_patches < 1:
            raise ValueError(f"voxel_size, patch_voxels and max_patches must be positive: {self}")


@dataclass
class PatchBatch:
    """Voxels sorted by patch, and patches as a padded batch (B, N)."""

    voxels: torch.Tensor  # (V, 3) centroid, metres
    colors: torch.Tensor  # (V, 3) in [0, 1]
    features: torch.Tensor  # (V, VOXEL_FEATURES)
    voxel_scene: torch.Tensor  # (V,) long
    patch_of_voxel: torch.Tensor  # (V,) long, index into the flat patches (T,)
    cells: torch.Tensor  # (V, 3) long, place in the scene's grid
    cell_of_voxel: torch.Tensor  # (V,) long, place in its patch, of patch_voxels ** 3
    table: torch.Tensor  # (V,) bool, low and in the table's colour
    flat_index: torch.Tensor  # (T,) long, place of each patch in the padded batch, scene * N + slot
    centroids: torch.Tensor  # (B, N, 3) metres
    mask: torch.Tensor  # (B, N) bool, True where there is a patch
    labels: (
        torch.Tensor | None
    )  # (B, N) long, slot of the object that a patch belongs to, -1 none; if labels were given
    pieces: torch.Tensor | None = None  # (T, ...) of `pieces.piece_numbers` with axes, as far as it was asked for them

    def to_padded(self, flat: torch.Tensor) -> torch.Tensor:
        """(T, D) -> (B, N, D) with zeros where there is no patch."""
        batch, n = self.mask.shape
        padded = flat.new_zeros(batch * n, flat.shape[-1])
        return padded.index_copy(0, self.flat_index, flat).view(batch, n, -1)


def _group_mean(key: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean of ``values`` (N, D) over equal keys -> unique keys (G,), means (G, D), counts (G,), sorted by key."""
    order = torch.argsort(key)
    unique, counts = torch.unique_consecutive(key[order], return_counts=True)
    group = torch.repeat_interleave(torch.arange(len(unique), device=key.device), counts)
    sums = values.new_zeros(len(unique), values.shape[1]).index_add_(0, group, values[order])
    return unique, sums / counts[:, None], counts


def make_patches(
    scene: torch.Tensor,
    points: torch.Tensor,
    colors: torch.Tensor,
    batch: int,
    config: PatchConfig = PatchConfig(),
    workspace: Workspace = Workspace(),
    labels: torch.Tensor | None = None,
) -> PatchBatch:
    """Crop, voxelise, drop what is only table, and group into patches.

    Args:
        scene: (P,) long, which of the ``batch`` scenes a point belongs to.
        points: (P, 3) metres in the planning frame, finite. colors: (P, 3) in [0, 1].
        labels: (P,) long, slot of the object that a point lies on, negative for none (training only).
    """
    voxels = _voxels(scene, points, colors, batch, config, workspace, labels)
    voxels, patch, patch_scene = _grouped(voxels, batch, config)
    return _padded(voxels, patch, patch_scene, batch, config)


@dataclass
class _Voxels:
    """Occupied voxels of all scenes, sorted by scene and place."""

    centroids: torch.Tensor  # (V, 3) metres
    colors: torch.Tensor  # (V, 3) in [0, 1]
    scene: torch.Tensor  # (V,) long
    patch_key: torch.Tensor  # (V,) long, equal in a patch, ascending with scenes
    cells: torch.Tensor  # (V, 3) long, place in the scene's grid
    cell: torch.Tensor  # (V,) long, place in its patch
    patches_per_scene: int  # places for patches in a scene's grid
    labels: torch.Tensor | None  # (V,) long, slot of the object, -1 none
    table: torch.Tensor  # (V,) bool, see PatchBatch

    def chosen(self, order: torch.Tensor) -> _Voxels:
        """Those with these indices, in their order."""
        labels = None if self.labels is None else self.labels[order]
        centroids, colors, scene = self.centroids[order], self.colors[order], self.scene[order]
        keys = self.patch_key[order], self.cells[order], self.cell[order]
        return _Voxels(centroids, colors, scene, *keys, self.patches_per_scene, labels, self.table[order])


def _voxels(
    scene: torch.Tensor,
    points: torch.Tensor,
    colors: torch.Tensor,
    batch: int,
    config: PatchConfig,
    workspace: Workspace,
    labels: torch.Tensor | None,
) -> _Voxels:
    """Points within the workspace and its margin, averaged over the voxels of the grid."""
    device = points.device
    grid = Grid(workspace, config.voxel_size, config.margin)
    low, high, shape = (torch.from_numpy(value).to(device) for value in (grid.low, grid.high, grid.shape))
    inside = ((points >= low) & (points <= high)).all(dim=1)
    scene, points, colors = scene[inside], points[inside], colors[inside]
    cell = ((points - low) / config.voxel_size).long()
    key = ((scene * shape[0] + cell[:, 0]) * shape[1] + cell[:, 1]) * shape[2] + cell[:, 2]
    columns = [points, colors]
    if labels is not None:
        labels = labels[inside]
        columns += [(labels.clamp(min=0) + 1)[:, None] * (labels >= 0)[:, None].float(), (labels >= 0)[:, None].float()]
    key, means, _ = _group_mean(key, torch.cat(columns, dim=1))
    voxel_scene = torch.div(key, int(shape.prod()), rounding_mode="floor")
    if labels is not None:
        on_object = means[:, 7] > 0
        labels = torch.where(on_object, (means[:, 6] / means[:, 7].clamp(min=1e-6)).round().long() - 1, -1)
    patch_shape = torch.div(shape, config.patch_voxels, rounding_mode="floor") + 1
    cells = _unravelled(key % shape.prod(), shape)
    patch_key, cell = _patch_key(cells, voxel_scene, patch_shape, config.patch_voxels)
    table = _is_table(means[:, :3], means[:, 3:6], voxel_scene, batch, config)
    places = int(patch_shape.prod())
    return _Voxels(means[:, :3], means[:, 3:6], voxel_scene, patch_key, cells, cell, places, labels, table)


def _unravelled(place: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    """Cells (V, 3) of a grid of this shape (3,), of their numbers (V,)."""
    x = torch.div(place, shape[1] * shape[2], rounding_mode="floor")
    y = torch.div(place, shape[2], rounding_mode="floor") % shape[1]
    return torch.stack([x, y, place % shape[2]], dim=1)


def _patch_key(
    cells: torch.Tensor, scene: torch.Tensor, patch_shape: torch.Tensor, edge: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Number of the patch that a voxel lies in, counted over all scenes (V,), and its place in it (V,); cells: (V, 3)."""
    x, y, z = torch.div(cells, edge, rounding_mode="floor").unbind(1)
    patch = ((scene * patch_shape[0] + x) * patch_shape[1] + y) * patch_shape[2] + z
    x, y, z = (cells % edge).unbind(1)
    return patch, (x * edge + y) * edge + z


def _grouped(voxels: _Voxels, batch: int, config: PatchConfig) -> tuple[_Voxels, torch.Tensor, torch.Tensor]:
    """Voxels of the patches that are kept, sorted by patch; the patch of each (V,); the scene of each patch (T,)."""
    order = torch.argsort(voxels.patch_key, stable=True)
    unique, counts = torch.unique_consecutive(voxels.patch_key[order], return_counts=True)
    patch = torch.repeat_interleave(torch.arange(len(unique), device=order.device), counts)
    salience = torch.zeros(len(unique), device=order.device).index_add_(0, patch, (~voxels.table[order]).float())
    patch_scene = torch.div(unique, voxels.patches_per_scene, rounding_mode="floor")
    kept = _most_salient(salience, patch_scene, batch, config.max_patches)
    rank = torch.cumsum(kept.long(), 0) - 1
    chosen = kept[patch]
    return voxels.chosen(order[chosen]), rank[patch[chosen]], patch_scene[kept]


def _padded(
    voxels: _Voxels, patch: torch.Tensor, patch_scene: torch.Tensor, batch: int, config: PatchConfig
) -> PatchBatch:
    """The encoder's input: features of the voxels, and the patches of each scene side by side."""
    device, total = patch.device, len(patch_scene)
    counts = torch.bincount(patch, minlength=total).clamp(min=1)
    centroid = voxels.centroids.new_zeros(total, 3).index_add_(0, patch, voxels.centroids) / counts[:, None]
    per_scene = torch.bincount(patch_scene, minlength=batch)
    first = torch.cumsum(per_scene, 0) - per_scene
    width = max(int(per_scene.max()) if total else 0, 1)
    flat_index = patch_scene * width + torch.arange(total, device=device) - first[patch_scene]
    mask = torch.zeros(batch * width, dtype=torch.bool, device=device)
    mask[flat_index] = True
    centroids = centroid.new_zeros(batch * width, 3).index_copy(0, flat_index, centroid).view(batch, width, 3)
    labels = None
    if voxels.labels is not None:
        # A patch belongs to the highest slot in it: zones and bowls come after blocks, and objects last.
        flat = torch.full((total,), -1, dtype=torch.long, device=device)
        flat = flat.scatter_reduce(0, patch, voxels.labels, "amax")
        labels = torch.full((batch * width,), -1, dtype=torch.long, device=device)
        labels = labels.index_copy(0, flat_index, flat).view(batch, width)
    reach = config.voxel_size * config.patch_voxels / 2
    offset = (voxels.centroids - centroid[patch]) / reach
    features = torch.cat([offset, voxels.colors * 2 - 1, voxels.centroids[:, 2:] * 10], dim=1)
    return PatchBatch(
        voxels=voxels.centroids,
        colors=voxels.colors,
        features=features,
        voxel_scene=voxels.scene,
        patch_of_voxel=patch,
        cells=voxels.cells,
        cell_of_voxel=voxels.cell,
        table=voxels.table,
        flat_index=flat_index,
        centroids=centroids,
        mask=mask.view(batch, width),
        labels=labels,
    )


def _is_table(
    voxels: torch.Tensor, colors: torch.Tensor, scene: torch.Tensor, batch: int, config: PatchConfig
) -> torch.Tensor:
    """Low voxels in the colour of their scene's table: the median colour of all low voxels (V,) bool."""
    flat = voxels[:, 2] < config.table_height
    table = colors.new_zeros(batch, 3)
    for index in range(batch):
        here = colors[flat & (scene == index)]
        if len(here):
            table[index] = here.median(dim=0).values
    gap = (colors - table[scene]).abs().amax(dim=1)
    return flat & (gap < config.table_color_gap)


def _most_salient(salience: torch.Tensor, patch_scene: torch.Tensor, batch: int, limit: int) -> torch.Tensor:
    """Patches with anything but table, at most ``limit`` a scene (T,) bool."""
    kept = salience > 0
    if int(torch.bincount(patch_scene[kept], minlength=batch).max() if bool(kept.any()) else 0) > limit:
        order = torch.argsort(patch_scene * 1000.0 - salience)
        count = torch.bincount(patch_scene, minlength=batch)
        first = torch.cumsum(count, 0) - count
        place = torch.empty_like(order)
        place[order] = torch.arange(len(order), device=order.device)
        kept &= place - first[patch_scene] < limit
    return kept


def single_cloud_patches(
    points: np.ndarray, colors: np.ndarray, config: PatchConfig, workspace: Workspace, device: str = "cpu"
) -> PatchBatch:
    """Patches of one cloud: points (N, 3) float32 metres, colors (N, 3) uint8 -> a batch of one."""
    places = torch.as_tensor(points, dtype=torch.float32, device=device)
    shades = torch.as_tensor(colors, device=device).float() / 255
    scene = torch.zeros(len(places), dtype=torch.long, device=device)
    return make_patches(scene, places, shades, 1, config, workspace)

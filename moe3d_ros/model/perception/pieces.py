"""Connected pieces of what stands on the table: which voxels touch, as a whole, for the patches that they lie in."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from moe3d_ros.model.perception.layers import silent
from moe3d_ros.model.perception.patches import PatchBatch
from moe3d_ros.world.grid import VOXEL_SIZE

STANDING = 0.01  # metres above the table: what is lower, such as a zone, would join all that stands on it
REACH = 0.1  # metres that count as one
FARTHEST = 5.0  # in those
PIECE_NUMBERS = 8  # from the patch to its piece's middle (3), half extents (3), how many voxels, is there a piece
FIRST_TRUST, FIRST_VOTE_TRUST = (1.5, 1.5, -3.0), (0.0, 0.0, -3.0)  # log odds before training says otherwise
_TOUCHING = np.ones((3, 3, 3), dtype=bool)


class PieceReader(nn.Module):
    """Reading of pieces by detection: patches are told of theirs, which adds nothing before it has learnt, and two trusts.

    A patch trusts that the middle of its piece is the middle of its thing, and a query that its thing is where its vote is: by
    direction, as shares of the way there, since a tower's blocks have its middle in common but for the height.
    """

    def __init__(self, width: int, hidden: int = 128):
        super().__init__()
        self.read = nn.Sequential(nn.Linear(PIECE_NUMBERS, hidden), nn.GELU(), silent(nn.Linear(hidden, width)))
        self.trust, self.vote_trust = nn.Linear(width, 3), nn.Linear(width, 3)
        for linear, first in ((self.trust, FIRST_TRUST), (self.vote_trust, FIRST_VOTE_TRUST)):
            nn.init.zeros_(linear.weight)
            linear.bias.data = torch.tensor(first)

    def votes(self, patches: PatchBatch, detailed: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Votes of patches (B, N, 3): their ``own``, and as far as they trust it the middle of their piece."""
        told = patches.to_padded(piece_numbers(patches))
        share = self.trust(detailed).sigmoid() * told[..., 7:]
        return own + share * (patches.centroids + REACH * told[..., :3] - own)

    def centers(self, normed: torch.Tensor, read: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Centres of queries (B, Q, 3): what they ``read``, and as far as they trust it the place of their vote."""
        return read + self.vote_trust(normed).sigmoid() * (place - read)

    def forward(self, patches: PatchBatch) -> torch.Tensor:
        """Added to the features of the flat patches (T, width)."""
        return self.read(piece_numbers(patches))


def piece_numbers(patches: PatchBatch) -> torch.Tensor:
    """Numbers of the piece that most of a patch's standing voxels are of (T, PIECE_NUMBERS); zeros where none stands."""
    if patches.pieces is None:
        patches.pieces = _piece_numbers(patches)
    return patches.pieces


@torch.no_grad()
def _piece_numbers(patches: PatchBatch) -> torch.Tensor:
    voxels = patches.voxels
    numbers = voxels.new_zeros(len(patches.flat_index), PIECE_NUMBERS)
    standing = torch.nonzero(voxels[:, 2] > STANDING)[:, 0]
    if not len(standing):
        return numbers
    points, patch = voxels[standing], patches.patch_of_voxel[standing]
    piece = _pieces(points, patches.voxel_scene[standing])
    count = torch.bincount(piece)
    low, high = (
        points.new_zeros(len(count), 3).scatter_reduce(
            0, piece[:, None].expand(-1, 3), points, which, include_self=False
        )
        for which in ("amin", "amax")
    )
    # Of each patch the piece that has most voxels in it: the last of its pairs in the order of their number.
    pairs, members = torch.unique(patch * len(count) + piece, return_counts=True)
    pairs = pairs[torch.argsort(members, stable=True)]
    main = torch.full((len(numbers),), -1, dtype=torch.long, device=voxels.device)
    main = main.scatter_reduce(0, pairs // len(count), torch.arange(len(pairs), device=voxels.device), "amax")
    own = torch.nonzero(main >= 0)[:, 0]
    of = pairs[main[own]] % len(count)
    centroids = patches.centroids.flatten(0, 1)[patches.flat_index][own]
    numbers[own, :3] = (((low + high)[of] / 2 - centroids) / REACH).clamp(-FARTHEST, FARTHEST)
    numbers[own, 3:6] = ((high - low)[of] / 2 / REACH).clamp(max=FARTHEST)
    numbers[own, 6] = count[of].float().log1p() / FARTHEST
    numbers[own, 7] = 1.0
    return numbers


def _pieces(points: torch.Tensor, scene: torch.Tensor) -> torch.Tensor:
    """Number of the piece that each point (V, 3) is of, counted over all scenes (V,): cells of a voxel's size that touch, at corners too."""
    cells = np.floor(points.cpu().numpy() / VOXEL_SIZE).astype(np.int64)
    cells -= cells.min(axis=0)
    scenes, found, before = scene.cpu().numpy(), np.zeros(len(cells), dtype=np.int64), 0
    grid = np.zeros(cells.max(axis=0) + 1, dtype=bool)
    for number in np.unique(scenes):
        rows = scenes == number
        here = tuple(cells[rows].T)
        grid[:] = False
        grid[here] = True
        labels, pieces = ndimage.label(grid, _TOUCHING)
        found[rows] = labels[here] - 1 + before
        before += pieces
    return torch.from_numpy(found).to(points.device)

"""Connected pieces of what stands on the table: which voxels touch, and which of one colour, told to the patches that they lie in."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import nn

from moe3d_ros.model.perception.layers import silent
from moe3d_ros.model.perception.patches import PatchBatch

STANDING = 0.01  # metres above the table: what is lower, such as a zone, would join all that stands on it
SAME_COLOR = 0.03  # shares of red, green and blue that differ less are of one piece: a block in a rack is none with it
DARK = 0.15  # added to the sum of which they are shares, so that noise on black is no colour
REACH = 0.1  # metres that count as one
FARTHEST = 5.0  # in those
PIECE_NUMBERS = 8  # from the patch to its piece's middle (3), half extents (3), how many voxels, is there a piece
AXES_NUMBERS = 4  # half lengths along and across its longest horizontal axis, and that axis's heading, see `_axes_of`
SORTS = 2  # of pieces: of what touches, and of what touches and has one colour
FIRST_TRUST = (0.0, 1.5)  # log odds against a patch's own vote, before training says otherwise
FIRST_TRUST_LYING = (-3.0, -3.0)  # the same, of pieces with what lies flat: an encoder that grew them starts as it was
FIRST_VOTE_TRUST = (0.0, 0.0, -3.0)
# Neighbours: by faces alone thin things, and what a camera sees of others, fall into pieces; of one colour by faces alone, since
# by edges voxels of mixed colour would join a block to its rack.
_FACES = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_EDGES = ((1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1))


class PieceReader(nn.Module):
    """Reading of pieces by detection: patches are told of theirs, which adds nothing before it has learnt, and two trusts.

    A patch trusts that the middle of one of its pieces is the middle of its thing, and a query that its thing is where its vote
    is: by direction, as shares of the way there, since a tower's blocks have its middle in common but for the height.

    Args:
        axes: patches are told of the main axes too. lying: and of the same of pieces with what lies flat on the table.
    """

    def __init__(self, width: int, axes: bool = False, lying: bool = False, hidden: int = 128):
        super().__init__()
        self.axes, self.lying = axes, lying
        told = numbers_told(axes, lying)
        first_trust = FIRST_TRUST + FIRST_TRUST_LYING * lying
        self.read = nn.Sequential(nn.Linear(told, hidden), nn.GELU(), silent(nn.Linear(hidden, width)))
        self.norm = nn.LayerNorm(width)
        self.trust = nn.Sequential(
            nn.Linear(width + told, hidden), nn.GELU(), silent(nn.Linear(hidden, 3 * len(first_trust)))
        )
        self.vote_trust = nn.Linear(width, 3)
        nn.init.zeros_(self.vote_trust.weight)
        self.vote_trust.bias.data = torch.tensor(FIRST_VOTE_TRUST)
        self.trust[2].bias.data = torch.tensor(first_trust).repeat_interleave(3)

    def votes(self, patches: PatchBatch, detailed: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Votes of patches (B, N, 3): their ``own``, and as far as they trust them the middles of their pieces."""
        told = patches.to_padded(piece_numbers(patches, self.axes, self.lying))
        trust = self.trust(torch.cat([self.norm(detailed), told], dim=-1)).unflatten(-1, (-1, 3))
        each, numbers = numbers_told(self.axes, False), SORTS * PIECE_NUMBERS
        told = torch.cat([part[..., :numbers] for part in told.split(each, dim=-1)], dim=-1)
        told = told.unflatten(-1, (-1, PIECE_NUMBERS))
        trust = trust.masked_fill(told[..., 7:] == 0, -torch.inf)
        shares = torch.cat([torch.zeros_like(trust[..., :1, :]), trust], dim=-2).softmax(dim=-2)[..., 1:, :]
        middles = patches.centroids[..., None, :] + REACH * told[..., :3]
        return own + (shares * (middles - own[..., None, :])).sum(dim=-2)

    def centers(self, normed: torch.Tensor, read: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Centres of queries (B, Q, 3): what they ``read``, and as far as they trust it the place of their vote."""
        return read + self.vote_trust(normed).sigmoid() * (place - read)

    def forward(self, patches: PatchBatch) -> torch.Tensor:
        """Added to the features of the flat patches (T, width)."""
        return self.read(piece_numbers(patches, self.axes, self.lying))


def numbers_told(axes: bool, lying: bool) -> int:
    """Width of `piece_numbers`."""
    return SORTS * (PIECE_NUMBERS + AXES_NUMBERS * axes) * (1 + lying)


def piece_numbers(patches: PatchBatch, axes: bool = False, lying: bool = False) -> torch.Tensor:
    """Numbers of the pieces that most of a patch's standing voxels are of (T, numbers_told); zeros where none stands.

    Args:
        axes: behind them the pieces' main axes (SORTS * AXES_NUMBERS more): a knife is thinner than two blocks however it lies.
        lying: behind those the same of pieces of all voxels that are no table: a wrench is lower than STANDING, and a zone
            joins what stands on it, so patches are told of both.
    """
    if patches.pieces is None or (lying and patches.pieces.shape[1] < numbers_told(True, True)):
        parts = [patches.voxels[:, 2] > STANDING, *([~patches.table] if lying else [])]
        patches.pieces = torch.cat([_measure(patches, part) for part in parts], dim=1)
    each, numbers = numbers_told(True, False), numbers_told(axes, False)
    return torch.cat([part[:, :numbers] for part in patches.pieces[:, : each * (1 + lying)].split(each, dim=1)], dim=1)


@torch.no_grad()
def _measure(patches: PatchBatch, chosen: torch.Tensor) -> torch.Tensor:
    """Numbers and axes of the pieces that the ``chosen`` voxels (V,) make (T, numbers_told with axes)."""
    standing = torch.nonzero(chosen)[:, 0]
    if not len(standing):
        return patches.voxels.new_zeros(len(patches.flat_index), numbers_told(True, False))
    points, patch = patches.voxels[standing], patches.patch_of_voxel[standing]
    first, second, face = _touching(patches.cells[standing], patches.voxel_scene[standing])
    colors = patches.colors[standing]
    shares = colors / (colors.sum(dim=1, keepdim=True) + DARK)
    alike = face & ((shares[first] - shares[second]).abs().amax(dim=1) < SAME_COLOR)
    sorts = [
        _numbers_of(_connected(*pairs, len(points)).to(points.device), points, patch, patches)
        for pairs in ((first, second), (first[alike], second[alike]))
    ]
    return torch.cat([part for parts in zip(*sorts) for part in parts], dim=1)


def _numbers_of(
    piece: torch.Tensor, points: torch.Tensor, patch: torch.Tensor, patches: PatchBatch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers and axes (T, PIECE_NUMBERS), (T, AXES_NUMBERS) of each patch's main ``piece`` (V,).

    Args:
        points: (V, 3) of standing voxels. patch: (V,) that they lie in.
    """
    numbers = points.new_zeros(len(patches.flat_index), PIECE_NUMBERS)
    axes = points.new_zeros(len(patches.flat_index), AXES_NUMBERS)
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
    main = torch.full((len(numbers),), -1, dtype=torch.long, device=points.device)
    main = main.scatter_reduce(0, pairs // len(count), torch.arange(len(pairs), device=points.device), "amax")
    own = torch.nonzero(main >= 0)[:, 0]
    of = pairs[main[own]] % len(count)
    centroids = patches.centroids.flatten(0, 1)[patches.flat_index][own]
    numbers[own, :3] = (((low + high)[of] / 2 - centroids) / REACH).clamp(-FARTHEST, FARTHEST)
    numbers[own, 3:6] = ((high - low)[of] / 2 / REACH).clamp(max=FARTHEST)
    numbers[own, 6] = count[of].float().log1p() / FARTHEST
    numbers[own, 7] = 1.0
    axes[own] = _axes_of(piece, points[:, :2], count)[of]
    return numbers, axes


def _axes_of(piece: torch.Tensor, points: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """Main horizontal axes (P, AXES_NUMBERS) of pieces with ``count`` (P,) of the ``points`` (V, 2), by their second moments.

    Half lengths are those of an even bar of the same moments; the heading is cosine and sine of twice its angle, times how
    much longer the piece is than wide, since a square has none.
    """
    number = count[:, None].to(points.dtype)
    mean = points.new_zeros(len(count), 2).index_add_(0, piece, points) / number
    off = points - mean[piece]
    moments = points.new_zeros(len(count), 3).index_add_(
        0, piece, torch.stack([off[:, 0].square(), off[:, 1].square(), off[:, 0] * off[:, 1]], dim=1)
    )
    xx, yy, xy = (moments / number).unbind(1)
    apart = torch.stack([(xx - yy) / 2, xy], dim=1)
    reach, middle = apart.norm(dim=1), (xx + yy) / 2
    halves = (3 * torch.stack([middle + reach, (middle - reach).clamp(min=0)], dim=1)).sqrt()
    heading = apart / middle.clamp(min=1e-8)[:, None]
    return torch.cat([(halves / REACH).clamp(max=FARTHEST), heading], dim=1)


def _touching(cells: torch.Tensor, scene: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of the cells (V, 3) of one scene that touch with a face or an edge: first and second (E,), and if it is a face (E,)."""
    cells = cells - cells.amin(dim=0) + 1
    shape = cells.amax(dim=0) + 2
    key = ((scene * shape[0] + cells[:, 0]) * shape[1] + cells[:, 1]) * shape[2] + cells[:, 2]
    keys, order = torch.sort(key)
    steps = key.new_tensor(_FACES + _EDGES) @ torch.stack([shape[1] * shape[2], shape[2], torch.ones_like(shape[2])])
    wanted = key[None] + steps[:, None]
    place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    touching, first = torch.nonzero(keys[place] == wanted, as_tuple=True)
    return first, order[place[touching, first]], touching < len(_FACES)


def _connected(first: torch.Tensor, second: torch.Tensor, count: int) -> torch.Tensor:
    """Number of the connected piece that each of ``count`` points is of, by pairs that touch; pieces in the order of their first points."""
    pairs = (first.cpu().numpy(), second.cpu().numpy())
    graph = coo_matrix((np.ones(len(first), dtype=bool), pairs), shape=(count, count))
    _, at, piece = np.unique(connected_components(graph, directed=False)[1], return_index=True, return_inverse=True)
    return torch.from_numpy(np.argsort(np.argsort(at))[piece])

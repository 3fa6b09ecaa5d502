"""The 3D encoder: voxel patches -> patch features -> object tokens that were pretrained to detect.

Patches go through a small point-feature network with max-pooling and a transformer; learned queries then read the
patches, as in DETR (arXiv 2005.12872), and each becomes one object token. A query's position is the attention-weighted
centroid of the patches that it reads plus a small offset; fine geometry (yaw, millimetres) comes from a second look
at the voxels around that position. Patches that no detection accounts for are read once more by the same queries.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.perception.layers import MASKED, FourierPosition, TransformerLayer, silent
from moe3d_ros.model.perception.patches import VOXEL_FEATURES, PatchBatch
from moe3d_ros.model.perception.pieces import PieceReader
from moe3d_ros.model.perception.voted_queries import VotedQueries, said_once
from moe3d_ros.world.vocabulary import COLOR_NAMES, PLAIN_KINDS, kinds_that, knows_sixd

# For the two passes of detection, in metres where they are lengths.
MIN_ATTENTION = 0.05  # of a query's largest attention: less is not read
TOUCHING_DISTANCE = 0.055  # centroids of patches that touch are nearer to each other
MARGIN, DIAGONAL = 0.025, 1.15  # around what was found, patches belong to it
MIN_LEFT_PATCHES = 3  # patches that nothing accounts for and that are worth a second pass
_GENERIC = kinds_that(lambda kind: kind.generic)


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the 3D encoder (lengths in metres)."""

    width: int = 192
    layers: int = 3
    heads: int = 6
    queries: int = 32
    decoder_layers: int = 2
    kinds: int = PLAIN_KINDS  # one of KIND_COUNTS; more than PLAIN_KINDS also know what stands in 6D scenes
    colors: int = len(COLOR_NAMES)
    crop_radius: float = 0.085  # how far around an object the second look reaches
    votes: bool = False  # queries start where patches vote that things are, instead of from learned places
    cells: int = 0  # voxels of a patch that are read each in its place, PatchConfig.patch_voxels ** 3; 0: none
    pieces: bool = False  # detection is told of the connected piece of voxels that a patch is part of
    axes: bool = False  # and of that piece's main axes
    lying: bool = False  # and of pieces with what lies flat, whose height alone tells it from no table

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if (self.axes or self.lying) and not self.pieces:
            raise ValueError("axes and lying are of pieces: set pieces too")

    @property
    def tilted(self) -> bool:
        """True if the second look also predicts the normal of the grasped face (see `Detections.normal`)."""
        return knows_sixd(self.kinds)


@dataclass
class Detections:
    """Predictions of Q queries about the objects that they found, if any (positions in metres)."""

    exists: torch.Tensor  # (B, Q) logit
    kind: torch.Tensor  # (B, Q, kinds) logits
    color: torch.Tensor  # (B, Q, colors) logits
    rough_center: torch.Tensor  # (B, Q, 3) from the patches alone
    center: torch.Tensor  # (B, Q, 3) after the second look
    half: torch.Tensor  # (B, Q, 3) half extents
    yaw4: torch.Tensor  # (B, Q, 2) cosine and sine of 4 yaw, not normalised
    features: torch.Tensor  # (B, Q, width)
    normal: torch.Tensor | None = None  # (B, Q, 3) of the face by which it is taken, not normalised; None: all upwards
    attention: torch.Tensor | None = None  # (B, Q, N) logits over the patches whose centroid is the rough centre
    belongs: torch.Tensor | None = None  # (B, N) logit of each patch that it is of a thing; None: queries are learned

    @property
    def yaw(self) -> torch.Tensor:
        """Yaw in (-pi/4, pi/4], radians (B, Q): boxes look the same after a quarter turn."""
        return torch.atan2(self.yaw4[..., 1], self.yaw4[..., 0]) / 4

    def joined(self, other: Detections) -> Detections:
        """The queries of both, of the same scenes."""
        values = {entry.name: (getattr(self, entry.name), getattr(other, entry.name)) for entry in fields(self)}
        both: dict[str, Any] = {
            name: mine if mine is None or name == "belongs" else torch.cat([mine, yours], dim=1)
            for name, (mine, yours) in values.items()
        }
        return Detections(**both)


class PatchLayer(nn.Module):
    """Pre-norm self-attention among the patches of a scene; everything else runs on the flat patches, without padding."""

    def __init__(self, width: int, heads: int, expansion: int = 3, at_first_silent: bool = False):
        super().__init__()
        self.heads = heads
        self.norm_in = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_out = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), last := nn.Linear(expansion * width, width)
        )
        if at_first_silent:
            silent(self.out), silent(last)

    def forward(self, x: torch.Tensor, patches: PatchBatch) -> torch.Tensor:
        width = x.shape[-1]  # x (T, D)
        padded = patches.to_padded(self.query_key_value(self.norm_in(x)))  # (B, N, 3D)
        batch, length, _ = padded.shape
        query, key, value = padded.view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=patches.mask[:, None, None])
        x = x + self.out(attended.transpose(1, 2).reshape(batch * length, width)[patches.flat_index])
        return x + self.feed_forward(self.norm_out(x))


class CellReader(nn.Module):
    """Reading of a patch's voxels each in its place, as in ViT (arXiv 2010.11929): a maximum over them tells no gaps."""

    def __init__(self, cells: int, width: int, hidden: int = 256):
        super().__init__()
        self.cells = cells
        # Of each cell: its voxel's features, and whether there is one.
        first = nn.Linear(cells * (VOXEL_FEATURES + 1), hidden)
        self.read = nn.Sequential(first, nn.GELU(), silent(nn.Linear(hidden, width)))

    def forward(self, patches: PatchBatch) -> torch.Tensor:
        """Added to the features of the flat patches (T, width)."""
        grid = patches.features.new_zeros(len(patches.flat_index) * self.cells, VOXEL_FEATURES + 1)
        at = patches.patch_of_voxel * self.cells + patches.cell_of_voxel
        grid = grid.index_copy(0, at, F.pad(patches.features, (0, 1), value=1.0))
        return self.read(grid.view(len(patches.flat_index), -1))


class PatchEncoder(nn.Module):
    """Voxel patches -> features (B, N, width)."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.point_mlp = nn.Sequential(nn.Linear(VOXEL_FEATURES, 64), nn.GELU(), nn.Linear(64, 128))
        self.widen = nn.Linear(128, config.width)
        self.cells = CellReader(config.cells, config.width) if config.cells else None
        self.position = FourierPosition(config.width)
        self.layers = nn.ModuleList([PatchLayer(config.width, config.heads) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(config.width)

    def forward(self, patches: PatchBatch) -> torch.Tensor:
        """Features (B, N, width), float32 also where an autocast context computes in less."""
        hidden = self.point_mlp(patches.features)  # (V, 128)
        index = patches.patch_of_voxel[:, None].expand_as(hidden)
        pooled = hidden.new_full((len(patches.flat_index), hidden.shape[1]), MASKED).scatter_reduce(
            0, index, hidden, "amax"
        )
        centroids = patches.centroids.flatten(0, 1)[patches.flat_index]
        x = self.widen(F.gelu(pooled)) + self.position(centroids)  # (T, D)
        if self.cells is not None:
            x = x + self.cells(patches)
        for layer in self.layers:
            x = layer(x, patches)
        return patches.to_padded(self.norm(x).float())


class SecondLook(nn.Module):
    """Fine geometry of chosen objects from the voxels within ``crop_radius`` of their rough centres."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.radius = config.crop_radius
        self.compute = torch.float32  # training on hardware that is fast in bfloat16 sets that
        width = config.width
        self.place = FourierPosition(width) if config.votes else None  # heights tell the blocks of a tower apart
        if self.place is not None:
            silent(self.place.linear)
        self.point_in = nn.Linear(6, 96)
        self.query_in = nn.Linear(width, 96)
        self.point_mlp = nn.Sequential(nn.GELU(), nn.Linear(96, 128), nn.GELU(), nn.Linear(128, 192))
        self.out = nn.Sequential(nn.Linear(192 + width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.numbers = 3 + 3 + 2 + 3 * config.tilted  # centre, half extents, yaw, and the normal
        self.geometry = nn.Sequential(nn.Linear(192 + width, 2 * width), nn.GELU(), nn.Linear(2 * width, self.numbers))

    def forward(
        self, patches: PatchBatch, center: torch.Tensor, query: torch.Tensor, chosen: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """center (B, Q, 3), query (B, Q, D), chosen (B, Q) bool -> geometry (B, Q, 8 or 11), features (B, Q, D)."""
        batch, queries, width = query.shape
        scene, index = torch.nonzero(chosen, as_tuple=True)  # (M,)
        # The first voxel of each scene: voxels are sorted by patch and patches by scene.
        counts = torch.bincount(patches.voxel_scene, minlength=batch)
        first = torch.cumsum(counts, 0) - counts
        longest = int(counts.max()) if len(counts) else 0
        offsets = torch.arange(longest, device=center.device)
        voxel = first[scene][:, None] + offsets  # (M, L)
        valid = offsets < counts[scene][:, None]
        voxel = voxel.clamp(max=max(len(patches.voxels) - 1, 0))
        relative = (
            patches.voxels[voxel] - center[scene, index][:, None] if len(scene) else center.new_zeros(0, longest, 3)
        )
        near = valid & (relative[..., :2].norm(dim=-1) < self.radius) & (relative[..., 2].abs() < self.radius)
        owner, member = torch.nonzero(near, as_tuple=True)
        inputs = torch.cat([relative[owner, member] / self.radius, patches.colors[voxel[owner, member]] * 2 - 1], dim=1)
        chosen_query = query[scene, index]
        if self.place is not None:
            chosen_query = chosen_query + self.place(center[scene, index])
        with torch.autocast(query.device.type, self.compute, enabled=self.compute != torch.float32):
            hidden = self.point_mlp(self.point_in(inputs) + self.query_in(chosen_query)[owner])
        hidden = hidden.float()
        pooled = hidden.new_full((len(scene), hidden.shape[1]), -8.0)
        pooled = pooled.scatter_reduce(0, owner[:, None].expand_as(hidden), hidden, "amax")
        joined = torch.cat([pooled, chosen_query], dim=1)
        geometry = query.new_zeros(batch, queries, self.numbers)
        features = query.new_zeros(batch, queries, width)
        geometry[scene, index] = self.geometry(joined)
        features[scene, index] = self.out(joined)
        return geometry, features


class SceneEncoder(nn.Module):
    """Patches -> patch features for Pose-DiT and object detections for the LLM."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.patches = PatchEncoder(config)
        self.pieces = PieceReader(width, config.axes, config.lying) if config.pieces else None
        detailed = config.cells or config.pieces
        self.detail = PatchLayer(width, config.heads, at_first_silent=True) if detailed else None
        if config.votes:
            self.voted = VotedQueries(width, config.queries)
        else:
            self.queries = nn.Parameter(torch.randn(config.queries, width) * 0.5)
        self.decoder = nn.ModuleList(
            [TransformerLayer(width, config.heads, cross=True) for _ in range(config.decoder_layers)]
        )
        self.norm = nn.LayerNorm(width)
        self.point_query = nn.Linear(width, width)
        self.point_key = nn.Linear(width, width)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1 + config.kinds + config.colors + 3)
        )
        self.patch_head = nn.Linear(width, 3 + config.kinds + config.colors)  # auxiliary: vote, kind, colour
        self.second_look = SecondLook(config)
        self.norm_features = nn.LayerNorm(width)

    def encode_patches(self, patches: PatchBatch) -> torch.Tensor:
        """Patch features (B, N, width)."""
        return self.patches(patches)

    def detail_patches(self, patches: PatchBatch, encoded: torch.Tensor) -> torch.Tensor:
        """Patch features as detection reads them (B, N, width): with cells or pieces one layer further than what other parts read."""
        if self.detail is None:
            return encoded
        flat = encoded.flatten(0, 1)[patches.flat_index]
        if self.pieces is not None:
            flat = flat + self.pieces(patches)
        return patches.to_padded(self.detail(flat, patches).float())

    def detect(
        self,
        patches: PatchBatch,
        encoded: torch.Tensor,
        chooser: Callable[[Detections], torch.Tensor] | None = None,
        readable: torch.Tensor | None = None,
    ) -> list[Detections]:
        """Detections of each decoder layer, the last one with the second look.

        Args:
            encoded: (B, N, width) of `detail_patches`.
            chooser: function of the last layer's detections -> (B, Q) bool, which queries get a second look; by
                default those that exist. Training passes the matched ones.
            readable: (B, N) bool, patches that queries may read; all by default.
        """
        readable = patches.mask if readable is None else readable
        query, belongs, place, chosen_patch = self._start(patches, encoded, readable)
        outputs = []
        for layer in self.decoder:
            query = layer(query, memory=encoded, memory_mask=readable)
            normed = self.norm(query)
            found = self._read(normed, encoded, patches, readable, place, whole=chooser is not None)
            if chosen_patch is not None:
                found.exists = said_once(found.exists, chosen_patch)
            outputs.append(found)
        last = outputs[-1]
        last.belongs = belongs
        with torch.no_grad():
            chosen = last.exists > 0 if chooser is None else chooser(last)
        geometry, fine = self.second_look(patches, last.rough_center.detach(), normed, chosen)
        last.center = last.rough_center.detach() + 0.02 * geometry[..., :3]
        last.half = 0.05 * F.softplus(geometry[..., 3:6])
        last.yaw4 = geometry[..., 6:8]
        if self.config.tilted:
            last.normal = geometry[..., 8:11] + geometry.new_tensor([0.0, 0.0, 1.0])
        last.features = self.norm_features(normed + fine)
        return outputs

    def _start(
        self, patches: PatchBatch, encoded: torch.Tensor, readable: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
        """First state of the queries (B, Q, D); where they start from votes also what `VotedQueries` says beside it."""
        if not self.config.votes:
            return self.queries.expand(len(encoded), -1, -1), None, None, None
        offset, kind, _ = self.patch_readings(encoded)
        return self.voted(encoded, self.votes(patches, encoded, offset), kind, readable)

    def patch_readings(self, encoded: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Readings of the things that patches are of: the way to the middle (B, N, 3), decimetres; logits of kind and colour.

        encoded: (B, N, width) as `detail_patches` gives them.
        """
        return self.patch_head(encoded).split([3, self.config.kinds, self.config.colors], dim=-1)

    def votes(self, patches: PatchBatch, encoded: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        """Middles that patches vote for (B, N, 3), metres; ``encoded`` and ``offset`` as in `patch_readings`."""
        own = patches.centroids + 0.1 * offset
        return own if self.pieces is None else self.pieces.votes(patches, encoded, own)

    def _read(
        self,
        normed: torch.Tensor,
        encoded: torch.Tensor,
        patches: PatchBatch,
        readable: torch.Tensor,
        place: torch.Tensor | None,
        whole: bool,
    ) -> Detections:
        """Findings of a layer's queries.

        Args:
            place: (B, Q, 3) votes that the queries start from; None where they are learned.
            whole: the centroid is over all that is read; else over the piece with the most attention.
        """
        kinds, colors = self.config.kinds, self.config.colors
        exists, kind, color, offset = self.head(normed).split([1, kinds, colors, 3], dim=-1)
        logits = self.point_query(normed) @ self.point_key(encoded).transpose(1, 2) / math.sqrt(encoded.shape[-1])
        if place is not None:
            logits = logits + self.voted.nearness(normed, place, patches.centroids)
        logits = logits.masked_fill(~readable[:, None], MASKED)  # (B, Q, N)
        if not whole:
            logits = logits.masked_fill(~main_piece(logits.softmax(dim=-1), patches.centroids), MASKED)
        center = logits.softmax(dim=-1) @ patches.centroids + 0.1 * offset
        if place is not None and self.pieces is not None:
            center = self.pieces.centers(normed, center, place)
        zeros = torch.zeros_like(center)
        return Detections(exists[..., 0], kind, color, center, center, zeros, zeros[..., :2], normed, attention=logits)

    def forward(self, patches: PatchBatch) -> tuple[torch.Tensor, Detections]:
        """Patch features (B, N, width) and what was detected, in two passes.

        The queries read once more what no detection of the first pass accounts for: of things that look the same and lie
        near each other, one query may have read both and found one.
        """
        encoded = self.encode_patches(patches)
        detailed = self.detail_patches(patches, encoded)
        first = self.detect(patches, detailed)[-1]
        seems = self._seems(detailed)
        left = patches.mask & ~(_belonging(patches, seems, first) & (first.exists > 0)[..., None]).any(1)
        if first.belongs is not None:
            left &= first.belongs > 0
        if int(left.sum(1).max() if len(left) else 0) < MIN_LEFT_PATCHES:
            return encoded, first
        second = self.detect(patches, detailed, readable=left)[-1]
        adds = (_belonging(patches, seems, second) & left[:, None]).sum(-1) >= MIN_LEFT_PATCHES
        second.exists = torch.where(
            adds & ~_known(first, second), second.exists, torch.full_like(second.exists, MASKED)
        )
        return encoded, first.joined(second)

    def _seems(self, encoded: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Kind and colour that each patch seems to be of (B, N), as indices."""
        _, kind, color = self.patch_readings(encoded)
        return kind.argmax(-1), color.argmax(-1)


def _belonging(patches: PatchBatch, seems: tuple[torch.Tensor, torch.Tensor], found: Detections) -> torch.Tensor:
    """Patches that lie where each query found something and seem to be of its kind and colour (B, Q, N).

    Where queries start from votes, what may be of any shape and pattern is known by its place alone.
    """
    kind, color = seems
    own = found.kind.argmax(-1)[..., None]
    same = kind[:, None] == own
    same &= color[:, None] == found.color.argmax(-1)[..., None]
    if found.belongs is not None:
        same |= torch.isin(own, own.new_tensor(_GENERIC))
    apart = patches.centroids[:, None] - found.center[:, :, None]
    reach = found.half[..., :2].amax(-1) * DIAGONAL + MARGIN
    near = (apart[..., :2].norm(dim=-1) < reach[..., None]) & (
        apart[..., 2].abs() < (found.half[..., 2] + MARGIN)[..., None]
    )
    return same & near & patches.mask[:, None]


def _known(first: Detections, second: Detections) -> torch.Tensor:
    """Mask (B, Q) of the second pass's detections that lie in something the first pass has found already."""
    apart = second.center[:, :, None] - first.center[:, None]  # (B, Q second, Q first, 3)
    level = apart[..., :2].norm(dim=-1) < first.half[:, None, :, 0].clamp(min=0.02)
    return (level & (apart[..., 2].abs() < first.half[:, None, :, 2] + 0.01) & (first.exists > 0)[:, None]).any(-1)


def main_piece(attention: torch.Tensor, centroids: torch.Tensor, rounds: int = 4) -> torch.Tensor:
    """Connected component of a query's read patches around its peak: attention (B, Q, N) -> (B, Q, N) bool."""
    peak = attention.amax(-1, keepdim=True)
    read = attention > MIN_ATTENTION * peak
    joined = (torch.cdist(centroids, centroids) < TOUCHING_DISTANCE).to(attention.dtype)  # (B, N, N)
    piece = (attention >= peak) & read
    for _ in range(rounds):
        piece = ((piece.to(attention.dtype) @ joined) > 0) & read
    return piece

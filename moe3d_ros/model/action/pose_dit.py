"""Pose-DiT: a small diffusion transformer that turns a step's condition and the scene's patches into two 6D poses.

Four verbs: ``PoseDiT.embed_condition``, ``PoseDiT.embed_noisy_pose``, ``pose_loss`` and ``sample_poses``. A pose is
nine Euclidean numbers: xyz normalised to the workspace box and the first two columns of the rotation; Gram-Schmidt
comes only at the output. The network predicts the data of a rectified flow (t = 1 noise, t = 0 data), sees the scene
**relative to the noisy pose**, and points at patches. Its blocks are in ``dit_blocks``; how it is trained and sampled
instead of by rectified flow, as a baseline, in ``objectives``.

Shapes: B scenes, M draws or steps of a plan per scene, K = 2 pose tokens (pick, place), N patches, H heads, W width.
Lengths are metres in the planning frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moe3d_ros.model.action.dit_blocks import (
    POINTER_RADIUS,
    DiTBlock,
    FinalLayer,
    PatchMemory,
    PositionEmbedder,
    RelativePosition,
    TimestepEmbedder,
)
from moe3d_ros.model.action.objectives import OBJECTIVES, PoseObjective
from moe3d_ros.model.action.side_block import NO_SIDE, Beside, SideBlock
from moe3d_ros.model.action.symmetry import decided_noise

OUTPUT_WIDTHS = (3, 3, 3, 6, 3)  # of the final layer: offset from pointer, from anchor, free position, rotation, gate
OFFSET_SCALE = 0.05  # metres; the reach of the small offset around a pointed place
METERS_PER_RADIAN = 0.1  # metres that count as much as one radian when draws are compared


@dataclass(frozen=True)
class PoseDiTConfig:
    """Sizes of Pose-DiT, the workspace box (middle and half-range in metres) that positions are normalised to, and how it
    is sampled: ``head`` as in ``objectives``, ``decided`` for noise as in ``symmetry.decided_noise``. ``sides``: it knows
    places beside things (``side_block``)."""

    condition_width: int
    width: int = 256
    blocks: int = 3
    heads: int = 8
    patch_width: int = 192
    pose_tokens: int = 2
    pose_dim: int = 9
    anchor_feature_width: int = 0
    position_frequencies: int = 8
    workspace_mid: Sequence[float] = (0.5, 0.0, 0.15)
    workspace_half: Sequence[float] = (0.25, 0.5, 0.15)
    head: str = "flow"
    decided: bool = True
    sides: bool = False

    def __post_init__(self) -> None:
        for name in ("workspace_mid", "workspace_half"):  # lists when read from config.json
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        for name in ("condition_width", "width", "blocks", "heads", "patch_width", "position_frequencies"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads {self.heads}")
        if self.pose_dim != 9 or self.pose_tokens != 2:
            raise ValueError("Pose-DiT gives two poses (pick, place) of nine numbers (xyz and two rotation columns)")
        if self.head not in OBJECTIVES:
            raise ValueError(f"head must be one of {', '.join(OBJECTIVES)}, not {self.head!r}")
        if self.sides and not self.anchor_feature_width:
            raise ValueError("sides need anchor_feature_width: what goes beside a thing depends on its shape")
        if self.anchor_feature_width < 0:
            raise ValueError(f"anchor_feature_width must not be negative, not {self.anchor_feature_width}")
        if len(self.workspace_mid) != 3 or len(self.workspace_half) != 3 or min(self.workspace_half) <= 0:
            raise ValueError("workspace_mid and workspace_half need three numbers each, the half-range above zero")


class PoseDiTOutput(NamedTuple):
    data: Tensor  # (B, M, K, 9) estimate of the clean poses, position normalised
    pointer_logits: Tensor  # (B, M, K, N); padding patches hold the lowest finite number


def gram_schmidt(rot6d: Tensor) -> Tensor:
    """Two columns (..., 6) -> rotation matrix (..., 3, 3). Zero or parallel columns still give a rotation."""
    first, second = rot6d[..., :3].float(), rot6d[..., 3:].float()
    unit_x = torch.tensor([1.0, 0.0, 0.0], device=rot6d.device)
    x = F.normalize(torch.where(first.norm(dim=-1, keepdim=True) > 1e-6, first, unit_x), dim=-1)
    residual = second - (x * second).sum(-1, keepdim=True) * x
    spare = F.one_hot(x.abs().argmin(-1), 3).to(x)  # the world axis that is farthest from x
    spare = spare - (x * spare).sum(-1, keepdim=True) * x
    y = F.normalize(torch.where(residual.norm(dim=-1, keepdim=True) > 1e-6, residual, spare), dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


class PoseDiT(nn.Module):
    """See the module's docstring. The caller brings ``condition`` to about unit scale.

    Keep it in float32: in bfloat16 a position on the table is good to 2 mm only.
    """

    workspace_mid: Tensor
    workspace_half: Tensor

    def __init__(self, config: PoseDiTConfig):
        super().__init__()
        self.config = config
        width, frequencies = config.width, config.position_frequencies
        self.register_buffer("workspace_mid", torch.tensor(config.workspace_mid))
        self.register_buffer("workspace_half", torch.tensor(config.workspace_half))
        self.time = TimestepEmbedder(width)
        self.condition = nn.Sequential(nn.Linear(config.condition_width, width), nn.SiLU(), nn.Linear(width, width))
        self.pose = nn.Linear(config.pose_dim, width)
        self.position = PositionEmbedder(width, frequencies)
        self.token = nn.Parameter(torch.empty(config.pose_tokens, width))
        self.anchor = PositionEmbedder(width, frequencies)
        self.anchor_offset = PositionEmbedder(width, frequencies)
        self.no_anchor = nn.Parameter(torch.empty(width))
        features = config.anchor_feature_width
        self.anchor_features = nn.Linear(features, width, bias=False) if features else None
        self.relative = RelativePosition(frequencies)
        block = (width, config.heads, config.patch_width, self.relative)
        self.blocks = nn.ModuleList(DiTBlock(*block) for _ in range(config.blocks))
        self.final = FinalLayer(width, config.patch_width, sum(OUTPUT_WIDTHS), self.relative, frequencies)
        numbers = sum(OUTPUT_WIDTHS)
        self.sides = SideBlock(block, config.anchor_feature_width, numbers) if config.sides else None
        self.initialize_weights()

    def initialize_weights(self) -> None:
        """Xavier everywhere, then adaLN-Zero: every block starts as the identity, every pose near its pointer."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for parameter in (self.token, self.no_anchor):
            nn.init.normal_(parameter, std=0.1)
        for linear in [block.modulation for block in self.dit_blocks()] + [self.final.modulation, self.final.linear]:
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        # At Xavier's scale the sum over all wavelengths drowns the content.
        for linear in [block.relative_weights for block in self.dit_blocks()] + [self.final.relative_weights]:
            nn.init.normal_(linear.weight, std=0.01)
        nn.init.constant_(self.final.linear.bias[-1:], -3.0)  # the free position's gate starts nearly closed
        if self.sides is not None:
            self.sides.start_without_effect()

    def dit_blocks(self) -> list[DiTBlock]:
        """Blocks in their order, with their type, which a ModuleList does not keep; the one of the sides last."""
        blocks = [block for block in self.blocks if isinstance(block, DiTBlock)]
        return blocks if self.sides is None else [*blocks, self.sides.block]

    def normalize(self, positions: Tensor, rotations: Tensor) -> Tensor:
        """Positions (..., 3) metres and rotation matrices (..., 3, 3) -> the nine numbers (..., 9)."""
        columns = rotations[..., :2].transpose(-1, -2).flatten(-2)
        return torch.cat([(positions - self.workspace_mid) / self.workspace_half, columns], -1)

    def denormalize(self, data: Tensor) -> tuple[Tensor, Tensor]:
        """Nine numbers (..., 9) -> positions (..., 3) metres and rotation matrices (..., 3, 3)."""
        return data[..., :3] * self.workspace_half + self.workspace_mid, gram_schmidt(data[..., 3:])

    def encode_memory(self, patches: Tensor, centroids: Tensor, mask: Tensor) -> PatchMemory:
        """Patches (B, N, P), centroids (B, N, 3) metres, mask (B, N) bool -> what every sampling step reads."""
        patches = patches.masked_fill(~mask[..., None], 0.0)  # padding may hold anything, NaN included
        centroids = centroids.masked_fill(~mask[..., None], 0.0)
        keys, values = zip(*(block.encode_patches(patches) for block in self.dit_blocks()))
        pointer = self.final.encode_patches(patches)
        close = (torch.cdist(centroids, centroids) < POINTER_RADIUS).to(patches)
        return PatchMemory(keys, values, *pointer, self.relative.key(centroids), centroids, close, mask)

    @property
    def head(self) -> PoseObjective:
        return OBJECTIVES[self.config.head]

    def draw_noise(
        self, shape: Sequence[int], anchors: Tensor | None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Noise (B, M, K, 9), of ``shape`` (B, M), on the model's device; anchors as in ``forward``."""
        shape = (*shape, self.config.pose_tokens, self.config.pose_dim)
        noise = torch.randn(shape, generator=generator, device=self.token.device)
        if anchors is None or not self.config.decided:
            return noise
        return decided_noise(noise, anchors.isfinite().all(-1, keepdim=True))

    def embed_condition(self, t: Tensor, condition: Tensor) -> Tensor:
        """Flow time (B, M) and condition (B, M, C) -> (B, M, W), which modulates every block."""
        return self.time(t) + self.condition(condition)

    def embed_noisy_pose(
        self, x_t: Tensor, xyz: Tensor, anchors: Tensor, known: Tensor, features: Tensor | None
    ) -> Tensor:
        """Noisy poses (B, M, K, 9), their xyz in metres, anchors (B, M, K, 3), known (B, M, K, 1) -> (B, M, K, W)."""
        x = self.pose(x_t) + self.position(xyz) + self.token
        x = x + torch.where(known, self.anchor(anchors) + self.anchor_offset(anchors - xyz), self.no_anchor)
        if features is not None and self.anchor_features is not None:
            x = x + self.anchor_features(features)
        return x

    def forward(
        self,
        x_t: Tensor,
        t: Tensor,
        condition: Tensor,
        patches: Tensor | None = None,
        centroids: Tensor | None = None,
        mask: Tensor | None = None,
        memory: PatchMemory | None = None,
        anchors: Tensor | None = None,
        anchor_features: Tensor | None = None,
        pointer_target: Tensor | None = None,
        tilt: Tensor | None = None,
        side: Tensor | None = None,
    ) -> PoseDiTOutput:
        """Estimate the clean poses from noisy ones.

        ``x_t`` (B, M, K, 9), ``t`` (B, M), ``condition`` (B, M, C); the scene either as ``patches``, ``centroids``
        and ``mask`` (see ``encode_memory``) or as ``memory``. ``anchors`` (B, M, K, 3): rough positions of the two
        objects in metres, NaN where unknown; ``anchor_features`` (B, M, K, F), zeros where unknown.
        In training, ``pointer_target`` (B, M, K, N) bool: the patches of the right object, where there is one. The
        pointer's logits are the network's own; offset and rotation are learned for the right object.
        ``tilt`` (B, M, K, 3, 3): rotations that offsets from a pointed place or an anchor are turned by, so that "above
        it" means off its face, however that lies; None where all faces look up.
        ``side`` (B, M): where the place lies of what its anchor marks, an index of ``world.sides``; NO_SIDE for in or on
        it; None for no step beside anything. Steps without a side are as they are without those that have one. Raises
        ValueError for a side where the model knows none.
        """
        if memory is None:
            memory = self.encode_memory(*_whole_scene(patches, centroids, mask))
        xyz = x_t[..., :3] * self.workspace_half + self.workspace_mid
        anchors = torch.full_like(xyz, torch.nan) if anchors is None else anchors
        known = anchors.isfinite().all(-1, keepdim=True)  # (B, M, K, 1)
        anchors = anchors.masked_fill(~known, 0.0)
        beside = self._beside(side, anchors, anchor_features)
        if beside is not None:  # what the LLM's state says of such a step, the side and the anchors say too
            condition = condition.masked_fill(beside.steps[..., 0], 0.0)
        c = self.embed_condition(t, condition)
        x = self.embed_noisy_pose(x_t, xyz, anchors, known, anchor_features)
        # Every second head looks from the anchor, where there is one: at t = 1 the noisy pose is far from everything.
        near = torch.where(known, anchors, xyz)
        origin = torch.stack([xyz.flatten(1, 2), near.flatten(1, 2)], 1)  # (B, 2, M * K, 3)
        origin = origin.repeat(1, (self.config.heads + 1) // 2, 1, 1)[:, : self.config.heads]
        for block, keys, values in zip(self.blocks, memory.keys, memory.values):
            x = block(x, c, keys, values, memory, origin)
        if beside is not None:
            x = beside.block(x, c, beside, memory, origin)
        numbers, logits, pointed = self.final(x, c, memory, near, pointer_target)
        if beside is not None:
            numbers = beside.block.added(numbers, x, beside)
        by_pointer, by_anchor, free, rotation, gate = numbers.split(OUTPUT_WIDTHS, -1)
        if tilt is not None:
            by_pointer, by_anchor = ((tilt @ offset[..., None])[..., 0] for offset in (by_pointer, by_anchor))
        pointed, anchored = pointed + OFFSET_SCALE * by_pointer, anchors + OFFSET_SCALE * by_anchor
        free = self.workspace_mid + self.workspace_half * free  # "on the right side of the table": nothing to point at
        gate = torch.cat([gate[..., :1], gate[..., 1:2].masked_fill(~known, -torch.inf), gate[..., 2:]], -1).softmax(-1)
        position = (gate[..., None] * torch.stack([pointed, anchored, free], -2)).sum(-2)
        return PoseDiTOutput(torch.cat([(position - self.workspace_mid) / self.workspace_half, rotation], -1), logits)

    def _beside(self, side: Tensor | None, anchors: Tensor, features: Tensor | None) -> Beside | None:
        """The steps that go beside things, for the block that they pass; None where no step does."""
        if side is None or not bool((side != NO_SIDE).any()):
            return None
        if self.sides is None:
            raise ValueError("this Pose-DiT has not learnt places beside things: it is of a model without pose_sides")
        if features is None:
            raise ValueError("a step beside a thing needs the features of what it points at")
        return self.sides.tell(side, anchors, features)


@dataclass(frozen=True)
class PoseLossWeights:
    position: float = 10.0
    rotation: float = 1.0
    pointer: float = 1.0


def pose_loss(
    output: PoseDiTOutput,
    target: Tensor,
    pointer_target: Tensor,
    weights: PoseLossWeights | None = None,
    valid: Tensor | None = None,
    error: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """L1 on the data estimate (or another ``error``) and negative log likelihood of the pointer.

    ``target`` (B, M, K, 9), ``pointer_target`` (B, M, K, N) bool marks the patches of the object; a token without a
    mark is left out of the pointer's part. ``valid`` (B, M) bool leaves out padding steps. ``error`` (B, M, K, 9), of a
    head that does not measure the data: what stands in the place of the absolute difference.
    Returns the weighted sum and its unweighted, detached parts ``position``, ``rotation``, ``pointer``.
    """
    weights = weights or PoseLossWeights()
    if valid is None:
        valid = torch.ones(target.shape[:2], dtype=torch.bool, device=target.device)
    counts = valid[..., None].expand(target.shape[:3])  # (B, M, K)
    error = (output.data - target).abs() if error is None else error
    logits = output.pointer_logits.float()
    marked = pointer_target & (logits > torch.finfo(output.pointer_logits.dtype).min)  # never on padding
    pointed = marked.any(-1)
    # Where nothing is marked, everything is: that gives a loss of exactly zero, and a zero gradient instead of NaN.
    right = logits.masked_fill(~(marked | ~pointed[..., None]), -torch.inf)
    nll = logits.logsumexp(-1) - right.logsumexp(-1)
    parts = {
        "position": _mean(error[..., :3].mean(-1), counts),
        "rotation": _mean(error[..., 3:].mean(-1), counts),
        "pointer": _mean(nll, counts & pointed),
    }
    total = sum(getattr(weights, name) * part for name, part in parts.items())
    return total, {name: part.detach() for name, part in parts.items()}


def _whole_scene(
    patches: Tensor | None, centroids: Tensor | None, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    if patches is None or centroids is None or mask is None:
        raise ValueError("give the scene as patches, centroids and mask, or as memory")
    return patches, centroids, mask


def _mean(values: Tensor, counts: Tensor) -> Tensor:
    return values.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


@torch.no_grad()
def sample_poses(
    model: PoseDiT,
    condition: Tensor,
    patches: Tensor | None = None,
    centroids: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    memory: PatchMemory | None = None,
    anchors: Tensor | None = None,
    anchor_features: Tensor | None = None,
    tilt: Tensor | None = None,
    side: Tensor | None = None,
    steps: int = 1,
    draws: int = 1,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Sample pick and place for every condition (B, M, C); the scene as in ``PoseDiT.forward``.

    ``steps`` of the head's sampler (1, 2, 4, 10). With ``draws`` above 1 that many samples are drawn together and the
    geodesic medoid is returned: the sample closest to all others, never a mean of two right answers.
    Returns positions (B, M, K, 3) in metres and rotation matrices (B, M, K, 3, 3).
    """
    if draws < 1:
        raise ValueError(f"sampling takes at least 1 draw, not {draws}")
    if memory is None:
        memory = model.encode_memory(*_whole_scene(patches, centroids, mask))
    scenes, plans = condition.shape[:2]

    def repeat(x: Tensor | None) -> Tensor | None:  # (B, M, ...) -> (B, M * draws, ...)
        return x if x is None else x.repeat_interleave(draws, 1)

    condition = condition.repeat_interleave(draws, 1)
    anchors, anchor_features, tilt, side = repeat(anchors), repeat(anchor_features), repeat(tilt), repeat(side)
    noise = model.draw_noise(condition.shape[:2], anchors, generator).to(condition.dtype)

    def predict_data(x_t: Tensor, t: float) -> Tensor:
        times = x_t.new_full(x_t.shape[:2], t)
        known = {"anchors": anchors, "anchor_features": anchor_features, "tilt": tilt, "side": side}
        return model(x_t, times, condition, memory=memory, **known).data

    positions, rotations = model.denormalize(model.head.sample(predict_data, noise, steps))
    positions, rotations = positions.unflatten(1, (plans, draws)), rotations.unflatten(1, (plans, draws))
    chosen = medoid_index(positions, rotations)  # (B, M)
    scene, plan = torch.arange(scenes)[:, None], torch.arange(plans)[None]
    return positions[scene, plan, chosen], rotations[scene, plan, chosen]


def medoid_index(positions: Tensor, rotations: Tensor) -> Tensor:
    """The draw closest to all others; positions (..., D, K, 3) metres, rotations (..., D, K, 3, 3) -> (...).

    Rotations are compared by their geodesic angle, modulo the quarter turns of the tool that are equally right:
    between draws at 0 and at 90 degrees a bad one at 45 is not the middle.
    """
    apart = (positions.unsqueeze(-3) - positions.unsqueeze(-4)).norm(dim=-1).sum(-1)  # (..., D, D)
    one, other = rotations.unsqueeze(-4), rotations.unsqueeze(-5)
    # cos(angle) = (trace(A^T B) - 1) / 2, and a trace is the sum of the products of columns
    x, y, z = (one * other).sum(-2).unbind(-1)  # (..., D, D, K) each
    xy = (one[..., 0] * other[..., 1]).sum(-1)
    yx = (one[..., 1] * other[..., 0]).sum(-1)
    traces = torch.stack([z + x + y, z + xy - yx, z - x - y, z - xy + yx])  # the other tool turned by 0 to 3 quarters
    angle = ((traces - 1.0) / 2.0).clamp(-1.0, 1.0).acos().sum(-1).amin(0)  # pick and place turn together
    return (apart + METERS_PER_RADIAN * angle).sum(-1).argmin(-1)

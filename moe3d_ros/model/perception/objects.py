"""Object tokens for the LLM: what the encoder detected, in spatial order, with relations, projected to the LLM's width.

The relation encoder lets objects compare themselves with each other (which block is leftmost, which of the two red
ones is bigger); it was pretrained to say so, so that such facts reach the LLM as linear features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.perception.encoder import Detections
from moe3d_ros.model.perception.layers import FourierPosition, TransformerLayer
from moe3d_ros.world.areas import DIRECTIONS
from moe3d_ros.world.vocabulary import COLOR_NAMES, PLAIN_KINDS

GROUPS = ("kind", "kind_color", "all")  # among whom an object is extreme
# What long tasks ask of a thing: what bears it, whether a bowl or zone of its colour is there (for those: a block),
# whether its colour's blocks are even in number, whether its pile stands on its own zone, and in which half it lies.
TASK_RELATIONS = (
    "on_block",
    "on_bowl",
    "on_zone",
    "on_own_color",
    "own_bowl",
    "own_zone",
    "even",
    "over_own_zone",
    "far_half",
    "left_half",
)
RELATIONS = (
    *(f"{side}_of_{group}" for group in GROUPS for side in DIRECTIONS),
    "bigger",
    "smaller",
    "covered",
    "on_top",
    *TASK_RELATIONS,
)
SIDEWAYS_MAX_Z = 0.5  # a normal's z below which a face looks to the side rather than up


def landmarks(kinds: int) -> int:
    """Number of landmark classes that others may be next to: kind and colour."""
    return kinds * len(COLOR_NAMES)


def attributes_width(kinds: int) -> int:
    """Width of an object's attributes without its place: kind and colour probabilities, half extents in decimetres."""
    return kinds + len(COLOR_NAMES) + 3


@dataclass
class ObjectSet:
    """Objects of B scenes from left to right, padded to n (lengths in metres, planning frame)."""

    kind: torch.Tensor  # (B, n, kinds) probabilities
    color: torch.Tensor  # (B, n, colours) probabilities
    center: torch.Tensor  # (B, n, 3)
    half: torch.Tensor  # (B, n, 3)
    yaw: torch.Tensor  # (B, n)
    mask: torch.Tensor  # (B, n) bool
    score: torch.Tensor  # (B, n) probability that it exists
    features: torch.Tensor | None = None  # (B, n, D) of the encoder, where it saw them
    normal: torch.Tensor | None = (
        None  # (B, n, 3) outward unit normals of the faces by which they are taken; None: upwards
    )

    @property
    def attributes(self) -> torch.Tensor:
        """Attributes of each object without its position (B, n, attributes_width(kinds))."""
        return torch.cat([self.kind, self.color, self.half * 10], dim=-1)

    def mapped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> ObjectSet:
        """The set with every one of its tensors changed; what it does not have stays None."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        changed: dict[str, Any] = {name: None if value is None else change(value) for name, value in values.items()}
        return ObjectSet(**changed)

    def row(self, index: int) -> ObjectSet:
        """One scene as a batch of one, without padding; without any object one masked column is left."""
        count = max(int(self.mask[index].sum()), 1)
        return self.mapped(lambda value: value[index : index + 1, :count])

    def span(self, which: slice) -> ObjectSet:
        """Some of the scenes, with the padding of all."""
        return self.mapped(lambda value: value[which])

    def repeated(self, number: int) -> ObjectSet:
        """The scene of a batch of one, ``number`` times."""
        return self.mapped(lambda value: value.expand(number, *value.shape[1:]))

    @classmethod
    def stacked(cls, rows: Sequence[ObjectSet]) -> ObjectSet:
        """Batch of the scenes of several sets, padded with zeros to the longest."""
        longest = max(row.mask.shape[1] for row in rows)

        def joined(name: str) -> torch.Tensor | None:
            values = [getattr(row, name) for row in rows]
            if any(value is None for value in values):
                return None
            padded = [F.pad(v, (0, 0) * (v.ndim - 2) + (0, longest - v.shape[1])) for v in values]
            return torch.cat(padded)

        whole: dict[str, Any] = {entry.name: joined(entry.name) for entry in fields(cls)}
        return cls(**whole)


def from_detections(found: Detections, threshold: float = 0.5, apart: float = 0.025) -> ObjectSet:
    """Keep confident queries, drop a second one of the same kind within ``apart`` metres, sort from left to right."""
    score = found.exists.sigmoid()
    batch = len(score)
    kind_index = found.kind.argmax(-1)
    near = torch.cdist(found.center, found.center) < apart
    better = score[:, None, :] > score[:, :, None]
    rival = near & (kind_index[:, None, :] == kind_index[:, :, None]) & better & (score[:, None, :] > threshold)
    keep = (score > threshold) & ~rival.any(dim=2)
    key = torch.where(keep, -found.center[..., 1], torch.full_like(score, torch.inf))
    n = max(int(keep.sum(1).max()) if batch else 0, 1)
    order = key.argsort(dim=1)[:, :n]

    def take(value: torch.Tensor) -> torch.Tensor:
        index = order if value.ndim == 2 else order[..., None].expand(-1, -1, value.shape[-1])
        return value.gather(1, index)

    return ObjectSet(
        take(found.kind.softmax(-1)),
        take(found.color.softmax(-1)),
        take(found.center),
        take(found.half),
        take(found.yaw),
        take(keep),
        take(score),
        take(found.features),
        None if found.normal is None else _clean_normals(take(found.normal), take(found.yaw)),
    )


def _clean_normals(normal: torch.Tensor, yaw: torch.Tensor) -> torch.Tensor:
    """Unit normals (B, n, 3); one that looks to the side is square to a side of the thing, whose yaw (B, n) is known."""
    normal = torch.nn.functional.normalize(normal, dim=-1)
    azimuth = torch.atan2(normal[..., 1], normal[..., 0])
    square = yaw + ((azimuth - yaw) / (torch.pi / 2)).round() * (torch.pi / 2)
    level = torch.stack([square.cos(), square.sin(), torch.zeros_like(square)], dim=-1)
    return torch.where(normal[..., 2:] < SIDEWAYS_MAX_Z, level, normal)


class ObjectTokens(nn.Module):
    """ObjectSet -> relation-aware features, and their linear projection into the LLM's embedding space."""

    def __init__(self, llm_width: int, width: int = 192, heads: int = 6, layers: int = 3, kinds: int = PLAIN_KINDS):
        super().__init__()
        self.width, self.kinds = width, kinds
        self.attributes = nn.Linear(attributes_width(kinds), width)
        self.position = FourierPosition(width, shortest=0.06)
        self.layers = nn.ModuleList([TransformerLayer(width, heads, expansion=2) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.relations = nn.Linear(width, len(RELATIONS))
        self.neighbours = nn.Linear(width, landmarks(kinds))  # auxiliary: of its kind the nearest to which landmark
        self.projection = nn.Linear(self.feature_width, llm_width)

    @property
    def feature_width(self) -> int:
        """Width of the projection's input."""
        return self.width + attributes_width(self.kinds) + len(RELATIONS)

    def embed(self, objects: ObjectSet) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (B, n, feature_width) and logits (B, n, len(RELATIONS) + landmarks) of relations and neighbours."""
        attributes = objects.attributes
        x = self.attributes(attributes) + self.position(objects.center)
        for layer in self.layers:
            x = layer(x, objects.mask)
        x = self.norm(x)
        relations = self.relations(x)
        features = torch.cat([x, attributes, relations.sigmoid()], dim=-1)
        return features, torch.cat([relations, self.neighbours(x)], dim=-1)

    def forward(self, objects: ObjectSet) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (B, n, feature_width) and LLM tokens (B, n, llm_width)."""
        features, _ = self.embed(objects)
        return features, self.projection(features)

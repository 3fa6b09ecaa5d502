"""Weights of a smaller model put into a larger one, with more kinds of things or a higher LoRA rank: what was learnt stays.

A run with ``kinds: 8`` may so start from runs and checkpoints with 4. On scenes without the new things it then does, up
to rounding, what they did: a new kind is hardly ever named, and nothing is added anywhere else. A run with a higher
``rank`` may start from one with a lower: the new directions are read (A is random) but add nothing yet (B is zero).
"""

from __future__ import annotations

import torch

from moe3d_ros.model.perception.pieces import FIRST_TRUST_LYING
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, PLAIN_KINDS

UNLEARNT_LOGIT = -8.0  # of a kind that is not trained yet: far below the others, and yet soon within reach of training
# Parameter names by their endings. Along which axis kinds stand, behind how many other numbers (from the front), and how
# many of them stand for each kind. Behind the kinds follow other numbers, which move along.
_KINDS = {
    "patch_head.weight": (0, 3, 1),
    "patch_head.bias": (0, 3, 1),
    "head.2.weight": (0, 1, 1),
    "head.2.bias": (0, 1, 1),
    "neighbours.weight": (0, 0, len(COLOR_NAMES)),
    "neighbours.bias": (0, 0, len(COLOR_NAMES)),
    "attributes.weight": (1, 0, 1),
    "anchor_features.weight": (1, 0, 1),
}
_BEHIND_STATE = ("projection.weight", "pointer.key.weight")  # kinds follow the relation encoder's own features
_READS = ("lora_A.default.weight", "gate_A", "up_A", "down_A")  # adapters (..., rank, in)
_ADDS = ("lora_B.default.weight", "gate_B", "up_B", "down_B")  # and (..., out, rank)
# Along which axis more numbers follow at the end: such that none depended on, and inputs that count for nothing at first.
_AT_THE_END = {
    "second_look.geometry.2.weight": 0,
    "second_look.geometry.2.bias": 0,
    "pieces.read.0.weight": 1,
    "pieces.trust.0.weight": 1,
    "pieces.trust.2.weight": 0,
    "pieces.trust.2.bias": 0,
}


def grow(
    name: str, stored: torch.Tensor, shape: torch.Size, old: int = PLAIN_KINDS, new: int = len(KINDS), state: int = 192
) -> torch.Tensor | None:
    """The tensor ``stored`` of parameter ``name`` in the shape of a model with more kinds; None if it cannot be that.

    Args:
        old, new: numbers of kinds. state: width of the relation encoder.
    """
    if len(stored.shape) != len(shape):
        return None
    grown = _adapter(name, stored, shape)
    for ending, (axis, first, each) in _KINDS.items():
        if name == ending or name.endswith("." + ending):
            grown = _insert(stored, axis, first + old * each, (new - old) * each)
            if name.endswith(("head.2.bias", "patch_head.bias")):
                grown[first + old : first + new] = UNLEARNT_LOGIT
            if name.endswith("anchor_features.weight"):
                grown = _insert(grown, 1, grown.shape[1], shape[1] - grown.shape[1])
    if name.endswith(_BEHIND_STATE):
        grown = _insert(stored, 1, state + old, new - old)
        # Its name is not known yet: it counts as a thing of no particular kind.
        grown[:, state + old : state + new] = stored[:, state : state + old].mean(1, keepdim=True)
    for ending, axis in _AT_THE_END.items():
        if name.endswith(ending):
            grown = _insert(stored, axis, stored.shape[axis], shape[axis] - stored.shape[axis])
            if name.endswith("pieces.trust.2.bias"):
                grown[len(stored) :] = torch.tensor(FIRST_TRUST_LYING).repeat_interleave(3)
    return grown if grown is not None and grown.shape == shape else None


def _adapter(name: str, stored: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """An adapter's matrix of a lower rank in one of a higher; None for what is no adapter."""
    if name.endswith(_READS) and shape[-2] > stored.shape[-2]:
        more = torch.randn(
            *stored.shape[:-2],
            shape[-2] - stored.shape[-2],
            stored.shape[-1],
            generator=torch.Generator().manual_seed(shape[-2]),
        )
        return torch.cat([stored, (more / stored.shape[-1] ** 0.5).to(stored.dtype)], dim=-2)
    if name.endswith(_ADDS) and shape[-1] > stored.shape[-1]:
        return torch.nn.functional.pad(stored, (0, shape[-1] - stored.shape[-1]))
    return None


def _insert(tensor: torch.Tensor, axis: int, at: int, count: int) -> torch.Tensor:
    """``count`` zeros before index ``at`` of an axis."""
    if count <= 0:
        return tensor.clone()
    before, after = tensor.split([at, tensor.shape[axis] - at], dim=axis)
    size = list(tensor.shape)
    size[axis] = count
    return torch.cat([before, tensor.new_zeros(size), after], dim=axis)


@torch.no_grad()
def teach_names(model, known: int = 4) -> None:
    """Give the object tokens of new kinds their names: as the closed form of Stage I would, by the words' embeddings.

    Args:
        model: a `SceneLanguageModel` whose weights were grown from one with ``known`` kinds.
    """
    words = torch.stack([model.word_embedding(" " + kind) for kind in KINDS[: model.objects.kinds]])
    first = model.objects.width
    columns = model.objects.projection.weight
    middle = columns[:, first : first + known].mean(1)
    for kind in range(known, model.objects.kinds):
        columns[:, first + kind] = middle + words[kind] - words[:known].mean(0)

"""The default base's decoder over texts that are packed behind their scenes, with attention only where there is something to see.

A packed row attends by a mask over its whole length squared, which at two dozen texts a row costs more than all matrices of the
decoder. Here every text is a row of its own that sees its scene's prefix and itself; all else is computed on the packed rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moe3d_ros.model.language.llama import Attention, Decoder, rotate
from moe3d_ros.model.language.scene_language import MASKED


@dataclass(frozen=True)
class Groups:
    """Places of the tokens of B packed rows of length T: B prefixes of at most P tokens, M texts of at most L.

    Attributes:
        prefix: (B, P) places in the flattened rows (B * T). prefix_mask: (B, 1, P, P) added to the scores.
        text: (M, L) places. text_mask: (M, 1, L, P + L) likewise.
        scene: (M,) row of each text.
        kept: (K,) the real places among prefixes and texts one after the other; target: (K,) their places in the rows.
    """

    prefix: Tensor
    prefix_mask: Tensor
    text: Tensor
    text_mask: Tensor
    scene: Tensor
    kept: Tensor
    target: Tensor


def groups_of(segment: Tensor, dtype: torch.dtype) -> Groups:
    """Groups of a packed batch: segment (B, T), 0 for the prefix, then the number of the text, -1 for padding; dtype of masks."""
    rows, length = segment.shape
    flat = torch.arange(rows * length, device=segment.device).view(rows, length)
    spans = [[flat[row][segment[row] == 0] for row in range(rows)], []]
    scene = []
    for row in range(rows):
        for number in range(1, int(segment[row].max()) + 1):
            spans[1].append(flat[row][segment[row] == number])
            scene.append(row)
    (prefix, prefix_real), (text, text_real) = (_padded(each, segment.device) for each in spans)
    of = torch.tensor(scene, device=segment.device)
    before = prefix_real[of][:, None, None].expand(-1, 1, text.shape[1], -1)
    return Groups(
        prefix=prefix,
        prefix_mask=_additive(_causal(prefix_real), dtype),
        text=text,
        text_mask=_additive(torch.cat([before, _causal(text_real)], dim=-1), dtype),
        scene=of,
        kept=torch.cat([prefix_real.flatten(), text_real.flatten()]).nonzero().flatten(),
        target=torch.cat([prefix[prefix_real], text[text_real]]),
    )


def _padded(spans: list[Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Places of several spans (S, longest), and which are real; padding is place 0."""
    padded = torch.nn.utils.rnn.pad_sequence(spans, batch_first=True)
    lengths = torch.tensor([len(span) for span in spans], device=device)
    return padded, torch.arange(padded.shape[1], device=device) < lengths[:, None]


def _causal(real: Tensor) -> Tensor:
    """Mask (S, 1, L, L) of spans that see themselves up to each place; padding sees itself, so that its softmax is defined."""
    length = real.shape[1]
    seen = torch.ones(length, length, dtype=torch.bool, device=real.device).tril() & real[:, None]
    return (seen | torch.eye(length, dtype=torch.bool, device=real.device))[:, None]


def _additive(seen: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, MASKED)


def read_grouped(decoder: Decoder, inputs: Tensor, positions: Tensor, groups: Groups) -> tuple[Tensor, Tensor]:
    """Last hidden states, normalised, and the penultimate layer's (B, T, W); inputs (B, T, W), positions (B, T)."""
    x, before = inputs, inputs
    rotation = tuple(part.flatten(0, 2)[:, None] for part in decoder.rotation(positions, inputs.dtype))  # (B T, 1, d)
    layers: list[Any] = list(decoder.layers)
    for layer in layers:
        before = x
        x = x + _attend(layer.self_attn, layer.input_layernorm(x), rotation, groups)
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    return decoder.norm(x), before


def _attend(attention: Attention, x: Tensor, rotation: tuple[Tensor, ...], groups: Groups) -> Tensor:
    """Attention of every token to its scene's prefix and its own text before it (B, T, W)."""
    query, key, value = (
        part(x).view(-1, heads, attention.dim)
        for part, heads in (
            (attention.q_proj, attention.shared * attention.groups),
            (attention.k_proj, attention.shared),
            (attention.v_proj, attention.shared),
        )
    )
    query, key = (rotate(part, *rotation).to(value.dtype) for part in (query, key))
    prefix_keys, prefix_values = _taken(key, groups.prefix), _taken(value, groups.prefix)  # (B, P, shared, d)
    keys = torch.cat([_taken(prefix_keys, groups.scene), _taken(key, groups.text)], dim=1)  # (M, P + L, shared, d)
    values = torch.cat([_taken(prefix_values, groups.scene), _taken(value, groups.text)], dim=1)
    read = torch.cat(
        [
            _scored(attention, _taken(query, groups.prefix), prefix_keys, prefix_values, groups.prefix_mask),
            _scored(attention, _taken(query, groups.text), keys, values, groups.text_mask),
        ]
    )
    width = read.shape[-1]
    whole = read.new_zeros(len(query), width).index_copy(0, groups.target, _taken(read, groups.kept))
    return attention.o_proj(whole.view(*x.shape[:-1], width))


def _taken(rows: Tensor, places: Tensor) -> Tensor:
    """Rows at the places, in the shape of these; its backward is faster than that of indexing."""
    return rows.index_select(0, places.flatten()).view(*places.shape, *rows.shape[1:])


def _scored(attention: Attention, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Query (S, L, heads, d), key and value (S, K, shared, d), mask (S, 1, L, K) -> what is read (S * L, heads * d)."""
    spans, length = query.shape[:2]
    query = query.transpose(1, 2).reshape(spans, attention.shared, attention.groups * length, attention.dim)
    # Products, not PyTorch's fused attention: for these few tokens its backward takes seven times longer on a CPU in bfloat16.
    mask = torch.cat([mask] * attention.groups, dim=-2)  # for each of the heads that share a key-value head
    scores = (query * attention.dim**-0.5) @ key.permute(0, 2, 3, 1) + mask
    read = scores.softmax(-1).to(value.dtype) @ value.transpose(1, 2)
    read = read.view(spans, attention.shared * attention.groups, length, attention.dim).transpose(1, 2)
    return read.reshape(spans * length, -1)

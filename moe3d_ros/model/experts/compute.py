"""Forward passes of a layer of experts: an eager reference and three fast implementations that are tested against it.

Every expert is the same frozen gated feed-forward block plus its own low-rank update (LoRA), so an expert's matrix is
``W + scale * B_e A_e``. Legend of shapes: T tokens, D model width, H hidden width, E experts, k chosen per token,
r rank, S = T * k the chosen (token, expert) pairs, sorted by expert. A layer may split the hidden width into G shards
(G = 1 by default): expert e then owns shard e // (E / G), which is H / G wide, and G * E hidden vectors become E. An
always-on expert is one more copy of each shard, which the layer lists among the chosen: E and k include it here.

``eager``   builds each expert's matrices and runs every expert on every token. Slow, the reference.
``shared``  runs the frozen matrices once for all experts and adds each expert's update to its own tokens. Exact, as
            W x is common to all experts and the last matrix is linear in the gated sum. For training, long prompts.
``masked``  like ``shared`` but computes all experts on all tokens, with gate zero where an expert was not chosen: twice
            the elementwise work at top-2 of 4 and no index operations, which is faster for the few tokens of decoding.
``stacked`` computes the chosen experts alone, the first of all tokens above the second of all: an expert's update is a
            product with the low ranks of all experts, zero but for its own. No sorting and no loop, which is faster than
            ``shared`` where no gradient is wanted, for a layer that serves, whose updates lie ready.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MASKED_MAX_TOKENS = 32  # measured on two AVX2 cores: from about here on, indexing beats computing all experts
# Measured with AMX in bfloat16: from here on stacking beats both, by a tenth to a quarter of the time at 100 tokens.
STACKED_MIN_TOKENS = 24


class ExpertLayer(Protocol):
    """Parts of an MoE layer that the experts' computation reads; :class:`MoEFeedForward` documents them."""

    gate_proj: nn.Linear
    up_proj: nn.Linear
    down_proj: nn.Linear
    gate_A: Tensor  # (E, r, D)
    gate_B: Tensor  # (E, H, r)
    up_A: Tensor
    up_B: Tensor
    down_A: Tensor  # (E, r, H)
    down_B: Tensor  # (E, D, r)
    act_fn: Callable[[Tensor], Tensor]
    lora_sets: int
    shards: int
    shared_expert: bool
    rank: int
    scale: float

    @property
    def packed(self) -> tuple[Tensor, ...] | None: ...


def eager_experts(layer: ExpertLayer, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
    """Reference: x (T, D), weights (T, k), chosen (T, k) int64 -> (T, D)."""
    output = torch.zeros_like(x)
    for expert in range(layer.lora_sets):
        gate, up, down = (_expert_weight(layer, name, expert) for name in ("gate", "up", "down"))
        gate_bias, up_bias = (
            None if part.bias is None else part.bias[_shard(layer, expert)] for part in (layer.gate_proj, layer.up_proj)
        )
        hidden = layer.act_fn(F.linear(x, gate, gate_bias)) * F.linear(x, up, up_bias)
        weight = torch.where(chosen == expert, weights, 0.0).sum(-1, keepdim=True)  # (T, 1), zero where not chosen
        output = output + weight * F.linear(hidden, down)
    return output if layer.down_proj.bias is None else output + layer.down_proj.bias


def masked_experts(layer: ExpertLayer, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
    """All experts on all tokens, gates zero where not chosen: x (T, D), weights (T, k), chosen (T, k) -> (T, D)."""
    tokens, experts, shards = x.shape[0], layer.lora_sets, layer.shards
    low, high, down_low, down_high = layer.packed or pack_experts(layer, x.dtype)
    ranks = F.linear(x, low).view(tokens, 2 * experts, layer.rank).transpose(0, 1)  # (2 E, T, r)
    frozen = torch.stack([layer.gate_proj(x), layer.up_proj(x)]).unsqueeze(1)  # (2, 1, T, H)
    if shards > 1:  # every expert on top of its own part of the frozen block
        frozen = frozen.view(2, tokens, shards, -1).transpose(1, 2).repeat_interleave(experts // shards, 1)
    gate, up = torch.bmm(ranks, high).view(2, experts, tokens, -1).add(frozen)  # (E, T, H / G) each
    gates = x.new_zeros(tokens, experts).scatter(1, chosen, weights).t().unsqueeze(-1)  # (E, T, 1)
    hidden = layer.act_fn(gate) * up * gates
    own_down = down_low.view(experts, layer.rank, -1).transpose(1, 2)  # (E, H / G, r)
    down_ranks = torch.bmm(hidden, own_down).transpose(0, 1).reshape(tokens, -1)  # (T, E r)
    total = hidden.sum(0) if shards == 1 else _join(hidden.unflatten(0, (shards, -1)).sum(1))
    return torch.addmm(layer.down_proj(total), down_ranks, down_high)


def stacked_experts(layer: ExpertLayer, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
    """The chosen experts of all tokens below each other: x (T, D), weights (T, k), chosen (T, k) -> (T, D)."""
    if layer.shards > 1:
        return masked_experts(layer, x, weights, chosen)
    (tokens, top_k), experts, rank = chosen.shape, layer.lora_sets, layer.rank
    low, high, down_low, down_high = layer.packed or pack_experts(layer, x.dtype)
    own = F.one_hot(chosen.t(), experts).to(x.dtype).unsqueeze(-1)  # (k, T, E, 1)
    ranks = F.linear(x, low).view(tokens, 2, 1, experts, rank).movedim(0, 2)  # (2, 1, T, E, r)
    gate_ranks, up_ranks = (ranks * own).reshape(2, top_k * tokens, experts * rank)
    gate_high, up_high = high.reshape(2, experts * rank, -1)
    gate = torch.addmm(layer.gate_proj(x).repeat(top_k, 1), gate_ranks, gate_high)  # (k T, H)
    up = torch.addmm(layer.up_proj(x).repeat(top_k, 1), up_ranks, up_high)
    hidden = layer.act_fn(gate) * up * weights.t().reshape(-1, 1)
    down_ranks = (F.linear(hidden, down_low).view(top_k, tokens, experts, rank) * own).sum(0)
    total = layer.down_proj(hidden.view(top_k, tokens, -1).sum(0))
    return torch.addmm(total, down_ranks.flatten(1), down_high)


def _join(parts: Tensor) -> Tensor:
    """Hidden vectors of the shards side by side: (G, T, H / G) -> (T, H)."""
    return parts.transpose(0, 1).flatten(1)


def pack_experts(layer: ExpertLayer, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The experts' LoRA laid out for ``masked`` and ``stacked``, scale included: low (2 E r, D), high (2 E, r, H), down_low
    (E r, H), down_high (E r, D). Kept by a layer that serves, since for one token copying costs more than computing."""
    low = torch.cat([layer.gate_A, layer.up_A]).flatten(0, 1)
    high = torch.cat([layer.gate_B, layer.up_B]).transpose(1, 2) * layer.scale
    down_high = layer.down_B.transpose(1, 2).flatten(0, 1) * layer.scale
    return low.to(dtype), high.to(dtype), layer.down_A.flatten(0, 1).to(dtype), down_high.to(dtype)


def shared_experts(layer: ExpertLayer, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
    """Each expert on its own tokens, frozen matrices once for all: x (T, D), weights, chosen (T, k) -> (T, D)."""
    gate, up = layer.gate_proj(x), layer.up_proj(x)
    low = (*_project_down(layer, x), layer.gate_B, layer.up_B, layer.down_A, weights)
    # Under autocast the matrices' outputs decide.
    gate_a, up_a, gate_b, up_b, down_a, weights = (tensor.to(gate.dtype) for tensor in low)
    between = (gate, up, gate_a, up_a, gate_b, up_b, down_a, weights, chosen)
    if layer.shards == 1:
        hidden_sum, rank_sums = _SharedExperts.apply(*between, layer.act_fn, layer.scale)
    else:
        hidden_sum, rank_sums = _each_shard(layer, *between)
    return layer.down_proj(hidden_sum) + _project_up(layer, rank_sums)


def _each_shard(
    layer: ExpertLayer,
    gate: Tensor,
    up: Tensor,
    gate_a: Tensor,
    up_a: Tensor,
    gate_b: Tensor,
    up_b: Tensor,
    down_a: Tensor,
    weights: Tensor,
    chosen: Tensor,
) -> tuple[Tensor, Tensor]:
    """``_SharedExperts`` on one shard after the other; outputs as there, the hidden vectors side by side."""
    copies = layer.lora_sets // layer.shards
    order = chosen.argsort(dim=-1)  # as many of each shard: sorted, the first of them belong to the first shard
    chosen_of, weights_of = (tensor.gather(1, order).chunk(layer.shards, 1) for tensor in (chosen, weights))
    gate_of, up_of = gate.chunk(layer.shards, 1), up.chunk(layer.shards, 1)
    hidden, ranks = [], []
    for shard in range(layer.shards):
        own = slice(shard * copies, (shard + 1) * copies)
        parts = (gate_a[:, own], up_a[:, own], gate_b[own], up_b[own], down_a[own], weights_of[shard])
        done = _SharedExperts.apply(
            gate_of[shard], up_of[shard], *parts, chosen_of[shard] - own.start, layer.act_fn, layer.scale
        )
        hidden.append(done[0])
        ranks.append(done[1])
    return torch.cat(hidden, 1), torch.cat(ranks, 1)


def auto_experts(layer: ExpertLayer, x: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
    """The fastest for this number of tokens on this device.

    On a GPU ``masked``, which never waits for a count of tokens: 0.72 against 1.03 s for a training step of 23 k tokens on
    an H100, with 50 against 34 GB.
    """
    stacks = not x.is_cuda and x.dtype == torch.bfloat16 and layer.packed and layer.shards == 1
    if stacks and x.shape[0] >= STACKED_MIN_TOKENS:  # in float32 it wins nothing
        return stacked_experts(layer, x, weights, chosen)
    run = masked_experts if x.is_cuda or x.shape[0] <= MASKED_MAX_TOKENS else shared_experts
    return run(layer, x, weights, chosen)


EXPERT_IMPLEMENTATIONS = {
    "auto": auto_experts,
    "eager": eager_experts,
    "shared": shared_experts,
    "masked": masked_experts,
    "stacked": stacked_experts,
}


def _expert_weight(layer: ExpertLayer, name: str, expert: int) -> Tensor:
    low, high = getattr(layer, f"{name}_A")[expert], getattr(layer, f"{name}_B")[expert]
    weight = getattr(layer, f"{name}_proj").weight
    own = _shard(layer, expert)
    weight = weight[:, own] if name == "down" else weight[own]
    return weight + layer.scale * (high @ low).to(weight.dtype)


def _shard(layer: ExpertLayer, expert: int) -> slice:
    """Hidden units of the frozen block that an expert owns; all of them unless the layer is split into shards."""
    width = layer.gate_proj.weight.shape[0] // layer.shards
    first = expert // (layer.lora_sets // layer.shards) * width
    return slice(first, first + width)


def _project_down(layer: ExpertLayer, x: Tensor) -> tuple[Tensor, Tensor]:
    """A x of the gate and the up matrix for all experts in one product: (T, E, r) each."""
    stacked = torch.cat([layer.gate_A.flatten(0, 1), layer.up_A.flatten(0, 1)]).to(x.dtype)
    low = F.linear(x, stacked).view(x.shape[0], 2, layer.lora_sets, layer.rank)
    return low[:, 0], low[:, 1]


def _project_up(layer: ExpertLayer, rank_sums: Tensor) -> Tensor:
    """The down matrix's updates of all experts in one product: (T, E, r) -> (T, D)."""
    stacked = layer.down_B.to(rank_sums.dtype).transpose(0, 1).flatten(1)  # (D, E * r)
    return layer.scale * F.linear(rank_sums.flatten(1), stacked)


class _SharedExperts(torch.autograd.Function):
    """The part between the frozen matrices, with its own backward: autograd's takes longer for the same numbers.

    Inputs: gate, up (T, H) of the frozen block; gate_a, up_a (T, E, r); gate_b, up_b (E, H, r); down_a (E, r, H);
    weights, chosen (T, k). Outputs: the weighted sum of hidden vectors (T, H) and, per expert, its weighted
    ``down_A hidden`` (T, E, r), zero where the expert was not chosen.
    """

    @staticmethod
    def forward(
        ctx: Any,
        gate: Tensor,
        up: Tensor,
        gate_a: Tensor,
        up_a: Tensor,
        gate_b: Tensor,
        up_b: Tensor,
        down_a: Tensor,
        weights: Tensor,
        chosen: Tensor,
        act_fn: Callable[[Tensor], Tensor],
        scale: float,
    ) -> tuple[Tensor, Tensor]:
        (tokens, top_k), experts = chosen.shape, gate_b.shape[0]
        flat = chosen.flatten()
        order = flat.argsort(stable=True)
        token, expert = order // top_k, flat[order]  # (S,) each
        place = torch.empty_like(order)
        place[order] = torch.arange(order.numel(), device=order.device)
        place = place.view(tokens, top_k)  # where in the sorted list a token's j-th expert stands
        groups = _groups(torch.bincount(flat, minlength=experts).tolist())
        weight = weights.flatten()[order].unsqueeze(1)  # (S, 1)

        gate_low, up_low = gate_a[token, expert], up_a[token, expert]  # (S, r)
        gate_s, up_s = gate.index_select(0, token), up.index_select(0, token)  # (S, H)
        for e, rows in enumerate(groups):
            gate_s[rows].addmm_(gate_low[rows], gate_b[e].t(), alpha=scale)
            up_s[rows].addmm_(up_low[rows], up_b[e].t(), alpha=scale)
        hidden = act_fn(gate_s).mul_(up_s)
        low = hidden.new_empty(hidden.shape[0], down_a.shape[1])
        for e, rows in enumerate(groups):
            low[rows] = hidden[rows] @ down_a[e].t()
        rank_sums = gate.new_zeros(gate_a.shape)
        rank_sums[token, expert] = low.mul_(weight)
        hidden_sum = _combine(hidden, place, weights)

        ctx.save_for_backward(
            gate_s, up_s, hidden, gate_low, up_low, gate_b, up_b, down_a, weight, token, expert, place, order
        )
        ctx.groups, ctx.act_fn, ctx.scale = groups, act_fn, scale
        return hidden_sum, rank_sums

    @staticmethod
    def backward(ctx: Any, d_hidden_sum: Tensor, d_rank_sums: Tensor) -> tuple[Tensor | None, ...]:
        gate_s, up_s, hidden, gate_low, up_low, gate_b, up_b, down_a, weight, token, expert, place, order = (
            ctx.saved_tensors
        )
        scale, shape = ctx.scale, d_rank_sums.shape
        d_low = d_rank_sums[token, expert]  # (S, r)
        d_weighted = d_hidden_sum.index_select(0, token)  # (S, H), gradient of weight * hidden
        d_down_a = torch.empty_like(down_a)
        for e, rows in enumerate(ctx.groups):
            d_weighted[rows].addmm_(d_low[rows], down_a[e])
            d_down_a[e] = (d_low[rows] * weight[rows]).t() @ hidden[rows]
        d_weights = torch.empty_like(weight).flatten()
        d_weights[order] = torch.linalg.vecdot(d_weighted, hidden)

        d_hidden = d_weighted.mul_(weight)
        with torch.enable_grad():  # whatever the activation is, autograd knows its derivative
            gate_in = gate_s.detach().requires_grad_()
            activated = ctx.act_fn(gate_in)
        d_up = activated.detach() * d_hidden
        (d_gate,) = torch.autograd.grad(activated, gate_in, d_hidden.mul_(up_s))

        d_gate_b, d_up_b = torch.empty_like(gate_b), torch.empty_like(up_b)
        d_gate_low, d_up_low = torch.empty_like(gate_low), torch.empty_like(up_low)
        for e, rows in enumerate(ctx.groups):
            for d_out, b, low, d_low_out, d_b in (
                (d_gate, gate_b, gate_low, d_gate_low, d_gate_b),
                (d_up, up_b, up_low, d_up_low, d_up_b),
            ):
                d_low_out[rows] = scale * (d_out[rows] @ b[e])
                d_b[e] = scale * (d_out[rows].t() @ low[rows])
        d_gate_a, d_up_a = d_gate.new_zeros(shape), d_gate.new_zeros(shape)
        d_gate_a[token, expert], d_up_a[token, expert] = d_gate_low, d_up_low
        return (
            _combine(d_gate, place),
            _combine(d_up, place),
            d_gate_a,
            d_up_a,
            d_gate_b,
            d_up_b,
            d_down_a,
            d_weights.view(place.shape),
            None,
            None,
            None,
        )


def _groups(counts: list[int]) -> list[slice]:
    """Rows of each expert in a list sorted by expert."""
    ends = [sum(counts[: e + 1]) for e in range(len(counts))]
    return [slice(end - count, end) for count, end in zip(counts, ends)]


def _combine(rows: Tensor, place: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum over each token's k rows: rows (S, H), place (T, k), weights (T, k) or None (all one) -> (T, H)."""
    total = rows.index_select(0, place[:, 0])
    if weights is not None:
        total.mul_(weights[:, :1])
    for j in range(1, place.shape[1]):
        part = rows.index_select(0, place[:, j])
        total = total.add_(part) if weights is None else total.addcmul_(part, weights[:, j : j + 1])
    return total

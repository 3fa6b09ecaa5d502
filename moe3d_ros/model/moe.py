"""A dense language model becomes a mixture of experts: layer, conversion, routing losses.

Each converted feed-forward block (FFN) becomes E experts that share its frozen weights and carry one LoRA set each
(LoRA: arXiv 2106.09685), and a router trained in full. The gates are a softmax, cut to the top k and renormalised, so
that with identical experts (every LoRA's B is zero at the start) the output is the dense block's. The A matrices differ
from expert to expert: after one step the experts differ, and only from then on does the router get a task gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moe3d_ros.model.experts import EXPERT_IMPLEMENTATIONS, pack_experts
from moe3d_ros.model.tie_breaking import TIE_BREAKERS

EXPERT_TENSORS = ("gate_A", "gate_B", "up_A", "up_B", "down_A", "down_B")
PACKED = ("packed_low", "packed_high", "packed_down_low", "packed_down_high")


class ConversionError(ValueError):
    """The model cannot become a mixture of experts; the message says what is missing."""


class MoEFeedForward(nn.Module):
    """E experts made from one gated FFN ``down(act(gate(x)) * up(x))``, with top-k routing; x (..., D) -> (..., D).

    The FFN's own modules are kept under their names (``gate_proj``, ``up_proj``, ``down_proj``) and are frozen, so the
    dense model's state dict still fits. Trained: ``router.weight`` (E, D) and the expert tensors ``gate_A`` (E, r, D),
    ``gate_B`` (E, H, r), ``up_A``, ``up_B`` alike, ``down_A`` (E, r, H), ``down_B`` (E, D, r), all float32.
    An expert's matrix is ``W + alpha / rank * B A``. ``implementation`` names an entry of EXPERT_IMPLEMENTATIONS.

    shards: G > 1 makes fine-grained experts. The hidden width is split into G shards; the E experts are E / G copies
    of each, H / G wide, and a token takes k / G copies of every shard (virtual groups: arXiv 2410.07524, here kept for
    good, not only at the start), so that at k = G it costs what the dense block costs. The copies' router rows start
    equal from shard to shard: the gates, which sum to G, are then exactly even over the shards, and the output is the
    dense block's. shared_expert: one more copy of the whole block, with its own LoRA, that every token passes through;
    it makes half of the output and the routed experts the other half. Its LoRA is the last of each shard's sets.
    """

    def __init__(self, ffn: nn.Module, num_experts: int, top_k: int, rank: int, alpha: float,
                 generator: torch.Generator | None = None, implementation: str = "auto", shards: int = 1,
                 shared_expert: bool = False):  # fmt: skip
        super().__init__()
        if not 1 <= top_k <= num_experts:
            raise ConversionError(f"top_k must lie between 1 and the number of experts ({num_experts}), not {top_k}.")
        if rank < 1:
            raise ConversionError(f"The rank of the experts' LoRA must be at least 1, not {rank}.")
        hidden, width = ffn.gate_proj.weight.shape
        for what, value in (("experts", num_experts), ("top_k", top_k), ("the block's hidden width", hidden)):
            if shards < 1 or value % shards:
                raise ConversionError(
                    f"{what} ({value}) must be a multiple of the number of shards ({shards}, at least 1): "
                    "every shard has as many copies, and a token takes as many of each."
                )
        self.gate_proj, self.up_proj, self.down_proj = ffn.gate_proj, ffn.up_proj, ffn.down_proj
        self.act_fn = ffn.act_fn
        for module in (self.gate_proj, self.up_proj, self.down_proj):
            module.requires_grad_(False)
        self.num_experts, self.top_k, self.rank, self.scale = num_experts, top_k, rank, alpha / rank
        self.shards, self.shared_expert = shards, shared_expert
        self.lora_sets = num_experts + shards * shared_expert
        self.implementation = implementation
        self.recorder: RouterRecorder | None = None

        for name in PACKED:
            self.register_buffer(name, None, persistent=False)

        hidden //= shards
        device = self.gate_proj.weight.device
        for name, low, high in (("gate", width, hidden), ("up", width, hidden), ("down", hidden, width)):
            a = torch.randn(self.lora_sets, rank, low, generator=generator) / math.sqrt(low)
            self.register_parameter(f"{name}_A", nn.Parameter(a.to(device)))
            self.register_parameter(f"{name}_B", nn.Parameter(torch.zeros(self.lora_sets, high, rank, device=device)))
        self.router = nn.Linear(width, num_experts, bias=False, device=device, dtype=torch.float32)
        with torch.no_grad():
            rows = torch.randn(num_experts // shards, width, generator=generator) * 0.02
            self.router.weight.copy_(rows.repeat(shards, 1))

    def route(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (T, D) -> logits (T, E), gates of the chosen (T, k) that sum to G (one), chosen experts (T, k)."""
        precision = torch.promote_types(x.dtype, torch.float32)  # a router in half precision makes routing unstable
        with torch.autocast(x.device.type, enabled=False):
            logits = F.linear(x.to(precision), self.router.weight.to(precision))
        if self.shards > 1:
            grouped = logits.unflatten(-1, (self.shards, -1))  # (T, G, E / G)
            top, chosen = grouped.topk(self.top_k // self.shards, dim=-1)
            first = torch.arange(self.shards, device=x.device) * grouped.shape[-1]
            return logits, self.shards * top.flatten(1).softmax(-1), (chosen + first[:, None]).flatten(1)
        top, chosen = logits.topk(self.top_k, dim=-1)
        return logits, top.softmax(-1), chosen  # the softmax over the top k is the full softmax, renormalised

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.reshape(-1, x.shape[-1])
        logits, weights, chosen = self.route(tokens)
        if self.recorder is not None:
            self.recorder.add(self, logits, chosen)
        if self.shared_expert:
            weights, chosen = self._with_shared(weights, chosen)
        run = EXPERT_IMPLEMENTATIONS[self.implementation]
        return run(self, tokens, weights.to(tokens.dtype), chosen).view(x.shape)

    def _with_shared(self, weights: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Gates halved, and the always-on copy of every shard with the other half: (T, k) -> (T, k + G), LoRA sets."""
        copies = self.num_experts // self.shards
        chosen = chosen + chosen // copies  # each earlier shard has one set more
        always = torch.arange(1, self.shards + 1, device=chosen.device) * (copies + 1) - 1
        always = always.expand(len(chosen), -1)
        half = weights.new_full(always.shape, 0.5)
        return torch.cat([0.5 * weights, half], 1), torch.cat([chosen, always], 1)

    @property
    def packed(self) -> tuple[Tensor, ...] | None:
        """The experts' LoRA as ``pack`` left it, or None."""
        return None if self.packed_low is None else tuple(getattr(self, name) for name in PACKED)

    @torch.no_grad()
    def pack(self) -> None:
        """Keep the experts' LoRA in the layout that decoding reads. train() drops it: it would not follow an update."""
        for name, tensor in zip(PACKED, pack_experts(self, self.gate_proj.weight.dtype)):
            setattr(self, name, tensor.contiguous())

    def train(self, mode: bool = True) -> MoEFeedForward:
        if mode:
            for name in PACKED:
                setattr(self, name, None)
        return super().train(mode)

    def trained_parameters(self) -> Iterable[nn.Parameter]:
        yield self.router.weight
        for name in EXPERT_TENSORS:
            yield getattr(self, name)

    def extra_repr(self) -> str:
        variant = f", shards={self.shards}" * (self.shards > 1) + ", shared expert" * self.shared_expert
        return f"experts={self.num_experts}, top_k={self.top_k}, rank={self.rank}, scale={self.scale:g}{variant}"


def moe_layers(model: nn.Module) -> dict[str, MoEFeedForward]:
    """Every MoE layer of a model by its dotted name, in order."""
    return {name: module for name, module in model.named_modules() if isinstance(module, MoEFeedForward)}


def convert_to_moe(model: nn.Module, num_experts: int = 4, top_k: int = 2, layers: str | Sequence[int] = "odd",
                   rank: int = 8, alpha: float | None = None, seed: int = 0,
                   implementation: str = "auto", shards: int = 1, shared_expert: bool = False,
                   tie_break: str = "lora") -> list[str]:  # fmt: skip
    """Replace the FFNs of a decoder by experts, in place; returns the dotted names of the converted FFNs.

    model: a Hugging Face decoder (Llama, SmolLM, Qwen2, Qwen3, Mistral, Gemma and others alike), with or without its
    language modelling head. layers: "odd" (every second, from index 1), "all", or indices (negative count from the
    end). alpha: strength of the experts' LoRA, 2 * rank by default. All parameters of the model are frozen, but for
    the experts' LoRA and the routers. shards, shared_expert: see MoEFeedForward. tie_break: how the experts come to
    differ, see tie_breaking.py; only "lora" keeps the dense model's output. Raises ConversionError for a model without gated FFNs, and changes nothing then.
    """
    prefix, blocks = decoder_layers(model)
    indices = _layer_indices(layers, len(blocks))
    for index in indices:
        _check_gated(f"{prefix}.{index}.mlp", getattr(blocks[index], "mlp", None))
    if tie_break not in TIE_BREAKERS:
        raise ConversionError(f"tie_break must be one of {', '.join(TIE_BREAKERS)}, not {tie_break!r}.")
    generator = torch.Generator().manual_seed(seed)
    alpha = 2.0 * rank if alpha is None else alpha
    converted = [
        MoEFeedForward(
            blocks[i].mlp, num_experts, top_k, rank, alpha, generator, implementation, shards, shared_expert
        )
        for i in indices
    ]
    for layer in converted:
        TIE_BREAKERS[tie_break](layer, generator)
    model.requires_grad_(False)
    for index, layer in zip(indices, converted):
        blocks[index].mlp = layer
        for parameter in layer.trained_parameters():
            parameter.requires_grad_(True)
    return [f"{prefix}.{index}.mlp" for index in indices]


def decoder_layers(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """The decoder's list of blocks and its dotted name. Raises ConversionError when there is none."""
    for path in ("model.layers", "layers", "model.language_model.layers", "language_model.layers"):
        try:
            blocks = model.get_submodule(path)
        except AttributeError:
            continue
        if isinstance(blocks, nn.ModuleList) and len(blocks):
            return path, blocks
    raise ConversionError(
        f"{type(model).__name__} has no list of decoder layers (model.layers): "
        "use a decoder of the Llama, Qwen, Mistral or Gemma kind."
    )


def _layer_indices(layers: str | Sequence[int], count: int) -> list[int]:
    if layers == "all":
        return list(range(count))
    if layers == "odd":
        return list(range(1, count, 2))
    if isinstance(layers, str):
        raise ConversionError(f'layers must be "odd", "all" or a list of indices, not "{layers}".')
    indices = sorted({index + count if index < 0 else index for index in layers})
    if not indices or indices[0] < 0 or indices[-1] >= count:
        raise ConversionError(f"layers {list(layers)} do not lie within the model's {count} layers.")
    return indices


def _check_gated(name: str, ffn: nn.Module | None) -> None:
    if isinstance(ffn, MoEFeedForward):
        raise ConversionError(f"{name} is a mixture of experts already: convert a fresh dense model.")
    linear = all(isinstance(getattr(ffn, part, None), nn.Linear) for part in ("gate_proj", "up_proj", "down_proj"))
    if not linear or not callable(getattr(ffn, "act_fn", None)):
        raise ConversionError(
            f"{name} ({type(ffn).__name__}) is not a gated feed-forward block with gate_proj, up_proj, down_proj as "
            "plain linear layers and act_fn: only such dense models convert (before any LoRA is injected)."
        )


class RouterRecorder:
    """Collects what the routers of a model decide while it is entered, for the losses and the statistics.

        with RouterRecorder(model) as routing:
            output = model(...)
        loss = task_loss + 1e-2 * routing.balance_loss(mask) + 1e-3 * routing.z_loss(mask)

    ``logits[name]`` (T, E) with gradient and ``chosen[name]`` (T, k) of every layer, where T is batch times sequence.
    A mask (T,) or (batch, sequence), true for real tokens, leaves padding out. Losses are summed over the layers, as
    in the Switch Transformer. Entering again forgets the earlier forward.
    """

    def __init__(self, model: nn.Module):
        self._names = {layer: name for name, layer in moe_layers(model).items()}
        self.logits: dict[str, Tensor] = {}
        self.chosen: dict[str, Tensor] = {}

    def __enter__(self) -> RouterRecorder:
        self.logits, self.chosen = {}, {}
        for layer in self._names:
            layer.recorder = self
        return self

    def __exit__(self, *error) -> None:
        for layer in self._names:
            layer.recorder = None

    def add(self, layer: MoEFeedForward, logits: Tensor, chosen: Tensor) -> None:
        self.logits[self._names[layer]] = logits
        self.chosen[self._names[layer]] = chosen

    def balance_loss(self, mask: Tensor | None = None) -> Tensor:
        """Sum over layers of the load-balancing loss; each is 1 at perfect balance, at most E."""
        return sum(load_balancing_loss(self.logits[name], self.chosen[name], mask) for name in self.logits)

    def z_loss(self, mask: Tensor | None = None) -> Tensor:
        """Sum over layers of the router z-loss."""
        return sum(router_z_loss(logits, mask) for logits in self.logits.values())

    def load(self, mask: Tensor | None = None) -> dict[str, Tensor]:
        """Share of each expert in the chosen (token, expert) pairs, per layer: (E,), sums to one."""
        return {name: _load(self.chosen[name], self.logits[name].shape[1], mask) for name in self.logits}


def load_balancing_loss(logits: Tensor, chosen: Tensor, mask: Tensor | None = None) -> Tensor:
    """E * sum over experts of (share of the choices) * (mean probability): Switch Transformer, arXiv 2101.03961, eq. 4.

    logits (T, E), chosen (T, k), mask (T,) or (batch, sequence) true for real tokens. 1 at balance.
    """
    load = _load(chosen, logits.shape[1], mask)
    probabilities = _kept(logits, mask).softmax(-1).mean(0)
    return logits.shape[1] * (load * probabilities).sum()


def router_z_loss(logits: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared log-sum-exp of the router's logits (T, E): ST-MoE, arXiv 2202.08906, eq. 5."""
    return _kept(logits, mask).logsumexp(-1).square().mean()


def _kept(rows: Tensor, mask: Tensor | None) -> Tensor:
    return rows if mask is None else rows[mask.reshape(-1).bool()]


def _load(chosen: Tensor, experts: int, mask: Tensor | None) -> Tensor:
    counts = torch.bincount(_kept(chosen, mask).flatten(), minlength=experts).float()
    return counts / counts.sum().clamp(min=1)

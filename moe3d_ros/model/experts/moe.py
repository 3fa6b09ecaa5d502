"""A dense language model becomes a mixture of experts: the layer and the conversion.

Each converted feed-forward block (FFN) becomes E experts that share its frozen weights and carry one LoRA set each
(LoRA: arXiv 2106.09685), and a router trained in full. The gates are a softmax, cut to the top k and renormalised, so
that with identical experts (every LoRA's B is zero at the start) the output is the dense block's. The A matrices differ
from expert to expert: after one step the experts differ, and only from then on does the router get a task gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moe3d_ros.model.experts.compute import EXPERT_IMPLEMENTATIONS, pack_experts
from moe3d_ros.model.experts.tie_breaking import TIE_BREAKERS
from moe3d_ros.model.experts.token_places import MODALITIES, POSITION_FEATURES, TokenPlaces

EXPERT_TENSORS = ("gate_A", "gate_B", "up_A", "up_B", "down_A", "down_B")
PACKED = ("packed_low", "packed_high", "packed_down_low", "packed_down_high")


class ConversionError(ValueError):
    """The model cannot become a mixture of experts; the message says what is missing."""


class RoutingRecorder(Protocol):
    """Receiver of a layer's routing decisions, attached for the time of a forward pass (routing.RouterRecorder is one)."""

    def add(self, layer: MoEFeedForward, logits: Tensor, chosen: Tensor) -> None:
        """Keeps one layer's router logits (T, E) and chosen experts (T, k)."""


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

    router_modality, router_geometry: the router's input is the state and, beside it, one of two for text and object,
    and Fourier features of an object's centre. Their weights ``router_modality`` (E, 2) and ``router_geometry`` (E, F)
    start at zero. The caller declares the tokens with TokenPlaces.visible_to; without it all count as text.

    gates: "top" as above, or "scaled": the softmax over all experts (of a shard), of which the chosen keep their
    probabilities, times E / k (arXiv 2410.07524), so that a router without an opinion gives the dense block's output.
    router_bias: a bias (E,) on the logits that decides who is chosen and has no part in the gates. It gets no gradient of
    the task; ``RouterRecorder.bias_loss`` moves it against the loads (arXiv 2408.15664).
    """

    gate_proj: nn.Linear
    up_proj: nn.Linear
    down_proj: nn.Linear
    gate_A: Tensor
    gate_B: Tensor
    up_A: Tensor
    up_B: Tensor
    down_A: Tensor
    down_B: Tensor
    router_modality: nn.Parameter | None
    router_geometry: nn.Parameter | None
    router_bias: nn.Parameter | None

    def __init__(
        self,
        ffn: Any,
        num_experts: int,
        top_k: int,
        rank: int,
        alpha: float,
        generator: torch.Generator | None = None,
        implementation: str = "auto",
        shards: int = 1,
        shared_expert: bool = False,
        router_modality: bool = False,
        router_geometry: bool = False,
        gates: str = "top",
        router_bias: bool = False,
    ):
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
        self.shards, self.shared_expert, self.gates = shards, shared_expert, gates
        self.lora_sets = num_experts + shards * shared_expert
        self.implementation = implementation
        self.recorder: RoutingRecorder | None = None
        self.places: TokenPlaces | None = None

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
        for name, wanted, inputs in (
            ("router_modality", router_modality, len(MODALITIES)),
            ("router_geometry", router_geometry, POSITION_FEATURES),
        ):
            start = nn.Parameter(torch.zeros(num_experts, inputs, device=device)) if wanted else None
            self.register_parameter(name, start)
        bias = nn.Parameter(torch.zeros(num_experts, device=device)) if router_bias else None
        self.register_parameter("router_bias", bias)

    def _from_places(self, tokens: int) -> Tensor | float:
        """Contribution of modality and position to the router's logits (T, E); zero when the router does not look at them."""
        added: Tensor | float = 0.0
        if self.places is not None and self.places.is_object.numel() != tokens:
            known = self.places.is_object.numel()
            raise ValueError(f"places were given for {known} tokens, but {tokens} came: give those of this forward")
        if self.router_modality is not None:
            by_modality = self.router_modality.t()
            added = by_modality[:1] if self.places is None else by_modality[self.places.is_object.flatten().long()]
        if self.router_geometry is not None and self.places is not None:
            added = added + F.linear(self.places.features.to(self.router_geometry.dtype), self.router_geometry)
        return added

    def route(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (T, D) -> logits (T, E), gates of the chosen (T, k) that sum to G (one), chosen experts (T, k)."""
        precision = torch.promote_types(x.dtype, torch.float32)  # a router in half precision makes routing unstable
        with torch.autocast(x.device.type, enabled=False):
            logits = F.linear(x.to(precision), self.router.weight.to(precision)) + self._from_places(len(x))
        ranked = logits if self.router_bias is None else logits.detach() + self.router_bias.detach()
        if self.shards > 1:
            grouped = ranked.unflatten(-1, (self.shards, -1))  # (T, G, E / G)
            first = torch.arange(self.shards, device=x.device)[:, None] * grouped.shape[-1]
            chosen = (grouped.topk(self.top_k // self.shards, dim=-1).indices + first).flatten(1)
        else:
            chosen = ranked.topk(self.top_k, dim=-1).indices
        return logits, self._gates(logits, chosen), chosen

    def _gates(self, logits: Tensor, chosen: Tensor) -> Tensor:
        """Gates of the chosen experts (T, k)."""
        if self.gates == "scaled":
            every = logits.unflatten(-1, (self.shards, -1)).softmax(-1).flatten(1)
            return self.num_experts / self.top_k * every.gather(1, chosen)
        top = logits.gather(1, chosen).softmax(-1)  # the full softmax, renormalised
        return top if self.shards == 1 else self.shards * top

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

    @property
    def looks_at_places(self) -> bool:
        """True if the router sees more of a token than its hidden state."""
        return self.router_modality is not None or self.router_geometry is not None

    def router_parameters(self) -> list[Tensor]:
        """The weights on the router's inputs: the state, and what else it sees."""
        own: tuple[Tensor | None, ...] = (
            self.router.weight,
            self.router_modality,
            self.router_geometry,
            self.router_bias,
        )
        return [parameter for parameter in own if parameter is not None]

    def trained_parameters(self) -> Iterable[Tensor]:
        yield from self.router_parameters()
        for name in EXPERT_TENSORS:
            yield getattr(self, name)

    def extra_repr(self) -> str:
        variant = f", shards={self.shards}" * (self.shards > 1) + ", shared expert" * self.shared_expert
        variant += ", router_modality" * (self.router_modality is not None)
        variant += ", router_geometry" * (self.router_geometry is not None)
        return f"experts={self.num_experts}, top_k={self.top_k}, rank={self.rank}, scale={self.scale:g}{variant}"


def moe_layers(model: nn.Module) -> dict[str, MoEFeedForward]:
    """Every MoE layer of a model by its dotted name, in order."""
    return {name: module for name, module in model.named_modules() if isinstance(module, MoEFeedForward)}


def convert_to_moe(
    model: nn.Module,
    num_experts: int = 4,
    top_k: int = 2,
    layers: str | Sequence[int] = "odd",
    rank: int = 8,
    alpha: float | None = None,
    seed: int = 0,
    implementation: str = "auto",
    shards: int = 1,
    shared_expert: bool = False,
    tie_break: str = "lora",
    router_modality: bool = False,
    router_geometry: bool = False,
    gates: str = "top",
    router_bias: bool = False,
) -> list[str]:
    """Replace the FFNs of a decoder by experts, in place; returns the dotted names of the converted FFNs.

    model: a Hugging Face decoder (Llama, SmolLM, Qwen2, Qwen3, Mistral, Gemma and others alike), with or without its
    language modelling head. layers: "odd" (every second, from index 1), "all", or indices (negative count from the
    end). alpha: strength of the experts' LoRA, 2 * rank by default. All parameters of the model are frozen, but for
    the experts' LoRA and the routers. shards, shared_expert, router_modality, router_geometry, gates, router_bias: see MoEFeedForward.
    tie_break: how the experts come to differ, see tie_breaking.py; only "lora" keeps the dense model's output. Raises
    ConversionError for a model without gated FFNs, and changes nothing then.
    """
    prefix, blocks = decoder_layers(model)
    indices = layer_indices(layers, len(blocks))
    for index in indices:
        _check_gated(f"{prefix}.{index}.mlp", getattr(blocks[index], "mlp", None))
    if tie_break not in TIE_BREAKERS:
        raise ConversionError(f"tie_break must be one of {', '.join(TIE_BREAKERS)}, not {tie_break!r}.")
    generator = torch.Generator().manual_seed(seed)
    alpha = 2.0 * rank if alpha is None else alpha
    converted = [
        MoEFeedForward(
            blocks[i].mlp,
            num_experts,
            top_k,
            rank,
            alpha,
            generator,
            implementation,
            shards,
            shared_expert,
            router_modality,
            router_geometry,
            gates,
            router_bias,
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


def layer_indices(layers: str | Sequence[int], count: int) -> list[int]:
    """Indices that "odd", "all" or a list (negative: from the end) mean. Raises ConversionError."""
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

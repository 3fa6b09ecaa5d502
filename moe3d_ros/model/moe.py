"""A dense language model becomes a mixture of experts: layer, conversion, routing losses, parameter count.

Each converted feed-forward block (FFN) becomes E experts that share its frozen weights and carry one LoRA set each
(LoRA: arXiv 2106.09685), and a router trained in full. The gates are a softmax, cut to the top k and renormalised, so
that with identical experts (every LoRA's B is zero at the start) the output is the dense block's. The A matrices differ
from expert to expert: after one step the experts differ, and only from then on does the router get a task gradient.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moe3d_ros.model.experts import EXPERT_IMPLEMENTATIONS, pack_experts

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
    """

    def __init__(self, ffn: nn.Module, num_experts: int, top_k: int, rank: int, alpha: float,
                 generator: torch.Generator | None = None, implementation: str = "auto"):  # fmt: skip
        super().__init__()
        if not 1 <= top_k <= num_experts:
            raise ConversionError(f"top_k must lie between 1 and the number of experts ({num_experts}), not {top_k}.")
        if rank < 1:
            raise ConversionError(f"The rank of the experts' LoRA must be at least 1, not {rank}.")
        self.gate_proj, self.up_proj, self.down_proj = ffn.gate_proj, ffn.up_proj, ffn.down_proj
        self.act_fn = ffn.act_fn
        for module in (self.gate_proj, self.up_proj, self.down_proj):
            module.requires_grad_(False)
        self.num_experts, self.top_k, self.rank, self.scale = num_experts, top_k, rank, alpha / rank
        self.implementation = implementation
        self.recorder: RouterRecorder | None = None

        for name in PACKED:
            self.register_buffer(name, None, persistent=False)

        hidden, width = self.gate_proj.weight.shape
        device = self.gate_proj.weight.device
        for name, low, high in (("gate", width, hidden), ("up", width, hidden), ("down", hidden, width)):
            a = torch.randn(num_experts, rank, low, generator=generator) / math.sqrt(low)
            self.register_parameter(f"{name}_A", nn.Parameter(a.to(device)))
            self.register_parameter(f"{name}_B", nn.Parameter(torch.zeros(num_experts, high, rank, device=device)))
        self.router = nn.Linear(width, num_experts, bias=False, device=device, dtype=torch.float32)
        with torch.no_grad():
            self.router.weight.copy_(torch.randn(num_experts, width, generator=generator) * 0.02)

    def route(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (T, D) -> logits (T, E), gates of the chosen (T, k) that sum to one, chosen experts (T, k)."""
        precision = torch.promote_types(x.dtype, torch.float32)  # a router in half precision makes routing unstable
        with torch.autocast(x.device.type, enabled=False):
            logits = F.linear(x.to(precision), self.router.weight.to(precision))
        top, chosen = logits.topk(self.top_k, dim=-1)
        return logits, top.softmax(-1), chosen  # the softmax over the top k is the full softmax, renormalised

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.reshape(-1, x.shape[-1])
        logits, weights, chosen = self.route(tokens)
        if self.recorder is not None:
            self.recorder.add(self, logits, chosen)
        run = EXPERT_IMPLEMENTATIONS[self.implementation]
        return run(self, tokens, weights.to(tokens.dtype), chosen).view(x.shape)

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
        return f"experts={self.num_experts}, top_k={self.top_k}, rank={self.rank}, scale={self.scale:g}"


def moe_layers(model: nn.Module) -> dict[str, MoEFeedForward]:
    """Every MoE layer of a model by its dotted name, in order."""
    return {name: module for name, module in model.named_modules() if isinstance(module, MoEFeedForward)}


def convert_to_moe(model: nn.Module, num_experts: int = 4, top_k: int = 2, layers: str | Sequence[int] = "odd",
                   rank: int = 8, alpha: float | None = None, seed: int = 0,
                   implementation: str = "auto") -> list[str]:  # fmt: skip
    """Replace the FFNs of a decoder by experts, in place; returns the dotted names of the converted FFNs.

    model: a Hugging Face decoder (Llama, SmolLM, Qwen2, Qwen3, Mistral, Gemma and others alike), with or without its
    language modelling head. layers: "odd" (every second, from index 1), "all", or indices (negative count from the
    end). alpha: strength of the experts' LoRA, 2 * rank by default. All parameters of the model are frozen, but for
    the experts' LoRA and the routers. Raises ConversionError for a model without gated FFNs, and changes nothing then.
    """
    prefix, blocks = decoder_layers(model)
    indices = _layer_indices(layers, len(blocks))
    for index in indices:
        _check_gated(f"{prefix}.{index}.mlp", getattr(blocks[index], "mlp", None))
    generator = torch.Generator().manual_seed(seed)
    alpha = 2.0 * rank if alpha is None else alpha
    converted = [
        MoEFeedForward(blocks[i].mlp, num_experts, top_k, rank, alpha, generator, implementation) for i in indices
    ]
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


@dataclasses.dataclass(frozen=True)
class ParameterCount:
    """Numbers of parameters. ``total`` and ``activated`` count every expert as the full matrix that it is in effect."""

    dense: int  # of the model before conversion, without adapters
    total: int  # with E full experts per converted layer
    activated: int  # what one token passes through: k full experts per converted layer
    stored: int  # in memory and on disk: the shared frozen weights once, plus adapters and routers
    trained: int  # those with requires_grad

    def __str__(self) -> str:
        millions = {name: f"{value / 1e6:.1f} M" for name, value in dataclasses.asdict(self).items()}
        return "parameters: " + ", ".join(f"{name} {text}" for name, text in millions.items())


def count_parameters(model: nn.Module) -> ParameterCount:
    """Count a model's parameters (tied ones once), converted or not. LoRA of attention counts as stored and trained."""
    stored = sum(p.numel() for p in model.parameters())
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    adapters = sum(p.numel() for name, p in model.named_parameters() if ".lora_" in name)
    dense = total = activated = stored - adapters
    for layer in moe_layers(model).values():
        router = layer.router.weight.numel()
        own = sum(p.numel() for p in layer.trained_parameters())
        ffn = sum(p.numel() for p in layer.parameters()) - own
        dense -= own
        total += (layer.num_experts - 1) * ffn - (own - router)
        activated += (layer.top_k - 1) * ffn - (own - router)
    return ParameterCount(dense, total, activated, stored, trained)

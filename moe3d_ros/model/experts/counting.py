"""Cost of a model, dense or converted: parameters, and floating-point operations per token."""

from __future__ import annotations

import dataclasses

from torch import nn

from moe3d_ros.model.experts.moe import moe_layers


@dataclasses.dataclass(frozen=True)
class ParameterCount:
    """Numbers of parameters. ``total`` and ``activated`` count every expert as the full matrix that it is in effect."""

    dense: int  # of the model before conversion, without adapters
    total: int  # with every expert (and shared expert) of each converted layer
    activated: int  # what one token passes through: the k chosen experts, and the shared one
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
        router = sum(p.numel() for p in layer.router_parameters())
        own = sum(p.numel() for p in layer.trained_parameters())
        ffn = sum(p.numel() for p in layer.parameters()) - own
        dense -= own
        total += (layer.num_experts // layer.shards + layer.shared_expert - 1) * ffn - (own - router)
        activated += (layer.top_k // layer.shards + layer.shared_expert - 1) * ffn - (own - router)
    return ParameterCount(dense, total, activated, stored, trained)


@dataclasses.dataclass(frozen=True)
class FlopCount:
    """Operations of one token in all matrix products with weights: two for a multiplication and its addition.

    The output head counts, the embedding does not (it is looked up), nor do attention scores (they grow with the
    context) and adapters of attention (they are merged for serving).
    """

    dense: int  # before the conversion
    activated: int  # every chosen expert as the full matrix that it is in effect, and the router with all its inputs
    computed: int  # as the ``shared`` implementation does it: frozen products once, and the low-rank updates


def count_flops(model: nn.Module) -> FlopCount:
    """Count a model's operations for one token, converted or not."""
    layers = moe_layers(model)
    inside = {id(part) for layer in layers.values() for part in layer.modules()}
    dense = 2 * sum(
        module.weight.numel()
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and ".lora_" not in name and id(module) not in inside
    )
    activated = computed = dense
    for layer in layers.values():
        hidden, width = layer.gate_proj.weight.shape
        router, ffn = 2 * sum(p.numel() for p in layer.router_parameters()), 2 * 3 * hidden * width
        chosen = layer.top_k + layer.shards * layer.shared_expert
        high = chosen * 3 * hidden // layer.shards  # gate_B, up_B and down_A of the chosen experts
        low = layer.lora_sets * 3 * width  # gate_A, up_A and down_B of all experts in one product
        dense += ffn
        activated += (layer.top_k // layer.shards + layer.shared_expert) * ffn + router
        computed += ffn + router + 2 * layer.rank * (high + low)
    return FlopCount(dense, activated, computed)

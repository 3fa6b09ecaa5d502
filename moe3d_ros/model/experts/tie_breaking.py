"""Ways to break the tie between identical experts, so that the router has something to choose between.

``lora``    the LoRA sets' A matrices differ and every B is zero: the output stays the dense model's until the first step.
``noise``   every B is drawn at random too, so that the update has NOISE_SHARE times the spread of the frozen matrix.
``reinit``  each expert draws some hidden units of its own anew, with the frozen matrices' spread, as in Drop-Upcycling
            (arXiv 2502.19261). A LoRA set can express this exactly for as many units as its rank, so that many it is.

The last two give up the identity with the dense model on purpose. An always-on expert is left as it is.
"""

from __future__ import annotations

import torch

from moe3d_ros.model.experts.compute import ExpertLayer

NOISE_SHARE = 0.05  # spread of an expert's update as a share of the frozen matrix's


def keep_lora(layer: ExpertLayer, generator: torch.Generator) -> None:
    """The A matrices of a fresh layer differ already."""


@torch.no_grad()
def add_noise(layer: ExpertLayer, generator: torch.Generator) -> None:
    """Draw the routed experts' B matrices."""
    for name in ("gate", "up", "down"):
        a, b = getattr(layer, f"{name}_A"), getattr(layer, f"{name}_B")
        spread = getattr(layer, f"{name}_proj").weight.float().std().item()
        # A has variance 1 / a.shape[2]
        strength = NOISE_SHARE * spread / layer.scale * (a.shape[2] / layer.rank) ** 0.5
        for expert in routed_sets(layer):
            drawn = torch.randn(b[expert].shape, generator=generator)
            b[expert] = (strength * drawn).to(b.device)


@torch.no_grad()
def reinitialise(layer: ExpertLayer, generator: torch.Generator) -> None:
    """Draw ``rank`` hidden units of each routed expert anew (all of them if it has fewer)."""
    copies, width = layer.lora_sets // layer.shards, layer.gate_B.shape[1]
    count = min(layer.rank, width)
    slots = torch.arange(count, device=layer.gate_A.device)
    for expert in routed_sets(layer):
        units = torch.randperm(width, generator=generator)[:count].to(slots.device)
        frozen = units + expert // copies * width  # where they stand in the whole block
        for name in ("gate", "up"):
            weight = getattr(layer, f"{name}_proj").weight.float()
            drawn = torch.randn(count, weight.shape[1], generator=generator).to(weight.device) * weight.std()
            getattr(layer, f"{name}_A")[expert, :count] = drawn - weight[frozen]
            getattr(layer, f"{name}_B")[expert, units, slots] = 1 / layer.scale
        weight = layer.down_proj.weight.float()
        drawn = torch.randn(weight.shape[0], count, generator=generator).to(weight.device) * weight.std()
        layer.down_A[expert, :count] = 0.0
        layer.down_A[expert, slots, units] = 1.0
        layer.down_B[expert, :, :count] = (drawn - weight[:, frozen]) / layer.scale


def routed_sets(layer: ExpertLayer) -> list[int]:
    """Indices of the LoRA sets of the experts that the router chooses between."""
    copies = layer.lora_sets // layer.shards
    return [i for i in range(layer.lora_sets) if not layer.shared_expert or i % copies != copies - 1]


TIE_BREAKERS = {"lora": keep_lora, "noise": add_noise, "reinit": reinitialise}

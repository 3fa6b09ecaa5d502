"""Routing of Stage II: balance by modality, and the loads of every expert as figures.

Object tokens are few beside the words, and alike: balanced over all tokens, they may all go to one pair of experts
without a loss that notices. So each modality is balanced by itself, toward its intended share, and each counts the same
however few its tokens are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from moe3d_ros.model.experts.routing import RouterRecorder, by_modality
from moe3d_ros.model.experts.token_places import MODALITIES
from moe3d_ros.model.language.packing import Packed
from training.stages.settings import LanguageStage

DETAIL = "load/{modality}/{layer}/{expert}"  # name of a figure: share of a layer's expert in its modality's choices

# Adam makes a step of the same length of any gradient; this one is small so that clipping to a norm does not see it.
BIAS_WEIGHT = 1e-3


def routing_loss(routing: RouterRecorder, packed: Packed, config: LanguageStage) -> tuple[Tensor, dict[str, float]]:
    """Balance and z-loss, weighted, of a recorded forward over a packed batch, and the figures of it.

    Figures: ``balance`` (mean over layers, 1 at the intended shares), ``least_load`` over all tokens and
    ``least_load_text``, ``least_load_3d``: the smallest share that any layer's expert has of its modality's choices;
    and every share by itself, named as in DETAIL.
    """
    real, layers = packed.real, len(routing.logits)
    balance, z = balance_loss(routing, packed, config), routing.z_loss(real)
    parts = 1 if config.balance_by == "all" else len(MODALITIES)
    figures = {"balance": float(balance.detach()) / layers / parts}
    figures["least_load"] = min(float(load.min()) for load in routing.load(real).values())
    loads = {
        name: torch.stack(list(of.values()))
        for name, of in routing.load_by_modality(real, packed.places.is_object).items()
    }
    figures |= {f"least_load_{modality}": float(load.min()) for modality, load in loads.items()}
    figures |= load_details(loads, layer_numbers(routing.logits))
    return config.balance * balance + config.router_z * z + BIAS_WEIGHT * routing.bias_loss(real), figures


def balance_loss(routing: RouterRecorder, packed: Packed, config: LanguageStage) -> Tensor:
    """Sum over layers; by ``balance_by``: over all tokens, or the sum over the modalities of each one's own loss.

    To the load-balancing loss comes a pull on experts below ``balance_floor`` of their intended share.
    """
    if config.balance_by == "all":
        return routing.balance_loss(packed.real) + routing.starvation_loss(config.balance_floor, packed.real)
    tokens = by_modality(packed.real, packed.places.is_object)
    losses = []
    for modality, intended in zip(MODALITIES, (config.share_text, config.share_3d)):
        if bool(tokens[modality].any()):
            share = None if intended is None else torch.tensor(intended, device=packed.real.device)
            losses.append(routing.balance_loss(tokens[modality], share))
            losses.append(routing.starvation_loss(config.balance_floor, tokens[modality], share))
    return torch.stack(losses).sum()


def layer_numbers(names) -> list[int]:
    """Indices of decoder layers, from dotted names such as ``model.layers.3.mlp``."""
    return [int(re.findall(r"\.(\d+)\.", f".{name}.")[-1]) for name in names]


def load_details(loads: Mapping[str, Tensor], layers: list[int]) -> dict[str, float]:
    """Loads (layers, E) of each modality as figures with names."""
    return {
        DETAIL.format(modality=modality, layer=layer, expert=expert): value
        for modality, load in loads.items()
        for layer, row in zip(layers, load.tolist())
        for expert, value in enumerate(row)
    }


def loads_of_details(figures: Mapping[str, float]) -> tuple[dict[str, Tensor], list[int]]:
    """Inverse of ``load_details``; other figures are passed over. Raises ValueError where there is no load."""
    found: dict[str, dict[tuple[int, int], float]] = {}
    for name, value in figures.items():
        if name.startswith("load/"):
            _, modality, layer, expert = name.split("/")
            found.setdefault(modality, {})[int(layer), int(expert)] = value
    if not found:
        raise ValueError("there are no loads of experts: was the run dense?")
    layers = sorted({layer for layer, _ in next(iter(found.values()))})
    experts = sorted({expert for _, expert in next(iter(found.values()))})
    loads = {
        modality: torch.tensor([[values[layer, expert] for expert in experts] for layer in layers])
        for modality, values in found.items()
    }
    return loads, layers

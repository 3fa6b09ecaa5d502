"""LoRA on the attention and the dense feed-forward blocks through peft: inject, collect, restore, check, merge.

The experts carry their own LoRA sets (see moe.py): peft only touches attention and the FFNs that were left dense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from moe3d_ros.model.checkpoint import check_tensor_names
from moe3d_ros.model.experts.moe import decoder_layers, moe_layers

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")
SCALE = 2.0  # alpha / rank, by default


def add_lora(
    model: nn.Module,
    rank: int = 8,
    alpha: float | None = None,
    dropout: float = 0.0,
    attention: Sequence[str] = ATTENTION,
    feed_forward: Sequence[str] = FEED_FORWARD,
    seed: int = 0,
    wide_layers: Sequence[int] = (),
    wide_rank: int | None = None,
) -> list[str]:
    """Inject LoRA into attention and into the FFNs left dense, in place; returns the names of the adapted modules.

    Call it after convert_to_moe. alpha: SCALE * rank by default. Everything else is frozen, but for the experts' own
    LoRA and the routers. The adapters' start depends on ``seed`` alone. Raises ValueError when nothing matches.
    wide_layers, wide_rank: indices of blocks whose FFN gets LoRA of this rank instead, at the same alpha / rank.
    """
    from peft import LoraConfig, inject_adapter_in_model

    ranks = lora_ranks(model, rank, attention, feed_forward, wide_layers, wide_rank)
    targets = list(ranks)
    alpha = SCALE * rank if alpha is None else alpha
    other = {re.escape(name): wide for name, wide in ranks.items() if wide != rank}
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,  # type: ignore[arg-type]  # peft says int, and only divides it by the rank
        lora_dropout=dropout,
        target_modules="|".join(map(re.escape, targets)),
        bias="none",
        rank_pattern=other,
        alpha_pattern={name: alpha / rank * wide for name, wide in other.items()},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, model)
    for name, parameter in model.named_parameters():
        if ".lora_" in name:  # in the base's bfloat16 most of an optimiser's updates would be rounded away
            parameter.data = parameter.data.float()
    for layer in moe_layers(model).values():  # peft freezes all that is not its own
        for own in layer.trained_parameters():
            own.requires_grad_(True)
    return targets


def lora_ranks(
    model: nn.Module,
    rank: int = 8,
    attention: Sequence[str] = ATTENTION,
    feed_forward: Sequence[str] = FEED_FORWARD,
    wide_layers: Sequence[int] = (),
    wide_rank: int | None = None,
) -> dict[str, int]:
    """Dotted names of the modules that ``add_lora`` adapts, with the rank of each; ValueError when nothing matches."""
    prefix, blocks = decoder_layers(model)
    mixtures = moe_layers(model)
    wide = {f"{prefix}.{index}.mlp" for index in wide_layers}
    ranks: dict[str, int] = {}
    for index in range(len(blocks)):
        ranks |= {f"{prefix}.{index}.self_attn.{name}": rank for name in attention}
        block = f"{prefix}.{index}.mlp"
        if block not in mixtures:
            ranks |= {f"{block}.{name}": (wide_rank or rank) if block in wide else rank for name in feed_forward}
    there = {name for name, _ in model.named_modules()}
    ranks = {name: value for name, value in ranks.items() if name in there}
    if not ranks:
        raise ValueError(f"No module of {type(model).__name__} is among those to adapt: {attention}, {feed_forward}.")
    return ranks


def adapter_names(module: str) -> tuple[str, str]:
    """Names under which peft keeps a module's two matrices A (rank, in) and B (out, rank)."""
    return f"{module}.lora_A.default.weight", f"{module}.lora_B.default.weight"


def trained_tensors(model: nn.Module) -> dict[str, nn.Parameter]:
    """Every parameter that training changes, by its dotted name: adapters, expert LoRA, routers."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def load_trained(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put saved tensors back into the parameters of the same names; CheckpointError unless both sets agree.

    The model must stand as it did when they were collected: converted and injected with the same settings.
    """
    own = trained_tensors(model)
    check_tensor_names(tensors, own)
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(tensors[name])


def tensors_without_gradient(model: nn.Module) -> list[str]:
    """Names of trained tensors that the last backward did not reach (gradient absent or all zero).

    Adapters silently left out of the experts are this field's best-known bug. Right after conversion every A has a
    zero gradient (its B is zero), and so have the routers: ask after the first step.
    """
    return [name for name, p in trained_tensors(model).items() if p.grad is None or not p.grad.any()]


def assert_all_trained(model: nn.Module) -> None:
    """Raise AssertionError that names the trained tensors without a gradient, if there are any."""
    names = tensors_without_gradient(model)
    if names:
        raise AssertionError(_list("trained tensors without a gradient", names))


def merge_for_serving(model: nn.Module) -> nn.Module:
    """Fold peft's adapters into their base weights, in place, and switch the model to inference; returns the model.

    The experts keep sharing the dense weights and their LoRA sets stay apart: merged copies would have to read k full
    FFNs for each token, which is what bounds the speed of decoding.
    """
    from peft.tuners.lora import LoraLayer

    adapted = [(name, module) for name, module in model.named_modules() if isinstance(module, LoraLayer)]
    for name, module in adapted:
        module.merge()
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, module.get_base_layer())
    return ready_to_serve(model)


def fold_adapters(
    model: nn.Module, tensors: Mapping[str, Tensor], ranks: Mapping[str, int], scale: float = SCALE
) -> None:
    """Add saved adapters to the weights of a model that has none injected, in place.

    The result is that of ``add_lora``, loading and ``merge_for_serving``, without peft.

    Args:
        tensors: A and B of every module, named as ``adapter_names`` says.
        ranks: the modules, see ``lora_ranks``.
        scale: alpha / rank.
    """
    with torch.no_grad():
        for name in ranks:
            a, b = (tensors[key].float() for key in adapter_names(name))
            module = model.get_submodule(name)
            weight = module.weight
            assert isinstance(weight, Tensor)
            merged = torch.addmm(weight.float(), b, a, alpha=scale).to(weight.dtype)
            module.weight = nn.Parameter(merged, requires_grad=False)


def ready_to_serve(model: nn.Module) -> nn.Module:
    """Freeze a model whose adapters are merged and switch it to inference, in place; returns the model."""
    model.requires_grad_(False).eval()
    for layer in moe_layers(model).values():
        layer.pack()
    return model


def _list(what: str, names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
    return f"{len(names)} {what}" + (f" ({shown})" if names else "")

"""A base LLM made ready for Stage II as a LanguageConfig says: experts and LoRA, or LoRA alone (the dense baseline)."""

from __future__ import annotations

from torch import nn

from moe3d_ros.model.config import LanguageConfig
from moe3d_ros.model.experts.moe import convert_to_moe, decoder_layers, layer_indices
from moe3d_ros.model.language.lora import add_lora, lora_ranks


def convert_base(llm: nn.Module, config: LanguageConfig, seed: int = 0, tie_break: str = "lora") -> None:
    """Convert a dense decoder in place, unless the configuration is the dense baseline. Raises ConversionError."""
    if not config.dense:
        convert_to_moe(
            llm,
            config.experts,
            config.top_k,
            config.moe_layers,
            config.rank,
            seed=seed,
            shards=config.shards,
            shared_expert=config.shared_expert,
            tie_break=tie_break,
            router_modality=config.router_modality,
            router_geometry=config.router_geometry,
            gates=config.gates,
            router_bias=config.router_bias,
        )


def adapt_base(llm: nn.Module, config: LanguageConfig, seed: int = 0) -> None:
    """Add LoRA in place, after ``convert_base``.

    Experts carry their own LoRA, so only attention and the blocks that were left dense get one here. The dense baseline
    adapts the same matrices: attention, and gate, up and down of every block. Where the mixture has E sets of rank r,
    the baseline has one of rank E * r (E / G * r where the block is split into G shards) at the same alpha / rank: as
    many trained numbers in the same places, bar the router, and for each token E / k times the mixture's rank. So a
    mixture that wins does not win because it had more to train. With ``dense_sets`` "activated" the baseline has the k sets that a
    token passes through: as much computed for each token, and E / k times less trained.
    """
    add_lora(llm, seed=seed, **_ranks(llm, config))


def adapter_ranks(llm: nn.Module, config: LanguageConfig) -> dict[str, int]:
    """Dotted names of the modules that ``adapt_base`` adapts, with the rank of each."""
    return lora_ranks(llm, **_ranks(llm, config))


def _ranks(llm: nn.Module, config: LanguageConfig) -> dict:
    if not config.dense:
        return {"rank": config.rank}
    indices = layer_indices(config.moe_layers, len(decoder_layers(llm)[1]))
    return {"rank": config.rank, "wide_layers": indices, "wide_rank": dense_rank(config)}


def dense_rank(config: LanguageConfig) -> int:
    """Rank of the dense baseline's LoRA on the blocks that the mixture would convert."""
    sets = config.experts if config.dense_sets == "trained" else config.top_k
    return config.rank * (sets // config.shards + config.shared_expert)

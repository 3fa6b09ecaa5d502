"""Tiny decoders of several families, and experts made from them, for the tests of the mixture."""

import torch
import transformers

from moe3d_ros.model.experts.moe import MoEFeedForward, moe_layers
from moe3d_ros.model.language.lora import trained_tensors

SIZES = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
FAMILIES = ("Llama", "SmolLM3", "Qwen2", "Qwen3", "Mistral", "Gemma", "Gemma2", "Gemma3")
VARIANTS = {
    "shards": {"num_experts": 8, "top_k": 4, "shards": 4},
    "two of each shard": {"num_experts": 8, "top_k": 4, "shards": 2},
    "shared": {"num_experts": 4, "top_k": 2, "shared_expert": True},
    "shards and shared": {"num_experts": 6, "top_k": 2, "shards": 2, "shared_expert": True},
}


def tiny(family="Llama", **changes):
    torch.manual_seed(0)
    kind = "Gemma3Text" if family == "Gemma3" else family
    config = getattr(transformers, f"{kind}Config")(**{**SIZES, **changes})
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    with torch.no_grad():  # larger weights than at initialisation, so that a wrong formula shows
        for parameter in model.parameters():
            parameter.mul_(3.0 if parameter.dim() == 2 else 1.0)
    return model


def prompts(batch=3, length=17):
    return torch.randint(1, 97, (batch, length), generator=torch.Generator().manual_seed(1))


def separate_experts(model, scale=0.05):
    """Give every trained tensor some value, as training would."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in trained_tensors(model).values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return model


def use(model, implementation):
    for layer in moe_layers(model).values():
        layer.implementation = implementation


def layer_and_input(tokens=23, experts=4, top_k=2, bias=False, act="silu", dtype=torch.float64):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**{**SIZES, "mlp_bias": bias, "hidden_act": act})
    ffn = transformers.models.llama.modeling_llama.LlamaMLP(config)
    layer = MoEFeedForward(ffn, experts, top_k, rank=3, alpha=5.0, generator=torch.Generator().manual_seed(4)).to(dtype)
    with torch.no_grad():
        for parameter in layer.trained_parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    return layer, torch.randn(tokens, config.hidden_size, dtype=dtype)

"""Families of base LLMs that plan and answer is tested with: model_type in transformers, and what a tiny one needs."""

FAMILIES = {
    "llama": {},  # SmolLM 1 and 2 are of it
    "smollm3": {"pad_token_id": 0},
    "qwen2": {},
    "qwen3": {"head_dim": 16},
    "mistral": {},
    "cohere": {"pad_token_id": 0, "logit_scale": 0.25},  # logits scaled, layer norms, blocks side by side
    "granite": {"embedding_multiplier": 12.0, "logits_scaling": 2.0},  # embeddings scaled in the decoder, and logits
    "gemma": {"head_dim": 16},  # embeddings scaled in the embedding module
    "gemma2": {"head_dim": 16, "query_pre_attn_scalar": 16},  # and soft-capped logits, norms after each block
    "gemma3_text": {"head_dim": 16, "query_pre_attn_scalar": 16},
    "gemma4_text": {"head_dim": 16, "pad_token_id": 0, "hidden_size_per_layer_input": 0},
}

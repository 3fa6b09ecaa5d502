"""A tiny random checkpoint with its own tiny random LLM: what it plans is nonsense, but it runs in milliseconds.

For tests of everything around the model. It is never a fallback: only who asks for its folder gets it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from moe3d_ros.model.checkpoint import save_checkpoint
from moe3d_ros.model.config import LanguageConfig, ModelConfig
from moe3d_ros.model.language.grammar import DESTINATIONS, TARGETS
from moe3d_ros.model.perception.encoder import EncoderConfig
from moe3d_ros.model.policy import build_model

DOMINANT_NORM = 50.0  # length of an embedding that no layer can drown


def write_tiny_base(folder: str | Path, seed: int = 0, family: str = "llama", **settings: Any) -> Path:
    """A decoder of two layers with a byte-level tokenizer trained on plan text, as a Hugging Face folder.

    Args:
        family: its ``model_type`` in transformers, such as ``qwen3`` or ``gemma2``.
        settings: of the family's configuration, beside the sizes.
    """
    from tokenizers import ByteLevelBPETokenizer
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    folder = Path(folder)
    tokenizer = ByteLevelBPETokenizer()
    texts = [f" pick the {target}, place it {goal}" for target in TARGETS for goal in DESTINATIONS[::7]]
    tokenizer.train_from_iterator(texts, vocab_size=400, special_tokens=["<end>"], show_progress=False)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, eos_token="<end>", pad_token="<end>")
    config = AutoConfig.for_model(
        family,
        vocab_size=len(wrapped),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        initializer_range=0.3,  # with the usual 0.02 so narrow a model could never be sure of a token
        **settings,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():  # the prompt's last token leads to the first of a step, whatever comes before
        first, last = (wrapped(text, add_special_tokens=False)["input_ids"] for text in (" pick", "Plan:"))
        embedding = model.get_input_embeddings().weight
        embedding[last[-1]] = DOMINANT_NORM * torch.eye(config.hidden_size)[0]
        embedding[first[0], 0] += 3.0
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def write_tiny_checkpoint(folder: str | Path, seed: int = 0, family: str = "llama", **settings: Any) -> Path:
    """A checkpoint that ``Planner.from_pretrained(folder)`` loads; its base LLM lies beside, in ``folder``-base.

    The plans of the Llama have one step and then end: the tokens in question are far longer than all others.
    family, settings: of the base, see ``write_tiny_base``.
    """
    folder = Path(folder)
    base = write_tiny_base(folder.with_name(folder.name + "-base"), seed, family, **settings)
    config = ModelConfig(
        name="tiny",
        encoder=EncoderConfig(width=24, layers=1, heads=2, queries=6, decoder_layers=1),
        language=LanguageConfig(base=str(base.resolve()), experts=2, top_k=1, rank=2),
        object_width=24,
        object_heads=2,
        object_layers=1,
        pose_width=32,
        pose_blocks=1,
        pose_heads=2,
    )
    with torch.random.fork_rng(devices=[]):
        model = build_model(config, seed=seed)
    with torch.no_grad():
        last = model.encoder.head[-1]
        assert isinstance(last, torch.nn.Linear)
        last.bias[0] = 4.0  # some objects are always found
        begin, end = torch.eye(model.language.width)[:2]
        model.language.special.copy_(torch.stack([DOMINANT_NORM * end, 3.0 * end, -3.0 * begin]))
    save_checkpoint(
        folder, model.config.to_dict(), model.trained_tensors(), "A tiny random model for tests: plans nonsense.\n"
    )
    return folder

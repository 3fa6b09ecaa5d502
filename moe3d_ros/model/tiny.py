"""A tiny random checkpoint with its own tiny random LLM: what it plans is nonsense, but it runs in milliseconds.

For tests of everything around the model. It is never a fallback: only who asks for its folder gets it.
"""

from __future__ import annotations

from pathlib import Path

import torch

from moe3d_ros.model.base_llm import load_base
from moe3d_ros.model.checkpoint import save_checkpoint
from moe3d_ros.model.config import LanguageConfig, ModelConfig
from moe3d_ros.model.encoder import EncoderConfig
from moe3d_ros.model.grammar import DESTINATIONS, TARGETS
from moe3d_ros.model.language import generate_plan
from moe3d_ros.model.objects import ObjectSet
from moe3d_ros.model.policy import ThreeDMoE


def write_tiny_base(folder: str | Path, seed: int = 0) -> Path:
    """A Llama of two layers with a byte-level tokenizer trained on plan text, as a Hugging Face folder."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = Path(folder)
    tokenizer = ByteLevelBPETokenizer()
    texts = [f" pick the {target}, place it {goal}" for target in TARGETS for goal in DESTINATIONS[::7]]
    tokenizer.train_from_iterator(texts, vocab_size=400, special_tokens=["<end>"], show_progress=False)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, eos_token="<end>", pad_token="<end>")
    config = LlamaConfig(
        vocab_size=len(wrapped), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=2048, tie_word_embeddings=True,
        initializer_range=0.3,  # with the usual 0.02 so narrow a model could never be sure of a token
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def write_tiny_checkpoint(folder: str | Path, seed: int = 0) -> Path:
    """A checkpoint that ``Planner.from_pretrained(folder)`` loads; its base LLM lies beside, in ``folder``-base.

    Of several random models the first is taken whose plans have one step or more and then end.
    """
    folder = Path(folder)
    base = write_tiny_base(folder.with_name(folder.name + "-base"), seed)
    _, _, revision = load_base(base)
    config = ModelConfig(
        name="tiny",
        encoder=EncoderConfig(width=24, layers=1, heads=2, queries=6, decoder_layers=1),
        language=LanguageConfig(base=str(base.resolve()), revision=revision, experts=2, top_k=1, rank=2),
        object_width=24, object_heads=2, object_layers=1, pose_width=32, pose_blocks=1, pose_heads=2,
    )  # fmt: skip
    for attempt in range(200):
        llm, tokenizer, _ = load_base(base)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + attempt)
            model = ThreeDMoE(config, llm, tokenizer)
            with torch.no_grad():
                model.encoder.head[-1].bias[0] = 4.0  # some objects are always found
                model.language.special.normal_(std=0.3)
            if _plans_end(model):
                break
    else:
        raise RuntimeError("no tiny model of 200 writes plans that begin and end: the grammar must have changed")
    save_checkpoint(folder, config.to_dict(), model.trained_tensors(), "A tiny random model for tests: plans nonsense.\n")
    return folder


def _plans_end(model: ThreeDMoE) -> bool:
    """Whether plans for a few random scenes and instructions have a step, and no more than three."""
    model = model.eval()
    generator = torch.Generator().manual_seed(0)
    for n in (1, 2, 4, 7):
        random = lambda *shape: torch.rand(1, n, *shape, generator=generator)  # noqa: B023, E731
        objects = ObjectSet(random(4).softmax(-1), random(11).softmax(-1), random(3), random(3) / 10, random(),
                            torch.ones(1, n, dtype=torch.bool), random())  # fmt: skip
        for instruction in ("put the red block in the green bowl", "move it", "take the leftmost thing to the right"):
            steps, end, _ = generate_plan(model.language, objects, instruction, max_steps=4)
            if not 1 <= len(steps) <= 3 or end != "done":
                return False
    return True

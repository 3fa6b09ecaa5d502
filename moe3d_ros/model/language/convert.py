"""Convert a base LLM into a mixture of experts, count its parameters, and prove that nothing changed at the start.

    python -m moe3d_ros.model.language.convert --base smollm2-135m-instruct --experts 4 --top-k 2

The experts start as copies of the dense feed-forward block and the gates sum to one, so the logits must agree with the
dense model's; the exit status is 1 if they differ by more than the tolerance on any of 20 prompts. Breaking the tie by
noise or re-initialisation gives that up on purpose: then the difference is reported only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from moe3d_ros.model.experts.counting import count_flops, count_parameters
from moe3d_ros.model.experts.moe import ConversionError, convert_to_moe
from moe3d_ros.model.experts.tie_breaking import TIE_BREAKERS
from moe3d_ros.model.language.base_llm import DEFAULT_BASE, BaseModelError, load_base

TOLERANCE = 1e-3  # on logits of about 30; float32 rounding alone gives 1e-4
PROMPTS = (
    "put the red block in the green bowl",
    "pick the small blue block and place it on the yellow zone",
    "put the blocks in the bowls with matching colours",
    "What is the capital of France?",
    "How many blocks are to the left of the bowl?",
    "The quick brown fox jumps over the lazy dog.",
    "def add(a, b):\n    return a + b\n",
    "1, 1, 2, 3, 5, 8, 13,",
    "Once upon a time, in a small village by the sea, there lived",
    "Objects from left to right: red block, green bowl, blue zone.",
    "Water boils at 100 degrees Celsius because",
    "move the leftmost block to the far right corner of the table",
    "Le chat est assis sur la table.",
    "The robot's gripper closes when",
    "x",
    "!!! ??? ### $$$",
    "A mixture of experts sends every token through a few feed-forward networks only.",
    "Question: is there a purple bowl? Answer:",
    "pick the block nearest to the robot, place it in the bowl farthest from it",
    "the the the the the the the the the the the the the the the the",
)


@torch.inference_mode()
def logits_of(model: nn.Module, tokenizer: Any, prompts: Sequence[str]) -> list[Tensor]:
    """Logits (tokens, vocabulary) of each prompt, one at a time, without padding."""
    device = next(model.parameters()).device
    return [model(**tokenizer(prompt, return_tensors="pt").to(device)).logits[0] for prompt in prompts]


def largest_difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """Largest absolute difference between two lists of logits; infinite if anything is not a number."""
    worst = max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))
    return worst if worst == worst else float("inf")


def _layers(text: str) -> str | list[int]:
    return text if text in ("odd", "all") else [int(part) for part in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m moe3d_ros.model.language.convert", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--base", default=DEFAULT_BASE, help="name of the default base, or a Hugging Face folder")
    parser.add_argument("--experts", type=int, default=4)
    parser.add_argument("--top-k", type=int, default=2)
    parser.add_argument("--layers", type=_layers, default="odd", help='"odd", "all", or indices like 1,5,9')
    parser.add_argument("--rank", type=int, default=8, help="rank of each expert's LoRA")
    parser.add_argument("--shards", type=int, default=1, help="split the block: experts and top-k must be multiples")
    parser.add_argument("--shared-expert", action="store_true", help="an always-on expert makes half of the output")
    parser.add_argument("--router-modality", action="store_true", help="the router sees whether a token is an object")
    parser.add_argument("--router-geometry", action="store_true", help="the router sees where an object token is")
    parser.add_argument(
        "--tie-break",
        choices=sorted(TIE_BREAKERS),
        default="lora",
        help="noise and reinit change the model's output from the start",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    try:
        model, tokenizer, revision = load_base(options.base, device=options.device)
        dense = logits_of(model, tokenizer, PROMPTS)
        names = convert_to_moe(
            model,
            options.experts,
            options.top_k,
            layers=options.layers,
            rank=options.rank,
            seed=options.seed,
            shards=options.shards,
            shared_expert=options.shared_expert,
            tie_break=options.tie_break,
            router_modality=options.router_modality,
            router_geometry=options.router_geometry,
        )
    except (BaseModelError, ConversionError) as error:
        print(error, file=sys.stderr)
        return 1
    difference = largest_difference(logits_of(model, tokenizer, PROMPTS), dense)
    largest = max(logits.abs().max().item() for logits in dense)
    count = count_parameters(model)
    print(f"base        {options.base}, revision {revision[:12]}")
    print(f"converted   {len(names)} layers, {options.experts} experts, top-{options.top_k}, LoRA rank {options.rank}")
    print(f"total       {count.total / 1e6:8.1f} M parameters, every expert counted as the full copy that it acts as")
    print(f"activated   {count.activated / 1e6:8.1f} M per token")
    print(f"dense       {count.dense / 1e6:8.1f} M before the conversion")
    print(f"stored      {count.stored / 1e6:8.1f} M, as the experts share the frozen weights")
    print(f"trained     {count.trained / 1e6:8.1f} M")
    flops = count_flops(model)
    print(
        f"FLOPs       {flops.dense / 1e6:8.1f} M per token dense, {flops.activated / 1e6:.1f} M activated as a mixture,"
    )
    print(f"            {flops.computed / 1e6:8.1f} M computed, as the frozen products are shared")
    if options.tie_break != "lora":
        print(f"identity    given up on purpose ({options.tie_break}): logits differ by at most {difference:.1e}")
        return 0 if difference < float("inf") else 1
    verdict = "identical" if difference <= TOLERANCE else "DIFFERENT"
    shown = f"logits up to {largest:.1f} differ by at most {difference:.1e}"
    print(f"identity    {verdict} on {len(PROMPTS)} prompts: {shown}")
    return 0 if difference <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())

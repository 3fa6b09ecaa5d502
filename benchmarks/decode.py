"""Reading and writing by the mixture against the dense LLM that it was made from, and in 8 bits, in one run, on the same tokens.

Both are made from the same base as a planner serves them: adapters merged, experts packed, in the number format that this CPU
is fast in or in `--weights`. They take turns, so that whatever else the machine does meets both; each turn is a pair, and the
interval is a bootstrap over pairs. Timed are the layers: a plan weighs the few words that its grammar allows, not all of the
vocabulary.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from moe3d_ros.model.config import LanguageConfig, ModelConfig, ReasonerConfig
from moe3d_ros.model.language.adapt import convert_base
from moe3d_ros.model.language.base_llm import DEFAULT_BASE, load_base_for_serving
from moe3d_ros.model.language.lora import ready_to_serve
from moe3d_ros.model.llm_weights import AUTO, BFLOAT16, FLOAT32, INT8, convert_llm, served_weights

RESAMPLES = 10_000
IN_EIGHT_BITS = "in 8 bits"


def main(arguments: list[str] | None = None) -> int:
    """Measure pairs of turns and print times and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks decode", description=__doc__)
    parser.add_argument("--base", default=DEFAULT_BASE, help="name or folder of the base LLM (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=30, help="turns of each (default: %(default)s)")
    parser.add_argument("--prompt", type=int, default=96, help="tokens that are read at once (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=32, help="that are written one by one (default: %(default)s)")
    parser.add_argument(
        "--weights",
        choices=(AUTO, FLOAT32, BFLOAT16),
        default=AUTO,
        help="of the mixture and of the dense LLM (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    weights = served_weights(options.weights, "cpu")
    models = {
        "mixture": _served(options.base, LanguageConfig(), weights),
        "dense": _served(options.base, LanguageConfig(dense=True), weights),
        IN_EIGHT_BITS: _served(options.base, LanguageConfig(), INT8),
    }
    times: dict[str, dict[str, list[float]]] = {what: {name: [] for name in models} for what in ("prefill", "decode")}
    for pair in range(-2, options.pairs):  # two to warm up
        for name in sorted(models, reverse=bool(pair % 2)):
            read, wrote = _turn(models[name], options.prompt, options.tokens)
            if pair >= 0:
                times["prefill"][name].append(read)
                times["decode"][name].append(wrote)
    found = {
        what: {
            "mixture": ratio(values["mixture"], values["dense"]),
            IN_EIGHT_BITS: ratio(values[IN_EIGHT_BITS], values["mixture"]),
        }
        for what, values in times.items()
    }
    print(
        f"{weights}, {options.threads} threads, {options.prompt} tokens read, {options.tokens} written, n = {options.pairs} pairs"
    )
    for what, pairs in found.items():
        for (name, values), other in zip(pairs.items(), ("dense", "mixture")):
            low, high = values["interval"]
            print(
                f"{what}: {name} {1e3 * values['ours']:.2f} ms a token, {other} {1e3 * values['other']:.2f} ms a token, "
                f"ratio {values['ratio']:.3f} (95 % {low:.3f} to {high:.3f})"
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def ratio(ours: list[float], other: list[float]) -> dict:
    """Median of the pairs' ratios with a 95 % percentile bootstrap interval, and the medians of both."""
    each = np.divide(ours, other)
    drawn = np.median(np.random.default_rng(0).choice(each, (RESAMPLES, len(each))), axis=1)
    return {
        "ratio": float(np.median(each)),
        "interval": [float(value) for value in np.percentile(drawn, (2.5, 97.5))],
        "ours": float(np.median(ours)),
        "other": float(np.median(other)),
        "pairs": len(each),
    }


def _served(base: str, config: LanguageConfig, weights: str):
    """The base as it is served: converted as the configuration says, frozen, its experts packed, in a number format."""
    llm, _, _ = load_base_for_serving(base)
    convert_base(llm, config)
    llm = ready_to_serve(llm)
    convert_llm(llm, weights, ModelConfig(reasoner=ReasonerConfig()))
    return llm


@torch.inference_mode()
def _turn(llm, prompt: int, tokens: int) -> tuple[float, float]:
    """Seconds for each token that is read, and for each that is written."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(llm.config.vocab_size, (1, prompt), generator=generator)
    embed, decoder, cache = llm.get_input_embeddings(), llm.get_decoder(), llm.new_cache()

    def read(some: torch.Tensor) -> None:
        decoder(inputs_embeds=embed(some).to(llm.dtype), past_key_values=cache, use_cache=True)

    def write() -> None:
        for _ in range(tokens):
            read(ids[:, :1])

    return _timed(lambda: read(ids)) / prompt, _timed(write) / tokens


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())

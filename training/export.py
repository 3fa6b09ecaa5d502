"""Join the weights of finished runs into one checkpoint folder: ``python training/export.py --help``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run from a checkout without installing

import torch  # noqa: E402

from moe3d_ros.model.base_llm import load_base  # noqa: E402
from moe3d_ros.model.checkpoint import save_checkpoint  # noqa: E402
from moe3d_ros.model.config import LanguageConfig, ModelConfig  # noqa: E402
from moe3d_ros.model.policy import ThreeDMoE  # noqa: E402
from training.state import load_matching  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Build the model, fill it from the runs, write the checkpoint with half-precision weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    parser.add_argument("--pose", required=True, help="run of the action stage")
    parser.add_argument("--output", required=True, type=Path, help="checkpoint folder; an older one is replaced")
    parser.add_argument("--card", type=Path, help="text of card.md: data, recipe, scores, limits")
    options = parser.parse_args(arguments)
    model = build_model(options)
    load_matching({"encoder": model.encoder}, options.encoder)
    load_matching({"language": model.language, "objects": model.language.objects}, options.language)
    load_matching({"pose": model.pose}, options.pose)
    card = options.card.read_text() if options.card else f"# {options.name}\n\nNot evaluated yet.\n"
    save_checkpoint(options.output, model.config.to_dict(), model.trained_tensors(), card, dtype=torch.float16)
    size = sum(path.stat().st_size for path in options.output.iterdir()) / 2**20
    print(f"{options.output}: {size:.1f} MiB")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """What says how the model of some runs is built, and from which runs its encoder and its LLM come."""
    parser.add_argument("--encoder", required=True, help="runs of the perception stage, comma-separated; later ones win")
    parser.add_argument("--language", required=True, help="runs of Stage I and Stage II, comma-separated; later ones win")
    parser.add_argument("--name", default="default")
    parser.add_argument("--base", default=LanguageConfig.base)
    parser.add_argument("--moe-layers", default=LanguageConfig.moe_layers, help="as in Stage II: odd or all")
    for name in ("experts", "top-k", "shards", "rank"):
        default = getattr(LanguageConfig, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=int, default=default, help=f"as in Stage II (default {default})")
    for name in ("shared-expert", "router-modality", "router-geometry"):
        parser.add_argument(f"--{name}", action="store_true", help="as in Stage II")
    parser.add_argument("--dense", action="store_true", help="a dense baseline: a Stage II run with --dense true")


def build_model(options: argparse.Namespace) -> ThreeDMoE:
    """The model that the options of :func:`add_model_arguments` describe, with the base's weights alone."""
    llm, tokenizer, revision = load_base(options.base)
    converted = [entry.name for entry in fields(LanguageConfig) if entry.name not in ("base", "revision")]
    language = LanguageConfig(base=options.base, revision=revision, **{key: getattr(options, key) for key in converted})
    return ThreeDMoE(ModelConfig(name=options.name, language=language), llm, tokenizer)


if __name__ == "__main__":
    main()

"""Join the weights of finished runs into one checkpoint folder: ``python training/export.py --help``.

With ``--checkpoint`` another one keeps everything but its Pose-DiT, which comes from a run: so a head is exchanged.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run from a checkout without installing

import torch

from moe3d_ros.model.action.objectives import HEADS
from moe3d_ros.model.checkpoint import CHECKSUMS, load_checkpoint, save_checkpoint
from moe3d_ros.model.config import LanguageConfig, ModelConfig
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.perception.encoder import EncoderConfig
from moe3d_ros.model.policy import ThreeDMoE
from training.engine.state import StateError, load_matching, read_identity, read_weights, sizes_of


def main(arguments: list[str] | None = None) -> None:
    """Build the model, fill it from the runs, write the checkpoint with half-precision weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_model_arguments(parser)
    parser.add_argument(
        "--checkpoint", type=Path, help="folder of a checkpoint instead of both: only its Pose-DiT is replaced"
    )
    parser.add_argument("--pose", required=True, help="run of the action stage")
    parser.add_argument("--output", required=True, type=Path, help="checkpoint folder; an older one is replaced")
    parser.add_argument("--card", type=Path, help="text of card.md: data, recipe, scores, limits")
    parser.add_argument(
        "--free-noise", action="store_true", help="sample poses from any noise: for a run with --decided false"
    )
    options = parser.parse_args(arguments)
    if bool(options.checkpoint) == bool(options.encoder and options.language):
        parser.error("give --encoder and --language, or --checkpoint")
    card = options.card.read_text() if options.card else f"# {options.name or 'default'}\n\nNot evaluated yet.\n"
    if options.checkpoint:
        exchange_pose(options.checkpoint, options.pose, options.output, card, options.name, not options.free_noise)
    else:
        model = build_model(options, pose_decided=not options.free_noise, **_head(options.pose))
        load_matching({"pose": model.pose}, options.pose)
        save_checkpoint(options.output, model.config.to_dict(), model.trained_tensors(), card, dtype=torch.float16)
    size = sum(path.stat().st_size for path in options.output.iterdir()) / 2**20
    print(f"{options.output}: {size:.1f} MiB")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """What says how the model of some runs is built, and from which runs its encoder and its LLM come."""
    parser.add_argument("--encoder", help="runs of the perception stage, comma-separated; later ones win")
    parser.add_argument("--language", help="runs of Stage I and Stage II, comma-separated; later ones win")
    parser.add_argument(
        "--kinds", type=int, choices=(4, 8), help="as in the stages (default: of a checkpoint named here, else 4)"
    )
    parser.add_argument("--name", help="of the checkpoint (default: default, or that of --checkpoint)")
    parser.add_argument("--base", default=LanguageConfig.base)
    parser.add_argument("--moe-layers", default=LanguageConfig.moe_layers, help="as in Stage II: odd or all")
    parser.add_argument(
        "--rank", type=int, help=f"as in Stage II (default: of a checkpoint in --language, else {LanguageConfig.rank})"
    )
    for name in ("experts", "top-k", "shards"):
        default = getattr(LanguageConfig, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=int, default=default, help=f"as in Stage II (default {default})")
    for name in ("shared-expert", "router-modality", "router-geometry"):
        parser.add_argument(f"--{name}", action="store_true", help="as in Stage II")
    parser.add_argument("--dense", action="store_true", help="a dense baseline: a Stage II run with --dense true")


def build_model(options: argparse.Namespace, **settings) -> ThreeDMoE:
    """The model that the options of :func:`add_model_arguments` describe, with the encoder and the LLM of their runs.

    settings: more of the model's configuration.
    """
    if options.rank is None:
        options.rank = sizes_of(options.language)["rank"]
    if options.kinds is None:
        options.kinds = sizes_of(f"{options.encoder},{options.language}")["kinds"]
    llm, tokenizer, revision = load_base(options.base)
    converted = [entry.name for entry in fields(LanguageConfig) if entry.name not in ("base", "revision")]
    language = LanguageConfig(base=options.base, revision=revision, **{key: getattr(options, key) for key in converted})
    encoder = EncoderConfig(kinds=options.kinds)
    config = ModelConfig(name=options.name or "default", encoder=encoder, language=language, **settings)
    model = ThreeDMoE(config, llm, tokenizer)
    load_matching({"encoder": model.encoder}, options.encoder)
    load_matching({"language": model.language, "objects": model.language.objects}, options.language)
    return model


def exchange_pose(
    checkpoint: Path, run: str, output: Path, card: str, name: str | None = None, decided: bool = True
) -> None:
    """Write ``checkpoint`` to ``output`` with the Pose-DiT, and the head, of a run of the action stage.

    Raises:
        StateError: the run is damaged, or its Pose-DiT has other sizes. CheckpointError: the checkpoint is damaged.
    """
    config, tensors = load_checkpoint(checkpoint)
    weights = {f"pose.{key}": value for key, value in read_weights(run).items()}
    wrong = [key for key, value in weights.items() if key not in tensors or tensors[key].shape != value.shape]
    if wrong or not weights:
        raise StateError(f"{run} has no Pose-DiT of the sizes of {checkpoint}: {', '.join(wrong[:3])} do not fit")
    config |= {"name": name or config["name"], "pose_decided": decided, **_head(run, config)}
    save_checkpoint(output, config, tensors | weights, card, dtype=torch.float16)


def _head(run: str, config: dict | None = None) -> dict:
    """Settings of the head that a run of the action stage trained; its number of steps, where the head is a new one."""
    run = run.rsplit(",", maxsplit=1)[-1].strip()  # the last one wins
    if (Path(run) / CHECKSUMS).exists():
        head = load_checkpoint(run)[0].get("pose_head", "flow")
    else:
        head = read_identity(run).get("pose head", "flow")
    same = config is not None and config.get("pose_head", "flow") == head
    return {"pose_head": head} | ({} if same else {"pose_steps": HEADS[head].steps})


if __name__ == "__main__":
    main()

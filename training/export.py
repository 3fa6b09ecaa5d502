"""Join the weights of finished runs into one checkpoint folder: ``python training/export.py --help``.

    --encoder RUNS --language RUNS --pose RUN    a model of runs
    --checkpoint FOLDER --pose RUN               a checkpoint with another Pose-DiT
    --checkpoint FOLDER --encoder RUN            a checkpoint with another encoder
    --checkpoint FOLDER --form RUN               a checkpoint with a head of the form stage, for instructions or questions; all else keeps its bytes
    --checkpoint FOLDER --reasoner RUN           a checkpoint with an object reasoner; all else keeps its bytes
    --checkpoint FOLDER --answers RUN            a checkpoint with an answer reasoner; all else keeps its bytes
    --checkpoint FOLDER --sides RUN              a checkpoint whose Pose-DiT knows places beside things; all else keeps its bytes
    --average A:0.4,B:0.6                        the weighted mean of checkpoints, or of runs in a --checkpoint

The configuration is that of the runs' run.json; runs and options that contradict each other are refused.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from moe3d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.base_llm import BaseModelError
from training.assembly import (
    TRAINED,
    add_answers,
    add_form,
    add_model_arguments,
    add_reasoner,
    add_sides,
    agreed_with,
    exchange_encoder,
    exchange_pose,
    given_settings,
    model_of_runs,
    settled_of_entry,
)
from training.engine.averaging import is_checkpoint, mean_of, parse_weighted
from training.engine.config import chosen
from training.engine.run_record import Settled
from training.engine.state import StateError


def main(arguments: list[str] | None = None) -> int:
    """Write the checkpoint with half-precision weights; 1 where that cannot be, with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="folder of a checkpoint that everything else comes from")
    parser.add_argument("--pose", help="run of the action stage")
    parser.add_argument("--form", type=Path, help="run of the form stage on the LLM of --checkpoint")
    parser.add_argument("--reasoner", type=Path, help="run of the reason stage on the LLM of --checkpoint")
    parser.add_argument("--certain", type=float, help="of the reasoner: least probability at which a thing is moved")
    parser.add_argument("--cannot", type=float, help="of the reasoner: from where an instruction is not begun")
    parser.add_argument("--answers", type=Path, help="run of the answers stage on the LLM of --checkpoint")
    parser.add_argument("--absent", type=float, help="of the answer reasoner: from where a question is refused")
    parser.add_argument("--sides", type=Path, help="run of --stage sides on --checkpoint: places beside things")
    parser.add_argument("--look-alone", action="store_true", help="of the run of --encoder, its second look alone")
    parser.add_argument("--average", help="FOLDER:WEIGHT,...: checkpoints, runs or kept states; the weights' sum is 1")
    parser.add_argument("--output", required=True, type=Path, help="checkpoint folder; an older one is replaced")
    parser.add_argument("--card", type=Path, help="text of card.md: data, recipe, scores, limits")
    parser.add_argument(
        "--free-noise", action="store_true", help="sample poses from any noise: for an older run with --decided false"
    )
    add_model_arguments(parser)
    options = parser.parse_args(arguments)
    if options.free_noise:
        setattr(options, "model.pose_decided", False)
    runs = bool(options.encoder and options.language)
    exchanged = bool(options.checkpoint and options.encoder and not options.language and not options.pose)
    if options.average and (options.encoder or options.language or options.pose):
        parser.error("--average goes with --checkpoint alone: average first, then join")
    added = sum(1 for run in (options.form, options.reasoner, options.answers, options.sides) if run)
    if added and (not options.checkpoint or options.average or options.pose or runs or added > 1):
        parser.error("--form, --reasoner, --answers and --sides each go with --checkpoint alone: join the rest first")
    if options.look_alone and not exchanged:
        parser.error(
            "--look-alone goes with --checkpoint and --encoder alone: it exchanges the second look of a checkpoint"
        )
    if exchanged and added:
        parser.error("--encoder goes with --checkpoint alone: exchange it first, then add the rest")
    if not (options.average or added or exchanged) and (not options.pose or runs == bool(options.checkpoint)):
        parser.error(
            "give --pose with --encoder and --language, or with --checkpoint; or give --average, --form, --reasoner, --answers or --sides"
        )
    try:
        config, tensors = joined(options)
        name = config["name"]
        card = options.card.read_text() if options.card else f"# {name}\n\nNot evaluated yet.\n"
        save_checkpoint(options.output, config, tensors, card, dtype=torch.float16)
    except (StateError, CheckpointError, BaseModelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.output.iterdir()) / 2**20
    print(f"{options.output}: {size:.1f} MiB")
    return 0


def joined(options: argparse.Namespace) -> tuple[dict, dict[str, torch.Tensor]]:
    """Configuration and tensors of the checkpoint that the options describe."""
    given = given_settings(options)
    if options.average:
        return averaged(options.average, options.checkpoint, given)
    if options.form:
        return add_form(options.checkpoint, options.form)
    if options.reasoner:
        return add_reasoner(options.checkpoint, options.reasoner, options.certain, options.cannot)
    if options.answers:
        return add_answers(options.checkpoint, options.answers, options.absent)
    if options.sides:
        return add_sides(options.checkpoint, options.sides)
    if options.checkpoint and options.encoder and not options.pose:
        return exchange_encoder(options.checkpoint, options.encoder, options.look_alone)
    if options.checkpoint:
        return exchange_pose(options.checkpoint, options.pose, given)
    model = model_of_runs(options.encoder, options.language, given, options.pose)
    return model.config.to_dict(), model.trained_tensors()


def averaged(text: str, checkpoint: Path | None, given: Settled) -> tuple[dict, dict[str, torch.Tensor]]:
    """The weighted mean of checkpoints, or of what runs trained in ``checkpoint``.

    Raises:
        ValueError: the weights are wrong, or only runs are given and no checkpoint that the rest comes from.
        Contradiction: they do not agree on the settings of the model. StateError: they do not hold the same tensors.
    """
    entries = parse_weighted(text)
    rest = checkpoint or next((folder for folder, _ in entries if is_checkpoint(folder)), None)
    if rest is None:
        raise ValueError("only runs are to be averaged: give --checkpoint, from which everything else comes")
    config, tensors = load_checkpoint(rest)
    sources = [Settled(f"the checkpoint {rest}", chosen(ModelConfig.from_dict(config), TRAINED))]
    settings = agreed_with([*sources, *(settled_of_entry(str(folder), "") for folder, _ in entries)], given, ())
    return config | {"name": settings.get("name", config["name"])}, tensors | mean_of(entries, tensors)


if __name__ == "__main__":
    sys.exit(main())

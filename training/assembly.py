"""A model put together from the weights of finished runs: from which runs, and with the configuration that they agree on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from moe3d_ros.model.action.objectives import OBJECTIVES
from moe3d_ros.model.checkpoint import CHECKSUMS, check_tensor_names, load_checkpoint
from moe3d_ros.model.config import HEADS, AnswerConfig, FormConfig, ModelConfig, ReasonerConfig
from moe3d_ros.model.language.form_head import FormHead
from moe3d_ros.model.perception.encoder import SceneEncoder
from moe3d_ros.model.policy import ThreeDMoE, build_model, make_pose_dit
from moe3d_ros.model.reasoning.answerer import Answerer
from moe3d_ros.model.reasoning.reasoner import Reasoner
from moe3d_ros.planner import Planner
from training.data.form_texts import CLASSES
from training.data.question_texts import HEARD_ONLY, QUESTION_CLASSES
from training.engine.config import chosen
from training.engine.options import add_options
from training.engine.run_record import GROWING, REVISION, Contradiction, Settled, agreed, read_record, settled_of
from training.engine.state import StateError, load_matching, read_identity, split_part
from training.form_threshold import choose_threshold
from training.stages.settings import GRID, OBJECTS, POSE, SHORT, configure

PREFIX = "model."
SIDES_PART = "pose.sides"  # of a model: Pose-DiT's block for places beside things
# Settings that a checkpoint insists on, by the part that is taken from it.
OF_PART = {"encoder": GRID, "language": (*OBJECTS, "language"), "pose": (*GRID, *POSE)}
TRAINED = (*GRID, *OBJECTS, "language", *POSE)  # of a whole model; the rest is chosen afterwards


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that name the runs of the encoder and of the LLM, and one for every setting of the model."""
    parser.add_argument("--encoder", help="runs of the perception stage, comma-separated; later ones win")
    parser.add_argument("--language", help="runs of Stage I and Stage II, comma-separated; later ones win")
    settings = parser.add_argument_group(
        "settings of the model", "Known from run.json of the runs; needed for runs that are older than that."
    )
    add_options(settings, ModelConfig, {**SHORT, "name": "model.name"}, PREFIX)


def given_settings(options: argparse.Namespace) -> Settled:
    """The settings of the model that the command line names."""
    given = {name: value for name, value in vars(options).items() if name.startswith(PREFIX)}
    return Settled("the command line", {name.removeprefix(PREFIX): value for name, value in given.items()})


def model_of_runs(encoder: str, language: str, given: Settled, pose: str = "") -> ThreeDMoE:
    """Build the model of some runs and load their weights.

    Args:
        encoder, language, pose: runs, kept states or checkpoints, comma-separated; later ones win.
        given: what is asked for beside them.

    Raises:
        Contradiction: they do not agree on the settings of the model.
        StateError, CheckpointError, BaseModelError: weights are missing, damaged, or fit nowhere.
    """
    _check_whole(pose)
    model = build_model(configuration_of(encoder, language, given, pose))
    base = {"base LLM": model.config.language.revision}
    load_matching({"encoder": model.encoder}, encoder)
    load_matching({"language": model.language, "objects": model.language.objects}, language, base)
    load_matching({"pose": model.pose}, pose)
    return model


def configuration_of(encoder: str, language: str, given: Settled, pose: str = "") -> ModelConfig:
    """The configuration that runs and the command line agree on; Raises as :func:`model_of_runs`."""
    parts = {"encoder": encoder, "language": language, "pose": pose}
    sources = [
        settled_of_entry(entry.strip(), part)
        for part, entries in parts.items()
        for entry in filter(None, entries.split(","))
    ]
    settings = agreed_with(sources, given)
    settings.setdefault("pose_steps", OBJECTIVES[settings.get("pose_head", ModelConfig.pose_head)].steps)
    nested: dict = {}
    for name, value in settings.items():
        group, _, field = name.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[field] = value
    return ModelConfig.from_dict(nested)


def agreed_with(sources: Iterable[Settled], given: Settled, growing: tuple[str, ...] = GROWING) -> dict[str, Any]:
    """:func:`agreed` with the command line's settings, which may be larger than the runs' where weights grow."""
    sources = list(sources)
    settings = agreed((*sources, given), growing)
    for name, value in given.values.items():
        if settings.get(name, value) != value:
            source = next(each.source for each in sources if each.values.get(name) == settings[name])
            raise Contradiction(
                f"{name} is {settings[name]} in {source} and {value} in {given.source}: weights grow, they do not shrink. "
                "Leave the option out."
            )
    return settings


def settled_of_entry(entry: str, part: str) -> Settled:
    """The settings that a run, a kept state, or the ``part`` of a checkpoint insists on; of an older run a few, with a warning."""
    folder, _ = split_part(entry)
    if (folder / CHECKSUMS).exists():
        model = ModelConfig.from_dict(load_checkpoint(folder)[0])
        return Settled(f"the checkpoint {folder}", chosen(model, OF_PART.get(part, TRAINED)))
    record = read_record(entry)
    if record:
        return settled_of(entry, record)
    identity = read_identity(entry)
    print(
        f"{entry} has no run.json, since it is older than that: its model is taken to be as the options (--help) and the defaults "
        "say, and nothing checks that it is.",
        file=sys.stderr,
    )
    known = {REVISION: identity.get("base LLM"), "pose_head": identity.get("pose head")}
    if part == "pose":
        known = {REVISION: known[REVISION], "pose_head": known["pose_head"] or ModelConfig.pose_head}
    return Settled(f"the run {entry}", {name: value for name, value in known.items() if value})


def exchange_pose(checkpoint: Path, run: str, given: Settled) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the Pose-DiT, and the head, of a run of the action stage.

    A block for places beside things goes: it is only good with the Pose-DiT that it was trained behind.

    Raises:
        Contradiction: the run's Pose-DiT was trained for another encoder, grid or LLM, or has other sizes.
        StateError: the run is damaged, or has no Pose-DiT. CheckpointError: the checkpoint is damaged.
    """
    from training.engine.averaging import named_as_in

    config, tensors = load_checkpoint(checkpoint)
    kept = chosen(ModelConfig.from_dict(config), TRAINED)
    head = {name: kept.pop(name) for name in ("pose_head", "pose_decided")}
    _check_whole(run)
    weights = named_as_in(run, tensors, ("pose.",))
    settings = agreed_with([Settled(f"the checkpoint {checkpoint}", kept), settled_of_entry(run, "pose")], given, ())
    for name in head:
        config[name] = settings.get(name, getattr(ModelConfig, name))
    if config["pose_head"] != head["pose_head"]:
        config["pose_steps"] = OBJECTIVES[config["pose_head"]].steps
    others = {name: value for name, value in tensors.items() if not name.startswith(f"{SIDES_PART}.")}
    return config | {"name": settings.get("name", config["name"]), "pose_sides": False}, others | weights


LOOK = "encoder.second_look."  # begin of the names of its tensors


def exchange_encoder(checkpoint: Path, run: str, look_alone: bool = False) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the encoder of a run of the perception stage.

    What was trained on the features of the encoder before (Pose-DiT) is as good as the run's ``keep`` made it; measure it.

    Args:
        look_alone: only the second look is the run's, which went on from this checkpoint's encoder; what is detected stays.

    Raises:
        StateError: the run is damaged, is none of that stage, or knows other kinds of things. Contradiction: it was trained on
            another grid. CheckpointError: the checkpoint is damaged.
    """
    config, tensors = load_checkpoint(checkpoint)
    learnt = configure(**record_of("perception", Path(run))["config"]).model
    kept = chosen(ModelConfig.from_dict(config), ("patches", "workspace", "encoder.kinds", "encoder.width"))
    del kept["patches.max_patches"]  # how many it reads is the encoder's own affair; where they lie is not
    agreed([Settled(f"the checkpoint {checkpoint}", kept), Settled(f"the run {run}", chosen(learnt, tuple(kept)))])
    encoder = SceneEncoder(learnt.encoder)
    load_matching({"encoder": encoder}, run)
    if look_alone:
        learnt_look = {f"{LOOK}{name}": value for name, value in encoder.second_look.state_dict().items()}
        check_tensor_names(learnt_look, {name: value for name, value in tensors.items() if name.startswith(LOOK)})
        return config, tensors | learnt_look
    settings = {"encoder": asdict(learnt.encoder), "patches": asdict(learnt.patches)}
    return config | settings, _with_part(tensors, "encoder", encoder)


def add_sides(checkpoint: Path, run: Path) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the block for places beside things of a run with ``sides``.

    Raises:
        StateError: the run is damaged, or is none of that kind. CheckpointError: the checkpoint is damaged.
        Contradiction: the run started from another encoder or Pose-DiT than the checkpoint's.
    """
    config, tensors = load_checkpoint(checkpoint)
    record = record_of("action", run)
    if not learns_sides(record):
        raise StateError(f"{run} learnt a whole Pose-DiT: add it with --pose, or train one with --stage sides.")
    agreed([settled_of_entry(str(checkpoint), "pose"), settled_of(str(run), record)])
    config = config | {"pose_sides": True}
    pose = make_pose_dit(ModelConfig.from_dict(config), tensors["language.special"].shape[1])
    load_matching({"pose": pose}, str(run))
    assert pose.sides is not None
    return config, _with_part(tensors, SIDES_PART, pose.sides)


def learns_sides(record: dict | None) -> bool:
    """True for the record of a run of the action stage that trained the block for places beside things alone."""
    return bool(record and record["config"]["model"].get("pose_sides"))


def add_form(checkpoint: Path, run: Path) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the head of a run of the form stage, its threshold chosen anew.

    The run's ``part`` says which head it is; one of that part in the checkpoint is replaced.

    Raises:
        StateError: the run is damaged, or is none of that stage. CheckpointError: the checkpoint is damaged.
        Contradiction: the run read another LLM.
    """
    config, tensors = load_checkpoint(checkpoint)
    record = record_of("form", run, checkpoint)
    part = record["config"].get("part", HEADS[0])
    classes: tuple[str, ...] = CLASSES
    if part == "questions":
        classes = QUESTION_CLASSES
    heard_only = HEARD_ONLY if part == "questions" else ()
    sizes = FormConfig(
        classes=classes,
        heard_only=heard_only,
        **{name: record["config"][name] for name in ("layer", "width", "queries")},
    )
    planner = Planner.from_pretrained(str(checkpoint))
    head = FormHead(sizes, planner.model.language.width)
    load_matching({"form": head}, str(run))
    chosen_sizes = replace(sizes, threshold=choose_threshold(head.eval(), planner.model, part))
    return config | {part: chosen_sizes.to_dict()}, _with_part(tensors, part, head)


def add_reasoner(
    checkpoint: Path, run: Path, certain: float | None = None, cannot: float | None = None
) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the object reasoner of a run of the reason stage.

    Args:
        certain, cannot: as in :class:`ReasonerConfig`; None for the run's own.

    Raises:
        StateError: the run is damaged, is none of that stage, or does not fit the checkpoint's LLM and kinds.
        CheckpointError: the checkpoint is damaged. Contradiction: the run read another LLM.
    """
    config, tensors = load_checkpoint(checkpoint)
    record_of("reason", run, checkpoint)
    kinds = ModelConfig.from_dict(config).encoder.kinds
    reasoner = reasoner_of(run, tensors["language.special"].shape[1], kinds)
    sizes = reasoner.config
    sizes = sizes if certain is None else replace(sizes, certain=certain)
    sizes = sizes if cannot is None else replace(sizes, cannot=cannot)
    return config | {"reasoner": sizes.to_dict()}, _with_part(tensors, "reasoner", reasoner)


def add_answers(checkpoint: Path, run: Path, absent: float | None = None) -> tuple[dict, dict]:
    """The configuration and tensors of ``checkpoint`` with the answer reasoner of a run of the answers stage.

    Args:
        absent: as in :class:`AnswerConfig`; None for its default.

    Raises:
        StateError: the run is damaged, is none of that stage, or does not fit the checkpoint's LLM and kinds.
        CheckpointError: the checkpoint is damaged. Contradiction: the run read another LLM.
    """
    config, tensors = load_checkpoint(checkpoint)
    settings = record_of("answers", run, checkpoint)["config"]
    sizes = AnswerConfig(**_sizes(AnswerConfig, settings))
    kinds = ModelConfig.from_dict(config).encoder.kinds
    answerer = Answerer(sizes, tensors["language.special"].shape[1], kinds)
    load_matching({"answers": answerer}, str(run))
    sizes = sizes if absent is None else replace(sizes, absent=absent)
    return config | {"answers": asdict(sizes)}, _with_part(tensors, "answers", answerer)


def reasoner_of(run: Path, llm_width: int, kinds: int) -> Reasoner:
    """The object reasoner of a run of the reason stage. Raises StateError where the run is damaged or none of that stage."""
    settings = record_of("reason", run)["config"]
    reasoner = Reasoner(ReasonerConfig(**_sizes(ReasonerConfig, settings)), llm_width, kinds)
    load_matching({"reasoner": reasoner}, str(run))
    return reasoner


def _sizes(config: type, settings: dict) -> dict[str, Any]:
    """Settings of a run that a configuration has, too."""
    return {entry.name: settings[entry.name] for entry in fields(config) if entry.name in settings}


def _check_whole(runs: str) -> None:
    """Raise StateError for a run, among those that a Pose-DiT is taken from, which trained a part of one."""
    for run in filter(None, (entry.strip() for entry in runs.split(","))):
        if learns_sides(read_record(run)):
            raise StateError(f"{run} learnt places beside things alone: add them to a checkpoint with --sides.")


def record_of(stage: str, run: Path, checkpoint: Path | None = None) -> dict:
    """The record of a run of that stage.

    Args:
        checkpoint: whose LLM it must have read; None for any.

    Raises:
        StateError: it is no run of that stage. Contradiction: it read another LLM.
    """
    record = read_record(run)
    if record is None or record["config"]["task"] != stage:
        raise StateError(f"{run} is no run of the {stage} stage: train one with --stage {stage}.")
    if checkpoint is not None:
        read = Settled(f"the run {run}", {REVISION: record["base_llm"]})
        agreed([settled_of_entry(str(checkpoint), "language"), read])
    return record


def _with_part(tensors: dict, part: str, module: torch.nn.Module) -> dict:
    """Tensors of a checkpoint with a part that is new, or in place of an older one."""
    others = {name: value for name, value in tensors.items() if not name.startswith(f"{part}.")}
    return others | {f"{part}.{name}": value.detach() for name, value in module.named_parameters()}

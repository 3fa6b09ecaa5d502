"""Settings of a training stage: one dataclass, filled from a YAML file and overridden on the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import yaml
from transformers import HfArgumentParser

from moe3d_ros.model.action.objectives import HEADS
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS
from moe3d_ros.world.vocabulary import KIND_COUNTS, PLAIN_KINDS, knows_sixd
from training.engine.state import sizes_of

CONFIG_FOLDER = Path(__file__).resolve().parents[1] / "configs"
TEXTS = ("all", "plans", "questions", "captions")


@dataclass
class StageConfig:
    """One stage of training. Lengths of time are wall-clock minutes, learning rates are peak values."""

    task: str = field(metadata={"help": "perception, alignment, language or action: what is trained"})
    output: str = field(metadata={"help": "folder of this run: state, logs"})
    init: str | None = field(
        default=None,
        metadata={
            "help": "runs or checkpoints to start from, comma-separated; CHECKPOINT:encoder (objects, language, pose) is a part of one"
        },
    )
    steps: int = field(default=10_000, metadata={"help": "optimiser steps of the whole run"})
    minutes: float | None = field(default=None, metadata={"help": "end the schedule after this long at the latest"})
    stop_after: float | None = field(
        default=None, metadata={"help": "save and stop after this long; the schedule goes on later"}
    )
    batch_size: int = field(default=32, metadata={"help": "scenes per micro-batch"})
    accumulate: int = field(default=1, metadata={"help": "micro-batches per step and process"})
    shard: bool = field(default=False, metadata={"help": "with several processes: split weights and optimiser (FSDP2)"})
    ema: float = field(default=0.0, metadata={"help": "decay of the moving average of the weights; 0 for none"})
    learning_rate: float = 6e-4
    warmup: int = field(default=100, metadata={"help": "steps of linear warm-up"})
    flat: float = field(default=0.5, metadata={"help": "share of the run before the learning rate falls as a cosine"})
    floor: float = field(default=0.02, metadata={"help": "last learning rate as a share of the peak"})
    weight_decay: float = 0.01
    clip: float = field(default=1.0, metadata={"help": "largest gradient norm"})
    seed: int = 0
    threads: int = field(default=1, metadata={"help": "torch threads of the training process"})
    workers: int = field(default=1, metadata={"help": "processes that make data"})
    device: str = "cpu"
    log_every: int = 20
    save_minutes: float = field(default=3.0, metadata={"help": "how often the state is saved"})
    keep_every: int = field(
        default=0, metadata={"help": "keep the weights of every so many steps (training/curve.py); 0: none"}
    )
    overfit: int = field(default=0, metadata={"help": "rehearsal: only this many batches, again and again"})
    resume: bool = field(default=True, metadata={"help": "go on from the state in `output` if there is one"})
    # all but Stage I
    kinds: int | None = field(
        default=None,
        metadata={
            "help": "classes of things that the model knows: 4, or 8 with those of 6D scenes; by default as a checkpoint of `init`, else 4"
        },
    )
    sixd: float = field(default=0.0, metadata={"help": "share of 6D scenes (ramps, slots, racks); needs kinds 8"})
    # perception
    part: str = field(default="all", metadata={"help": "all, or second_look: fine geometry only, the rest frozen"})
    # language
    precision: str = field(
        default="auto", metadata={"help": "of the LLM: float32, bfloat16, or auto (what is fast here)"}
    )
    base: str = field(default="smollm2-135m-instruct", metadata={"help": "base LLM, name or folder"})
    experts: int = 4
    top_k: int = 2
    moe_layers: str = field(default="odd", metadata={"help": "which decoder layers become experts: odd, all"})
    shards: int = field(default=1, metadata={"help": "fine-grained experts: shards of the feed-forward block"})
    shared_expert: bool = field(default=False, metadata={"help": "an always-on expert beside the routed ones"})
    tie_break: str = field(
        default="lora", metadata={"help": "lora, noise or reinit: how identical experts come to differ"}
    )
    dense: bool = field(
        default=False, metadata={"help": "no conversion: the baseline, its LoRA as large as the experts'"}
    )
    router_modality: bool = field(
        default=False, metadata={"help": "the router sees whether a token is text or an object"}
    )
    router_geometry: bool = field(default=False, metadata={"help": "the router sees where an object token is"})
    adapt: bool = field(default=True, metadata={"help": "train LoRA and router; off in Stage I"})
    rank: int | None = field(default=None, metadata={"help": "LoRA rank; by default as a checkpoint of `init`, else 8"})
    tune_objects: bool = field(default=True, metadata={"help": "go on training the relation encoder and projection"})
    teach_kinds: bool = field(
        default=False, metadata={"help": "where it starts from fewer kinds: give the new ones their names' embeddings"}
    )
    pairs: int = field(default=6, metadata={"help": "instructions per scene, packed behind one scene prefix"})
    long_tasks: float = field(default=0.0, metadata={"help": "share of scenes in the middle of a long-horizon task"})
    long_names: list[str] | None = field(
        default=None, metadata={"help": "long tasks to draw from, repeated ones more often; all"}
    )
    balance: float = field(default=0.01, metadata={"help": "weight of the load-balancing loss"})
    balance_by: str = field(default="modality", metadata={"help": "modality: text and objects each by itself; or all"})
    balance_floor: float = field(default=0.4, metadata={"help": "of its intended share: an expert below is pulled up"})
    share_text: list[float] | None = field(
        default=None, metadata={"help": "intended share of each expert in the text; even"}
    )
    share_3d: list[float] | None = field(default=None, metadata={"help": "and in the object tokens; even"})
    router_z: float = field(default=0.001, metadata={"help": "weight of the router z-loss"})
    texts: str = field(
        default="all", metadata={"help": "all, plans, questions, or captions: lists and descriptions alone (Stage I)"}
    )
    real_scenes: float = field(
        default=1.0, metadata={"help": "share of scenes seen through the encoder, not described"}
    )
    # language and action
    data: str = field(default="", metadata={"help": "datasets: format:path?option=value,... (docs/datasets.md)"})
    data_share: float = field(default=0.5, metadata={"help": "share of the batches made of `data`, not generated"})
    # action
    draws: int = field(default=4, metadata={"help": "noise draws per step of a plan"})
    head: str = field(default="flow", metadata={"help": "flow, or a baseline of the same size: ddim, regression"})
    fresh_pose: bool = field(
        default=False, metadata={"help": "Pose-DiT starts anew, although `init` holds a checkpoint with one"}
    )
    symmetric: bool = field(
        default=True, metadata={"help": "quarter turns of the tool are equally right; else the shown one is"}
    )
    decided: bool = field(
        default=True, metadata={"help": "noise starts in the middle between the edges of equally right turns"}
    )
    from_start: float = field(
        default=0.0, metadata={"help": "share of the draws at t = 1 itself, all that one-step sampling sees"}
    )
    with_llm: bool = field(default=False, metadata={"help": "condition on the step states of the tuned LLM"})
    llm_width: int = field(default=576, metadata={"help": "width of the LLM's states where it is left out"})

    def __post_init__(self):
        sizes = sizes_of(self.init)
        self.kinds = sizes["kinds"] if self.kinds is None else self.kinds
        self.rank = sizes["rank"] if self.rank is None else self.rank
        for name in ("steps", "batch_size", "threads", "log_every", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("minutes", "stop_after"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be positive, got {value}")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema must lie between 0 and 1, got {self.ema}")
        if self.balance_by not in ("modality", "all"):
            raise ValueError(f"balance_by must be modality or all, got {self.balance_by!r}")
        if not 0 <= self.balance_floor <= 1:
            raise ValueError(f"balance_floor must lie in [0, 1], got {self.balance_floor}")
        for name in ("share_text", "share_3d"):
            share = getattr(self, name)
            if share is not None and (len(share) != self.experts or min(share) <= 0 or abs(sum(share) - 1) > 1e-6):
                raise ValueError(
                    f"{name} must be {self.experts} positive numbers (one per expert) with sum 1, got {share}"
                )
        unknown = set(self.long_names or ()) - set(TRAINING_TASKS)
        if unknown:
            raise ValueError(
                f"long_names has {', '.join(sorted(unknown))}: training tasks are {', '.join(TRAINING_TASKS)}"
            )
        if self.texts not in TEXTS:
            raise ValueError(f"texts must be one of {', '.join(TEXTS)}, got {self.texts!r}")
        if not 0 <= self.from_start <= 1:
            raise ValueError(f"from_start must lie in [0, 1], got {self.from_start}")
        if self.head not in HEADS:
            raise ValueError(f"head must be one of {', '.join(HEADS)}, got {self.head!r}")
        if self.kinds not in KIND_COUNTS:
            allowed = " or ".join(map(str, KIND_COUNTS))
            raise ValueError(f"kinds must be {allowed} (more than {PLAIN_KINDS}: with 6D scenes), got {self.kinds}")
        if not 0 <= self.sixd <= 1 or (self.sixd and not knows_sixd(self.kinds)):
            raise ValueError(
                f"sixd must lie between 0 and 1, and needs kinds 8: got {self.sixd} with kinds {self.kinds}"
            )
        if self.data and (self.task not in ("language", "action") or (self.task == "action" and self.with_llm)):
            raise ValueError("data is for the task language (texts), and for action without with_llm (recordings)")
        if not 0 <= self.data_share <= 1:
            raise ValueError(f"data_share must be from 0 to 1, got {self.data_share}")

    def without_init(self) -> StageConfig:
        """The same settings for a part whose weights are loaded by its owner."""
        return replace(self, init=None)


def _stage_file(stage: str) -> Path:
    """File of a stage: by its name, by its number (1 is stage1), or a path."""
    for name in (stage, f"stage{stage}"):
        if (CONFIG_FOLDER / f"{name}.yaml").exists():
            return CONFIG_FOLDER / f"{name}.yaml"
    return Path(stage)


def parse(arguments: list[str] | None = None) -> StageConfig:
    """``--stage NAME`` reads training/configs/NAME.yaml; every further ``--field value`` overrides it."""
    stages = sorted(path.stem for path in CONFIG_FOLDER.glob("*.yaml"))
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--stage", help=f"one of {', '.join(stages)}, or the path of a YAML file")
    chosen, rest = first.parse_known_args(arguments)
    parser = HfArgumentParser(StageConfig, description="Train one stage of 3D-MoE.", parents=[first])
    if chosen.stage is None and not {"-h", "--help"} & set(rest):
        parser.error(f"--stage is missing: one of {', '.join(stages)}, or the path of a YAML file")
    if chosen.stage is not None:
        path = _stage_file(chosen.stage)
        if not path.is_file():
            parser.error(f"no stage {chosen.stage!r}: one of {', '.join(stages)}, or the path of a YAML file")
        values = yaml.safe_load(path.read_text())
        unknown = set(values) - {entry.name for entry in fields(StageConfig)}
        if unknown:
            parser.error(f"{path} has unknown settings: {', '.join(sorted(unknown))}")
        for action in parser._actions:  # a value from the file makes an option optional
            if action.dest in values:
                action.required = False
        parser.set_defaults(**values)
    return parser.parse_args_into_dataclasses(rest)[0]

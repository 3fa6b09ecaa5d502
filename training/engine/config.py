"""Settings that every training stage shares: the run, its schedule, its machine, and the model that it trains a part of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Annotated, ClassVar

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.world.vocabulary import KIND_COUNTS, PLAIN_KINDS


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One stage of training. Lengths of time are wall-clock minutes, learning rates are peak values.

    Each stage has a class of its own in ``training/stages/settings.py``; the text beside a type is for ``--help``. ``settles`` names the settings of the model
    (dotted, or a whole group such as ``encoder``) that a run's weights are only good with.
    """

    task: ClassVar[str]

    output: Annotated[str, "folder of this run: state, logs, run.json"]
    model: ModelConfig = field(default_factory=ModelConfig)
    init: Annotated[
        str | None,
        "runs or checkpoints to start from, comma-separated; CHECKPOINT:encoder (objects, language, pose) is a part of one",
    ] = None
    steps: Annotated[int, "optimiser steps of the whole run"] = 10_000
    minutes: Annotated[float | None, "end the schedule after this long at the latest"] = None
    stop_after: Annotated[float | None, "save and stop after this long; the schedule goes on later"] = None
    batch_size: Annotated[int, "scenes per micro-batch"] = 32
    accumulate: Annotated[int, "micro-batches per step and process"] = 1
    shard: Annotated[bool, "with several processes: split weights and optimiser (FSDP2)"] = False
    ema: Annotated[float, "decay of the moving average of the weights; 0 for none"] = 0.0
    learning_rate: float = 6e-4
    warmup: Annotated[int, "steps of linear warm-up"] = 100
    flat: Annotated[float, "share of the run before the learning rate falls as a cosine"] = 0.5
    floor: Annotated[float, "last learning rate as a share of the peak"] = 0.02
    weight_decay: float = 0.01
    clip: Annotated[float, "largest gradient norm"] = 1.0
    seed: int = 0
    threads: Annotated[int, "torch threads of the training process"] = 1
    workers: Annotated[int, "processes that make data"] = 1
    device: str = "cpu"
    log_every: int = 20
    save_minutes: Annotated[float, "how often the state is saved"] = 3.0
    keep_every: Annotated[int, "keep the weights of every so many steps (training/curve.py); 0: none"] = 0
    overfit: Annotated[int, "rehearsal: only this many batches, again and again"] = 0
    resume: Annotated[bool, "go on from the state in `output` if there is one"] = True

    def __post_init__(self):
        for name in ("steps", "batch_size", "threads", "log_every", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("minutes", "stop_after"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be positive, got {value}")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema must lie in [0, 1), got {self.ema}")
        known = self.model.encoder.kinds
        if known not in KIND_COUNTS:
            allowed = " or ".join(map(str, KIND_COUNTS))
            raise ValueError(f"kinds must be {allowed} (more than {PLAIN_KINDS}: with 6D scenes), got {known}")

    def settles(self) -> tuple[str, ...]:
        """Settings of the model that the weights of such a run depend on."""
        raise NotImplementedError

    def settled(self) -> dict[str, object]:
        """Those settings by their dotted names, with their values."""
        return chosen(self.model, self.settles())

    def to_dict(self) -> dict:
        """Plain types for JSON and YAML, nested, with the name of the task."""
        return {"task": self.task, **asdict(self)}


def chosen(model: ModelConfig, groups: Iterable[str]) -> dict[str, object]:
    """Settings of a model by their dotted names: those named, and those of the groups named."""
    return {
        name: value
        for name, value in model.flat().items()
        if any(name == group or name.startswith(f"{group}.") for group in groups)
    }

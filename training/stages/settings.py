"""Settings of each training stage, and how a stage is configured from YAML values and flat or dotted names."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar

from moe3d_ros.model.config import HEADS, AnswerConfig, FormConfig, LanguageConfig, ModelConfig, ReasonerConfig
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS
from moe3d_ros.world.vocabulary import knows_sixd
from moe3d_ros.world.workspace import Workspace
from training.data.form_texts import CLASSES
from training.data.question_texts import QUESTION_CLASSES
from training.data.texts import MIXES
from training.engine.config import StageConfig
from training.engine.precision import check_precision
from training.engine.state import ENCODER_PARTS, sizes_of
from training.engine.value_types import check_values

GRID = ("encoder", "patches", "workspace")  # what an encoder's weights are only good with
OBJECTS = ("encoder.kinds", "object_width", "object_heads", "object_layers", "language.base", "language.revision")
POSE = ("pose_width", "pose_blocks", "pose_heads", "pose_head", "pose_decided")
# Short names of settings of the model, as stage files and command lines have them: of all of the LLM's, and of some others.
SHORT = {entry.name: f"model.language.{entry.name}" for entry in fields(LanguageConfig) if entry.name != "revision"}
SHORT |= {
    "kinds": "model.encoder.kinds",
    **{name: f"model.encoder.{name}" for name in ENCODER_PARTS},
    "head": "model.pose_head",
    "decided": "model.pose_decided",
    "sides": "model.pose_sides",
}


@dataclass(frozen=True, kw_only=True)
class GeneratedScenes(StageConfig):
    """Stages whose batches mix random scenes, moments of long tasks, and 6D scenes."""

    sixd: Annotated[float, "share of 6D scenes (ramps, slots, racks); needs kinds 8"] = 0.0
    long_tasks: Annotated[float, "share of scenes in the middle of a long-horizon task"] = 0.0
    long_names: Annotated[list[str] | None, "long tasks to draw from, repeated ones more often; all"] = None

    def __post_init__(self):
        super().__post_init__()
        kinds = self.model.encoder.kinds
        if not 0 <= self.sixd <= 1 or (self.sixd and not knows_sixd(kinds)):
            raise ValueError(f"sixd must lie between 0 and 1, and needs kinds 8: got {self.sixd} with kinds {kinds}")
        table, box = Workspace(), self.model.workspace
        if not box.contains([table.low, table.high], margin=1e-9).all():
            raise ValueError(
                f"generated scenes stand in the box from {table.low} to {table.high} m, which workspace must contain, got "
                f"{box.low} to {box.high}"
            )
        unknown = set(self.long_names or ()) - set(TRAINING_TASKS)
        if unknown:
            raise ValueError(
                f"long_names has {', '.join(sorted(unknown))}: training tasks are {', '.join(TRAINING_TASKS)}"
            )


@dataclass(frozen=True, kw_only=True)
class PerceptionStage(GeneratedScenes):
    """Pretraining of the 3D encoder by detection."""

    task: ClassVar[str] = "perception"

    part: Annotated[str, "all, or second_look: fine geometry only, the rest frozen"] = "all"
    things: Annotated[float, "share of scenes that are real tables with things of every sort"] = 0.0
    keep: Annotated[float, "weight that holds features of the tabletop world near those of the start"] = 0.0
    alike: Annotated[float, "share of plain scenes with blocks that look the same on or beside each other"] = 0.0
    filled: Annotated[float, "share of plain scenes in which blocks lie in the bowls"] = 0.0
    pieces_rate: Annotated[float, "learning rate of what reads pieces of voxels, as a factor of that of all else"] = 1.0

    def __post_init__(self):
        super().__post_init__()
        if self.pieces_rate <= 0:
            raise ValueError(f"pieces_rate must be positive, got {self.pieces_rate}")
        if self.part not in ("all", "second_look"):
            raise ValueError(f"part must be all or second_look, got {self.part!r}")
        shares = (self.things, self.alike, self.filled)
        if not all(0 <= share <= 1 for share in shares) or self.keep < 0:
            raise ValueError(
                f"things, alike and filled must lie between 0 and 1, keep not below 0: got {shares} and {self.keep}"
            )

    def settles(self) -> tuple[str, ...]:
        return GRID


@dataclass(frozen=True, kw_only=True)
class AlignmentStage(StageConfig):
    """Stage I: relation encoder and projection against the frozen, dense LLM."""

    task: ClassVar[str] = "alignment"

    def settles(self) -> tuple[str, ...]:
        return OBJECTS


@dataclass(frozen=True, kw_only=True)
class InstructedScenes(GeneratedScenes):
    """Stages that read instructions or demonstrations, several behind each scene."""

    precision: Annotated[str, "of the LLM: float32, bfloat16, or auto (what is fast here)"] = "auto"
    pairs: Annotated[int, "instructions per scene, packed behind one scene prefix"] = 6
    data: Annotated[str, "datasets: format:path?option=value,... (docs/datasets.md)"] = ""
    data_share: Annotated[float, "share of the batches made of `data`, not generated"] = 0.5

    def __post_init__(self):
        super().__post_init__()
        check_precision(self.precision)
        if not 0 <= self.data_share <= 1:
            raise ValueError(f"data_share must be from 0 to 1, got {self.data_share}")


@dataclass(frozen=True, kw_only=True)
class LanguageStage(InstructedScenes):
    """Stage II, and Stage I by captions: plans, pointers and answers by the LLM."""

    task: ClassVar[str] = "language"

    tie_break: Annotated[str, "lora, noise or reinit: how identical experts come to differ"] = "lora"
    adapt: Annotated[bool, "train LoRA and router; off in Stage I"] = True
    tune_objects: Annotated[bool, "go on training the relation encoder and projection"] = True
    teach_kinds: Annotated[bool, "where it starts from fewer kinds: give the new ones their names' embeddings"] = False
    balance: Annotated[float, "weight of the load-balancing loss"] = 0.01
    balance_by: Annotated[str, "modality: text and objects each by itself; or all"] = "modality"
    balance_floor: Annotated[float, "of its intended share: an expert below is pulled up"] = 0.4
    share_text: Annotated[list[float] | None, "intended share of each expert in the text; even"] = None
    share_3d: Annotated[list[float] | None, "and in the object tokens; even"] = None
    router_z: Annotated[float, "weight of the router z-loss"] = 0.001
    expert_rate: Annotated[float, "learning rate of experts and routers, as a factor of that of all else"] = 1.0
    texts: Annotated[str, "all, plans, questions, or captions: lists and descriptions alone (Stage I)"] = "all"
    real_scenes: Annotated[float, "share of scenes seen through the encoder, not described"] = 1.0

    def __post_init__(self):
        super().__post_init__()
        if self.balance_by not in ("modality", "all"):
            raise ValueError(f"balance_by must be modality or all, got {self.balance_by!r}")
        if not 0 <= self.balance_floor <= 1:
            raise ValueError(f"balance_floor must lie in [0, 1], got {self.balance_floor}")
        if self.expert_rate <= 0:
            raise ValueError(f"expert_rate must be positive, got {self.expert_rate}")
        experts = self.model.language.experts
        for name in ("share_text", "share_3d"):
            share = getattr(self, name)
            if share is not None and (len(share) != experts or min(share) <= 0 or abs(sum(share) - 1) > 1e-6):
                raise ValueError(f"{name} must be {experts} positive numbers (one per expert) with sum 1, got {share}")
        if self.texts not in MIXES:
            raise ValueError(f"texts must be one of {', '.join(MIXES)}, got {self.texts!r}")

    def settles(self) -> tuple[str, ...]:
        return (*OBJECTS, *GRID[1:], *(("language",) if self.adapt else ()))


@dataclass(frozen=True, kw_only=True)
class ActionStage(InstructedScenes):
    """Pose-DiT on the frozen encoder and, with ``with_llm``, on the step states of the frozen LLM.

    With the model's ``pose_sides`` its block for places beside things alone is trained, on steps that go there.
    """

    task: ClassVar[str] = "action"

    draws: Annotated[int, "noise draws per step of a plan"] = 4
    fresh_pose: Annotated[bool, "Pose-DiT starts anew, although `init` holds a checkpoint with one"] = False
    symmetric: Annotated[bool, "quarter turns of the tool are equally right; else the shown one is"] = True
    from_start: Annotated[float, "share of the draws at t = 1 itself, all that one-step sampling sees"] = 0.0
    with_llm: Annotated[bool, "condition on the step states of the tuned LLM"] = False
    llm_width: Annotated[int, "width of the LLM's states where it is left out"] = 576

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.from_start <= 1:
            raise ValueError(f"from_start must lie in [0, 1], got {self.from_start}")
        if self.model.pose_sides and (self.with_llm or self.data):
            raise ValueError(
                "with sides, places beside things alone are learnt, in generated scenes and without the LLM's states: leave with_llm "
                "and data out"
            )
        if self.data and self.with_llm:
            raise ValueError("data is for the task language (texts), and for action without with_llm (recordings)")

    def settles(self) -> tuple[str, ...]:
        return (*GRID, *POSE, *(("language",) if self.with_llm else ()))

    def language_stage(self) -> LanguageStage:
        """Settings of the frozen LLM that Pose-DiT reads; its weights are loaded by the action stage."""
        shared = {name: getattr(self, name) for name in ("output", "model", "seed", "device", "precision", "pairs")}
        return LanguageStage(**shared)


def _check_one_checkpoint(init: str | None, reader: str) -> None:
    """Raise ValueError unless ``init`` names one checkpoint, whose LLM is read by what the stage trains."""
    if not init or "," in init:
        raise ValueError(f"init must name one checkpoint, whose LLM the {reader} reads, got {init!r}")


@dataclass(frozen=True, kw_only=True)
class FormStage(StageConfig):
    """A head that hears an instruction's form, or a question without an answer, on the frozen LLM of the checkpoint ``init``."""

    task: ClassVar[str] = "form"

    part: Annotated[str, f"{' or '.join(HEADS)}: instructions alone, or questions behind a scene"] = HEADS[0]
    batches: Annotated[
        int, "different ones, whose states are kept while they are seen again and again; 0: every one is new"
    ] = 0
    layer: Annotated[int, "of the LLM after which the head reads, from 1"] = FormConfig.layer
    width: Annotated[int, "of what the head reads of each token"] = FormConfig.width
    queries: Annotated[int, "of the head's attention over the tokens"] = FormConfig.queries
    go_on: Annotated[bool, "start from the head of that part that the checkpoint has"] = False
    unheard: Annotated[float, "share of a sentence's tokens that are left out in training, at random"] = 0.0
    precision: Annotated[str, "of the LLM: float32, bfloat16, or auto (what is fast here)"] = "auto"

    def __post_init__(self):
        super().__post_init__()
        _check_one_checkpoint(self.init, "head")
        check_precision(self.precision)
        if self.part not in HEADS:
            raise ValueError(f"part must be one of {', '.join(HEADS)}, got {self.part!r}")
        if self.batches < 0:
            raise ValueError(f"batches must be at least 0, got {self.batches}")
        if not 0 <= self.unheard <= 0.5:
            raise ValueError(f"unheard must lie between 0 and 0.5, got {self.unheard}")
        self.head()

    def settles(self) -> tuple[str, ...]:
        return ("language",)

    def head(self) -> FormConfig:
        """Sizes of the head."""
        classes = QUESTION_CLASSES if self.part == "questions" else CLASSES
        return FormConfig(classes=classes, layer=self.layer, width=self.width, queries=self.queries)


@dataclass(frozen=True, kw_only=True)
class ReasonStage(StageConfig):
    """The object reasoner, on the states of the frozen LLM of the checkpoint ``init``, by symbolic decisions."""

    task: ClassVar[str] = "reason"

    precision: Annotated[str, "of matrix products: float32, bfloat16, or auto (what is fast here)"] = "auto"
    states: Annotated[str, "folder where read instructions are kept"] = "runs/instruction_states"
    sources: Annotated[list[str], "SOURCE:INSTRUCTIONS:SHARE of each source of play-throughs (data/decisions.py)"] = (
        field(default_factory=lambda: ["seen:1000:0.3", "practice:1000:0.4", "single:1000:0.3"])
    )
    start: Annotated[str | None, "run of this stage whose weights it starts from"] = None
    visited: Annotated[
        list[str] | None, "FILE:SHARE of moments that a reasoner came to by itself (training/visit.py)"
    ] = None
    first_instruction: Annotated[int, "seed of the first instruction of each source"] = 0
    per_instruction: Annotated[int, "moments of a play-through in one batch, at most"] = 8
    word_dropout: Annotated[float, "share of the words that are not heard; of twice as many no match is known"] = 0.03
    state_noise: Annotated[float, "of the states of words, as a share of their spread"] = 0.1
    layer: Annotated[int, "of the LLM after which the reasoner reads, from 1; 0: word embeddings"] = (
        ReasonerConfig.layer
    )
    width: Annotated[int, "of the reasoner"] = ReasonerConfig.width
    heads: Annotated[int, "of its attention"] = ReasonerConfig.heads
    layers: Annotated[int, "of its transformer"] = ReasonerConfig.layers
    text_layers: Annotated[int, "of its own over the instruction"] = ReasonerConfig.text_layers
    matching: Annotated[bool, "words are matched to the things that they name"] = True
    relations: Annotated[bool, "pairs of things are compared"] = True
    softmax: Annotated[bool, "picks compete with each other and with an end, instead of each being asked by itself"] = (
        False
    )

    def __post_init__(self):
        super().__post_init__()
        _check_one_checkpoint(self.init, "reasoner")
        check_precision(self.precision)
        self.drawn()
        self.seen_before()
        self.sizes()

    def settles(self) -> tuple[str, ...]:
        return ("language", "encoder.kinds")

    def seen_before(self) -> dict[str, float]:
        """Share of each file of visited moments among the play-throughs."""
        found = {}
        for entry in self.visited or ():
            file, _, share = entry.rpartition(":")
            if not file or not 0 < float(share) <= 1:
                raise ValueError(f"visited holds {entry!r}, expected FILE:SHARE")
            found[file] = float(share)
        return found

    def drawn(self) -> dict[str, tuple[int, float]]:
        """Number of instructions of each source, and its share of the play-throughs."""
        found = {}
        for entry in self.sources:
            try:
                name, number, share = entry.split(":")
                found[name] = int(number), float(share)
            except ValueError as error:
                raise ValueError(
                    f"sources holds {entry!r}, expected SOURCE:INSTRUCTIONS:SHARE such as seen:1000:0.3"
                ) from error
            if found[name][0] < 1 or not 0 < found[name][1] <= 1:
                raise ValueError(f"sources holds {entry!r}: there must be an instruction, and a share between 0 and 1")
        return found

    def sizes(self) -> ReasonerConfig:
        """Sizes of the reasoner."""
        names = ("layer", "width", "heads", "layers", "text_layers", "matching", "relations")
        return ReasonerConfig(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class AnswerStage(StageConfig):
    """The answer reasoner, on the states of the frozen LLM of the checkpoint ``init``, whose object reasoner it starts from."""

    task: ClassVar[str] = "answers"

    precision: Annotated[str, "of matrix products and of the LLM: float32, bfloat16, or auto (what is fast here)"] = (
        "auto"
    )
    start: Annotated[str | None, "run of this stage whose weights it starts from"] = None
    per_scene: Annotated[int, "questions about a scene"] = 8
    word_dropout: Annotated[float, "share of the words of which no match is known"] = 0.05
    state_noise: Annotated[float, "of the states of words, as a share of their spread"] = 0.1
    layer: Annotated[int, "of the LLM after which it reads, from 1; 0: word embeddings"] = AnswerConfig.layer
    width: Annotated[int, "of its elements"] = AnswerConfig.width
    heads: Annotated[int, "of its attention"] = AnswerConfig.heads
    layers: Annotated[int, "of its transformer"] = AnswerConfig.layers
    text_layers: Annotated[int, "of its own over the question"] = AnswerConfig.text_layers

    def __post_init__(self):
        super().__post_init__()
        _check_one_checkpoint(self.init, "answer reasoner")
        check_precision(self.precision)
        if self.per_scene < 1:
            raise ValueError(f"per_scene must be at least 1, got {self.per_scene}")
        self.sizes()

    def settles(self) -> tuple[str, ...]:
        return ("language", "encoder.kinds")

    def sizes(self) -> AnswerConfig:
        """Sizes of the answer reasoner."""
        names = ("layer", "width", "heads", "layers", "text_layers")
        return AnswerConfig(**{name: getattr(self, name) for name in names})


STAGES = {
    stage.task: stage
    for stage in (PerceptionStage, AlignmentStage, LanguageStage, ActionStage, FormStage, ReasonStage, AnswerStage)
}


def configure(**values) -> StageConfig:
    """The configuration of the stage ``task``.

    Args:
        values: settings of the stage, ``model`` nested, dotted (``model.language.top_k``) or short (``top_k``). Kinds and LoRA
            rank that are not given are those of the checkpoints in ``init``, else a new model's.

    Raises:
        ValueError: a setting that the stage does not have, or a value that cannot be.
    """
    return configured(stage_of(values.pop("task", None)), **values)


def configured(stage: type[StageConfig], **values) -> StageConfig:
    """The same for a stage that is known by its class."""
    model: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in values.items():
        path = SHORT.get(name, name)
        if path == "model":
            if not isinstance(value, dict | ModelConfig):
                raise ValueError(f"model is {value!r}, expected settings by their names")
            _merge(model, value.to_dict() if isinstance(value, ModelConfig) else value)
        elif path.startswith("model."):
            _merge(model, _nested(path.split(".")[1:], value))
        else:
            own[name] = value
    unknown = own.keys() - {entry.name for entry in fields(stage)}
    if unknown:
        raise ValueError(f"the stage {stage.task} has no setting {', '.join(sorted(unknown))}")
    check_values(stage, {**own, "model": model})
    sizes = sizes_of(own.get("init"))
    for group, name in (*(("encoder", name) for name in ("kinds", *ENCODER_PARTS)), ("language", "rank")):
        if model.get(group, {}).get(name) is None:
            _merge(model, {group: {name: sizes[name]}})
    return stage(**own, model=ModelConfig.from_dict(model))


def stage_of(task: str | None) -> type[StageConfig]:
    """The class of a task's settings. Raises ValueError for a task that there is not."""
    if not isinstance(task, str) or task not in STAGES:
        raise ValueError(f"there is no task {task!r}: {', '.join(STAGES)}")
    return STAGES[task]


def _nested(path: list[str], value) -> dict:
    for name in reversed(path):
        value = {name: value}
    return value


def _merge(into: dict, more: dict) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value

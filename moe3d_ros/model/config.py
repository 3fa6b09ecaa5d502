"""Configuration of the model, as a checkpoint's config.json holds it: sizes of every part, grid, workspace, base LLM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

from moe3d_ros.model.action.objectives import OBJECTIVES
from moe3d_ros.model.perception.encoder import EncoderConfig
from moe3d_ros.model.perception.patches import PatchConfig
from moe3d_ros.world.workspace import Workspace

MIN_PROBABILITY = 1e-6  # log odds are clipped there


GATES = ("top", "scaled")
DENSE_SETS = ("trained", "activated")


@dataclass(frozen=True)
class LanguageConfig:
    """The base LLM and how it was converted and adapted."""

    base: str = "smollm2-135m-instruct"
    revision: str = ""  # sha256 of the base's weights that the adapters were trained on
    experts: int = 4
    top_k: int = 2
    moe_layers: str = "odd"  # odd or all
    rank: int = 8  # of every LoRA
    shards: int = 1  # more than one: fine-grained experts, experts and top_k being multiples
    shared_expert: bool = False  # an always-on expert beside the routed ones
    dense: bool = False  # not converted: the baseline, whose LoRA has as many numbers as the experts' (see adapt.py)
    router_modality: bool = False  # the router sees whether a token is text or an object
    router_geometry: bool = False  # and, of an object, where it is
    gates: str = "top"  # a softmax over the chosen experts; or "scaled": over all of them, then the chosen, times experts / top_k
    router_bias: bool = False  # a bias that only decides who is chosen and follows the loads: balance without a loss
    dense_sets: str = (
        "trained"  # numbers of the dense baseline's LoRA: as many as are trained, or as a token has "activated"
    )

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"rank must be at least 1, got {self.rank}")
        if not 1 <= self.top_k <= self.experts:
            raise ValueError(f"top_k must lie between 1 and experts, got {self.top_k} of {self.experts}")
        if self.shards < 1 or self.experts % self.shards or self.top_k % self.shards:
            raise ValueError(
                f"experts ({self.experts}) and top_k ({self.top_k}) must be multiples of shards ({self.shards})"
            )
        for name, allowed in (("gates", GATES), ("dense_sets", DENSE_SETS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}")


HEADS = ("form", "questions")  # parts of the model that a FormConfig sizes


@dataclass(frozen=True)
class FormConfig:
    """Sizes of a head that hears sentences, and how it decides.

    Attributes:
        classes: names; the first is that of sentences that go on to the planner.
        layer: of the LLM after which it reads, from 1.
        width: of what it reads of each token. queries: of its attention over the tokens.
        threshold: least probability of all other classes together at which a sentence is refused, in (0, 1].
        heard_only: classes that go on too: learnt, so that they are not taken for others, and not sure enough to refuse by.
    """

    classes: tuple[str, ...] = ("doable", "prohibition", "relation", "clauses", "correction")
    layer: int = 6
    width: int = 160
    queries: int = 6
    threshold: float = 0.5
    heard_only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes must be at least two different names, got {self.classes}")
        for name in ("layer", "width", "queries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} of the form head must be at least 1, got {getattr(self, name)}")
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold of the form head must lie in (0, 1], got {self.threshold}")

    def to_dict(self) -> dict:
        """Plain types for JSON."""
        plain = asdict(self) | {"classes": list(self.classes), "heard_only": list(self.heard_only)}
        return plain if self.heard_only else {name: value for name, value in plain.items() if name != "heard_only"}

    def refused_as(self, chances: Sequence[float], planned: Sequence[str] = ()) -> tuple[float, str]:
        """Probability of all classes that are refused, together, and the likeliest of them.

        Args:
            chances: of each class. planned: further classes that go on.
        """
        going_on = {self.classes[0], *self.heard_only, *planned}
        wrong = {name: float(chance) for name, chance in zip(self.classes, chances) if name not in going_on}
        return sum(wrong.values()), max(wrong, key=lambda name: wrong[name], default="")

    @classmethod
    def from_dict(cls, values: dict) -> FormConfig:
        """Inverse of ``to_dict``. Raises ValueError on unknown fields and on values that cannot be."""
        try:
            names = {"classes": tuple(values["classes"]), "heard_only": tuple(values.get("heard_only", ()))}
            return cls(**{**values, **names})
        except (TypeError, KeyError) as error:
            raise ValueError(f"the form head's configuration is not one that this version knows: {error}") from error


@dataclass(frozen=True)
class ReasonerConfig:
    """Sizes of the object reasoner, and parts that an ablation leaves out.

    Attributes:
        layer: of the LLM after which it reads the instruction, from 1; 0: the embeddings of the words alone.
        width, heads, layers: of its transformer over the elements of the scene.
        text_layers: of its own over the instruction.
        matching: words are matched to the things that they name (an attention bias).
        relations: pairs of things are compared (an attention bias).
        certain: least probability, of every single thing, at which it is moved.
        cannot: probability that it cannot be done above which an instruction is not begun, even if a move seems likelier.
        reasons: names of the sorts of what cannot be done, which it tells apart.
    """

    layer: int = 10
    width: int = 128
    heads: int = 4
    layers: int = 5
    text_layers: int = 1
    matching: bool = True
    relations: bool = True
    certain: float = 0.5
    cannot: float = 1.0
    reasons: tuple[str, ...] = (
        "absent color",
        "absent thing",
        "other work",
        "unrelated",
        "chat",
        "language",
        "nonsense",
        "nothing",
        "ambiguous",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "reasons", tuple(self.reasons))  # a list when read from config.json
        if self.layer < 0:
            raise ValueError(f"layer of the reasoner must be 0 or more, got {self.layer}")
        for name in ("width", "heads", "layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} of the reasoner must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} of the reasoner must be a multiple of its heads {self.heads}")
        if not 0 < self.certain < 1:
            raise ValueError(f"certain must lie between 0 and 1, got {self.certain}")
        if not 0 < self.cannot <= 1:
            raise ValueError(f"cannot must lie in (0, 1], got {self.cannot}")

    def to_dict(self) -> dict:
        """Plain types for JSON."""
        return asdict(self) | {"reasons": list(self.reasons)}


@dataclass(frozen=True)
class AnswerConfig:
    """Sizes of the answer reasoner, and when it says that what is asked about is not there.

    Attributes:
        layer, width, heads, layers, text_layers: as in :class:`ReasonerConfig`.
        absent: least probability at which a question is refused since what it names is not there, in (0, 1].
    """

    layer: int = ReasonerConfig.layer
    width: int = ReasonerConfig.width
    heads: int = ReasonerConfig.heads
    layers: int = ReasonerConfig.layers
    text_layers: int = ReasonerConfig.text_layers
    absent: float = 0.5

    def __post_init__(self) -> None:
        self.elements()
        if not 0 < self.absent <= 1:
            raise ValueError(f"absent must lie in (0, 1], got {self.absent}")

    def elements(self) -> ReasonerConfig:
        """Sizes of what compares things and words, as the object reasoner has it."""
        return ReasonerConfig(**{name: value for name, value in asdict(self).items() if name != "absent"})


@dataclass(frozen=True)
class ModelConfig:
    """Everything that is needed to build the model before its weights are loaded."""

    name: str = "default"
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    workspace: Workspace = field(default_factory=Workspace)
    language: LanguageConfig = field(default_factory=LanguageConfig)
    object_width: int = 192  # of the relation encoder and the pointer
    object_heads: int = 6
    object_layers: int = 3
    pose_width: int = 256
    pose_blocks: int = 3
    pose_heads: int = 8
    pose_head: str = "flow"  # or a baseline, ddim or regression: see action/objectives.py
    pose_decided: bool = True  # noise that is decided between equally right turns: see action/symmetry.py
    pose_sides: bool = False  # places beside things: see action/side_block.py
    pose_steps: int = 4  # sampling steps
    pose_draws: int = 4  # draws whose medoid is taken; 1 for none
    confidence_temperature: float = 1.0  # of a step's log odds; fitted by training/calibrate.py
    confidence_bias: float = 0.0  # added to them after that
    form: FormConfig | None = None  # of the head that hears an instruction's form; None for a checkpoint without one
    questions: FormConfig | None = None  # of the head that hears whether a question has an answer; None likewise
    reasoner: ReasonerConfig | None = None  # of the object reasoner; None for a checkpoint whose LLM decides alone
    answers: AnswerConfig | None = None  # of the answer reasoner; None for a checkpoint whose LLM answers alone

    def __post_init__(self) -> None:
        for name in ("pose_steps", "pose_draws"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.encoder.cells not in (0, self.patches.patch_voxels**3):
            raise ValueError(
                f"encoder.cells must be 0 or patches.patch_voxels ** 3 = {self.patches.patch_voxels**3}, got {self.encoder.cells}"
            )
        if self.pose_head not in OBJECTIVES:
            raise ValueError(f"pose_head must be one of {', '.join(OBJECTIVES)}, got {self.pose_head!r}")
        if not (math.isfinite(self.confidence_temperature) and self.confidence_temperature > 0):
            raise ValueError(f"confidence_temperature must be positive, got {self.confidence_temperature}")
        if not math.isfinite(self.confidence_bias):
            raise ValueError(f"confidence_bias must be a number, got {self.confidence_bias}")

    def calibrated(self, probability: float) -> float:
        """Calibrated value of a step's own probability, in [0, 1]: temperature and bias on its log odds (Platt 1999)."""
        probability = min(max(probability, 0.0), 1.0)
        if (self.confidence_temperature, self.confidence_bias) == (1.0, 0.0):
            return probability
        probability = min(max(probability, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
        odds = math.log(probability / (1 - probability)) / self.confidence_temperature + self.confidence_bias
        return 1 / (1 + math.exp(-odds))

    def to_dict(self) -> dict:
        """Plain types for JSON."""
        nested = {name: head and head.to_dict() for name, head in self.heads().items()}
        return asdict(self) | nested | {"reasoner": self.reasoner and self.reasoner.to_dict()}

    def heads(self) -> dict[str, FormConfig | None]:
        """The small heads beside the LLM by their parts of the model."""
        return {name: getattr(self, name) for name in HEADS}

    @classmethod
    def from_dict(cls, values: dict) -> ModelConfig:
        """Inverse of ``to_dict``. Raises ValueError on unknown fields and on values that cannot be."""
        values = {key: value for key, value in values.items() if key != "format"}  # the checkpoint's own
        workspace, reasoner = values.pop("workspace", {}), values.pop("reasoner", None)
        answers = values.pop("answers", None)
        heads: dict[str, Any] = {name: values.pop(name, None) for name in HEADS}
        heads = {name: head and FormConfig.from_dict(head) for name, head in heads.items()}
        try:
            return cls(
                encoder=EncoderConfig(**values.pop("encoder", {})),
                patches=PatchConfig(**values.pop("patches", {})),
                workspace=Workspace(**{key: tuple(value) for key, value in workspace.items()}),
                language=LanguageConfig(**values.pop("language", {})),
                reasoner=reasoner and ReasonerConfig(**reasoner),
                answers=answers and AnswerConfig(**answers),
                **heads,
                **values,
            )
        except TypeError as error:
            raise ValueError(f"config.json has a field that this version does not know: {error}") from error

    def flat(self) -> dict[str, object]:
        """Every setting by its dotted name, such as ``language.top_k``; boxes as tuples."""
        return _flat(self)


def _flat(config: Any, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for entry in fields(config):
        value = getattr(config, entry.name)
        name = prefix + entry.name
        found |= _flat(value, f"{name}.") if is_dataclass(value) else {name: value}
    return found

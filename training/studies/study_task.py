"""Stage II on the study's bench: cached scenes, two dozen questions behind each, a base that may be cut short."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, cast

import numpy as np
import torch

from moe3d_ros.model.experts.moe import decoder_layers, moe_layers
from moe3d_ros.model.language.base_llm import load_base_for_serving
from moe3d_ros.model.language.grammar import DONE, PICK, PLACE
from moe3d_ros.model.language.llama import LlamaForServing
from moe3d_ros.model.language.packing import Packed
from moe3d_ros.model.language.scene_language import question_prompt
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.model.perception.objects import ObjectTokens
from moe3d_ros.model.policy import build_model, check_revision, make_language_model
from moe3d_ros.tabletop.questions.questions import Question
from training.engine.precision import fast_precision
from training.engine.state import load_matching
from training.stages.language import LANGUAGE_RANGE, LanguageBatch, LanguageTask
from training.stages.settings import LanguageStage
from training.studies.cached_scenes import CachedScenes, SceneSet, cached_scenes
from training.studies.grouped_attention import groups_of, read_grouped

TRAINING_SEED, HELD_OUT_SEED = 3_100_000_000, 3_200_000_000


@dataclass(frozen=True, kw_only=True)
class StudyStage(LanguageStage):
    """Settings of a run of the study; ``batch_size`` scenes with ``pairs`` questions each make a step."""

    task: ClassVar[str] = "study"

    tune_objects: bool = False
    scenes: Annotated[str, "folder of the cached scenes"]
    layers: Annotated[int | None, "first ones of the base that are kept; all"] = 12
    training_scenes: int = 2000
    training_questions: Annotated[int, "about each of them"] = 48
    held_out_scenes: int = 150
    held_out_questions: Annotated[int, "about each of them"] = 8
    long_answers: Annotated[bool, "ask for lists, captions and descriptions too"] = False

    def __post_init__(self):
        super().__post_init__()
        if self.tune_objects:
            raise ValueError("tune_objects must be false: the object tokens of the study's scenes were computed before")

    def sets(self) -> tuple[SceneSet, SceneSet]:
        """Scenes that training draws from, and those held out."""
        return (
            SceneSet(self.training_scenes, self.training_questions, TRAINING_SEED, self.long_answers),
            SceneSet(self.held_out_scenes, self.held_out_questions, HELD_OUT_SEED, self.long_answers),
        )


class StudyTask(LanguageTask):
    """Questions about cached scenes; the base is read by the package's own decoder, with attention by groups.

    Raises:
        ValueError: the base is none that this decoder computes, or has fewer layers than are to be kept.
    """

    def __init__(self, config: StudyStage):
        llm, tokenizer, revision = load_base_for_serving(config.model.language.base)
        if not isinstance(llm, LlamaForServing):
            raise ValueError(
                f"{config.model.language.base} is not a plain Llama: the study's bench reads no other base"
            )
        check_revision(config.model, revision)
        _cut(llm, config.layers)
        llm.to(fast_precision(config.device, config.precision))
        torch.manual_seed(config.seed)
        model = make_language_model(config.model, llm, tokenizer, seed=config.seed, tie_break=config.tie_break)
        encoder = build_model(config.model, ("encoder",)).encoder
        super().__init__(replace(config, init=None), model, encoder)
        self.config = config
        if config.init:
            load_matching({"objects": model.objects}, config.init)
        else:
            _draw_alike(model.objects, config)
        self.identity = {"base LLM": revision}
        world = replace(LANGUAGE_RANGE, known=config.model.encoder.kinds)
        folders = (Path(config.scenes) / name for name in ("training", "held_out"))
        self.training, self.held_out = (
            cached_scenes(folder, made, world, model.objects) for folder, made in zip(folders, config.sets())
        )
        self.identity["scenes"] = self.training.checksum

    def make_batch(self, seed: int) -> LanguageBatch:
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(self.training), self.config.batch_size, replace=False).tolist()
        asked = []
        for row in rows:
            questions = self.training.questions[row]
            asked.append([questions[i] for i in rng.permutation(len(questions))[: self.config.pairs]])
        return self.batch(self.training, rows, asked)

    def batch(self, scenes: CachedScenes, rows: list[int], asked: list[list[Question]]) -> LanguageBatch:
        """Questions about some of the cached scenes as a batch."""
        objects, slot, known = scenes.rows(rows)
        return LanguageBatch([[self.text(q) for q in about] for about in asked], None, None, objects, slot, known)

    def text(self, question: Question) -> Text:
        """A question and its answer, before which the model points."""
        encode, special = self.model.encode, self.model.grammar.special
        pointed = cast("tuple[int, int]", question.pointed)
        answer = [special[PICK], special[PLACE], *encode(" " + question.answer), special[DONE]]
        return Text(encode(question_prompt(question.text)), answer, None, [(0, 1)], [pointed], question.kind)

    def run(self, packed: Packed) -> tuple[torch.Tensor, torch.Tensor]:
        """Last hidden and penultimate states (B, T, W), float32."""
        llm = self.model.llm
        with self.mixed(), packed.places.visible_to(moe_layers(llm).values()):
            inputs = packed.inputs.to(llm.dtype)
            states = read_grouped(llm.get_decoder(), inputs, packed.positions, groups_of(packed.segment, llm.dtype))
        return states[0].float(), states[1].float()


def _draw_alike(objects: ObjectTokens, config: StudyStage) -> None:
    """Give the relation encoder weights that are the same for all variants and seeds, since they share its tokens."""
    model, width = config.model, objects.projection.out_features
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = ObjectTokens(width, model.object_width, model.object_heads, model.object_layers, model.encoder.kinds)
    objects.load_state_dict(drawn.state_dict())


def _cut(llm: LlamaForServing, layers: int | None) -> None:
    """Keep the first layers of a decoder."""
    _, blocks = decoder_layers(llm)
    if layers is None:
        return
    if not 2 <= layers <= len(blocks):
        raise ValueError(f"layers must lie between 2 and the base's {len(blocks)} layers, got {layers}")
    del blocks[layers:]

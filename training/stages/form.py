"""Training of the heads that hear what sort of sentence is said, behind the frozen LLM that serves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.language.form_head import FormHead, asked_states, question_states
from moe3d_ros.model.llm_weights import FLOAT32
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.plan import normalised
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from training.data.form_texts import form_text
from training.data.question_texts import question_texts
from training.engine.precision import fast_precision
from training.engine.state import StateError
from training.stages.described import describe
from training.stages.language import LANGUAGE_RANGE
from training.stages.settings import FormStage

ALIKE = 12  # sentences of like length that are read at once, so that little is padding
States = tuple[torch.Tensor, torch.Tensor]


@dataclass
class FormBatch:
    """Groups of sentences that are read at once, the scene of each group, and the number of each sentence's class (B,).

    Attributes:
        scenes: None for sentences without one.
        number: of the batch where batches come again, so that its states are kept; -1 else.
    """

    texts: list[list[str]]
    label: torch.Tensor
    scenes: list[ObjectSet | None] = field(default_factory=list)
    number: int = -1


class FormTask:
    """Cross entropy of the classes; every sentence is seen once, or ``batches`` are seen again and again."""

    def __init__(self, config: FormStage):
        self.config = config
        planner = Planner.from_pretrained(config.init or "", config.device, llm_weights=FLOAT32)
        language = planner.model.language
        if language is None:
            raise ValueError(f"{config.init} has no LLM that the head could read")
        self.language, self.kinds = language, planner.config.encoder.kinds
        self.dtype = fast_precision(config.device, config.precision)
        self.language.llm.to(self.dtype)
        self.identity = {"base LLM": planner.config.language.revision}
        torch.manual_seed(config.seed)
        self.head = FormHead(config.head(), self.language.width)
        if config.go_on:
            self._go_on(getattr(planner.model, config.part))
        self.drawn: dict[int, FormBatch] = {}
        self.kept: dict[int, list[States]] = {}

    def _go_on(self, head: FormHead | None) -> None:
        """Start from a checkpoint's head. Raises StateError where it has none of these sizes."""
        wanted = self.head.config
        if head is None or replace(head.config, threshold=wanted.threshold, heard_only=wanted.heard_only) != wanted:
            raise StateError(f"{self.config.init} has no head for {self.config.part} of these sizes to go on from")
        self.head.load_state_dict(head.state_dict())

    def module(self) -> torch.nn.Module:
        return self.head

    def make_batch(self, seed: int) -> FormBatch:
        if not self.config.batches:
            return self._drawn(np.random.default_rng(seed))
        number = seed % self.config.batches
        if number not in self.drawn:
            batch = self._drawn(np.random.default_rng((self.config.seed, number)))
            self.drawn[number] = replace(batch, number=number)
        return self.drawn[number]

    def _drawn(self, rng: np.random.Generator) -> FormBatch:
        return self._about_scenes(rng) if self.config.part == "questions" else self._alone(rng)

    def _alone(self, rng: np.random.Generator) -> FormBatch:
        """Instructions without a scene, those of like length together."""
        drawn, labels = zip(*(form_text(rng) for _ in range(self.config.batch_size)))
        texts = [normalised(text) for text in drawn]  # as an instruction is when it comes in
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        parts = [order[start : start + ALIKE] for start in range(0, len(order), ALIKE)]
        groups = [[texts[number] for number in part] for part in parts]
        return FormBatch(groups, torch.tensor(labels)[order], [None] * len(groups))

    def _about_scenes(self, rng: np.random.Generator) -> FormBatch:
        """Questions, ALIKE about each described scene."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        number = -(-self.config.batch_size // ALIKE)
        scenes = sample_scenes(number, replace(LANGUAGE_RANGE, known=self.kinds), generator)
        objects, _ = describe(scenes, generator, kinds=self.kinds)
        asked = [question_texts(scenes.scene(row)[0], rng, ALIKE) for row in range(number)]
        label = torch.tensor([label for group in asked for _, label in group])
        return FormBatch(
            [[text for text, _ in group] for group in asked], label, [objects.row(r) for r in range(number)]
        )

    def loss(self, batch: FormBatch) -> tuple[torch.Tensor, dict[str, float]]:
        heard = [(states, self._heard(mask)) for states, mask in self._states(batch)]
        logits, label = torch.cat([self.head(*states) for states in heard]), batch.label
        right = (logits.argmax(-1) == label).float()
        figures = {
            "right": float(right.mean()),
            "doable": float(((logits.argmax(-1) == 0) == (label == 0)).float().mean()),
        }
        return F.cross_entropy(logits, label), figures

    def _heard(self, mask: torch.Tensor) -> torch.Tensor:
        """The mask (B, T) without some tokens of each sentence, so that no single word decides; up to twice ``unheard`` of them."""
        if not self.config.unheard:
            return mask
        share = 2 * self.config.unheard * torch.rand(len(mask), 1)
        left = mask & (torch.rand(mask.shape) >= share)
        return torch.where(left.any(1, keepdim=True), left, mask)

    def _states(self, batch: FormBatch) -> list[States]:
        """States of each group; those of a batch that comes again are kept, in half precision."""
        kept = self.kept.get(batch.number)
        if kept is None:
            kept = [self._read(texts, scene) for texts, scene in zip(batch.texts, batch.scenes)]
            if batch.number < 0:
                return kept
            kept = self.kept[batch.number] = [(states.half(), mask) for states, mask in kept]
        return [(states.float(), mask) for states, mask in kept]

    def _read(self, texts: list[str], scene: ObjectSet | None) -> States:
        with torch.autocast(self.config.device.split(":")[0], self.dtype, enabled=self.dtype != torch.float32):
            if scene is None:
                return asked_states(self.language, texts, self.config.layer)
            return question_states(self.language, scene, texts, self.config.layer)

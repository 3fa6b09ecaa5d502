"""Training of the head that hears an instruction's form: sentences without a scene, behind the frozen LLM that serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.language.form_head import FormHead, asked_states
from moe3d_ros.planner import Planner
from training.data.form_texts import CLASSES, form_text
from training.stages.settings import FormStage

ALIKE = 12  # sentences of like length that are read at once, so that little is padding


@dataclass
class FormBatch:
    """Sentences, and the number of each one's class (B,)."""

    texts: list[str]
    label: torch.Tensor


class FormTask:
    """Cross entropy of the forms; every sentence is seen once."""

    def __init__(self, config: FormStage):
        self.config = config
        planner = Planner.from_pretrained(config.init or "", config.device)
        language = planner.model.language
        if language is None:
            raise ValueError(f"{config.init} has no LLM that the head could read")
        self.language = language
        self.identity = {"base LLM": planner.config.language.revision}
        torch.manual_seed(config.seed)
        self.head = FormHead(config.head(), self.language.width)
        if config.head().classes != CLASSES:
            raise ValueError(f"sentences are drawn of {CLASSES}, the head knows {config.head().classes}")

    def module(self) -> torch.nn.Module:
        return self.head

    def make_batch(self, seed: int) -> FormBatch:
        rng = np.random.default_rng(seed)
        texts, labels = zip(*(form_text(rng) for _ in range(self.config.batch_size)))
        return FormBatch(list(texts), torch.tensor(labels))

    def loss(self, batch: FormBatch) -> tuple[torch.Tensor, dict[str, float]]:
        order = sorted(range(len(batch.texts)), key=lambda number: len(batch.texts[number]))
        parts = [order[start : start + ALIKE] for start in range(0, len(order), ALIKE)]
        logits = torch.cat([self._logits([batch.texts[number] for number in part]) for part in parts])
        label = batch.label[order]
        right = (logits.argmax(-1) == label).float()
        figures = {
            "right": float(right.mean()),
            "doable": float(((logits.argmax(-1) == 0) == (label == 0)).float().mean()),
        }
        return F.cross_entropy(logits, label), figures

    def _logits(self, texts: list[str]) -> torch.Tensor:
        return self.head(*asked_states(self.language, texts, self.config.layer))

"""Held-out questions of the study: loss of every answer, and whether greedy decoding would give it.

Greedy decoding gives an answer exactly if the likeliest token is right at each of its places, given the right ones before. So
the answers are read at once, not written: but behind the objects that the model itself points at, not behind those it should.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.language.packing import Packed, instruction_states, pack, pointer_states
from moe3d_ros.tabletop.questions.questions import Question
from training.evaluation.metrics.prior import Prior
from training.stages.language import LanguageBatch
from training.studies.cached_scenes import CachedScenes
from training.studies.study_task import StudyTask

SCENES_AT_ONCE = 6
PRIOR_SCENES = 1000  # of training, whose answers the blind guess knows


@dataclass(frozen=True)
class Answers:
    """Judged answers to Q questions in the order of the scenes.

    Attributes:
        losses: (Q,) negative log likelihood of each answer, in nats, behind the objects that are meant.
        right: (Q,) bool, behind the objects that were given.
    """

    losses: np.ndarray
    right: np.ndarray


def scene_numbers(scenes: CachedScenes) -> list[int]:
    """Scene of every question, in the order of :class:`Answers`."""
    return [number for number, asked in enumerate(scenes.questions) for _ in asked]


@torch.no_grad()
def answers_given_pointers(task: StudyTask) -> Answers:
    """Held-out answers behind the objects that the questions and answers are about: one pass, for the curve of a run."""
    parts = [_judge(task, batch) for batch in _batches(task)]
    return Answers(*(np.concatenate(values) for values in zip(*parts)))


@torch.no_grad()
def greedy_right(task: StudyTask) -> np.ndarray:
    """Questions (Q,) bool whose answer is exactly what greedy decoding gives, behind the model's own pointers."""
    right = []
    for batch in _batches(task):
        texts = [text for behind in batch.texts for text in behind]
        for text in texts:
            text.pointers = [(-1, -1)]
        for which in (0, 1):  # the second pointer is decided behind the object of the first
            for text, slot in zip(texts, _pointed(task, batch, which)):
                first, second = text.pointers[0]
                text.pointers = [(slot, second) if which == 0 else (first, slot)]
        right.append(_judge(task, batch)[1])
    return np.concatenate(right)


def blind_right(task: StudyTask) -> float:
    """EM of the most frequent answer to each wording of a question, without a look at the scene."""
    known, asked = (
        [(q.text, q.answer, q.kind) for about in questions for q in about]
        for questions in (task.training.questions[:PRIOR_SCENES], task.held_out.questions)
    )
    return Prior(known, by_wording=True).accuracy(asked)["all"]


def _batches(task: StudyTask):
    """The held-out questions, a few scenes at a time."""
    questions: list[list[Question]] = task.held_out.questions
    rows = [row for row, asked in enumerate(questions) if asked]
    for start in range(0, len(rows), SCENES_AT_ONCE):
        some = rows[start : start + SCENES_AT_ONCE]
        yield task.batch(task.held_out, some, [questions[row] for row in some])


def _read(task: StudyTask, batch: LanguageBatch) -> tuple[Packed, torch.Tensor, torch.Tensor]:
    assert batch.objects is not None
    assert batch.slot is not None
    assert batch.known is not None
    packed = pack(task.model, batch.known[1], batch.objects, batch.slot, batch.texts)
    return (packed, *task.run(packed))


def _judge(task: StudyTask, batch: LanguageBatch) -> tuple[np.ndarray, np.ndarray]:
    """Loss of each answer and whether every likeliest token is right (texts,) each."""
    packed, hidden, _ = _read(task, batch)
    logits = task.model.logits(hidden[packed.free_at[:, 0], packed.free_at[:, 1]])
    each = F.cross_entropy(logits, packed.free_token, reduction="none")
    losses = each.new_zeros(len(packed.kinds)).index_add(0, packed.free_text, each)
    wrong = packed.free_text[logits.argmax(-1) != packed.free_token]
    right = torch.ones(len(packed.kinds), dtype=torch.bool).index_fill(0, wrong, False)
    return losses.numpy(), right.numpy()


def _pointed(task: StudyTask, batch: LanguageBatch, which: int) -> list[int]:
    """Slot that the model points at in each text, -1 for none."""
    packed, _, penultimate = _read(task, batch)
    assert batch.objects is not None
    assert batch.slot is not None
    assert batch.known is not None
    row, words = packed.step_row, instruction_states(penultimate, packed.step_row, packed.prompt_span)
    features, mask = batch.known[0][row], batch.objects.mask[row]
    logits = task.model.pointer(pointer_states(penultimate, packed, which), *words, features, mask)[:, which]
    slots = F.pad(batch.slot, (0, 1), value=-1)  # the last choice is none
    return slots[row, logits.argmax(-1)].tolist()

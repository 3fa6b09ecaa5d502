"""Questions with what their answers are made of: what the answer reasoner learns, drawn from scenes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from moe3d_ros.model.reasoning.answerer import (
    ABSENT,
    COLOR,
    COLORS,
    NAMES,
    NUMBER,
    PLACE,
    SAID,
    SIZE,
    THING,
    WORDS,
    WRITTEN,
)
from moe3d_ros.plan import normalised
from moe3d_ros.tabletop.questions.everyday_questions import EVERYDAY_QUESTIONS
from moe3d_ros.tabletop.questions.questions import Question, draw_question
from moe3d_ros.tabletop.questions.unanswerable import absent_question
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.words.forms import decorated
from moe3d_ros.world.vocabulary import number_said

# Share of each type of question: those that take the most comparing are asked the most.
WEIGHTS = {
    "count": 0.16,
    "existence": 0.06,
    "color": 0.12,
    "size": 0.04,
    "contents": 0.1,
    "side": 0.07,
    "neighbour": 0.07,
    "comparison": 0.13,
    "more": 0.07,
    "stacking": 0.2,
    "check": 0.16,
    "list": 0.05,
    "caption": 0.02,
    "description": 0.02,
}
ABSENT_SHARE = 0.12
ANYTHING_SHARE = 0.15  # of questions about scenes of movable things alone count things of any kind
ANY_THINGS = ("objects", "things", "items", "objects", "things")
_AS_TRAINED = 0.6  # share of the questions that stay as they are drawn: no courtesy, capitals, slips of the keyboard
_LEADS_INTO = re.compile(r"\b(in|on|of|to|than|from|at|under|below|beside|near|by|with)\s+$")  # a phrase within another


@dataclass(frozen=True)
class Answered:
    """A question and what its answer is made of.

    Attributes:
        text: as it is heard. sort: of `answerer.SORTS`.
        among: slots of the things that the answer is made of; None where that says nothing.
        named: slots of the things to look at.
        span: first character of the answer among the words of the question, and the one behind it.
    """

    text: str
    sort: str
    among: tuple[int, ...] | None = None
    named: tuple[int, ...] = ()
    span: tuple[int, int] | None = None


def answered(scene: Scene, rng: np.random.Generator) -> Answered | None:
    """A question about a scene in trained wordings, or about a thing that is not there; None if the scene offers none."""
    if rng.random() < ABSENT_SHARE:
        without = absent_question(scene, rng, EVERYDAY_QUESTIONS)
        return None if without is None else Answered(_as_typed(without.text, rng), ABSENT)
    if rng.random() < ANYTHING_SHARE and all(thing.traits.piled for thing in scene.objects):
        return _anything(scene, rng)
    question = draw_question(scene, rng, weights=WEIGHTS, wordings=EVERYDAY_QUESTIONS)
    return None if question is None else of_question(question, rng)


def _anything(scene: Scene, rng: np.random.Generator) -> Answered:
    """A question for the number of things of any kind, where nobody could say that something is none; of a colour now and then."""
    color = str(rng.choice([thing.color for thing in scene.objects])) if rng.random() < 0.4 else ""
    words = f"{color} {rng.choice(ANY_THINGS)}".strip()
    counted = tuple(slot for slot, thing in enumerate(scene.objects) if color in ("", thing.color))
    wordings = EVERYDAY_QUESTIONS["count"]
    text = wordings[int(rng.integers(len(wordings)))].format(w=words)
    return Answered(_as_typed(text, rng), NUMBER, counted)


def of_question(question: Question, rng: np.random.Generator) -> Answered | None:
    """A drawn question as one to learn from; None where its words hide the answer that stands among them."""
    sort, among = made_of(question)
    named = tuple(slot for slot in question.pointed if slot is not None)
    text = _as_typed(question.text, rng)
    if sort != WORDS:
        return Answered(text, sort, among, named)
    span = span_of(question.answer, text)
    return None if span is None else Answered(text, sort, among, named, span)


def made_of(question: Question) -> tuple[str, tuple[int, ...] | None]:
    """Sort of a question's answer, and the things that it is made of."""
    answer, kind, (first, second) = question.answer, question.kind, question.pointed
    if kind in ("caption", "description"):
        return WRITTEN, None
    if kind == "list":
        return NAMES if " " in answer.split(", ")[0] else COLORS, question.among
    if answer in SAID:
        return answer, None
    if number_said(answer) is not None:
        return NUMBER, question.among
    if kind in ("color", "size"):
        return {"color": COLOR, "size": SIZE}[kind], _alone(first)
    if kind in ("comparison", "more"):
        return WORDS, None
    place = answer.startswith(("in ", "on "))
    return PLACE if place else THING, _alone(second)


def _alone(slot: int | None) -> tuple[int, ...]:
    return () if slot is None else (slot,)


def span_of(answer: str, text: str) -> tuple[int, int] | None:
    """Characters of a phrase among the words of a question, where it stands for itself and not within another phrase."""
    places = [found.span() for found in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE)]
    alone = [span for span in places if not _LEADS_INTO.search(text[: span[0]].lower())]
    return next(iter(alone or places), None)


def _as_typed(text: str, rng: np.random.Generator) -> str:
    """A question as somebody may type it, in the form in which it is heard."""
    if rng.random() >= _AS_TRAINED:
        text = decorated(text[0].upper() + text[1:] if rng.random() < 0.4 else text, rng)
    return normalised(text)

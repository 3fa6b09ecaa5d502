"""The answer reasoner: what sort of answer a short question has, which things it is made of, or which of the question's own words.

It compares things and words as the object reasoner does, on the LLM's states of the question, and decides four things: the sort of
the answer, such as "yes", a number or a thing; of every thing by itself whether the answer is made of it (those that are counted,
the one that is asked for); and where among the words of the question the answer stands ("which is bigger, the red block or ...").
What is longer the LLM writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from moe3d_ros.model.config import AnswerConfig
from moe3d_ros.model.language.grammar import likely_phrase, thing_name
from moe3d_ros.model.perception.layers import MASKED
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.naming import names_of
from moe3d_ros.model.reasoning.elements import EXTRA, facts_of
from moe3d_ros.model.reasoning.reading import Heard, Reader, heard
from moe3d_ros.model.reasoning.reasoner import Reasoner
from moe3d_ros.world.vocabulary import PLAIN_KINDS, number_word

# Sorts of answers that are said as they are called, and those that are made of things or words, or are none.
SAID = ("yes", "no", "nothing", "the table", "on the table", "left", "right", "nearer", "farther")
NUMBER, THING, PLACE, COLOR, SIZE, NAMES, COLORS = "number", "thing", "place", "color", "size", "names", "colors"
OF_ONE = (THING, PLACE, COLOR, SIZE)  # made of one thing
OF_SEVERAL = (NUMBER, NAMES, COLORS)  # made of as many as there are
WORDS, WRITTEN, ABSENT = "words", "written", "absent"
SORTS = (*SAID, *OF_ONE, *OF_SEVERAL, WORDS, WRITTEN, ABSENT)
LONGEST = 16  # tokens of an answer that stands in the question
ALIKE = 16  # questions that are read at once


@dataclass
class Scores:
    """Logits of B answers: sort (B, SORTS), things (B, n) of which they are made, things (B, n) that the question names.

    ``first`` and ``last`` (B, T): of the words between which the answer stands in the question.
    """

    sort: torch.Tensor
    among: torch.Tensor
    named: torch.Tensor
    first: torch.Tensor
    last: torch.Tensor


class Answerer(nn.Module):
    """See the module's docstring.

    Args:
        llm_width: width of the LLM's states. kinds: classes of things that the encoder knows.
    """

    def __init__(self, config: AnswerConfig, llm_width: int, kinds: int = PLAIN_KINDS):
        super().__init__()
        self.config = config
        self.reasoner = Reasoner(config.elements(), llm_width, kinds)
        self.sort = nn.Linear(config.width, len(SORTS))
        self.things = nn.Linear(config.width, 2)
        self.ends = nn.Linear(config.width, 2 * config.width)
        self.words = nn.Linear(config.width, config.width)

    def forward(self, objects: ObjectSet, facts: torch.Tensor, asked: Heard) -> Scores:
        """Scores of the answers; arguments as in :meth:`Reasoner.prepared`."""
        given = self.reasoner.prepared(objects, facts, asked)
        after = self.reasoner.states(given)
        decided = after[:, -1]  # the last element is no thing and no area
        things = self.things(after[:, :-EXTRA]).masked_fill(~objects.mask[..., None], MASKED)
        words = self.words(given.text)[asked.of]
        ends = self.ends(decided).unflatten(-1, (2, -1)) * words.shape[-1] ** -0.5
        where = (ends @ words.mT).masked_fill(~asked.mask[asked.of][:, None], MASKED)
        return Scores(self.sort(decided), things[..., 0], things[..., 1], where[:, 0], where[:, 1])


@dataclass(frozen=True)
class Reply:
    """Answer to a question.

    Attributes:
        sort: one of SORTS. text: what is said; empty where the LLM is to write it, or the question has no answer.
        absent: probability that what the question names is not there.
        things: columns of the objects that the answer is made of.
    """

    sort: str
    text: str
    absent: float
    things: tuple[int, ...] = ()


class Answering:
    """The answer reasoner with the LLM that reads for it."""

    def __init__(self, answerer: Answerer, reader: Reader):
        self.answerer, self.reader = answerer, reader

    @torch.no_grad()
    def replies(self, objects: ObjectSet, questions: Sequence[str]) -> list[Reply]:
        """Replies to questions about one scene (the first row counts), each as if it were asked alone."""
        scene = objects.row(0)
        facts = facts_of(self.reader.language.objects, scene)
        found: list[Reply] = []
        for start in range(0, len(questions), ALIKE):
            part = questions[start : start + ALIKE]
            read = self.reader.questions(part)
            asked = heard(read, [self.reader.completed(())] * len(part))
            scores = self.answerer(scene.repeated(len(part)), facts.expand(len(part), -1, -1), asked)
            found += [self._reply(scene, question, scores, row) for row, question in enumerate(part)]
        return found

    def _reply(self, scene: ObjectSet, question: str, scores: Scores, row: int) -> Reply:
        chances, among = scores.sort[row].softmax(-1), scores.among[row]
        absent = float(chances[SORTS.index(ABSENT)])
        if absent >= self.answerer.config.absent:
            return Reply(ABSENT, "", absent)
        sort = SORTS[int(chances[: SORTS.index(ABSENT)].argmax())]
        things: tuple[int, ...] = ()
        if sort in OF_ONE:
            things = (int(among.argmax()),)
        elif sort in OF_SEVERAL:
            things = tuple(torch.nonzero(among > 0).flatten().tolist())  # from left to right, as the objects are
        text = self._phrase(question, scores, row) if sort == WORDS else said(sort, scene, things)
        return Reply(sort if text else WRITTEN, text, absent, things)

    def _phrase(self, question: str, scores: Scores, row: int) -> str:
        """The likeliest span of the question."""
        ids = self.reader.question_ids(question)
        first, last = (each[row, : len(ids)].log_softmax(-1) for each in (scores.first, scores.last))
        both = first[:, None] + last[None]
        allowed = torch.ones_like(both, dtype=torch.bool).triu().tril(LONGEST - 1)
        start, end = divmod(int(both.masked_fill(~allowed, MASKED).argmax()), len(ids))
        return self.reader.language.tokenizer.decode(ids[start : end + 1]).strip(" ,?.\n")


def said(sort: str, scene: ObjectSet, things: Sequence[int]) -> str:
    """The words of an answer; empty for what is not said by a sort and things.

    Args:
        scene: of one scene. things: columns of its objects.
    """
    if sort in SAID:
        return sort
    if sort == NUMBER:
        return number_word(len(things))
    called = [names_of(scene, column) for column in things]
    names = [thing_name(*thing) for thing in called]
    if sort == NAMES:
        return ", ".join(names)
    if sort == COLORS:
        return ", ".join(color for _, color, _ in called)
    if sort not in OF_ONE:
        return ""
    (thing,) = called
    _, color, size = thing
    return {COLOR: color, SIZE: size, THING: f"the {names[0]}", PLACE: likely_phrase(1, *thing)}[sort]

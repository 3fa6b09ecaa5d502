"""The prior baseline: how many questions are answered right without a look at the scene."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from moe3d_ros.tabletop.words.question_wordings import PLURALS
from moe3d_ros.tabletop.words.wordings import KIND_WORDS, SIZE_WORDS
from moe3d_ros.world.vocabulary import COLOR_NAMES
from training.evaluation.metrics.answers import exact_match

Question = tuple[str, str, str]  # question, answer, type
_OPTIONS = re.compile(r", (.+) or (.+?)\?$")
_NAMES = {
    *COLOR_NAMES,
    *(w for words in (*KIND_WORDS.values(), *PLURALS.values(), *SIZE_WORDS.values()) for w in words),
}


class Prior:
    """The most frequent answer of each type, learnt on other scenes; "the one named first" counts as an answer.

    Args:
        questions: to learn from.
        by_wording: also tell questions of one type apart by their words, without colours, sizes and kinds: whoever knows
            that "left or right?" was asked does better than one who only knows that it is about sides.
    """

    def __init__(self, questions: Sequence[Question], by_wording: bool = False):
        self.by_wording = by_wording
        seen: dict[tuple, Counter] = defaultdict(Counter)
        for question, answer, kind in questions:
            for key in self._keys(question, kind):
                seen[key][_general(question, answer)] += 1
        self.best = {key: answers.most_common(1)[0][0] for key, answers in seen.items() if answers.total() >= 5}

    def _keys(self, question: str, kind: str) -> list[tuple]:
        frame = " ".join(word for word in question.rstrip("?").split() if word.strip(",") not in _NAMES)
        return [(kind, frame), (kind,)] if self.by_wording else [(kind,)]

    def answer(self, question: str, kind: str) -> str:
        """The guess; empty for a type that was never seen."""
        guess = next((self.best[key] for key in self._keys(question, kind) if key in self.best), "")
        options = _OPTIONS.search(question)
        return options[guess] if isinstance(guess, int) and options else str(guess)

    def accuracy(self, questions: Sequence[Question]) -> dict[str, float]:
        """EM of the guesses by type, and under ``all``."""
        right = defaultdict(list)
        for question, answer, kind in questions:
            hit = exact_match(self.answer(question, kind), [answer])
            right[kind].append(hit)
            right["all"].append(hit)
        return {kind: sum(hits) / len(hits) for kind, hits in right.items()}


def _general(question: str, answer: str) -> str | int:
    """The answer, or which of the two that an either-or question names it is (1, 2)."""
    options = _OPTIONS.search(question)
    named = options.groups() if options else ()
    return named.index(answer) + 1 if answer in named else answer

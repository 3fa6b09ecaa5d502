"""A speaker: draws phrases of one kind of wording, trained or held out, and makes verbs and articles agree."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from moe3d_ros.tabletop.composed_words import held_out_phrases, trained_phrases
from moe3d_ros.tabletop.words.wordings import AREA_WORDS, KIND_WORDS, SIZE_WORDS
from moe3d_ros.world.vocabulary import KIND

_VERBS = {  # of one, of several
    "are": ("is", "are"),
    "lie": ("lies", "lie"),
    "come": ("comes", "come"),
    "have": ("has", "have"),
    "show": ("shows", "show"),
    "go": ("goes", "go"),
    "do": ("does", "do"),
    "belong": ("belongs", "belong"),
    "need": ("needs", "need"),
    "end": ("ends", "end"),
}
_ARTICLE = re.compile(r"\b([Aa]) (?=(?:even|odd|orange|ill|other)\b)")
_MANY_WORDS = {name: kind.plurals for name, kind in KIND.items() if kind.plurals}


class Named(NamedTuple):
    """Words for what is moved, and if verbs and pronouns take them for several things."""

    text: str
    several: bool
    bare: str = ""  # without article, where that is said

    @property
    def pronouns(self) -> dict[str, str]:
        """It or them, its or their, and the verbs that agree."""
        return {"it": "them", "its": "their"} if self.several else {"it": "it", "its": "its"}


class Speaker:
    """Draws phrases; equal generators say equal things.

    Args:
        held_out: draw only phrases that training never uses.
    """

    def __init__(self, rng: np.random.Generator, held_out: bool = False) -> None:
        source = held_out_phrases if held_out else trained_phrases
        self._rng = rng
        self.held_out = held_out
        self._phrases = source.NOUNS | source.PLACES | source.SENTENCES
        self._areas = source.AREAS

    def chance(self, share: float) -> bool:
        """Tell if something happens that does in ``share`` of the cases."""
        return bool(self._rng.random() < share)

    def pattern(self, *constructs: str) -> str:
        """A phrase of one of the constructs with its slots open; each phrase is as likely as any other."""
        return self.choice(sum((self._phrases[name] for name in constructs), ()))

    def choice(self, phrases: tuple[str, ...]) -> str:
        """One of the phrases."""
        return phrases[int(self._rng.integers(len(phrases)))]

    def area(self, name: str) -> str:
        """Words for an area of the table, without article."""
        return self.choice(self._areas[name] if self.held_out else (*AREA_WORDS[name], *self._areas[name]))

    def size(self, name: str) -> str:
        """A word for a size."""
        return self.choice(SIZE_WORDS[name])

    def kind(self, name: str) -> tuple[str, str]:
        """Words for one thing of a kind and for several."""
        return self.choice(KIND_WORDS[name]), self.choice(_MANY_WORDS[name])


def agreeing(several: bool) -> dict[str, str]:
    """The verbs' forms for one thing or for several, by slot."""
    return {slot: forms[several] for slot, forms in _VERBS.items()}


def listed(words: tuple[str, ...], last: str = "and") -> str:
    """The words as a list: ``red, blue and green``."""
    return f" {last} ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def tidied(text: str) -> str:
    """The text with single blanks, no blank or doubled comma before a stop, and ``an`` before a vowel."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,.:;!?])", r"\1", text)
    text = re.sub(r",(?=[,.:;!?])", "", text)
    return _ARTICLE.sub(r"\1n ", text).strip(" ,")

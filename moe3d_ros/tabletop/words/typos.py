"""Slips of the keyboard in an instruction: letters swapped, left out or doubled within a word."""

from __future__ import annotations

import re

import numpy as np

LEAST_LETTERS = 4  # a slip in a shorter word may make another word of it
_WORD = re.compile(rf"[A-Za-z]{{{LEAST_LETTERS},}}")


def with_typos(text: str, rng: np.random.Generator, number: int = 1) -> str:
    """The text with ``number`` words of at least four letters mistyped; a word keeps its first and its last letter."""
    words = list(_WORD.finditer(text))
    count = min(number, len(words))
    chosen = [int(i) for i in rng.choice(len(words), count, replace=False)] if words else []
    for index in sorted(chosen, reverse=True):
        found = words[index]
        text = text[: found.start()] + _mistyped(found.group(), rng) + text[found.end() :]
    return text


def _mistyped(word: str, rng) -> str:
    at = int(rng.integers(1, len(word) - 1))  # never the first or the last letter
    swaps = [i for i in range(1, len(word) - 2) if word[i] != word[i + 1]]
    what = str(rng.choice(("swap", "swap", "drop", "double")))
    if what == "swap" and swaps:
        at = int(rng.choice(swaps))
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if what == "drop" else word[:at] + word[at] + word[at:]

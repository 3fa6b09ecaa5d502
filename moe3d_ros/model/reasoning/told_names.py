"""Names that the reasoner is told: words of an instruction and phrases of completed steps that stand for objects of the scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from moe3d_ros.model.reasoning.reading import PHRASES, REMEMBERED

Columns = tuple[int, ...]


class Mention(NamedTuple):
    """A span of an instruction that stands for some objects alone: its first character, the one behind it, their columns."""

    start: int
    end: int
    columns: Columns


@dataclass(frozen=True)
class Told:
    """Names of one decision.

    Attributes:
        mentions: in the instruction.
        completed: of each completed step the objects that it picked and those that they went to, as far as they are told.
    """

    mentions: tuple[Mention, ...] = ()
    completed: tuple[tuple[Columns, Columns], ...] = ()

    def after(self, moves: Sequence[tuple[int, int | None]]) -> Told:
        """The same when moves of one object to another, or to no object, were made as well."""
        made = tuple(((pick,), () if place is None else (place,)) for pick, place in moves)
        return replace(self, completed=(*self.completed, *made))


def mentioned_words(
    told: Sequence[Told | None],
    texts: Sequence[str],
    tokens_of: Callable[[str, int, int], range],
    count: int,
    length: int,
) -> torch.Tensor | None:
    """Objects that words stand for alone (B, count, length + PHRASES) bool, as `Heard.mentioned`; None where none is told.

    Args:
        told: of B decisions. texts: of their instructions.
        tokens_of: called with an instruction and the ends of a span, gives the places of its tokens.
        count: of the columns of objects. length: most tokens of an instruction.
    """
    if all(one is None for one in told):
        return None
    found = torch.zeros(len(told), count, length + PHRASES, dtype=torch.bool)
    for row, (one, text) in enumerate(zip(told, texts)):
        if one is None:
            continue
        for mention in one.mentions:
            for token in tokens_of(text, mention.start, mention.end):
                found[row, list(mention.columns), token] = True
        phrases = [columns for step in reversed(one.completed[-REMEMBERED:]) for columns in step]
        for number, columns in enumerate(phrases):
            found[row, list(columns), length + number] = True
    return found

"""Names of what is seen, and those in steps held against it: kind, colour and size of the object that a phrase stands for."""

from __future__ import annotations

from typing import NamedTuple

import torch

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.world.vocabulary import BLOCK_EDGES, COLOR_NAMES, KIND, KINDS, SIZE_NAMES

SURE = 0.5  # probability of a colour or a kind from which the encoder says what it is
UNLIKELY = 0.1  # of that: another name that is less likely than this does not fit


class Named(NamedTuple):
    """A thing as a phrase of a plan names it."""

    color: str
    kind: str

    def __str__(self) -> str:
        return f"{self.color} {self.kind}"


def named_thing(phrase: str) -> Named | None:
    """The thing that ``small red block`` or ``in the green bowl`` names; None for other places, such as an area."""
    words = phrase.split()
    if words[:2] in (["in", "the"], ["on", "the"]):
        words = words[2:]
    if words[:1] and words[0] in SIZE_NAMES:
        words = words[1:]
    if len(words) == 2 and words[0] in COLOR_NAMES and words[1] in KIND:
        return Named(*words)
    return None


def may_be(objects: ObjectSet, column: int, named: Named) -> bool:
    """False where the encoder is sure that an object of the first scene has another colour, or is of another kind.

    Args:
        column: of the object; as many as there are for none, which is no thing that can be named.
    """
    if column >= int(objects.mask[0].sum()):
        return False
    color = _fits(objects.color[0, column].tolist(), COLOR_NAMES.index(named.color))
    return color and (KIND[named.kind].generic or _fits(objects.kind[0, column].tolist(), KINDS.index(named.kind)))


def _fits(chances: list[float], index: int) -> bool:
    most = max(chances)
    return most <= SURE or (index < len(chances) and chances[index] >= UNLIKELY * most)


def seen_as(objects: ObjectSet, column: int) -> Named:
    """Likeliest colour and kind of an object of the first scene."""
    return Named(COLOR_NAMES[int(objects.color[0, column].argmax())], KINDS[int(objects.kind[0, column].argmax())])


def names_of(objects: ObjectSet, column: int) -> tuple[str, str, str]:
    """Predicted kind, colour and size (as if it were a block) of an object of the first scene."""
    seen = seen_as(objects, column)
    size = int((torch.tensor(BLOCK_EDGES) / 2 - objects.half[0, column].mean().cpu()).abs().argmin())
    return seen.kind, seen.color, SIZE_NAMES[size]

"""The grammar of plan text as a token trie: generation is constrained to it, so a plan always parses.

    plan := ( " pick the" <pick> " TARGET, place it" <place> " DESTINATION" <step> )* <done>  |  <cannot>

A destination beside a thing ("left of the green bowl", "between the red bowl and the blue zone") is written only where the
choice of a step says so: it has a trie of its own.

<pick> and <place> carry the object that the pointer chose there: the model points first and then says what it means.
They are not part of a step's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.kinds import TABLE, Kind
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, PLAIN_KINDS, SIZE_NAMES, kinds_that

SPECIAL = ("<step>", "<done>", "<cannot>", "<pick>", "<place>")
STEP, DONE, CANNOT, PICK, PLACE = range(5)
_LINE = re.compile(r"pick the (?P<target>[^,]+), place it (?P<destination>.+)")


def _names(kind: Kind) -> tuple[str, ...]:
    """All things of a kind as plans call them: ``small red block``, ``green bowl``."""
    sizes = [f"{size} " for size in SIZE_NAMES] if kind.sized else [""]
    return tuple(f"{size}{color} {kind.name}" for size in sizes for color in COLOR_NAMES)


def targets(known: int = PLAIN_KINDS) -> tuple[str, ...]:
    """Names of things that a model trained on the first ``known`` kinds may pick: ``big red block``."""
    return tuple(name for index in kinds_that(lambda kind: kind.movable, known) for name in _names(TABLE[index]))


def destinations(known: int = PLAIN_KINDS) -> tuple[str, ...]:
    """Destinations of a model trained on the first ``known`` kinds: ``in the red bowl``, ``on the left side``."""
    found = [TABLE[index] for index in kinds_that(lambda kind: kind.destination, known)]
    found.sort(key=lambda kind: (kind.sixd, kind.sized))
    plain, sixd = ([kind for kind in found if kind.sixd == which] for which in (False, True))
    phrases = [[f"{kind.preposition} the {name}" for kind in group for name in _names(kind)] for group in (plain, sixd)]
    return (*phrases[0], *(f"on the {area}" for area in AREAS), *phrases[1])


def references(known: int = PLAIN_KINDS) -> tuple[str, ...]:
    """Names of things that a model trained on the first ``known`` kinds may place something beside: ``red bowl``."""
    return tuple(name for index in kinds_that(lambda kind: kind.destination, known) for name in _names(TABLE[index]))


TARGETS, DESTINATIONS = targets(), destinations()  # of a model that knows plain scenes only


def parse_step(text: str) -> tuple[str, str]:
    """A line of plan text -> target, destination with its preposition. Raises ValueError for anything else."""
    found = _LINE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"not a step of a plan: {text!r}")
    return found["target"], found["destination"]


def likely_phrase(which: int, kind: str, color: str, size: str) -> str:
    """Most likely phrase for a thing as target (``which`` 0) or destination (1); the model may choose another one."""
    thing = thing_name(kind, color, size)
    return f"{thing}," if which == 0 else f"{KIND[kind].preposition} the {thing}"


def thing_name(kind: str, color: str, size: str) -> str:
    """Name of a thing in a plan: ``small red block``, ``green bowl``."""
    return f"{size} {color} {kind}" if KIND[kind].sized else f"{color} {kind}"


@dataclass
class Node:
    """A place in the trie; ``children`` maps a token to the next place."""

    children: dict[int, Node] = field(default_factory=dict)


class PlanGrammar:
    """Token-level automaton of plan text for one tokenizer.

    Args:
        encode: text -> token ids without special tokens.
        vocabulary: number of the LLM's own tokens; the special tokens of SPECIAL follow them.
        known: number of kinds that the model knows, the first of the table.

    Attributes:
        root: where a plan begins. after_place: behind <place>. beside: in the place of that, for what goes beside a thing.
    """

    def __init__(self, encode: Callable[[str], list[int]], vocabulary: int, known: int = PLAIN_KINDS):
        self.encode = encode
        self.special = tuple(vocabulary + i for i in range(len(SPECIAL)))
        self.root, after_pick, after_target, after_step, end = (Node() for _ in range(5))
        self.after_place, self.beside = Node(), Node()
        self._insert(self.root, self._pick(), after_pick)
        for target in targets(known):
            self._insert(after_pick, encode(f" {target},"), after_target)
        self._insert(after_target, self._place(), self.after_place)
        for destination in destinations(known):
            self._insert(self.after_place, [*encode(f" {destination}"), self.special[STEP]], after_step)
        first, last = Node(), Node()  # of two things, and the last or only one
        for name in references(known):
            self._insert(first, encode(f" {name} and the"), last)
            self._insert(last, [*encode(f" {name}"), self.special[STEP]], after_step)
        for side in SIDES:
            self._insert(self.beside, encode(f" {side} the"), first if side == BETWEEN else last)
        after_step.children = {**self.root.children, self.special[DONE]: end}
        self.root.children = {**self.root.children, self.special[DONE]: end, self.special[CANNOT]: end}
        self.end = end

    def _pick(self) -> list[int]:
        return [*self.encode(" pick the"), self.special[PICK]]

    def _place(self) -> list[int]:
        return [*self.encode(" place it"), self.special[PLACE]]

    @staticmethod
    def _insert(node: Node, tokens: list[int], last: Node) -> None:
        for token in tokens[:-1]:
            node = node.children.setdefault(token, Node())
        node.children[tokens[-1]] = last

    def tokens(self, steps: list[str], cannot: bool = False) -> list[int]:
        """Token ids of a whole plan. Raises ValueError for a text that is no step."""
        if cannot:
            return [self.special[CANNOT]]
        ids = []
        for step in steps:
            target, destination = parse_step(step)
            ids += self._pick() + self.encode(f" {target},") + self._place()
            ids += [*self.encode(f" {destination}"), self.special[STEP]]
        return [*ids, self.special[DONE]]

    def spans(self, tokens: list[int]) -> list[tuple[int, int]]:
        """First and last token of each step of a plan, the last being <step>."""
        ends = [place for place, token in enumerate(tokens) if token == self.special[STEP]]
        return list(zip([0] + [end + 1 for end in ends[:-1]], ends))

    def walk(self, tokens: list[int]) -> list[list[int]]:
        """Allowed tokens at each place of a plan, the right one among them. Raises KeyError outside the grammar."""
        node, allowed = self.root, []
        for place, token in enumerate(tokens):
            if node is self.after_place and not self._leads_on(tokens[place:]):
                node = self.beside
            allowed.append(list(node.children))
            node = node.children[token]
        return allowed

    def _leads_on(self, tokens: list[int]) -> bool:
        """Tell if the destination that begins with ``tokens`` is one that is written without being told to."""
        node = self.after_place
        for token in tokens[: tokens.index(self.special[STEP]) + 1]:
            if token not in node.children:
                return False
            node = node.children[token]
        return True

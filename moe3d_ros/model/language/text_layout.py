"""Layout of texts behind the prefix of their scene: which token stands where, and what is judged at which place; no tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from moe3d_ros.model.language.grammar import CANNOT, DONE, PICK, STEP

UNKNOWN = -2  # a slot: which one is not known
NOTHING = (-1,)  # the slots that are right to pick where the plan ends
Span = tuple[int, int]  # first and last place


@dataclass
class Text:
    """One text behind a scene: a prompt and the answer to be learnt.

    Attributes:
        prompt, answer: token ids.
        allowed: for a plan, the tokens that the grammar allows at each place of the answer; None for free text.
        steps: for each step of a plan, its tokens in the answer as (first, last), the last being <step>; of an answer, the
            places of its <pick> and <place>.
        pointers: for each step, the slots of the scene's objects that are picked and placed on, or that the question and
            the answer are about (-1: none, -2: unknown).
        right: for each step, all slots that would have been as right to pick, and to place on; where it is empty, only
            those of ``pointers`` are.
        kind: for the figures.
    """

    prompt: list[int]
    answer: list[int]
    allowed: list[list[int]] | None = None
    steps: list[tuple[int, int]] = field(default_factory=list)
    pointers: list[tuple[int, int]] = field(default_factory=list)
    kind: str = "plan"
    right: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)


@dataclass
class Row:
    """One scene's prefix, whose embeddings are filled in later, and all texts behind it."""

    prefix: int
    ids: list[int]
    segments: list[int]  # 0 for the prefix, then the number of the text
    positions: list[int]  # counted from the end of the prefix for each text


@dataclass(frozen=True)
class Choice:
    """A place whose output decides between the tokens that the grammar allows, the right one first."""

    at: tuple[int, int]  # row, place
    allowed: list[int]
    text: int


@dataclass(frozen=True)
class FreeToken:
    """A place whose output is a token of a free text."""

    at: tuple[int, int]
    token: int
    text: int


@dataclass(frozen=True)
class StepPlaces:
    """Places of a step, or of an answer's pointers, and the slots that its pointers mean."""

    row: int
    span: Span
    pointer: tuple[int, int]
    right: list[tuple[int, ...]]  # to pick and to place on, the pointed ones first
    text: int
    prompt: Span
    markers: list[int]  # places of <pick> and <place>


@dataclass(frozen=True)
class EndChoice:
    """A choice between one more step and an end of the plan, and the slots that are right to pick next."""

    choice: int  # number among the choices
    row: int
    place: int
    prompt: Span
    right: tuple[int, ...]


class Layout:
    """Rows of a packed batch, filled scene by scene.

    Args:
        special: token ids by the grammar's numbers (PICK, PLACE, STEP, DONE, CANNOT).
    """

    def __init__(self, special: Sequence[int]):
        self.special = special
        self.rows: list[Row] = []
        self.kinds: list[str] = []  # of every text
        self.choices: list[Choice] = []
        self.free: list[FreeToken] = []
        self.steps: list[StepPlaces] = []
        self.ends: list[EndChoice] = []

    def add(self, prefix: int, texts: Sequence[Text]) -> None:
        """One more scene with the texts behind its prefix of that many tokens."""
        row = Row(prefix, [0] * prefix, [0] * prefix, list(range(prefix)))
        self.rows.append(row)
        for number, text in enumerate(texts, start=1):
            start = len(row.ids)
            whole = text.prompt + text.answer
            inputs = whole if text.steps else whole[:-1]  # a last <step> must be read, to have a state
            row.ids += inputs
            row.segments += [number] * len(inputs)
            row.positions += range(prefix, prefix + len(inputs))
            first = start + len(text.prompt)
            if text.allowed is None:
                self._free(text, first)
            else:
                self._choices(text, text.allowed, first, (start, first - 1))
            self._steps(text, first, (start, first - 1))
            self.kinds.append(text.kind)

    def _free(self, text: Text, first: int) -> None:
        markers = self.special[PICK:]
        for offset, token in enumerate(text.answer):
            if token not in markers:  # they are given: the grammar makes the model point
                self.free.append(FreeToken((len(self.rows) - 1, first + offset - 1), token, len(self.kinds)))

    def _choices(self, text: Text, choices: list[list[int]], first: int, prompt: Span) -> None:
        row, over, right = len(self.rows) - 1, {self.special[DONE], self.special[CANNOT]}, _right_slots(text)
        for offset, (token, allowed) in enumerate(zip(text.answer, choices)):
            if len(allowed) < 2:
                continue
            place = first + offset - 1
            if not over.isdisjoint(allowed):
                step = text.answer[:offset].count(self.special[STEP])
                wanted = NOTHING if token in over else right[step][0]
                self.ends.append(EndChoice(len(self.choices), row, place, prompt, wanted))
            self.choices.append(Choice((row, place), [token, *(t for t in allowed if t != token)], len(self.kinds)))

    def _steps(self, text: Text, first: int, prompt: Span) -> None:
        for (a, b), pointer, right in zip(text.steps, text.pointers, _right_slots(text)):
            markers = [first + text.answer.index(marker, a) for marker in self.special[PICK:]]
            span = (first + a, first + b)
            row = len(self.rows) - 1
            self.steps.append(StepPlaces(row, span, pointer, right, len(self.kinds), prompt, markers))


def _right_slots(text: Text) -> list[list[tuple[int, ...]]]:
    """For each step the slots that are right to pick and to place on, the pointed ones first."""
    others = text.right or [((), ())] * len(text.pointers)
    return [[(first, *more) for first, more in zip(pointer, right)] for pointer, right in zip(text.pointers, others)]

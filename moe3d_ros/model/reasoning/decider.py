"""Decisions of the reasoner: a step, done, or cannot, for any number of scenes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.layers import MASKED
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.elements import AREA_COUNT, facts_of
from moe3d_ros.model.reasoning.reading import Reader, heard
from moe3d_ros.model.reasoning.reasoner import MISSING_COLORS, MISSING_KINDS, Reasoner
from moe3d_ros.model.reasoning.told_names import Told, mentioned_words
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, kinds_that

ALIKE = 16  # instructions that are read at once
TOGETHER = 64  # decisions that are made at once
NO_SUCH_WORK = "other work"  # the reason of ReasonerConfig for what asks for other than can be planned


@dataclass(frozen=True)
class Choice:
    """Choice of the reasoner: a step, or an end.

    Attributes:
        end: ``step``, or ``done`` or ``cannot``.
        probability: of the end, or of the step: of its pick and of its place together.
        pick: object that is picked. place: object where it goes. area: area of the table where it goes instead.
        reason: why it cannot be done, one of the configuration's. missing: colour and kind of what is named and not there,
            either empty where that is not it.
        side: of `world.sides`, if it goes to the table beside ``place``, or between that and ``second``; else empty.
    """

    end: str
    probability: float
    pick: int | None = None
    place: int | None = None
    area: str | None = None
    reason: str = ""
    missing: tuple[str, str] = ("", "")
    side: str = ""
    second: int | None = None


class Decider:
    """The reasoner with the LLM that reads for it.

    Args:
        known: number of kinds of things that plans know.
        sides: whether steps may end beside things; else what asks for it cannot be done.
    """

    def __init__(self, reasoner: Reasoner, reader: Reader, known: int, sides: bool = True):
        self.reasoner, self.reader, self.sides = reasoner, reader, sides
        device = reader.mean.device
        self._movable, self._bearing = (torch.zeros(known, dtype=torch.bool, device=device) for _ in range(2))
        self._movable[list(kinds_that(lambda kind: kind.movable, known))] = True
        self._bearing[list(kinds_that(lambda kind: kind.destination, known))] = True
        self._read: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def choose(
        self,
        objects: ObjectSet,
        asked: Sequence[tuple[str, Sequence[str]]],
        told: Sequence[Told | None] | None = None,
    ) -> list[Choice]:
        """Choose what to do in each of B scenes.

        Args:
            objects: of the scenes. asked: of each scene the instruction, and the texts of the steps that are done.
            told: of each scene the words that stand for some objects alone; None where there are none.
        """
        told = told or [None] * len(asked)
        self._listen([instruction for instruction, _ in asked])
        found = []
        for start in range(0, len(asked), TOGETHER):
            span = slice(start, start + TOGETHER)
            found += self._choices(objects.span(span), asked[span], told[span])
        return found

    def said(self, instruction: str) -> torch.Tensor:
        """States of what is said in an instruction alone (T, W), as other heads read them; it is read once for all of them."""
        self._listen([instruction])
        states, _ = self._read[instruction]
        return states[: self.reader.tokens_of(instruction, 0, len(instruction)).stop]

    def _listen(self, instructions: Sequence[str]) -> None:
        """Read what has not been read; of what was read, only what is asked now is kept."""
        known = {text: self._read[text] for text in dict.fromkeys(instructions) if text in self._read}
        new = sorted({text for text in instructions if text not in known}, key=len)
        for start in range(0, len(new), ALIKE):
            part = new[start : start + ALIKE]
            known |= zip(part, self.reader.instructions(part))
        self._read = known

    @torch.no_grad()
    def _choices(
        self, objects: ObjectSet, asked: Sequence[tuple[str, Sequence[str]]], told: Sequence[Told | None]
    ) -> list[Choice]:
        said = heard([self._read[text] for text, _ in asked], [self.reader.completed(done) for _, done in asked])
        kind = objects.kind.argmax(-1)
        count = kind.shape[1]
        texts, length = [text for text, _ in asked], said.states.shape[1]
        said.mentioned = mentioned_words(told, texts, self.reader.tokens_of, count, length)
        given = self.reasoner.prepared(objects, facts_of(self.reader.language.objects, objects), said)
        pick, why = self.reasoner.pick_logits(given)
        pick = torch.cat([pick[:, :count].masked_fill(~self._movable[kind], MASKED), pick[:, count:]], dim=1)
        best = pick[:, :count].argmax(1)
        place = self.reasoner.place_logits(given, best)
        bearing = torch.cat([self._bearing[kind], self._bearing.new_ones(len(kind), AREA_COUNT)], dim=1)
        place = place.masked_fill(~F.pad(bearing, (0, len(SIDES) * count), value=True), MASKED)
        chances, sure = place.softmax(-1), pick.sigmoid()
        return [
            self._choice(sure[row], int(best[row]), chances[row], why[row], begun=bool(done))
            for row, (_, done) in enumerate(asked)
        ]

    def _choice(self, sure: torch.Tensor, best: int, chances: torch.Tensor, why: torch.Tensor, begun: bool) -> Choice:
        count, config = len(sure) - 1, self.reasoner.config
        right, cannot, certain = float(sure[best]), float(sure[-1]), config.certain
        # One of several orders may be impossible, and the first one clear.
        doubted = not begun and cannot > config.cannot
        if right < certain or cannot > right or doubted:
            if cannot < certain and not doubted:  # done is that there is nothing to move and nothing against it
                return Choice("done", 1 - max(right, cannot))
            return Choice("cannot", cannot, **self._why(why))
        where = int(chances.argmax())
        probability, besides = right * float(chances[where]), where - count - AREA_COUNT
        if besides < 0:
            area = AREAS[where - count] if where >= count else None
            return Choice("step", probability, best, where if area is None else None, area)
        side, thing = SIDES[besides // count], besides % count
        if not self.sides or (side == BETWEEN and count < 3):
            return Choice("cannot", probability, reason=NO_SUCH_WORK)
        if side != BETWEEN:
            return Choice("step", probability, best, thing, side=side)
        either = chances[-count:]  # it is said of two things
        first, second = either.topk(2).indices.tolist()
        return Choice("step", min(right * float(either.sum()), 1.0), best, first, side=side, second=second)

    def _why(self, logits: torch.Tensor) -> dict:
        reasons = self.reasoner.config.reasons
        reason, color, kind = (
            int(part.argmax()) for part in logits.split([len(reasons), MISSING_COLORS, MISSING_KINDS])
        )
        return {"reason": reasons[reason], "missing": ((*COLOR_NAMES, "")[color], (*KINDS, "")[kind])}

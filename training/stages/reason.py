"""Training of the object reasoner on symbolic decisions: millions of moments, without a cloud and without running the LLM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.checkpoint import load_checkpoint
from moe3d_ros.model.llm_weights import FLOAT32
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.elements import AREA_COUNT, attribute_words, facts_of
from moe3d_ros.model.reasoning.reading import Heard, Reader, heard
from moe3d_ros.model.reasoning.reasoner import MISSING, MISSING_COLORS, MISSING_KINDS, Reasoner
from moe3d_ros.planner import Planner, checkpoint_folder
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS
from training.data.decisions import Moment, Played, Recipe
from training.data.instruction_states import InstructionStates, reader_checksum
from training.data.visited import Visited
from training.engine.precision import fast_precision
from training.engine.state import load_matching
from training.stages.described import columns_of, describe, random_errors
from training.stages.settings import ReasonStage

IGNORED = -100
WHY_WEIGHT = 0.3  # of the reasons of what cannot be done
SURE = 30.0  # log odds at most, so that one decision cannot outweigh all others


@dataclass
class DecisionBatch:
    """Decisions of B moments; what the instruction is, is said once for all moments of a play-through.

    Attributes:
        objects: n of each scene. facts: what the relation encoder says of them. heard: what was said.
        right: (B, n + 1) bool, whether it is right to move each object now, and behind them that the task cannot be done.
        picked: (B,) one of the right picks. place: (B, n + areas + sides * n) bool, where it may
            go. step: (B,) bool, whether there is one.
        why: (B, 3) number of the reason, and of colour and kind of what is missing, IGNORED where it can be done.
    """

    objects: ObjectSet
    facts: torch.Tensor
    heard: Heard
    right: torch.Tensor
    picked: torch.Tensor
    place: torch.Tensor
    step: torch.Tensor
    why: torch.Tensor


def _place_columns(move: Move, column: dict[int, int], count: int) -> list[int]:
    """Columns of the place logits that a move's place is right in: two of "between", else one."""
    if move.place is None:
        return [count + AREAS.index(move.area or "")]
    if not move.side:
        return [column[move.place]]
    first = count + AREA_COUNT + SIDES.index(move.side) * count
    return [first + column[thing] for thing in (move.place, move.second) if thing is not None]


def place_loss(place: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (B,) of places: any of the right ones will do, but of the two things that something goes between, both count.

    Args:
        place: (B, n + areas + sides * n) logits. right: the same in bool.
    """
    chances = place.log_softmax(-1)
    any_of_them = -chances.masked_fill(~right, -1e9).logsumexp(-1)
    count = (place.shape[1] - AREA_COUNT) // (1 + len(SIDES))
    between = count * SIDES.index(BETWEEN) + count + AREA_COUNT
    pair = (right.sum(1) == 2) & (right[:, between : between + count].sum(1) == 2)
    both = -(chances.masked_fill(~right, 0).sum(-1) / 2) - math.log(2)  # 0 where each has a half
    return torch.where(pair, both, any_of_them)


def _of_all(pick: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (B,) of a softmax over all picks (B, n + 1) and an end whose logit is 0, which is right where none of them is."""
    everything = F.pad(pick, (0, 1))
    wanted = torch.cat([right, ~right.any(1, keepdim=True)], dim=1)
    return everything.logsumexp(1) - everything.masked_fill(~wanted, -torch.inf).logsumexp(1)


class ReasonTask:
    """Every object by itself: is it right to move it now; and of one that is, where may it go."""

    def __init__(self, config: ReasonStage):
        self.config = config
        folder = checkpoint_folder(config.init or "")
        planner = Planner.from_pretrained(str(folder), config.device, llm_weights=FLOAT32)
        _, tensors = load_checkpoint(folder)
        self.identity = {"base LLM": planner.config.language.revision}
        self.kinds = planner.config.encoder.kinds
        sizes = config.sizes()
        self.dtype = fast_precision(config.device, config.precision)
        self.reader = Reader(planner.model.language, sizes.layer)
        planner.model.language.llm.to(self.dtype)  # it only reads
        width, words = planner.model.language.width, len(attribute_words())
        checksum = reader_checksum(tensors, planner.config.language.revision, sizes.layer)
        self.states = InstructionStates(Path(config.states) / checksum[:16], checksum, width, words)
        self.visited = [Visited(Path(file)) for file in config.seen_before()]
        self.recipes = self._read()
        torch.manual_seed(config.seed)
        self.reasoner = Reasoner(sizes, width, self.kinds)
        load_matching({"reasoner": self.reasoner}, config.start or "", self.identity)

    def module(self) -> torch.nn.Module:
        return self.reasoner

    def _read(self) -> list[tuple[Recipe, ...]]:
        """Recipes of each source, every instruction of which has been read."""
        groups, texts = [], []
        for source, (number, _) in self.config.drawn().items():
            drawn = [Recipe(source, self.config.first_instruction + seed) for seed in range(number)]
            said = [recipe.instruction() for recipe in drawn]
            groups.append(tuple(recipe for recipe, text in zip(drawn, said) if text is not None))
            texts += [text for text in said if text is not None]
        for visited in self.visited:
            texts += visited.texts()
        self.states.add(texts, self.reader)
        self.states.open()
        return groups

    def _played(self, recipe: Recipe, layout: int) -> Played | None:
        """One of a few tries that finds room, of different layouts."""
        for attempt in range(4):
            played = recipe.play(1000 * attempt + layout)
            if played is not None:
                return played
        return None

    def make_batch(self, seed: int) -> DecisionBatch:
        rng = np.random.default_rng(seed)
        shares = np.array([*(share for _, share in self.config.drawn().values()), *self.config.seen_before().values()])
        chosen: list[tuple[Played, Moment]] = []
        while len(chosen) < self.config.batch_size:
            played = self._drawn(int(rng.choice(len(shares), p=shares / shares.sum())), rng)
            for one in played:
                order = rng.permutation(len(one.moments))[: self.config.per_instruction]
                chosen += [(one, one.moments[number]) for number in order]
        return self.collated(chosen[: self.config.batch_size], rng)

    def _drawn(self, which: int, rng: np.random.Generator) -> list[Played]:
        """A play-through of a source, or as many visited moments; none where there was no room, or words that were not read."""
        if which >= len(self.recipes):
            visited = self.visited[which - len(self.recipes)]
            return [visited[int(number)] for number in rng.integers(len(visited), size=self.config.per_instruction)]
        group = self.recipes[which]
        played = self._played(group[int(rng.integers(len(group)))], int(rng.integers(1 << 30)))
        return [] if played is None or played.instruction not in self.states else [played]

    def collated(self, chosen: Sequence[tuple[Played, Moment]], rng, errors: float = 1.0) -> DecisionBatch:
        """Moments of play-throughs as the reasoner reads them, seen with the encoder's errors."""
        said, moments = [played.instruction for played, _ in chosen], [moment for _, moment in chosen]
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        objects, slots = describe(
            batch_scenes([moment.scene for moment in moments]),
            generator,
            self.kinds,
            errors * random_errors(rng),
        )
        texts = {text: self.states[text] for text in dict.fromkeys(said)}
        words = heard([texts[text] for text in said], [self.reader.completed(moment.history) for moment in moments])
        batch, count = slots.shape
        right, place = (
            torch.zeros(batch, count + 1, dtype=torch.bool),
            torch.zeros(batch, count + AREA_COUNT + len(SIDES) * count, dtype=torch.bool),
        )
        picked, step = torch.zeros(batch, dtype=torch.long), torch.zeros(batch, dtype=torch.bool)
        why = torch.full((batch, 3), IGNORED)
        for row, (played, moment) in enumerate(chosen):
            right[row, -1] = bool(played.reason)
            if played.reason:
                color, kind = played.missing
                why[row] = torch.tensor(
                    [
                        self.reasoner.config.reasons.index(played.reason),
                        (*COLOR_NAMES, "").index(color),
                        (*KINDS, "").index(kind),
                    ]
                )
            column = columns_of(slots[row])
            moves = [
                (column[move.pick], where)
                for move in moment.right
                if {move.pick, move.place, move.second} - {None} <= column.keys()
                for where in _place_columns(move, column, count)
            ]
            if not moves:
                continue
            picks = sorted({pick for pick, _ in moves})
            right[row, picks] = True
            picked[row], step[row] = picks[int(rng.integers(len(picks)))], True
            place[row, [where for pick, where in moves if pick == picked[row]]] = True
        facts = facts_of(self.reader.language.objects, objects)
        return DecisionBatch(objects, facts, self._dropped(words, rng), right, picked, place, step, why)

    def _dropped(self, words: Heard, rng) -> Heard:
        """Words that were not heard, and others that were heard without being recognised: so that no single one decides."""
        share = self.config.word_dropout
        if share:
            draw = torch.from_numpy(rng.random(words.mask.shape))
            words.mask &= draw > share
            words.matches = words.matches * (draw > 2 * share)[..., None]
        return words

    def loss(self, batch: DecisionBatch) -> tuple[torch.Tensor, dict[str, float]]:
        if self.reasoner.training and self.config.state_noise:
            scale = batch.heard.states.std()
            batch.heard.states = batch.heard.states + self.config.state_noise * scale * torch.randn_like(
                batch.heard.states
            )
        with torch.autocast(self.config.device.split(":")[0], self.dtype, enabled=self.dtype != torch.float32):
            found = self.reasoner(batch.objects, batch.facts, batch.heard, batch.picked)
        place, pick, why = (value.float() for value in found)
        there = F.pad(batch.objects.mask, (0, 1), value=True)
        if self.config.softmax:
            loss = _of_all(pick, batch.right).mean()
        else:
            each = F.binary_cross_entropy_with_logits(pick.clamp(-SURE, SURE), batch.right.float(), reduction="none")
            loss = (each * there).sum(1).mean()
        where = place_loss(place, batch.place)
        loss = loss + (where * batch.step).sum() / len(where)
        parts = why.split([why.shape[1] - MISSING, MISSING_COLORS, MISSING_KINDS], dim=1)
        told = [
            F.cross_entropy(part, batch.why[:, i], ignore_index=IGNORED, reduction="sum")
            for i, part in enumerate(parts)
        ]
        loss = loss + WHY_WEIGHT * sum(told) / len(where)
        exact = (((pick > 0) == batch.right) | ~there).all(1)
        best = pick[:, :-1].argmax(1, keepdim=True)
        first = torch.where((pick[:, :-1].amax(1) > 0), batch.right.gather(1, best)[:, 0], ~batch.step)
        to = batch.place.gather(1, place.argmax(1, keepdim=True))[:, 0][batch.step]
        figures = {"exact": exact.float().mean(), "pick": first.float().mean(), "place": to.float().mean()}
        return loss, {name: float(value) for name, value in figures.items()}

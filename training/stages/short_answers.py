"""Training of the answer reasoner: questions about described scenes, read by the frozen LLM as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.llm_weights import FLOAT32
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.answerer import SORTS, Answerer
from moe3d_ros.model.reasoning.elements import facts_of
from moe3d_ros.model.reasoning.reading import Heard, Reader, heard
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from training.data.answer_texts import Answered, answered
from training.engine.precision import fast_precision
from training.engine.state import load_matching
from training.stages.described import columns_of, describe, random_errors
from training.stages.language import LANGUAGE_RANGE
from training.stages.settings import AnswerStage

IGNORED = -100
TRIES = 3  # of a question about a scene, for each that is wanted
ALIKE = 32  # questions of like length that are read at once
NAMED_WEIGHT = 0.2  # of the things that the question names, which no answer needs
FULL_RANGE = replace(LANGUAGE_RANGE, blocks=(1, 7), bowls=(0, 4), zones=(0, 3))
MOVABLE_RANGE = replace(LANGUAGE_RANGE, blocks=(0, 4), bowls=(0, 0), zones=(0, 0), objects=(0, 6))
MOVABLE_SHARE = 0.2  # of the batches are about scenes of movable things alone


@dataclass
class AnswerBatch:
    """B questions about scenes of n objects.

    Attributes:
        objects: of each. facts: what the relation encoder says of them. asked: what was read.
        sort: (B,) number of the sort of the answer, IGNORED where what it needs is not seen.
        among: (B, n) bool, things that it is made of. made: (B,) bool, where that is known.
        named: (B, n) bool, things that the question names.
        span: (B, 2) first and last token of an answer that stands in the question, or IGNORED.
    """

    objects: ObjectSet
    facts: torch.Tensor
    asked: Heard
    sort: torch.Tensor
    among: torch.Tensor
    made: torch.Tensor
    named: torch.Tensor
    span: torch.Tensor


class AnswerTask:
    """Cross entropy of sorts and spans, and of every thing by itself whether the answer is made of it."""

    def __init__(self, config: AnswerStage):
        self.config = config
        planner = Planner.from_pretrained(config.init or "", config.device, llm_weights=FLOAT32)
        self.identity = {"base LLM": planner.config.language.revision}
        self.kinds = planner.config.encoder.kinds
        sizes = config.sizes()
        language = planner.model.language
        self.reader = Reader(language, sizes.layer)
        torch.manual_seed(config.seed)
        self.answerer = Answerer(sizes, language.width, self.kinds)
        decides = planner.model.reasoner
        if config.start:
            load_matching({"answers": self.answerer}, config.start, self.identity)
        elif decides is not None and replace(decides.config, certain=sizes.elements().certain) == sizes.elements():
            self.answerer.reasoner.load_state_dict(decides.state_dict())
        self.answerer.requires_grad_(True)
        self.dtype = fast_precision(config.device, config.precision)
        language.llm.to(self.dtype)  # it only reads

    def module(self) -> torch.nn.Module:
        return self.answerer

    def make_batch(self, seed: int) -> AnswerBatch:
        rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        number = -(-self.config.batch_size // self.config.per_scene)
        scenes = self._scenes(number, rng, generator)
        chosen: list[tuple[Scene, Answered]] = []
        for scene in scenes:
            drawn = (answered(scene, rng) for _ in range(TRIES * self.config.per_scene))
            about = [one for one in drawn if one is not None][: self.config.per_scene]
            chosen += [(scene, one) for one in about]
        return self.collated(chosen[: self.config.batch_size], rng)

    def _scenes(self, number: int, rng: np.random.Generator, generator: torch.Generator) -> list[Scene]:
        """Scenes with something in them; in some colours come again and again, in some things lie on each other."""
        wanted = replace(
            MOVABLE_RANGE if rng.random() < MOVABLE_SHARE else FULL_RANGE,
            known=self.kinds if rng.random() < 0.3 else FULL_RANGE.known,
            stacked=0.6,
            towers=0.25 * float(rng.random() < 0.5),
            few_colors=float(rng.random() < 0.3),
        )
        drawn = sample_scenes(number, wanted, generator)
        scenes = [drawn.scene(row)[0] for row in range(number)]
        return [scene for scene in scenes if scene.objects]

    def collated(self, chosen: list[tuple[Scene, Answered]], rng: np.random.Generator) -> AnswerBatch:
        """Questions about scenes as the reasoner reads them."""
        order = sorted(range(len(chosen)), key=lambda number: len(chosen[number][1].text))
        chosen = [chosen[number] for number in order]  # those of like length are read at once
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        scenes = batch_scenes([scene for scene, _ in chosen])
        objects, slots = describe(scenes, generator, self.kinds, random_errors(rng))
        texts = [asked.text for _, asked in chosen]
        read = [
            one for start in range(0, len(texts), ALIKE) for one in self.reader.questions(texts[start : start + ALIKE])
        ]
        words = heard(read, [self.reader.completed(())] * len(texts))
        batch = AnswerBatch(
            objects,
            facts_of(self.reader.language.objects, objects),
            self._dropped(words, rng),
            sort=torch.full((len(chosen),), IGNORED),
            among=torch.zeros(slots.shape, dtype=torch.bool),
            made=torch.zeros(len(chosen), dtype=torch.bool),
            named=torch.zeros(slots.shape, dtype=torch.bool),
            span=torch.full((len(chosen), 2), IGNORED),
        )
        for row, (_, asked) in enumerate(chosen):
            column = columns_of(slots[row])
            if not {*(asked.among or ()), *asked.named} <= column.keys():
                continue
            batch.sort[row] = SORTS.index(asked.sort)
            batch.named[row, [column[slot] for slot in asked.named]] = True
            if asked.among is not None:
                batch.made[row] = True
                batch.among[row, [column[slot] for slot in asked.among]] = True
            if asked.span is not None:
                tokens = self.reader.question_tokens(asked.text, *asked.span)
                batch.span[row] = torch.tensor([tokens[0], tokens[-1]])
        return batch

    def _dropped(self, words: Heard, rng: np.random.Generator) -> Heard:
        """Words some of which no name is recognised in, so that no single one decides."""
        share = self.config.word_dropout
        if share:
            draw = torch.from_numpy(rng.random(words.mask.shape))
            words.matches = words.matches * (draw > share)[..., None]
        return words

    def loss(self, batch: AnswerBatch) -> tuple[torch.Tensor, dict[str, float]]:
        asked = batch.asked
        if self.answerer.training and self.config.state_noise:
            noise = torch.randn_like(asked.states)
            asked = replace(asked, states=asked.states + self.config.state_noise * asked.states.std() * noise)
        with torch.autocast(self.config.device.split(":")[0], self.dtype, enabled=self.dtype != torch.float32):
            found = self.answerer(batch.objects, batch.facts, asked)
        there, count = batch.objects.mask, len(batch.sort)
        heard_right = batch.sort != IGNORED
        loss = F.cross_entropy(found.sort.float(), batch.sort, ignore_index=IGNORED)
        for scores, wanted, counts, weight in (
            (found.among, batch.among, batch.made, 1.0),
            (found.named, batch.named, heard_right, NAMED_WEIGHT),
        ):
            each = F.binary_cross_entropy_with_logits(scores.float().clamp(min=-30), wanted.float(), reduction="none")
            loss = loss + weight * (each * (there & counts[:, None])).sum() / count
        for scores, wanted in ((found.first, batch.span[:, 0]), (found.last, batch.span[:, 1])):
            loss = loss + F.cross_entropy(scores.float(), wanted, ignore_index=IGNORED, reduction="sum") / count
        return loss, self._figures(found, batch)

    @staticmethod
    @torch.no_grad()
    def _figures(found, batch: AnswerBatch) -> dict[str, float]:
        sort = found.sort.argmax(-1) == batch.sort
        made = (((found.among > 0) == batch.among) | ~batch.objects.mask).all(1) | ~batch.made
        spans = torch.stack([found.first.argmax(-1), found.last.argmax(-1)], 1)
        words = ((spans == batch.span) | (batch.span == IGNORED)).all(1)
        asked = batch.sort != IGNORED
        figures = {"right": (sort & made & words)[asked], "sort": sort[asked], "things": made[batch.made]}
        for name in ("yes", "no", "number", "thing", "color", "words", "absent"):
            figures[name] = (sort & made & words)[batch.sort == SORTS.index(name)]
        return {name: float(value.float().mean()) for name, value in figures.items() if len(value)}

"""Stage I: align the 3D encoder's object tokens with the frozen, dense LLM.

The relation encoder learns which relations hold between objects; then the projection is set in closed form, by least
squares from object features onto the sum of the embeddings of the words that describe the object. From a random
projection the LLM stays at chance for thousands of samples; from this one it starts out reading words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.objects import RELATIONS, TASK_RELATIONS, ObjectSet
from moe3d_ros.model.policy import build_model
from moe3d_ros.tabletop.scenes.batch import SceneBatch, kind_is
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, SIZE_NAMES
from training.engine.state import load_matching
from training.stages.described import describe, relation_targets
from training.stages.settings import AlignmentStage

# Words that a relation adds to an object's token; a relation without a word is still a feature.
RELATION_WORDS = {
    "left_of_kind": " leftmost",
    "right_of_kind": " rightmost",
    "near_of_kind": " nearest",
    "far_of_kind": " farthest",
    "bigger": " bigger",
    "smaller": " smaller",
}
# Relations among things of one colour, and of piles, hold for one object in fifteen even where such scenes abound: weighed
# up, or they are never learnt.
RELATION_RANGE = replace(TRAINING_RANGE, twins=0.6, few_colors=0.4, towers=0.5)
POSITIVE_WEIGHT = 4.0
AMONG_ONE_COLOR = [i for i, name in enumerate(RELATIONS) if name.endswith("_kind_color")]
OF_TASKS = [RELATIONS.index(name) for name in TASK_RELATIONS]
OF_SIZE = [RELATIONS.index(name) for name in ("bigger", "smaller")]


@dataclass
class AlignmentBatch:
    """Scenes, their objects as the encoder would describe them, and the slot of each object (B, n), -1 for padding."""

    scenes: SceneBatch
    objects: ObjectSet
    slot: torch.Tensor


class AlignmentTask:
    """Relations by gradient descent, then the projection in closed form."""

    def __init__(self, config: AlignmentStage):
        self.config, self.kinds = config, config.model.encoder.kinds
        model = build_model(config.model, ("language",), seed=config.seed, converted=False, adapted=False)
        language = model.language
        self.objects = language.objects
        self.identity = {"base LLM": model.config.language.revision}
        load_matching({"language": language, "objects": self.objects}, config.init or "", self.identity)
        self.words = {word: language.word_embedding(word) for word in _vocabulary()}

    def module(self) -> torch.nn.Module:
        return self.objects

    def make_batch(self, seed: int) -> AlignmentBatch:
        generator = torch.Generator().manual_seed(seed)
        scenes = sample_scenes(self.config.batch_size, replace(RELATION_RANGE, known=self.kinds), generator)
        return AlignmentBatch(scenes, *describe(scenes, generator, kinds=self.kinds))

    def loss(self, batch: AlignmentBatch) -> tuple[torch.Tensor, dict[str, float]]:
        scenes, objects, slot = batch.scenes, batch.objects, batch.slot
        _, logits = self.objects.embed(objects)
        truth = relation_targets(scenes, self.kinds)
        truth = truth.gather(1, slot.clamp(min=0)[..., None].expand(-1, -1, truth.shape[-1]))
        logits, truth = logits[objects.mask], truth[objects.mask]
        loss = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=torch.tensor(POSITIVE_WEIGHT))
        found, holds = logits > 0, truth > 0.5
        recall = (found & holds).sum(0) / holds.sum(0).clamp(min=1)
        precision = (found & holds).sum() / found.sum().clamp(min=1)
        figures = {
            "loss": float(loss.detach()),
            "recall": float(recall[: len(RELATIONS)].mean()),
            "recall_color": float(recall[AMONG_ONE_COLOR].mean()),
            "recall_size": float(recall[OF_SIZE].mean()),
            "recall_task": float(recall[OF_TASKS].mean()),
            "recall_neighbour": float(recall[len(RELATIONS) :].mean()),
            "precision": float(precision),
        }
        return loss, figures

    @torch.no_grad()
    def finish(self) -> dict[str, float]:
        """Set the projection; returns the share of variance that it explains on fresh scenes."""
        seen, wanted = zip(*(self._pairs(seed) for seed in range(-48, 0)))
        inputs, targets = torch.cat(seen[:40]), torch.cat(wanted[:40])
        ones = torch.ones(len(inputs), 1)
        design = torch.cat([inputs, ones], dim=1)
        ridge = 0.1 * torch.eye(design.shape[1])
        solution = torch.linalg.solve(design.T @ design + ridge, design.T @ targets)
        self.objects.projection.weight.copy_(solution[:-1].T)
        self.objects.projection.bias.copy_(solution[-1])
        held_in, held_out = self._pairs(-100)
        error = (self.objects.projection(held_in) - held_out).var() / held_out.var()
        return {"explained": 1 - float(error)}

    def _pairs(self, seed: int):
        batch = self.make_batch(10_000_000 + seed)
        scenes, objects, slot = batch.scenes, batch.objects, batch.slot
        features, _ = self.objects.embed(objects)
        rows, columns = torch.nonzero(objects.mask, as_tuple=True)
        slots = slot[rows, columns]
        truth = relation_targets(scenes, self.kinds)[rows, slots]
        kind, color = scenes.kind[rows, slots], scenes.color[rows, slots]
        stack = lambda names: torch.stack([self.words[" " + name] for name in names])  # noqa: E731
        target = stack(COLOR_NAMES)[color] + stack(KINDS)[kind]
        size = stack(SIZE_NAMES)[scenes.big[rows, slots].long()]
        target = target + size * kind_is(kind, lambda known: known.sized)[:, None]
        for relation, word in RELATION_WORDS.items():
            target = target + truth[:, RELATIONS.index(relation), None] * self.words[word]
        return features[rows, columns], target


def _vocabulary() -> list[str]:
    return [f" {name}" for name in (*COLOR_NAMES, *KINDS, *SIZE_NAMES)] + list(RELATION_WORDS.values())

"""Stage I: align the 3D encoder's object tokens with the frozen, dense LLM.

The relation encoder learns which relations hold between objects; then the projection is set in closed form, by least
squares from object features onto the sum of the embeddings of the words that describe the object. From a random
projection the LLM stays at chance for thousands of samples; from this one it starts out reading words.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F

from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.perception.objects import RELATIONS, TASK_RELATIONS
from moe3d_ros.tabletop.scenes.batch import kind_is
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, SIZE_NAMES
from training.engine.config import StageConfig
from training.engine.state import load_matching
from training.stages.described import describe, relation_targets

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


class AlignmentTask:
    """Relations by gradient descent, then the projection in closed form."""

    def __init__(self, config: StageConfig):
        self.config = config
        llm, tokenizer, revision = load_base(config.base)
        torch.manual_seed(config.seed)
        language = SceneLanguageModel(llm, tokenizer, kinds=config.kinds)
        self.objects = language.objects
        self.identity = {"base LLM": revision}
        load_matching({"language": language, "objects": self.objects}, config.init or "", self.identity)
        self.words = {word: language.word_embedding(word) for word in _vocabulary()}

    def module(self) -> torch.nn.Module:
        return self.objects

    def make_batch(self, seed: int):
        generator = torch.Generator().manual_seed(seed)
        scenes = sample_scenes(self.config.batch_size, replace(RELATION_RANGE, known=self.config.kinds), generator)
        objects, slot = describe(scenes, generator, kinds=self.config.kinds)
        return scenes, objects, slot

    def loss(self, batch):
        scenes, objects, slot = batch
        _, logits = self.objects.embed(objects)
        truth = relation_targets(scenes, self.config.kinds)
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
        inputs, targets = zip(*(self._pairs(seed) for seed in range(-48, 0)))
        inputs, targets = torch.cat(inputs[:40]), torch.cat(targets[:40])
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
        scenes, objects, slot = self.make_batch(10_000_000 + seed)
        features, _ = self.objects.embed(objects)
        rows, columns = torch.nonzero(objects.mask, as_tuple=True)
        slots = slot[rows, columns]
        truth = relation_targets(scenes, self.config.kinds)[rows, slots]
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

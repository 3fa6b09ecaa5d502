"""Stage II: the dense LLM becomes experts and is tuned with LoRA to plan, to point and to answer questions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.experts.routing import RouterRecorder
from moe3d_ros.model.language.packing import choice_logits, end_pointer, instruction_states, pack, pointer_states
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.model.perception.encoder import SceneEncoder
from moe3d_ros.model.perception.objects import ObjectSet, from_detections
from moe3d_ros.model.perception.patches import PatchBatch, make_patches
from moe3d_ros.model.policy import build_model
from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.progress import Progress
from training.data.datasets.mixing import TextMixture
from training.data.mixture import sample_mixture
from training.data.texts import TextWriter
from training.engine.growth import teach_names
from training.engine.precision import fast_precision
from training.engine.state import load_matching, sizes_of
from training.stages.described import describe
from training.stages.detection import visible_objects
from training.stages.matching import nearest_slots, pointer_targets
from training.stages.routing import routing_loss
from training.stages.settings import LanguageStage

# Fewer things at a time than the encoder sees: comparing is what has to be learnt, not crowds.
LANGUAGE_RANGE = replace(TRAINING_RANGE, blocks=(1, 5), bowls=(0, 3), zones=(0, 2), objects=(0, 1), clutter=(0, 1))


@dataclass
class LanguageBatch:
    """Texts behind each of B scenes, and the scenes: as patches for the encoder, or described without a cloud.

    Attributes:
        scenes: None for scans of a dataset, whose texts mean no slots.
        patches: what the encoder sees; None where ``objects`` are given.
        objects, slot: described objects, and the slot of each (B, n).
        known: features and tokens of the objects, where they were computed before.
    """

    texts: list[list[Text]]
    scenes: SceneBatch | None = None
    patches: PatchBatch | None = None
    objects: ObjectSet | None = None
    slot: torch.Tensor | None = None
    known: tuple[torch.Tensor, torch.Tensor] | None = None


class LanguageTask:
    """Plans, pointers and answers for generated scenes, described or seen through the frozen encoder."""

    def __init__(
        self, config: LanguageStage, model: SceneLanguageModel | None = None, encoder: SceneEncoder | None = None
    ):
        """model, encoder: finished ones, both or neither, instead of what the configuration would build."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.config = config
        self.mixture = TextMixture(config.data, config.model) if config.data else None
        self.identity: dict[str, str] = {}
        if model is None or encoder is None:
            built = build_model(
                config.model,
                ("language", "encoder"),
                seed=config.seed,
                dtype=fast_precision(config.device, config.precision),
                tie_break=config.tie_break,
                adapted=config.adapt,
            )
            model, encoder = built.language, built.encoder
            self.identity["base LLM"] = built.config.language.revision
        self.model, self.writer = model, TextWriter(model, config.texts)
        self.encoder = encoder.eval().requires_grad_(False)
        if config.init:
            parts = {"language": self.model, "objects": self.model.objects, "encoder": self.encoder}
            load_matching(parts, config.init, self.identity)
            if config.teach_kinds and sizes_of(config.init)["kinds"] < config.model.encoder.kinds:
                teach_names(self.model)
        self.encoder.to(config.device)
        self.model.objects.neighbours.requires_grad_(False)  # only Stage I has a loss on it
        if not config.tune_objects:
            self.model.objects.requires_grad_(False)

    def module(self) -> torch.nn.Module:
        return self.model

    def rate(self, name: str) -> float:
        """Learning rate of a parameter, as a factor of the run's."""
        in_experts = name.startswith(tuple(f"{layer}." for layer in moe_layers(self.model)))
        return self.config.expert_rate if in_experts else 1.0

    def make_batch(self, seed: int) -> LanguageBatch:
        generator = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        if self.mixture and rng.random() < self.config.data_share:
            patches, texts = self.mixture.batch(self.model, self.config.batch_size, self.config.pairs, rng)
            return LanguageBatch(texts, patches=patches)
        scenes, moments = sample_mixture(
            self.config.batch_size,
            self.config.long_tasks,
            replace(LANGUAGE_RANGE, known=self.config.model.encoder.kinds),
            rng,
            generator,
            self.config.sixd,
            self.config.long_names or (),
        )
        batch, model = LanguageBatch([], scenes), self.config.model
        if rng.random() < self.config.real_scenes:
            cloud = sense(scenes, SensorRange(), generator)
            grid = model.patches, model.workspace
            batch.patches = make_patches(cloud.scene, cloud.points, cloud.colors, len(scenes), *grid)
            scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
        else:
            batch.objects, batch.slot = describe(scenes, generator, kinds=model.encoder.kinds)
        batch.texts = [self._texts(scenes, index, moment, rng) for index, moment in enumerate(moments)]
        return batch

    def _texts(self, scenes: SceneBatch, index: int, moment: Progress | None, rng) -> list[Text]:
        """Texts behind one scene: of its long task, in two wordings, and one more."""
        if moment is None:
            return self.writer.draw(*scenes.scene(index), self.config.pairs, rng)
        slots = list(range(len(moment.scene.objects)))
        long = [self.writer.long(moment, slots, rng, words) for words in moment.task.wordings]
        return [*long, *self.writer.draw(*scenes.scene(index), 1, rng)]

    def see(self, batch: LanguageBatch) -> tuple[ObjectSet, torch.Tensor]:
        """Objects of a batch, and the slot of each (B, n), -1 where it is none of the scene's."""
        if batch.objects is not None and batch.slot is not None:
            return batch.objects, batch.slot
        with torch.no_grad():
            objects = from_detections(self.encoder(batch.patches)[1])
        if batch.scenes is None:
            return objects, torch.full_like(objects.mask, -1, dtype=torch.long)
        return objects, nearest_slots(objects, batch.scenes)

    def loss(self, batch: LanguageBatch) -> tuple[torch.Tensor, dict[str, float]]:
        objects, slot = self.see(batch)
        features, tokens = batch.known or self.model.objects(objects)
        packed = pack(self.model, tokens, objects, slot, batch.texts)
        with RouterRecorder(self.model.llm) as routing:
            hidden, penultimate = self.run(packed)
        texts_in_all = max(len(packed.kinds), 1)
        device = hidden.device
        right = torch.ones(texts_in_all, dtype=torch.bool, device=device)
        wrong = torch.tensor(False, device=device)
        figures: dict[str, float] = {}
        loss = hidden.sum() * 0
        if len(packed.choice_at):
            ends = end_pointer(self.model, packed, penultimate, features, objects.mask)
            logits = choice_logits(self.model, packed, hidden, ends)
            loss = loss + self._end_loss(packed, ends, slot, figures)
            # The right token stands first.
            nll = (
                F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=device), reduction="sum")
                / texts_in_all
            )
            loss = loss + nll
            figures["plan_nll"] = float(nll.detach())
            right.index_put_((packed.choice_text[logits.argmax(-1) != 0],), wrong)
        if len(packed.free_at):
            logits = self.model.logits(hidden[packed.free_at[:, 0], packed.free_at[:, 1]])
            loss = loss + F.cross_entropy(logits, packed.free_token, reduction="sum") / texts_in_all
            right.index_put_((packed.free_text[logits.argmax(-1) != packed.free_token],), wrong)
        if len(packed.step_row):
            loss = loss + self._pointer_loss(packed, penultimate, features, objects, slot, figures)
        figures["task_loss"] = float(loss.detach())  # of words and pointers alone
        if routing.logits:
            extra, routed = routing_loss(routing, packed, self.config)
            loss, figures = loss + extra, figures | routed
        kinds = np.array(packed.kinds)
        figures |= {
            str(kind): float(right[torch.from_numpy(kinds == kind).to(device)].float().mean())
            for kind in sorted(set(kinds))
        }
        figures["loss"] = float(loss.detach())
        figures["tokens"] = float(packed.real.sum())
        figures["samples"] = float(len(packed.kinds))
        return loss, figures

    def _end_loss(self, packed, ends: torch.Tensor, slot, figures) -> torch.Tensor:
        """Pointer loss at the choices between a step and an end, where none is right if the plan ends."""
        target = pointer_targets(packed.end_right, slot[packed.end_row])
        known = target.any(-1)
        if bool(known.any()):
            none = ends[known].argmax(-1) == target.shape[1] - 1
            figures["over"] = float((none == target[known, -1]).float().mean())
        return _missed(ends[known], target[known]).sum() / known.sum().clamp(min=1)

    def run(self, packed) -> tuple[torch.Tensor, torch.Tensor]:
        """The LLM over a packed batch -> last hidden and penultimate states (B, T, W), float32."""
        with self.mixed():
            return self.model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)[:2]

    @contextlib.contextmanager
    def mixed(self) -> Iterator[None]:
        """Context in which matrices multiply in bfloat16, where that is the base's format."""
        from peft.helpers import disable_input_dtype_casting  # late: it brings transformers

        llm = self.model.llm
        in_bfloat16 = llm.dtype == torch.bfloat16
        # peft would make the input of every adapter float32, and autocast bfloat16 again: the same numbers in more time.
        with (
            disable_input_dtype_casting(llm, in_bfloat16),
            torch.autocast(self.config.device, torch.bfloat16, enabled=in_bfloat16),
        ):
            yield

    def _pointer_loss(self, packed, penultimate, features, objects, slot, figures):
        """-log of the probability that the pointer gives to all that is right at <pick> and at <place>."""
        truth = pointer_targets(packed.step_right, slot[packed.step_row])
        words = instruction_states(penultimate, packed.step_row, packed.prompt_span)
        loss: torch.Tensor | float = 0.0
        for which, name in enumerate(("pick_pointer", "place_pointer")):
            states = pointer_states(penultimate, packed, which)
            logits = self.model.pointer(states, *words, features[packed.step_row], objects.mask[packed.step_row])[
                :, which
            ]
            target = truth[:, which]
            known = target.any(-1)
            # A sum over what is known: the encoder may have missed every object that is meant.
            loss = loss + _missed(logits[known], target[known]).sum() / known.sum().clamp(min=1)
            right = target.gather(1, logits.argmax(-1, keepdim=True))[known, 0].float()
            if bool(known.any()):
                figures[name] = float(right.mean())
            for kind in ("grounded", "long", "question"):
                same = [packed.kinds[text] == kind for text in packed.step_text.tolist()]
                of_kind = torch.tensor(same, device=known.device)[known]
                if bool(of_kind.any()):
                    figures[f"{name}_{kind}"] = float(right[of_kind].mean())
        return loss


def _missed(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """-log of the probability of all that is right (S,): logits and right (S, n + 1)."""
    return -logits.log_softmax(-1).masked_fill(~right, -torch.inf).logsumexp(-1)

"""Stage II: the dense LLM becomes experts and is tuned with LoRA to plan, to point and to answer questions."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.base_llm import load_base
from moe3d_ros.model.encoder import EncoderConfig, SceneEncoder
from moe3d_ros.model.grammar import DONE
from moe3d_ros.model.language import SceneLanguageModel, question_prompt, task_prompt
from moe3d_ros.model.lora import add_lora
from moe3d_ros.model.moe import RouterRecorder, convert_to_moe
from moe3d_ros.model.objects import from_detections
from moe3d_ros.model.patches import make_patches
from moe3d_ros.tabletop.questions import random_question
from moe3d_ros.tabletop.raycast import SensorRange, sense
from moe3d_ros.tabletop.scenes import KINDS, TRAINING_RANGE, SceneBatch, sample_scenes
from moe3d_ros.tabletop.tasks import impossible_task, random_step_text, single_step_task
from training.config import StageConfig
from training.datasets.mixing import TextMixture
from training.described import describe
from training.detection import visible_objects
from training.packing import Text, instruction_states, object_index, pack, pointer_states
from training.precision import fast_precision
from training.state import load_matching

# Fewer things at a time than the encoder sees: comparing is what has to be learnt, not crowds.
LANGUAGE_RANGE = replace(TRAINING_RANGE, blocks=(1, 5), bowls=(0, 3), zones=(0, 2), objects=(0, 1), clutter=(0, 1))
# No "cannot" yet: to say that something is not there costs the plans that can be done more than a small budget gives.
SHARES = {"plain": 0.26, "grounded": 0.46, "done": 0.06, "cannot": 0.0, "question": 0.22}


def build_language_model(config: StageConfig) -> SceneLanguageModel:
    """The base LLM, converted and adapted as the configuration says."""
    llm, tokenizer, _ = load_base(config.base, dtype=fast_precision(config.device, config.precision))
    torch.manual_seed(config.seed)
    if not config.dense:
        convert_to_moe(llm, config.experts, config.top_k, config.moe_layers, config.rank, seed=config.seed,
                       shards=config.shards, shared_expert=config.shared_expert, tie_break=config.tie_break)  # fmt: skip
    if config.adapt:
        add_lora(llm, rank=config.rank, seed=config.seed)
    return SceneLanguageModel(llm, tokenizer)


@dataclass
class StepText:
    """A text of one step and the step itself with the slots of its scene's objects."""

    text: Text
    step: tuple


class LanguageTask:
    """Plans, pointers and answers for generated scenes, described or seen through the frozen encoder."""

    def __init__(self, config: StageConfig):
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.config = config
        self.mixture = TextMixture(config.data) if config.data else None
        self.model = build_language_model(config)
        self.encoder = SceneEncoder(EncoderConfig()).eval().requires_grad_(False)
        if config.init:
            parts = {"language": self.model, "objects": self.model.objects, "encoder": self.encoder}
            load_matching(parts, config.init)
        self.model.objects.neighbours.requires_grad_(False)  # only Stage I has a loss on it
        if not config.tune_objects:
            self.model.objects.requires_grad_(False)

    def module(self) -> torch.nn.Module:
        return self.model

    def make_batch(self, seed: int):
        generator = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        if self.mixture and rng.random() < self.config.data_share:
            return None, *self.mixture.batch(self.model, self.config.batch_size, self.config.pairs, rng)
        scenes = sample_scenes(self.config.batch_size, LANGUAGE_RANGE, generator)
        if rng.random() < self.config.real_scenes:
            cloud = sense(scenes, SensorRange(), generator)
            patches = make_patches(cloud.scene, cloud.points, cloud.colors, len(scenes))
            scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
            seen = patches
        else:
            seen = describe(scenes, generator)
        texts = [self._texts(scenes, index, rng) for index in range(len(scenes))]
        return scenes, seen, texts

    def _texts(self, scenes: SceneBatch, index: int, rng) -> list[Text]:
        scene, slots = scenes.scene(index)
        texts = []
        for _ in range(4 * self.config.pairs):
            if len(texts) == self.config.pairs:
                break
            kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
            text = self._question(scene, rng) if kind == "question" else self._plan(scene, slots, kind, rng)
            if text is not None:
                texts.append(text)
        return texts

    def step_texts(self, scenes: SceneBatch, index: int, rng) -> list["StepText"]:
        """Instructions of one step each, with the step itself: for Pose-DiT."""
        scene, slots = scenes.scene(index)
        texts = []
        for _ in range(4 * self.config.pairs):
            if len(texts) == self.config.pairs:
                break
            task = single_step_task(scene, rng, grounded=bool(rng.random() < 0.5), areas=0.15)
            if task is not None:
                texts.append(StepText(self._write(task, slots, [], "plain"), (task.steps[0], slots)))
        return texts

    def _question(self, scene, rng) -> Text | None:
        found = random_question(scene, rng)
        if found is None:
            return None
        encode, special = self.model.encode, self.model.grammar.special
        return Text(encode(question_prompt(found[0])), encode(" " + found[1]) + [special[DONE]], kind="question")

    def _plan(self, scene, slots, kind: str, rng) -> Text | None:
        if kind == "cannot":
            task = impossible_task(scene, rng)
        else:
            grounded = kind == "grounded" or (kind == "done" and rng.random() < 0.5)
            task = single_step_task(scene, rng, grounded, areas=0.12)
        if task is None:
            return None
        history = [step.text for step in task.steps] if kind == "done" else []
        if rng.random() < 0.1:
            history.insert(0, random_step_text(rng))
        return self._write(task, slots, history, kind)

    def _write(self, task, slots, history: list[str], kind: str) -> Text:
        grammar = self.model.grammar
        steps = [] if kind == "done" else [step.text for step in task.steps]
        answer = grammar.tokens(steps, cannot=kind == "cannot")
        spans = grammar.spans(answer)
        pointers = [(slots[s.pick_index], -1 if s.place_index is None else slots[s.place_index]) for s in task.steps]
        prompt = self.model.encode(task_prompt(task.instruction, history))
        return Text(prompt, answer, grammar.walk(answer), spans, pointers[: len(spans)], kind)

    def see(self, scenes: SceneBatch, seen):
        """ObjectSet, and the slot of each object (B, n), -1 where it is none of the scene's."""
        if isinstance(seen, tuple):
            return seen
        with torch.no_grad():
            objects = from_detections(self.encoder(seen)[1])
        if scenes is None:  # of a dataset: its texts mean no slots
            return objects, torch.full(objects.mask.shape, -1)
        return objects, nearest_slots(objects, scenes)

    def loss(self, batch):
        scenes, seen, texts = batch
        objects, slot = self.see(scenes, seen)
        features, tokens = self.model.objects(objects)
        packed = pack(self.model, tokens, objects.mask, slot, texts)
        with RouterRecorder(self.model.llm) as routing:
            hidden, penultimate = self.run(packed)
        texts_in_all = max(len(packed.kinds), 1)
        right = torch.ones(texts_in_all, dtype=torch.bool)
        figures: dict[str, float] = {}
        loss = hidden.sum() * 0
        if len(packed.choice_at):
            states = hidden[packed.choice_at[:, 0], packed.choice_at[:, 1]]
            logits = self.model.allowed_logits(states, packed.choice_allowed).masked_fill(~packed.choice_mask, -1e4)
            # The right token stands first.
            nll = F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long), reduction="sum") / texts_in_all
            loss = loss + nll
            figures["plan_nll"] = float(nll.detach())
            right.index_put_((packed.choice_text[logits.argmax(-1) != 0],), torch.tensor(False))
        if len(packed.free_at):
            logits = self.model.logits(hidden[packed.free_at[:, 0], packed.free_at[:, 1]])
            loss = loss + F.cross_entropy(logits, packed.free_token, reduction="sum") / texts_in_all
            right.index_put_((packed.free_text[logits.argmax(-1) != packed.free_token],), torch.tensor(False))
        if len(packed.step_row):
            loss = loss + self._pointer_loss(packed, penultimate, features, objects, slot, figures)
        if routing.logits:
            balance, z = routing.balance_loss(packed.real), routing.z_loss(packed.real)
            loss = loss + self.config.balance * balance + self.config.router_z * z
            load = torch.stack(list(routing.load(packed.real).values()))
            figures |= {"balance": float(balance.detach()) / len(load), "least_load": float(load.min())}
        kinds = np.array(packed.kinds)
        figures |= {str(kind): float(right[torch.from_numpy(kinds == kind)].float().mean()) for kind in sorted(set(kinds))}
        figures["loss"] = float(loss.detach())
        figures["tokens"] = float(packed.real.sum())
        return loss, figures

    def run(self, packed) -> tuple[torch.Tensor, torch.Tensor]:
        """The LLM over a packed batch -> last hidden and penultimate states (B, T, W), float32."""
        mixed = self.model.llm.dtype == torch.bfloat16
        with torch.autocast(self.config.device, torch.bfloat16, enabled=mixed):
            return self.model.run(packed.inputs, packed.mask, packed.positions)[:2]

    def _pointer_loss(self, packed, penultimate, features, objects, slot, figures):
        """Cross-entropy of what the pointer chooses at <pick> and at <place>."""
        truth = pointer_targets(packed, slot)
        words = instruction_states(penultimate, packed)
        loss = 0.0
        for which, name in enumerate(("pick_pointer", "place_pointer")):
            states = pointer_states(penultimate, packed, which)
            logits = self.model.pointer(states, *words, features[packed.step_row], objects.mask[packed.step_row])[:, which]
            known = truth[:, which] >= 0
            # A sum over what is known: the encoder may have missed every object that is meant.
            nll = F.cross_entropy(logits, truth[:, which], ignore_index=-100, reduction="sum")
            loss = loss + nll / known.sum().clamp(min=1)
            right = (logits.argmax(-1) == truth[:, which])[known].float()
            if bool(known.any()):
                figures[name] = float(right.mean())
            hard = torch.tensor([packed.kinds[text] == "grounded" for text in packed.step_text.tolist()])[known]
            if bool(hard.any()):
                figures[f"{name}_grounded"] = float(right[hard].mean())
        return loss


def pointer_targets(packed, slot: torch.Tensor) -> torch.Tensor:
    """Index of the objects that each step means (S, 2); n for none, -100 where the encoder missed the object."""
    index = object_index(packed.step_pointer, slot[packed.step_row])
    truth = torch.where(index >= 0, index, torch.full_like(index, -100))
    return torch.where(packed.step_pointer < 0, torch.full_like(truth, slot.shape[1]), truth)


def nearest_slots(objects, scenes: SceneBatch, within: float = 0.03) -> torch.Tensor:
    """Slot of the scene's object that each detection lies on (B, n), -1 if none of its kind is within 3 cm."""
    apart = torch.cdist(objects.center, scenes.center)  # (B, n, S)
    same = (objects.kind.argmax(-1)[..., None] == scenes.kind[:, None]) & scenes.named[:, None]
    apart = torch.where(same, apart, torch.full_like(apart, torch.inf))
    best, slot = apart.min(-1)
    return torch.where((best < within) & objects.mask, slot, torch.full_like(slot, -1))


def nearest_slots_of_scene(objects, scene, indices, within: float = 0.03) -> torch.Tensor:
    """Which detection of a single scene lies on each of the scene's objects (M,), -1 where there is none."""
    found = []
    for index in indices:
        thing = scene.objects[index]
        apart = (objects.center[0] - torch.tensor(thing.position)).norm(dim=-1)
        same = objects.mask[0] & (objects.kind[0].argmax(-1) == KINDS.index(thing.kind))
        apart = apart.masked_fill(~same, torch.inf)
        found.append(int(apart.argmin()) if bool(apart.min() < within) else -1)
    return torch.tensor(found)

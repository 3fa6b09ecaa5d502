"""The pointer on the frozen LLM: its states are collected once and read many times, so that the head can be fitted.

Running the LLM is what costs; the pointer itself is small. Every ``collect_every`` steps a new batch of scenes and
instructions goes through the LLM (forward only) into a memory, and every step trains on a sample of that memory.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from training.config import StageConfig
from training.language import LanguageTask, pointer_targets
from training.packing import instruction_states, pack, pointer_states

SAMPLE = 256  # of the memory, per step


class PointerTask:
    """Fits ``SceneLanguageModel.pointer``; everything else stays as it is."""

    def __init__(self, config: StageConfig):
        self.config = config
        self.language = LanguageTask(config)
        self.language.model.requires_grad_(False)
        self.language.model.pointer.requires_grad_(True)
        self.memory: list[tuple[torch.Tensor, ...]] = []

    def module(self) -> torch.nn.Module:
        return self.language.model.pointer

    def make_batch(self, seed: int):
        return self.language.make_batch(seed) if seed % self.config.collect_every == 0 else None

    def loss(self, batch):
        figures: dict[str, float] = {}
        if batch is not None or not self.memory:
            batch = batch or self.language.make_batch(self.config.seed)
            fresh = self._collect(batch)
            if fresh:
                with torch.no_grad():
                    figures = {f"fresh_{key}": value for key, value in self._loss(fresh)[1].items()}
                self.memory += fresh
        rows = torch.randint(len(self.memory), (SAMPLE,)).tolist()
        loss, trained = self._loss([self.memory[row] for row in rows])
        return loss, {**figures, **trained, "loss": float(loss.detach()), "memory": float(len(self.memory))}

    @torch.no_grad()
    def _collect(self, batch) -> list[tuple[torch.Tensor, ...]]:
        """States (2, 2W), words (T, W), features (n, F), truth (2,) and whether it is grounded, of every step."""
        scenes, seen, texts = batch
        model = self.language.model
        objects, slot = self.language.see(scenes, seen)
        features, tokens = model.objects(objects)
        packed = pack(model, tokens, objects.mask, slot, texts)
        if len(packed.step_row) == 0:
            return []
        _, penultimate = self.language.run(packed)
        truth = pointer_targets(packed, slot)
        states = torch.stack([pointer_states(penultimate, packed, which) for which in (0, 1)], dim=1)
        words, real = instruction_states(penultimate, packed)
        samples = []
        for step in range(len(truth)):
            row = packed.step_row[step]
            n = int(objects.mask[row].sum())
            none = truth[step] == slot.shape[1]
            samples.append((states[step], words[step, real[step]], features[row, :n],
                            torch.where(none, torch.full_like(truth[step], n), truth[step]),
                            torch.tensor(packed.kinds[packed.step_text[step]] == "grounded")))  # fmt: skip
        return samples

    def _loss(self, samples):
        states, words, features, truth, grounded = zip(*samples)
        lengths, counts = (torch.tensor([len(v) for v in values]) for values in (words, features))
        words, features = pad_sequence(words, batch_first=True), pad_sequence(features, batch_first=True)
        words_mask = torch.arange(words.shape[1]) < lengths[:, None]
        mask = torch.arange(features.shape[1]) < counts[:, None]
        truth, states, grounded = torch.stack(truth), torch.stack(states), torch.stack(grounded)
        none = truth == counts[:, None]  # "none" comes after the padding
        truth = torch.where(none, torch.full_like(truth, features.shape[1]), truth)
        loss, figures = 0.0, {}
        for which, name in enumerate(("pick", "place")):
            logits = self.module()(states[:, which], words, words_mask, features, mask)[:, which]
            loss = loss + F.cross_entropy(logits, truth[:, which], ignore_index=-100)
            right = (logits.argmax(-1) == truth[:, which]).float()
            known = truth[:, which] >= 0
            figures[name] = float(right[known].mean())
            if bool((known & grounded).any()):
                figures[f"{name}_grounded"] = float(right[known & grounded].mean())
        return loss, figures

"""Reading for the reasoner: an instruction as states of the LLM's lower layers, and completed steps by their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from moe3d_ros.model.language.form_head import text_states
from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.language.scene_language import (
    QUESTION_OPENS,
    TASK_OPENS,
    SceneLanguageModel,
    question_prompt,
    task_prompt,
)
from moe3d_ros.model.reasoning.elements import WORD_GROUPS, attribute_words

REMEMBERED = 6  # completed steps, the last ones
PHRASES = 2 * REMEMBERED  # what was picked, and where it went, of each
SHARPNESS = {"colors": 0.05, "areas": 0.1, "sizes": 0.1, "kinds": 0.2}  # differences in cosine that make words others


@dataclass
class Heard:
    """Instructions and completed steps of B decisions, padded; W is the LLM's width, A the number of attribute words.

    Decisions of one play-through share their instruction, which is held once: I is the number of different ones.

    Attributes:
        states: (I, T, W) of an instruction's tokens. matches: (I, T, A) how much each token is each attribute word.
        mask: (I, T) bool.
        of: (B,) which instruction each decision is under.
        done: (B, PHRASES, W) mean embeddings of the phrases of completed steps, the latest first, what was picked before
            where it went. done_matches: (B, PHRASES, A). done_mask: (B, PHRASES) bool.
        mentioned: (B, n, T + PHRASES) bool, which words and phrases stand for which objects alone; None where none is told.
    """

    states: torch.Tensor
    matches: torch.Tensor
    mask: torch.Tensor
    of: torch.Tensor
    done: torch.Tensor
    done_matches: torch.Tensor
    done_mask: torch.Tensor
    mentioned: torch.Tensor | None = None


class Reader:
    """Reading by one LLM, without gradients; what it returns depends on the texts alone.

    Args:
        layer: of the LLM, as `ReasonerConfig.layer`.
    """

    def __init__(self, language: SceneLanguageModel, layer: int):
        self.language, self.layer = language, layer
        table = language.llm.get_input_embeddings().weight
        mean = getattr(language.llm, "table_mean", None)  # of a table that stays in its file
        self.mean = table.float().mean(0) if mean is None else mean.to(table.device)
        rows = torch.stack([self._centered(language.encode(f" {word}")).mean(0) for word in attribute_words()])
        self.words = F.normalize(rows, dim=-1)
        sharpness = [SHARPNESS[group] for group, words in WORD_GROUPS for _ in words]
        self.sharpness = torch.tensor(sharpness, device=rows.device)
        self._phrases: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def _centered(self, ids: Sequence[int]) -> torch.Tensor:
        table = self.language.llm.get_input_embeddings().weight
        return table[torch.tensor(list(ids), device=table.device)].float() - self.mean

    @torch.no_grad()
    def matches(self, ids: Sequence[int]) -> torch.Tensor:
        """Match of each token with each attribute word (T, A), in [0, 1], by the cosine of their embeddings."""
        cosine = F.normalize(self._centered(ids), dim=-1) @ self.words.T
        return torch.exp((cosine - 1) / self.sharpness)

    @torch.no_grad()
    def instructions(self, texts: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Of each instruction the states (T, W) and matches (T, A) of its tokens."""
        return self._read([task_prompt(text) for text in texts])

    @torch.no_grad()
    def questions(self, texts: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The same of questions, as they are asked."""
        return self._read([question_prompt(text) for text in texts])

    def _read(self, said: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        ids = [self.language.encode(text) for text in said]
        if self.layer:
            states, _ = text_states(self.language, said, self.layer)
        else:
            longest = max(map(len, ids))
            rows = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=self.mean.device)
            states = self.language.embed(rows)
        return [(states[row, : len(tokens)], self.matches(tokens)) for row, tokens in enumerate(ids)]

    def question_ids(self, text: str) -> list[int]:
        """Token ids of a question as it is read."""
        return self.language.encode(question_prompt(text))

    def tokens_of(self, text: str, start: int, end: int) -> range:
        """Places of the tokens of a span of an instruction, which begins and ends with a word, among those of its states."""
        return self._tokens(TASK_OPENS, text, start, end)

    def question_tokens(self, text: str, start: int, end: int) -> range:
        """The same of a question."""
        return self._tokens(QUESTION_OPENS, text, start, end)

    def _tokens(self, opens: str, text: str, start: int, end: int) -> range:
        before, through = (f"{opens}{text[:place]}".rstrip(" ") for place in (start, end))
        return range(len(self.language.encode(before)), len(self.language.encode(through)))

    @torch.no_grad()
    def completed(self, steps: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean embeddings (P, W) and matches (P, A) of the phrases of the last completed steps, the latest first."""
        found = [self._phrase(phrase) for text in reversed(steps[-REMEMBERED:]) for phrase in _phrases(text)]
        if not found:
            return self.mean.new_zeros(0, len(self.mean)), self.mean.new_zeros(0, len(self.words))
        return torch.stack([mean for mean, _ in found]), torch.stack([match for _, match in found])

    def _phrase(self, phrase: str) -> tuple[torch.Tensor, torch.Tensor]:
        if phrase not in self._phrases:
            ids = self.language.encode(f" {phrase}")
            self._phrases[phrase] = self._centered(ids).mean(0), self.matches(ids).max(0).values
        return self._phrases[phrase]


def _phrases(step: str) -> tuple[str, str]:
    """Phrases of a completed step; a text that is no step of a plan stands for both."""
    try:
        return parse_step(step)
    except ValueError:
        return (step, step)


def heard(
    instructions: Sequence[tuple[torch.Tensor, torch.Tensor]], completed: Sequence[tuple[torch.Tensor, torch.Tensor]]
) -> Heard:
    """One batch of what a :class:`Reader` read for each decision."""
    batch, device = len(instructions), instructions[0][0].device
    different = {id(states): (states, matches) for states, matches in instructions}
    row_of = {key: row for row, key in enumerate(different)}
    longest = max(len(states) for states, _ in instructions)
    width, words = instructions[0][0].shape[1], instructions[0][1].shape[1]
    found = Heard(
        states=torch.zeros(len(different), longest, width, device=device),
        matches=torch.zeros(len(different), longest, words, device=device),
        mask=torch.zeros(len(different), longest, dtype=torch.bool, device=device),
        of=torch.tensor([row_of[id(states)] for states, _ in instructions], device=device),
        done=torch.zeros(batch, PHRASES, width, device=device),
        done_matches=torch.zeros(batch, PHRASES, words, device=device),
        done_mask=torch.zeros(batch, PHRASES, dtype=torch.bool, device=device),
    )
    for row, (states, matches) in enumerate(different.values()):
        found.states[row, : len(states)], found.matches[row, : len(states)] = states, matches
        found.mask[row, : len(states)] = True
    for row, (done, done_matches) in enumerate(completed):
        found.done[row, : len(done)], found.done_matches[row, : len(done)] = done, done_matches
        found.done_mask[row, : len(done)] = True
    return found

"""A small head that hears, from the layers of the frozen LLM, what sort of sentence is said: before anything is planned or answered."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from moe3d_ros.model.config import FormConfig
from moe3d_ros.model.experts.token_places import TokenPlaces, join_places, text_places
from moe3d_ros.model.language.scene_language import MASKED, TASK_OPENS, SceneLanguageModel, question_prompt
from moe3d_ros.model.perception.objects import ObjectSet


class FormHead(nn.Module):
    """From the states of a sentence's tokens to the log odds of its form.

    Args:
        llm_width: width of the states.
    """

    def __init__(self, config: FormConfig, llm_width: int):
        super().__init__()
        self.config = config
        self.norm = nn.LayerNorm(llm_width)
        self.value = nn.Linear(llm_width, config.width)
        self.score = nn.Linear(llm_width, config.queries)
        self.decide = nn.Sequential(
            nn.Linear((config.queries + 1) * config.width, config.width),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(config.width, len(config.classes)),
        )

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of the classes (B, C).

        Args:
            states: (B, T, W) of the LLM. mask: (B, T) bool, where there is a token.
        """
        states = self.norm(states)
        value = torch.nn.functional.gelu(self.value(states))  # (B, T, D)
        weight = self.score(states).masked_fill(~mask[..., None], MASKED).softmax(1)  # (B, T, Q)
        mean = (value * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        read = (weight.transpose(1, 2) @ value).flatten(1)
        return self.decide(torch.cat([read, mean], dim=-1))


class _Enough(Exception):
    """The layers above are not needed."""


@torch.no_grad()
def text_states(
    model: SceneLanguageModel, texts: Sequence[str], layer: int, objects: ObjectSet | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """States of texts after a layer of the LLM, alone or each behind the same scene; the layers above do not run.

    Args:
        layer: from 1.
        objects: of the scene (its first row counts).

    Returns:
        states (B, T, W) float32, and mask (B, T) bool: texts are padded at the end, which nothing before it sees.
    """
    device = model.special.device
    ids = [model.encode(text) for text in texts]
    longest = max(map(len, ids))
    rows = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=device)
    mask = torch.arange(longest, device=device) < torch.tensor([[len(row)] for row in ids], device=device)
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: tuple, output: torch.Tensor | tuple) -> None:
        kept.append(output[0] if isinstance(output, tuple) else output)
        raise _Enough

    inputs, places = model.embed(rows), text_places(len(rows), longest, device)
    if objects is not None:
        scene, where = model.prefix(objects)[0], model.prefix_places(objects)
        inputs = torch.cat([scene.expand(len(rows), -1, -1), inputs], dim=1)
        repeated = where.is_object.expand(len(rows), -1), where.position.expand(len(rows), -1, -1)
        places = join_places(TokenPlaces(*repeated), places)
    hook = model.llm.get_decoder().layers[layer - 1].register_forward_hook(keep)
    try:
        model.run(inputs, places=places)
    except _Enough:
        pass
    finally:
        hook.remove()
    return kept[0][:, -longest:].float(), mask


def asked_states(
    model: SceneLanguageModel, instructions: Sequence[str], layer: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """States and mask of instructions as the head reads them; arguments and results of :func:`text_states`."""
    return text_states(model, [f"{TASK_OPENS}{said}" for said in instructions], layer)


@torch.no_grad()
def heard_forms(head: FormHead, model: SceneLanguageModel, instructions: Sequence[str]) -> torch.Tensor:
    """Probability of each form for each instruction (B, C), in the order of the head's classes."""
    return head(*asked_states(model, instructions, head.config.layer)).softmax(-1)


@torch.no_grad()
def heard_form(head: FormHead, states: torch.Tensor) -> torch.Tensor:
    """Probability of each form (C,) of an instruction whose states (T, W) after the head's layer are there."""
    return head(states[None], states.new_ones(1, len(states), dtype=torch.bool))[0].softmax(-1)


def question_states(
    model: SceneLanguageModel, objects: ObjectSet, questions: Sequence[str], layer: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """States and mask of questions behind a scene, as the head for questions reads them; see :func:`text_states`."""
    return text_states(model, [question_prompt(asked) for asked in questions], layer, objects)


@torch.no_grad()
def heard_questions(
    head: FormHead, model: SceneLanguageModel, objects: ObjectSet, questions: Sequence[str]
) -> torch.Tensor:
    """Probability of each class for each question about a scene (B, C), in the order of the head's classes."""
    return head(*question_states(model, objects, questions, head.config.layer)).softmax(-1)

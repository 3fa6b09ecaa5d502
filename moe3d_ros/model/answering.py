"""Free-text answers: several questions about one scene at a time, behind one reading of the scene."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from moe3d_ros.model.language import MASKED, SceneLanguageModel, question_prompt
from moe3d_ros.model.objects import ObjectSet
from moe3d_ros.model.token_places import text_places

LONGEST_ANSWER = 64  # tokens: a caption has about 40


def generate_answer(
    model: SceneLanguageModel, objects: ObjectSet, question: str, max_tokens: int = LONGEST_ANSWER
) -> str:
    """Answer a question about one scene in free text, greedily."""
    return generate_answers(model, objects, [question], max_tokens)[0]


@torch.no_grad()
def generate_answers(
    model: SceneLanguageModel, objects: ObjectSet, questions: Sequence[str], max_tokens: int = LONGEST_ANSWER
) -> list[str]:
    """Answer Q questions about one scene, each as if it were asked alone.

    The scene is read once and its keys and values are repeated; questions are padded on the left and never see their
    padding; an answer that has ended leaves the batch.

    Args:
        objects: of one scene (its first row counts).
        max_tokens: where an answer that does not end is cut.
    """
    from transformers import DynamicCache

    if not questions:
        return []
    device = model.special.device
    scene, _, _ = model.prefix(objects)
    prompts = [model.encode(question_prompt(question)) for question in questions]
    longest = max(map(len, prompts))
    padding = torch.tensor([longest - len(prompt) for prompt in prompts], device=device)  # (Q,)
    _, _, cache = model.run(scene[None], cache=DynamicCache(), places=model.prefix_places(objects))
    cache.batch_repeat_interleave(len(prompts))
    pending = model.embed(torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=device))
    answers: list[list[int]] = [[] for _ in questions]
    asked = torch.arange(len(questions), device=device)  # the question of each row that is left
    for _ in range(max_tokens):
        read, new = cache.get_seq_length(), pending.shape[1]
        mask = _visible(len(scene), padding, read, new)
        positions = torch.arange(read, read + new, device=device) - padding[:, None]
        told = text_places(len(pending), new, device)
        hidden, _, cache = model.run(pending, mask, positions.clamp(min=0), cache, told)
        tokens = model.logits(hidden[:, -1]).argmax(-1)
        going = tokens < model.vocabulary
        if model.tokenizer.eos_token_id is not None:
            going &= tokens != model.tokenizer.eos_token_id
        tokens, asked = tokens[going], asked[going]
        if not len(asked):
            break
        if not bool(going.all()):
            padding = padding[going]
            cache.batch_select_indices(torch.nonzero(going).flatten())
        for question, token in zip(asked.tolist(), tokens.tolist()):
            answers[question].append(token)
        pending = model.embed(tokens[:, None])
    return [model.tokenizer.decode(answer).strip() for answer in answers]


def _visible(prefix: int, padding: torch.Tensor, read: int, new: int) -> torch.Tensor:
    """Additive mask (Q, 1, new, read + new): what came before, but for the padding between scene and question."""
    key = torch.arange(read + new, device=padding.device)
    query = torch.arange(read, read + new, device=padding.device)
    padded = (key >= prefix) & (key < prefix + padding[:, None])  # (Q, K)
    visible = (key <= query[:, None]) & ~padded[:, None]
    visible |= key == query[:, None]  # padding sees itself, so that its softmax is defined
    return torch.zeros(visible.shape, device=padding.device).masked_fill(~visible, MASKED)[:, None]

"""Decisions without writing: the first one on several scenes at once, and the state of a step that is already written."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from moe3d_ros.model.language.grammar import CANNOT, DONE
from moe3d_ros.model.language.packing import choice_logits, end_pointer, pack, step_states
from moe3d_ros.model.language.scene_language import SceneLanguageModel, task_prompt
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.model.perception.objects import ObjectSet


@torch.no_grad()
def first_decisions(
    model: SceneLanguageModel, objects: ObjectSet, asked: Sequence[Sequence[tuple[str, Sequence[str]]]]
) -> list[list[tuple[str, float]]]:
    """Begin a step, or end the plan: what is likeliest for each instruction, all in one run of the LLM.

    Args:
        objects: of B scenes.
        asked: of each scene, instructions with the texts of the steps done; they share their scene's prefix.

    Returns:
        of each scene and instruction ``step``, ``done`` or ``cannot`` and its probability.
    """
    done, cannot = (model.grammar.special[which] for which in (DONE, CANNOT))
    allowed = [list(model.grammar.root.children)]
    texts = [
        [Text(model.encode(task_prompt(said, history)), [done], allowed) for said, history in group] for group in asked
    ]
    features, tokens = model.objects(objects)
    packed = pack(model, tokens, objects, torch.full_like(objects.mask, -1, dtype=torch.long), texts)
    hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)
    ends = end_pointer(model, packed, penultimate, features, objects.mask)
    chances = choice_logits(model, packed, hidden, ends).softmax(-1)
    probability, best = chances.max(-1)
    chosen = packed.choice_allowed.gather(1, best[:, None])[:, 0].tolist()
    found = iter(
        ("done" if token == done else "cannot" if token == cannot else "step", float(p))
        for token, p in zip(chosen, probability)
    )
    return [[next(found) for _ in group] for group in asked]


@torch.no_grad()
def state_of_written(
    model: SceneLanguageModel, objects: ObjectSet, instruction: str, text: str, pointed: tuple[int, int]
) -> torch.Tensor:
    """State for Pose-DiT (1, 2W) of a step as if the model itself had written it (teacher forcing).

    Args:
        objects: of one scene.
        text: of the step, in the words of the grammar.
        pointed: objects at <pick> and <place>, -1 for none.
    """
    answer = model.grammar.tokens([text])[:-1]
    prompt = model.encode(task_prompt(instruction))
    written = Text(prompt, answer, None, model.grammar.spans(answer), [pointed])
    slot = torch.arange(objects.mask.shape[1], device=objects.mask.device)[None]
    packed = pack(model, model.objects(objects)[1], objects, slot, [[written]])
    return step_states(model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)[1], packed)

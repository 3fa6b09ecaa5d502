"""Several texts behind one scene: packed into one sequence, so that the LLM reads the scene's tokens only once.

Every text sees the scene's prefix and itself, and counts its positions from the end of the prefix, as if it stood
there alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from moe3d_ros.model.experts.token_places import TokenPlaces
from moe3d_ros.model.language.scene_language import MASKED, SceneLanguageModel
from moe3d_ros.model.language.text_layout import UNKNOWN, Layout, Text
from moe3d_ros.model.perception.objects import ObjectSet

ROW_MULTIPLE = 8  # the length of a row is a multiple of this: then attention on a GPU need not pad the mask

Positions = tuple[torch.Tensor, torch.Tensor]  # rows and places (M,) each


@dataclass
class Packed:
    """Inputs of the LLM and where its outputs are judged; M choices, F free tokens, S steps."""

    inputs: torch.Tensor  # (B, T, W)
    mask: torch.Tensor  # (B, 1, T, T) additive
    positions: torch.Tensor  # (B, T)
    segment: torch.Tensor  # (B, T) 0 for the scene's prefix, then the number of the text; -1 for padding
    real: torch.Tensor  # (B, T) bool, no padding
    choice_at: torch.Tensor  # (M, 2) row and place whose output decides
    choice_allowed: torch.Tensor  # (M, A) ids, the right one first
    choice_mask: torch.Tensor  # (M, A) bool
    choice_text: torch.Tensor  # (M,) number of the text
    free_at: torch.Tensor  # (F, 2)
    free_token: torch.Tensor  # (F,)
    free_text: torch.Tensor  # (F,)
    step_row: torch.Tensor  # (S,) row in the batch
    step_span: torch.Tensor  # (S, 2) first and last place
    step_pointer: torch.Tensor  # (S, 2) slots
    step_right: torch.Tensor  # (S, 2, K) slots that are right, the pointed one first; UNKNOWN for padding
    step_text: torch.Tensor  # (S,)
    prompt_span: torch.Tensor  # (S, 2) first and last place of the step's prompt
    marker_at: torch.Tensor  # (S, 2) places of <pick> and <place>
    end_choice: torch.Tensor  # (R,) which of the M choices are between a step and an end of the plan
    end_row: torch.Tensor  # (R,)
    end_at: torch.Tensor  # (R,) place whose output decides
    end_prompt: torch.Tensor  # (R, 2) first and last place of the prompt
    end_right: torch.Tensor  # (R, K) slots that are right to pick next, -1 if the plan ends; UNKNOWN for padding
    kinds: list[str]  # of every text
    places: TokenPlaces  # which tokens are objects, and where they are


def pack(
    model: SceneLanguageModel, tokens: torch.Tensor, objects: ObjectSet, slot: torch.Tensor, texts: list[list[Text]]
) -> Packed:
    """One packed batch.

    Args:
        tokens: (B, n, W) of the objects. objects: which there are, and where. slot: (B, n), which slot each one is.
        texts: of each scene.
    """
    device = tokens.device
    counts = objects.mask.sum(1).tolist()  # at once: on a GPU every look at a number waits for all that was asked of it
    prompt = model.encode_scene_prompt()
    layout = Layout(model.grammar.special)
    for count, behind in zip(counts, texts):
        layout.add(len(prompt) + count, behind)
    length = -(-max(len(row.ids) for row in layout.rows) // ROW_MULTIPLE) * ROW_MULTIPLE

    def padded(name: str, value: int) -> torch.Tensor:
        rows = (getattr(row, name) for row in layout.rows)
        return torch.tensor([row + [value] * (length - len(row)) for row in rows], device=device)

    judged = _judged(layout, device)
    again, pointed = _pointed_objects(slot, judged["step_row"], judged["step_pointer"], judged["marker_at"])
    embedded = _embedded(model, prompt, tokens, padded("ids", 0), [row.prefix for row in layout.rows])
    segment = padded("segments", -1)
    return Packed(
        inputs=embedded.index_put(again, tokens[again[0], pointed], accumulate=True),
        mask=_attention_mask(segment),
        positions=padded("positions", 0),
        segment=segment,
        real=segment >= 0,
        kinds=layout.kinds,
        places=_places(objects, len(prompt), length, again, pointed),
        **judged,
    )


def _embedded(
    model: SceneLanguageModel, prompt: list[int], tokens: torch.Tensor, ids: torch.Tensor, prefixes: list[int]
) -> torch.Tensor:
    """Embeddings of the rows (B, T, W): the scene's prompt, its objects' tokens, and the texts behind them."""
    embedded = model.embed(ids)
    start = model.embed(torch.tensor(prompt, device=ids.device))
    return torch.stack(
        [
            torch.cat([start, tokens[row, : prefix - len(prompt)], embedded[row, prefix:]])
            for row, prefix in enumerate(prefixes)
        ]
    )


def _attention_mask(segment: torch.Tensor) -> torch.Tensor:
    """Additive mask (B, 1, T, T): each token sees the scene's prefix (segment 0) and its own text before it."""
    batch, length = segment.shape
    visible = (segment[:, :, None] == segment[:, None, :]) | (segment[:, None, :] == 0)
    visible &= torch.ones(length, length, dtype=torch.bool, device=segment.device).tril()
    visible |= torch.eye(length, dtype=torch.bool, device=segment.device)
    return torch.zeros(batch, 1, length, length, device=segment.device).masked_fill(~visible[:, None], MASKED)


def _judged(layout: Layout, device: torch.device) -> dict[str, torch.Tensor]:
    """Members of :class:`Packed` that say where outputs are judged, and against what."""

    def column(rows: Sequence[object], name: str, *width: int) -> torch.Tensor:
        values = [getattr(row, name) for row in rows]
        return torch.tensor(values, dtype=torch.long, device=device).reshape(-1, *width)

    choices, free, steps, ends = layout.choices, layout.free, layout.steps, layout.ends
    widest = max((len(choice.allowed) for choice in choices), default=1)
    allowed = [[*choice.allowed, *[choice.allowed[0]] * (widest - len(choice.allowed))] for choice in choices]
    real = [[place < len(choice.allowed) for place in range(widest)] for choice in choices]
    return {
        "choice_at": column(choices, "at", 2),
        "choice_allowed": torch.tensor(allowed, dtype=torch.long, device=device).reshape(-1, widest),
        "choice_mask": torch.tensor(real, dtype=torch.bool, device=device).reshape(-1, widest),
        "choice_text": column(choices, "text"),
        "free_at": column(free, "at", 2),
        "free_token": column(free, "token"),
        "free_text": column(free, "text"),
        "step_row": column(steps, "row"),
        "step_span": column(steps, "span", 2),
        "step_pointer": column(steps, "pointer", 2),
        "step_right": _padded_slots([step.right for step in steps], 2, device),
        "step_text": column(steps, "text"),
        "prompt_span": column(steps, "prompt", 2),
        "marker_at": column(steps, "markers", 2),
        "end_choice": column(ends, "choice"),
        "end_row": column(ends, "row"),
        "end_at": column(ends, "place"),
        "end_prompt": column(ends, "prompt", 2),
        "end_right": _padded_slots([[end.right] for end in ends], 1, device)[:, 0],
    }


def _padded_slots(slots: list[list[tuple[int, ...]]], pointers: int, device: torch.device) -> torch.Tensor:
    """Slots of S steps and each of their ``pointers`` P, padded to the longest (S, P, K)."""
    most = max((len(each) for step in slots for each in step), default=1)
    rows = [[[*each, *[UNKNOWN] * (most - len(each))] for each in step] for step in slots]
    return torch.tensor(rows, dtype=torch.long, device=device).reshape(-1, pointers, most)


def _places(objects: ObjectSet, start: int, length: int, again: Positions, pointed: torch.Tensor) -> TokenPlaces:
    """Objects stand from place ``start`` on, and where they are read ``again``; everything else is text."""
    batch, n = objects.mask.shape
    is_object = objects.mask.new_zeros(batch, max(length, start + n))
    position = objects.center.new_zeros(*is_object.shape, 3)
    is_object[:, start : start + n] = objects.mask  # the real ones stand first, padding after them
    position[:, start : start + n] = objects.center
    is_object, position = is_object[:, :length], position[:, :length]
    is_object[again] = True
    position[again] = objects.center[again[0], pointed]
    return TokenPlaces(is_object, position)


def _pointed_objects(
    slot: torch.Tensor, row: torch.Tensor, pointer: torch.Tensor, marker_at: torch.Tensor
) -> tuple[Positions, torch.Tensor]:
    """Positions (rows, places) where objects are read again, and their indices (M,); none where there is no such object."""
    index = object_index(pointer, slot[row])  # (S, 2)
    step, which = torch.nonzero(index >= 0, as_tuple=True)
    rows = row[step]
    return (rows, marker_at[step, which]), index[step, which]


def object_index(wanted: torch.Tensor, slot: torch.Tensor) -> torch.Tensor:
    """Index of the object in each wanted slot: wanted (S, M), slot (S, n) -> (S, M), -1 where there is none."""
    same = (wanted[..., None] == slot[:, None]) & (wanted[..., None] >= 0)
    return torch.where(same.any(-1), same.int().argmax(-1), torch.full_like(wanted, -1))


def step_states(penultimate: torch.Tensor, packed: Packed) -> torch.Tensor:
    """States of the S steps for Pose-DiT (S, 2W): at <step>, and the mean over the step's tokens."""
    mean = _mean_over(penultimate, packed.step_row, packed.step_span)
    return torch.cat([penultimate[packed.step_row, packed.step_span[:, 1]], mean], dim=-1)


def pointer_states(penultimate: torch.Tensor, packed: Packed, which: int) -> torch.Tensor:
    """States of the S steps for the pointer (S, 2W): just before the marker, and the mean over the instruction."""
    return _states_at(penultimate, packed.step_row, packed.marker_at[:, which] - 1, packed.prompt_span)


def end_pointer(
    model: SceneLanguageModel, packed: Packed, penultimate: torch.Tensor, features: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Pointer logits of the next pick at the R choices between a step and an end (R, n + 1).

    Args:
        features: (B, n, F) of the objects, mask (B, n).
    """
    row = packed.end_row
    state = _states_at(penultimate, row, packed.end_at, packed.end_prompt)
    words = instruction_states(penultimate, row, packed.end_prompt)
    return model.pointer(state, *words, features[row], mask[row])[:, 0]


def choice_logits(model: SceneLanguageModel, packed: Packed, hidden: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """Logits of the allowed tokens (M, A), the right one first; ``ends`` as from ``end_pointer``."""
    logits = model.allowed_logits(hidden[packed.choice_at[:, 0], packed.choice_at[:, 1]], packed.choice_allowed)
    ended = ends.new_zeros(len(logits)).index_put((packed.end_choice,), model.log_odds_of_none(ends))
    return (logits + model.end_bonus(packed.choice_allowed, ended)).masked_fill(~packed.choice_mask, MASKED)


def _states_at(penultimate: torch.Tensor, row: torch.Tensor, place: torch.Tensor, prompt: torch.Tensor) -> torch.Tensor:
    return torch.cat([penultimate[row, place], _mean_over(penultimate, row, prompt)], dim=-1)


def instruction_states(
    penultimate: torch.Tensor, row: torch.Tensor, prompt: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """States of instructions, padded, and which are real: row (S,), prompt (S, 2), first and last -> (S, T, W), (S, T)."""
    first, last = prompt.unbind(1)
    longest = int((last - first).max()) + 1 if len(row) else 0
    offsets = torch.arange(longest, device=penultimate.device)
    places = first[:, None] + offsets  # (S, T)
    real = places <= last[:, None]
    return penultimate[row[:, None], places.clamp(max=penultimate.shape[1] - 1)], real


def _mean_over(states: torch.Tensor, row: torch.Tensor, span: torch.Tensor) -> torch.Tensor:
    inside, real = instruction_states(
        states, row, span
    )  # whole rows, of which each span needs few tokens, cost a third of a step
    return (inside * real[..., None]).sum(1) / real.sum(1, keepdim=True)

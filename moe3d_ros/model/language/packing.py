"""Several texts behind one scene: packed into one sequence, so that the LLM reads the scene's tokens only once.

Every text sees the scene's prefix and itself, and counts its positions from the end of the prefix, as if it stood
there alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from moe3d_ros.model.experts.token_places import TokenPlaces
from moe3d_ros.model.language.grammar import CANNOT, DONE, PICK, STEP
from moe3d_ros.model.language.scene_language import MASKED, SceneLanguageModel
from moe3d_ros.model.perception.objects import ObjectSet

UNKNOWN = -2  # a slot: which one is not known
ALIGNED = 8  # the length of a row is a multiple of this: then attention on a GPU need not pad the mask


@dataclass
class Text:
    """One text behind a scene: a prompt and the answer to be learnt.

    Attributes:
        prompt, answer: token ids.
        allowed: for a plan, the tokens that the grammar allows at each place of the answer; None for free text.
        steps: for each step of a plan, its tokens in the answer as (first, last), the last being <step>; of an answer, the
            places of its <pick> and <place>.
        pointers: for each step, the slots of the scene's objects that are picked and placed on, or that the question and
            the answer are about (-1: none, -2: unknown).
        right: for each step, all slots that would have been as right to pick, and to place on; where it is empty, only
            those of ``pointers`` are.
        kind: for the figures.
    """

    prompt: list[int]
    answer: list[int]
    allowed: list[list[int]] | None = None
    steps: list[tuple[int, int]] = field(default_factory=list)
    pointers: list[tuple[int, int]] = field(default_factory=list)
    kind: str = "plan"
    right: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)


@dataclass
class Packed:
    """Inputs of the LLM and where its outputs are judged; M choices, F free tokens, S steps."""

    inputs: torch.Tensor  # (B, T, W)
    mask: torch.Tensor  # (B, 1, T, T) additive
    positions: torch.Tensor  # (B, T)
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
    device, mask = tokens.device, objects.mask
    counts = mask.sum(1).tolist()  # at once: on a GPU every look at a number waits for all that was asked of it
    prompt = model.encode_scene_prompt()
    rows, kinds = [], []
    choice_at, choices, choice_text = [], [], []
    free_at, free_token, free_text = [], [], []
    step_row, step_span, step_pointer, step_right, step_text, prompt_span, marker_at = [], [], [], [], [], [], []
    ends = []  # of each choice between a step and an end: its number, row, place, prompt, what is right
    markers = model.grammar.special[PICK:]
    over = {model.grammar.special[DONE], model.grammar.special[CANNOT]}
    for row, behind in enumerate(texts):
        prefix = len(prompt) + counts[row]
        ids, segment, position = [0] * prefix, [0] * prefix, list(range(prefix))
        for number, text in enumerate(behind, start=1):
            start = len(ids)
            whole = text.prompt + text.answer
            inputs = whole if text.steps else whole[:-1]  # a last <step> must be read, to have a state
            ids += inputs
            segment += [number] * len(inputs)
            position += range(prefix, prefix + len(inputs))
            first = start + len(text.prompt)
            right = _right_slots(text)
            for offset, token in enumerate(text.answer):
                if text.allowed is None and token in markers:
                    continue  # they are given: the model is told to point
                if text.allowed is None:
                    free_at.append((row, first + offset - 1))
                    free_token.append(token)
                    free_text.append(len(kinds))
                elif len(text.allowed[offset]) > 1:
                    if not over.isdisjoint(text.allowed[offset]):
                        step = text.answer[:offset].count(model.grammar.special[STEP])
                        wanted = (-1,) if token in over else right[step][0]
                        ends.append((len(choices), row, first + offset - 1, (start, first - 1), wanted))
                    choice_at.append((row, first + offset - 1))
                    choices.append([token] + [t for t in text.allowed[offset] if t != token])
                    choice_text.append(len(kinds))
            step_right += right
            for (a, b), pointer in zip(text.steps, text.pointers):
                step_row.append(row)
                step_span.append((first + a, first + b))
                step_pointer.append(pointer)
                step_text.append(len(kinds))
                prompt_span.append((start, first - 1))
                marker_at.append([first + text.answer.index(marker, a) for marker in markers])
            kinds.append(text.kind)
        rows.append((prefix, ids, segment, position))

    length = -(-max(len(ids) for _, ids, _, _ in rows) // ALIGNED) * ALIGNED

    def padded(column: int, value: int) -> torch.Tensor:
        return torch.tensor([r[column] + [value] * (length - len(r[1])) for r in rows], device=device)

    segment = padded(2, -1)
    embedded = model.embed(padded(1, 0))
    prompt_embedding = model.embed(torch.tensor(prompt, device=device))
    inputs = torch.stack(
        [
            torch.cat([prompt_embedding, tokens[row, : prefix - len(prompt)], embedded[row, prefix:]])
            for row, (prefix, _, _, _) in enumerate(rows)
        ]
    )
    step_row, step_pointer, marker_at = (
        torch.tensor(values, dtype=torch.long, device=device).reshape(shape)
        for values, shape in ((step_row, (-1,)), (step_pointer, (-1, 2)), (marker_at, (-1, 2)))
    )
    again, pointed = _pointed_objects(slot, step_row, step_pointer, marker_at)
    inputs = inputs.index_put(again, tokens[again[0], pointed], accumulate=True)
    places = _places(objects, len(prompt), length, again, pointed)
    visible = (segment[:, :, None] == segment[:, None, :]) | (segment[:, None, :] == 0)
    visible &= torch.ones(length, length, dtype=torch.bool, device=device).tril()
    visible |= torch.eye(length, dtype=torch.bool, device=device)
    attention = torch.zeros(len(rows), 1, length, length, device=device).masked_fill(~visible[:, None], MASKED)
    widest = max((len(c) for c in choices), default=1)
    as_tensor = lambda values, shape: torch.tensor(values, dtype=torch.long, device=device).reshape(shape)  # noqa: E731
    return Packed(
        inputs,
        attention,
        padded(3, 0),
        segment >= 0,
        as_tensor(choice_at, (-1, 2)),
        as_tensor([c + [c[0]] * (widest - len(c)) for c in choices], (-1, widest)),
        torch.tensor([[True] * len(c) + [False] * (widest - len(c)) for c in choices], device=device).reshape(
            -1, widest
        ),
        as_tensor(choice_text, (-1,)),
        as_tensor(free_at, (-1, 2)),
        as_tensor(free_token, (-1,)),
        as_tensor(free_text, (-1,)),
        step_row,
        as_tensor(step_span, (-1, 2)),
        step_pointer,
        _padded_slots(step_right, 2, device),
        as_tensor(step_text, (-1,)),
        as_tensor(prompt_span, (-1, 2)),
        marker_at,
        *(as_tensor([end[k] for end in ends], shape) for k, shape in enumerate(((-1,), (-1,), (-1,), (-1, 2)))),
        _padded_slots([[end[4]] for end in ends], 1, device)[:, 0],
        kinds,
        places,
    )


def _right_slots(text: Text) -> list[list[tuple[int, ...]]]:
    """For each step the slots that are right to pick and to place on, the pointed ones first."""
    others = text.right or [((), ())] * len(text.pointers)
    return [[(first, *more) for first, more in zip(pointer, right)] for pointer, right in zip(text.pointers, others)]


def _padded_slots(slots: list[list[tuple[int, ...]]], pointers: int, device) -> torch.Tensor:
    """Slots of S steps and each of their ``pointers`` P, padded to the longest (S, P, K)."""
    most = max((len(each) for step in slots for each in step), default=1)
    rows = [[[*each, *[UNKNOWN] * (most - len(each))] for each in step] for step in slots]
    return torch.tensor(rows, dtype=torch.long, device=device).reshape(-1, pointers, most)


def _places(objects: ObjectSet, start: int, length: int, again, pointed: torch.Tensor) -> TokenPlaces:
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


def _pointed_objects(slot, row, pointer, marker_at):
    """Where objects are read again (rows, places), and which (M,); none where there is no such object."""
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


def end_pointer(model: SceneLanguageModel, packed: Packed, penultimate, features, mask) -> torch.Tensor:
    """Logits of what would be picked next, at the R choices between a step and an end (R, n + 1).

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


def _states_at(penultimate, row, place, prompt) -> torch.Tensor:
    return torch.cat([penultimate[row, place], _mean_over(penultimate, row, prompt)], dim=-1)


def instruction_states(
    penultimate: torch.Tensor, row: torch.Tensor, prompt: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """States of instructions, padded, and which are real: row (S,), prompt (S, 2) -> (S, T, W), (S, T)."""
    first, last = prompt.unbind(1)
    offsets = torch.arange(int((last - first).max()) + 1, device=penultimate.device)
    places = first[:, None] + offsets  # (S, T)
    real = places <= last[:, None]
    return penultimate[row[:, None], places.clamp(max=penultimate.shape[1] - 1)], real


def _mean_over(states: torch.Tensor, row: torch.Tensor, span: torch.Tensor) -> torch.Tensor:
    places = torch.arange(states.shape[1], device=states.device)
    inside = (places >= span[:, :1]) & (places <= span[:, 1:])  # (S, T)
    return (states[row] * inside[..., None]).sum(1) / inside.sum(1, keepdim=True)

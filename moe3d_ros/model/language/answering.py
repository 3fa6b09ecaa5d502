"""Free-text answers: several questions about one scene at a time, behind one reading of the scene."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from moe3d_ros.model.experts.token_places import TokenPlaces, text_places
from moe3d_ros.model.language.grammar import PICK
from moe3d_ros.model.language.scene_language import MASKED, SceneLanguageModel, question_prompt
from moe3d_ros.model.perception.objects import ObjectSet

MAX_ANSWER_TOKENS = 64  # tokens: a caption has about 40


def generate_answer(
    model: SceneLanguageModel, objects: ObjectSet, question: str, max_tokens: int = MAX_ANSWER_TOKENS
) -> str:
    """Answer a question about one scene in free text, greedily."""
    return generate_answers(model, objects, [question], max_tokens)[0]


@torch.no_grad()
def generate_answers(
    model: SceneLanguageModel, objects: ObjectSet, questions: Sequence[str], max_tokens: int = MAX_ANSWER_TOKENS
) -> list[str]:
    """Answer Q questions about one scene, each as if it were asked alone.

    Before it answers the model points, as it does in a plan: at what the question names, and at what the answer is about;
    it reads both objects again. The scene is read once and its keys and values are repeated; questions are padded on the
    left and never see their padding; an answer that has ended leaves the batch.

    Args:
        objects: of one scene (its first row counts).
        max_tokens: where an answer that does not end is cut.
    """
    if not questions:
        return []
    device = model.special.device
    scene, tokens, features = model.prefix(objects)
    prompts = [model.encode(question_prompt(question)) for question in questions]
    longest = max(map(len, prompts))
    padding = torch.tensor([longest - len(prompt) for prompt in prompts], device=device)  # (Q,)
    reader = _Reader(model, objects, scene, padding)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    hidden, words = reader.read(model.embed(ids))
    real = torch.arange(longest, device=device) >= padding[:, None]  # (Q, T)
    mean = (words * real[..., None]).sum(1) / real.sum(1, keepdim=True)
    last = words[:, -1]
    everything = torch.ones(len(questions), tokens.shape[0], dtype=torch.bool, device=device)
    none = torch.cat([tokens, tokens.new_zeros(1, tokens.shape[1])])  # (n + 1, W)
    for which, marker in enumerate(model.grammar.special[PICK:]):
        state = torch.cat([last, mean], dim=-1)
        logits = model.pointer(state, words, real, features.expand(len(questions), -1, -1), everything)
        chosen = logits[:, which].argmax(-1)
        marked = model.embed(torch.full((len(questions), 1), marker, device=device))
        hidden, states = reader.read(marked + none[chosen][:, None], reader.places_of(chosen))
        last = states[:, -1]
    answers: list[list[int]] = [[] for _ in questions]
    asked = torch.arange(len(questions), device=device)  # the question of each row that is left
    for _ in range(max_tokens):
        chosen = model.logits(hidden[:, -1]).argmax(-1)
        going = chosen < model.vocabulary
        if model.tokenizer.eos_token_id is not None:
            going &= chosen != model.tokenizer.eos_token_id
        chosen, asked = chosen[going], asked[going]
        if not len(asked):
            break
        reader.keep(going)
        for question, token in zip(asked.tolist(), chosen.tolist()):
            answers[question].append(token)
        hidden, _ = reader.read(model.embed(chosen[:, None]))
    return [model.tokenizer.decode(answer).strip() for answer in answers]


class _Reader:
    """A batch of texts behind one scene, read piece by piece; rows may leave."""

    def __init__(self, model: SceneLanguageModel, objects: ObjectSet, scene: torch.Tensor, padding: torch.Tensor):
        self.model, self.objects, self.padding, self.prefix = model, objects, padding, len(scene)
        _, _, self.cache = model.run(scene[None], cache=model.new_cache(), places=model.prefix_places(objects))
        self.cache.batch_repeat_interleave(len(padding))

    def read(self, inputs: torch.Tensor, places: TokenPlaces | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Read inputs (Q, T, W), text unless ``places`` says otherwise -> last and penultimate states (Q, T, W)."""
        read, new, device = self.cache.get_seq_length(), inputs.shape[1], inputs.device
        mask = _visible(self.prefix, self.padding, read, new)
        positions = torch.arange(read, read + new, device=device) - self.padding[:, None]
        places = places or text_places(len(inputs), new, device)
        hidden, states, self.cache = self.model.run(inputs, mask, positions.clamp(min=0), self.cache, places)
        return hidden, states

    def places_of(self, chosen: torch.Tensor) -> TokenPlaces:
        """Places of markers that carry objects; n stands for none, which is text."""
        count = int(self.objects.mask[0].sum())
        is_object = chosen < count
        position = self.objects.center[0, chosen.clamp(max=max(count - 1, 0))] * is_object[:, None]
        return TokenPlaces(is_object[:, None], position[:, None])

    def keep(self, rows: torch.Tensor) -> None:
        """Let the other rows go."""
        if not bool(rows.all()):
            self.padding = self.padding[rows]
            self.cache.batch_select_indices(torch.nonzero(rows).flatten())


def _visible(prefix: int, padding: torch.Tensor, read: int, new: int) -> torch.Tensor:
    """Additive mask (Q, 1, new, read + new): what came before, but for the padding between scene and question."""
    key = torch.arange(read + new, device=padding.device)
    query = torch.arange(read, read + new, device=padding.device)
    padded = (key >= prefix) & (key < prefix + padding[:, None])  # (Q, K)
    visible = (key <= query[:, None]) & ~padded[:, None]
    visible |= key == query[:, None]  # padding sees itself, so that its softmax is defined
    return torch.zeros(visible.shape, device=padding.device).masked_fill(~visible, MASKED)[:, None]

"""The MoE LLM that reads object tokens and an instruction, and writes plan text whose steps condition Pose-DiT.

Before it names a thing it points: at <pick> and at <place> a pointer compares the LLM's state with the objects, and
the chosen object's token is read again right there. So the words describe what the pointer means, and Pose-DiT is
anchored to the same object.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.grammar import CANNOT, DONE, PICK, PLACE, STEP, PlanGrammar
from moe3d_ros.model.objects import ObjectSet, ObjectTokens

SCENE_PROMPT = "Objects on the table, from left to right:"
MASKED = -1e4
POINTERS = 2  # what is picked, where it goes


def task_prompt(instruction: str, completed=()) -> str:
    """Text between the object tokens and the plan."""
    done = f"\nDone: {'; '.join(completed)}" if completed else ""
    return f"\nTask: {instruction}{done}\nPlan:"


def question_prompt(question: str) -> str:
    """Text between the object tokens and the answer."""
    return f"\nQuestion: {question}\nAnswer:"


@dataclass
class StepState:
    """What the LLM knows of one step of a plan, for Pose-DiT."""

    state: torch.Tensor  # (2 * width,) penultimate layer: at <step>, and mean over the step's tokens
    pointer: torch.Tensor  # (POINTERS, n + 1) logits over the objects; the last entry is "none of them"


class StepPointer(nn.Module):
    """From the state before <pick> or <place>: which object is meant (or none, for a spot on the table).

    The state is the penultimate layer's at that token, and its mean over the instruction.
    """

    def __init__(self, llm_width: int, feature_width: int, width: int = 192):
        super().__init__()
        self.norm = nn.LayerNorm(2 * llm_width)
        self.query = nn.Linear(2 * llm_width, POINTERS * width)
        self.key = nn.Linear(feature_width, POINTERS * width)
        self.none = nn.Parameter(torch.zeros(POINTERS, width))
        self.width = width

    def forward(self, state: torch.Tensor, features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """state (M, 2W), features (M, n, F), mask (M, n) -> logits (M, POINTERS, n + 1)."""
        query = self.query(self.norm(state)).view(-1, POINTERS, self.width)
        keys = self.key(features).view(*features.shape[:2], POINTERS, self.width).transpose(1, 2)
        none = self.none[None, :, None].expand(len(state), -1, -1, -1)
        logits = (torch.cat([keys, none], dim=2) @ query[..., None])[..., 0] / self.width**0.5
        allowed = F.pad(mask, (0, 1), value=True)[:, None]
        return logits.masked_fill(~allowed, MASKED)


class SceneLanguageModel(nn.Module):
    """A causal LLM with object tokens in front, three special tokens, and a pointer from steps to objects.

    Args:
        llm: a Hugging Face decoder with a language-modelling head, dense or converted, adapted or not.
        tokenizer: its tokenizer.
        object_width, object_heads, object_layers: sizes of the relation encoder and the pointer.
    """

    def __init__(self, llm, tokenizer, object_width: int = 192, object_heads: int = 6, object_layers: int = 2):
        super().__init__()
        self.llm = llm
        self.tokenizer = tokenizer
        self.vocabulary = llm.get_output_embeddings().weight.shape[0]
        self.width = llm.config.hidden_size
        self.grammar = PlanGrammar(self.encode, self.vocabulary)
        self.objects = ObjectTokens(self.width, object_width, object_heads, object_layers)
        self.pointer = StepPointer(self.width, self.objects.feature_width, object_width)
        with torch.no_grad():
            words = [self.word_embedding(word) for word in ("\n", " done", " cannot")]
        self.special = nn.Parameter(torch.stack(words))  # (3, W) <step>, <done>, <cannot>: both read and predicted
        self.markers = nn.Parameter(torch.zeros(POINTERS, self.width))  # <pick>, <place>: added to the object's token

    def encode(self, text: str) -> list[int]:
        """Token ids without the tokenizer's own special tokens."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def encode_scene_prompt(self) -> list[int]:
        """Token ids of the words before the object tokens."""
        return self.encode(SCENE_PROMPT)

    def word_embedding(self, text: str) -> torch.Tensor:
        """Mean input embedding of a text's tokens (W,)."""
        weight = self.llm.get_input_embeddings().weight
        return weight[torch.tensor(self.encode(text), device=weight.device)].float().mean(0).detach()

    def _rows(self, weight: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        special = ids >= self.vocabulary
        rows = F.embedding(ids.masked_fill(special, 0), weight).float()
        own = F.embedding((ids - self.vocabulary).clamp(min=0), torch.cat([self.special, self.markers]))
        return torch.where(special[..., None], own, rows)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Input embeddings of token ids, special ones included (..., W)."""
        return self._rows(self.llm.get_input_embeddings().weight, ids)

    def allowed_logits(self, hidden: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Logits of the allowed tokens only: hidden (M, W), allowed (M, A) ids -> (M, A)."""
        return (self._rows(self.llm.get_output_embeddings().weight, allowed) @ hidden[..., None])[..., 0]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits of all tokens and the special ones (M, vocabulary + 3)."""
        return torch.cat([self.llm.get_output_embeddings()(hidden.to(self.llm.dtype)).float(), hidden @ self.special.T], dim=-1)

    def run(self, inputs: torch.Tensor, mask=None, positions=None, cache=None):
        """Decoder -> last hidden states (B, T, W), penultimate layer's states (B, T, W), cache."""
        dtype = self.llm.dtype
        out = self.llm.get_decoder()(
            inputs_embeds=inputs.to(dtype), attention_mask=None if mask is None else mask.to(dtype), position_ids=positions, past_key_values=cache,
            use_cache=cache is not None, output_hidden_states=True,
        )  # fmt: skip
        return out.last_hidden_state.float(), out.hidden_states[-2].float(), out.past_key_values

    def prefix(self, objects: ObjectSet, row: int = 0):
        """One scene: embeddings of its prompt and objects (T, W), the objects' alone (n, W), their features (1, n, F)."""
        features, tokens = self.objects(objects)
        count = int(objects.mask[row].sum())
        prompt = self.embed(torch.tensor(self.encode_scene_prompt(), device=tokens.device))
        return torch.cat([prompt, tokens[row, :count]]), tokens[row, :count], features[row : row + 1, :count]


@dataclass
class GeneratedStep:
    """One step as generated."""

    text: str
    probability: float  # of all the choices that the grammar left open
    state: StepState


class Stopped(Exception):
    """Generation was asked to stop."""


@torch.no_grad()
def generate_plan(model: SceneLanguageModel, objects: ObjectSet, instruction: str, completed=(), max_steps: int = 8,
                  on_text=None, should_stop=None):  # fmt: skip
    """Write a plan for one scene, greedily within the grammar.

    Tokens on which the grammar leaves no choice are not asked for: they ride along with the next choice.

    Returns:
        steps (list of GeneratedStep), and how it ended: ``done``, ``cannot`` or ``max_steps``, with its probability.
    Raises:
        Stopped: if ``should_stop()`` became true, asked before every run of the LLM.
    """
    writer = _Writer(model, objects, task_prompt(instruction, completed))
    special, vocabulary = model.grammar.special, model.vocabulary
    node, steps, probability = model.grammar.root, [], 1.0
    pending: list[int] = []
    while True:
        if should_stop is not None and should_stop():
            raise Stopped
        hidden = writer.read(pending)
        if pending and pending[-1] == special[STEP]:
            state = writer.end_step()
            steps.append(GeneratedStep(model.tokenizer.decode(writer.take_text()).strip(), probability, state))
            probability = 1.0
            if len(steps) >= max_steps:
                return steps, "max_steps", 1.0
        following = list(node.children)
        if following[0] in (special[PICK], special[PLACE]):  # not a choice of words: the pointer chooses an object
            writer.point(special.index(following[0]) - PICK)
            chosen = following[0]
        else:
            chances = model.allowed_logits(hidden, torch.tensor([following], device=hidden.device))[0].softmax(-1)
            best = int(chances.argmax())
            probability *= float(chances[best])
            chosen = following[best]
            if chosen in (special[DONE], special[CANNOT]):
                return steps, "done" if chosen == special[DONE] else "cannot", float(chances[best])
        pending, node = [chosen], node.children[chosen]
        while len(node.children) == 1 and next(iter(node.children)) not in (special[PICK], special[PLACE]):
            (token, node), = node.children.items()  # fmt: skip
            pending.append(token)
        writer.text += [token for token in pending if token < vocabulary]
        if on_text is not None:
            on_text("\n".join([step.text for step in steps] + [model.tokenizer.decode(writer.text).strip()]).strip())


class _Writer:
    """The LLM while it writes one plan: its cache, the states of the step at hand, what the pointer chose."""

    def __init__(self, model: SceneLanguageModel, objects: ObjectSet, prompt: str):
        from transformers import DynamicCache

        self.model = model
        self.cache = DynamicCache()
        self.prefix, self.tokens, self.features = model.prefix(objects)
        self.prompt = torch.tensor(model.encode(prompt), device=self.prefix.device)
        self.mask = torch.ones(self.features.shape[:2], dtype=torch.bool, device=self.prefix.device)
        self.text: list[int] = []
        self.states: list[torch.Tensor] = []
        self.pointers: list[torch.Tensor] = []

    def read(self, ids: list[int]) -> torch.Tensor:
        """Read tokens (the prompt, at first) -> the last hidden state (1, W)."""
        if not ids:
            inputs = torch.cat([self.prefix, self.model.embed(self.prompt)])
        else:
            inputs = self.model.embed(torch.tensor(ids, device=self.prefix.device))
            if ids[0] in self.model.grammar.special[PICK:]:
                index = int(self.pointers[-1].argmax())
                if index < len(self.tokens):
                    inputs = torch.cat([inputs[:1] + self.tokens[index], inputs[1:]])
        hidden, penultimate, self.cache = self.model.run(inputs[None], cache=self.cache)
        if ids:
            self.states.append(penultimate[0])
        else:
            self.about = penultimate[0, -len(self.prompt) :].mean(0)
        return hidden[:, -1]

    def point(self, which: int) -> None:
        """Choose the object that is picked (0) or placed on (1) from the state just before its marker."""
        state = torch.cat([self.states[-1][-1], self.about])[None]
        self.pointers.append(self.model.pointer(state, self.features, self.mask)[0, which])

    def end_step(self) -> StepState:
        """State and pointers of the step that was just read."""
        states = torch.cat(self.states)
        done = StepState(torch.cat([states[-1], states.mean(0)]), torch.stack(self.pointers))
        self.states, self.pointers = [], []
        return done

    def take_text(self) -> list[int]:
        """Tokens of the step's text."""
        text, self.text = self.text, []
        return text


@torch.no_grad()
def generate_answer(model: SceneLanguageModel, objects: ObjectSet, question: str, max_tokens: int = 16) -> str:
    """Answer a question about one scene in free text, greedily."""
    from transformers import DynamicCache

    device = model.special.device
    scene, _, _ = model.prefix(objects)
    pending = torch.cat([scene, model.embed(torch.tensor(model.encode(question_prompt(question)), device=device))])[None]
    cache, tokens = DynamicCache(), []
    for _ in range(max_tokens):
        hidden, _, cache = model.run(pending, cache=cache)
        token = int(model.logits(hidden[:, -1])[0].argmax())
        if token >= model.vocabulary or token == model.tokenizer.eos_token_id:
            break
        tokens.append(token)
        pending = model.embed(torch.tensor([[token]], device=device))
    return model.tokenizer.decode(tokens).strip()

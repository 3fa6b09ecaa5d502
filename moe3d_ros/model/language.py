"""The MoE LLM that reads object tokens and an instruction, and writes plan text whose steps condition Pose-DiT.

Before it names a thing it points: at <pick> and at <place> a pointer compares the LLM's state with the objects, and
the chosen object's token is read again right there. So the words describe what the pointer means, and Pose-DiT is
anchored to the same object.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.grammar import CANNOT, DONE, PICK, STEP, PlanGrammar, likely_phrase
from moe3d_ros.model.interrupt import Stopped
from moe3d_ros.model.moe import moe_layers
from moe3d_ros.model.objects import KINDS, ObjectSet, ObjectTokens
from moe3d_ros.model.token_places import TokenPlaces, join_places, object_places, text_places
from moe3d_ros.tabletop.scenes import BLOCK_EDGES, COLOR_NAMES, SIZE_NAMES
from moe3d_ros.tabletop.scenes import KINDS as KIND_NAMES

SCENE_PROMPT = "Objects on the table, from left to right:"
MASKED = -1e4
POINTERS = 2  # what is picked, where it goes
LAST_COMPLETED = 2  # steps that the LLM is told of; what was done before them the scene shows


def task_prompt(instruction: str, completed=()) -> str:
    """Text between the object tokens and the plan."""
    done = f"\nDone: {'; '.join(completed[-LAST_COMPLETED:])}" if completed else ""
    return f"\nTask: {instruction}{done}\nPlan:"


def question_prompt(question: str) -> str:
    """Text between the object tokens and the answer."""
    return f"\nQuestion: {question}\nAnswer:"


@dataclass
class StepState:
    """What the LLM knows of one step of a plan, for Pose-DiT."""

    state: torch.Tensor  # (2 * width,) penultimate layer: at <step>, and mean over the step's tokens
    pointer: torch.Tensor  # (POINTERS, n + 1) logits over the objects; the last entry is "none of them"
    chosen: tuple[int, int]  # the objects that the words were written for; n for none


def token_ids(tokenizer, text: str) -> list[int]:
    """Token ids without the tokenizer's own special tokens."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


class StepPointer(nn.Module):
    """From the state before <pick> or <place>: which object is meant (or none, for a spot on the table).

    The query is read from the state (the penultimate layer's at that token, and its mean over the instruction) and
    from the words of the instruction that the state attends to; it is compared with every object's features.
    """

    def __init__(self, llm_width: int, feature_width: int, width: int = 192, heads: int = 4):
        super().__init__()
        self.width, self.heads = width, heads
        self.norm = nn.LayerNorm(2 * llm_width)
        self.query = nn.Linear(2 * llm_width, POINTERS * width)
        self.key = nn.Linear(feature_width, POINTERS * width)
        self.none = nn.Parameter(torch.zeros(POINTERS, width))
        self.norm_words = nn.LayerNorm(llm_width)
        self.word_query = nn.Linear(2 * llm_width, POINTERS * width)
        self.word_key_value = nn.Linear(llm_width, 2 * width)
        self.word_out = nn.Linear(width, width)
        nn.init.zeros_(self.word_out.weight)
        nn.init.zeros_(self.word_out.bias)

    def forward(self, state, words, words_mask, features, mask) -> torch.Tensor:
        """Logits over the objects (M, POINTERS, n + 1).

        Args:
            state: (M, 2W). words: (M, T, W) penultimate states of the instruction, words_mask (M, T).
            features: (M, n, F) of the objects, mask (M, n).
        """
        state = self.norm(state)
        query = self.query(state).view(-1, POINTERS, self.width)
        query = query + self.word_out(self._read(state, self.norm_words(words), words_mask))
        keys = self.key(features).view(*features.shape[:2], POINTERS, self.width).transpose(1, 2)
        none = self.none[None, :, None].expand(len(state), -1, -1, -1)
        logits = (torch.cat([keys, none], dim=2) @ query[..., None])[..., 0] / self.width**0.5
        allowed = F.pad(mask, (0, 1), value=True)[:, None]
        return logits.masked_fill(~allowed, MASKED)

    def _read(self, state, words, words_mask) -> torch.Tensor:
        """Attention of each pointer over the instruction's words (M, POINTERS, width)."""
        steps, length, _ = words.shape
        split = (self.heads, self.width // self.heads)
        query = self.word_query(state).view(steps, POINTERS, *split).transpose(1, 2)
        key, value = self.word_key_value(words).view(steps, length, 2, *split).permute(2, 0, 3, 1, 4)
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=words_mask[:, None, None])
        return read.transpose(1, 2).reshape(steps, POINTERS, self.width)


class SceneLanguageModel(nn.Module):
    """A causal LLM with object tokens in front, three special tokens, and a pointer from steps to objects.

    Args:
        llm: a Hugging Face decoder with a language-modelling head or LlamaForServing, dense or converted, adapted or not.
        tokenizer: its tokenizer.
        object_width, object_heads, object_layers: sizes of the relation encoder and the pointer.
        kinds: classes of things; with more than the plain ones, the plans' grammar has the words for them.
    """

    def __init__(self, llm, tokenizer, object_width: int = 192, object_heads: int = 6, object_layers: int = 3,
                 kinds: int = KINDS):  # fmt: skip
        super().__init__()
        self.llm = llm
        self.tokenizer = tokenizer
        self.vocabulary = llm.get_output_embeddings().weight.shape[0]
        self.width = llm.config.hidden_size
        # Not self.encode: a model that holds itself is freed only when the garbage collector comes round.
        self.grammar = PlanGrammar(partial(token_ids, tokenizer), self.vocabulary, kinds > KINDS)
        self.objects = ObjectTokens(self.width, object_width, object_heads, object_layers, kinds)
        self.pointer = StepPointer(self.width, self.objects.feature_width, object_width)
        with torch.no_grad():
            words = [self.word_embedding(word) for word in ("\n", " done", " cannot")]
        self.special = nn.Parameter(torch.stack(words))  # (3, W) <step>, <done>, <cannot>: both read and predicted
        self.markers = nn.Parameter(torch.zeros(POINTERS, self.width))  # <pick>, <place>: added to the object's token

    def encode(self, text: str) -> list[int]:
        """Token ids without the tokenizer's own special tokens."""
        return token_ids(self.tokenizer, text)

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

    @staticmethod
    def log_odds_of_none(pointer: torch.Tensor) -> torch.Tensor:
        """Log odds of the pointer's last choice, none, against all objects: (..., n + 1) -> (...)."""
        return pointer[..., -1] - pointer[..., :-1].logsumexp(-1)

    def end_bonus(self, allowed: torch.Tensor, ended: torch.Tensor) -> torch.Tensor:
        """What <done> and <cannot> gain: a plan ends where the pointer finds nothing to pick.

        Whether anything is left to do is a question to all objects at once, which the pointer answers better than the
        next word.

        Args:
            allowed: (M, A) token ids. ended: (M,) log odds of none at <pick>.
        """
        special = self.grammar.special
        return ((allowed == special[DONE]) | (allowed == special[CANNOT])) * ended[:, None]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits of all tokens and the special ones (M, vocabulary + 3)."""
        return torch.cat([self.llm.get_output_embeddings()(hidden.to(self.llm.dtype)).float(), hidden @ self.special.T], dim=-1)

    def run(self, inputs: torch.Tensor, mask=None, positions=None, cache=None, places: TokenPlaces | None = None):
        """Decoder -> last hidden states (B, T, W), penultimate layer's states (B, T, W), cache.

        places: of the tokens of this forward (not those in the cache); needed where a router looks at them, else ValueError.
        """
        looking = [layer for layer in moe_layers(self.llm).values() if layer.looks_at_places]
        if looking and places is None:
            raise ValueError("this model's routers look at modality or place: give `places` (TokenPlaces) to run()")
        dtype = self.llm.dtype
        with places.told(looking) if looking else nullcontext():
            out = self.llm.get_decoder()(
                inputs_embeds=inputs.to(dtype), attention_mask=None if mask is None else mask.to(dtype),
                position_ids=positions, past_key_values=cache, use_cache=cache is not None, output_hidden_states=True,
            )  # fmt: skip
        return out.last_hidden_state.float(), out.hidden_states[-2].float(), out.past_key_values

    def new_cache(self):
        """An empty cache of keys and values for ``run``."""
        own = getattr(self.llm, "new_cache", None)
        if own is not None:
            return own()
        from transformers import DynamicCache

        return DynamicCache()

    def prefix(self, objects: ObjectSet, row: int = 0):
        """One scene: embeddings of its prompt and objects (T, W), the objects' alone (n, W), their features (1, n, F)."""
        features, tokens = self.objects(objects)
        count = int(objects.mask[row].sum())
        prompt = self.embed(torch.tensor(self.encode_scene_prompt(), device=tokens.device))
        return torch.cat([prompt, tokens[row, :count]]), tokens[row, :count], features[row : row + 1, :count]

    def prefix_places(self, objects: ObjectSet, row: int = 0) -> TokenPlaces:
        """Places of what ``prefix`` embeds, as a batch of one."""
        count = int(objects.mask[row].sum())
        prompt = text_places(1, len(self.encode_scene_prompt()), objects.center.device)
        return join_places(prompt, object_places(objects.center[row : row + 1, :count]))


@dataclass
class GeneratedStep:
    """One step as generated."""

    text: str
    probability: float  # of all the choices that the grammar left open
    state: StepState


@torch.no_grad()
def generate_plan(model: SceneLanguageModel, objects: ObjectSet, instruction: str, completed=(), max_steps: int = 8,
                  on_text=None, should_stop=None):  # fmt: skip
    """Write a plan for one scene within the grammar.

    At <pick> and <place> the likeliest objects are tried: for each the words are written greedily, and the object whose
    words and pointer together are likeliest stays. So a pointer that slips is corrected by words that do not fit.

    Words are drafted from what the encoder says of the object, and read in one go: as in speculative decoding (arXiv
    2211.17192), those stay that the LLM would have written, so that the draft changes the time and not the plan.

    Returns:
        steps (list of GeneratedStep), and how it ended: ``done``, ``cannot`` or ``max_steps``, with its probability.
    Raises:
        Stopped: if ``should_stop()`` became true, asked before every run of the LLM.
    """
    special = model.grammar.special
    writer = _Writer(model, objects, task_prompt(instruction, completed), should_stop)
    steps: list[GeneratedStep] = []

    def show(tokens: list[int]) -> None:
        if on_text is not None:
            on_text("\n".join([step.text for step in steps] + [writer.words_of(tokens)]).strip())

    node = model.grammar.root
    while len(steps) < max_steps:
        chosen, probability = writer.step_or_end(node)
        if chosen in (special[DONE], special[CANNOT]):
            return steps, "done" if chosen == special[DONE] else "cannot", probability
        line, node = writer.forced([chosen], node.children[chosen])
        writer.read(line)
        for which in range(POINTERS):
            marker = special[PICK + which]
            phrase, node, chance = writer.point_and_say(which, marker, node.children[marker])
            line, probability = line + phrase, probability * chance
            show(line)
        steps.append(GeneratedStep(writer.words_of(line), probability, writer.end_step()))
    return steps, "max_steps", 1.0


TRIED = 3  # objects at most for which words are written
SURE = 0.9  # of the pointer: then no other object is tried
UNLIKELY = 0.03


class _Writer:
    """The LLM while it writes one plan: its cache, the states of the step at hand, what was pointed at."""

    def __init__(self, model: SceneLanguageModel, objects: ObjectSet, prompt: str, should_stop=None):
        self.model, self.should_stop = model, should_stop
        self.cache = model.new_cache()
        scene, self.tokens, self.features = model.prefix(objects)
        device = scene.device
        self.center = objects.center[:1, : len(self.tokens)]  # (1, n, 3)
        self.names = [_names(objects, column) for column in range(len(self.tokens))]
        self.mask = torch.ones(self.features.shape[:2], dtype=torch.bool, device=device)
        ids = torch.tensor(model.encode(prompt), device=device)
        self.states: list[torch.Tensor] = []
        self.pointers: list[torch.Tensor] = []
        self.chosen: list[int] = []
        places = join_places(model.prefix_places(objects), text_places(1, len(ids), device))
        self._run(torch.cat([scene, model.embed(ids)]), places)
        self.words = self.states.pop()[None, -len(ids) :]  # (1, T, W)

    def _run(self, inputs: torch.Tensor, places: TokenPlaces) -> None:
        if self.should_stop is not None and self.should_stop():
            raise Stopped
        self.hidden, penultimate, self.cache = self.model.run(inputs[None], cache=self.cache, places=places)
        self.states.append(penultimate[0])
        self.last = penultimate[0, -1]  # (W,)

    def read(self, ids: list[int], index: int | None = None) -> None:
        """Read tokens; ``index`` is the object that a marker, which then comes first, stands for."""
        inputs = self.model.embed(torch.tensor(ids, device=self.mask.device))
        places = text_places(1, len(ids), self.mask.device)
        if index is not None and index < len(self.tokens):
            inputs = torch.cat([inputs[:1] + self.tokens[index], inputs[1:]])
            rest = text_places(1, len(ids) - 1, self.mask.device)
            places = join_places(object_places(self.center[:, index : index + 1]), rest)
        self._run(inputs, places)

    def choose(self, node, ended: torch.Tensor | None = None, at: int = -1) -> tuple[int, float]:
        """The likeliest token that the grammar allows after the one ``at`` of those just read; its probability there."""
        allowed = torch.tensor([list(node.children)], device=self.mask.device)
        logits = self.model.allowed_logits(self.hidden[:, at], allowed)
        if ended is not None:
            logits = logits + self.model.end_bonus(allowed, ended)
        chances = logits[0].softmax(-1)
        best = int(chances.argmax())
        return int(allowed[0, best]), float(chances[best])

    def step_or_end(self, node) -> tuple[int, float]:
        """Begin a step, or end the plan: as ``choose``, with what the pointer says of whether there is anything to pick."""
        return self.choose(node, self.model.log_odds_of_none(self._point(0))[None])

    def _point(self, which: int) -> torch.Tensor:
        """Logits of a pointer over the objects and none (n + 1,), after what was read so far."""
        state = torch.cat([self.last, self.words[0].mean(0)])[None]
        everything = torch.ones(self.words.shape[:2], dtype=torch.bool, device=self.mask.device)
        return self.model.pointer(state, self.words, everything, self.features, self.mask)[0, which]

    def forced(self, tokens: list[int], node):
        """Append what the grammar leaves no choice about, up to the next marker or the end of the step."""
        special = self.model.grammar.special
        while len(node.children) == 1 and tokens[-1] != special[STEP]:
            (token, following), = node.children.items()  # fmt: skip
            if token in special[PICK:]:
                break
            tokens, node = tokens + [token], following
        return tokens, node

    def point_and_say(self, which: int, marker: int, node):
        """Choose an object and the words for it -> tokens that were read, the node after them, their probability."""
        logits = self._point(which)
        if self.chosen and self.chosen[0] < len(self.tokens):  # nothing is placed on itself
            logits[self.chosen[0]] = MASKED
        chances, order = logits.softmax(-1).sort(descending=True)
        count = 1 if chances[0] > SURE else int((chances[:TRIED] > UNLIKELY).sum())
        length, known = self.cache.get_seq_length(), len(self.states)
        tried = []
        for index, chance in zip(order[:count].tolist(), chances.tolist()):
            self._rewind(length, known)
            tried.append((*self._say(marker, node, index), index, chance))
        best = max(range(count), key=lambda i: tried[i][2] * tried[i][5])
        tokens, after, probability, unread, index, _ = tried[best]
        if best == count - 1:
            if unread:
                self.read(unread)
        else:
            self._rewind(length, known)
            self.read(tokens, index)
        self.pointers.append(logits)
        self.chosen.append(index)
        return tokens, after, probability

    def _draft(self, which: int, node, index: int) -> list[int]:
        """Tokens that are likely to follow a marker for an object, as far as the grammar allows them; [] for none."""
        if index == len(self.tokens):
            return []
        special, tokens = self.model.grammar.special, []
        phrase = self.model.encode(f" {likely_phrase(which, *self.names[index])}")
        for token in [*phrase, special[STEP]]:
            if token not in node.children:
                break
            tokens, node = tokens + [token], node.children[token]
        return self.forced(tokens, node)[0] if tokens else []

    def _say(self, marker: int, node, index: int):
        """Greedy words for one object -> tokens, node after them, probability, those of the tokens not read yet."""
        special = self.model.grammar.special
        draft = self._draft(marker - special[PICK], node, index)
        tokens, probability, pending = [marker], 1.0, [marker]
        while True:
            self.read(pending + draft, index if len(pending) == len(tokens) else None)
            while True:
                token, chance = self.choose(node, at=-1 - len(draft))
                probability *= chance
                if draft[:1] != [token]:
                    break
                tokens, node, draft = tokens + [token], node.children[token], draft[1:]
                if self._is_whole(tokens, node):
                    return tokens, node, probability, []
            self._unread(len(draft))
            draft = []
            pending, node = self.forced([token], node.children[token])
            tokens = tokens + pending
            if self._is_whole(tokens, node):
                return tokens, node, probability, pending

    def _is_whole(self, tokens: list[int], node) -> bool:
        """Whether a phrase has ended: with its step, or before the next marker."""
        special = self.model.grammar.special
        return tokens[-1] == special[STEP] or next(iter(node.children)) in special[PICK:]

    def _unread(self, count: int) -> None:
        """Forget the last tokens of those just read, which are more than ``count``."""
        if count:
            self.cache.crop(-count)
            self.states[-1] = self.states[-1][:-count]
            self.last = self.states[-1][-1]

    def _rewind(self, length: int, known: int) -> None:
        """Forget what was read since the cache had ``length`` tokens and ``known`` states were kept."""
        surplus = self.cache.get_seq_length() - length
        if surplus:
            self.cache.crop(-surplus)
        del self.states[known:]

    def words_of(self, tokens: list[int]) -> str:
        """Text of tokens, without markers."""
        return self.model.tokenizer.decode([t for t in tokens if t < self.model.vocabulary]).strip()

    def end_step(self) -> StepState:
        """State and pointers of the step that was just read."""
        states = torch.cat(self.states)
        done = StepState(torch.cat([states[-1], states.mean(0)]), torch.stack(self.pointers), tuple(self.chosen))
        self.states, self.pointers, self.chosen = [], [], []
        return done


def _names(objects: ObjectSet, column: int) -> tuple[str, str, str]:
    """What the encoder takes an object of the first scene for: kind, colour, and the size that it would have as a block."""
    kind, color = int(objects.kind[0, column].argmax()), int(objects.color[0, column].argmax())
    size = int((torch.tensor(BLOCK_EDGES) / 2 - objects.half[0, column].mean().cpu()).abs().argmin())
    return KIND_NAMES[kind], COLOR_NAMES[color], SIZE_NAMES[size]

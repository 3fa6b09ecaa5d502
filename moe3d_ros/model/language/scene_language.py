"""The MoE LLM that reads object tokens and an instruction, and writes plan text whose steps condition Pose-DiT.

Before it names a thing it points: at <pick> and at <place> a pointer compares the LLM's state with the objects, and
the chosen object's token is read again right there. So the words describe what the pointer means, and Pose-DiT is
anchored to the same object.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.experts.token_places import TokenPlaces, join_places, object_places, text_places
from moe3d_ros.model.language.family_scales import finished_logits, input_scale
from moe3d_ros.model.language.grammar import CANNOT, DONE, PlanGrammar
from moe3d_ros.model.perception.objects import ObjectSet, ObjectTokens
from moe3d_ros.world.vocabulary import PLAIN_KINDS

SCENE_PROMPT = "Objects on the table, from left to right:"
MASKED = -1e4
POINTERS = 2  # what is picked, where it goes
TABLE_ROWS = 1 << 13  # of the output's table at once, where they are made float32 to be multiplied
LAST_COMPLETED = 2  # completed steps in the prompt; earlier ones show in the scene


TASK_OPENS, QUESTION_OPENS = "\nTask: ", "\nQuestion: "


def task_prompt(instruction: str, completed: Sequence[str] = ()) -> str:
    """Text between the object tokens and the plan."""
    done = f"\nDone: {'; '.join(completed[-LAST_COMPLETED:])}" if completed else ""
    return f"{TASK_OPENS}{instruction}{done}\nPlan:"


def question_prompt(question: str) -> str:
    """Text between the object tokens and the answer."""
    return f"{QUESTION_OPENS}{question}\nAnswer:"


def token_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids without the tokenizer's own special tokens."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


class StepPointer(nn.Module):
    """Pointer from the state before <pick> or <place> to the object meant (or to none, for a spot on the table).

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

    def forward(
        self,
        state: torch.Tensor,
        words: torch.Tensor,
        words_mask: torch.Tensor,
        features: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
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

    def _read(self, state: torch.Tensor, words: torch.Tensor, words_mask: torch.Tensor) -> torch.Tensor:
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

    def __init__(
        self,
        llm: Any,
        tokenizer: Any,
        object_width: int = 192,
        object_heads: int = 6,
        object_layers: int = 3,
        kinds: int = PLAIN_KINDS,
    ):
        super().__init__()
        self.llm = llm
        self.tokenizer = tokenizer
        self.vocabulary = llm.get_output_embeddings().weight.shape[0]
        self.width = llm.config.hidden_size
        self.input_scale = input_scale(llm, self.encode_scene_prompt())
        # Not self.encode: a model that holds itself is freed only when the garbage collector comes round.
        self.grammar = PlanGrammar(partial(token_ids, tokenizer), self.vocabulary, kinds)
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
        """Rows of the embedding table for token ids, special ones included (..., W): inputs of ``run``."""
        return self._rows(self.llm.get_input_embeddings().weight, ids)

    def allowed_logits(self, hidden: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Logits of the allowed tokens only: hidden (M, W), allowed (M, A) ids -> (M, A)."""
        rows = self._rows(self.llm.get_output_embeddings().weight, allowed)
        return finished_logits(self.llm.config, (rows @ hidden[..., None])[..., 0])

    @staticmethod
    def log_odds_of_none(pointer: torch.Tensor) -> torch.Tensor:
        """Log odds of the pointer's last choice, none, against all objects: (..., n + 1) -> (...)."""
        return pointer[..., -1] - pointer[..., :-1].logsumexp(-1)

    def end_bonus(self, allowed: torch.Tensor, ended: torch.Tensor) -> torch.Tensor:
        """Bonus on the logits of <done> and <cannot>: a plan ends where the pointer finds nothing to pick.

        Deciding that nothing is left to do needs all objects at once; the pointer is better at it than the prediction
        of the next token.

        Args:
            allowed: (M, A) token ids. ended: (M,) log odds of none at <pick>.
        """
        special = self.grammar.special
        return ((allowed == special[DONE]) | (allowed == special[CANNOT])) * ended[:, None]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits of all tokens and the special ones (M, vocabulary + 3)."""
        head = self.llm.get_output_embeddings()
        if head.weight.dtype == self.llm.dtype:
            words = head(hidden.to(self.llm.dtype)).float()
        else:  # a table that stays in its file's format, a piece at a time in float32
            words = torch.cat([hidden @ rows.float().T for rows in head.weight.split(TABLE_ROWS)], dim=-1)
        return finished_logits(self.llm.config, torch.cat([words, hidden @ self.special.T], dim=-1))

    def run(
        self,
        inputs: torch.Tensor,
        mask: torch.Tensor | None = None,
        positions: torch.Tensor | None = None,
        cache: Any = None,
        places: TokenPlaces | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, Any]:
        """Decoder -> last hidden states (B, T, W), penultimate layer's states (B, T, W), cache.

        inputs: (B, T, W), words, objects and markers alike in the space of the embedding table; the base's own factor on
        embeddings is applied here, to all of them.
        places: of the tokens of this forward (not those in the cache); needed where a router looks at them, else ValueError.
        """
        looking = [layer for layer in moe_layers(self.llm).values() if layer.looks_at_places]
        if looking and places is None:
            raise ValueError("this model's routers look at modality or place: give `places` (TokenPlaces) to run()")
        dtype = self.llm.dtype
        if self.input_scale != 1.0:
            inputs = inputs * self.input_scale
        with nullcontext() if places is None or not looking else places.visible_to(looking):
            out = self.llm.get_decoder()(
                inputs_embeds=inputs.to(dtype),
                attention_mask=None if mask is None else mask.to(dtype),
                position_ids=positions,
                past_key_values=cache,
                use_cache=cache is not None,
                output_hidden_states=True,
            )
        return out.last_hidden_state.float(), out.hidden_states[-2].float(), out.past_key_values

    def new_cache(self) -> Any:
        """An empty cache of keys and values for ``run``."""
        own = getattr(self.llm, "new_cache", None)
        if own is not None:
            return own()
        from transformers import DynamicCache

        return DynamicCache()

    def prefix(self, objects: ObjectSet, row: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
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

"""The Llama decoder of the default base LLM, for serving: what transformers computes, without importing it.

A planner that was killed keeps its robot waiting, and importing transformers and peft took more than half of the time in
which a model loads. Training, and bases of other families, use transformers' own classes. The modules have the names that
they have there, so that conversion and checkpoints fit both.

Llama: arXiv 2302.13971; rotary embedding: arXiv 2104.09864; grouped queries: arXiv 2305.13245.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

PLAIN_TOKENIZERS = (
    "TokenizersBackend",
    "PreTrainedTokenizerFast",
)  # of transformers: those that only wrap tokenizer.json
INPUT_TABLE, OUTPUT_TABLE = TABLES = "model.embed_tokens.weight", "lm_head.weight"


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes, under the names of a Hugging Face config.json."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    rope_theta: float
    tie_word_embeddings: bool


def read_config(folder: Path) -> LlamaConfig | None:
    """The sizes of the model in a Hugging Face folder; None where this module does not compute just what it needs.

    Raises OSError or ValueError for files that cannot be read.
    """
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = values.get("rope_parameters") or {
        "rope_theta": values.get("rope_theta", 10000.0),
        **(values.get("rope_scaling") or {}),
    }
    plain = (
        values.get("model_type") == "llama"
        and values.get("hidden_act", "silu") == "silu"
        and not values.get("attention_bias")
        and not values.get("mlp_bias")
        and "quantization_config" not in values
        and rope.get("rope_type", rope.get("type", "default")) == "default"
        and "rope_theta" in rope
        and not rope.get("partial_rotary_factor")
    )
    tokenizer = folder / "tokenizer_config.json"
    if not plain or not tokenizer.is_file() or not (folder / "tokenizer.json").is_file():
        return None
    if json.loads(tokenizer.read_text(encoding="utf-8")).get("tokenizer_class") not in PLAIN_TOKENIZERS:
        return None
    heads = values["num_attention_heads"]
    return LlamaConfig(
        vocab_size=values["vocab_size"],
        hidden_size=values["hidden_size"],
        intermediate_size=values["intermediate_size"],
        num_hidden_layers=values["num_hidden_layers"],
        num_attention_heads=heads,
        num_key_value_heads=values.get("num_key_value_heads") or heads,
        head_dim=values.get("head_dim") or values["hidden_size"] // heads,
        rms_norm_eps=values.get("rms_norm_eps", 1e-6),
        rope_theta=rope["rope_theta"],
        tie_word_embeddings=values.get("tie_word_embeddings", False),
    )


class Cache:
    """Keys and values of every layer, each (B, key-value heads, tokens read, head_dim)."""

    def __init__(self) -> None:
        self._layers: list[tuple[Tensor, Tensor]] = []

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append those of new tokens to a layer's; all of the layer's."""
        if layer == len(self._layers):
            self._layers.append((key, value))
        else:
            old_key, old_value = self._layers[layer]
            self._layers[layer] = torch.cat([old_key, key], dim=2), torch.cat([old_value, value], dim=2)
        return self._layers[layer]

    def get_seq_length(self) -> int:
        """Number of tokens in the cache."""
        return self._layers[0][0].shape[2] if self._layers else 0

    def crop(self, length: int) -> None:
        """Keep the first ``length`` tokens; negative: forget so many of the last."""
        self._change(lambda kept: kept[:, :, :length])

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Each row ``repeats`` times."""
        self._change(lambda kept: kept.repeat_interleave(repeats, dim=0))

    def batch_select_indices(self, rows: Tensor) -> None:
        """Keep these rows."""
        self._change(lambda kept: kept[rows])

    def _change(self, change: Callable[[Tensor], Tensor]) -> None:
        self._layers = [(change(key), change(value)) for key, value in self._layers]


class RMSNorm(nn.Module):
    """Divides by the root mean square, and scales."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class FeedForward(nn.Module):
    """The gated block ``down(silu(gate(x)) * up(x))``."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)
        self.act_fn = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


class Attention(nn.Module):
    """Attention with rotary positions; the heads that share a key-value head stand side by side as one longer query."""

    def __init__(self, config: LlamaConfig, index: int):
        super().__init__()
        width, dim = config.hidden_size, config.head_dim
        self.index, self.dim = index, dim
        self.shared, self.groups = config.num_key_value_heads, config.num_attention_heads // config.num_key_value_heads
        self.q_proj = nn.Linear(width, config.num_attention_heads * dim, bias=False)
        self.k_proj = nn.Linear(width, self.shared * dim, bias=False)
        self.v_proj = nn.Linear(width, self.shared * dim, bias=False)
        self.o_proj = nn.Linear(config.num_attention_heads * dim, width, bias=False)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Tensor | None, cache: Cache | None) -> Tensor:
        batch, length, _ = x.shape
        query = self.q_proj(x).view(batch, length, self.shared * self.groups, self.dim).transpose(1, 2)
        key = self.k_proj(x).view(batch, length, self.shared, self.dim).transpose(1, 2)
        value = self.v_proj(x).view(batch, length, self.shared, self.dim).transpose(1, 2)
        query, key = rotate(query, *rotation), rotate(key, *rotation)
        if cache is not None:
            key, value = cache.extend(self.index, key, value)
        query = query.reshape(batch, self.shared, self.groups * length, self.dim)
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        read = read.view(batch, self.shared * self.groups, length, self.dim).transpose(1, 2)
        return self.o_proj(read.reshape(batch, length, -1))


class Layer(nn.Module):
    """Attention and feed-forward block, each normalised before and added to what came in."""

    def __init__(self, config: LlamaConfig, index: int):
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config, index)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = FeedForward(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Tensor | None, cache: Cache | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotation, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


@dataclass
class DecoderOutput:
    """Output of a decoder, with the field names of transformers."""

    last_hidden_state: Tensor  # (B, T, W), normalised
    hidden_states: tuple[Tensor, ...]  # the inputs, each layer's states but the last's, last_hidden_state
    past_key_values: Cache | None


class Decoder(nn.Module):
    """Embedding, layers and last norm; called as transformers' decoders are."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.config, self.groups = config, config.num_attention_heads // config.num_key_value_heads
        # Not initialised: on the meta device that imports torch._dynamo, which takes half a second.
        self.embed_tokens = nn.Embedding.from_pretrained(torch.empty(config.vocab_size, config.hidden_size))
        self.layers = nn.ModuleList(Layer(config, index) for index in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self,
        inputs_embeds: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = True,
    ) -> DecoderOutput:
        """
        Args:
            inputs_embeds: (B, T, W).
            attention_mask: added to the scores, (B or 1, 1, T, tokens read + T); None: what came before is visible.
            position_ids: (B or 1, T); None: they follow on what was read.
            past_key_values: what was read; the new tokens are added to it.
            use_cache: False leaves out past_key_values.
            output_hidden_states: they always come, for they are there.
        """
        x, device, length = inputs_embeds, inputs_embeds.device, inputs_embeds.shape[1]
        cache = past_key_values if use_cache else None
        read = 0 if cache is None else cache.get_seq_length()
        if position_ids is None:
            position_ids = torch.arange(read, read + length, device=device)[None]
        if attention_mask is None and length > 1:
            attention_mask = torch.ones(length, read + length, dtype=torch.bool, device=device).tril(read)
        if attention_mask is not None:  # for each of the heads that share a key-value head
            attention_mask = torch.cat([attention_mask] * self.groups, dim=-2)
        rotation = self.rotation(position_ids, x.dtype)
        states = [x]
        for layer in self.layers:
            x = layer(x, rotation, attention_mask, cache)
            states.append(x)
        states[-1] = self.norm(x)
        return DecoderOutput(states[-1], tuple(states), cache)

    def rotation(self, position_ids: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the rotary angles (B or 1, 1, T, head_dim)."""
        dim = self.config.head_dim
        exponents = torch.arange(0, dim, 2, dtype=torch.float32, device=position_ids.device) / dim
        angles = position_ids[:, None, :, None].float() / self.config.rope_theta**exponents
        angles = torch.cat([angles, angles], dim=-1)
        return angles.cos().to(dtype), angles.sin().to(dtype)


class LlamaForServing(nn.Module):
    """A decoder with its output embeddings, frozen; the part of transformers' interface that this package uses.

    Attributes:
        table_mean: mean row of the input's embedding table (W,), which is read once, apart from the table itself; None where
            no file was loaded.
    """

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.table_mean: Tensor | None = None
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    @property
    def dtype(self) -> torch.dtype:
        return self.model.norm.weight.dtype

    def get_decoder(self) -> Decoder:
        return self.model

    def get_input_embeddings(self) -> nn.Embedding:
        return self.model.embed_tokens

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head

    def tables(self) -> list[Tensor]:
        """Embedding tables, of the input and, where it is another, of the output.

        They stay in their file, and in its format, whatever the layers are converted to: a plan reads a few thousand of the
        default base's 49,152 rows, and those alone take memory.
        """
        read, written = self.model.embed_tokens.weight, self.lm_head.weight
        return [read] if read is written else [read, written]

    @staticmethod
    def new_cache() -> Cache:
        """An empty cache."""
        return Cache()


class PlainTokenizer:
    """tokenizer.json, and as much of transformers' interface as this package uses."""

    def __init__(self, folder: Path):
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        values = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        end = values.get("eos_token")
        self.eos_token_id = self._tokenizer.token_to_id(end) if isinstance(end, str) else None

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids}

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, special ones included."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)


def load_llama(folder: Path, config: LlamaConfig) -> tuple[LlamaForServing, list[str]]:
    """The model with its weights in float32, and the names of the tensors that the folder lacks.

    Embedding tables keep the file's format (`LlamaForServing.tables`).

    Raises OSError, ValueError, RuntimeError or SafetensorError for files that cannot be read or do not fit.
    """
    with torch.device("meta"):
        model = LlamaForServing(config)
    tensors: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        mapped = _mapped_by_block(path)
        tensors |= mapped
        if INPUT_TABLE in mapped:
            model.table_mean = _mapped(path, [INPUT_TABLE])[INPUT_TABLE].float().mean(0)
    if config.tie_word_embeddings and INPUT_TABLE in tensors:
        tensors[OUTPUT_TABLE] = tensors[INPUT_TABLE]
    own = model.state_dict()
    missing = sorted(name for name in own if tensors.get(name) is None)
    if not missing:
        weights = {name: tensors[name] if name in TABLES else tensors[name].float() for name in own}
        model.load_state_dict(weights, assign=True)
        if config.tie_word_embeddings:
            model.lm_head.weight = model.model.embed_tokens.weight
    return model.requires_grad_(False).eval(), missing


def _mapped_by_block(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, those of each attention, feed-forward block and table in a mapping of their own.

    What was read of a mapping stays in memory as long as any of its tensors: so blocks whose weights are copied, as they are
    converted or LoRA is folded into them, leave it.
    """
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
    blocks: dict[str, list[str]] = {}
    for name in names:
        block = name.rpartition(".")[0].rpartition(".")[0] if name.endswith("_proj.weight") else ""
        blocks.setdefault(name if name in TABLES else block, []).append(name)
    return {name: tensor for block in blocks.values() for name, tensor in _mapped(path, block).items()}


def _mapped(path: Path, names: Sequence[str]) -> dict[str, Tensor]:
    """Tensors of a safetensors file by their names, in one mapping of it."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in names}


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (i, i + half) of the last axis by its angle."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-high, low], dim=-1) * sin

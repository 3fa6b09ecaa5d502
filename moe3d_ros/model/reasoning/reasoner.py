"""The object reasoner: which things it is right to move now, and where the one that is picked goes.

A transformer over a set: the objects, the named areas, and "cannot". Elements attend to each other, with a bias by how two
of them compare, and to the instruction's states (as a query former reads an image for an instruction, InstructBLIP, arXiv
2305.06500), with a bias by how much a word is what the element is called: so a thing reads the state of the very word that
names it. Every object is asked by itself whether it is right to move it now: nothing competes with "done", which is said
where no object is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from moe3d_ros.model.config import ReasonerConfig
from moe3d_ros.model.perception.layers import MASKED, FourierPosition, TransformerLayer
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.elements import (
    EXTRA,
    PAIR_FEATURES,
    WORD_GROUPS,
    element_mask,
    element_numbers,
    element_width,
    facts_width,
    named_by,
    pair_features,
)
from moe3d_ros.model.reasoning.reading import PHRASES, Heard
from moe3d_ros.world.sides import SIDES
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, PLAIN_KINDS

PAIR_WIDTH = 32
COUNT_WIDTH = 64
MISSING_COLORS, MISSING_KINDS = (
    len(COLOR_NAMES) + 1,
    len(KINDS) + 1,
)  # what is named and not there: the last of either, none
MISSING = MISSING_COLORS + MISSING_KINDS
# Of the bias by matching words, at first: which groups of words each head looks for (colour and area count as one).
MATCH_COLUMNS = 3
FIRST_MATCH = ((4.0, 0.0, 0.0), (4.0, 0.0, 0.0), (0.0, 2.0, 2.0), (0.0, 0.0, 0.0))


class ReasonerLayer(nn.Module):
    """Attention of the elements to each other and to the words, both with a bias, and a feed-forward network."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm_self, self.norm_words, self.norm_out = (nn.LayerNorm(width) for _ in range(3))
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out_words = nn.Linear(width, width)
        last = nn.Linear(4 * width, width)
        self.feed_forward = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), last)
        self.pair = nn.Linear(PAIR_WIDTH, heads)
        first = [FIRST_MATCH[head % len(FIRST_MATCH)] for head in range(heads)]
        self.match = nn.Parameter(torch.tensor(first))
        for linear in (self.out, self.out_words, last):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    @staticmethod
    def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Scaled dot-product attention with a bias that is learnt: as products of matrices, a fifth faster than the library's on CPUs."""
        batch, heads, length, width = query.shape
        query, key, value = (each.flatten(0, 1) for each in (query, key, value))
        bias = bias.expand(batch, heads, length, key.shape[1]).flatten(0, 1).to(query.dtype)
        share = torch.baddbmm(bias, query, key.mT, alpha=width**-0.5).softmax(-1).to(value.dtype)
        return (share @ value).view(batch, heads, length, width).transpose(1, 2).flatten(2)

    def prepared(self, given: Given) -> Attended:
        """Everything that the elements attend to in this layer, whatever they are by then."""
        pairs, called = torch.zeros(()), torch.zeros(1, 1, 1, 1)
        if given.pairs is not None:
            pairs = self.pair(given.pairs).permute(0, 3, 1, 2)
        if given.called is not None:
            called = (given.called @ self.match.T).permute(0, 3, 1, 2)
        words = torch.cat([self.key_value(given.text)[given.of], self.key_value(given.done)], dim=1)
        key, value = words.chunk(2, -1)
        pairs = torch.where(given.mask[:, None, None], pairs.to(key), MASKED)
        called = torch.where(given.words_mask[:, None, None], called.to(key), MASKED)
        return Attended(pairs, self._split(key), self._split(value), called)

    def forward(self, x: torch.Tensor, to: Attended) -> torch.Tensor:
        """Elements (B, N, D) after this layer."""
        query, key, value = map(self._split, self.query_key_value(self.norm_self(x)).chunk(3, -1))
        x = x + self.out(self._attend(query, key, value, to.pairs))
        x = x + self.out_words(self._attend(self._split(self.query(self.norm_words(x))), to.key, to.value, to.called))
        return x + self.feed_forward(self.norm_out(x))


class Counting(nn.Module):
    """Sum over all others of how each compares with an element, which attention, a mean, cannot tell: two alike, or three.

    A sum tells multisets apart where means do not (How Powerful are Graph Neural Networks?, arXiv 1810.00826). It adds
    nothing at first.
    """

    def __init__(self, width: int):
        super().__init__()
        self.compare = nn.Sequential(nn.Linear(PAIR_FEATURES, COUNT_WIDTH), nn.GELU())
        last = nn.Linear(2 * width, width)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.read = nn.Sequential(nn.Linear(COUNT_WIDTH, 2 * width), nn.GELU(), last)

    def forward(self, pairs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Values added to each element (B, N, D), of comparisons (B, N, N, PAIR_FEATURES) with those in the mask (B, N)."""
        return self.read((self.compare(pairs) * mask[:, None, :, None]).sum(2))


@dataclass
class Given:
    """A batch as the layers take it; T words of an instruction, and behind them P phrases of completed steps.

    Attributes:
        pairs: (B, N, N, PAIR_WIDTH) comparison of elements, or None. mask: (B, N).
        text: (I, T, D) of the different instructions. of: (B,) which of them. done: (B, P, D). words_mask: (B, T + P).
        called: (B, N, T + P, MATCH_COLUMNS) which word is whose name, or None.
    """

    pairs: torch.Tensor | None
    mask: torch.Tensor
    text: torch.Tensor
    of: torch.Tensor
    done: torch.Tensor
    words_mask: torch.Tensor
    called: torch.Tensor | None


@dataclass
class Attended:
    """Things that elements attend to in a layer: the bias of their pairs (B, heads, N, N), the words and the bias by their names."""

    pairs: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    called: torch.Tensor


@dataclass
class Prepared:
    """A batch of which picks and places are scored.

    Attributes:
        elements: (B, N, D) before they have read anything. mask: (B, N).
        attended: what they attend to in each layer.
        text: (I, T, D) words of the different instructions.
    """

    elements: torch.Tensor
    mask: torch.Tensor
    attended: list[Attended]
    text: torch.Tensor


class Reasoner(nn.Module):
    """See the module's docstring.

    Args:
        llm_width: width of the LLM's states.
        kinds: classes of things that the encoder knows.
    """

    def __init__(self, config: ReasonerConfig, llm_width: int, kinds: int = PLAIN_KINDS):
        super().__init__()
        self.config = config
        width = config.width
        self.element = nn.Linear(element_width(kinds), width)
        self.facts = nn.Linear(facts_width(kinds), width, bias=False)
        nn.init.zeros_(self.facts.weight)
        self.position = FourierPosition(width, shortest=0.06)
        self.extra = nn.Parameter(0.3 * torch.randn(EXTRA, width))
        self.picked = nn.Parameter(0.3 * torch.randn(width))
        self.asked = nn.Parameter(torch.zeros(2, width))  # what is picked, or where it goes
        self.pairs = nn.Sequential(nn.Linear(PAIR_FEATURES, PAIR_WIDTH), nn.GELU())
        self.counting = Counting(width)
        self.norm_text, self.norm_done = nn.LayerNorm(llm_width), nn.LayerNorm(llm_width)
        self.text, self.done = nn.Linear(llm_width, width), nn.Linear(llm_width, width)
        self.order = nn.Parameter(0.3 * torch.randn(PHRASES, width))  # of completed steps, the latest first
        self.text_layers = nn.ModuleList(
            TransformerLayer(width, config.heads, expansion=4) for _ in range(config.text_layers)
        )
        self.layers = nn.ModuleList(ReasonerLayer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 2)
        self.sides = nn.Linear(width, len(SIDES))  # of a thing, beside which the picked one goes
        nn.init.zeros_(self.sides.weight)
        nn.init.constant_(self.sides.bias, -4.0)
        self.why = nn.Linear(width, len(config.reasons) + MISSING)

    def reasoner_layers(self) -> list[ReasonerLayer]:
        """Layers in their order, with their type, which a ModuleList does not keep."""
        return [layer for layer in self.layers if isinstance(layer, ReasonerLayer)]

    def read(self, heard: Heard) -> tuple[torch.Tensor, torch.Tensor]:
        """Words of the different instructions (I, T, D), and phrases of each decision's completed steps (B, PHRASES, D)."""
        text = self.text(self.norm_text(heard.states))
        for layer in self.text_layers:
            text = layer(text, heard.mask)
        return text, self.done(self.norm_done(heard.done)) + self.order

    def called(self, objects: ObjectSet, heard: Heard) -> torch.Tensor | None:
        """Match of each word with what an element is called, by colour or area, size and kind (B, N, T + PHRASES, 3)."""
        if not self.config.matching:
            return None
        names, words = named_by(objects), torch.cat([heard.matches[heard.of], heard.done_matches], dim=1)
        parts, start = [], 0
        for _, group in WORD_GROUPS:
            span = slice(start, start + len(group))
            parts.append(names[..., span] @ words[..., span].transpose(1, 2))
            start += len(group)
        color, area, size, kind = parts
        called = torch.stack([color + area, size, kind], dim=-1)
        if heard.mentioned is None:
            return called
        named = F.pad(heard.mentioned, (0, 0, 0, EXTRA))
        return called * (named | ~named.any(1, keepdim=True))[..., None]

    def prepared(self, objects: ObjectSet, facts: torch.Tensor, heard: Heard) -> Prepared:
        """Everything that picks and places are scored on, computed once.

        Args:
            objects: B scenes of n objects. facts: (B, n, facts_width), see `facts_of`.
            heard: the instruction and the completed steps of each.
        """
        text, done = self.read(heard)
        mask, words_mask = element_mask(objects.mask), torch.cat([heard.mask[heard.of], heard.done_mask], dim=1)
        elements, pairs = self.elements(objects, facts), None
        if self.config.relations:
            compared = pair_features(objects)
            elements, pairs = elements + self.counting(compared, mask), self.pairs(compared)
        given = Given(pairs, mask, text, heard.of, done, words_mask, self.called(objects, heard))
        return Prepared(elements, mask, [layer.prepared(given) for layer in self.reasoner_layers()], text)

    def pick_logits(self, given: Prepared) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of what is picked, and of why nothing can be.

        Returns:
            (B, n + 1): whether it is right to move each object now, and behind them, that the task cannot be done;
            (B, reasons + MISSING): of the reasons for that, and of colour and kind of what is missing, the last of either for
            none.
        """
        after = self.states(given)
        scored = self.head(after)[..., 0]
        count = scored.shape[1] - EXTRA
        pick = torch.cat([scored[:, :count].masked_fill(~given.mask[:, :count], MASKED), scored[:, -1:]], dim=1)
        return pick, self.why(after[:, -1])

    def states(self, given: Prepared) -> torch.Tensor:
        """States (B, N, D) of the elements that have read what is said and have compared each other."""
        return self._after(given.elements + self.asked[0], given)

    def place_logits(self, given: Prepared, picked: torch.Tensor) -> torch.Tensor:
        """Logits (B, n + areas + sides * n) of where object ``picked`` (B,) goes: on or in an object, to an area, beside an object.

        Of the sides first all objects' left ones, and so on, in the order of SIDES; "between" holds of both that it is said of.
        """
        chosen = F.one_hot(picked, given.mask.shape[1])
        after = self._after(given.elements + self.asked[1] + chosen[..., None] * self.picked, given)
        none = ~given.mask | (chosen == 1)
        scored = self.head(after)[..., 1].masked_fill(none, MASKED)[:, :-1]
        sides = self.sides(after).masked_fill(none[..., None], MASKED)[:, :-EXTRA]
        return torch.cat([scored, sides.mT.flatten(1)], dim=1)

    def forward(
        self, objects: ObjectSet, facts: torch.Tensor, heard: Heard, picked: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`place_logits` of the objects ``picked`` (B,), and behind it both of `pick_logits`."""
        given = self.prepared(objects, facts, heard)
        return self.place_logits(given, picked), *self.pick_logits(given)

    def elements(self, objects: ObjectSet, facts: torch.Tensor) -> torch.Tensor:
        """Embedding of each element before it has read anything (B, n + EXTRA, D)."""
        own = self.element(element_numbers(objects)) + self.facts(facts) + self.position(objects.center)
        return torch.cat([own, self.extra.expand(len(own), -1, -1)], dim=1)

    def _after(self, x: torch.Tensor, given: Prepared) -> torch.Tensor:
        for layer, to in zip(self.layers, given.attended):
            x = layer(x, to)
        return self.norm(x)

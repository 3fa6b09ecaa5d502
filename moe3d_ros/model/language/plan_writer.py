"""Writing of one plan, token by token: what the LLM has read, the object that is pointed at, the words that the grammar allows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import torch

from moe3d_ros.model.experts.token_places import TokenPlaces, join_places, object_places, text_places
from moe3d_ros.model.interrupt import Stopped
from moe3d_ros.model.language.grammar import PICK, STEP, Node, likely_phrase
from moe3d_ros.model.language.scene_language import MASKED, POINTERS, SceneLanguageModel, task_prompt
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep, StepState
from moe3d_ros.model.plan_words.naming import Named, may_be, named_thing, names_of
from moe3d_ros.world.sides import side_of
from moe3d_ros.world.vocabulary import COLOR_NAMES

MAX_CANDIDATES = 3  # objects at most for which words are written
CONFIDENT_PROBABILITY = 0.9  # of the pointer: above it no other object is tried
MIN_PROBABILITY = 0.03  # of the pointer: objects below it are not tried
MIN_FITTING = 0.1  # of pointer and words: below it an object is not taken instead of one whose words do not fit


class PlanWriter:
    """State of the LLM while it writes one plan: its cache, the states of the current step, the pointed objects."""

    def __init__(
        self,
        model: SceneLanguageModel,
        objects: ObjectSet,
        prompt: str,
        should_stop: Callable[[], bool] | None = None,
        fitting: bool = False,
        said_colors: Collection[str] = COLOR_NAMES,
    ) -> None:
        self.model, self.should_stop = model, should_stop
        self.objects, self.fitting = objects, fitting
        self.strange_colors = set(COLOR_NAMES) - set(said_colors) if fitting else set()
        self.withheld: frozenset[int] = frozenset()  # tokens that do not name what is being named
        self.cache = model.new_cache()
        scene, self.tokens, self.features = model.prefix(objects)
        device = scene.device
        self.center = objects.center[:1, : len(self.tokens)]  # (1, n, 3)
        self.names = [names_of(objects, column) for column in range(len(self.tokens))]
        self.mask = torch.ones(self.features.shape[:2], dtype=torch.bool, device=device)
        self.scene_length = len(scene)
        ids = torch.tensor(model.encode(prompt), device=device)
        self.states: list[torch.Tensor] = []
        self.pointers: list[torch.Tensor] = []
        self.chosen: list[int] = []
        self.decided: tuple[int, int] | None = None  # objects of the current step, where another part chose them
        self.told = ""  # words of its place, where that part tells them
        places = join_places(model.prefix_places(objects), text_places(1, len(ids), device))
        self.prompt_length = len(scene) + len(ids)
        self._prompt: tuple[torch.Tensor, TokenPlaces] | None = (torch.cat([scene, model.embed(ids)]), places)
        self.last = self.hidden = self.words = torch.empty(0)  # set by what is read

    def _run(self, inputs: torch.Tensor, places: TokenPlaces) -> None:
        """Read inputs (T, W), behind the prompt if that is still to be read."""
        if self.should_stop is not None and self.should_stop():
            raise Stopped
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            inputs, places = torch.cat([prompt[0], inputs]), join_places(prompt[1], places)
        self.hidden, penultimate, self.cache = self.model.run(inputs[None], cache=self.cache, places=places)
        states = penultimate[0]
        if prompt is not None:
            self.words = states[None, self.scene_length : self.prompt_length]  # (1, T, W)
            self.last = self.words[0, -1]
            states = states[self.prompt_length :]
        if len(states):
            self.states.append(states)
            self.last = states[-1]  # (W,)

    def _read_prompt(self) -> None:
        if self._prompt is not None:
            self._run(self._prompt[0][:0], text_places(1, 0, self.mask.device))

    def read(self, ids: list[int], index: int | None = None) -> None:
        """Read tokens; ``index`` is the object that a marker, which then comes first, stands for."""
        self._run(*self._embedded(ids, index))

    def _embedded(self, ids: list[int], index: int | None = None) -> tuple[torch.Tensor, TokenPlaces]:
        inputs = self.model.embed(torch.tensor(ids, device=self.mask.device))
        places = text_places(1, len(ids), self.mask.device)
        if index is not None and index < len(self.tokens):
            inputs = torch.cat([inputs[:1] + self.tokens[index], inputs[1:]])
            rest = text_places(1, len(ids) - 1, self.mask.device)
            places = join_places(object_places(self.center[:, index : index + 1]), rest)
        return inputs, places

    def choose(self, node: Node, ended: torch.Tensor | None = None, at: int = -1) -> tuple[int, float]:
        """The likeliest token that the grammar allows after the one ``at`` of those just read; its probability there."""
        open_tokens = [token for token in node.children if token not in self.withheld] or list(node.children)
        allowed = torch.tensor([open_tokens], device=self.mask.device)
        logits = self.model.allowed_logits(self.hidden[:, at], allowed)
        if ended is not None:
            logits = logits + self.model.end_bonus(allowed, ended)
        chances = logits[0].softmax(-1)
        best = int(chances.argmax())
        return int(allowed[0, best]), float(chances[best])

    def step_or_end(self, node: Node) -> tuple[int, float]:
        """Begin a step, or end the plan: as ``choose``, with the pointer's log odds that nothing is left to pick."""
        self._read_prompt()
        return self.choose(node, self.model.log_odds_of_none(self._point(0))[None])

    def _point(self, which: int) -> torch.Tensor:
        """Logits of a pointer over the objects and none (n + 1,), after what was read so far."""
        state = torch.cat([self.last, self.words[0].mean(0)])[None]
        everything = torch.ones(self.words.shape[:2], dtype=torch.bool, device=self.mask.device)
        return self.model.pointer(state, self.words, everything, self.features, self.mask)[0, which]

    def forced(self, tokens: list[int], node: Node) -> tuple[list[int], Node]:
        """Append the tokens that the grammar forces, up to the next marker or the end of the step."""
        special = self.model.grammar.special
        while len(node.children) == 1 and tokens[-1] != special[STEP]:
            ((token, following),) = node.children.items()
            if token in special[PICK:]:
                break
            tokens, node = [*tokens, token], following
        return tokens, node

    def read_drafted(self, line: list[int], node: Node) -> tuple[list[int], Node, float] | None:
        """Read a whole step with the decided objects, in drafted words.

        Args:
            line: tokens that it begins with, which are not read. node: after them.

        Returns:
            its tokens, the node after them and their probability; None, with nothing of it read, where the LLM writes
            other words.
        """
        assert self.decided is not None
        special, parts, phrases = self.model.grammar.special, [self._embedded(line)], []
        for which, index in enumerate(self.decided):
            marker = special[PICK + which]
            begin = self._told_only(which, node.children[marker])
            draft, node = self._draft(which, begin, index)
            if not draft:
                return None
            parts.append(self._embedded([marker, *draft], index))
            phrases.append((marker, draft, begin))
        length, known = self._read_length(), len(self.states)
        self._run(torch.cat([inputs for inputs, _ in parts]), join_places(*(places for _, places in parts)))
        left, tokens, probability = sum(1 + len(draft) for _, draft, _ in phrases), line, 1.0
        for index, (marker, draft, at_marker) in zip(self.decided, phrases):
            left, at = left - 1, at_marker
            self._withhold(index)
            for token in draft:
                likeliest, chance = self.choose(at, at=-1 - left)
                if likeliest != token:
                    self._rewind(length, known)
                    return None
                at, probability, left = at.children[token], probability * chance, left - 1
            tokens = [*tokens, marker, *draft]
        self.pointers = [self._decided_logits(index) for index in self.decided]
        self.chosen = list(self.decided)
        return tokens, node, probability

    def _read_length(self) -> int:
        """Tokens that are read, the prompt included even where it is read with the next ones."""
        return self.prompt_length if self._prompt is not None else self.cache.get_seq_length()

    def _decided_logits(self, index: int) -> torch.Tensor:
        """A pointer's logits (n + 1,) where another part has chosen an object."""
        logits = torch.full((len(self.tokens) + 1,), MASKED, device=self.mask.device)
        logits[index] = 0.0
        return logits

    def _withhold(self, index: int) -> None:
        """Withhold the colours by which a decided object may not be called, as tokens; none for no object."""
        strange = self.strange_colors if index < len(self.tokens) else ()
        kind = self.names[index][0] if strange else ""
        colors = [color for color in strange if not may_be(self.objects, index, Named(color, kind))]
        first = {color: self.model.encode(f" {color}")[0] for color in COLOR_NAMES} if colors else {}
        kept = {token for color, token in first.items() if color not in colors}
        self.withheld = frozenset(first[color] for color in colors) - kept

    def _told_only(self, which: int, node: Node) -> Node:
        """The grammar at a marker: nothing but the words of the place, where these are told."""
        if which < POINTERS - 1 or not self.told:
            return node
        return self._only(f" {self.told}", self.model.grammar.beside if side_of(self.told) else node)

    def point_and_say(self, which: int, marker: int, node: Node) -> tuple[list[int], Node, float]:
        """Choose an object and the words for it -> tokens that were read, the node after them, their probability."""
        if self.decided is not None:
            logits, node = self._decided_logits(self.decided[which]), self._told_only(which, node)
            self._withhold(self.decided[which])
        else:
            logits = self._point(which)
            if self.chosen and self.chosen[0] < len(self.tokens):  # nothing is placed on itself
                logits[self.chosen[0]] = MASKED
        chances, order = logits.softmax(-1).sort(descending=True)
        sure = chances[0] > CONFIDENT_PROBABILITY and not self.fitting
        count = 1 if sure else int((chances[:MAX_CANDIDATES] > MIN_PROBABILITY).sum())
        length, known = self.cache.get_seq_length(), len(self.states)
        tried = []
        for index, chance in zip(order[:count].tolist(), chances.tolist()):
            self._rewind(length, known)
            tried.append((*self._say(marker, node, index), index, chance))
        worth = [one[2] * one[5] for one in tried]
        if self.fitting:
            fit = [worth[i] >= MIN_FITTING and self._fits(one[0], one[4]) for i, one in enumerate(tried)]
            worth = [1 + value if fits else value for value, fits in zip(worth, fit)]
        best = max(range(count), key=lambda i: worth[i])
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

    def _fits(self, tokens: list[int], index: int) -> bool:
        """True if a phrase names no other kind or colour than the object has."""
        named = named_thing(self.words_of(tokens).partition(",")[0])
        return named is None or may_be(self.objects, index, named)

    def _only(self, phrase: str, node: Node) -> Node:
        """The grammar after ``node`` with nothing but one phrase and the end of the step."""
        tokens = [*self.model.encode(phrase), self.model.grammar.special[STEP]]
        after = [node]
        for token in tokens:
            after.append(after[-1].children[token])
        only = after.pop()
        for token in reversed(tokens):
            only = Node({token: only})
        return only

    def _draft(self, which: int, node: Node, index: int) -> tuple[list[int], Node]:
        """Tokens that are likely to follow a marker for an object, as far as the grammar allows them, and the node after them.

        There are none where nothing can be guessed: for no object, unless the words are told.
        """
        tokens: list[int] = []
        if len(node.children) == 1 and self.told and which == POINTERS - 1:
            ((token, after),) = node.children.items()
            return self.forced([token], after)
        if index == len(self.tokens):
            return [], node
        phrase = self.model.encode(f" {likely_phrase(which, *self.names[index])}")
        for token in [*phrase, self.model.grammar.special[STEP]]:
            if token not in node.children:
                break
            tokens, node = [*tokens, token], node.children[token]
        return self.forced(tokens, node) if tokens else ([], node)

    def _say(self, marker: int, node: Node, index: int) -> tuple[list[int], Node, float, list[int]]:
        """Greedy words for one object -> tokens, node after them, probability, those of the tokens not read yet."""
        special = self.model.grammar.special
        draft, _ = self._draft(marker - special[PICK], node, index)
        tokens, probability, pending = [marker], 1.0, [marker]
        while True:
            self.read(pending + draft, index if len(pending) == len(tokens) else None)
            while True:
                token, chance = self.choose(node, at=-1 - len(draft))
                probability *= chance
                if draft[:1] != [token]:
                    break
                tokens, node, draft = [*tokens, token], node.children[token], draft[1:]
                if self._is_whole(tokens, node):
                    return tokens, node, probability, []
            self._unread(len(draft))
            draft = []
            pending, node = self.forced([token], node.children[token])
            tokens = tokens + pending
            if self._is_whole(tokens, node):
                return tokens, node, probability, pending

    def _is_whole(self, tokens: list[int], node: Node) -> bool:
        """True if a phrase has ended: with its step, or before the next marker."""
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
        pick, place = self.chosen
        done = StepState(_summary(states), torch.stack(self.pointers), (pick, place))
        self.states, self.pointers, self.chosen = [], [], []
        return done

    def state_alone(self, step: GeneratedStep) -> StepState:
        """State of a written step behind its own words as instruction; forgets the plan."""
        line = self.model.grammar.tokens([step.text])[:-1]
        pick, place = (line.index(marker) for marker in self.model.grammar.special[PICK:])
        asked = self.model.encode(task_prompt(step.text))
        before = self._embedded(asked + line[:pick])
        picked, placed = (
            self._embedded(line[pick:place], step.state.chosen[0]),
            self._embedded(line[place:], step.state.chosen[1]),
        )
        self._rewind(self.scene_length, 0)
        parts = (before, picked, placed)
        self._run(torch.cat([inputs for inputs, _ in parts]), join_places(*(places for _, places in parts)))
        return replace(step.state, state=_summary(self.states.pop()[len(asked) :]))


def _summary(states: torch.Tensor) -> torch.Tensor:
    """Condition of Pose-DiT from a step's hidden states (T, W) -> (2W,): the last state and their mean."""
    return torch.cat([states[-1], states.mean(0)])

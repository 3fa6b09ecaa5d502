"""Labels of things in what is said: heard as words that the model was trained on, and put back into what it says.

The model was trained with colours and kinds, not with bananas. So the label of a thing is read as its colour and kind,
"the banana" as "the yellow block", and the reasoner is told which things those words stand for, and no others, however
many yellow blocks there are. What is picked and where it goes stays its decision.

A thing that is no more than an object is decided on as a block while it is named: objects bear nothing, and were so rare
in training that the reasoner often does not see when one is where it should be. For poses it stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F

from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.model.plan_words.naming import seen_as
from moe3d_ros.model.reasoning.told_names import Mention, Told
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.sides import beside
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, KINDS, SIZE_NAMES

_ANYTHING = tuple(word for kind in KIND.values() if kind.generic for word in kind.words)  # as labels they name nothing


@dataclass(frozen=True)
class Understood:
    """A text with labels in words that the model knows.

    Attributes:
        text: in those words. mentions: spans of it that stand for labelled objects.
    """

    text: str
    mentions: tuple[Mention, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """Objects that are mentioned, each as often as it is."""
        return tuple(column for mention in self.mentions for column in mention.columns)


class Asked(NamedTuple):
    """A question to the model: what is to be done next.

    Attributes:
        objects: as they are decided on. text: of the instruction, in the model's words. completed: steps, in its words.
        told: which of those words stand for which objects alone; None where nothing has a label.
    """

    objects: ObjectSet
    text: str
    completed: list[str]
    told: Told | None


class LabelWords:
    """Labels of the objects of one scene.

    Args:
        objects: of the scene. labels: of each object, as `world.named_things.plain_label` gives them; empty for none.

    Attributes:
        names: of each object in what is said to people, with its colour where another thing has its label; empty where it is
            called by colour and kind.
    """

    def __init__(self, objects: ObjectSet, labels: Sequence[str]):
        self._objects = objects
        seen = [seen_as(objects, column) for column in range(len(labels))]
        self._colors, self._kinds = [thing.color for thing in seen], [thing.kind for thing in seen]
        self._labels = ["" if label in _ANYTHING else label for label in labels]
        self.names = tuple(self._name(column) for column in range(len(labels)))
        self._pattern = _pattern(self._labels)
        nouns = {word for kind in KIND.values() for word in (*kind.words, *kind.plurals)}
        self._nouns = nouns | {word for label in self._labels for word in label.split()}
        self._meant: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def heard(self, text: str) -> Understood:
        """An instruction in the model's words; a label with a colour that none of its things has stays as it is."""
        if self._pattern is None:
            return Understood(text)
        parts, mentions, end, length = [], [], 0, 0
        for found in self._pattern.finditer(text):
            columns = self._columns_of(found, text)
            if not columns:
                continue
            words = self._words(columns, plural=bool(found["plural"]))
            words = words.capitalize() if found.group()[0].isupper() else words
            parts += [text[end : found.start()], words]
            length += found.start() - end + len(words)
            mentions.append(Mention(length - len(words), length, columns))
            end = found.end()
        return Understood("".join([*parts, text[end:]]), tuple(mentions))

    def completed(self, texts: Sequence[str]) -> list[str]:
        """Completed steps in the model's words; of which objects they are is kept for :meth:`told`."""
        found: list[str] = []
        if self._pattern is None:
            return list(texts)
        for text in texts:
            try:
                target, destination = (self.heard(part) for part in parse_step(text))
            except ValueError:  # no step of a plan
                found.append(self.heard(text).text)
                continue
            found.append(f"pick the {target.text}, place it {destination.text}")
            self._meant[found[-1]] = target.columns, destination.columns
        return found

    def named(self, instruction: Understood, completed: Sequence[str]) -> ObjectSet:
        """The objects as they are decided on: those that are named, and are no more than an object, as blocks.

        Args:
            completed: as :meth:`completed` gives them.
        """
        meant = [column for text in completed for part in self._meant.get(text, ()) for column in part]
        columns = [c for c in {*instruction.columns, *meant} if KIND[self._kinds[c]].generic]
        if not columns:
            return self._objects
        kind = self._objects.kind.clone()
        block = torch.tensor(KINDS.index(BLOCK), device=kind.device)
        kind[0, columns] = F.one_hot(block, kind.shape[-1]).to(kind.dtype)
        return replace(self._objects, kind=kind)

    def asked(self, instruction: Understood, completed: Sequence[str]) -> Asked:
        """Question to the model by an instruction and the texts of completed steps."""
        done = self.completed(completed)
        return Asked(self.named(instruction, done), instruction.text, done, self.told(instruction, done))

    def told(self, instruction: Understood, completed: Sequence[str]) -> Told | None:
        """Hints to the reasoner on the labels in an instruction and in completed steps; None where nothing has a label."""
        if self._pattern is None:
            return None
        return Told(instruction.mentions, tuple(self._meant.get(text, ((), ())) for text in completed))

    def said(self, step: GeneratedStep) -> str:
        """The text of a step with the labels of the objects that it points at."""
        return self.labelled(step.text, step.state.chosen, step.side, step.second)

    def labelled(self, text: str, chosen: tuple[int, int], side: str = "", second: int | None = None) -> str:
        """The text of a step to object ``chosen[1]``, or beside it, or between it and ``second``, with labels."""
        pick, place = (self._name_of(column) for column in chosen)
        target, destination = parse_step(text)
        if side:
            things = destination.removeprefix(f"{side} the ").split(" and the ")
            others = [place, "" if second is None else self._name_of(second)]
            destination = beside(side, *(name or thing for name, thing in zip(others, things)))
        elif place:
            destination = f"{destination.split()[0]} the {place}"
        return f"pick the {pick or target}, place it {destination}"

    def spoken(self, sentence: str) -> str:
        """A sentence on what is seen with the labels of things whose colour and kind, as they are heard, are theirs alone."""
        heard = [self._words([column], plural=False) if label else "" for column, label in enumerate(self._labels)]
        others = [f"{color} {kind}" for color, kind in zip(self._colors, self._kinds)]
        for column, name in enumerate(self.names):
            rest = [word for other, word in enumerate(others) if other != column and not self._labels[other]]
            if name and (heard + rest).count(heard[column]) == 1:
                sentence = re.sub(rf"\b((?:{'|'.join(SIZE_NAMES)}) )?{heard[column]}\b", name, sentence)
        return sentence

    def _name(self, column: int) -> str:
        label = self._labels[column]
        if label in KIND[self._kinds[column]].words:  # the model says it better, with colour and size
            return ""
        alone = self._labels.count(label) == 1
        return label if alone or not label else f"{self._colors[column]} {label}"

    def _name_of(self, column: int) -> str:
        return self.names[column] if column < len(self.names) else ""

    def _columns_of(self, found: re.Match, text: str) -> tuple[int, ...]:
        """Objects that a label stands for in a text; none where it is no label there, or is said with a colour that they have not."""
        label, color = found["label"].lower().replace("-", " "), (found["color"] or "").lower()
        after = re.match(r"[ -](\w+)", text[found.end() :])
        if label in COLOR_NAMES and after is not None and after[1].lower() in self._nouns:
            return ()  # an orange bowl is no orange
        things = [column for column, own in enumerate(self._labels) if own == label]
        return tuple(column for column in things if not color or self._colors[column] == color)

    def _words(self, columns: Sequence[int], plural: bool) -> str:
        """Colour and kind, as they are decided on, of objects with one label; their kind alone where they differ in colour."""
        kind = KIND[self._kinds[columns[0]]]
        kind = KIND[BLOCK] if kind.generic else kind
        noun = kind.plurals[0] if plural else kind.name
        colors = {self._colors[column] for column in columns}
        return f"{colors.pop()} {noun}" if len(colors) == 1 else noun


def _pattern(labels: Sequence[str]) -> re.Pattern | None:
    """Expression for any of the labels, the longest first, with a colour before it and a plural; None without labels."""
    longest_first = sorted({label for label in labels if label}, key=len, reverse=True)
    if not longest_first:
        return None
    either = "|".join(re.escape(label).replace(r"\ ", "[ -]") for label in longest_first)
    color = "|".join(COLOR_NAMES)
    return re.compile(rf"\b(?:(?P<color>{color}) )?(?P<label>{either})(?P<plural>e?s)?\b", re.IGNORECASE)

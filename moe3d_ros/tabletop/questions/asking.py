"""Common parts of all questions about a scene: wordings, unambiguous phrases, balanced yes and no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from moe3d_ros.tabletop.questions.relations import support
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.tasks.single_step import MARGIN, refer
from moe3d_ros.tabletop.words.question_wordings import HELD_OUT_QUESTIONS, PLURALS, QUESTIONS

# Words that would give an answer away.
SIZE_HINTS = ("small", "little", "big", "larg")
SIDE_HINTS = ("left", "right")
DEPTH_HINTS = ("near", "close", "far", "furthest")
_NEIGHBOUR = re.compile(r"(next|nearest|closest) to the (?!robot)")
_TO_ROBOT = {"nearest": -1, "closest": -1, "farthest": 1, "furthest": 1}


class Asker:
    """One question in the making.

    Args:
        scene: what is asked about.
        rng: all choices come from it.
        held_out: word the question as training never does.
        wordings: of each sort; None for those of training, or the held-out ones.
    """

    def __init__(
        self,
        scene: Scene,
        rng: np.random.Generator,
        held_out: bool = False,
        wordings: Mapping[str, Sequence[str]] | None = None,
    ):
        self.scene, self.rng = scene, rng
        self.wordings = wordings or (HELD_OUT_QUESTIONS if held_out else QUESTIONS)
        self.below = supports(scene)
        self.draw = rng.random()  # decides between yes and no, however often the question is tried
        self.named: list[int] = []  # things that the question names, in the order in which it does
        self.answering: int | None = None  # the thing that the answer is about, where the question does not name it
        self.among: list[int] = []  # things that the answer counts or lists

    @property
    def pointed(self) -> tuple[int | None, int | None]:
        """Things to point at before answering: the one that is named, and the one that answers or is named second."""
        first, *others = [*self.named[:2], None]
        return first, self.answering if self.answering is not None else others[0] if others else None

    def forget(self) -> None:
        """Begin the question anew."""
        self.named, self.answering, self.among = [], None, []

    def pick(self, options):
        """One of the options, all equally likely; None if there are none."""
        options = list(options)
        return options[int(self.rng.integers(len(options)))] if options else None

    def chance(self, share: float) -> bool:
        """True in this share of the calls."""
        return bool(self.rng.random() < share)

    def word(self, sort: str, **slots: str) -> str:
        """A wording of this sort of question."""
        return self.pick(self.wordings[sort]).format(**slots)

    def plural(self, kind: str) -> str:
        """``blocks`` or ``cubes``."""
        return self.pick(PLURALS[kind])

    def of_kind(self, *kinds: str) -> list[int]:
        """Indices of all things of these kinds."""
        return [i for i, thing in enumerate(self.scene.objects) if thing.kind in kinds]

    def above(self, index: int) -> list[int]:
        """Indices of the things that rest directly on or in a thing."""
        return [upper for upper, lower in self.below.items() if lower == index]

    def preposition(self, index: int) -> str:
        """Preposition, in or on, for things that lie there."""
        return self.scene.objects[index].traits.preposition

    def place(self, index: int) -> str | None:
        """Place of a thing: ``in the green bowl``, ``on the table``; None if that is ambiguous."""
        lower = support(self.scene, index, self.below)
        if lower is None or isinstance(lower, str):
            return lower and f"on the {lower}"
        return f"{self.preposition(lower)} the {self.scene.objects[lower].name}"

    def yes_or_no(self, yes: list, no: list, share: float = 0.5, alone: float = 1.0):
        """An option and whether the answer is yes -> (option, bool); None if the drawn answer has no option.

        Args:
            yes, no: options of which the answer is yes, or no.
            share: of yes.
            alone: how often to ask what only a no can answer. With ``share`` it makes up for scenes that have no yes.
        """
        if not yes and self.draw >= share + alone * (1 - share):
            return None
        wanted = self.draw < share
        option = self.pick(yes if wanted else no)
        return None if option is None else (option, wanted)

    def name(self, index: int, avoid: tuple[str, ...] = (), grounded: bool | None = None) -> str | None:
        """A phrase that can only mean this thing; None if none was found.

        Args:
            avoid: parts of words that it must not hold.
            grounded: only by place or size; None: mostly by colour.
        """
        for _ in range(3):
            phrase = self._by_support(index) if self.chance(0.4) else None
            if phrase is None:
                phrase = refer(self.scene, index, self.rng, self.chance(0.25) if grounded is None else grounded)
            if phrase and not any(part in phrase for part in avoid) and self._undisputed(index, phrase):
                self.named.append(index)
                return phrase
        return None

    def _by_support(self, index: int) -> str | None:
        """``the block in the green bowl``."""
        lower = self.below.get(index)
        if lower is None or len(self.above(lower)) > 1:
            return None
        landmark = refer(self.scene, lower, self.rng, grounded=False)
        return landmark and f"the {self.scene.objects[index].kind} {self.preposition(lower)} {landmark}"

    def _undisputed(self, index: int, phrase: str) -> bool:
        """Stricter than for instructions.

        Nothing is next to what it lies in, near means a short way to the robot too, and as anything may be called an
        object, only a colour that nothing else has tells one.
        """
        thing = self.scene.objects[index]
        if thing.traits.generic:
            return thing.color in phrase and sum(o.color == thing.color for o in self.scene.objects) == 1
        if _NEIGHBOUR.search(phrase):
            return index not in self.below
        if any(word in phrase for word in SIDE_HINTS):
            return True
        found = next((sign for word, sign in _TO_ROBOT.items() if word in phrase), 0)
        if not found:
            return True
        rivals = [
            o
            for i, o in enumerate(self.scene.objects)
            if i != index and o.kind == thing.kind and (thing.color not in phrase or o.color == thing.color)
        ]
        own = found * np.hypot(*thing.position[:2])
        return all(own > found * np.hypot(*rival.position[:2]) + MARGIN for rival in rivals)

"""Choices of the steps of one plan: each is made on the objects as they would be after the steps before it."""

from __future__ import annotations

from collections.abc import Sequence

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.decider import Choice, Decider
from moe3d_ros.model.reasoning.elements import attribute_words
from moe3d_ros.model.reasoning.imagining import moved
from moe3d_ros.model.reasoning.told_names import Told
from moe3d_ros.world.vocabulary import COLOR_NAMES
from moe3d_ros.world.workspace import Workspace

SAID = 0.5  # match of a word with a colour from which it says the colour


class ImaginedSteps:
    """The reasoner's next choice, again and again, while the plan is written.

    A step that is taken to have gone well is not planned again: where the same move of the same thing is chosen once more, the
    plan is done as far as can be told before the next look.

    Args:
        objects: of one scene. completed: texts of the steps that were done before the plan.
        workspace: box in whose free spots things are imagined.
        told: words of the instruction and of the completed steps that stand for some objects alone; None for none.

    Attributes:
        last: the choice that was made last; None before the first.
    """

    def __init__(
        self,
        decider: Decider,
        objects: ObjectSet,
        instruction: str,
        completed: Sequence[str],
        workspace: Workspace,
        told: Told | None = None,
    ):
        self.decider, self.objects, self.workspace = decider, objects, workspace
        self.instruction, self.completed, self.told = instruction, list(completed), told
        self.last: Choice | None = None
        self._made: set[tuple] = set()
        self._moves: list[tuple[int, int | None]] = []

    def said_colors(self) -> tuple[str, ...]:
        """Colours that a word of the instruction is, as its reader matches them."""
        reader = self.decider.reader
        matches = reader.matches(reader.language.encode(f" {self.instruction.lower()}")).max(0).values
        return tuple(color for color, match in zip(attribute_words(), matches) if color in COLOR_NAMES and match > SAID)

    def __call__(self, planned: Sequence[str]) -> Choice:
        """The choice after the steps of the plan that are written, given by their texts."""
        told = None if self.told is None else self.told.after(self._moves)
        (choice,) = self.decider.choose(self.objects, [(self.instruction, [*self.completed, *planned])], [told])
        move = (choice.pick, choice.place, choice.area, choice.side, choice.second)
        if choice.pick is not None and move in self._made:
            choice = Choice("done", choice.probability)
        self._made.add(move)
        if choice.pick is not None:
            self._moves.append((choice.pick, choice.place))
            where = (choice.place, choice.area, self.workspace, choice.side, choice.second)
            self.objects = moved(self.objects, choice.pick, *where)
        self.last = choice
        return choice

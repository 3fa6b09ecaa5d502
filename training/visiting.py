"""Episodes that a reasoner plays by itself, and what would have been right in them: a round of DAgger (arXiv 1011.0686)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, remaining_steps, right_moves, satisfied, step_of
from moe3d_ros.tabletop.tasks.progress import a_little_off
from training.data.decisions import Moment, Played, Start
from training.stages.described import describe

TOGETHER = 256  # episodes that are played at once
SPARE = 3  # steps beyond those that are needed

Decide = Callable[[ObjectSet, Sequence[tuple[str, Sequence[str]]]], list[Choice]]


@dataclass
class Episode:
    """A task that is being played: where it stands, and how many steps are left."""

    task: LongTask
    scene: Scene
    told_by_place: bool
    left: int = 0
    history: list[str] = field(default_factory=list)
    erred: bool = False

    @property
    def won(self) -> bool:
        """All its goals are reached, without the oracle's help."""
        reached, wanted = satisfied(self.task, self.scene)
        return reached == wanted and not self.erred

    @classmethod
    def of(cls, start: Start) -> Episode:
        """The episode that begins there."""
        return cls(start.task, start.scene, start.told_by_place)

    def __post_init__(self) -> None:
        self.left = len(remaining_steps(self.task, self.scene)) + SPARE


def visit(
    decide: Decide,
    episodes: Sequence[Episode],
    kinds: int,
    seed: int,
    show: bool = True,
    errors: float = 1.0,
    overlooked: float = 0.0,
) -> tuple[list[Played], float]:
    """Play the episodes by the reasoner's own decisions, on objects as the encoder errs about them.

    Args:
        errors: see `describe`. overlooked: share of moments at which one thing is not seen, so that the reasoner comes to where
            a thing that was overlooked has led.

    Where a decision is no move that can be made, or says done too early, the oracle's step is taken in its place. After a
    wrong move in a task that tells its things by their places the episode ends: what it means has changed.

    Returns:
        every moment, with all that would have been right in it, and the share of them that were decided right.
    """
    found: list[Played] = []
    right_ones = 0
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    for start in tqdm(range(0, len(episodes), TOGETHER), desc="visiting", disable=not show):
        live = list(episodes[start : start + TOGETHER])
        while live:
            looks = [_overlooking(one.scene, rng) if rng.random() < overlooked else Look(one.scene) for one in live]
            objects, rows = describe(batch_scenes([look.scene for look in looks]), generator, kinds, errors)
            slots = [look.slots(row) for look, row in zip(looks, rows.tolist())]
            choices = decide(objects, [(one.task.instruction, one.history) for one in live])
            going = []
            for one, choice, slot in zip(live, choices, slots):
                right = tuple(right_moves(one.task, one.scene))
                found.append(Played(one.task.instruction, (Moment(one.scene, tuple(one.history), right),)))
                move = _move(choice, slot)
                if move is None:
                    good = not right and choice.end == "done"
                else:
                    good = move.plainly() in [known.plainly() for known in right]
                right_ones += good
                one.erred |= not good and move is None
                lost = not good and move is not None and one.told_by_place
                if not right or one.left <= 1 or lost:
                    continue
                if _advance(one, move, rng):
                    going.append(one)
            live = going
    return found, right_ones / max(len(found), 1)


@dataclass(frozen=True)
class Look:
    """A scene as it is seen: without the thing ``missed``, if there is one."""

    scene: Scene
    missed: int | None = None

    def slots(self, seen: Sequence[int]) -> list[int]:
        """Slots in the whole scene of those in what is seen."""
        return [slot + (self.missed is not None and slot >= self.missed) for slot in seen]


def _overlooking(scene: Scene, rng: np.random.Generator) -> Look:
    """A look that misses one movable thing, every other time one that bears another if there is one: that hides it."""
    layout = Layout(scene)
    movable = [index for index, thing in enumerate(scene.objects) if thing.traits.movable]
    piled = [index for index in movable if not layout.free(index)]
    if not movable:
        return Look(scene)
    missed = int(rng.choice(piled if piled and rng.random() < 0.5 else movable))
    return Look(replace(scene, objects=scene.objects[:missed] + scene.objects[missed + 1 :]), missed)


def _move(choice: Choice, slots: Sequence[int]) -> Move | None:
    """A choice in the numbers of the scene's things; None where it is none of a step."""
    if choice.pick is None:
        return None
    place, second = (None if column is None else slots[column] for column in (choice.place, choice.second))
    return Move(slots[choice.pick], place, choice.area, side=choice.side, second=second)


def _advance(one: Episode, move: Move | None, rng) -> bool:
    """Take the step, or the oracle's where there is none that can be taken; False where there is none at all."""
    step = None
    if move is not None and Layout(one.scene).free(move.pick) and one.scene.objects[move.pick].traits.piled:
        with suppress(NoSpot):
            step = step_of(one.scene, move)
    if step is None:
        one.erred = True
        step = next_step(one.task, one.scene, rng)
    if step is None:
        return False
    one.scene = a_little_off(one.scene, step, rng)
    one.history.append(step.text)
    one.left -= 1
    return True

"""Decisions on scenes that are told instead of seen: of the planner, many at once, and of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from moe3d_ros.look import Decision, Look
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, right_moves, text_of
from training.stages.described import describe


@dataclass(frozen=True)
class Moment:
    """Situation that is to be decided on.

    Attributes:
        scene: as it is now.
        instruction: of the user.
        completed: texts of the steps that were done.
        task: what the instruction means, for the oracle; None where it has no such meaning.
    """

    scene: Scene
    instruction: str
    completed: tuple[str, ...] = ()
    task: LongTask | None = None


Decide = Callable[[Sequence[Moment]], list[Decision]]
"""Decides on the first step of each moment; ``pick`` and ``place`` are indices of the scene's objects."""


def decide_many(planner: Planner, moments: Sequence[Moment]) -> list[Decision]:
    """The planner's decisions with the true objects: certain of every kind, colour and place, without a cloud.

    Returns:
        decisions whose ``pick`` and ``place`` are indices of the scene's objects.
    """
    told = [told_look(planner, moment.scene) for moment in moments]
    asked = [(moment.instruction, moment.completed) for moment in moments]
    decided = planner.decisions([look for look, _ in told], asked)
    return [_of_scene(decision, order) for decision, (_, order) in zip(decided, told)]


def oracle_decisions(moments: Sequence[Moment]) -> list[Decision]:
    """The oracle's decisions: the first of the right moves, done where there is none. Raises ValueError without a task."""
    return [_oracle_decision(moment) for moment in moments]


def told_look(planner: Planner, scene: Scene) -> tuple[Look, list[int]]:
    """A look at the scene's objects as the encoder would describe them without error, and the index of each in the scene.

    Each scene is described by itself and with the same draws, so that it does not matter what is decided on beside it.
    """
    generator = torch.Generator().manual_seed(0)
    objects, slots = describe(batch_scenes([scene]), generator, len(planner.kinds), errors=0.0)
    return planner.look_at_objects(objects), slots[0].tolist()


def _of_scene(decision: Decision, order: list[int]) -> Decision:
    columns = (decision.pick, decision.place, decision.second)
    pick, place, second = (None if column is None else order[column] for column in columns)
    return replace(decision, pick=pick, place=place, second=second)


def _oracle_decision(moment: Moment) -> Decision:
    if moment.task is None:
        raise ValueError(f"the oracle does not know what {moment.instruction!r} means: only tasks have a meaning.")
    moves = right_moves(moment.task, moment.scene)
    if not moves:
        return Decision("done", 1.0)
    move = moves[0]
    text = text_of(moment.scene, move)
    destination = text.partition(", place it ")[2]
    return Decision("step", 1.0, text, destination, move.pick, move.place, 1.0, 1.0, move.side, move.second)

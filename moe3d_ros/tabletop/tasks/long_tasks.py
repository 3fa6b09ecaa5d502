"""A long-horizon task, its score in a scene, and the oracle: the steps that remain from the scene as it is now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.rules.placing import NoSpot, place_pose
from moe3d_ros.tabletop.rules.success import at_goal
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks.goals import GOALS, Goal, Move
from moe3d_ros.tabletop.tasks.single_step import make_step, step_text

MAX_STEPS = 60


@dataclass(frozen=True)
class LongTask:
    """An instruction and what it means.

    Attributes:
        name: as it is registered.
        instruction: as a person says it.
        alternatives: each is a set of goals that would do; indices are those of the scene's objects.
        held_out: the wording is not one of those trained on.
        reason: why it cannot be done (``no red bowl``); empty if it can. Then there are no goals.
        again: the instruction in other words, for training; empty if there are none.
        extra_steps: moves that may be wasted.
        orderly: no right move covers a block that has still to be moved, unless nothing else is left to do.
        in_order: goals are reached one after the other, as they are given.
    """

    name: str
    instruction: str
    alternatives: tuple[tuple[Goal, ...], ...]
    held_out: bool = False
    reason: str = ""
    again: str = ""
    extra_steps: int = 2
    orderly: bool = False
    in_order: bool = False

    @property
    def wordings(self) -> list[str]:
        """The instruction, and where there are other words for it, those."""
        return list(dict.fromkeys([self.instruction, self.again or self.instruction]))

    def step_limit(self, moves: int) -> int:
        """Number of steps that an episode may take, given how many moves it needs."""
        return moves + self.extra_steps

    def to_dict(self) -> dict:
        """Plain types for JSON."""
        goals = [[{"kind": type(goal).__name__, **asdict(goal)} for goal in goals] for goals in self.alternatives]
        return {
            "name": self.name,
            "instruction": self.instruction,
            "alternatives": goals,
            "held_out": self.held_out,
            "reason": self.reason,
            "again": self.again,
            "extra_steps": self.extra_steps,
            **({"orderly": True} if self.orderly else {}),
            **({"in_order": True} if self.in_order else {}),
        }

    @classmethod
    def from_dict(cls, values: dict) -> LongTask:
        """The inverse of :meth:`to_dict`. Raises KeyError for a goal of unknown kind."""

        def frozen(value):
            return tuple(frozen(v) for v in value) if isinstance(value, list) else value

        def goal(entry: dict) -> Goal:
            fields = {name: frozen(value) for name, value in entry.items() if name != "kind"}
            return GOALS[entry["kind"]](**fields)

        alternatives = tuple(tuple(goal(entry) for entry in goals) for goals in values["alternatives"])
        return cls(
            values["name"],
            values["instruction"],
            alternatives,
            values["held_out"],
            values["reason"],
            values.get("again", ""),
            values.get("extra_steps", 2),
            values.get("orderly", False),
            values.get("in_order", False),
        )


def satisfied(task: LongTask, scene: Scene) -> tuple[int, int]:
    """Goals reached in the scene, and all goals; the best of the task's alternatives counts."""
    if not task.alternatives:
        return 0, 0
    layout = Layout(scene)
    goals = _tied(task, layout)[0]
    return sum(goal.reached(layout) for goal in goals), sum(goal.total for goal in goals)


def right_moves(task: LongTask, scene: Scene) -> list[Move]:
    """All moves that would be right next in the scene as it is, from left to right; none if all is done, or nothing can be.

    Taking something aside comes last: such moves are right only where there are no others.
    """
    if not task.alternatives:
        return []
    layout = Layout(scene)
    moves: dict[Move, None] = {}
    covering: dict[Move, None] = {}
    for tied in _tied(task, layout):
        goals = _first_open(tied, layout) if task.in_order else tied
        waiting = {i for goal in goals for i in goal.waiting(layout)} if task.orderly else set()
        for move in (move for goal in goals for move in goal.moves(layout)):
            for covered in _covered(layout, move, waiting):
                aside = Move(layout.summit(covered), aside=True)
                covering[aside._replace(area=_aside(goals, layout, aside))] = None
                break
            else:
                area = _aside(goals, layout, move) if move.aside else move.area
                moves[move._replace(area=area)] = None
    direct = [move for move in moves if not move.aside]
    return sorted(direct or moves or covering, key=lambda move: -layout.left(move.pick))


def next_step(task: LongTask, scene: Scene, rng: np.random.Generator | None = None) -> Step | None:
    """The oracle's next step from the scene as it is, with ``rng`` a random one of the right ones; None if there is none.

    There is none either where something is in the way beside the thing that it would go to.
    """
    moves = right_moves(task, scene)
    if not moves:
        return None
    try:
        return step_of(scene, moves[0 if rng is None else int(rng.integers(len(moves)))])
    except NoSpot:
        return None


def step_of(scene: Scene, move: Move) -> Step:
    """A move as a step. Raises NoSpot if there is no room where it goes."""
    return make_step(scene, move.pick, move.place, move.area, move.side, move.second)


def text_of(scene: Scene, move: Move) -> str:
    """A move in the planner's own words."""
    return step_text(scene, move.pick, move.place, move.area, move.side, move.second)


def remaining_steps(task: LongTask, scene: Scene, rng: np.random.Generator | None = None) -> tuple[Step, ...]:
    """All steps that the oracle would still take from the scene as it is, each with the poses after those before it."""
    steps: list[Step] = []
    while len(steps) < MAX_STEPS:
        step = next_step(task, scene, rng)
        if step is None:
            break
        steps.append(step)
        scene = apply_step(scene, step)
    return tuple(steps)


def _tied(task: LongTask, layout: Layout) -> list[tuple[Goal, ...]]:
    """The alternatives of which most is reached."""
    if len(task.alternatives) == 1:
        return [task.alternatives[0]]
    counts = [sum(goal.reached(layout) for goal in goals) for goals in task.alternatives]
    return [goals for goals, count in zip(task.alternatives, counts) if count == max(counts)]


def _first_open(goals: tuple[Goal, ...], layout: Layout) -> tuple[Goal, ...]:
    """The first goal that there is something to do for; all of them if there is none."""
    return next(((goal,) for goal in goals if goal.moves(layout)), goals)


def _covered(layout: Layout, move: Move, waiting: set[int]) -> list[int]:
    """Those of the ``waiting`` blocks that would lie under the moved one."""
    if move.place is None or move.aside or move.side:
        return []
    thing = layout.scene.objects[move.place]
    if thing.traits.contains:
        return [i for i in sorted(waiting - {move.pick}) if move.place in layout.under(i)]
    if not thing.traits.flat:
        return [i for i in (move.place, *layout.under(move.place)) if i in waiting]
    there = [i for i in layout.on(move.place) if i in waiting and i != move.pick]
    return there if there and not _fits_beside(layout, move.pick, move.place) else []


def _fits_beside(layout: Layout, pick: int, zone: int) -> bool:
    """True if a zone has room for a block beside what lies there."""
    block, goal = layout.scene.objects[pick], layout.scene.objects[zone]
    x, y, top = place_pose(layout.scene, pick, zone, None).position
    put = replace(block, position=(x, y, top - block.half_extents[2]))
    return top <= goal.top + 2 * block.half_extents[2] + 0.002 and at_goal(put, goal)[0]


def _aside(goals: tuple[Goal, ...], layout: Layout, move: Move) -> str:
    """The side of the table that a thing is on, unless the task is about that side: then the other one."""
    sides = ("left side", "right side") if layout.left(move.pick) > 0 else ("right side", "left side")
    taken = " ".join(area for goal in goals if (area := getattr(goal, "area", None)))
    return sides[1] if sides[0].split()[0] in taken else sides[0]

"""The tabletop world without physics: decided steps carried out by rules, whole runs of many episodes played together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import parent_process

import numpy as np
from tqdm import tqdm

from moe3d_ros.look import Decision
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.tasks.progress import a_little_off
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.areas import AREAS
from training.evaluation.judging.symbolic_decisions import Decide, Moment

ENDS = {"done": "complete", "cannot": "cannot"}  # of an episode, by how the plan ends


@dataclass(frozen=True)
class Taken:
    """A step of a run: what was decided, the scene before and after it, and why nothing moved (empty if it did)."""

    decision: Decision
    before: Scene
    after: Scene
    hindrance: str


@dataclass
class Run:
    """One episode in the making.

    Attributes:
        scene: as it is now.
        limit: most steps that it may take.
        rng: draws by how much steps are off.
        task: what the instruction means; None for words whose meaning only their judge knows.
        end: ``complete``, ``cannot`` or ``limit``; empty while it goes on.
    """

    scene: Scene
    instruction: str
    limit: int
    rng: np.random.Generator
    task: LongTask | None = None
    completed: tuple[str, ...] = ()
    taken: list[Taken] = field(default_factory=list)
    end: str = ""

    @property
    def moment(self) -> Moment:
        """The present situation, to be decided on."""
        return Moment(self.scene, self.instruction, self.completed, self.task)

    def take(self, decision: Decision) -> None:
        """Carry out what was decided; a step that was done is among those completed from now on."""
        if decision.end != "step":
            self.end = ENDS[decision.end]
            return
        after, hindrance = carry_out(self.scene, decision, self.rng)
        self.taken.append(Taken(decision, self.scene, after, hindrance))
        self.scene = after
        if not hindrance:
            self.completed = (*self.completed, decision.text)
        if len(self.taken) >= self.limit:
            self.end = "limit"


def play(runs: Sequence[Run], decide: Decide, name: str = "decisions") -> None:
    """Play all runs to their ends, side by side: one call of ``decide`` for the next step of all that go on."""
    with tqdm(total=len(runs), desc=name, mininterval=5, disable=parent_process() is not None) as bar:
        while going := [run for run in runs if not run.end]:
            for run, decision in zip(going, decide([run.moment for run in going])):
                run.take(decision)
                bar.update(bool(run.end))


def carry_out(scene: Scene, decision: Decision, rng: np.random.Generator) -> tuple[Scene, str]:
    """The scene after a decided step, a little off as in training, and why nothing moved (empty if it did).

    What the gripper of the physics world cannot pick costs a step there and here, and does not count as done: what is
    fixed, what is covered (the tip meets what lies on it first), or nothing. Nor is anything put on itself, or on a thing
    that is named but not pointed at. Onto a block that bears another one, and into a bowl that holds something, a thing
    comes down on top of what is there, as it does where the gripper descends until it is stopped.
    """
    area = decision.destination.removeprefix("on the ") if decision.place is None else None
    layout = Layout(scene)
    hindrance = _hindrance(layout, decision.pick, decision.place, area, decision.side, decision.second)
    if hindrance or decision.pick is None:
        return scene, hindrance
    place = decision.place
    if place is not None and not decision.side:
        place = _highest(layout, place, decision.pick)
    try:
        step = make_step(scene, decision.pick, place, area, decision.side, decision.second)
    except NoSpot as error:
        return scene, str(error)
    return a_little_off(scene, step, rng), ""


def _hindrance(
    layout: Layout, pick: int | None, place: int | None, area: str | None, side: str, second: int | None
) -> str:
    things = layout.scene.objects
    if pick is None:
        return "nothing is picked"
    if not things[pick].traits.piled:
        return f"the {things[pick].name} cannot be picked"
    if not layout.free(pick):
        return f"something lies on the {things[pick].name}"
    if place is None:
        return "" if area in AREAS else f"there is no spot {area!r}"
    if pick in (place, second):
        return f"the {things[pick].name} cannot be put {side or 'on'} itself"
    if side:
        return "" if place != second else f"there is no place between the {things[place].name} and itself"
    return "" if things[place].traits.destination else f"nothing can be put on the {things[place].name}"


def _highest(layout: Layout, place: int, moved: int) -> int:
    """The topmost block of a pile on a block, without the one that is moved; ``place`` itself for a bowl or a zone."""
    while layout.scene.objects[place].traits.sized and (others := [i for i in layout.on(place) if i != moved]):
        place = layout.leftmost(others)[0]
    return place

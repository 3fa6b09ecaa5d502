"""Held-out cases for suites without physics: instructions of one step, moments of long tasks, each in two wordings.

A case is a scene, what is said, what was done before, and what would be right. The same case is drawn in a trained and
in a held-out wording, so that nothing but the words differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, remaining_steps
from moe3d_ros.tabletop.tasks.progress import play_to_moment
from moe3d_ros.tabletop.tasks.single_step import make_step, single_step_task

HELD_OUT_SEED = 9_200_000  # training scenes come from seeds of another kind and range
CALIBRATION_SEED = 9_300_000  # for what is fitted: neither training's nor a suite's
WORDINGS = ("trained", "held out")
# What a settled task means depends on where things came to lie, so that two wordings need not be about the same things.
LONG_TASKS = tuple(entry.name for entry in registry.tasks().values() if not entry.settled)


@dataclass(frozen=True)
class Case:
    """One thing to ask the planner.

    Attributes:
        scene: as it is now.
        instruction: of the user.
        history: texts of the steps that were executed.
        steps: what the oracle would still do; none if all is done.
        task: the long task that the moment belongs to; None for an instruction of one step.
        group: ``plain``, ``grounded``, or the name of the task.
        wording: one of WORDINGS.
    """

    scene: Scene
    instruction: str
    history: tuple[str, ...]
    steps: tuple[Step, ...]
    task: LongTask | None
    group: str
    wording: str = "trained"

    @property
    def family(self) -> str:
        """``single``, ``seen`` (A to E), ``unseen`` (F to K) or ``practice``."""
        return "single" if self.task is None else registry.find(self.group).family

    def right_step(self, pick: int, place: int | None, area: str | None, text: str) -> bool:
        """True if a step, as indices of the scene's objects and in words, is one that helps.

        Of one-step instructions only the oracle's will do; of a long task any step after which fewer are left.
        """
        thing = self.scene.objects[pick]
        if not thing.traits.piled or place == pick or not Layout(self.scene).free(pick):
            return False
        step = make_step(self.scene, pick, place, area)
        if step.text != text:
            return False
        if self.task is None:
            wanted = self.steps[0]
            return (pick, place, area) == (wanted.pick_index, wanted.place_index, wanted.area)
        return len(remaining_steps(self.task, apply_step(self.scene, step))) < len(self.steps)


def single_step_pair(number: int, seed: int = HELD_OUT_SEED) -> tuple[Case, Case]:
    """An instruction of one step in both wordings, the same things named by the same phrases; odd numbers are grounded."""
    grounded, attempt = number % 2 == 1, 0
    while True:
        key = (seed, 0, number, attempt)
        scene = random_scene(np.random.default_rng(key))
        # The same draws up to the sentence, which is chosen last.
        known, held_out = (
            single_step_task(scene, np.random.default_rng((*key, 1)), grounded, 0.1, held_out)
            for held_out in (False, True)
        )
        if known is not None and held_out is not None and known.steps == held_out.steps:
            group = "grounded" if grounded else "plain"
            first, second = (
                Case(scene, task.instruction, (), task.steps, None, group, wording)
                for task, wording in zip((known, held_out), WORDINGS)
            )
            return first, second
        attempt += 1


def moment_pair(
    number: int, name: str | None = None, done: float = 0.0, seed: int = HELD_OUT_SEED
) -> tuple[Case, Case]:
    """A moment of a long task in both wordings.

    Args:
        name: one of LONG_TASKS; they take turns by ``number`` if None.
        done: share of the moments in which nothing is left to do.
    """
    name, attempt = name or LONG_TASKS[number % len(LONG_TASKS)], 0
    while True:
        key = (seed, 1, LONG_TASKS.index(name), number, attempt)
        attempt += 1
        rng = np.random.default_rng((*key, 1))
        found = _both_wordings(name, key, scale=float(rng.uniform(0.5, 1.0)))
        if found is None:
            continue
        tasks, things = found
        try:
            scene = arrange(things, rng)
        except NoRoom:
            continue
        moment = play_to_moment(tasks[0], scene, rng, done)
        if (not moment.steps and done == 0) or (moment.steps and done == 1):
            continue
        first, second = (
            Case(moment.scene, task.instruction, tuple(moment.history), moment.steps, task, name, wording)
            for task, wording in zip(tasks, WORDINGS)
        )
        return first, second


def _both_wordings(name: str, key: tuple[int, ...], scale: float):
    """The task in both wordings and the things that it is about; None where the two came out about different things."""
    entry, drafts, tasks = registry.find(name), [], []
    for held_out in (False, True):
        draft = entry.draft(np.random.default_rng(key), SEEN_COLORS, scale, held_out)
        tasks.append(entry.task(draft, *entry.generator(draft)))
        drafts.append(draft)
    same = drafts[0].things == drafts[1].things and tasks[0].alternatives == tasks[1].alternatives
    return (tasks, drafts[0].things) if same else None


def reworded(case: Case, instruction: str, wording: str) -> Case:
    """The same case in other words."""
    return replace(case, instruction=instruction, wording=wording)

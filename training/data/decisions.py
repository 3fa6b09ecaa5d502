"""Decisions for the reasoner: at every moment of a play-through, which moves are right; symbolic, without a cloud.

An instruction is a recipe, a source and a seed, that can be said again in other layouts: so its states, read once by the
LLM, serve many scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.draft import MAX_OBJECTS
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, right_moves
from moe3d_ros.tabletop.tasks.progress import _dropped, _noisy, _wrong_step, sample_impossible
from moe3d_ros.tabletop.tasks.single_step import Task, single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import absent_sixd_task, random_sixd_task
from moe3d_ros.world.vocabulary import COLOR_NAMES

ALL_COLORS_SHARE = (
    0.35  # of the instructions are of scenes in all colours; the rest in those of the benchmark's training
)
SMALLEST_SCENE = 0.35
JITTER = 0.05  # by which sizes vary
WRONG_SHARE, FAILED_SHARE = 0.2, 0.1  # of play-throughs with a wrong step, and of steps that fail
LONGEST = 24  # moments of a play-through


@dataclass(frozen=True)
class Moment:
    """A scene, the texts of the steps that are done, and all moves that are right now; none where it is done or cannot be."""

    scene: Scene
    history: tuple[str, ...]
    right: tuple[Move, ...]


@dataclass(frozen=True)
class Played:
    """Moments under one instruction; ``possible`` is False where it cannot be done."""

    instruction: str
    moments: tuple[Moment, ...]
    possible: bool = True


@dataclass(frozen=True)
class Recipe:
    """One instruction, drawn again and again: a source (a key of SOURCES) and the seed of its words and things."""

    source: str
    seed: int

    def play(self, layout: int) -> Played | None:
        """Moments of one layout, drawn by its own seed; None where there is no room for the things in it."""
        return SOURCES[self.source](self.seed, np.random.default_rng((self.seed, layout)))


def _colors(rng: np.random.Generator) -> tuple[str, ...]:
    return COLOR_NAMES if rng.random() < ALL_COLORS_SHARE else SEEN_COLORS


def _scale(rng: np.random.Generator) -> float:
    return float(rng.uniform(SMALLEST_SCENE, 1.0))


def _long(family: str) -> Callable:
    def play(seed: int, rng: np.random.Generator) -> Played | None:
        words = np.random.default_rng((seed, 1))
        names = registry.names(family)
        entry = registry.find(names[int(words.integers(len(names)))])
        colors, scale = _colors(words), _scale(words)
        if entry.settled:
            task, scene = entry.sample(words, colors, scale, False, JITTER)
            return trace(task, scene, rng)
        while True:
            draft = entry.draft(words, colors, scale, False)
            try:
                said = entry.generator(draft)
            except (ValueError, IndexError):  # this draft has no room for the task
                continue
            if len(draft.things) <= MAX_OBJECTS:
                break
        task = entry.task(draft, *said)
        if seed % 2:
            task = replace(task, instruction=task.wordings[-1])
        try:
            return trace(task, arrange(draft.things, rng, JITTER), rng, told_by_place=entry.told_by_place)
        except NoRoom:
            return None

    return play


def _single(seed: int, rng: np.random.Generator) -> Played | None:
    words = np.random.default_rng((seed, 2))
    task = None
    while task is None:
        scene = random_scene(words)
        task = single_step_task(scene, words, bool(words.random() < 0.6), areas=0.15)
    return _one_step(task, scene, rng)


def _sixd(seed: int, rng: np.random.Generator) -> Played | None:
    words = np.random.default_rng((seed, 3))
    task = None
    while task is None:
        scene = sixd_scene(words)
        task = absent_sixd_task(scene, words) if words.random() < 0.1 else random_sixd_task(scene, words)
    if not task.steps:
        return Played(task.instruction, (Moment(scene, (), ()),), possible=False)
    return _one_step(task, scene, rng, loses=False)


def _one_step(task: Task, scene: Scene, rng: np.random.Generator, loses: bool = True) -> Played:
    """The moment before the only step, the one after it, and one after it has failed."""
    (step,) = task.steps
    right = (Move(step.pick_index, step.place_index, step.area),)
    moments = [Moment(scene, (), right), Moment(apply_step(scene, step), (step.text,), ())]
    if loses and rng.random() < 0.3:
        moments.append(Moment(_dropped(scene, step, rng), (step.text,), right))
    return Played(task.instruction, tuple(moments))


def _absent(seed: int, rng: np.random.Generator) -> Played:
    words = np.random.default_rng((seed, 4))
    moment = sample_impossible(words, colors=_colors(words), scale=_scale(words))
    return Played(moment.task.instruction, (Moment(moment.scene, (), ()),), possible=False)


def _unrelated(seed: int, rng: np.random.Generator) -> Played:
    words = np.random.default_rng((seed, 5))
    kinds = list(KINDS)
    shares = np.array([KINDS[kind] for kind in kinds])
    said = None
    while said is None:
        scene = random_scene(words)
        said = impossible_instruction(scene, words, str(words.choice(kinds, p=shares / shares.sum())))
    return Played(said.instruction, (Moment(scene, (), ()),), possible=False)


def trace(task: LongTask, scene: Scene, rng: np.random.Generator, told_by_place: bool = False) -> Played:
    """Play a task through, a little off at every step, now and then wrong: its moments, the last one done."""
    wrong = int(rng.integers(0, 4)) if rng.random() < WRONG_SHARE and not told_by_place else -1
    moments, history = [], []
    for number in range(LONGEST):
        right = tuple(right_moves(task, scene))
        moments.append(Moment(scene, tuple(history), right))
        if not right:
            break
        erring = _wrong_step(scene, rng) if number == wrong else None
        step = erring or next_step(task, scene, rng)
        if step is None:
            break
        history.append(step.text)
        loses = rng.random() < FAILED_SHARE and not erring
        scene = _dropped(scene, step, rng) if loses else _noisy(scene, step, rng)
    return Played(task.instruction, tuple(moments))


SOURCES: dict[str, Callable[[int, np.random.Generator], Played | None]] = {
    "seen": _long("seen"),
    "practice": _long("practice"),
    "single": _single,
    "sixd": _sixd,
    "absent": _absent,
    "unrelated": _unrelated,
}

"""Decisions for the reasoner: at every moment of a play-through, which moves are right; symbolic, without a cloud.

An instruction is a recipe, a source and a seed, that can be said again in other layouts: so its states, read once by the
LLM, serve many scenes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np

from moe3d_ros.tabletop.composed_words.beside_step import beside_step_task
from moe3d_ros.tabletop.composed_words.instructions import said
from moe3d_ros.tabletop.composing.drawing import draw_task
from moe3d_ros.tabletop.composing.missing import without
from moe3d_ros.tabletop.composing.parts import told_by_place
from moe3d_ros.tabletop.composing.selecting import selected
from moe3d_ros.tabletop.composing.task_form import TaskForm
from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.ambiguous import AMBIGUOUS, vague_order
from moe3d_ros.tabletop.tasks.draft import MAX_OBJECTS
from moe3d_ros.tabletop.tasks.goals import Beside, Move
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, right_moves
from moe3d_ros.tabletop.tasks.progress import a_little_off, dropped, sample_impossible, wrong_step
from moe3d_ros.tabletop.tasks.single_step import Task, single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import absent_sixd_task, random_sixd_task
from moe3d_ros.tabletop.tasks.unplaced import UNPLACED, unplaced_instruction
from moe3d_ros.tabletop.things.drawing_orders import Drawn
from moe3d_ros.tabletop.things.refused_orders import RefusedOrder
from moe3d_ros.tabletop.things.telling import THING
from moe3d_ros.tabletop.things.thing_tasks import SERIES, refused_order, refused_series, thing_task, worded_order
from moe3d_ros.tabletop.words.typos import with_typos
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND

ALL_COLORS_SHARE = 0.35  # of the instructions are about all colours; the rest about those of the benchmark's training
SMALLEST_SCENE = 0.35  # of play-throughs as the benchmark's, and
SMALL_SHARE = 0.3  # of composed ones are smaller yet
FEW_THINGS, MOST_THINGS = (0.05, 0.3), 8  # scales of small tables, and how many things are on them
FULL_SHARE = 0.5  # of their layouts are of full size, where what is left to do is easily overlooked
JITTER = 0.05  # by which sizes vary
WRONG_SHARE, FAILED_SHARE = 0.2, 0.1  # of play-throughs with a wrong step, and of steps that fail
TYPED, TYPED_OFTEN = 5, 3  # one in so many instructions has slips of the keyboard, and of SHORT sources
ORDERS = {"things": THING, "everyday": BLOCK, "series": SERIES}  # sources of orders, by the kind of `worded_order`
SHORT, LONG = (
    ("single", "small", "beside", "things", "everyday", "series"),
    65,
)  # letters from which on there are two of them
LONGEST = 24  # moments of a play-through
ABSENT = "absent color"
_CALLED = {word: kind for kind, traits in KIND.items() for word in (*traits.words, *traits.plurals)}


@dataclass(frozen=True)
class Moment:
    """A scene, the texts of the steps that are done, and all moves that are right now; none where it is done or cannot be."""

    scene: Scene
    history: tuple[str, ...]
    right: tuple[Move, ...]


@dataclass(frozen=True)
class Played:
    """Moments under one instruction.

    Attributes:
        reason: why it cannot be done, one of `impossible.KINDS`; empty where it can.
        missing: colour and kind of what is named and not there, either empty where that is not it.
    """

    instruction: str
    moments: tuple[Moment, ...]
    reason: str = ""
    missing: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Recipe:
    """One instruction, drawn again and again: a source (a key of SOURCES) and the seed of its words and things."""

    source: str
    seed: int

    def play(self, layout: int) -> Played | None:
        """Moments of one layout, drawn by its own seed; None where there is no room for the things in it."""
        played = SOURCES[self.source](self.seed, np.random.default_rng((self.seed, layout)))
        return None if played is None else replace(played, instruction=self._typed(played.instruction))

    def instruction(self) -> str | None:
        """Words of the recipe, without a play-through where that is possible; None where its first layout has no room."""
        if self.source in FORMS:
            return self._typed(FORMS[self.source](self.seed)[1])
        played = self.play(0)
        return None if played is None else played.instruction

    def start(self, layout: int) -> Start | None:
        """The beginning of such a play-through, of a source of long tasks; None as above."""
        start = STARTS[self.source](self.seed, np.random.default_rng((self.seed, layout)))
        if start is None:
            return None
        return replace(start, task=replace(start.task, instruction=self._typed(start.task.instruction)))

    def _typed(self, text: str) -> str:
        """The words as they are typed: under every third or fifth seed with a slip of the keyboard, with two if they are many."""
        every = TYPED_OFTEN if self.source in SHORT else TYPED
        if self.seed % every != every - 1:
            return text
        return with_typos(text, np.random.default_rng((self.seed, 11)), 1 + (len(text) > LONG))


def _colors(rng: np.random.Generator) -> tuple[str, ...]:
    return COLOR_NAMES if rng.random() < ALL_COLORS_SHARE else SEEN_COLORS


def _scale(rng: np.random.Generator) -> float:
    return float(rng.uniform(SMALLEST_SCENE, 1.0))


def _any_scale(rng: np.random.Generator) -> float:
    """Size of a scene, now and then as small as tables are whose things one can count at a glance."""
    return float(rng.uniform(0.05, SMALLEST_SCENE)) if rng.random() < SMALL_SHARE else _scale(rng)


@dataclass(frozen=True)
class Start:
    """A long task and the scene that it starts from; ``told_by_place``: a wrong move would change what its words mean."""

    task: LongTask
    scene: Scene
    told_by_place: bool = False


def _registered(family: str) -> Callable[[int, np.random.Generator], Start | None]:
    def start(seed: int, rng: np.random.Generator) -> Start | None:
        words = np.random.default_rng((seed, 1))
        names = registry.names(family)
        entry = registry.find(names[int(words.integers(len(names)))])
        colors, scale = _colors(words), _scale(words)
        if entry.settled:  # its words are about where things stand
            return Start(*entry.sample(words, colors, scale, False, JITTER), told_by_place=entry.told_by_place)
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
            return Start(task, arrange(draft.things, rng, JITTER), entry.told_by_place)
        except NoRoom:
            return None

    return start


@lru_cache(maxsize=1 << 16)
def _form(seed: int) -> tuple[TaskForm, str, tuple[bool, ...], Scene]:
    """A composed task of a seed: its form, its words, which of its selections are said as one block, and a first scene."""
    words = np.random.default_rng((seed, 6))
    form, _, scene = draw_task(words, _colors(words), _any_scale(words), JITTER)
    return _worded(form, scene, words)


@lru_cache(maxsize=1 << 16)
def _small_form(seed: int) -> tuple[TaskForm, str, tuple[bool, ...], Scene]:
    """The same of a task for a table of a few things, which are put somewhere or piled: what most people ask for first."""
    words = np.random.default_rng((seed, 10))
    while True:
        form, _, scene = draw_task(words, _colors(words), float(words.uniform(*FEW_THINGS)), JITTER)
        plain = all(clause.arrangement in ("put", "pile") for clause in form.clauses)
        if plain and len(scene.objects) <= MOST_THINGS:
            return _worded(form, scene, words)


def _worded(form: TaskForm, scene: Scene, words: np.random.Generator) -> tuple[TaskForm, str, tuple[bool, ...], Scene]:
    """A form with its words for a scene, and which of its selections are said as one block."""
    single = _alone(form, scene)
    return form, said(form, words, alone=single, lone_colors=_lone_colors(scene)), single, scene


def _order_of(kind: str, seed: int) -> tuple[Drawn, str]:
    return worded_order(seed, kind)  # as `thing_task` asks for it, so that it is drawn once


FORMS: dict[str, Callable[[int], tuple]] = {
    "composed": _form,
    "small": _small_form,
    **{source: partial(_order_of, kind) for source, kind in ORDERS.items()},
}


def _alone(form: TaskForm, scene: Scene) -> tuple[bool, ...]:
    """Of each clause, whether its selection is just one block."""
    return tuple(len(selected(clause.selection, scene)) == 1 for clause in form.clauses)


def _lone_colors(scene: Scene) -> tuple[str, ...]:
    """Colours of which there is just one block."""
    counts = Counter(thing.color for thing in scene.objects if thing.kind == BLOCK)
    return tuple(color for color, count in counts.items() if count == 1)


def _composed(seed: int, rng: np.random.Generator) -> Start | None:
    return _laid_out("composed", seed, rng, 1.0 if rng.random() < FULL_SHARE else _any_scale(rng))


def _small(seed: int, rng: np.random.Generator) -> Start | None:
    return _laid_out("small", seed, rng, float(rng.uniform(*FEW_THINGS)))


def _laid_out(source: str, seed: int, rng: np.random.Generator, scale: float) -> Start | None:
    """The form of a seed in a scene of some size."""
    form, instruction, single, _ = FORMS[source](seed)
    try:
        _, task, scene = draw_task(rng, _colors(rng), scale, JITTER, form)
    except ValueError:  # hardly any scene offers it
        return None
    if _alone(form, scene) != single:
        return None
    return Start(replace(task, instruction=instruction), scene, told_by_place(form))


def _beside(seed: int, rng: np.random.Generator) -> Start | None:
    """A single step beside a thing, in a scene that belongs to its words."""
    words = np.random.default_rng((seed, 8))
    task = None
    while task is None:
        scene, grounded = random_scene(words), bool(words.random() < 0.5)
        task = beside_step_task(scene, words, grounded)
    (step,) = task.steps
    assert step.place_index is not None  # it goes beside something
    goal = Beside((step.pick_index,), step.side, step.place_index, step.second)
    return Start(LongTask("beside", task.instruction, ((goal,),)), scene, grounded)


def _things(kind: str) -> Callable[[int, np.random.Generator], Start]:
    return lambda seed, rng: Start(*thing_task(seed, rng, kind))


STARTS: dict[str, Callable[[int, np.random.Generator], Start | None]] = {
    "seen": _registered("seen"),
    "practice": _registered("practice"),
    "composed": _composed,
    "small": _small,
    "beside": _beside,
    **{source: _things(kind) for source, kind in ORDERS.items()},
}


def _through(source: str) -> Callable[[int, np.random.Generator], Played | None]:
    def play(seed: int, rng: np.random.Generator) -> Played | None:
        start = STARTS[source](seed, rng)
        return None if start is None else trace(start, rng)

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
        return _refused(task.instruction, scene, ABSENT)
    return _one_step(task, scene, rng, loses=False)


def _one_step(task: Task, scene: Scene, rng: np.random.Generator, loses: bool = True) -> Played:
    """The moment before the only step, the one after it, and one after it has failed."""
    (step,) = task.steps
    right = (Move(step.pick_index, step.place_index, step.area),)
    moments = [Moment(scene, (), right), Moment(apply_step(scene, step), (step.text,), ())]
    if loses and rng.random() < 0.3:
        moments.append(Moment(dropped(scene, step, rng), (step.text,), right))
    return Played(task.instruction, tuple(moments))


def _absent(seed: int, rng: np.random.Generator) -> Played:
    words = np.random.default_rng((seed, 4))
    moment = sample_impossible(words, colors=_colors(words), scale=_scale(words))
    return _refused(moment.task.instruction, moment.scene, ABSENT)


def _composed_absent(seed: int, rng: np.random.Generator) -> Played:
    """A composed task that names a thing which is not there."""
    words = np.random.default_rng((seed, 7))
    found = None
    while found is None:
        form, _, single, scene = _form(int(words.integers(1 << 40)))
        found = without(form, scene, words)
    form, missing = found
    said_so = said(form, words, alone=single)
    return Played(said_so, (Moment(scene, (), ()),), ABSENT, missing)


def _unrelated(seed: int, rng: np.random.Generator) -> Played:
    words = np.random.default_rng((seed, 5))
    kinds = list(KINDS)
    shares = np.array([KINDS[kind] for kind in kinds])
    said = None
    while said is None:
        scene = random_scene(words)
        said = impossible_instruction(scene, words, str(words.choice(kinds, p=shares / shares.sum())))
    return _refused(said.instruction, scene, said.kind)


def _refused(instruction: str, scene: Scene, reason: str) -> Played:
    return Played(
        instruction, (Moment(scene, (), ()),), reason, absent_in(instruction, scene) if reason == ABSENT else ("", "")
    )


def absent_in(instruction: str, scene: Scene) -> tuple[str, str]:
    """Colour and kind of the first thing that an instruction names by both and the scene has not; empty where there is none."""
    words = [word.strip(".,?!;:").lower() for word in instruction.split()]
    there = {(thing.color, thing.kind) for thing in scene.objects}
    for color, word in pairwise(words):
        kind = _CALLED.get(word, "")
        if color in COLOR_NAMES and kind and (color, kind) not in there:
            return color, kind
    return "", ""


def trace(start: Start, rng: np.random.Generator) -> Played:
    """Play a task through, a little off at every step, now and then wrong: its moments, the last one done."""
    task, scene = start.task, start.scene
    wrong = int(rng.integers(0, 4)) if rng.random() < WRONG_SHARE and not start.told_by_place else -1
    moments: list[Moment] = []
    history: list[str] = []
    for number in range(LONGEST):
        right = tuple(right_moves(task, scene))
        moments.append(Moment(scene, tuple(history), right))
        if not right:
            break
        erring = wrong_step(scene, rng) if number == wrong else None
        step = erring or next_step(task, scene, rng)
        if step is None:
            break
        history.append(step.text)
        loses = rng.random() < FAILED_SHARE and not erring
        scene = dropped(scene, step, rng) if loses else a_little_off(scene, step, rng)
    return Played(task.instruction, tuple(moments))


def _unplaced(seed: int, rng: np.random.Generator) -> Played:
    """An order for a place that no step has."""
    words = np.random.default_rng((seed, 9))
    said = None
    while said is None:
        scene = random_scene(words)
        said = unplaced_instruction(scene, words)
    return _refused(said, scene, UNPLACED)


def _vague(seed: int, rng: np.random.Generator) -> Played:
    """An order that tells a thing by too little, which is refused where several would do."""
    words = np.random.default_rng((seed, 8))
    order = vague_order(words, _colors(words))
    if order.step is None:
        return _refused(order.instruction, order.scene, AMBIGUOUS)
    return _one_step(Task(order.instruction, (order.step,), False), order.scene, rng)


def _refused_by(order_of: Callable[[int], RefusedOrder]) -> Callable[[int, np.random.Generator], Played]:
    """Source of orders that name what is not there, or that could mean one thing or another."""

    def play(seed: int, rng: np.random.Generator) -> Played:
        order = order_of(seed)
        reason = AMBIGUOUS if order.ambiguous else ABSENT
        return Played(order.instruction, (Moment(order.scene, (), ()),), reason, order.missing)

    return play


SOURCES: dict[str, Callable[[int, np.random.Generator], Played | None]] = {
    **{source: _through(source) for source in STARTS},
    "single": _single,
    "sixd": _sixd,
    "absent": _absent,
    "composed_absent": _composed_absent,
    "unrelated": _unrelated,
    "vague": _vague,
    "unplaced": _unplaced,
    "things_refused": _refused_by(refused_order),
    "series_refused": _refused_by(refused_series),
}

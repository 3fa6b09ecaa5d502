"""Training samples in the middle of a long-horizon task: a scene, what was done already, and the steps that remain.

The past is played without physics: right steps in random order, each a little off, now and then one that failed or was
wrong. Tasks are A to E and the practice tasks; F to K are left for evaluation.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.rules.step_done import step_done
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.scenes.support import resting_height
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.long_tasks import MAX_STEPS, LongTask, next_step, remaining_steps, right_moves
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.vocabulary import COUNTED, KIND, ROUND_SHAPES

TRAINING_TASKS = registry.names("seen", "practice")
BENCHMARK_SHARE = 0.5  # of the samples are of A to E, the rest practice
DONE_SHARE = 0.18  # of the samples have nothing left to do
FAILED_SHARE = 0.1  # of the samples have a last step that failed
WRONG_SHARE = 0.15  # of the samples have a step in their past that was wrong: a planner meets its own mistakes
PLACE_NOISE, STACK_NOISE = 0.005, 0.0025  # metres, 1 sigma in x and y; cut at twice that
YAW_NOISE = np.deg2rad(4)
MAX_LEARNT_STEPS = 4  # steps of a moment whose right moves are part of the sample
_NAMED_KINDS = {word: name for name in COUNTED for word in (*KIND[name].words, KIND[name].plurals[0])}
DROP_DISTANCES = (0.04, 0.09)  # metres from its former or intended place at which a lost block lies


@dataclass(frozen=True)
class Progress:
    """A moment of an episode.

    Attributes:
        scene: as it is now.
        task: what is to be done.
        history: texts of the steps that were executed, the failed one included.
        steps: what would still be done, in a random right order; empty if all is done, or if the task has a ``reason``.
        right: for each of the steps, all the moves that would have been right in its place.
    """

    scene: Scene
    task: LongTask
    history: list[str]
    steps: tuple[Step, ...]
    right: tuple[tuple[Move, ...], ...] = ()

    def __iter__(self):
        return iter((self.scene, self.task, self.history, self.steps))


def sample_progress(
    rng: np.random.Generator,
    name: str | None = None,
    colors: tuple[str, ...] = SEEN_COLORS,
    held_out: bool = False,
    scale: float = 1.0,
    jitter: float = 0.05,
    done: float = DONE_SHARE,
    failed: float = FAILED_SHARE,
    wrong: float = WRONG_SHARE,
) -> Progress:
    """A random moment of a random training task.

    Args:
        name: one of TRAINING_TASKS; drawn if None.
        colors: which colours there are.
        held_out: word it in a way that training never uses.
        scale: below 1, fewer things on the table: 0.4 gives two or three colours.
        jitter: sizes vary by this fraction.
        done: share of the samples in which nothing is left to do.
        failed: share of the samples whose last step failed.
        wrong: share of the samples, where the task allows it, with a wrong step in their past.

    Raises:
        ValueError: no training task has that name (F to K are none).
    """
    task, scene = _training_task(rng, name, colors, held_out, scale, jitter)
    return play_to_moment(task, scene, rng, done, failed, wrong)


def play_to_moment(
    task: LongTask,
    scene: Scene,
    rng: np.random.Generator,
    done: float = DONE_SHARE,
    failed: float = FAILED_SHARE,
    wrong: float = WRONG_SHARE,
) -> Progress:
    """A random moment of any task that starts from ``scene``; shares as of `sample_progress`."""
    moves = len(remaining_steps(task, scene))
    taken = moves if rng.random() < done else int(rng.integers(0, moves))
    errs = rng.random() < wrong and not registry.find(task.name).told_by_place
    while True:
        now, history = _played(task, scene, taken, int(rng.integers(0, taken + 1)) if errs else None, rng)
        if rng.random() < failed:
            step = next_step(task, now, rng)
            if step is not None:
                now = dropped(now, step, rng)
                history.append(step.text)
        steps, right = _rest(task, now, rng)
        if len(steps) < MAX_STEPS:
            return Progress(now, task, history, steps, right)
        errs = False  # the mistake made goals contradict: one's base lies on the other's


def _played(task: LongTask, scene: Scene, taken: int, mistake: int | None, rng) -> tuple[Scene, list[str]]:
    """The scene after ``taken`` steps, number ``mistake`` of which was wrong, and their texts."""
    history: list[str] = []
    for number in range(taken):
        step = (wrong_step(scene, rng) if number == mistake else None) or next_step(task, scene, rng)
        if step is None:
            break
        scene = a_little_off(scene, step, rng)
        history.append(step.text)
    return scene, history


def _rest(task: LongTask, scene: Scene, rng) -> tuple[tuple[Step, ...], tuple[tuple[Move, ...], ...]]:
    """The remaining steps in a random right order, and at each all moves that are right."""
    steps = remaining_steps(task, scene, rng)
    right = []
    for step in steps[:MAX_LEARNT_STEPS]:
        right.append(tuple(right_moves(task, scene)))
        scene = apply_step(scene, step)
    return steps, tuple(right)


def wrong_step(scene: Scene, rng) -> Step | None:
    """A step of a planner that errs: a random free block into an empty bowl or zone or onto a block; None if there is none."""
    layout = Layout(scene)
    free = [i for i, kind in enumerate(layout.kinds) if KIND[kind].sized and layout.free(i)]
    if not free:
        return None
    pick = int(rng.choice(free))
    size = scene.objects[pick].half_extents[0]
    places = [
        i
        for i, thing in enumerate(scene.objects)
        if i != pick
        and layout.below.get(pick) != i
        and layout.free(i)
        and thing.traits.destination
        and thing.half_extents[0] >= size - 0.002
        and not (thing.traits.sized and not layout.grounded(i))
    ]
    return make_step(scene, pick, int(rng.choice(places)), None) if places else None


def sample_impossible(
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    held_out: bool = False,
    scale: float = 1.0,
    jitter: float = 0.05,
) -> Progress:
    """A practice task that cannot be done, since what its words name is not there; ``task.reason`` says what."""
    names = [entry.name for entry in registry.tasks("practice").values() if entry.recolored]
    while True:
        task, scene = _training_task(rng, str(rng.choice(names)), colors, held_out, scale, jitter)
        words = task.instruction.split()
        named = [
            (i, _NAMED_KINDS[after.strip("?.,")])
            for i, (word, after) in enumerate(itertools.pairwise(words))
            if word in colors and after.strip("?.,") in _NAMED_KINDS
        ]
        if not named:
            continue
        place, kind = named[int(rng.integers(len(named)))]
        absent = [c for c in colors if all((o.kind, o.color) != (kind, c) for o in scene.objects)]
        if not absent:
            continue
        words[place] = str(rng.choice(absent))
        task = replace(task, instruction=" ".join(words), again="", alternatives=(), reason=f"no {words[place]} {kind}")
        return Progress(scene, task, [], ())


def sample_unrelated(
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    held_out: bool = False,
    scale: float = 1.0,
    jitter: float = 0.05,
) -> Progress:
    """A moment of a training task with an instruction that no scene allows; ``task.reason`` is its kind."""
    kinds = [kind for kind in KINDS if kind != "absent color"]  # for that one there is `sample_impossible`
    shares = np.array([KINDS[kind] for kind in kinds])
    moment = sample_progress(rng, colors=colors, scale=scale, jitter=jitter)
    said = None
    while said is None:  # not every scene has what a wording names
        kind = str(rng.choice(kinds, p=shares / shares.sum()))
        said = impossible_instruction(moment.scene, rng, kind, held_out)
    task = replace(
        moment.task, instruction=said.instruction, again="", alternatives=(), held_out=held_out, reason=said.kind
    )
    return Progress(moment.scene, task, moment.history, ())


def _training_task(rng, name, colors, held_out, scale, jitter) -> tuple[LongTask, Scene]:
    if name is None:
        name = str(rng.choice(registry.names("seen" if rng.random() < BENCHMARK_SHARE else "practice")))
    if name not in TRAINING_TASKS:
        raise ValueError(f"{name!r} is no training task: use one of {', '.join(TRAINING_TASKS)}.")
    return registry.sample_task(name, rng, colors, scale, held_out, jitter)


def a_little_off(scene: Scene, step: Step, rng) -> Scene:
    """The step, a little off, but still reached: tolerances are no finer than what is seen."""
    stacked = step.place_index is not None and not step.side and scene.objects[step.place_index].traits.sized
    sigma = STACK_NOISE if stacked else PLACE_NOISE
    for _ in range(4):
        shift = (sigma * rng.standard_normal(2)).clip(-2 * sigma, 2 * sigma)
        after = apply_step(scene, step, shift, YAW_NOISE * float(rng.standard_normal()))
        if step_done(after, step)[0]:
            return after
    return apply_step(scene, step)


def dropped(scene: Scene, step: Step, rng) -> Scene:
    """The step's block lost on the way: on the table, near where it was or where it should be, touching nothing."""
    thing = scene.objects[step.pick_index]
    own = float(np.hypot(*thing.half_extents[:2]))
    low, high = (np.array(corner[:2]) for corner in (scene.workspace.low, scene.workspace.high))
    others = [o for i, o in enumerate(scene.objects) if i != step.pick_index]
    centers = np.array([o.position[:2] for o in others]).reshape(-1, 2)
    halves = np.array([o.half_extents for o in others]).reshape(-1, 3)
    radii = circle_radius(halves, [o.shape in ROUND_SHAPES for o in others])
    before = Layout(scene)
    for _ in range(20):
        start = thing.position if rng.random() < 0.5 else step.place.position
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(*DROP_DISTANCES)
        xy = np.array(start[:2]) + reach * np.array([np.cos(angle), np.sin(angle)])
        inside = ((xy > low + own) & (xy < high - own)).all()
        if not inside or (np.hypot(*(centers - xy).T) < own + radii + 0.005).any():
            continue
        sides = ("left side", "far side")  # what is in an area at the start is told by where it is now
        if any(before.inside(step.pick_index, half) != in_area(xy, half, scene.workspace) for half in sides):
            continue
        z = resting_height(scene, step.pick_index, xy, 0.0) + thing.half_extents[2]
        yaw = float(rng.uniform(-np.pi / 4, np.pi / 4))
        lost = replace(thing, position=(float(xy[0]), float(xy[1]), float(z)), yaw=yaw)
        objects = list(scene.objects)
        objects[step.pick_index] = lost
        return replace(scene, objects=tuple(objects))
    return scene

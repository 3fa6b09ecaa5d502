"""Random composed tasks, each with a scene that offers it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from moe3d_ros.tabletop.composing.drawing_forms import Unfit, compose, draw_form, draw_number
from moe3d_ros.tabletop.composing.furnishing import furnish
from moe3d_ros.tabletop.composing.grounding import grounded
from moe3d_ros.tabletop.composing.held_out import ANY, COMBINATIONS, held_out
from moe3d_ros.tabletop.composing.parts import parts
from moe3d_ros.tabletop.composing.selecting import at_border, clear, selected
from moe3d_ros.tabletop.composing.task_form import Destination, TaskForm
from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, remaining_steps, right_moves, satisfied

SCENES_A_FORM = 6  # tries before another form is drawn
TRIES = 400  # for a form that is given
MOST_LEFT = 14  # goals that may be left to do

Drawn = tuple[TaskForm, LongTask, Scene]


def draw_task(
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    jitter: float = 0.05,
    form: TaskForm | None = None,
) -> Drawn:
    """A random task: its form, the task itself with its goals, and the scene that it starts from.

    Args:
        colors: which colours there are; three at least, seven for full scenes.
        scale: below 1, fewer things on the table.
        jitter: sizes vary by this fraction.
        form: the form that it shall have; drawn if None, and then none of those that are held out.

    Raises:
        ValueError: no scene was found that offers the given form.
    """
    if form is not None:
        return _draw(itertools.repeat(form, TRIES), rng, colors, scale, jitter)
    clauses = draw_number(rng)
    while True:
        forms = itertools.repeat(draw_form(rng, colors, scale, clauses), SCENES_A_FORM)
        try:
            return _draw(forms, rng, colors, scale, jitter)
        except ValueError:
            continue


def draw_held_out(
    name: str,
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    jitter: float = 0.05,
) -> Drawn:
    """A random task of a held-out combination, as `draw_task` gives it.

    Args:
        name: one of `held_out.COMBINATIONS`.

    Raises:
        KeyError: no such combination.
    """
    selection, relation, layout = COMBINATIONS[name]
    names = ("all" if selection == ANY else selection, relation, layout)
    clauses = (compose(names, rng, colors, scale) for _ in itertools.count())
    forms = (form for form in (TaskForm((clause,)) for clause in clauses) if held_out(form) == name)
    return _draw(itertools.islice(forms, 10 * TRIES), rng, colors, scale, jitter)


def _draw(forms: Iterable[TaskForm], rng: np.random.Generator, colors, scale: float, jitter: float) -> Drawn:
    """The first of the forms for which a scene is found at the first try."""
    for form in forms:
        try:
            scene = arrange(furnish(form, rng, colors, scale), rng, jitter)
        except (Unfit, NoRoom):
            continue
        task = offered(form, scene)
        if task is not None:
            return form, task, scene
    raise ValueError("No scene was found that offers the task.")


def offered(form: TaskForm, scene: Scene) -> LongTask | None:
    """The task that a form means in a scene; None where it is disputable, impossible, done already, or too long."""
    layout = Layout(scene)
    if not all(clear(clause.selection, scene, layout) for clause in form.clauses):
        return None
    for clause in form.clauses:
        for place in filter(None, (clause.destination, clause.second)):
            if place.area and any(at_border(layout, i, place.area) for i in selected(clause.selection, scene, layout)):
                return None
    alternatives = grounded(form, scene, layout)
    if alternatives is None:
        return None
    task = LongTask("composed", _plain(form), alternatives, orderly=True)
    reached = max(sum(goal.reached(layout) for goal in goals) for goals in alternatives)
    total = sum(goal.total for goal in alternatives[0])
    if not 0 < total - reached <= MOST_LEFT:
        return None
    if reached and any(clause.selection.count for clause in form.clauses):
        return None  # "two of them" beside one that is there already: two more, or one?
    if any(clause.destination.side for clause in form.clauses) and not _has_room(task, scene):
        return None
    return task if right_moves(task, scene) else None


def _has_room(task: LongTask, scene: Scene) -> bool:
    """True if the oracle ends the task in the canonical order and in another one, nothing being in the way then."""
    for order in (None, np.random.default_rng(0)):
        after = scene
        for step in remaining_steps(task, scene, order):
            after = apply_step(after, step)
        if len(set(satisfied(task, after))) > 1:
            return False
    return True


def _plain(form: TaskForm) -> str:
    """A form in words that nobody would choose, but which say all of it."""
    return ", then ".join(
        f"{clause.arrangement} {_place(clause.destination)}: {', '.join(parts(clause))} {clause.selection}"
        for clause in form.clauses
    )


def _place(destination: Destination) -> str:
    words = (destination.match, destination.side, destination.color, destination.size, destination.area)
    return " ".join(filter(None, words))

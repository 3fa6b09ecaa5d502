"""Random composed tasks, each with a scene that offers it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from moe3d_ros.tabletop.composing.drawing_forms import Unfit, compose, draw_form
from moe3d_ros.tabletop.composing.form import Destination, TaskForm
from moe3d_ros.tabletop.composing.furnishing import furnish
from moe3d_ros.tabletop.composing.grounding import grounded
from moe3d_ros.tabletop.composing.held_out import COMBINATIONS, held_out
from moe3d_ros.tabletop.composing.parts import parts
from moe3d_ros.tabletop.composing.selecting import at_border, clear, selected
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, right_moves

SCENES_A_FORM = 6  # tries before another form is drawn
TRIES = 400  # for a form that is given
MOST_LEFT = 10  # goals that may be left to do

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
        return _draw(lambda: form, rng, colors, scale, jitter, TRIES)
    while True:
        drawn = draw_form(rng, colors, scale)
        try:
            return _draw(lambda: drawn, rng, colors, scale, jitter, SCENES_A_FORM)
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
    selection = selection if selection != "*" else "all"

    def form() -> TaskForm:
        while True:
            drawn = TaskForm((compose((selection, relation, layout), rng, colors, scale),))
            if held_out(drawn) == name:
                return drawn

    return _draw(form, rng, colors, scale, jitter, 10 * TRIES)


def _draw(form: Callable[[], TaskForm], rng, colors, scale: float, jitter: float, tries: int) -> Drawn:
    for _ in range(tries):
        wanted = form()
        try:
            scene = arrange(furnish(wanted, rng, colors, scale), rng, jitter)
        except (Unfit, NoRoom):
            continue
        task = offered(wanted, scene)
        if task is not None:
            return wanted, task, scene
    raise ValueError(f"No scene was found in {tries} tries that offers {form()}.")


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
    task = LongTask("composed", _plain(form), alternatives)
    reached = max(sum(goal.reached(layout) for goal in goals) for goals in alternatives)
    total = sum(goal.total for goal in alternatives[0])
    if not 0 < total - reached <= MOST_LEFT:
        return None
    if reached and any(clause.selection.count for clause in form.clauses):
        return None  # "two of them" beside one that is there already: two more, or one?
    return task if right_moves(task, scene) else None


def _plain(form: TaskForm) -> str:
    """A form in words that nobody would choose, but which say all of it."""
    return ", then ".join(
        f"{clause.arrangement} {_place(clause.destination)}: {', '.join(parts(clause))} {clause.selection}"
        for clause in form.clauses
    )


def _place(destination: Destination) -> str:
    return " ".join(filter(None, (destination.match, destination.color, destination.size, destination.area)))

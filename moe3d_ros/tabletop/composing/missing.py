"""Composed tasks that cannot be done, since a thing that they name is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.composing.task_form import Clause, Reference, TaskForm
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import COLOR_NAMES


def without(form: TaskForm, scene: Scene, rng: np.random.Generator) -> tuple[TaskForm, tuple[str, str]] | None:
    """The form with one of its named things in a colour in which there is none, and that colour and kind.

    None where the form names nothing by colour.
    """
    changes = [(number, name, kind) for number, clause in enumerate(form.clauses) for name, kind in _named(clause)]
    if not changes:
        return None
    number, name, kind = changes[int(rng.integers(len(changes)))]
    there = {thing.color for thing in scene.objects if thing.kind == kind}
    named = {color for clause in form.clauses for color in (*clause.selection.colors, *clause.order)}
    absent = [color for color in COLOR_NAMES if color not in there | named]
    if not absent:
        return None
    color = str(rng.choice(absent))
    clauses = list(form.clauses)
    clauses[number] = _changed(clauses[number], name, color)
    return TaskForm(tuple(clauses)), (color, kind)


def _named(clause: Clause) -> list[tuple[str, str]]:
    """Parts of a clause that name things by colour, and the kind of each."""
    found = []
    if clause.destination.match == "named" and clause.destination.color:
        found.append(("destination", clause.destination.kind))
    if clause.second is not None and clause.second.color:
        found.append(("second", clause.second.kind))
    if clause.destination.second is not None:
        found.append(("beside", clause.destination.second.kind))
    if clause.selection.reference is not None:
        found.append(("reference", clause.selection.reference.kind))
    if clause.selection.colors and clause.arrangement in ("put", "pile"):
        found.append(("colors", BLOCK))
    return found


def _changed(clause: Clause, name: str, color: str) -> Clause:
    if name == "destination":
        return replace(clause, destination=replace(clause.destination, color=color))
    beside = clause.destination.second
    if name == "beside" and beside is not None:
        return replace(clause, destination=replace(clause.destination, second=replace(beside, color=color)))
    if name == "second" and clause.second is not None:
        return replace(clause, second=replace(clause.second, color=color))
    selection = clause.selection
    if name == "reference" and selection.reference is not None:
        return replace(clause, selection=replace(selection, reference=Reference(selection.reference.kind, color)))
    return replace(clause, selection=replace(selection, colors=(*selection.colors[:-1], color)))

"""Combinations of parts that training never composes: the benchmark's F to K, and those that checkpoints are chosen by."""

from __future__ import annotations

from moe3d_ros.tabletop.composing.parts import parts
from moe3d_ros.tabletop.composing.task_form import Clause, TaskForm
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.areas import QUADRANTS

ANY = "*"  # whatever the selection
BENCHMARK = {  # selection, relation, layout; what they mean is in `tabletop/tasks/benchmark_tasks`
    "F": ("all", "other bowl", "put"),
    "G": (ANY, "named zone", "groups by size piled"),
    "H": (ANY, "named zone", "pile_by_turns"),
    "I": ("all", "own zone", "pile_by_size own"),
    "J": ("area", "named area", "put"),
    "K": ("all", "own zone", "pile"),
}
VALIDATION = {
    "all except a colour, by size on own zones": ("excluded_colors", "own zone", "pile_by_size own"),
    "odd ones to other bowls": ("parity", "other bowl", "put"),
    "small ones by turns in an area": ("size", "named area", "pile_by_turns"),
    "the most frequent in a pile in an area": ("frequency", "named area", "pile"),
    "all beside a thing to own bowls": ("side", "own bowl", "put"),
    "all in a thing piled on a zone": ("rest", "named zone", "pile"),
    "all by colour in two piles in areas": ("all", "named area", "groups by color piled"),
    "all of an area piled on own zones": ("area", "own zone", "pile"),
    "all outside of an area to other zones": ("excluded_area", "other zone", "put"),
    "the n-th of a colour on a block": ("colors+rank", "named block", "put"),
    "some of a size to any bowl": ("count+size", "any bowl", "put"),
    "one of a size on each zone": ("size", "one_each zone", "put"),
}


def held_out(form: TaskForm, scene: Scene | None = None) -> str:
    """Name of the held-out combination that a form contains; empty if it may be trained on.

    What is said counts: "all blocks except the red ones" is not "all blocks", in a scene without red ones neither.

    Args:
        scene: that the form is about; no combination depends on it.
    """
    return next(filter(None, map(_name, form.clauses)), "")


COMBINATIONS = BENCHMARK | VALIDATION
_NAMES = {said: name for name, said in COMBINATIONS.items()}


def _name(clause: Clause) -> str:
    """Name of the held-out combination that a clause is; empty if it is none."""
    said = parts(clause)
    name = _NAMES.get(said) or _NAMES.get((ANY, *said[1:]), "")
    if name == "H" and len(clause.order) > 1:  # the second colour is named
        return ""
    if name == "J" and not {clause.selection.area, clause.destination.area} <= set(QUADRANTS):
        return ""
    return name

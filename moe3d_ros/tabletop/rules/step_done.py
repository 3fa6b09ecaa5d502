"""Steps that are done: a thing at the goal of its step, beside another thing too."""

from __future__ import annotations

import itertools

from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.rules.success import find_named, nearest_named, step_reached, words_reached
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.world.sides import side_of


def step_done(after: Scene, step: Step) -> tuple[bool, str]:
    """Judge if the step's object is at the step's goal in the scene as it is now, with a sentence that says where it is."""
    if step.side and step.place_index is not None:
        return _done_beside(after, step.pick_index, step.side, step.place_index, step.second)
    return step_reached(after, step.pick_index, step.place_index, step.area)


def words_done(before: Scene, after: Scene, target: str, destination: str, picked_at) -> tuple[bool, str]:
    """Judge a step by its own words, ``left of the green bowl`` among them; arguments as of `success.words_reached`."""
    side, named = named_beside(after, destination)
    if not side:
        return words_reached(before, after, target, destination, picked_at)
    index = nearest_named(before, target, picked_at)
    if index is None:
        return False, f"there is no {target}"
    verdicts = [
        _done_beside(after, index, side, *things)
        for things in itertools.product(*named)
        if len({index, *things}) == 1 + len(things)
    ]
    return max(verdicts, key=lambda verdict: verdict[0], default=(False, f"there is nothing {destination}"))


def named_beside(scene: Scene, destination: str) -> tuple[str, list[list[int]]]:
    """Side of a destination such as ``between the red bowl and the blue zone``, and the indices that each name can mean.

    Both are empty for one that is beside nothing.
    """
    side = side_of(destination)
    names = destination.removeprefix(side).split(" and ") if side else []
    return side, [find_named(scene, name) for name in names]


def _done_beside(after: Scene, index: int, side: str, other: int, second: int | None = None) -> tuple[bool, str]:
    layout = Layout(after)
    apart = 100 * layout.gap(index, other)
    words = f"the {after.objects[index].name} lies {apart:.1f} cm from the {after.objects[other].name}"
    return layout.beside(index, side, other, second), words

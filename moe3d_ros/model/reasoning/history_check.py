"""Completed steps held against what is seen: a thing that was put somewhere and stands elsewhere was not put there, or left it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.naming import Named, may_be, named_thing, seen_as
from moe3d_ros.world.areas import AREAS, in_area
from moe3d_ros.world.workspace import Workspace

SLACK = 0.03  # metres beyond the outline of a place from which a thing is seen to be elsewhere


class Untrue(NamedTuple):
    """A completed step that is not what is seen: its number among them, and where its thing is, as a clause."""

    number: int
    fact: str


def untrue_steps(objects: ObjectSet, completed: Sequence[str], workspace: Workspace) -> list[Untrue]:
    """The completed steps whose thing is clearly seen, and in none of the places that the step may mean.

    A thing is held against the last step that moved it. Things that are not seen, or may be another one of their name, prove
    nothing; neither do words that are no step of a plan.

    Args:
        objects: of one scene.
        workspace: box whose table the areas are named on.
    """
    last: dict[Named, tuple[int, str]] = {}
    for number, text in enumerate(completed):
        try:
            target, destination = parse_step(text)
        except ValueError:
            continue
        thing = named_thing(target)
        if thing is not None:
            last[thing] = (number, destination)
    found = []
    for thing, (number, destination) in last.items():
        fact = _elsewhere(objects, thing, destination, workspace)
        if fact:
            found.append(Untrue(number, fact))
    return sorted(found)


def _elsewhere(objects: ObjectSet, thing: Named, destination: str, workspace: Workspace) -> str:
    """The clause on a thing that is seen and does not lie where it was put; empty where it may."""
    columns = torch.nonzero(objects.mask[0]).flatten().tolist()
    center, half = (value[0].double().cpu().numpy() for value in (objects.center, objects.half))
    things = [column for column in columns if may_be(objects, column, thing)]
    if not any(seen_as(objects, column) == thing for column in things):
        return ""
    area = destination.removeprefix("on the ")
    if area in AREAS:
        if any(_near_area(center[column, :2], area, workspace) for column in things):
            return ""
        return f"the {thing} is not seen there"
    place = named_thing(destination)
    if place is None:
        return ""
    places = [column for column in columns if may_be(objects, column, place) and column not in things]
    if not any(seen_as(objects, column) == place for column in places):
        return ""
    gaps = [np.hypot(*(center[a, :2] - center[b, :2])) - max(half[b, :2]) for a in things for b in places]
    if min(gaps) <= SLACK:
        return ""
    return f"the {thing} is seen {100 * min(gaps):.0f} cm from the edge of the {place}"


def _near_area(xy: np.ndarray, area: str, workspace: Workspace) -> bool:
    """True if a place (2,) lies in an area, or less than SLACK from it."""
    shifts = SLACK * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)])
    return any(in_area(xy + shift, area, workspace) for shift in shifts)

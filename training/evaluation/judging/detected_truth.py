"""Answers that follow from what was detected: questions of three sorts about a look's own objects, with their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from moe3d_ros.tabletop.questions.asking import Asker
from moe3d_ros.tabletop.questions.short_questions import (
    color_question,
    comparison_question,
    count_question,
    is_in_question,
)
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.vocabulary import COLORS, KIND

IN, COUNT, CLOSEST = "is in", "how many", "closest to"
SORTS = (IN, COUNT, CLOSEST)
_TRIES = 60
_CLOSER = re.compile(r"\b(closer|nearer) to the robot, ")  # as a comparison asks it
_CLOSEST = re.compile(r"\b(closest|nearest) to ")  # as a thing is named


def detected_scene(objects: Sequence[SeenObject]) -> Scene:
    """The objects as a scene, as if they were the truth."""
    return Scene(tuple(map(_thing, objects)))


def _thing(seen: SeenObject) -> SceneObject:
    return SceneObject(
        kind=seen.kind,
        color=seen.color,
        size=seen.size,
        position=seen.center,
        half_extents=seen.half_extents,
        yaw=seen.yaw,
        shape=KIND[seen.kind].shape,
        rgb=COLORS[seen.color],
    )


def detected_question(
    scene: Scene, rng: np.random.Generator, sort: str, held_out: bool = False
) -> tuple[str, str] | None:
    """A question of one of SORTS and the answer that follows from the scene; None where it has none.

    What is closest is asked of two things, and by the colour of the thing that is closest to something.

    Raises:
        KeyError: there is no such sort.
    """
    for _ in range(_TRIES):
        ask = Asker(scene, rng, held_out)
        found = _ASKED[sort](ask)
        if found is not None:
            return found
    return None


def _closest(ask: Asker) -> tuple[str, str] | None:
    asked, wanted = (comparison_question, _CLOSER) if ask.draw < 0.5 else (color_question, _CLOSEST)
    found = asked(ask)
    return found if found is not None and wanted.search(found[0]) else None


_ASKED = {IN: is_in_question, COUNT: count_question, CLOSEST: _closest}

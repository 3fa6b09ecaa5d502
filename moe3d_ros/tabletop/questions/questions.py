"""Questions about one scene with indisputable answers: the types, and how often each is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.questions.asking import Asker
from moe3d_ros.tabletop.questions.captions import caption_question, description_question, list_question
from moe3d_ros.tabletop.questions.short_questions import (
    check_question,
    color_question,
    comparison_question,
    contents_question,
    count_question,
    existence_question,
    more_question,
    neighbour_question,
    side_question,
    size_question,
    stacking_question,
)
from moe3d_ros.tabletop.scenes.scene import Scene

TYPES = {
    "count": count_question,
    "existence": existence_question,
    "color": color_question,
    "size": size_question,
    "contents": contents_question,
    "side": side_question,
    "neighbour": neighbour_question,
    "comparison": comparison_question,
    "more": more_question,
    "stacking": stacking_question,
    "check": check_question,
    "list": list_question,
    "caption": caption_question,
    "description": description_question,
}
# Long answers cost tokens, so they are rarer. Contents and stacking are mostly asked where something lies on something,
# in one scene of five, so that "nothing" stays rare: there they take the share that they cannot have elsewhere.
WEIGHTS = {
    "count": 0.13,
    "existence": 0.08,
    "color": 0.13,
    "size": 0.06,
    "contents": 0.2,
    "side": 0.1,
    "neighbour": 0.05,
    "comparison": 0.1,
    "more": 0.04,
    "stacking": 0.3,
    "check": 0.1,
    "list": 0.03,
    "caption": 0.04,
    "description": 0.025,
}
CAPTION_WEIGHTS = {"caption": 0.35, "list": 0.3, "description": 0.35}  # texts that align the projection
_TRIES = 4


@dataclass(frozen=True)
class Question:
    """A question about a scene.

    Attributes:
        text, answer, kind: what is asked, what is right, a key of TYPES.
        pointed: indices of the things to look at before answering: the first that the question names, and the one that
            the answer is about or that the question names second; None where there is none.
        among: indices of the things that the answer counts or lists.
    """

    text: str
    answer: str
    kind: str
    pointed: tuple[int | None, int | None]
    among: tuple[int, ...] = ()


def random_question(
    scene: Scene, rng: np.random.Generator, held_out: bool = False, weights: Mapping[str, float] = WEIGHTS
) -> tuple[str, str, str] | None:
    """Question, answer and type of :func:`draw_question`."""
    found = draw_question(scene, rng, held_out, weights)
    return None if found is None else (found.text, found.answer, found.kind)


def draw_question(
    scene: Scene,
    rng: np.random.Generator,
    held_out: bool = False,
    weights: Mapping[str, float] = WEIGHTS,
    wordings: Mapping[str, Sequence[str]] | None = None,
) -> Question | None:
    """A question of a random type; another type where the drawn one has none in this scene.

    Args:
        held_out: word it as training never does.
        weights: how often each type is drawn; types that are left out are never asked.
        wordings: of each sort, in place of those of training.

    Returns:
        None if the scene has no question of any of these types.
    """
    left = dict(weights) if scene.objects else {}
    while left:
        shares = np.array(list(left.values()))
        name = list(left)[int(rng.choice(len(left), p=shares / shares.sum()))]
        del left[name]
        asker = Asker(scene, rng, held_out, wordings)
        for _ in range(_TRIES):
            asker.forget()
            found = TYPES[name](asker)
            if found is not None:
                return Question(*found, name, asker.pointed, tuple(asker.among))
    return None

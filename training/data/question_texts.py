"""Questions for the head that hears whether a question has an answer: of every trained sort, and without an answer."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.questions.questions import random_question
from moe3d_ros.tabletop.questions.unanswerable import KINDS, OF_COLOR, question_about, unanswerable_question
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.words.forms import decorated
from moe3d_ros.tabletop.words.wordings import KIND_WORDS
from moe3d_ros.world.vocabulary import COUNTED

ANSWERABLE = "answerable"
QUESTION_CLASSES = (ANSWERABLE, *KINDS)
# Refusing by it at all would cost 1.2 % of 1,000 questions with an answer for two thirds of those about absent things.
HEARD_ONLY = ("absent",)
SHARES = (0.52, 0.1, 0.08, 0.3)  # of QUESTION_CLASSES: what is not there is the hardest to hear
PLAINLY = 0.2  # of those with an answer name a thing by its kind alone, as people do where there is only one


def question_texts(scene: Scene, rng: np.random.Generator, number: int) -> list[tuple[str, int]]:
    """``number`` questions about a scene in trained wordings, each with the number of its class in QUESTION_CLASSES."""
    found: list[tuple[str, int]] = []
    while len(found) < number:
        label = int(rng.choice(len(QUESTION_CLASSES), p=SHARES))
        if label == 0 and rng.random() < PLAINLY:
            text = _plainly(scene, rng)
        elif label == 0:
            drawn = random_question(scene, rng)
            text = None if drawn is None else drawn[0]
        else:
            without = unanswerable_question(scene, rng, QUESTION_CLASSES[label])
            text = None if without is None else without.text
        if text is not None:
            text = text[0].upper() + text[1:] if rng.random() < 0.3 else text
            found.append((decorated(text, rng), label))
    return found


def _plainly(scene: Scene, rng: np.random.Generator) -> str | None:
    """A question about the only thing of its kind, by its kind."""
    kinds = [thing.kind for thing in scene.objects]
    alone = [kind for kind in COUNTED if kinds.count(kind) == 1]
    if not alone:
        return None
    phrase = f"the {rng.choice(KIND_WORDS[str(rng.choice(alone))])}"
    return question_about(scene, rng, phrase, sorts=OF_COLOR if rng.random() < 0.3 else None)

"""Questions that have no answer in a scene: of other matters, in other languages, about things that are not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.questions.asking import Asker
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.words import unanswerable_wordings as words
from moe3d_ros.tabletop.words import unrelated_wordings as unrelated
from moe3d_ros.tabletop.words.other_languages import HELD_OUT_LANGUAGES, LANGUAGES, foreign_instruction
from moe3d_ros.tabletop.words.question_wordings import COMPARATIVES
from moe3d_ros.tabletop.words.wordings import EXTREMES, KIND_WORDS, one_of
from moe3d_ros.world.kinds import BOWL
from moe3d_ros.world.vocabulary import COLOR_NAMES, COUNTED

KINDS = ("unrelated", "language", "absent")
# Sorts of questions that take it for granted that what they name is there; of those in the second row, a second thing too.
ONE_THING = (
    "size",
    "under",
    "where",
    "description",
    "is",
    "contents",
    "anything",
    "stacked",
    "on",
    "count_side",
    "neighbour",
)
TWO_THINGS = ("side", "depth", "comparison", "is_side", "is_in")
OF_COLOR = ("color",)  # what names no colour


@dataclass(frozen=True)
class Unanswerable:
    """A question without an answer, why it has none (one of KINDS), and the thing that is named and not there."""

    text: str
    kind: str
    absent: str = ""


def unanswerable_question(
    scene: Scene, rng: np.random.Generator, kind: str, held_out: bool = False
) -> Unanswerable | None:
    """A question of one of KINDS; None if the scene offers none.

    Args:
        held_out: constructions, languages and strange things that training never uses.

    Raises:
        KeyError: there is no such kind.
    """
    return _DRAWN[kind](scene, rng, held_out)


def _unrelated(scene: Scene, rng, held_out: bool) -> Unanswerable:
    draw = rng.random()
    if draw < 0.3 and scene.objects:
        thing = scene.objects[int(rng.integers(len(scene.objects)))]
        pattern = one_of(rng, words.HELD_OUT_UNSEEN if held_out else words.UNSEEN)
        return Unanswerable(pattern.format(a=f"the {thing.color} {one_of(rng, KIND_WORDS[thing.kind])}"), "unrelated")
    if draw < 0.4:
        return Unanswerable(one_of(rng, unrelated.HELD_OUT_REQUESTS if held_out else unrelated.REQUESTS), "unrelated")
    return Unanswerable(one_of(rng, words.HELD_OUT_UNRELATED if held_out else words.UNRELATED), "unrelated")


def _language(scene: Scene, rng, held_out: bool) -> Unanswerable:
    if rng.random() < 0.25:
        return Unanswerable(foreign_instruction(rng, held_out), "language")
    questions, languages = (words.HELD_OUT_FOREIGN, HELD_OUT_LANGUAGES) if held_out else (words.FOREIGN, LANGUAGES)
    name = one_of(rng, list(questions))
    return Unanswerable(one_of(rng, questions[name]).format(c=one_of(rng, languages[name].colors)), "language")


def _absent_thing(scene: Scene, rng, held_out: bool, colored: bool) -> str | None:
    """A phrase for what is not there, with its article; often its colour and its kind are, on other things."""
    present = {(thing.color, thing.kind) for thing in scene.objects}
    kinds = {thing.kind for thing in scene.objects}
    draw = rng.random()
    if draw < 0.12:
        return f"the {one_of(rng, unrelated.HELD_OUT_THINGS if held_out else unrelated.THINGS)}"
    missing = [kind for kind in COUNTED if kind not in kinds]
    if missing and (draw < 0.3 or not colored):
        noun = one_of(rng, KIND_WORDS[one_of(rng, missing)])
        return (
            f"the {one_of(rng, EXTREMES[one_of(rng, list(EXTREMES))])}".format(k=noun)
            if rng.random() < 0.5
            else f"the {noun}"
        )
    if not colored:
        return None
    colors = sorted({thing.color for thing in scene.objects}) if draw < 0.65 else COLOR_NAMES
    absent = [(c, k) for c in colors for k in COUNTED if (c, k) not in present]
    if not absent:
        return None
    color, kind = absent[int(rng.integers(len(absent)))]
    return f"the {color} {one_of(rng, KIND_WORDS[kind])}"


def _absent(
    scene: Scene, rng, held_out: bool, wordings: Mapping[str, Sequence[str]] | None = None
) -> Unanswerable | None:
    colorless = rng.random() < 0.1
    phrase = _absent_thing(scene, rng, held_out, not colorless)
    if phrase is None or any(thing.traits.generic and thing.color in phrase for thing in scene.objects):
        return None  # an object of that colour may be called by any name
    text = question_about(scene, rng, phrase, held_out, OF_COLOR if colorless else None, wordings)
    return None if text is None else Unanswerable(text, "absent", phrase)


def absent_question(
    scene: Scene, rng: np.random.Generator, wordings: Mapping[str, Sequence[str]]
) -> Unanswerable | None:
    """A question about a thing that is not there, in the given wordings of each sort; None if the scene offers none."""
    return _absent(scene, rng, False, wordings)


def question_about(
    scene: Scene,
    rng: np.random.Generator,
    phrase: str,
    held_out: bool = False,
    sorts: tuple[str, ...] | None = None,
    wordings: Mapping[str, Sequence[str]] | None = None,
) -> str | None:
    """A question that takes it for granted that what the phrase names is there; None where nothing stands beside it.

    Args:
        sorts: keys of the wordings; None for those that may name a colour.
        wordings: of each sort, in place of those of training.
    """
    sorts = sorts or (TWO_THINGS if rng.random() < 0.45 else ONE_THING)
    sort = one_of(rng, sorts)
    ask = Asker(scene, rng, held_out, wordings)
    other = ask.name(int(rng.integers(len(scene.objects)))) if sorts is TWO_THINGS else phrase
    if other is None:
        return None
    first, second = (phrase, other) if rng.random() < 0.5 else (other, phrase)
    kind, quality = one_of(rng, COUNTED), one_of(rng, list(COMPARATIVES))
    return ask.word(
        sort,
        a=first,
        b=second,
        c=one_of(rng, ("big", "small", *COLOR_NAMES) if sort == "is" else COLOR_NAMES),
        k=kind,
        p="in" if any(word in second for word in KIND_WORDS[BOWL]) else "on",
        s=one_of(rng, ("left", "right")),
        w=one_of(rng, COMPARATIVES[quality]) if sort == "comparison" else ask.plural(kind),
    )


_DRAWN: dict[str, Callable[[Scene, np.random.Generator, bool], Unanswerable | None]] = {
    "unrelated": _unrelated,
    "language": _language,
    "absent": _absent,
}

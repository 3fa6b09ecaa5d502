"""Names that people give to things and places that any table may have, for sentences of which only the form is learnt."""

from __future__ import annotations

from moe3d_ros.tabletop.words.wordings import AREA_WORDS, EXTREMES, KIND_WORDS, one_of
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import COLOR_NAMES

# {c}, {d} colours; {n} what it is, {N} several blocks or cubes; {m} another sort of thing, {e} the word that says where it is.
ONE = (
    "the {c} {n}", "the {c} {n}", "the {c} {n}", "the {c} one", "that {c} {n}", "{c} {n}", "{c}", "my {c} {n}", "this {c} {n}", "a {c} {n}",
    "the {c} thing", "the {n} that is {c}", "the {n} that's {c}", "the {c}-colored {n}", "the {c} {n} over there", "the little {c} {n}",
    "the big {c} {n}", "the {s} {n}", "the {e}", "the one on the {side}", "the {n} in the {side} corner", "the {n} next to the {m}",
    "the {n} beside the {d} {m}", "the {n} between the other two", "the only {c} {n}", "the {c} {n} here", "our {c} {n}", "the {c} {n} on the {side}",
)  # fmt: skip
SEVERAL = (
    "both {c} {N}", "the two {c} {N}", "all the {c} {N}", "all {c} {N}", "every {c} {n}", "all the {c} ones", "everything {c}", "everything that is {c}",
    "the {c} {N}", "the {N} that are {c}", "the {c} and the {d} {n}", "{c} and {d}", "{c}, {d} and {x}", "all of the {s} {N}", "the other {N}",
    "two {N}", "any two {N}", "three of the {N}", "the rest of the {N}", "these {N}", "each {n}", "the {N}", "all of them", "everything", "the whole lot",
    "every last {n}", "the {s} {N}", "both {N}", "the {N} on the {side}", "whatever is {c}", "all {N}", "the three {N}", "each of the {c} {N}",
)  # fmt: skip
AREAS = (
    "left side", "right side", "left half of the table", "right half", "far side", "near side", "front", "back", "back edge", "front edge",
    "far left corner", "far right corner", "near left corner", "near right corner", "back right corner", "front left corner", "upper left corner",
    "lower right corner", "middle", "center of the table", "very middle", "corner nearest you", "edge of the table", "left", "right", "top left",
    "bottom right", "far end of the table", "side close to me", "rear", "middle of the tabletop",
)  # fmt: skip
SIZES = ("small", "little", "big", "large", "smaller", "bigger", "smallest", "biggest", "tiny")
SIDES = ("left", "right", "far left", "far right", "back", "front")
_PREPOSITIONS = {BOWL: ("in", "in", "into", "inside"), ZONE: ("on", "on", "onto"), BLOCK: ("on", "on top of", "onto")}


def _told(pattern: str, rng, kind: str) -> str:
    noun, other = one_of(rng, KIND_WORDS[kind]), one_of(rng, (BOWL, ZONE, BLOCK))
    c, d, x = (str(color) for color in rng.choice(COLOR_NAMES, 3, replace=False))
    extreme = one_of(rng, EXTREMES[one_of(rng, list(EXTREMES))]).format(k=noun)
    words = {"n": noun, "N": f"{noun}s", "m": one_of(rng, KIND_WORDS[other])}
    return pattern.format(c=c, d=d, x=x, e=extreme, s=one_of(rng, SIZES), side=one_of(rng, SIDES), **words)


def one_thing(rng, kind: str = BLOCK) -> str:
    """One thing of a kind, with its article or without."""
    return _told(one_of(rng, ONE), rng, kind)


def several_things(rng) -> str:
    """A set of blocks."""
    return _told(one_of(rng, SEVERAL), rng, BLOCK)


def a_place(rng) -> tuple[str, str]:
    """A preposition and a thing or an area behind it."""
    draw = rng.random()
    if draw < 0.4:
        area = one_of(rng, AREAS) if rng.random() < 0.7 else one_of(rng, AREA_WORDS[one_of(rng, list(AREA_WORDS))])
        return one_of(rng, ("on", "at", "to", "in", "onto")), f"the {area}"
    kind = BOWL if draw < 0.7 else ZONE if draw < 0.88 else BLOCK
    return one_of(rng, _PREPOSITIONS[kind]), one_thing(rng, kind)

"""Phrases for the places where a composed task wants its blocks, with held-out ones that training never uses."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.composing.selection_words import Ways, area_words, one_of, thing_words
from moe3d_ros.tabletop.composing.task_form import Destination
from moe3d_ros.tabletop.words.wordings import KIND_WORDS
from moe3d_ros.world.kinds import BLOCK, BOWL

# {p} the preposition, {k} the kind, {ks} several.
OWN: Ways = (
    (
        "{p} the {ks} of the same color",
        "{p} the {ks} with matching colors",
        "{p} the {k} of the same color",
        "{p} the {k} of its color",
        "{p} the {ks} of their color",
        "{p} {ks} of the same color",
        "{p} matching {ks}",
        "{p} the matching {k}",
        "{p} the {k} with the same color",
        "each {p} the {k} of its own color",
        "{p} the {ks} that match their color",
        "{p} the {k} that has its color",
    ),
    (
        "{p} the like-colored {ks}",
        "{p} the {k} that goes with its color",
        "{p} {ks} colored alike",
        "{p} the {ks} that share their color",
    ),
)
OTHER: Ways = (
    (
        "{p} the {ks} with mismatched colors",
        "{p} {ks} of another color",
        "{p} {ks} of a different color",
        "{p} mismatching {ks}",
        "{p} a {k} of another color",
        "{p} a {k} of a different color",
        "{p} {ks} that do not match their color",
        "{p} {ks} whose color is not theirs",
        "{p} a {k} that does not have its color",
        "{p} any {k} but the one of its own color",
        "{p} the mismatched {ks}",
        "{p} {ks} of other colors",
    ),
    (
        "{p} {ks} colored otherwise",
        "{p} a {k} that clashes with its color",
        "{p} the {ks} of the wrong color",
        "{p} some differently colored {k}",
    ),
)
ANY: Ways = (
    (
        "{p} any {k}",
        "{p} a {k}",
        "{p} some {k}",
        "{p} the {ks}",
        "{p} {ks}",
        "{p} one of the {ks}",
        "{p} any of the {ks}",
    ),
    ("{p} whichever {k}", "{p} a {k} of your choice"),
)
EACH: Ways = (
    (
        "one {p} each {k}",
        "one {p} every {k}",
        "one {p} each of the {ks}",
        "so that each {k} gets one",
        "so that there is one {p} every {k}",
    ),
    ("a single one {p} each {k}", "so that no {k} stays empty"),
)
TABLE: Ways = (
    (
        "back on the table",
        "onto the bare table",
        "back onto the table",
        "on the empty table",
        "off onto the table",
        "on the table, away from everything",
    ),
    ("down on the tabletop", "onto the free table"),
)
PREPOSITIONS = {"in": ("in", "in", "into", "inside"), "on": ("on", "on", "onto")}
HELD_OUT_PREPOSITIONS = {"in": ("within", "in"), "on": ("upon", "on")}


def place_words(place: Destination, rng: np.random.Generator, held_out: bool) -> str:
    """A destination with its preposition."""
    if place.kind == "table":
        return one_of(rng, TABLE, held_out)
    if place.kind == "area":
        preposition, words = area_words(place.area, rng)
        return f"{preposition} the {words}"
    known = HELD_OUT_PREPOSITIONS if held_out else PREPOSITIONS
    preposition = str(rng.choice(known["in" if place.kind == BOWL else "on"]))
    if place.match == "named":
        return f"{preposition} the {thing_words(place.kind, place.color, place.size, rng)}"
    words = KIND_WORDS[place.kind]
    kind = str(rng.choice(words))
    if place.kind == BLOCK:
        kind = f"{rng.choice(('big', 'bigger', 'large'))} {kind}"
    several = f"{kind}es" if kind.endswith("sh") else f"{kind}s"
    ways = {"own": OWN, "other": OTHER, "any": ANY, "one_each": EACH}[place.match]
    return one_of(rng, ways, held_out).format(p=preposition, k=kind, ks=several)

"""Wordings of instructions and of references to things, with a held-out set for evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from moe3d_ros.tabletop.words import everyday_wordings
from moe3d_ros.world.vocabulary import KIND

# {a} what is picked, {p} in or on, {b} where it goes.
INSTRUCTIONS = (
    "put {a} {p} {b}",
    "place {a} {p} {b}",
    "move {a} to {b}",
    "pick {a} and place it {p} {b}",
    "pick up {a} and put it {p} {b}",
    "take {a} and set it {p} {b}",
    "grab {a}, then drop it {p} {b}",
    "please put {a} {p} {b}",
    "could you place {a} {p} {b}?",
    "I want {a} {p} {b}",
    "I would like you to move {a} {p}to {b}",
    "{a} should go {p} {b}",
    "{p} {b}, place {a}",
    "set {a} down {p} {b}",
    "bring {a} to {b}",
    "lift {a} and leave it {p} {b}",
    "get {a} and put it {p} {b}",
    "Now put {a} {p} {b}.",
    "can you pick {a} and move it {p}to {b}",
    "robot, place {a} {p} {b}",
    "transfer {a} to {b}",
    "would you mind putting {a} {p} {b}",
    "go ahead and drop {a} {p} {b}",
    "{a} belongs {p} {b}",
    "your job is to get {a} {p}to {b}",
    "deliver {a} to {b}",
    "shift {a} to {b}",
    "carry {a} to {b}",
    "make sure that {a} is {p} {b}",
    "{a} needs to be {p} {b}",
    "{a} is supposed to go {p} {b}",
    "let {a} go {p} {b}",
    "position {a} {p} {b}",
    "I need {a} {p} {b}",
    "have {a} placed {p} {b}",
    *everyday_wordings.INSTRUCTIONS,
)
HELD_OUT_INSTRUCTIONS = (
    "convey {a} to {b}",
    "would you be so kind as to put {a} {p} {b}",
    "settle {a} {p} {b}",
    "{a} ought to go {p} {b}",
    "what you have to do is bring {a} {p}to {b}",
)
KIND_WORDS = {name: kind.words for name, kind in KIND.items()}
SIZE_WORDS = {"small": ("small", "small", "little"), "big": ("big", "big", "large")}
COMPARATIVES = {"small": ("smaller", "smallest"), "big": ("bigger", "larger", "biggest", "largest")}
# Where along an axis a thing is extreme; {k} the kind with its colour, if said.
EXTREMES = {
    "left": ("leftmost {k}", "left-most {k}", "{k} on the far left", "{k} that is furthest left"),
    "right": ("rightmost {k}", "right-most {k}", "{k} on the far right", "{k} that is furthest right"),
    "near": (
        "nearest {k}",
        "closest {k}",
        "{k} nearest to the robot",
        "{k} closest to the robot",
        "{k} closest to you",
    ),
    "far": ("farthest {k}", "furthest {k}", "{k} farthest from the robot", "{k} furthest from the robot"),
}
PAIR_SIDES = {"left": "{k} on the left", "right": "{k} on the right"}  # said when there are just two
NEIGHBOURS = ("{k} next to {o}", "{k} nearest to {o}", "{k} closest to {o}")

AREA_WORDS = {  # name: how people say it; positions in world/areas.py
    "left side": ("left side of the table", "left side", "left part of the table"),
    "right side": ("right side of the table", "right side", "right part of the table"),
    "far side": ("far side of the table", "far side", "back of the table"),
    "near side": ("near side of the table", "near side", "front of the table"),
    "middle": ("middle of the table", "middle", "center of the table"),
    "top left area": ("top left area", "top left corner", "far left corner of the table"),
    "top right area": ("top right area", "top right corner", "far right corner of the table"),
    "bottom left area": ("bottom left area", "bottom left corner", "near left corner of the table"),
    "bottom right area": ("bottom right area", "bottom right corner", "near right corner of the table"),
}


def one_of(rng, options: Sequence[str]) -> str:
    """One of the options, all as likely."""
    return str(options[int(rng.integers(len(options)))])


def finished(text: str, rng) -> str:
    """A sentence as people write it: prepositions doubled by a pattern are one, now and then it begins with a capital."""
    text = text.replace("intoto", "into").replace("ontoto", "onto")
    return text[0].upper() + text[1:] if rng.random() < 0.3 else text

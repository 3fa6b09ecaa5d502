"""Wordings of each sort of question about a scene, with a held-out set for evaluation.

{a} and {b} are things, {k} a kind, {s} a side, {w} and {v} plurals or comparatives, {c} a colour or size, {p} in or on.
Either-or questions about two things end in ", one or other?".
"""

from __future__ import annotations

from moe3d_ros.world.vocabulary import COUNTED, KIND

PLURALS = {name: KIND[name].plurals for name in COUNTED}

QUESTIONS = {
    "count": ("how many {w} are there?", "how many {w} do you see?", "count the {w}"),
    "count_side": ("how many {w} are {s} of {b}?", "how many {w} lie to the {s} of {b}?"),
    "existence": ("is there {c}?", "do you see {c}?", "is {c} there?"),
    "color": ("what color is {a}?", "which color does {a} have?", "what is the color of {a}?"),
    "size": ("is {a} big or small?", "is {a} small or big?", "what size is {a}?"),
    "contents": ("what is {p} {b}?", "what lies {p} {b}?", "which thing is {p} {b}?"),
    "side": (
        "is {a} left or right of {b}?",
        "is {a} to the left or to the right of {b}?",
        "on which side of {b} is {a}?",
    ),
    "depth": ("is {a} nearer or farther than {b}?", "is {a} nearer to the robot or farther away than {b}?"),
    "neighbour": ("which {k} is {s} of {b}?", "what {k} is to the {s} of {b}?", "which {k} lies to the {s} of {b}?"),
    "comparison": ("which is {w}, {a} or {b}?", "which one is {w}, {a} or {b}?", "what is {w}, {a} or {b}?"),
    "more": ("are there more {w} than {v}?", "do you see more {w} than {v}?"),
    "more_of": ("what is there more of, {w} or {v}?", "which are more, {w} or {v}?"),
    "on": ("what is on top of {b}?", "what stands on {b}?", "what is stacked on {b}?"),
    "under": ("what is under {a}?", "what is below {a}?", "what does {a} stand on?"),
    "where": ("where is {a}?", "where do you see {a}?"),
    "anything": ("is anything {p} {b}?", "is there anything {p} {b}?", "is something {p} {b}?"),
    "stacked": ("how many blocks are {p} {b}?", "how many blocks lie {p} {b}?"),
    "is": ("is {a} {c}?", "would you say that {a} is {c}?"),
    "is_side": ("is {a} {s} of {b}?", "is {a} to the {s} of {b}?"),
    "is_in": ("is {a} {p} {b}?", "does {a} lie {p} {b}?"),
    "list": (
        "list the {w} from left to right",
        "name the {w} from left to right",
        "which {w} are there, from left to right?",
    ),
    "colors": ("which colors do the {w} have, from left to right?", "list the colors of the {w} from left to right"),
    "caption": ("describe the scene", "what do you see?", "what is on the table?"),
    "description": ("describe {a}", "what does {a} look like?", "what is {a}?"),
}
HELD_OUT_QUESTIONS = {
    "count": ("what is the number of {w}?", "tell me how many {w} you can find"),
    "count_side": ("what is the number of {w} on the {s} of {b}?",),
    "existence": ("can you find {c}?", "does the scene have {c}?"),
    "color": ("tell me the color of {a}", "in what color is {a}?"),
    "size": ("is {a} a big or a small one?", "of what size is {a}?"),
    "contents": ("what can be found {p} {b}?", "tell me what is {p} {b}"),
    "side": ("relative to {b}, is {a} left or right?", "does {a} lie left or right of {b}?"),
    "depth": ("as the robot sees it, is {a} nearer or farther than {b}?",),
    "neighbour": ("name the {k} that is {s} of {b}", "which {k} do you find on the {s} of {b}?"),
    "comparison": ("of these two, what would you call {w}, {a} or {b}?", "tell me which is {w}, {a} or {b}?"),
    "more": ("do the {w} outnumber the {v}?", "is the number of {w} greater than that of {v}?"),
    "more_of": ("which of them is more frequent, {w} or {v}?",),
    "on": ("what rests upon {b}?", "tell me what is on top of {b}"),
    "under": ("what supports {a}?", "on what does {a} rest?"),
    "where": ("where can {a} be found?", "tell me where {a} is"),
    "anything": ("can anything be found {p} {b}?", "does anything lie {p} {b}?"),
    "stacked": ("what is the number of blocks {p} {b}?",),
    "is": ("is it true that {a} is {c}?", "do you agree that {a} is {c}?"),
    "is_side": ("does {a} lie to the {s} of {b}?", "is it true that {a} is {s} of {b}?"),
    "is_in": ("is it true that {a} is {p} {b}?", "can {a} be found {p} {b}?"),
    "list": ("going from left to right, what are the {w}?", "tell me the {w}, left to right"),
    "colors": ("going from left to right, what colors are the {w}?",),
    "caption": ("give a description of the scene", "tell me what is there"),
    "description": ("tell me about {a}", "give a description of {a}"),
}

COMPARATIVES = {
    "big": ("bigger", "larger"),
    "small": ("smaller",),
    "nearer": ("closer to the robot", "nearer to the robot"),
    "farther": ("farther from the robot", "farther away"),
    "left": ("further left", "more to the left"),
    "right": ("further right", "more to the right"),
}

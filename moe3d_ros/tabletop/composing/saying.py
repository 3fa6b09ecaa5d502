"""Instructions for composed tasks: said in parts, so that every selection meets every verb and every place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moe3d_ros.tabletop.composing.place_words import place_words
from moe3d_ros.tabletop.composing.selection_words import Ways, joined, one_of, selection_words
from moe3d_ros.tabletop.composing.task_form import Clause, TaskForm
from moe3d_ros.tabletop.words.wordings import finished

# {s} what is moved, {d} where it goes with its preposition.
PUT: Ways = (
    (
        "put {s} {d}",
        "place {s} {d}",
        "move {s} {d}",
        "bring {s} {d}",
        "get {s} {d}",
        "drop {s} {d}",
        "set {s} {d}",
        "sort {s} {d}",
        "take {s} and put them {d}",
        "pick up {s} and place them {d}",
        "grab {s}, then drop them {d}",
        "{d}, put {s}",
        "{d}, place {s}",
        "I want {s} {d}",
        "I need {s} {d}",
        "{s} should go {d}",
        "{s} should be {d}",
        "{s} must go {d}",
        "{s} go {d}",
        "{s} to be put {d}",
        "{s} {d}",
        "let {s} end {d}",
    ),
    (
        "transfer {s} {d}",
        "make sure that {s} end up {d}",
        "see to it that {s} are {d}",
        "{s} belong {d}",
        "deposit {s} {d}",
        "have {s} put {d}",
        "relocate {s}, {d}",
    ),
)
PILE: Ways = (
    (
        "stack {s} {d}",
        "pile {s} {d}",
        "pile up {s} {d}",
        "stack up {s} {d}",
        "put {s} on top of each other {d}",
        "place {s} on top of one another {d}",
        "make a stack of {s} {d}",
        "build a stack of {s} {d}",
        "make a pile of {s} {d}",
        "{d}, stack {s}",
        "{d}, pile up {s}",
        "I want {s} stacked {d}",
        "{s} should be stacked {d}",
        "{s} should be in a pile {d}",
        "build a tower of {s} {d}",
        "stack {s} together {d}",
    ),
    (
        "heap {s} one above the other {d}",
        "erect a column of {s} {d}",
        "make sure that {s} end up in one pile {d}",
        "get {s} piled {d}",
    ),
)
BY_SIZE: Ways = (
    (
        "stack {s} {d}, the small ones over the big ones",
        "pile {s} {d}, big ones at the bottom",
        "stack {s} {d}, small on big",
        "stack {s} by size {d}",
        "stack {s} {d}, the bigger ones below the smaller ones",
        "pile up {s} {d}, smaller over bigger",
        "{d}, stack {s}, first the big ones, then the small ones",
        "{d}, stack {s}, with the small ones on top",
        "put {s} on top of each other {d}, big ones first",
        "stack {s} {d} with the large ones below",
    ),
    (
        "heap {s} {d}, larger beneath smaller",
        "pile {s} {d} in order of size",
        "have {s} stacked {d}, little ones above large ones",
    ),
)
OVER_OWN: Ways = (
    (
        "stack the small ones of {s} over the big ones of the same color",
        "of {s}, put the small ones on the big ones of their color",
        "of {s}, stack the smaller over the bigger ones of the same color",
        "put the smaller of {s} on the bigger ones with the same color",
        "of {s}, pile small on big by color",
    ),
    (
        "of {s}, let little ones sit on large ones of like color",
        "of {s}, top each large one with the little ones of its color",
    ),
)
BY_LIST: Ways = (
    (
        "stack {s} {d} in the order {o} from the bottom",
        "stack {s} {d}, {o} from bottom to top",
        "build a stack {d}: {o}, from below",
        "pile up {s} {d}, first {t}",
        "make a tower {d} with {t}",
        "{d}, stack first {t}",
        "stack {t} {d}",
        "put {t} on top of each other {d}",
    ),
    ("heap {s} {d} so that it reads {o} from the base up", "erect a column {d}: {o}, the first one lowest"),
)
BY_TURNS: Ways = (
    (
        "stack {s} {d} with alternating colors, starting with {o}",
        "stack {s} with alternate colors {d}, {o} first",
        "pile up {s} {d} by turns of color, starting with {o}",
        "{d}, stack {s} so that the colors alternate, beginning with {o}",
        "build a stack of {s} {d} in which colors alternate, {o} at the bottom",
        "stack {s} {d}, colors by turns, {o} below",
        "make a pile of {s} {d} with alternating colors, {o} at the bottom",
    ),
    (
        "heap {s} {d} in alternation of color, {o} lowest",
        "column {d} of {s} whose colors swap at each level, {o} to begin with",
    ),
)
GROUPS: Ways = (
    (
        "put {s} of the same {g} together, one {g} {d} and the other {e}",
        "sort {s} by {g}: one {g} {d}, the other {e}",
        "put {s} that share a {g} {d} and {e}, respectively",
        "separate {s} by {g}, one {g} {d} and the other {e}",
        "move {s} of one {g} {d} and those of the other {g} {e}",
        "{s}: one {g} {d}, the other one {e}",
        "bring {s} {d} and {e}, one {g} for each",
        "put {s} of the same {g} {d} and {e} respectively",
    ),
    ("split {s} by {g} between two places, {d} and {e}", "divide {s} according to {g}: {d} or {e}"),
)
PILED_GROUPS: Ways = (
    (
        "stack {s} of the same {g} {d} and {e} respectively",
        "stack {s} that share a {g} {d} and {e}, one {g} for each",
        "pile up {s} by {g}, one {g} {d} and the other {e}",
        "make two stacks of {s}, one {g} {d} and the other {e}",
        "stack {s} of one {g} {d} and those of the other {g} {e}",
        "pile {s} of one {g} {d}, of the other {e}",
    ),
    ("heap {s} up by {g}: one heap {d}, one {e}", "erect a column of each {g} of {s}, {d} and {e}"),
)
THEN: Ways = (
    (
        "{a}, then {b}",
        "{a} and then {b}",
        "{a}. Then {b}",
        "first {a}, then {b}",
        "{a} and {b}",
        "{a}; {b}",
        "{a}. After that {b}",
        "{a}, and {b}",
        "{a}. Also {b}",
        "{a}, and after that {b}",
    ),
    ("once you are through with this: {a}, go on: {b}", "{a}. Next up: {b}", "do two things: {a}; {b}"),
)
POLITE: Ways = (
    (
        "please {x}",
        "could you {x}?",
        "{x}, please",
        "can you {x}?",
        "now {x}",
        "I would like you to {x}",
        "{x} please",
        "hey, {x}",
        "robot, {x}",
    ),
    ("would you mind helping: {x}", "be so kind and {x}", "your job: {x}"),
)
POLITE_SHARE = 0.25
VERBS = (
    "put",
    "place",
    "move",
    "bring",
    "get",
    "drop",
    "set",
    "sort",
    "take",
    "pick",
    "grab",
    "stack",
    "pile",
    "build",
    "make",
    "let",
    "separate",
    "transfer",
    "heap",
)


def said(form: TaskForm, rng: np.random.Generator, held_out: bool = False, alone: Sequence[bool] | None = None) -> str:
    """An instruction that means the form.

    Args:
        held_out: word it in ways that training never uses.
        alone: of each clause, that its selection is just one block, and is said so.
    """
    parts = [_clause(clause, rng, held_out, bool(alone and alone[i])) for i, clause in enumerate(form.clauses)]
    text = parts[0]
    for part in parts[1:]:
        text = one_of(rng, THEN, held_out).format(a=text, b=part)
    if rng.random() < POLITE_SHARE and text.split()[0] in VERBS and len(parts) == 1:
        text = one_of(rng, POLITE, held_out).format(x=text)
    text = " ".join(text.replace(",,", ",").replace(", ,", ",").replace(",.", ".").replace(" ,", ",").split())
    return finished(text.rstrip(","), rng)


def _clause(clause: Clause, rng: np.random.Generator, held_out: bool, alone: bool) -> str:
    things = selection_words(clause.selection, rng, held_out, alone)
    place = place_words(clause.destination, rng, held_out)
    ways = {
        "put": PUT,
        "pile": PILE,
        "pile_by_size": OVER_OWN if clause.own_pile and clause.destination.kind == "block" else BY_SIZE,
        "pile_by_list": BY_LIST,
        "pile_by_turns": BY_TURNS,
        "groups": PILED_GROUPS if clause.piled else GROUPS,
    }[clause.arrangement]
    pattern = one_of(rng, ways, held_out)
    if alone and not clause.selection.conditions() - {"colors", "size", "rank", "rest"}:
        pattern = pattern.replace(" them ", " it ")
    if clause.own_pile and clause.destination.kind != "block" and rng.random() < 0.6:
        things = f"{things} of the same color" if not clause.selection.colors else things
    order = ", ".join(clause.order)
    if clause.arrangement == "pile_by_turns":
        order = clause.order[0]
        if len(clause.order) > 1:
            things = (
                f"the {clause.order[0]} and the {clause.order[1]} blocks"
                if not clause.selection.conditions()
                else things
            )
    listed = ", then ".join(f"the {color} one" if i else f"the {color} block" for i, color in enumerate(clause.order))
    second = "" if clause.second is None else place_words(clause.second, rng, held_out)
    return pattern.format(
        s=things, d=place, o=order or joined(clause.order or ("",), rng), t=listed, g=clause.grouped_by, e=second
    )

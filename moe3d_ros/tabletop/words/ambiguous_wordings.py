"""Orders that may name several things: what is moved, or where it goes, is told by less than tells it; held-out ones apart.

{it} is what is moved, {k} a word for its kind, {w} a place with its preposition.
"""

from __future__ import annotations

ORDERS = (
    "put {it} {w}", "put {it} {w}", "place {it} {w}", "drop {it} {w}", "please put {it} {w}", "can you put {it} {w}?",
    "I want {it} {w}", "{it} should go {w}", "{it} goes {w}", "set {it} down {w}", "could you place {it} {w}", "get {it} and put it {w}",
    "pick up {it} and place it {w}", "move {it}, it belongs {w}", "{it} {w}", "lay {it} {w}, please",
)  # fmt: skip
HELD_OUT_ORDERS = (
    "would you mind putting {it} {w}", "go ahead and drop {it} {w}", "see to it that {it} ends up {w}", "stow {it} {w}",
)  # fmt: skip
VAGUE = (
    "it",
    "it",
    "this",
    "this one",
    "that one",
    "the thing",
    "the {k}",
    "the {k}",
    "the {k}",
    "that {k}",
    "this {k}",
)
HELD_OUT_VAGUE = ("that", "that thing", "the object", "that {k} there")

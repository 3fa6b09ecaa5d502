"""Phrases by which things are told, by construct of `telling`: trained ones, and others that training never uses.

Slots: {k} the thing, {ks} several, {c} a colour, {o}, {p} things that they are told by, {th} an ordinal, {s} a side to count
from, {rest} in or on. A phrase that people say more often stands more than once.
"""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases, joined
from moe3d_ros.tabletop.things import everyday_orders
from moe3d_ros.tabletop.words.wordings import EXTREMES

TRAINED: Phrases = {
    "color": ("the {c} {k}", "the {c} {k}", "the {c} {k}", "{c}", "the {c} {k}", "the {c} {k}", "that {c} {k}", "the only {c} {k}", "my {c} {k}"),
    "other": (
        "the other {k}, not the {c} one,", "not the {c} {k} but the other one", "the {k} that is not {c}", "the {k} that isn't {c}",
        "the one that is not {c}", "the other {k} (not the {c} one)", "the {k} beside the {c} one", "the non-{c} {k}",
    ),
    "sole": ("the {k}", "the {k}", "that {k}", "this {k}", "the only {k}", "the {k} here", "the one {k}"),
    "middle": (
        "the {k} in the middle", "the {k} in the middle", "the middle {k}", "the middle one of the {ks}", "the {k} in the center",
        "the central {k}", "the middle one", "the one in the middle",
    ),
    "between": (
        "the {k} between {o} and {p}", "the {k} between {o} and {p}", "the {k} in between {o} and {p}", "the {k} that is between {o} and {p}",
        "what is between {o} and {p}", "whatever is between {o} and {p}", "the one between {o} and {p}", "the {k} that stands between {o} and {p}",
    ),
    "near": (
        "the {k} next to {o}", "the {k} next to {o}", "the {k} nearest to {o}", "the {k} closest to {o}", "the {k} near {o}", "the {k} by {o}",
        "the {k} beside {o}", "the {k} nearest {o}", "the {k} that is closest to {o}", "the {k} right next to {o}", "the {k} close to {o}",
        "whatever is next to {o}", "the {k} that is next to {o}", "the one next to {o}",
    ),
    "rest": (
        "the {k} {rest} {o}", "the {k} {rest} {o}", "what is {rest} {o}", "the {k} that is {rest} {o}", "the {k} lying {rest} {o}", "whatever is {rest} {o}",
        "the one {rest} {o}", "what's {rest} {o}",
    ),
    "rank": (
        "the {th} {k} from the {s}", "the {th} {k} from the {s}", "the {th} {k} from the {s}", "the {th} one from the {s}", "the {k} that is {th} from the {s}",
        "from the {s} the {th} {k}", "the {th} {k} counting from the {s}", "number {n} from the {s}", "{k} number {n} from the {s}",
        "the {th} of the {ks} from the {s}", "the {th} {k}, from the {s},",
    ),
    "half.left": ("the {k} on the left", "the {k} on the left", "the {k} on the left side", "the {k} on the left half of the table", "the one on the left", "the {k} at the left", "the {k} to the left"),
    "half.right": ("the {k} on the right", "the {k} on the right", "the {k} on the right side", "the {k} on the right half of the table", "the one on the right", "the {k} at the right", "the {k} to the right"),
    "half.near": ("the {k} in the front", "the {k} in front", "the front {k}", "the {k} on the near side", "the {k} on the near half", "the {k} on your side of the table"),
    "half.far": ("the {k} in the back", "the {k} at the back", "the back {k}", "the {k} on the far side", "the {k} on the far half", "the rear {k}"),
    "all": (
        "all objects", "all the {ks}", "all the {ks}", "all {ks}", "everything", "everything", "every {k}", "each {k}", "all of the {ks}", "the {ks}", "all of them",
        "everything on the table", "all the {ks} on the table", "all {ks} here", "everything you see", "all the stuff", "every single one of the {ks}", "them all",
    ),
    "all_color": (
        "all {c} {ks}", "all the {c} {ks}", "the {c} {ks}", "the {c} {ks}", "the {c} ones", "every {c} {k}", "everything {c}", "everything that is {c}", "all that is {c}",
        "each {c} {k}", "all {ks} that are {c}", "all of the {c} {ks}", "what is {c}",
    ),
    "both": ("both {ks}", "both {ks}", "the two {ks}", "both of the {ks}", "both of them", "both", "these two {ks}", "the two of them"),
    "both_color": ("both {c} {ks}", "both {c} {ks}", "the two {c} {ks}", "both the {c} {ks}", "both of the {c} {ks}", "both {c} ones", "the two {c} ones"),
    "but_color": (
        "everything except the {c} {k}", "everything but the {c} {k}", "all {ks} except the {c} one", "all the {ks} but the {c} one", "everything that is not {c}",
        "all {ks} that are not {c}", "everything else than the {c} {k}", "all but the {c} one", "everything apart from the {c} {k}",
        "all the other {ks}, not the {c} one,", "all {ks} other than the {c} one",
    ),
    "all_half.left": ("everything on the left", "everything on the left side", "all the {ks} on the left", "all {ks} on the left half of the table", "whatever is on the left", "what is on the left side of the table", "the {ks} on the left", "every {k} on the left", "all that is on the left"),
    "all_half.right": ("everything on the right", "everything on the right side", "all the {ks} on the right", "all {ks} on the right half of the table", "whatever is on the right", "what is on the right side of the table", "the {ks} on the right", "every {k} on the right", "all that is on the right"),
    "all_half.near": ("everything in the front", "everything on the near side", "all the {ks} in front", "all {ks} on the near half of the table", "whatever is in the front", "the {ks} on the near side"),
    "all_half.far": ("everything at the back", "everything on the far side", "all the {ks} in the back", "all {ks} on the far half of the table", "whatever is at the back", "the {ks} on the far side"),
    "all_rest": ("everything {rest} {o}", "all the {ks} {rest} {o}", "whatever is {rest} {o}", "what is {rest} {o}", "the {ks} {rest} {o}", "all that is {rest} {o}", "everything that is {rest} {o}", "what's {rest} {o}"),
    "look.tallest": ("the tallest {k}", "the tallest {k}", "the tallest {k}", "the highest {k}", "the {k} that is the tallest", "the tallest one", "the tallest", "the {k} that stands tallest", "the tallest of the {ks}", "the {k} with the greatest height"),
    "look.lowest": ("the shortest {k}", "the lowest {k}", "the lowest {k}", "the {k} that is the lowest", "the least tall {k}", "the {k} with the smallest height", "the shortest one", "the lowest of the {ks}"),
    "look.biggest": ("the biggest {k}", "the biggest {k}", "the largest {k}", "the largest {k}", "the biggest one", "the {k} that is the biggest", "the biggest of the {ks}", "the largest", "the really big {k}", "the huge {k}", "the bulkiest {k}"),
    "look.smallest": ("the smallest {k}", "the smallest {k}", "the tiniest {k}", "the littlest {k}", "the smallest one", "the {k} that is the smallest", "the smallest of the {ks}", "the tiny {k}", "the smallest"),
    "look.flattest": ("the flattest {k}", "the flattest {k}", "the flattest one", "the {k} that is the flattest", "the flattest of the {ks}", "the flattest thing there is"),
    "look.flat": ("the flat {k}", "the flat one", "the flat {k}", "the {k} that is flat", "that flat {k}", "the only flat {k}"),
    "look.longest": ("the longest {k}", "the longest {k}", "the longest one", "the {k} that is the longest", "the longest of the {ks}", "the longest thing on the table"),
    "look.slender": ("the long thin {k}", "the long thin one", "the long, thin {k}", "the long {k}", "the long narrow {k}", "the {k} that is long and thin", "the thin long {k}"),
    "look.thinnest": ("the thinnest {k}", "the thinnest {k}", "the narrowest {k}", "the thinnest one", "the {k} that is the thinnest", "the slimmest {k}", "the thinnest of the {ks}"),
}  # fmt: skip
for _side, _ways in EXTREMES.items():
    TRAINED[f"extreme.{_side}"] = tuple(f"the {way}" for way in _ways)
TRAINED["extreme.left"] += ("the {k} farthest to the left", "the {k} farthest left", "the most left {k}", "the first {k} from the left", "the leftmost one", "the {k} all the way on the left", "the left most {k}")  # fmt: skip
TRAINED["extreme.right"] += ("the {k} farthest to the right", "the {k} farthest right", "the most right {k}", "the first {k} from the right", "the rightmost one", "the {k} all the way on the right", "the right most {k}")  # fmt: skip
TRAINED["extreme.near"] += ("the {k} nearest to you", "the {k} nearest the robot", "the nearest one", "the closest one", "the {k} that is closest", "the {k} that is nearest to you", "the {k} right in front of you")  # fmt: skip
TRAINED["extreme.far"] += ("the {k} farthest from you", "the {k} farthest away", "the farthest one", "the {k} furthest away", "the {k} that is farthest from you", "the {k} furthest away from the robot")  # fmt: skip

TRAINED = joined(TRAINED, everyday_orders.TELLING)

HELD_OUT: Phrases = {
    "color": ("the {k} in {c}", "the {c}-colored {k}"),
    "other": ("whichever {k} has another color than {c}", "the {k} of the two that lacks {c}"),
    "sole": ("the sole {k}", "the solitary {k}"),
    "middle": ("the {k} with as many on its left as on its right", "the {k} halfway along the row"),
    "between": ("the {k} flanked by {o} and {p}", "the {k} with {o} on one side and {p} on the other"),
    "near": ("the {k} in the vicinity of {o}", "{o}'s closest neighbor"),
    "rest": ("the {k} contained {rest} {o}", "the {k} found {rest} {o}"),
    "rank": ("the {k} in {th} position from the {s}", "the {k} that comes {th} as seen from the {s}"),
    "half.left": ("the {k} over at the left-hand side", "the {k} located in the left half"),
    "half.right": ("the {k} over at the right-hand side", "the {k} located in the right half"),
    "half.near": ("the {k} located in the near half",),
    "half.far": ("the {k} located in the far half",),
    "all": ("any and all {ks}", "anything there is"),
    "all_color": ("whatever {c} {ks} there are", "anything {c}"),
    "both": ("the pair of {ks}", "the couple of {ks}"),
    "both_color": ("the pair of {c} {ks}", "the couple of {c} {ks}"),
    "but_color": ("everything barring the {c} {k}", "all {ks} minus the {c} one"),
    "all_half.left": ("anything located in the left half", "any and all {ks} at the left-hand side"),
    "all_half.right": ("anything located in the right half", "any and all {ks} at the right-hand side"),
    "all_half.near": ("anything located in the near half", "any and all {ks} located in the near half"),
    "all_half.far": ("anything located in the far half", "any and all {ks} located in the far half"),
    "all_rest": ("anything found {rest} {o}", "any and all {ks} found {rest} {o}"),
    "look.tallest": ("the {k} that towers above the rest", "the {k} that rises highest"),
    "look.lowest": ("the {k} that rises least", "the {k} every other one towers above"),
    "look.biggest": ("the most voluminous {k}", "the {k} that takes up the most space"),
    "look.smallest": ("the most compact {k}", "the {k} that takes up the least space"),
    "look.flattest": ("the {k} most like a sheet",),
    "look.flat": ("the {k} that is like a plate",),
    "look.longest": ("the {k} of the greatest length", "the most elongated {k}"),
    "look.slender": ("the elongated {k}", "the slender {k}"),
    "look.thinnest": ("the most slender {k}",),
    "extreme.left": ("the {k} at the very left", "the {k} with nothing to its left"),
    "extreme.right": ("the {k} at the very right", "the {k} with nothing to its right"),
    "extreme.near": ("the {k} within easiest reach of the robot", "the {k} at the very front"),
    "extreme.far": ("the {k} most remote from the robot", "the {k} at the very back"),
}  # fmt: skip

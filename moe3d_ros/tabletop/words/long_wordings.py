"""Wordings of long-horizon tasks: sentence patterns and phrases per task, with held-out ones for evaluation.

A wording is a pattern with phrases in it: {a} moved thing, {p} in or on, {b} destination, {w} place of the stack.
Phrases name colours {c}, {d}, a size {s}, an area {r}. Held-out patterns and phrases are never used in training.
"""

from __future__ import annotations

from dataclasses import dataclass

from moe3d_ros.tabletop.words.wordings import finished

MOVES = (
    "put {a} {p} {b}",
    "place {a} {p} {b}",
    "move {a} {p}to {b}",
    "pick up {a} and put them {p} {b}",
    "take {a} and set them {p} {b}",
    "grab {a}, then drop them {p} {b}",
    "please put {a} {p} {b}",
    "could you place {a} {p} {b}?",
    "I want {a} {p} {b}",
    "I would like you to move {a} {p}to {b}",
    "{a} should go {p} {b}",
    "{p} {b}, place {a}",
    "bring {a} {p}to {b}",
    "sort {a} {p}to {b}",
)
HELD_OUT_MOVES = (
    "transfer {a} {p}to {b}",
    "would you mind putting {a} {p} {b}",
    "go ahead and drop {a} {p} {b}",
    "make sure that {a} end up {p} {b}",
    "your job is to get {a} {p}to {b}",
)
STACKS = (
    "stack {a} {w}",
    "pile {a} {w}",
    "pile up {a} {w}",
    "put {a} on top of each other {w}",
    "place {a} on top of one another {w}",
    "make a stack of {a} {w}",
    "build a stack of {a} {w}",
    "please stack {a} {w}",
    "could you pile up {a} {w}?",
    "I want {a} stacked {w}",
    "I would like you to stack {a} {w}",
    "{w}, stack {a}",
)
HELD_OUT_STACKS = (
    "build a tower of {a} {w}",
    "heap {a} one above the other {w}",
    "would you mind stacking {a} {w}",
    "make sure that {a} end up in one pile {w}",
)


@dataclass(frozen=True)
class Wording:
    """Phrases of one task: the thing's, the place's, and held-out ones of either; ``p`` is in or on, empty for stacks.

    ``whole`` and ``held_out_whole`` are sentences of their own that need no pattern.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    p: str = ""
    held_out_a: tuple[str, ...] = ()
    held_out_b: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    held_out_whole: tuple[str, ...] = ()


_ALL = ("the blocks", "all blocks", "all the blocks", "every one of the blocks")
_HELD_ALL = ("each and every block", "the whole lot of blocks")
_COLORED = ("the {c} blocks", "all the {c} blocks", "every {c} block", "all {c} blocks", "the blocks that are {c}")
_HELD_COLORED = ("each {c} cube", "whatever {c} blocks there are")
_SIZED = ("the {s} blocks", "all the {s} blocks", "all {s} blocks", "every {s} block")
_ONTO = ("on the {d} zone", "in the {d} zone", "on the {d} square", "on the {d} pad")
_HELD_ONTO = ("within the {d} field", "atop the {d} zone")
_PAIR = ("the small {c} block over the big {c} block", "the smaller {c} block on the bigger {c} block",
         "the big {c} block and then the small {c} block")  # fmt: skip
_MISMATCHED = ("bowls of another color", "bowls of a different color", "bowls with mismatched colors",
               "bowls that do not match their color", "mismatching bowls")  # fmt: skip
_LYING = ("the blocks in the {r}", "all blocks in the {r}", "every block in the {r}", "all the blocks on the {r}")
_IN_AREA = ("in the {r}", "on the {r}", "at the {r}")
_HELD_IN_AREA = ("somewhere in the {r}", "over in the {r}")

WORDINGS = {
    "B": Wording(
        _ALL, ("the bowls with matching colors", "the bowls with the matching color", "the bowls of the same color",
               "the bowls of their color", "the matching bowls", "the bowls that match them in color"), "in",
        _HELD_ALL, ("whichever bowl shares their color", "their own color's bowls"),
    ),
    "C": Wording(
        ("all smaller blocks", "the smaller blocks", "the small blocks", "all the small blocks", "all little blocks"),
        ("over the bigger blocks of the same color", "on the bigger blocks of the same color",
         "on top of the big blocks of their color", "over the large blocks with the same color",
         "on the bigger blocks with matching colors"), "",
        ("each one of the tiny blocks",), ("upon the bigger block that shares its color", "above their bigger twins"),
        ("put each small block on the big block of the same color",
         "place the smaller blocks on the matching bigger blocks",
         "put the small blocks over the big blocks of their color"),
        ("let each smaller block sit on its bigger twin of the same color",),
    ),
    "D": Wording(_ALL, _IN_AREA, "", _HELD_ALL, _HELD_IN_AREA),
    "E": Wording(
        ("the blocks of an even number", "the blocks of an even count",
         "the blocks whose color occurs an even number of times",
         "all blocks of which there is an even number", "the blocks that come in even numbers"),
        ("the zone with the matching color", "the zone of the same color", "the zone of their color",
         "the matching zone", "the zones with matching colors"), "in",
        ("the blocks with an evenly numbered color",), ("whichever zone shares their color",),
    ),
    "F": Wording(
        _ALL, ("the bowls with mismatched colors", "bowls of a different color", "bowls that do not match their color",
               "mismatching bowls"), "in",
        _HELD_ALL, ("any bowl whose color is not theirs", "bowls of another color than their own"),
    ),
    "G": Wording(
        ("blocks of the same size", "the blocks of the same size", "the blocks of one size"),
        ("on the {c} zone and the {d} zone respectively", "in the {c} zone and the {d} zone respectively",
         "on the {c} zone and on the {d} zone, one size on each"), "",
        ("equally large blocks",), ("on the {c} and the {d} zone, a zone for each size",),
    ),
    "H": Wording(
        ("blocks with alternate colors", "the blocks with alternating colors", "blocks of alternate colors"),
        ("on the {d} zone, starting with {c}", "on the {d} zone, starting with the {c} color",
         "in the {d} zone, starting with a {c} block"), "",
        ("blocks whose colors take turns",), ("on the {d} zone, with {c} at the bottom",),
    ),
    "I": Wording(
        ("smaller over bigger blocks of the same color", "the smaller blocks over the bigger blocks of the same color"),
        ("in the zone of the same color", "in the zone with the same color", "on the zone of their color"), "",
        ("little over large blocks of one color",), ("upon the zone that shares their color",),
    ),
    "J": Wording(
        ("all the blocks on the {r}", "all blocks on the {r}", "every block in the {r}", "the blocks in the {r}"),
        ("the {q}",), "on", ("whatever blocks lie in the {r}",), ("the {q} instead",),
    ),
    "K": Wording(
        ("all the blocks of the same color together", "the blocks of the same color together",
         "all blocks of each color"),
        ("on the zone of that color", "on the zone of the same color", "in the zone with the same color"), "",
        ("equally colored blocks",), ("upon the zone that shares their color",),
    ),
    "color_to_bowl": Wording(
        _COLORED, ("the {d} bowl", "the {d} bowl", "the {d} dish"), "in", _HELD_COLORED, ("the bowl that is {d}",)
    ),
    "size_to_zone": Wording(
        _SIZED, ("the {d} zone", "the {d} square", "the {d} pad"), "on",
        ("anything {s} among the blocks",), ("the {d} field",),
    ),
    "color_on_block": Wording(
        _COLORED, ("on the {d} block", "over the {d} block", "on top of the {d} block"), "",
        _HELD_COLORED, ("atop the {d} cube",),
    ),
    "stack_size": Wording(
        _SIZED, ("{where}",), "", ("anything {s} among the blocks",), ("right {where}",)
    ),
    "stack_color": Wording(_COLORED, ("{where}",), "", _HELD_COLORED, ("right {where}",)),
    "stack_all": Wording(_ALL, _ONTO, "", _HELD_ALL, _HELD_ONTO),
    "area_to_bowl": Wording(
        _LYING,
        ("the {d} bowl", "the {d} dish"), "in", ("whatever blocks lie in the {r}",), ("the bowl that is {d}",),
    ),
    "beside_to_bowl": Wording(
        ("the blocks {side} the {c} zone", "all blocks {side} the {c} zone", "every block {side} the {c} zone",
         "the blocks that are {side} the {c} zone"),
        ("the {d} bowl", "the {d} dish"), "in", ("whatever blocks lie {side} the {c} zone",), ("the bowl that is {d}",),
    ),
    "own_zones": Wording(
        ("every block", "each block", "the blocks", "all blocks"),
        ("the zone of its color", "the zone of the same color",
         "the zone with the matching color", "the matching zone"), "on",
        _HELD_ALL, ("whichever zone shares its color",),
    ),
    "list_stack": Wording(
        ("{list} blocks",), ("on the {d} zone, in this order", "on the {d} zone, from the bottom up",
                                              "on the {d} zone in that order"), "",
        ("{list} cubes",), ("on the {d} zone, the first one lowest",),
        ("on the {d} zone, build a stack of {list}", "build a stack of {list} on the {d} zone",
         "stack {list} on the {d} zone", "make a pile of {list} on the {d} zone, from the bottom up"),
        ("erect a tower on the {d} zone: {list}",),
    ),
    "one_each": Wording(
        ("one block", "a block", "exactly one block", "a single block"),
        ("each bowl", "every bowl", "each of the bowls"), "in",
        ("some block",), ("every single bowl",),
        ("fill each bowl with a block", "every bowl gets a block", "give each bowl a block"),
        ("no bowl may stay without a block",),
    ),
    "clear_zone": Wording(
        ("the blocks",), (), "", (), (),
        ("clear the {d} zone", "empty the {d} zone", "take everything off the {d} zone",
         "remove the blocks from the {d} zone",
         "take the blocks off the {d} zone", "move the blocks away from the {d} zone", "free the {d} square of blocks",
         "get the blocks off the {d} zone", "please clear the {d} zone", "there should be no block on the {d} zone",
         "could you clear the {d} zone?", "make the {d} zone free"),
        ("tidy up the {d} zone", "I need the {d} zone without blocks", "see to it that nothing lies on the {d} zone"),
    ),
    "color_to_area": Wording(
        _COLORED, ("the {r}",), "on", _HELD_COLORED, ("the region at the {r}",)
    ),
    "on_top_to_bowl": Wording(
        ("the block on the {c} block", "the block on top of the {c} block", "the block that lies on the {c} block",
         "what is on top of the {c} block"), ("the {d} bowl", "the {d} dish"), "in",
        ("whichever block covers the {c} one",), ("the bowl that is {d}",),
    ),
    "covered_to_bowl": Wording(
        ("the {c} block", "the {c} block", "the {c} cube", "the covered {c} block"),
        ("the {d} bowl", "the {d} dish"), "in",
        ("the buried {c} block",), ("the bowl that is {d}",),
    ),
    "bowls_to_zone": Wording(
        ("the blocks in the bowls", "all blocks that are in a bowl", "every block that is in a bowl",
         "what is in the bowls"),
        ("the {d} zone", "the {d} square"), "on", ("whatever the bowls hold",), ("the {d} field",),
    ),
    "not_color_to_bowl": Wording(
        ("the blocks that are not {c}", "all blocks except the {c} ones", "every block that is not {c}",
         "all the blocks but the {c} ones"), ("the {d} bowl", "the {d} dish"), "in",
        ("whatever blocks are of another color than {c}",), ("the bowl that is {d}",),
    ),
    "color_to_other_bowl": Wording(
        _COLORED, ("bowls that are not {d}", "any bowl but the {d} one", "a bowl other than the {d} one",
                   "bowls of another color than {d}"), "in",
        _HELD_COLORED, ("some bowl, only not the {d} one",),
    ),
    "two_stacks": Wording(
        ("the {c} blocks on the {d} zone and the {e} blocks", "all {c} blocks on the {d} zone and all {e} blocks"),
        ("on the {f} zone", "on the {f} square"), "",
        ("the {c} cubes on the {d} zone, the {e} ones",), ("atop the {f} zone",),
        ("stack the {c} blocks on the {d} zone, and stack the {e} blocks on the {f} zone",
         "make two stacks: {c} blocks on the {d} zone, {e} blocks on the {f} zone"),
    ),
    "pair_on_zone": Wording(
        _PAIR,
        ("on the {d} zone", "in the {d} zone", "on the {d} square"), "",
        ("the two {c} blocks, the little one uppermost,",), ("atop the {d} zone",),
        ("put the big {c} block on the {d} zone and the small {c} block on top of it",
         "place the bigger {c} block on the {d} zone, then the smaller {c} block on it"),
    ),
    "one_to_other_bowl": Wording(
        ("the {c} block", "the {c} block", "the {c} cube"),
        ("a bowl of another color", "a bowl of a different color", "a bowl that does not match its color",
         "a mismatching bowl", "a bowl of any color but its own"), "in",
        ("whichever block is {c}",), ("a bowl whose color differs",),
    ),
    "other_zones": Wording(
        ("every block", "each block", "the blocks", "all blocks"),
        ("a zone of another color", "a zone of a different color", "zones of mismatched colors",
         "zones that do not match in color", "a mismatching zone"), "on",
        _HELD_ALL, ("any zone whose color differs",),
    ),
    "sized_to_own_zones": Wording(
        _SIZED, ("the zones of their color", "the zones of the same color", "the zones with matching colors",
                 "the matching zones"), "on",
        ("anything {s} among the blocks",), ("whichever zone shares its color",),
    ),
    "several_to_other_bowls": Wording(
        ("the {c} blocks and the {d} blocks", "all {c} and {d} blocks", "the {c} and {d} blocks", "every {c} and every {d} block"),
        _MISMATCHED, "in",
        ("whatever blocks are {c} or {d}",), ("any bowl whose color is not theirs",),
    ),
    "stack_own_zone": Wording(
        _COLORED, ("on the zone of their color", "on the zone of the same color", "in the zone with the same color"), "",
        _HELD_COLORED, ("upon the zone that shares their color",),
    ),
    "pair_on_own_zone": Wording(
        _PAIR,
        ("on the zone of the same color", "in the zone of their color", "on the zone with the same color"), "",
        ("the two {c} blocks, the little one uppermost,",), ("atop the zone that shares their color",),
        ("put the big {c} block on the zone of its color and the small {c} block on top of it",),
    ),
    "two_sizes": Wording(
        ("the {s} blocks on the {c} zone and the {t} blocks", "all {s} blocks on the {c} zone and all {t} blocks"),
        ("on the {d} zone", "on the {d} square"), "",
        ("anything {s} among the blocks on the {c} zone, the {t} ones",), ("atop the {d} zone",),
        ("stack the {s} blocks on the {c} zone, and stack the {t} blocks on the {d} zone",
         "make two stacks: {s} blocks on the {c} zone, {t} blocks on the {d} zone"),
    ),
    "size_to_area": Wording(_SIZED, ("the {r}",), "on", ("anything {s} among the blocks",), ("the region at the {r}",)),
    "color_area_to_area": Wording(
        ("the {c} blocks on the {r}", "all {c} blocks in the {r}", "all the {c} blocks on the {r}", "every {c} block in the {r}"),
        ("the {q}",), "on", ("whatever {c} blocks lie in the {r}",), ("the {q} instead",),
    ),
    "area_to_zone": Wording(
        _LYING,
        ("the {d} zone", "the {d} square", "the {d} pad"), "on", ("whatever blocks lie in the {r}",), ("the {d} field",),
    ),
    "size_to_other_bowls": Wording(
        _SIZED, _MISMATCHED, "in",
        ("anything {s} among the blocks",), ("any bowl whose color is not theirs",),
    ),
    "two_own_stacks": Wording(
        ("the {c} blocks and the {d} blocks", "the {c} and {d} blocks, each color by itself,", "all {c} blocks and all {d} blocks"),
        ("on the zones of their colors", "on the zones of the same colors", "in the zones with the same colors"), "",
        ("whatever blocks are {c} or {d}",), ("upon the zones that share their colors",),
    ),
    "two_pairs": Wording(
        ("the smaller over the bigger blocks of {c} and {d}",
         "the small {c} over the big {c} and the small {d} over the big {d} block",
         "the {c} and the {d} blocks, smaller over bigger,"),
        ("on the zones of their colors", "on the zones of the same colors", "in the zones with the same colors"), "",
        ("little over large blocks of {c} and {d}",), ("upon the zones that share their colors",),
    ),
    "turns_stack": Wording(
        ("the {c} and the {d} blocks by turns", "{c} and {d} blocks in turn", "by turns {c} and {d} blocks"),
        ("in the {r}", "on the {r}", "in the {r}, a {c} block lowest"), "",
        ("first a {c}, then a {d} block and so on",), ("somewhere in the {r}",),
    ),
    "size_area_to_area": Wording(
        ("the {s} blocks on the {r}", "all {s} blocks in the {r}", "all the {s} blocks on the {r}", "every {s} block in the {r}"),
        ("the {q}",), "on", ("anything {s} that lies in the {r}",), ("the {q} instead",),
    ),
}  # fmt: skip


_SINGULAR = ("one", "a", "exactly", "some", "every", "each", "what")


def word(wording: Wording, rng, held_out: bool = False, **fields: str) -> str:
    """An instruction of a wording, with its colours, sizes and areas filled in.

    Args:
        held_out: use a pattern that training never uses, and often phrases of that sort too.
    """
    whole = wording.held_out_whole if held_out else wording.whole
    if not wording.b or (whole and rng.random() < 0.4):
        return finished(str(rng.choice(whole)).format(**fields), rng)
    stack = not wording.p
    a, b = wording.a, wording.b
    if held_out:
        patterns = HELD_OUT_STACKS if stack else HELD_OUT_MOVES
        a = wording.held_out_a if rng.random() < 0.5 else a
        b = wording.held_out_b if rng.random() < 0.5 else b
    else:
        patterns = STACKS if stack else MOVES
    a, b = (str(rng.choice(phrases)).format(**fields) for phrases in (a, b))
    text = str(rng.choice(patterns)).format(a=a, p=wording.p, b=b, w=b)
    if a.split()[0] in _SINGULAR or (a.startswith("the ") and a.split()[-1] in ("block", "cube")):
        text = text.replace(" them ", " it ")
    return finished(text, rng)

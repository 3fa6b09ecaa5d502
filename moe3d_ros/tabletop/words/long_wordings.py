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
    "transfer {a} {p}to {b}",
    "would you mind putting {a} {p} {b}",
    "go ahead and drop {a} {p} {b}",
    "make sure that {a} end up {p} {b}",
    "your job is to get {a} {p}to {b}",
    "carry {a} {p}to {b}",
    "deliver {a} {p}to {b}",
    "{a} need to be {p} {b}",
)
HELD_OUT_MOVES = (
    "convey {a} {p}to {b}",
    "would you be so kind as to put {a} {p} {b}",
    "settle {a} {p} {b}",
    "have {a} wind up {p} {b}",
    "what you have to do is bring {a} {p}to {b}",
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
    "build a tower of {a} {w}",
    "heap {a} one above the other {w}",
    "would you mind stacking {a} {w}",
    "make sure that {a} end up in one pile {w}",
    "form a stack of {a} {w}",
    "make a tower out of {a} {w}",
)
HELD_OUT_STACKS = (
    "build up a column of {a} {w}",
    "set {a} one upon another {w}",
    "would you be so kind as to stack {a} {w}",
    "get {a} stacked up {w}",
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


_ALL = ("the blocks", "all blocks", "all the blocks", "every one of the blocks", "each and every block",
        "the whole lot of blocks")  # fmt: skip
_HELD_ALL = ("every last block", "all available blocks")
_COLORED = ("the {c} blocks", "all the {c} blocks", "every {c} block", "all {c} blocks", "the blocks that are {c}",
            "each {c} cube", "whatever {c} blocks there are")  # fmt: skip
_HELD_COLORED = ("each individual {c} block", "all available {c} cubes")
_SIZED = ("the {s} blocks", "all the {s} blocks", "all {s} blocks", "every {s} block", "anything {s} among the blocks")
_ONTO = ("on the {d} zone", "in the {d} zone", "on the {d} square", "on the {d} pad", "within the {d} field",
         "atop the {d} zone")  # fmt: skip
_HELD_ONTO = ("squarely on the {d} zone", "flat on the {d} field")
_PAIR = ("the small {c} block over the big {c} block", "the smaller {c} block on the bigger {c} block",
         "the big {c} block and then the small {c} block", "the two {c} blocks, the little one uppermost,")  # fmt: skip
_MISMATCHED = ("bowls of another color", "bowls of a different color", "bowls with mismatched colors",
               "bowls that do not match their color", "mismatching bowls", "any bowl whose color is not theirs")  # fmt: skip
_LYING = ("the blocks in the {r}", "all blocks in the {r}", "every block in the {r}", "all the blocks on the {r}",
          "whatever blocks lie in the {r}")  # fmt: skip
_IN_AREA = ("in the {r}", "on the {r}", "at the {r}", "somewhere in the {r}", "over in the {r}")
_HELD_IN_AREA = ("anywhere in the {r}", "inside the {r}")

WORDINGS = {
    "B": Wording(
        _ALL, ("the bowls with matching colors", "the bowls with the matching color", "the bowls of the same color",
               "the bowls of their color", "the matching bowls", "the bowls that match them in color",
               "whichever bowl shares their color", "their own color's bowls"), "in",
        _HELD_ALL, ("the color-matched bowls", "the bowls colored just like them"),
    ),
    "C": Wording(
        ("all smaller blocks", "the smaller blocks", "the small blocks", "all the small blocks", "all little blocks",
         "each one of the tiny blocks"),
        ("over the bigger blocks of the same color", "on the bigger blocks of the same color",
         "on top of the big blocks of their color", "over the large blocks with the same color",
         "on the bigger blocks with matching colors", "above their bigger twins"), "",
        ("each of the little blocks",), ("onto the big blocks that bear their color", "over the larger ones colored just like them"),
        ("put each small block on the big block of the same color",
         "place the smaller blocks on the matching bigger blocks",
         "put the small blocks over the big blocks of their color",
         "let each smaller block sit on its bigger twin of the same color"),
        ("have every small block rest on the large block of the same color",),
    ),
    "D": Wording(_ALL, _IN_AREA, "", _HELD_ALL, _HELD_IN_AREA),
    "E": Wording(
        ("the blocks of an even number", "the blocks of an even count",
         "the blocks whose color occurs an even number of times",
         "all blocks of which there is an even number", "the blocks that come in even numbers",
         "the blocks with an evenly numbered color"),
        ("the zone with the matching color", "the zone of the same color", "the zone of their color",
         "the matching zone", "the zones with matching colors", "whichever zone shares their color"), "in",
        ("the blocks whose color is shared by an even number of blocks",), ("the zone colored just like them",),
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
        ("little over large blocks of one color",), ("over the zone that has the color in common with them",),
    ),
    "J": Wording(
        ("all the blocks on the {r}", "all blocks on the {r}", "every block in the {r}", "the blocks in the {r}"),
        ("the {q}",), "on", ("any blocks to be seen in the {r}",), ("the other place, the {q}",),
    ),
    "K": Wording(
        ("all the blocks of the same color together", "the blocks of the same color together",
         "all blocks of each color"),
        ("on the zone of that color", "on the zone of the same color", "in the zone with the same color"), "",
        ("equally colored blocks",), ("over the zone that has the color in common with them",),
    ),
    "color_to_bowl": Wording(
        _COLORED, ("the {d} bowl", "the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        _HELD_COLORED, ("the bowl painted {d}",),
    ),
    "size_to_zone": Wording(
        _SIZED, ("the {d} zone", "the {d} square", "the {d} pad", "the {d} field"), "on",
        ("every available {s} block",), ("the square painted {d}",),
    ),
    "color_on_block": Wording(
        _COLORED, ("on the {d} block", "over the {d} block", "on top of the {d} block", "atop the {d} cube"), "",
        _HELD_COLORED, ("squarely on the {d} cube",),
    ),
    "stack_size": Wording(
        _SIZED, ("{where}", "right {where}"), "", ("every available {s} block",), ("exactly {where}",)
    ),
    "stack_color": Wording(_COLORED, ("{where}", "right {where}"), "", _HELD_COLORED, ("exactly {where}",)),
    "stack_all": Wording(_ALL, _ONTO, "", _HELD_ALL, _HELD_ONTO),
    "area_to_bowl": Wording(
        _LYING,
        ("the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        ("every block situated in the {r}",), ("the bowl painted {d}",),
    ),
    "beside_to_bowl": Wording(
        ("the blocks {side} the {c} zone", "all blocks {side} the {c} zone", "every block {side} the {c} zone",
         "the blocks that are {side} the {c} zone", "whatever blocks lie {side} the {c} zone"),
        ("the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        ("every block situated {side} the {c} zone",), ("the bowl painted {d}",),
    ),
    "own_zones": Wording(
        ("every block", "each block", "the blocks", "all blocks", "each and every block", "the whole lot of blocks"),
        ("the zone of its color", "the zone of the same color",
         "the zone with the matching color", "the matching zone", "whichever zone shares its color"), "on",
        _HELD_ALL, ("the zone whose color is the same",),
    ),
    "list_stack": Wording(
        ("{list} blocks", "{list} cubes"), ("on the {d} zone, in this order", "on the {d} zone, from the bottom up",
                                              "on the {d} zone in that order", "on the {d} zone, the first one lowest"), "",
        ("blocks in the colors {list}",), ("on the {d} zone, starting with the lowest",),
        ("on the {d} zone, build a stack of {list}", "build a stack of {list} on the {d} zone",
         "stack {list} on the {d} zone", "make a pile of {list} on the {d} zone, from the bottom up",
         "erect a tower on the {d} zone: {list}"),
        ("pile up the following on the {d} zone: {list}",),
    ),
    "one_each": Wording(
        ("one block", "a block", "exactly one block", "a single block", "some block"),
        ("each bowl", "every bowl", "each of the bowls", "every single bowl"), "in",
        ("precisely one block",), ("each individual bowl",),
        ("fill each bowl with a block", "every bowl gets a block", "give each bowl a block", "no bowl may stay without a block"),
        ("there should be a block in each of the bowls",),
    ),
    "clear_zone": Wording(
        ("the blocks",), (), "", (), (),
        ("clear the {d} zone", "empty the {d} zone", "take everything off the {d} zone",
         "remove the blocks from the {d} zone",
         "take the blocks off the {d} zone", "move the blocks away from the {d} zone", "free the {d} square of blocks",
         "get the blocks off the {d} zone", "please clear the {d} zone", "there should be no block on the {d} zone",
         "could you clear the {d} zone?", "make the {d} zone free", "tidy up the {d} zone", "I need the {d} zone without blocks",
         "see to it that nothing lies on the {d} zone"),
        ("relieve the {d} zone of its blocks", "I would like the {d} zone cleared of blocks", "retrieve whatever lies on the {d} zone"),
    ),
    "color_to_area": Wording(
        _COLORED, ("the {r}", "the region at the {r}"), "on", _HELD_COLORED, ("any part of the {r}",)
    ),
    "on_top_to_bowl": Wording(
        ("the block on the {c} block", "the block on top of the {c} block", "the block that lies on the {c} block",
         "what is on top of the {c} block", "whichever block covers the {c} one"),
        ("the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        ("the block perched on the {c} one",), ("the bowl painted {d}",),
    ),
    "covered_to_bowl": Wording(
        ("the {c} block", "the {c} block", "the {c} cube", "the covered {c} block", "the buried {c} block"),
        ("the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        ("the {c} block stuck under another one",), ("the bowl painted {d}",),
    ),
    "bowls_to_zone": Wording(
        ("the blocks in the bowls", "all blocks that are in a bowl", "every block that is in a bowl",
         "what is in the bowls", "whatever the bowls hold"),
        ("the {d} zone", "the {d} square", "the {d} field"), "on",
        ("everything sitting in the bowls",), ("the square painted {d}",),
    ),
    "not_color_to_bowl": Wording(
        ("the blocks that are not {c}", "all blocks except the {c} ones", "every block that is not {c}",
         "all the blocks but the {c} ones", "whatever blocks are of another color than {c}"),
        ("the {d} bowl", "the {d} dish", "the bowl that is {d}"), "in",
        ("all blocks of a color other than {c}",), ("the bowl painted {d}",),
    ),
    "color_to_other_bowl": Wording(
        _COLORED, ("bowls that are not {d}", "any bowl but the {d} one", "a bowl other than the {d} one",
                   "bowls of another color than {d}", "some bowl, only not the {d} one"), "in",
        _HELD_COLORED, ("any bowl except the {d} one",),
    ),
    "two_stacks": Wording(
        ("the {c} blocks on the {d} zone and the {e} blocks", "all {c} blocks on the {d} zone and all {e} blocks",
         "the {c} cubes on the {d} zone, the {e} ones"),
        ("on the {f} zone", "on the {f} square", "atop the {f} zone"), "",
        ("the {c} cubes on the {d} zone and likewise the {e} cubes",), ("squarely on the {f} zone",),
        ("stack the {c} blocks on the {d} zone, and stack the {e} blocks on the {f} zone",
         "make two stacks: {c} blocks on the {d} zone, {e} blocks on the {f} zone"),
    ),
    "pair_on_zone": Wording(
        _PAIR,
        ("on the {d} zone", "in the {d} zone", "on the {d} square", "atop the {d} zone"), "",
        ("the two {c} blocks with the larger one underneath",), ("squarely on the {d} zone",),
        ("put the big {c} block on the {d} zone and the small {c} block on top of it",
         "place the bigger {c} block on the {d} zone, then the smaller {c} block on it"),
    ),
    "one_to_other_bowl": Wording(
        ("the {c} block", "the {c} block", "the {c} cube", "whichever block is {c}"),
        ("a bowl of another color", "a bowl of a different color", "a bowl that does not match its color",
         "a mismatching bowl", "a bowl of any color but its own", "a bowl whose color differs"), "in",
        ("the block painted {c}",), ("a bowl whose color is different",),
    ),
    "other_zones": Wording(
        ("every block", "each block", "the blocks", "all blocks", "each and every block", "the whole lot of blocks"),
        ("a zone of another color", "a zone of a different color", "zones of mismatched colors",
         "zones that do not match in color", "a mismatching zone", "any zone whose color differs"), "on",
        _HELD_ALL, ("a zone whose color is different",),
    ),
    "sized_to_own_zones": Wording(
        _SIZED, ("the zones of their color", "the zones of the same color", "the zones with matching colors",
                 "the matching zones"), "on",
        ("every available {s} block",), ("the color-matched zones",),
    ),
    "several_to_other_bowls": Wording(
        ("the {c} blocks and the {d} blocks", "all {c} and {d} blocks", "the {c} and {d} blocks", "every {c} and every {d} block",
         "whatever blocks are {c} or {d}"),
        _MISMATCHED, "in",
        ("all available {c} and {d} blocks",), ("bowls whose color is different",),
    ),
    "stack_own_zone": Wording(
        _COLORED, ("on the zone of their color", "on the zone of the same color", "in the zone with the same color",
                   "upon the zone that shares their color"), "",
        _HELD_COLORED, ("on the zone that bears their color",),
    ),
    "pair_on_own_zone": Wording(
        _PAIR,
        ("on the zone of the same color", "in the zone of their color", "on the zone with the same color",
         "atop the zone that shares their color"), "",
        ("the two {c} blocks with the larger one underneath",), ("on the zone that bears their color",),
        ("put the big {c} block on the zone of its color and the small {c} block on top of it",),
    ),
    "two_sizes": Wording(
        ("the {s} blocks on the {c} zone and the {t} blocks", "all {s} blocks on the {c} zone and all {t} blocks"),
        ("on the {d} zone", "on the {d} square", "atop the {d} zone"), "",
        ("the {s} cubes on the {c} zone and likewise the {t} cubes",), ("squarely on the {d} zone",),
        ("stack the {s} blocks on the {c} zone, and stack the {t} blocks on the {d} zone",
         "make two stacks: {s} blocks on the {c} zone, {t} blocks on the {d} zone"),
    ),
    "size_to_area": Wording(
        _SIZED, ("the {r}", "the region at the {r}"), "on", ("every available {s} block",), ("any part of the {r}",)
    ),
    "color_area_to_area": Wording(
        ("the {c} blocks on the {r}", "all {c} blocks in the {r}", "all the {c} blocks on the {r}", "every {c} block in the {r}",
         "whatever {c} blocks lie in the {r}"),
        ("the {q}", "the {q} instead"), "on", ("every {c} block situated in the {r}",), ("any part of the {q}",),
    ),
    "area_to_zone": Wording(
        _LYING,
        ("the {d} zone", "the {d} square", "the {d} pad", "the {d} field"), "on",
        ("every block situated in the {r}",), ("the square painted {d}",),
    ),
    "size_to_other_bowls": Wording(
        _SIZED, _MISMATCHED, "in",
        ("every available {s} block",), ("bowls whose color is different",),
    ),
    "two_own_stacks": Wording(
        ("the {c} blocks and the {d} blocks", "the {c} and {d} blocks, each color by itself,", "all {c} blocks and all {d} blocks",
         "whatever blocks are {c} or {d}"),
        ("on the zones of their colors", "on the zones of the same colors", "in the zones with the same colors",
         "upon the zones that share their colors"), "",
        ("all available {c} and {d} blocks",), ("on the zones that bear their colors",),
    ),
    "two_pairs": Wording(
        ("the smaller over the bigger blocks of {c} and {d}",
         "the small {c} over the big {c} and the small {d} over the big {d} block",
         "the {c} and the {d} blocks, smaller over bigger,", "little over large blocks of {c} and {d}"),
        ("on the zones of their colors", "on the zones of the same colors", "in the zones with the same colors",
         "upon the zones that share their colors"), "",
        ("the {c} and the {d} blocks, each color with the larger one underneath,",), ("on the zones that bear their colors",),
    ),
    "turns_stack": Wording(
        ("the {c} and the {d} blocks by turns", "{c} and {d} blocks in turn", "by turns {c} and {d} blocks",
         "first a {c}, then a {d} block and so on"),
        ("in the {r}", "on the {r}", "in the {r}, a {c} block lowest", "somewhere in the {r}"), "",
        ("the {c} and the {d} blocks in rotation",), ("anywhere in the {r}",),
    ),
    "size_area_to_area": Wording(
        ("the {s} blocks on the {r}", "all {s} blocks in the {r}", "all the {s} blocks on the {r}", "every {s} block in the {r}",
         "anything {s} that lies in the {r}"),
        ("the {q}", "the {q} instead"), "on", ("every {s} block situated in the {r}",), ("any part of the {q}",),
    ),
}  # fmt: skip


_SINGULAR = ("one", "a", "exactly", "some", "every", "each", "what", "anything", "whichever")


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

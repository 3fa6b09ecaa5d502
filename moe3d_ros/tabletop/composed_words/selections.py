"""Words for the blocks that a clause is about, from its selection."""

from __future__ import annotations

from collections.abc import Collection

from moe3d_ros.tabletop.composed_words.speaker import Named, Speaker, agreeing, listed
from moe3d_ros.tabletop.composing.task_form import Reference, Selection
from moe3d_ros.world.kinds import BLOCK

NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_FREQUENCIES = {
    "most": {"most": "most", "mostly": "most often", "many": "most"},
    "fewest": {"most": "least", "mostly": "least often", "many": "fewest"},
}


def selected(
    speaker: Speaker,
    selection: Selection,
    alone: bool = False,
    lone_colors: Collection[str] = (),
    together: bool = False,
    others: bool = False,
) -> Named:
    """Words for a selection.

    Args:
        alone: just one block is meant.
        lone_colors: colours of which there is just one block.
        together: they are spoken of as several things, never as each of them (a pile is made of them).
        others: what the selection excludes has been said already.
    """
    alone = alone or selection.rank > 0
    plain = not (selection.count or selection.rank or alone)
    adjectives, qualities = _qualities(speaker, selection, alone or selection.rank > 0)
    suffix = ""
    exclusions = [] if others else _exclusions(selection)
    if len(exclusions) == 1 and plain and speaker.chance(0.6):
        suffix = _suffix(speaker, selection, lone_colors)
    else:
        qualities += exclusions
    if others and not adjectives and not qualities and plain and speaker.chance(0.5):
        return Named(*_agreed(speaker.pattern("rest")))
    everything = plain and not adjectives and not others and speaker.chance(0.12)
    pattern, several = _determiner(speaker, selection, alone, together, others, bool(qualities), everything)
    joined = adjectives.pop("colors", ())
    words = {**_rank_words(speaker, selection), "number": _number(speaker, selection.count or selection.rank)}
    n, ns = _head(speaker, adjectives.get("size", ""), joined, bool(suffix or others), lone_colors)
    if "the {N}" not in pattern:
        ns = ns.replace(" the ", " ")
    text = pattern.format(n=n, N=ns, **words)
    of_several = "{N}" in pattern and not everything
    modified = _modified(speaker, selection, qualities, of_several)
    bare = f"{n if alone else ns}" if not (qualities or suffix or selection.count or selection.rank or others) else ""
    return Named(f"{text} {modified} {suffix}", several, bare if bare not in ("blocks", "cubes") else f"all {bare}")


def excluded_things(speaker: Speaker, selection: Selection, lone_colors: Collection[str] = ()) -> tuple[str, bool]:
    """Words for the blocks that a selection leaves out by colour or size, and if there are several of them."""
    words = selection.excluded_colors or (speaker.size(selection.excluded_size),)
    lone = len(words) == 1 and words[0] in lone_colors
    return speaker.pattern("excluded.lone" if lone else "excluded.ones").format(x=listed(words)), not lone


def can_leave(selection: Selection) -> bool:
    """Tell if what the selection excludes may be said in a clause of its own ("leave the red ones alone and ...")."""
    return _exclusions(selection) in (["excluded_colors"], ["excluded_size"]) and not selection.count + selection.rank


def referred(speaker: Speaker, reference: Reference, every: bool = False) -> str:
    """Words for the thing that a selection is told by; without a colour any one of its kind, or ``every`` one."""
    one, many = speaker.kind(reference.kind)
    construct = "reference" if reference.color else "reference.every" if every else "reference.any"
    return speaker.pattern(construct).format(c=reference.color, k=one, ks=many)


def _agreed(text: str) -> tuple[str, bool]:
    several = text.rsplit(maxsplit=1)[-1] in ("others", "ones", "rest") and text != "all that remains"
    return text, several


def _exclusions(selection: Selection) -> list[str]:
    return [name for name in ("excluded_colors", "excluded_size", "excluded_area") if getattr(selection, name)]


def _qualities(speaker: Speaker, selection: Selection, single: bool) -> tuple[dict, list[str]]:
    """Adjectives before the noun, and the names of the conditions that are said behind it."""
    adjectives: dict = {}
    behind = []
    if selection.size:
        if speaker.chance(0.12):
            behind.append("size")
        else:
            adjectives["size"] = speaker.size(selection.size)
    if selection.colors:
        if speaker.chance(0.15) or (single and len(selection.colors) > 1):
            behind.append("colors")
        else:
            adjectives["colors"] = selection.colors
    behind += [name for name in ("parity", "frequency", "rest", "side", "area") if getattr(selection, name)]
    return adjectives, behind


def _determiner(
    speaker: Speaker, selection: Selection, alone: bool, together: bool, others: bool, qualified: bool, everything: bool
) -> tuple[str, bool]:
    """A pattern that has {n} or {N}, and if verbs take it for several things."""
    if selection.rank:
        if qualified and selection.rank > 0:
            return speaker.pattern("rank_of"), False
        return speaker.pattern(f"first.{selection.rank_side}" if selection.rank == 1 else "rank"), False
    if selection.count:
        return speaker.pattern("one" if selection.count == 1 else "count"), selection.count > 1
    if alone:
        return speaker.pattern("lone"), False
    if others:
        return speaker.pattern("others"), True
    if everything:
        return speaker.pattern("everything"), False
    if together or speaker.chance(0.65):
        return speaker.pattern("all"), True
    return speaker.pattern("each"), False


def _number(speaker: Speaker, count: int) -> str:
    return str(count) if count >= len(NUMBERS) or speaker.chance(0.1) else NUMBERS[count]


def _rank_words(speaker: Speaker, selection: Selection) -> dict[str, str]:
    if not selection.rank:
        return {"th": "", "side": ""}
    digits = f"{selection.rank}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(selection.rank, 'th') }"
    th = digits if selection.rank >= len(ORDINALS) or speaker.chance(0.15) else ORDINALS[selection.rank]
    return {"th": th, "side": speaker.pattern(f"rank_side.{selection.rank_side}")}


def _head(
    speaker: Speaker, size: str, colors: tuple[str, ...], plainly: bool, lone_colors: Collection[str]
) -> tuple[str, str]:
    """The noun with its adjectives, of one thing and of several."""
    one, many = speaker.kind(BLOCK)
    if (size or colors) and not plainly and speaker.chance(0.12):
        one, many = "one", "ones"
    size = f"{size} " if size else ""
    if len(colors) < 2:
        color = "".join(f"{color} " for color in colors)
        return f"{size}{color}{one}", f"{size}{color}{many}"
    joined = listed(colors)
    if len(colors) == 2:
        joined = speaker.pattern("colors.and").format(c=colors[0], d=colors[1])
    if lone_colors and set(colors) <= set(lone_colors) and " the " in joined:
        many = one  # the red and the blue block
    return f"{size}{listed(colors, 'or')} {one}", f"{size}{joined} {many}"


def _modified(speaker: Speaker, selection: Selection, names: list[str], several: bool) -> str:
    """Words behind the noun for these conditions."""
    ways = agreeing(several)
    if (
        len(names) == 1
        and names[0] not in ("size", "colors", "excluded_colors", "excluded_size")
        and speaker.chance(0.5)
    ):
        return _quality(speaker, selection, names[0], "bare").format(**ways)
    relatives = tuple(_quality(speaker, selection, name, "relative").format(**ways) for name in names)
    if len(relatives) == 2 and speaker.chance(0.5):
        return f"that {relatives[0]} and that {relatives[1]}"
    return f"that {listed(relatives)}" if relatives else ""


def _quality(speaker: Speaker, selection: Selection, name: str, form: str) -> str:
    """One condition behind the noun, its verbs still open."""
    if name in ("rest", "side"):
        if selection.reference is None:
            raise ValueError(f"a selection by its {name} needs the reference that it speaks of")
        o = referred(speaker, selection.reference)
        if name == "side":
            return ("{are} " if form == "relative" else "") + _open(speaker.pattern(f"side.{selection.side}"), o=o)
        return _open(speaker.pattern(f"rest.{selection.rest}.{form}"), o=o)
    if name == "excluded_colors" and len(selection.excluded_colors) == 2:
        c, d = selection.excluded_colors
        return _open(speaker.pattern("excluded.neither"), c=c, d=d)
    slots = {
        "size": lambda: ("size.relative", {"s": speaker.size(selection.size)}),
        "colors": lambda: ("color.relative", {"c": listed(selection.colors, "or")}),
        "excluded_colors": lambda: ("excluded.relative", {"x": listed(selection.excluded_colors, "or")}),
        "excluded_size": lambda: ("excluded_size.relative", {"x": speaker.size(selection.excluded_size)}),
        "parity": lambda: (f"parity.{form}", {"parity": selection.parity}),
        "frequency": lambda: (f"frequency.{form}", _FREQUENCIES[selection.frequency]),
        "area": lambda: (f"area.{form}", {"r": speaker.area(selection.area)}),
        "excluded_area": lambda: (f"excluded_area.{form}", {"r": speaker.area(selection.excluded_area)}),
    }
    construct, words = slots[name]()
    return _open(speaker.pattern(construct), **words)


def _suffix(speaker: Speaker, selection: Selection, lone_colors: Collection[str]) -> str:
    if selection.excluded_area:
        return speaker.pattern("excluded_area.suffix").format(r=speaker.area(selection.excluded_area))
    return speaker.pattern("excluded.suffix").format(ones=excluded_things(speaker, selection, lone_colors)[0])


def _open(pattern: str, **words: str) -> str:
    """The pattern with these slots filled, and the others still open."""
    for slot, word in words.items():
        pattern = pattern.replace("{" + slot + "}", word)
    return pattern

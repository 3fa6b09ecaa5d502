"""Phrases for the blocks that a composed task is about, with held-out ones that training never uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moe3d_ros.tabletop.composing.task_form import Selection
from moe3d_ros.tabletop.words.wordings import AREA_WORDS, KIND_WORDS, SIZE_WORDS

Ways = tuple[tuple[str, ...], tuple[str, ...]]  # trained, held out

# {n} the noun with what stands before it, plural or singular.
ALL: Ways = (
    ("all the {ns}", "all {ns}", "the {ns}", "every {n}", "each {n}", "all of the {ns}", "every single {n}", "{ns}"),
    ("any {n} you can find", "the whole lot of {ns}", "the entire set of {ns}"),
)
EVERYTHING: Ways = (("everything", "all of them", "all the stuff"), ("the whole lot", "every last thing"))
SINGLE: Ways = (("the {n}", "the only {n}", "the one {n}"), ("that {n}", "the single {n} there is"))
SOME: Ways = (
    (
        "{k} of the {ns}",
        "any {k} of the {ns}",
        "{k} {ns}",
        "just {k} of the {ns}",
        "exactly {k} {ns}",
        "only {k} of the {ns}",
    ),
    ("{k} {ns} of your choice", "no more and no less than {k} {ns}"),
)
EXCEPT: Ways = (
    (
        "{s} except the {c} ones",
        "{s} but not the {c} ones",
        "{s} that are not {c}",
        "{s} other than the {c} ones",
        "{s} except for {c}",
        "{s} except {c}",
        "{s}, but no {c} ones,",
        "{s} apart from the {c} ones",
        "{s} but the {c} ones",
        "{s} which are not {c}",
        "{s} without the {c} ones",
        "{s}, not the {c} ones,",
    ),
    ("{s} save for the {c} ones", "{s} excluding {c}", "{s} bar the {c} ones", "{s}, leaving out the {c} ones,"),
)
PARITY: Ways = (
    (
        "{s} of an {e} number",
        "{s} whose color occurs an {e} number of times",
        "{s} that come in {e} numbers",
        "{s} of which there is an {e} number",
        "{s} in colors with an {e} count",
        "{s} of every color that there is an {e} number of",
        "{s} of colors that appear an {e} number of times",
        "{s} whose color is there an {e} number of times",
    ),
    (
        "{s} with an {e} tally of their color",
        "{s} whose color adds up to an {e} number",
        "{s} that are {e} in number by color",
    ),
)
FREQUENCY: dict[str, Ways] = {
    "most": (
        (
            "{s} of the most frequent color",
            "{s} of the color that occurs most often",
            "{s} of the most common color",
            "{s} of the color of which there are most",
            "{s} in the color that there are most of",
        ),
        ("{s} of the color that dominates", "{s} of the commonest color"),
    ),
    "fewest": (
        (
            "{s} of the rarest color",
            "{s} of the color that occurs least often",
            "{s} of the least common color",
            "{s} of the color of which there are fewest",
            "{s} in the color that there are fewest of",
        ),
        ("{s} of the scarcest color", "{s} of the least represented color"),
    ),
}
IN_AREA: Ways = (
    (
        "{s} {p} the {r}",
        "{s} that are {p} the {r}",
        "{s} lying {p} the {r}",
        "{s} that lie {p} the {r}",
        "{s} {p} the {r}",
        "{s} which are now {p} the {r}",
    ),
    ("{s} you find {p} the {r}", "{s} sitting {p} the {r}", "{s} located {p} the {r}"),
)
NOT_IN_AREA: Ways = (
    (
        "{s} that are not {p} the {r}",
        "{s} that do not lie {p} the {r}",
        "{s} except those {p} the {r}",
        "{s} outside the {r}",
        "{s} but not those {p} the {r}",
    ),
    ("{s} anywhere but {p} the {r}", "{s} not found {p} the {r}"),
)
RESTING: dict[str, Ways] = {
    "in": (
        (
            "{s} in the {o}",
            "{s} that are in the {o}",
            "{s} inside the {o}",
            "{s} that lie in the {o}",
            "{s} which are in the {o} now",
        ),
        ("{s} held by the {o}", "{s} sitting in the {o}"),
    ),
    "on": (
        (
            "{s} on the {o}",
            "{s} that are on the {o}",
            "{s} on top of the {o}",
            "{s} that lie on the {o}",
            "{s} lying on the {o}",
        ),
        ("{s} resting on the {o}", "{s} sitting atop the {o}"),
    ),
    "under": (
        (
            "{s} under the {o}",
            "{s} below the {o}",
            "{s} that is under the {o}",
            "{s} beneath the {o}",
            "{s} that the {o} lies on",
        ),
        ("{s} underneath the {o}", "{s} that carries the {o}"),
    ),
}
SIDES: dict[str, Ways] = {
    "left": (
        (
            "{s} left of the {o}",
            "{s} to the left of the {o}",
            "{s} that are left of the {o}",
            "{s} on the left of the {o}",
            "{s} further left than the {o}",
        ),
        ("{s} on the {o}'s left", "{s} leftward of the {o}"),
    ),
    "right": (
        (
            "{s} right of the {o}",
            "{s} to the right of the {o}",
            "{s} that are right of the {o}",
            "{s} on the right of the {o}",
            "{s} further right than the {o}",
        ),
        ("{s} on the {o}'s right", "{s} rightward of the {o}"),
    ),
    "near": (
        (
            "{s} in front of the {o}",
            "{s} nearer than the {o}",
            "{s} that are in front of the {o}",
            "{s} closer to you than the {o}",
            "{s} nearer to the robot than the {o}",
        ),
        ("{s} before the {o}", "{s} on the near side of the {o}"),
    ),
    "far": (
        (
            "{s} behind the {o}",
            "{s} farther away than the {o}",
            "{s} that are behind the {o}",
            "{s} further from you than the {o}",
            "{s} farther from the robot than the {o}",
        ),
        ("{s} beyond the {o}", "{s} at the back of the {o}"),
    ),
}
RANKED: dict[str, Ways] = {
    "left": (
        ("the {k}{n} from the left", "the {k}{n} counted from the left", "the {k}leftmost {n}"),
        ("the {k}{n} starting at the left",),
    ),
    "right": (
        ("the {k}{n} from the right", "the {k}{n} counted from the right", "the {k}rightmost {n}"),
        ("the {k}{n} starting at the right",),
    ),
    "near": (
        ("the {k}closest {n}", "the {k}nearest {n}", "the {k}nearest {n} to the robot"),
        ("the {k}{n} counted from the robot",),
    ),
    "far": (
        ("the {k}farthest {n}", "the {k}furthest {n}", "the {k}farthest {n} from the robot"),
        ("the {k}{n} counted from the far end",),
    ),
}
ORDINALS = ("first ", "second ", "third ")
NUMBERS = (("one", "1"), ("two", "2"), ("three", "3"))
ON_SIDES = ("middle", "far side", "near side", "left side", "right side")


def one_of(rng: np.random.Generator, ways: Ways, held_out: bool) -> str:
    """One of the trained ways, or of those held out."""
    return str(rng.choice(ways[1] if held_out else ways[0]))


def joined(words: Sequence[str], rng: np.random.Generator, last: str = "and") -> str:
    """Words with commas between them, and ``last`` before the last."""
    words = list(words)
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def area_words(area: str, rng: np.random.Generator) -> tuple[str, str]:
    """Preposition and words of an area."""
    words = str(rng.choice(AREA_WORDS[area]))
    return ("on" if area in ON_SIDES and "middle" not in words and "center" not in words else "in"), words


def thing_words(kind: str, color: str, size: str, rng: np.random.Generator) -> str:
    """One thing, without an article."""
    size = f"{rng.choice(SIZE_WORDS[size])} " if size else ""
    return f"{size}{color} {rng.choice(KIND_WORDS[kind])}"


def selection_words(selection: Selection, rng: np.random.Generator, held_out: bool, alone: bool = False) -> str:
    """The blocks of a selection in words, as the object of a sentence.

    Args:
        alone: it is just one, and is said so.
    """
    noun = "cube" if rng.random() < 0.25 else "block"
    before = []
    if selection.size:
        before.append(str(rng.choice(SIZE_WORDS[selection.size])))
    if selection.colors:
        before.append(
            joined(selection.colors, rng, "or" if selection.rank or (alone and len(selection.colors) > 1) else "and")
        )
    n = " ".join([*before, noun])
    if len(selection.colors) > 1 and not selection.rank and rng.random() < 0.3:
        size = f"{before[0]} " if selection.size else ""
        n = f"{joined(selection.colors[:-1], rng)} and the {selection.colors[-1]} {noun}"
        n = size + n
    ns = f"{n}s"
    if selection.rank:
        nth = "" if selection.rank == 1 and rng.random() < 0.7 else ORDINALS[selection.rank - 1]
        pattern = one_of(rng, RANKED[selection.rank_side], held_out)
        text = pattern.format(k=nth or ("first " if "most" not in pattern and "est " not in pattern else ""), n=n)
    elif selection.count:
        text = one_of(rng, SOME, held_out).format(k=rng.choice(NUMBERS[selection.count - 1]), ns=ns)
    elif alone and not selection.conditions() - {"colors", "size"}:
        text = one_of(rng, SINGLE, held_out).format(n=n)
    elif not selection.conditions() and rng.random() < 0.2:
        text = one_of(rng, EVERYTHING, held_out)
    else:
        text = one_of(rng, ALL, held_out).format(n=n, ns=ns)
        if len(selection.colors) > 1 and text.startswith(("every", "each", "any")):
            text = f"all the {ns}"
    return _conditions(selection, text, rng, held_out)


def _conditions(selection: Selection, text: str, rng, held_out: bool) -> str:
    """The text with every further condition behind it."""
    if selection.excluded_colors:
        ways = one_of(rng, EXCEPT, held_out)
        text = ways.format(s=text, c=joined(selection.excluded_colors, rng, "or" if "not" in ways else "and"))
    if selection.excluded_size:
        text = one_of(rng, EXCEPT, held_out).format(s=text, c=rng.choice(SIZE_WORDS[selection.excluded_size]))
    if selection.parity:
        text = one_of(rng, PARITY, held_out).format(s=text, e=selection.parity).replace("an odd", "an odd")
    if selection.frequency:
        text = one_of(rng, FREQUENCY[selection.frequency], held_out).format(s=text)
    for area, ways in ((selection.area, IN_AREA), (selection.excluded_area, NOT_IN_AREA)):
        if area:
            preposition, words = area_words(area, rng)
            text = one_of(rng, ways, held_out).format(s=text, p=preposition, r=words)
    for told, ways in ((selection.rest, RESTING), (selection.side, SIDES)):
        if told and selection.reference is not None:
            thing = thing_words(selection.reference.kind, selection.reference.color, "", rng)
            text = one_of(rng, ways[told], held_out).format(s=text, o=thing)
    return text

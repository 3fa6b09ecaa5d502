"""Instructions of a form that the planner does not plan, drawn at random: prohibitions, relations, several clauses, corrections."""

from __future__ import annotations

from collections.abc import Callable

from moe3d_ros.tabletop.words import allowing_wordings as allowing
from moe3d_ros.tabletop.words import correcting_wordings as correcting
from moe3d_ros.tabletop.words import forbidding_wordings as forbidding
from moe3d_ros.tabletop.words import form_wordings as trained
from moe3d_ros.tabletop.words import held_out_form_wordings as held
from moe3d_ros.tabletop.words import people
from moe3d_ros.tabletop.words.people.references import a_place, one_thing, several_things
from moe3d_ros.tabletop.words.typos import with_typos
from moe3d_ros.tabletop.words.wordings import AREA_WORDS, EXTREMES, KIND_WORDS, SIZE_WORDS, finished, one_of
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import COLOR_NAMES

FORMS = ("prohibition", "relation", "clauses", "correction")
TYPOS = 0.05  # share of the sentences with a slip of the keyboard
WORDINGS = ("trained", "held out")
# Shares of trained sentences with things named in manifold ways, and of these that move several things.
VARIED, SETS = 0.5, 0.3
# A move as an order, and the same with -ing.
_MOVES = (
    ("put {a} {p} {b}", "putting {a} {p} {b}"),
    ("put {a} {p} {b}", "putting {a} {p} {b}"),
    ("place {a} {p} {b}", "placing {a} {p} {b}"),
    ("move {a} to {b}", "moving {a} to {b}"),
    ("drop {a} {p} {b}", "dropping {a} {p} {b}"),
    ("bring {a} to {b}", "bringing {a} to {b}"),
    ("set {a} down {p} {b}", "setting {a} down {p} {b}"),
    ("pick up {a} and put it {p} {b}", "picking up {a} and putting it {p} {b}"),
    ("take {a} and set it {p} {b}", "taking {a} and setting it {p} {b}"),
    ("stack {a} on {b}", "stacking {a} on {b}"),
)
# Drawn half as often, and only in trained wordings: held-out sentences stay the same.
_RARER_MOVES = (
    ("lay {a} {p} {b}", "laying {a} {p} {b}"),
    ("rest {a} {p} {b}", "resting {a} {p} {b}"),
    ("pop {a} {p} {b}", "popping {a} {p} {b}"),
    ("lower {a} {p} {b}", "lowering {a} {p} {b}"),
    ("stow {a} {p} {b}", "stowing {a} {p} {b}"),
    ("get {a} {p} {b}", "getting {a} {p} {b}"),
    ("stick {a} {p} {b}", "sticking {a} {p} {b}"),
    ("dump {a} {p} {b}", "dumping {a} {p} {b}"),
    ("position {a} {p} {b}", "positioning {a} {p} {b}"),
    ("deposit {a} {p} {b}", "depositing {a} {p} {b}"),
    ("transfer {a} to {b}", "transferring {a} to {b}"),
    ("carry {a} over to {b}", "carrying {a} over to {b}"),
    ("relocate {a} to {b}", "relocating {a} to {b}"),
    ("deliver {a} to {b}", "delivering {a} to {b}"),
)
_ALL_MOVES = 2 * _MOVES + _RARER_MOVES
_LEADS = ("please ", "robot, ", "could you ", "now ", "ok, ", "hey, ", "I want you to ", "can you ", "please, ")
_TAILS = (".", ".", "!", ", please", " please", ", thanks", " now", ". Thank you.", "!!")
PROHIBITIONS = trained.PROHIBITIONS + forbidding.WHOLE
CORRECTIONS = trained.CORRECTIONS + correcting.WHOLE
OPENERS = trained.FORBIDDING + forbidding.OPENERS
ASKING = trained.ASKING + correcting.HARMLESS
DOABLE = trained.DOABLE + correcting.HARMLESS_WHOLE + allowing.WHOLE
_CORRECTING = (correcting.JOINTS, correcting.WITHIN, correcting.ALONE)
CENTIMETERS = ("cm", "cm", "centimeters", "centimetres", "mm", "inches", "centimeter")


def form_instruction(rng, form: str, wording: str = "trained") -> str:
    """A sentence of one of FORMS about things that any table may have.

    Args:
        wording: one of WORDINGS; the held-out one has no slips of the keyboard.

    Raises:
        KeyError: there is no such form, or wording.
    """
    trains = wording == "trained"
    pattern = str(rng.choice(_PATTERNS[wording][form](rng)))
    said = _said_by_people(pattern, rng) if trains and rng.random() < VARIED else pattern
    text = _filled(said, rng, _ALL_MOVES if trains else _MOVES)
    return decorated(finished(text, rng), rng, typos=TYPOS if trains else 0.0)


def doable_instruction(rng) -> str:
    """A doable sentence in the words of the other forms, about things that any table may have."""
    pattern = _doable(rng)
    if rng.random() < VARIED:
        pattern = _said_by_people(pattern, rng, SETS)
    return finished(_filled(pattern, rng), rng)


def _said_by_people(pattern: str, rng, sets: float = 0.0) -> str:
    """The pattern with its things and places named in the manifold ways of people; ``sets``: share of what is moved that is several."""
    p, b = a_place(rng)
    moved = several_things(rng) if rng.random() < sets else one_thing(rng)
    order, doing = _ALL_MOVES[int(rng.integers(len(_ALL_MOVES)))]
    words = {
        "do": order,
        "doing": doing,
        "p": p,
        "b": b,
        "a": moved,
        "c": one_thing(rng),
        "bowl": one_thing(rng, BOWL),
        "zone": one_thing(rng, ZONE),
    }
    if "{p}" in pattern and "{d}" in pattern:  # both places follow one preposition
        del words["p"], words["b"]
    for slot, said in words.items():
        pattern = pattern.replace(f"{{{slot}}}", said)
    return pattern


def asked(text: str, rng) -> str:
    """The instruction behind a phrase with which people ask."""
    return one_of(rng, ASKING).format(do=text[0].lower() + text[1:] if text[:2] not in ("I ", "I'") else text)


def decorated(text: str, rng, typos: float = TYPOS) -> str:
    """The sentence, now and then with a word of courtesy or a full stop, and with a slip of the keyboard."""
    draw = rng.random()
    if draw < 0.12:
        text = f"{rng.choice(_LEADS)}{text}"
    elif draw < 0.35 and text[-1] not in ".?!":
        text = f"{text}{rng.choice(_TAILS)}"
    return with_typos(text, rng) if rng.random() < typos else text


def _doable(rng) -> str:
    draw = rng.random()
    if draw < 0.3:
        return one_of(rng, people.ORDERS)
    if draw < 0.58:
        return one_of(rng, people.HARMLESS)
    if draw < 0.67:
        return one_of(rng, DOABLE)
    if draw < 0.74:
        return one_of(rng, trained.DOABLE_TURNED)
    if draw < 0.8:
        return f"{{doing}} {one_of(rng, allowing.APPROVED)}"
    if draw < 0.9:
        return f"{one_of(rng, allowing.OPENERS_ING)} {{doing}}"
    return f"{one_of(rng, allowing.OPENERS)} {{do}}"


def _prohibitions(rng) -> tuple[str, ...]:
    """A pattern, whole or put together; where something is forbidden beside an order, that is about a single thing.

    An order about several things with an exception ("all blocks in the bowl, but do not touch the red one") is doable.
    """
    draw = rng.random()
    if draw < 0.68:
        pattern = one_of(rng, PROHIBITIONS if draw < 0.22 else people.PROHIBITIONS)
        return (pattern.replace("{do}", "{one}") if "{c}" in pattern or "{d}" in pattern else pattern,)
    if draw < 0.74:
        return (f"{{doing}} {one_of(rng, forbidding.JUDGED)}",)
    if draw < 0.81:
        return (f"{one_of(rng, forbidding.OPENERS_ING)} {{doing}}",)
    what = one_of(rng, trained.MOVING if draw < 0.9 else trained.TOUCHING)
    return (f"{one_of(rng, OPENERS)} {what}",)


def _corrections(rng) -> tuple[str, ...]:
    """A pattern, whole or put together of an order, what breaks it off, and what is wanted now."""
    if rng.random() < 0.5:
        return (one_of(rng, people.CORRECTIONS),)
    draw = rng.random()
    slip = one_of(rng, correcting.STRONG if draw > 0.9 or rng.random() < 0.6 else correcting.WEAK)
    now = one_of(rng, correcting.INSTEAD)
    pattern = one_of(rng, CORRECTIONS if draw < 0.5 else _CORRECTING[0 if draw < 0.8 else 1 if draw < 0.9 else 2])
    for slot, words in (("slip", slip), ("now", now)):
        capital = words.replace("{then}", "{Then}") if words.startswith("{") else words[0].upper() + words[1:]
        pattern = pattern.replace(f"{{{slot}}}", words).replace(f"{{{slot.capitalize()}}}", capital)
    return (pattern,)


def _relations(rng) -> tuple[str, ...]:
    if rng.random() < 0.35:
        return trained.RELATIONS
    return (str(rng.choice(trained.PLACING)).replace("{r}", str(rng.choice(trained.BESIDE))),)


def _of(module) -> dict[str, Callable]:
    lists = (module.PROHIBITIONS, module.RELATIONS, module.CLAUSES, module.CORRECTIONS)
    return {form: lambda rng, words=words: words for form, words in zip(FORMS, lists)}


_PATTERNS: dict[str, dict[str, Callable]] = {
    "trained": _of(trained) | {"prohibition": _prohibitions, "relation": _relations, "correction": _corrections},
    "held out": _of(held),
}


def _color(rng) -> str:
    return str(rng.choice(COLOR_NAMES))


def _thing(rng, kind: str, plainly: bool = False) -> str:
    """A thing with its article, told by its colour, its size or where it is."""
    noun, draw = str(rng.choice(KIND_WORDS[kind])), 0.0 if plainly else rng.random()
    if draw < 0.7:
        size = f"{rng.choice(SIZE_WORDS[str(rng.choice(list(SIZE_WORDS)))])} " if rng.random() < 0.15 else ""
        return f"the {size if kind == BLOCK else ''}{_color(rng)} {noun}"
    if draw < 0.85:
        return f"the {rng.choice(EXTREMES[str(rng.choice(list(EXTREMES)))])}".format(k=noun)
    return f"the {rng.choice(('', 'other ', 'biggest ', 'smallest ', 'first '))}{noun}"


def _place(rng) -> tuple[str, str]:
    """A preposition and a place that a step may have."""
    draw = rng.random()
    if draw < 0.5:
        return str(rng.choice(("in", "in", "into"))), _thing(rng, BOWL)
    if draw < 0.75:
        return str(rng.choice(("on", "on", "onto"))), _thing(rng, ZONE)
    if draw < 0.9:
        return "on", _thing(rng, BLOCK)
    return "on", f"the {rng.choice(AREA_WORDS[str(rng.choice(list(AREA_WORDS)))])}"


def _picked(rng) -> str:
    draw = rng.random()
    if draw < 0.85:
        return _thing(rng, BLOCK)
    return str(rng.choice(("all the blocks", "the {x} blocks", "every {x} block", "all blocks"))).format(x=_color(rng))


def _move(rng, moves: tuple[tuple[str, str], ...], single: bool = False) -> tuple[str, str]:
    """A whole move as an order, and the same with -ing; ``single``: of one thing."""
    order, doing = moves[int(rng.integers(len(moves)))]
    p, b = _place(rng)
    words = {"a": _thing(rng, BLOCK) if single else _picked(rng), "p": p, "b": b}
    return order.format(**words), doing.format(**words)


def _filled(pattern: str, rng, moves: tuple[tuple[str, str], ...] = _ALL_MOVES) -> str:
    """The pattern with its slots filled."""
    (do, doing), (then, doing2), (do2, _) = _move(rng, moves), _move(rng, moves), _move(rng, moves)
    p, b = _place(rng)
    x, y = (str(color) for color in rng.choice(COLOR_NAMES, 2, replace=False))
    alone = {"one": _move(rng, moves, single=True)[0]} if "{one}" in pattern else {}
    return pattern.format(
        **alone,
        a=_thing(rng, BLOCK),
        b=b,
        c=_thing(rng, BLOCK),
        d=_thing(rng, BOWL if p.startswith("in") else ZONE),
        p=p,
        x=x,
        y=y,
        do=do,
        doing=doing,
        then=then,
        Then=then[0].upper() + then[1:],
        doing2=doing2,
        do2=do2,
        Do=do[0].upper() + do[1:],
        Do2=do2[0].upper() + do2[1:],
        bowl=_thing(rng, BOWL),
        bowl2=_thing(rng, BOWL),
        zone=_thing(rng, ZONE),
        n=str(rng.choice(("2", "3", "5", "8", "10", "12", "15", "20", "five", "ten", "two", "a few"))),
        cm=str(rng.choice(CENTIMETERS)),
        s=str(rng.choice(("left", "right"))),
    )

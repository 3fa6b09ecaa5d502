"""Composed tasks at random: a form whose parts are drawn apart, and a scene that offers it."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.composing.grounding import Goals, grounded
from moe3d_ros.tabletop.composing.held_out import held_out
from moe3d_ros.tabletop.composing.saying import said
from moe3d_ros.tabletop.composing.selecting import selected
from moe3d_ros.tabletop.composing.staging import stage
from moe3d_ros.tabletop.composing.task_form import (
    ARRANGEMENTS,
    FREQUENCIES,
    PARITIES,
    RANK_SIDES,
    Clause,
    Destination,
    Reference,
    Selection,
    TaskForm,
)
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, remaining_steps
from moe3d_ros.world.areas import AREAS, QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

MOST_MOVES = 9
SINGLE_SHARE = 0.5  # of the scenes in which one move does it all are kept
TRIES = 12  # scenes for one form
NAME = "composed"
SIDES = AREAS[:4]
CONDITIONS = {  # how often each is drawn
    "colors": 5.0,
    "excluded_colors": 3.0,
    "size": 4.0,
    "excluded_size": 1.0,
    "parity": 3.0,
    "frequency": 2.0,
    "area": 3.0,
    "excluded_area": 1.0,
    "rest": 2.0,
    "side": 1.5,
    "rank": 1.5,
    "count": 1.5,
}
CONTRARY = (  # never both
    ("colors", "excluded_colors"),
    ("size", "excluded_size"),
    ("area", "excluded_area"),
    ("parity", "frequency"),
    ("rest", "side"),
    ("rank", "count"),
    ("colors", "frequency"),
)
ARRANGED = {"put": 0.46, "pile": 0.2, "pile_by_size": 0.12, "pile_by_list": 0.04, "pile_by_turns": 0.08, "groups": 0.1}
PLACES = {BOWL: 0.32, ZONE: 0.3, "area": 0.2, BLOCK: 0.1, "table": 0.08}
MATCHED = {"named": 0.4, "own": 0.28, "other": 0.16, "any": 0.08, "one_each": 0.08}


def _pick(rng: np.random.Generator, shares: dict[str, float]) -> str:
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def draw_selection(rng: np.random.Generator, colors: tuple[str, ...]) -> Selection:
    """A selection of no, one or two conditions."""
    number = int(rng.choice(3, p=(0.28, 0.5, 0.22)))
    names, weights = list(CONDITIONS), np.array(list(CONDITIONS.values()))
    drawn = rng.choice(names, number, replace=False, p=weights / weights.sum()).tolist() if number else []
    for pair in CONTRARY:
        if set(pair) <= set(drawn):
            drawn.remove(str(rng.choice(pair)))
    values: dict = {}
    for name in drawn:
        values |= _condition(rng, name, colors)
    return Selection(**values)


def _condition(rng: np.random.Generator, name: str, colors: tuple[str, ...]) -> dict:
    reference = Reference(str(rng.choice((BOWL, ZONE, BLOCK), p=(0.45, 0.35, 0.2))), str(rng.choice(colors)))
    return {
        "colors": lambda: {
            "colors": tuple(map(str, rng.permutation(colors)[: int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))]))
        },
        "excluded_colors": lambda: {
            "excluded_colors": tuple(map(str, rng.permutation(colors)[: int(rng.choice((1, 2), p=(0.8, 0.2)))]))
        },
        "size": lambda: {"size": str(rng.choice(("small", "big")))},
        "excluded_size": lambda: {"excluded_size": str(rng.choice(("small", "big")))},
        "parity": lambda: {"parity": str(rng.choice(PARITIES))},
        "frequency": lambda: {"frequency": str(rng.choice(FREQUENCIES))},
        "area": lambda: {"area": str(rng.choice(QUADRANTS if rng.random() < 0.7 else SIDES))},
        "excluded_area": lambda: {"excluded_area": str(rng.choice(QUADRANTS if rng.random() < 0.7 else SIDES))},
        "rest": lambda: {"rest": _rest(rng, reference), "reference": reference},
        "side": lambda: {"side": str(rng.choice(RANK_SIDES)), "reference": reference},
        "rank": lambda: {
            "rank": int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15))),
            "rank_side": str(rng.choice(RANK_SIDES)),
        },
        "count": lambda: {"count": int(rng.integers(1, 4))},
    }[name]()


def _rest(rng: np.random.Generator, reference: Reference) -> str:
    if reference.kind == BLOCK:
        return str(rng.choice(("on", "under")))
    return "in" if reference.kind == BOWL else "on"


def draw_destination(rng: np.random.Generator, colors: tuple[str, ...]) -> Destination:
    """A destination of any kind and match that go together."""
    kind = _pick(rng, PLACES)
    if kind == "table":
        return Destination("table")
    if kind == "area":
        return Destination("area", "named", area=str(rng.choice(QUADRANTS if rng.random() < 0.6 else AREAS[:5])))
    match = _pick(rng, MATCHED)
    if kind == BLOCK:
        named = match == "named"
        return Destination(
            BLOCK, "named" if named else "own", str(rng.choice(colors)) if named else "", "" if named else "big"
        )
    return Destination(kind, match, str(rng.choice(colors)) if match == "named" else "")


def _clause(rng: np.random.Generator, colors: tuple[str, ...]) -> Clause | None:
    """A clause whose parts were drawn apart; None where they do not go together."""
    selection, place = draw_selection(rng, colors), draw_destination(rng, colors)
    arrangement = _pick(rng, ARRANGED)
    values: dict = {}
    if place.kind == "table" and arrangement != "put":
        return None
    if arrangement == "pile_by_list":
        order = tuple(map(str, rng.permutation(colors)[: int(rng.integers(2, 5))]))
        selection = Selection(colors=order, size=selection.size)
        values["order"] = order
    elif arrangement == "pile_by_turns":
        order = tuple(map(str, rng.permutation(colors)[: int(rng.integers(1, 3))]))
        values["order"] = order
    elif arrangement == "groups":
        second = Destination(place.kind, "named", area=str(rng.choice(QUADRANTS))) if place.kind == "area" else None
        if place.kind in (BOWL, ZONE):
            place, second = (Destination(place.kind, "named", str(c)) for c in rng.permutation(colors)[:2])
        values |= {
            "grouped_by": str(rng.choice(("color", "size"))),
            "piled": bool(place.kind != BOWL and rng.random() < 0.5),
            "second": second,
        }
        if second is None:
            return None
    elif arrangement == "pile_by_size":
        values["own_pile"] = place.match == "own"
    if arrangement != "put" and (
        (place.kind == BOWL and arrangement != "groups") or place.match not in ("named", "own")
    ):
        return None
    return Clause(selection, place, arrangement, **values)


def draw_form(rng: np.random.Generator, colors: tuple[str, ...] = SEEN_COLORS) -> TaskForm:
    """A form of one clause, of two, or of three; never one that is held out."""
    number = int(rng.choice((1, 2, 3), p=(0.8, 0.16, 0.04)))
    while True:
        clauses = tuple(_clause(rng, colors) for _ in range(number))
        if None in clauses:
            continue
        form = TaskForm(clauses)
        if not held_out(form):
            return form


def draw_task(
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    jitter: float = 0.05,
    form: TaskForm | None = None,
    wording: bool = False,
) -> tuple[TaskForm, LongTask, Scene]:
    """A composed task and a scene that offers it.

    Args:
        colors: which colours there are. scale: below 1, fewer things. jitter: sizes vary by this fraction.
        wording: word it in ways that training never uses.
        form: the task's; drawn anew, as often as scenes do not offer it, if None.

    Raises:
        NoRoom: no scene was found for the form that was given.
    """
    while True:
        wanted = form or draw_form(rng, colors)
        for _ in range(TRIES):
            found = _scene(wanted, rng, colors, scale, jitter)
            if found is not None:
                goals, scene = found
                instruction = said(wanted, rng, wording, alone(wanted, scene))
                return wanted, LongTask(NAME, instruction, goals, wording), scene
        if form is not None:
            raise NoRoom(f"No scene was found that offers {form}.")


def _scene(form: TaskForm, rng, colors, scale: float, jitter: float) -> tuple[tuple[Goals, ...], Scene] | None:
    things = stage(form, rng, colors, scale)
    if things is None:
        return None
    try:
        scene = arrange(things, rng, jitter)
    except NoRoom:
        return None
    goals = grounded(form, scene)
    if goals is None:
        return None
    moves = len(remaining_steps(LongTask(NAME, "", goals), scene))
    kept = moves > 1 or rng.random() < SINGLE_SHARE
    return (goals, scene) if 0 < moves <= MOST_MOVES and kept else None


def alone(form: TaskForm, scene: Scene) -> tuple[bool, ...]:
    """Of each clause, whether its selection is just one block."""
    return tuple(len(selected(clause.selection, scene)) == 1 for clause in form.clauses)


def told_by_place(form: TaskForm) -> bool:
    """Whether moving a wrong thing would change what the words mean: it is told by where things are."""
    placed = {"area", "excluded_area", "rest", "side", "rank"}
    return any(clause.selection.conditions() & placed for clause in form.clauses)


assert set(ARRANGED) == set(ARRANGEMENTS)

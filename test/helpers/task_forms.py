"""Random semantic forms of composed tasks, any part with any other, and forms with one part set."""

from moe3d_ros.tabletop.composing.task_form import (
    FREQUENCIES,
    PARITIES,
    RANK_SIDES,
    RESTS,
    Clause,
    Destination,
    Reference,
    Selection,
    TaskForm,
)
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import COLOR_NAMES, SIZE_NAMES

KINDS = ("bowl", "zone", "block")


def random_form(rng):
    """A form of one to three clauses."""
    return TaskForm(tuple(random_clause(rng) for _ in range(int(rng.choice((1, 1, 1, 2, 3))))))


def random_clause(rng):
    arrangement = one(rng, ("put", "put", "put", "pile", "pile_by_size", "pile_by_list", "pile_by_turns", "groups"))
    colors = tuple(rng.permutation(COLOR_NAMES).tolist())
    if arrangement == "groups":
        kind = one(rng, ("bowl", "zone"))
        places = tuple(Destination(kind, color=color) for color in colors[:2])
        return Clause(
            random_selection(rng, piled=True),
            places[0],
            "groups",
            grouped_by=one(rng, ("color", "size")),
            piled=bool(rng.integers(2)),
            second=places[1],
        )
    order = {"pile_by_list": colors[: int(rng.integers(2, 5))], "pile_by_turns": colors[: int(rng.integers(1, 3))]}
    own = arrangement == "pile_by_size" and bool(rng.integers(2))
    place = random_place(rng, piled=arrangement != "put")
    return Clause(
        random_selection(rng, place.match == "one_each" or arrangement != "put"),
        place,
        arrangement,
        order.get(arrangement, ()),
        own_pile=own,
    )


def random_place(rng, piled=False):
    kind = one(rng, (*KINDS, "area", "table"))
    if kind == "table":
        return Destination("table")
    if kind == "area":
        return Destination("area", area=one(rng, AREAS))
    match = one(rng, ("named", "own", "other", "any", *(() if piled else ("one_each",))))
    size = one(rng, ("", *SIZE_NAMES)) if kind == "block" else ""
    if not piled and rng.random() < 0.2:
        color, other = rng.permutation(COLOR_NAMES)[:2].tolist()
        side = one(rng, SIDES)
        return Destination(
            kind, "named", color, size, "", side, Reference(one(rng, KINDS), other) if side == BETWEEN else None
        )
    return Destination(kind, match, one(rng, COLOR_NAMES) if match == "named" else "", size)


def random_selection(rng, piled=False):
    """Blocks; ``piled``: neither counted nor ranked, a pile is made of them."""
    colors = rng.permutation(COLOR_NAMES).tolist()
    values = {
        "colors": tuple(colors[: int(rng.integers(1, 3))]),
        "excluded_colors": tuple(colors[2 : 2 + int(rng.integers(1, 4))]),
        "size": one(rng, SIZE_NAMES),
        "excluded_size": one(rng, SIZE_NAMES),
        "parity": one(rng, PARITIES),
        "frequency": one(rng, FREQUENCIES),
        "area": one(rng, AREAS),
        "excluded_area": one(rng, AREAS),
        "count": int(rng.integers(1, 6)),
        "rank": int(rng.integers(1, 5)),
        "rest": one(rng, RESTS),
        "side": one(rng, RANK_SIDES),
    }
    names = rng.permutation(list(values)).tolist()[: int(rng.integers(0, 4))]
    names = [name for name in names if not piled or name not in ("count", "rank")]
    names = [name for name in names if name != "count" or "rank" not in names]
    names = [name for name in names if name != "excluded_size" or "size" not in names]
    names = [name for name in names if name != "excluded_area" or "area" not in names]
    names = [name for name in names if name != "side" or "rest" not in names]
    chosen = {name: values[name] for name in names}
    if chosen.keys() & {"rest", "side"}:
        kind = "block" if chosen.get("rest") == "under" else one(rng, KINDS)
        chosen["reference"] = Reference(kind, colors[5])
    if "rank" in chosen:
        chosen["rank_side"] = one(rng, RANK_SIDES)
    return Selection(**chosen)


def one(rng, values):
    return values[int(rng.integers(len(values)))]

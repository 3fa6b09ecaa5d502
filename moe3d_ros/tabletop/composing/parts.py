"""Parts of composed tasks by name, and the combinations of them that mean something."""

from __future__ import annotations

from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Selection, TaskForm

# Conditions of a selection that are drawn together; none: all blocks. Some are drawn more often than others.
SELECTIONS = {
    "all": 4.0,
    "colors": 3.0,
    "excluded_colors": 2.0,
    "size": 2.0,
    "excluded_size": 1.0,
    "colors+size": 1.5,
    "excluded_colors+size": 1.0,
    "parity": 2.0,
    "frequency": 1.5,
    "area": 2.0,
    "excluded_area": 1.0,
    "area+colors": 1.0,
    "area+size": 1.0,
    "rest": 2.0,
    "side": 1.5,
    "colors+side": 0.7,
    "side+size": 0.7,
    "rank": 1.5,
    "colors+rank": 1.0,
    "rank+size": 1.0,
    "count": 1.0,
    "colors+count": 1.0,
    "count+size": 1.0,
}
RELATIONS = {  # bowls take no piles: they are drawn more often instead
    "named bowl": 1.6,
    "own bowl": 2.0,
    "other bowl": 2.0,
    "any bowl": 1.2,
    "one_each bowl": 1.0,
    "named zone": 1.0,
    "own zone": 1.8,
    "other zone": 0.8,
    "any zone": 0.7,
    "one_each zone": 1.0,
    "named block": 1.0,
    "own block": 2.0,
    "other block": 1.5,
    "any block": 1.5,
    "named area": 1.5,
    "named table": 1.5,
    "beside bowl": 4.0,  # only for one block or two
    "beside zone": 2.6,
    "beside block": 4.0,
}
LAYOUTS = {  # how the blocks are arranged, with what else an arrangement says
    "put": 2.5,
    "pile": 2.5,
    "pile_by_size": 1.0,
    "pile_by_size own": 1.5,
    "pile_by_list": 1.0,
    "pile_by_turns": 2.5,
    "groups by color": 1.5,
    "groups by size": 2.0,
    "groups by color piled": 2.0,
    "groups by size piled": 4.0,  # the rarest to fit, and only half of it may be trained on
}
_PILES = {"named zone", "own zone", "other zone", "any zone", "named block", "named area"}
_ONE_PILE = _PILES - {"own zone"}
_FOUNDATION = "any block"  # of those that are piled: the lowest one
_RELATIONS_OF = {
    "pile": _PILES | {_FOUNDATION},
    "pile_by_size": _ONE_PILE,
    "pile_by_size own": {"own zone", "named area", "named table"},
    "pile_by_list": _ONE_PILE,
    "pile_by_turns": _ONE_PILE,
    **{name: {"named bowl", "named zone", "named area"} for name in LAYOUTS if name.startswith("groups")},
}
_OF_FEW = {"rank", "count", "colors", "size"}  # conditions of selections that may be of one block or two
_RELATIONS_OF |= {name: {"named zone", "named area"} for name in LAYOUTS if name.endswith("piled")}


def selection_part(selection: Selection) -> str:
    """Name of a selection's conditions, one of SELECTIONS."""
    return "+".join(sorted(selection.conditions())) or "all"


def relation_part(destination: Destination) -> str:
    """Name of a destination's match and kind, one of RELATIONS."""
    return f"{'beside' if destination.side else destination.match} {destination.kind}"


def layout_part(clause: Clause) -> str:
    """Name of a clause's arrangement, one of LAYOUTS."""
    if clause.arrangement == "groups":
        return f"groups by {clause.grouped_by}" + " piled" * clause.piled
    return clause.arrangement + " own" * clause.own_pile


def parts(clause: Clause) -> tuple[str, str, str]:
    """Names of the three parts that a clause is made of: selection, relation, layout."""
    return selection_part(clause.selection), relation_part(clause.destination), layout_part(clause)


def meaningful(selection: str, relation: str, layout: str) -> bool:
    """True if three parts make sense together: one block makes no pile, "one of each size" wants both sizes, and so on."""
    told = set(selection.split("+"))
    if relation.startswith("beside"):
        return layout == "put" and told <= _OF_FEW
    if layout == "put":
        if relation in ("named block", "other block", "any block"):  # one block has room for one
            return bool(told & {"rank", "count"}) or (relation == "named block" and told - {"size"} == {"colors"})
        if relation == "own block":
            return told in ({"size"}, {"colors", "size"})  # the small ones on the big ones
        if "one_each" in relation:
            return not told & {"rank", "count"}
        return relation != "named table" or "count" not in told
    if relation not in _RELATIONS_OF[layout] or "rank" in told:
        return False
    if "count" in told:
        return layout == "pile" and relation not in ("own zone", _FOUNDATION)
    if layout in ("pile_by_size", "pile_by_size own", "groups by size", "groups by size piled"):
        return not told & {"size", "excluded_size"}
    if layout in ("pile_by_list", "pile_by_turns", "groups by color", "groups by color piled"):
        return not told & {"frequency"}
    return True


def told_by_place(form: TaskForm) -> bool:
    """True if blocks are told by where they are, so that moving a wrong thing changes which ones are meant."""
    places = {"area", "excluded_area", "rest", "side", "rank"}
    return any(clause.selection.conditions() & places for clause in form.clauses)

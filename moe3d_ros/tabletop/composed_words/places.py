"""Words for the place where the blocks of a clause go, from its destination."""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.selections import referred
from moe3d_ros.tabletop.composed_words.speaker import Named, Speaker
from moe3d_ros.tabletop.composing.task_form import Destination
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

_PREPOSITIONS = {BOWL: "in", ZONE: "on", BLOCK: "over", "area": "area"}


def place_words(speaker: Speaker, destination: Destination, named: Named) -> dict[str, str]:
    """The place with its preposition, by slot: {w} where something is put, {v} where it is then, {to} where it is moved.

    Raises:
        ValueError: there is no such place.
    """
    if destination.kind == "table":
        words = speaker.pattern("table")
        return {"w": words, "v": words, "to": words}
    if destination.side:
        words = _beside(speaker, destination, named)
        return {"w": words, "v": words, "to": words}
    thing = place_name(speaker, destination, named)
    preposition = _PREPOSITIONS[destination.kind]
    ways = (("w", "move"), ("v", "be"), ("to", "to"))
    return {slot: f"{speaker.pattern(f'{preposition}.{way}')} {thing}" for slot, way in ways}


def _beside(speaker: Speaker, destination: Destination, named: Named) -> str:
    """A place beside a thing, or between two; of two of a kind it is sometimes said just once ("the red and the blue bowl")."""
    thing, second, other = place_name(speaker, destination, named), destination.second, ""
    if second is not None:
        other = referred(speaker, second)
        alike = second.kind == destination.kind and not destination.size
        if alike and speaker.chance(0.4):
            thing = f"the {destination.color}"
    return speaker.pattern(f"beside.{destination.side}").format(o=thing, p=other)


def place_name(speaker: Speaker, destination: Destination, named: Named) -> str:
    """The place without a preposition.

    Raises:
        ValueError: there is no such place.
    """
    if destination.kind == "area":
        return f"the {speaker.area(destination.area)}"
    if destination.kind not in _PREPOSITIONS:
        raise ValueError(f"a destination of kind {destination.kind!r} has no words")
    one, many = speaker.kind(destination.kind)
    size = f"{speaker.size(destination.size)} " if destination.size else ""
    if destination.match == "named":
        if not destination.color:
            return f"the {size}{one}"
        return speaker.pattern("named").format(s=size, c=destination.color, k=one)
    if destination.match == "one_each":
        return speaker.pattern("each_place").format(k=size + one, ks=size + many)
    if destination.match not in ("own", "other", "any"):
        raise ValueError(f"a destination that is {destination.match!r} has no words")
    several = named.several and speaker.chance(0.5)
    pattern = speaker.pattern(f"{destination.match}.{'many' if several else 'one'}")
    return pattern.format(k=size + one, ks=size + many, **named.pronouns)


def bare_place(speaker: Speaker, destination: Destination) -> str:
    """A named thing as it stands in notes: ``green bowl``."""
    size = f"{speaker.size(destination.size)} " if destination.size else ""
    return f"{size}{destination.color} {speaker.kind(destination.kind)[0]}"

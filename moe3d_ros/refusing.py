"""Sentences for what the model found no step for: what was heard, and what is seen of it."""

from __future__ import annotations

from collections.abc import Sequence

from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.world.vocabulary import KIND, with_article

# What is said where a sort of what cannot be done is heard: the fact, then what to do.
HEARD = {
    "absent thing": "names a thing or a place that is not recognised",
    "other work": (
        "asks for something other than what the planner does, which is to pick things up and put them in, on or beside other things "
        "or in areas of the table: by no distance, angle, order or pattern"
    ),
    "unrelated": "is no task for what is on the table",
    "chat": "is no order; the service `answer` takes questions about the scene",
    "language": "is not in English, as it is heard, and the planner knows no other language",
    "nonsense": "is no sentence, as it is heard",
    "nothing": "says nothing that is to be moved",
    "ambiguous": "could mean one thing or another: say which, by its color, its size or its place",
}

UNSEEN = (
    "What is missing there is out of view, outside the box that the model sees, or not recognised: give the camera a better view. "
    "Where all that is meant is there, this is nothing that the model can do, or the words are none that it knows."
)


def refusal(
    instruction: str, seen: Sequence[tuple[str, str]], choice: Choice | None = None, names: Sequence[str] = ()
) -> PlanningError:
    """The error IMPOSSIBLE, with what is missing where the model says so and the scene agrees.

    Args:
        seen: kind and colour of everything that is seen.
        choice: of the reasoner, which says why; None for a model without one.
        names: by which those of them are told that have a label, else empty, one for each; none at all: no thing has one.
    """
    why = "" if choice is None else HEARD.get(choice.reason) or _missing(seen, *choice.missing)
    here = f"It sees {things_in_words(seen, names)}."
    if why:
        return PlanningError(ErrorCode.IMPOSSIBLE, f"The model found no step for {instruction!r}: it {why}. {here}")
    return PlanningError(ErrorCode.IMPOSSIBLE, f"The model found no step for {instruction!r}. {here} {UNSEEN}")


def _missing(seen: Sequence[tuple[str, str]], color: str, kind: str) -> str:
    """The clause on a thing that is named and not seen; empty where none is said, or where it is seen after all."""
    if not kind or not color or (kind, color) in seen:
        return ""
    others = sorted({other for its_kind, other in seen if its_kind == kind})
    if not others:
        return f"names {with_article(f'{color} {kind}')}, and no {kind} is seen"
    plural = KIND[kind].plurals[0] if KIND[kind].plurals else f"{kind}s"
    return f"names {with_article(f'{color} {kind}')}, and the {plural} that are seen are {_listed(others)}"


def things_in_words(seen: Sequence[tuple[str, str]], names: Sequence[str] = ()) -> str:
    """Things by their names, or else by their kinds and colours, with articles: a red block and a coffee mug."""
    called = [f"{color} {kind}" for kind, color in seen]
    return _listed([with_article(name or other) for name, other in zip(names or called, called, strict=True)])


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "nothing"

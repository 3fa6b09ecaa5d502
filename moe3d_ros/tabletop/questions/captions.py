"""Longer texts about a scene: lists from left to right, captions of all that is there, descriptions of one thing."""

from __future__ import annotations

from moe3d_ros.tabletop.questions.asking import Asker
from moe3d_ros.tabletop.questions.relations import TABLE, left_to_right, support
from moe3d_ros.world.vocabulary import COUNTED, with_article

LONGEST_LIST = 5
LONGEST_CAPTION = 6  # things


def list_question(ask: Asker) -> tuple[str, str] | None:
    """``list the blocks from left to right``: names, or colours alone."""
    kind = ask.pick([kind for kind in COUNTED if 2 <= len(ask.of_kind(kind)) <= LONGEST_LIST])
    order = left_to_right(ask.scene, ask.of_kind(kind)) if kind else None
    if order is None:
        return None
    things, ask.among = [ask.scene.objects[i] for i in order], order
    if ask.chance(0.5):
        return ask.word("colors", w=ask.plural(kind)), ", ".join(thing.color for thing in things)
    return ask.word("list", w=ask.plural(kind)), ", ".join(thing.name for thing in things)


def caption_question(ask: Asker) -> tuple[str, str] | None:
    """``describe the scene``: all from left to right, what lies on or in another just before it; then how they lie."""
    scene = ask.scene
    count = len(scene.objects)
    rests = [support(scene, i, ask.below) for i in range(count)]
    if count > LONGEST_CAPTION or None in rests or len(set(ask.below.values())) < len(ask.below):
        return None
    standing = left_to_right(scene, [i for i in range(count) if rests[i] == TABLE])
    if standing is None:
        return None
    order: list[int] = []
    for lowest in standing:
        pile = [lowest]
        while above := ask.above(pile[0]):
            pile.insert(0, above[0])
        order += pile
    names = [with_article(scene.objects[i].name) for i in order]
    text = f"{', '.join(names[:-1])} and {names[-1]}" if count > 1 else names[0]
    lying = [i for i in order if i in ask.below]
    if len({scene.objects[i].name for i in range(count)}) < count and lying:
        return None  # "the red bowl is ..." would not tell which
    return ask.word("caption"), "; ".join([text, *(f"the {scene.objects[i].name} is {ask.place(i)}" for i in lying)])


def description_question(ask: Asker) -> tuple[str, str] | None:
    """``describe the leftmost block``: its name, and what it lies on or what lies on it."""
    index = ask.pick(range(len(ask.scene.objects)))
    thing = ask.scene.objects[index]
    lower, above = support(ask.scene, index, ask.below), ask.above(index)
    if lower is None or len(above) > 1:
        return None
    phrase = ask.name(index, avoid=(thing.color,), grounded=True)
    if phrase is None or " in the " in phrase or " on the " in phrase:  # it would say half of the answer
        return None
    ask.answering = above[0] if above else ask.below.get(index)
    answer = with_article(thing.name)
    if lower != TABLE:
        answer += f" {ask.place(index)}"
    if above:
        answer += f" with {with_article(ask.scene.objects[above[0]].name)} {ask.preposition(index)} it"
    return ask.word("description", a=phrase), answer

"""Orders about things put into words, as people type them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moe3d_ros.tabletop.composed_words.places import place_name, place_words
from moe3d_ros.tabletop.composed_words.selections import ORDINALS
from moe3d_ros.tabletop.composed_words.speaker import Named, Speaker, agreeing, tidied
from moe3d_ros.tabletop.composing.task_form import Destination, Reference
from moe3d_ros.tabletop.things import order_phrases, series_phrases, telling_phrases
from moe3d_ros.tabletop.things.people_phrases import ANY, AROUND, PEOPLE
from moe3d_ros.tabletop.things.telling import BOX, THING, Landmark, Telling
from moe3d_ros.tabletop.things.thing_orders import AREA, TABLE, Place, ThingClause, ThingOrder
from moe3d_ros.tabletop.words.wordings import finished
from moe3d_ros.world.kinds import BOWL

NOUNS = {  # of kinds of tellings, one and several; a word that people say more often stands more than once
    THING: (("object", "object", "thing", "thing", "item"), ("objects", "objects", "things", "things", "items")),
    BOX: (("box",), ("boxes",)),
}
SIDE_WORDS = {
    "left": ("left", "left", "left side"),
    "right": ("right", "right", "right side"),
    "near": ("front", "front", "near side"),
    "far": ("back", "back", "far side"),
}
MANNERS = {"do": 0.44, "say": 0.12, "note": 0.16, "front": 0.12, "two_sentences": 0.16}
BY_PEOPLE, OF_THE_PLACE = 0.3, 0.35  # shares of orders of one thing, and of those for their place where it has its own
SAID_AS_ONE = ("color", "extreme", "rank", "look", "look_color", "near", "half", "half_color", "between", "all_color")
AS_ONE_SHARE = 0.2  # of the words for things are "one"
AS_ONE = ("every", "each", "what", "all that", "all the stuff")  # beginnings of what is spoken of as one thing
SAID = 0.25  # of wishes, where things are taken out of something
SAID_AGAIN = 0.4  # of the places of two things that go to the same one
THERE_TOO = 0.3  # of such places in a series of orders are not said again
LED, ENDED, LOWER, UPPER = (
    0.25,
    0.2,
    0.15,
    0.04,
)  # shares of sentences with an opening, an ending, in small letters, in capitals


class ThingSpeaker:
    """Draws words for orders; equal generators say equal things.

    Args:
        held_out: draw only phrases that training never uses.
    """

    def __init__(self, rng: np.random.Generator, held_out: bool = False) -> None:
        self._rng = rng
        self.speaker = Speaker(rng, held_out)
        self.tellings = telling_phrases.HELD_OUT if held_out else telling_phrases.TRAINED
        self.orders = order_phrases.HELD_OUT if held_out else order_phrases.TRAINED
        self.series = series_phrases.HELD_OUT if held_out else series_phrases.TRAINED
        self.people = {} if held_out else PEOPLE

    def said(self, order: ThingOrder) -> str:
        """An instruction that means the order."""
        if order.series:
            text = self._series(order.clauses)
        elif len(order.clauses) == 2:
            text = self._two(*order.clauses)
        else:
            text = self._one(order.clauses[0])
        return self._typed(tidied(text).replace("over over", "over"))

    def told(self, telling: Telling) -> str:
        """Words for what is meant, with their article."""
        color, rank = telling.color, telling.rank
        one, many = self._nouns(telling.kind)
        marks = [self._landmark(mark) for mark in (telling.landmark, telling.second) if mark[1]]
        rest = "in" if telling.landmark[1] == BOWL else "on"
        ways, colored = self.tellings[_construct(telling)], bool(color) and telling.construct in COLORED
        if colored or telling.kind != THING:  # what it is must be said then
            ways = tuple(way for way in ways if "{k}" in way or "{ks}" in way)
        pattern = self.speaker.choice(ways)
        said_as_one = telling.kind == THING and telling.construct in SAID_AS_ONE and "of the {ks}" not in pattern
        if said_as_one and self.speaker.chance(AS_ONE_SHARE):
            one, many = "one", "ones"
        if colored:
            one, many = f"{color} {one}", f"{color} {many}"
        words = {"k": one, "ks": many, "c": color, "rest": rest, "n": str(rank), "th": self._ordinal(rank)}
        words["s"] = self.speaker.choice(SIDE_WORDS[telling.side]) if telling.side else ""
        return pattern.format(o=marks[0] if marks else "", p=marks[-1] if marks else "", **words)

    def _nouns(self, kind: str) -> tuple[str, str]:
        if kind not in NOUNS:
            return self.speaker.kind(kind)
        one, many = NOUNS[kind]
        return self.speaker.choice(one), self.speaker.choice(many)

    def _ordinal(self, rank: int) -> str:
        return f"{rank}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(rank, 'th') }" if self.speaker.chance(0.15) else ORDINALS[rank]

    def _landmark(self, mark: Landmark) -> str:
        color, kind = mark
        noun = self._nouns(kind)[0]
        return f"the {color} {noun}" if color else f"the {noun}"

    def _named(self, telling: Telling) -> Named:
        text = self.told(telling)
        return Named(text, telling.several and not text.startswith(AS_ONE))

    def _one(self, clause: ThingClause) -> str:
        telling, speaker = clause.telling, self.speaker
        if clause.out_of[1]:
            return self._taken_out(clause)
        if telling.construct == "but_color" and telling.kind == THING and speaker.chance(0.5):
            left = f"the {telling.color} {speaker.choice((self._nouns(telling.kind)[0], 'one'))}"
            return self._filled("leave", clause, self._named(telling), n=left)
        plain = not clause.telling.several and clause.place.kind != TABLE and not clause.place.side
        if self.people and plain and speaker.chance(BY_PEOPLE):
            return self._as_people_say(clause)
        manners = list(MANNERS)
        manner = manners[int(self._rng.choice(len(manners), p=list(MANNERS.values())))]
        if manner == "do" and telling.several and speaker.chance(0.4):
            manner = "many"
        text = self._filled(manner, clause, self._named(telling))
        leads = manner in ("do", "many") and speaker.chance(LED)
        return speaker.choice(self.orders["lead"]).format(do=text) if leads else text

    def _as_people_say(self, clause: ThingClause) -> str:
        """Words for one thing that goes to one place."""
        kind, named = clause.place.kind, self._named(clause.telling)
        of_the_place = kind in self.people and self.speaker.chance(OF_THE_PLACE)
        ways = self.people[kind] if of_the_place else (*self.people[ANY], *self.people[AROUND])
        pattern = self.speaker.choice(ways)
        if "{do}" in pattern:
            return pattern.format(do=self._filled("do", clause, named))
        return pattern.format(**self._words(clause.place, named))

    def _taken_out(self, clause: ThingClause) -> str:
        o = self._landmark(clause.out_of)
        words = {"o": o, "off": f"{'out of' if clause.out_of[1] == BOWL else 'off'} {o}"}
        everything = clause.telling.construct == "all_rest"
        manner = "out_to" if clause.place.kind == AREA else "empty" if everything else "out"
        if self.speaker.chance(SAID):
            return self._filled(f"{manner}_say", clause, self._named(clause.telling), **words)
        text = self._filled(manner, clause, self._named(clause.telling), **words)
        return self.speaker.choice(self.orders["lead"]).format(do=text) if self.speaker.chance(LED) else text

    def _filled(self, manner: str, clause: ThingClause, named: Named, **words: str) -> str:
        pattern = self.speaker.choice(self.orders[manner])
        return pattern.format(**self._words(clause.place, named), **words)

    def _words(self, place: Place, named: Named) -> dict[str, str]:
        """Words for every slot of one clause."""
        it = named.pronouns["it"]
        goal = _destination(place)
        plain = place_words(self.speaker, goal, named)
        bare = place_name(self.speaker, goal, named) if goal.kind != "table" and not goal.side else plain["w"]
        slots = {
            "a": named.text,
            "A": named.text[0].upper() + named.text[1:],
            "q": bare,
            "it": it,
            "It": "They" if named.several else "It",
        }
        return {**slots, **plain, **agreeing(named.several)}

    def _two(self, first: ThingClause, second: ThingClause) -> str:
        named, other = self._named(first.telling), self._named(second.telling)
        mine, theirs = self._words(first.place, named), self._words(second.place, other)
        same = first.place == second.place
        more = {
            "b": theirs["a"],
            "x": theirs["w"],
            "y": theirs["v"],
            "z": theirs["to"],
            "r": theirs["q"],
            "that": theirs["it"],
        }
        together = same and not self.speaker.chance(SAID_AGAIN)
        return self.speaker.choice(self.orders["two_same" if together else "two"]).format(**mine, **more)

    def _series(self, clauses: Sequence[ThingClause]) -> str:
        """Whole orders one after the other; a place that comes again is said again, or that it is the same."""
        said: list[str] = []
        points_back = False
        for number, clause in enumerate(clauses):
            named = self._named(clause.telling)
            again = number > 0 and clause.place == clauses[number - 1].place
            if again and self.speaker.chance(THERE_TOO):
                said.append(self.speaker.choice(self.series["there_too"]).format(b=named.text))
                points_back = True
            else:
                said.append(self._filled("do", clause, named))
        patterns = self.series[f"orders_{len(said)}"]
        if points_back:  # to a place that must have been said before
            patterns = tuple(pattern for pattern in patterns if pattern.index("{1}") < pattern.index("{2}"))
        pattern = self.speaker.choice(patterns)
        parts = pattern.split("{")  # an order that opens a sentence is written so
        text = parts[0]
        for part in parts[1:]:
            order = said[int(part[0]) - 1]
            opens = text.rstrip(" ")[-1:] in ("", ".", "\n") and not text.rstrip(" ")[-2:-1].isdigit()
            text += (order[0].upper() + order[1:] if opens else order) + part[2:]
        return text

    def _typed(self, text: str) -> str:
        """The sentence as it is typed: an ending, small letters or capitals, the other spelling."""
        if text[-1] not in ".!?" and self.speaker.chance(ENDED):
            text += self.speaker.choice(self.orders["tail"])
        if self.speaker.chance(0.08):
            text = text.replace("gray", "grey").replace("center", "centre")
        text = finished(text, self._rng)
        if self.speaker.chance(LOWER):
            return text.lower().rstrip(".")
        return text.upper() if self.speaker.chance(UPPER) else text


# Constructs whose colour stands before the noun; in the phrases of the others it has a slot of its own, or is not said.
COLORED = ("extreme", "rank", "look_color", "half_color", "all_half", "near")


def _construct(telling: Telling) -> str:
    """Key of the phrases of a telling."""
    construct = {"half_color": "half", "look_color": "look"}.get(telling.construct, telling.construct)
    if construct == "both" and telling.color:
        return "both_color"
    if construct == "look":
        return f"look.{telling.look}"
    return f"{construct}.{telling.side}" if construct in ("extreme", "half", "all_half") else construct


def _destination(place: Place) -> Destination:
    """The place as the words for composed tasks know it."""
    second = Reference(place.second[1], place.second[0]) if place.second[1] else None
    match = "any" if place.any else "named"
    if place.kind == AREA:
        return Destination("area", area=place.area)
    return Destination(place.kind, match, place.color, side=place.side, second=second)

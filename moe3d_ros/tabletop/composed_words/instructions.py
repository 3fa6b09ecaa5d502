"""Instructions for composed tasks as a person would type them, from the semantic form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.composed_words.places import bare_place, place_name, place_words
from moe3d_ros.tabletop.composed_words.selections import can_leave, excluded_things, referred, selected
from moe3d_ros.tabletop.composed_words.speaker import Named, Speaker, agreeing, tidied
from moe3d_ros.tabletop.composing.task_form import Clause, TaskForm
from moe3d_ros.tabletop.words.wordings import finished
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

TRIES = 4  # for each wording that shall be distinct


def said(
    form: TaskForm,
    rng: np.random.Generator,
    held_out: bool = False,
    alone: Sequence[bool] | None = None,
    lone_colors: Collection[str] = (),
) -> str:
    """An instruction that means the form.

    Args:
        held_out: say it only in phrases that training never uses.
        alone: for each clause, if its selection is just one block; by default none is.
        lone_colors: colours of which there is just one block ("except the red one").

    Raises:
        ValueError: the form has a part that has no words, or ``alone`` does not fit it.
    """
    if not form.clauses or (alone is not None and len(alone) != len(form.clauses)):
        raise ValueError("a form needs one clause or more, and alone one entry for each of them")
    speaker = Speaker(rng, held_out)
    lone = list(alone or [False] * len(form.clauses))
    text = _Telling(speaker, lone_colors).whole(form.clauses, lone)
    return decorated(speaker, tidied(text), rng)


def wordings(
    form: TaskForm,
    rng: np.random.Generator,
    count: int,
    held_out: bool = False,
    alone: Sequence[bool] | None = None,
    lone_colors: Collection[str] = (),
) -> list[str]:
    """So many instructions that mean the form, distinct ones as far as a few tries each find them."""
    found: dict[str, None] = {}
    texts = []
    for _ in range(TRIES * count):
        if len(found) == count:
            break
        texts.append(said(form, rng, held_out, alone, lone_colors))
        found[texts[-1]] = None
    return [*found, *texts][:count]


class _Telling:
    """The clauses of one instruction put into words."""

    def __init__(self, speaker: Speaker, lone_colors: Collection[str]) -> None:
        self.speaker = speaker
        self.lone_colors = lone_colors

    def whole(self, clauses: Sequence[Clause], alone: Sequence[bool]) -> str:
        speaker = self.speaker
        if len(clauses) == 1:
            if can_leave(clauses[0].selection) and speaker.chance(0.2):
                return self.leaving(clauses[0])
            if speaker.chance(0.3):
                return self.clause(clauses[0], alone[0], manner="say")
            if speaker.chance(0.3):
                return speaker.pattern("lead").format(do=self.clause(clauses[0], alone[0]))
            return self.clause(clauses[0], alone[0], manner="front" if speaker.chance(0.15) else "do")
        text = self.clause(clauses[0], alone[0])
        for number, clause in enumerate(clauses[1:], start=1):
            if _gaps(clauses[number - 1], clause) and speaker.chance(0.35):
                named = self.named(clause, alone[number])
                words = {"a": named.text, **place_words(speaker, clause.destination, named)}
                text = speaker.pattern("gap").format(first=text, **words)
                continue
            then = self.clause(clause, alone[number], rest_of=clauses[number - 1] if number == 1 else None)
            pattern = speaker.pattern("join")
            if number > 1 and not pattern.startswith("{do}"):
                pattern = "{do}. {Then}" if not speaker.held_out else "{do}. Following that, {then}"
            text = pattern.format(do=text, then=then, Then=then[0].upper() + then[1:])
        return text

    def leaving(self, clause: Clause) -> str:
        """The exclusion said in a clause of its own."""
        ones, several = excluded_things(self.speaker, clause.selection, self.lone_colors)
        named = selected(self.speaker, clause.selection, together=clause.arrangement != "put", others=True)
        if clause.destination.match == "one_each":
            named = selected(self.speaker, replace(clause.selection, count=1))
        order = self.ordered(clause, named, "do")
        they = "they are" if several else "it is"
        return self.speaker.pattern("leave").format(ones=ones, they=they, do=order)

    def named(self, clause: Clause, alone: bool, rest_of: Clause | None = None) -> Named:
        """Words for what a clause moves; ``rest_of``: the clause before, of which this one may be about the rest."""
        selection = clause.selection
        if clause.destination.match == "one_each":
            return selected(self.speaker, replace(selection, count=1), lone_colors=self.lone_colors)
        together = clause.arrangement != "put"
        if rest_of is not None and not alone and _is_rest(rest_of, clause) and self.speaker.chance(0.5):
            return selected(self.speaker, selection, together=together, others=True)
        return selected(self.speaker, selection, alone and not together, self.lone_colors, together)

    def clause(self, clause: Clause, alone: bool, manner: str = "do", rest_of: Clause | None = None) -> str:
        """A goal in words.

        Args:
            manner: "do" for an order ("put ..."), "front" for one that may begin with its place, "say" for a wish, a
                statement or a note.
        """
        if _clears(clause) and self.speaker.chance(0.8):
            return self.cleared(clause, "say" if manner == "say" else "do", alone)
        return self.ordered(clause, self.named(clause, alone, rest_of), manner)

    def cleared(self, clause: Clause, manner: str, alone: bool) -> str:
        """Things taken out of or off what they lie in or on."""
        speaker, selection = self.speaker, clause.selection
        assert selection.reference is not None  # _clears
        o = referred(speaker, selection.reference, every=not alone)
        rest = selection.rest
        words = {"o": o, "rest": rest, "off": f"{'out of' if rest == 'in' else 'off'} {o}"}
        bare = replace(selection, rest="", reference=None)
        if not bare.conditions() and speaker.chance(0.5):
            return speaker.pattern(f"clear.{manner}").format(**words)
        named = selected(speaker, bare, alone, lone_colors=self.lone_colors)
        return self.filled(speaker.pattern(f"off.{manner}"), named, **words)

    def ordered(self, clause: Clause, named: Named, manner: str) -> str:
        """The sentence of a clause around words for what it moves."""
        speaker, destination = self.speaker, clause.destination
        if clause.arrangement == "groups":
            return self.grouped(clause, named)
        if clause.arrangement != "put":
            return self.piled(clause, named, manner)
        beside = bool(destination.side)
        if manner == "front" and (destination.kind == "table" or destination.match == "one_each" or beside):
            manner = "do"
        if destination.kind == "table":
            return self.filled(speaker.pattern(f"table.{manner}"), named)
        places = place_words(speaker, destination, named)
        if destination.match == "one_each" and speaker.chance(0.4):
            return self.filled(speaker.pattern(f"each.{manner}"), named, g=place_name(speaker, destination, named))
        noted = destination.match == "named" and destination.color and named.bare and not beside
        if manner == "say" and noted and speaker.chance(0.25):
            return speaker.pattern("arrow").format(b=named.bare, t=bare_place(speaker, destination))
        constructs = ("put.do", "put.many") if manner == "do" and named.several and not beside else (f"put.{manner}",)
        return self.filled(speaker.pattern(*constructs), named, **places)

    def piled(self, clause: Clause, named: Named, manner: str) -> str:
        """A pile, and what is said of its order."""
        speaker = self.speaker
        places = place_words(speaker, clause.destination, named)
        if clause.destination.kind == "table" and manner != "front" and speaker.chance(0.5):
            places["w"] = ""
        if (clause.destination.kind, clause.destination.match) == (BLOCK, "any"):
            places["w"] = speaker.pattern("table") if manner == "front" else ""
        single = clause.destination.match == "named" and not clause.own_pile
        constructs = ("pile.do", "one_pile.do") if manner == "do" and single else (f"pile.{manner}",)
        text = self.filled(speaker.pattern(*constructs), named, w=places["w"])
        return text + self.sequence(clause)

    def sequence(self, clause: Clause) -> str:
        """Words for the order of a pile, from below."""
        speaker, colors = self.speaker, clause.order
        if clause.arrangement == "pile_by_size":
            return speaker.pattern("own_pile" if clause.own_pile else "by_size")
        if clause.arrangement == "pile_by_turns" and colors:
            construct = "turns_one" if len(colors) == 1 else "turns_two"
            return speaker.pattern(construct).format(c=colors[0], d=colors[-1])
        if clause.arrangement == "pile_by_list" and colors:
            later = ", then ".join(colors[1:]) or "nothing"
            words = {"list": ", ".join(colors), "down": ", ".join(colors[::-1]), "then": ", then ".join(colors)}
            return speaker.pattern("by_list").format(c=colors[0], later=later, **words)
        if clause.arrangement != "pile":
            raise ValueError(f"a clause that is arranged as {clause.arrangement!r} has no words, or lacks its order")
        return ""

    def grouped(self, clause: Clause, named: Named) -> str:
        """Two groups to two places, either to either."""
        if clause.second is None or clause.grouped_by not in ("color", "size"):
            raise ValueError("groups need a second place and what they are grouped by")
        places = [place_words(self.speaker, place, named)["w"] for place in (clause.destination, clause.second)]
        words = {"g": clause.grouped_by, "w": places[0], "x": places[1]}
        return self.filled(self.speaker.pattern("groups.pile" if clause.piled else "groups.put"), named, **words)

    def filled(self, pattern: str, named: Named, **words: str) -> str:
        """The pattern with words for what is moved, the verbs agreeing with it."""
        return pattern.format(a=named.text, **{**agreeing(named.several), **named.pronouns, **words})


def _gaps(before: Clause, clause: Clause) -> bool:
    """Tell if the verb of the clause before serves for this one too."""
    return all(
        c.arrangement == "put"
        and c.destination.match == "named"
        and (c.destination.kind in (BOWL, ZONE) or c.destination.side)
        for c in (before, clause)
    )


def _is_rest(before: Clause, clause: Clause) -> bool:
    """Tell if a clause is about all that the one before leaves."""
    first, second = before.selection, clause.selection
    if second.conditions() == {"excluded_colors"} and first.conditions() == {"colors"}:
        return set(first.colors) == set(second.excluded_colors)
    return (
        second.conditions() == {"excluded_size"}
        and first.conditions() == {"size"}
        and first.size == second.excluded_size
    )


def _clears(clause: Clause) -> bool:
    """Tell if a clause takes things out of or off what they are told by."""
    selection = clause.selection
    put_down = clause.arrangement == "put" and clause.destination.kind == "table"
    told = selection.rest in ("in", "on") and selection.reference is not None
    return put_down and told and not (selection.rank or selection.count or selection.side)


def decorated(speaker: Speaker, text: str, rng: np.random.Generator) -> str:
    """The text with a word at its end, a capital, the other spelling, as people have it now and then."""
    if text[-1] not in ".!?" and speaker.chance(0.25):
        text += speaker.pattern("tail")
    if speaker.chance(0.12):
        text = text.replace("color", "colour").replace("gray", "grey")
    text = finished(text, rng)
    return text.upper() if speaker.chance(0.01) else text

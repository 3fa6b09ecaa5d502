"""Words of composed tasks: every part has many, held-out ones stand apart, and what the form means stands in the text."""

import re

import numpy as np
import pytest
from task_forms import random_form

from moe3d_ros.tabletop.composed_words import held_out_phrases, side_phrases, trained_phrases
from moe3d_ros.tabletop.composed_words.instructions import said, wordings
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Reference, Selection, TaskForm
from moe3d_ros.tabletop.words import long_wordings
from moe3d_ros.tabletop.words import wordings as single
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.sides import BETWEEN, SIDES

GROUPS = ("NOUNS", "PLACES", "AREAS", "SENTENCES")
GREEN = Destination("bowl", color="green")
BLUE_BOWL = Reference("bowl", "blue")
SECOND = (None, BLUE_BOWL)
TWO_COLORS = Selection(colors=("red", "blue"))
PARTS = {
    "all": Clause(Selection(), GREEN),
    "color": Clause(Selection(colors=("red",)), GREEN),
    "two colors": Clause(TWO_COLORS, GREEN),
    "except": Clause(Selection(excluded_colors=("red",)), GREEN),
    "except two": Clause(Selection(excluded_colors=("red", "blue")), GREEN),
    "size": Clause(Selection(size="small"), GREEN),
    "except size": Clause(Selection(excluded_size="big"), GREEN),
    "even": Clause(Selection(parity="even"), GREEN),
    "odd": Clause(Selection(parity="odd"), GREEN),
    "most": Clause(Selection(frequency="most"), GREEN),
    "fewest": Clause(Selection(frequency="fewest"), GREEN),
    "except area": Clause(Selection(excluded_area="top left area"), GREEN),
    **{area: Clause(Selection(area=area), GREEN) for area in AREAS},
    **{rest: Clause(Selection(rest=rest, reference=BLUE_BOWL), GREEN) for rest in ("in", "on", "under")},
    **{side: Clause(Selection(side=side, reference=BLUE_BOWL), GREEN) for side in ("left", "right", "near", "far")},
    **{f"first {side}": Clause(Selection(rank=1, rank_side=side), GREEN) for side in ("left", "right", "near", "far")},
    "second": Clause(Selection(rank=2, rank_side="left"), GREEN),
    "one of": Clause(Selection(count=1), GREEN),
    "two of": Clause(Selection(count=2), GREEN),
    **{
        f"{kind} {match}": Clause(Selection(colors=("red",)), Destination(kind, match))
        for kind in ("bowl", "zone", "block")
        for match in ("own", "other", "any", "one_each")
    },
    "named zone": Clause(Selection(), Destination("zone", color="red")),
    "named block": Clause(Selection(size="small"), Destination("block", color="red", size="big")),
    **{
        side: Clause(
            Selection(colors=("red",)), Destination("bowl", color="green", side=side, second=SECOND[side == BETWEEN])
        )
        for side in SIDES
    },
    "to area": Clause(Selection(), Destination("area", area="right side")),
    "table": Clause(Selection(), Destination("table")),
    "off": Clause(Selection(rest="on", reference=Reference("zone", "red")), Destination("table")),
    "empty bowls": Clause(Selection(rest="in", reference=Reference("bowl", "")), Destination("table")),
    "pile": Clause(Selection(), Destination("zone", color="red"), "pile"),
    "pile anywhere": Clause(Selection(), Destination("table"), "pile"),
    "by size": Clause(Selection(), Destination("zone", color="red"), "pile_by_size"),
    "own pile": Clause(Selection(), Destination("zone", "own"), "pile_by_size", own_pile=True),
    "by list": Clause(TWO_COLORS, Destination("zone", color="red"), "pile_by_list", ("red", "blue", "red")),
    "turns": Clause(Selection(), Destination("zone", color="red"), "pile_by_turns", ("blue",)),
    "two turns": Clause(TWO_COLORS, Destination("zone", color="red"), "pile_by_turns", ("blue", "red")),
    **{
        f"groups {by} {piled}": Clause(
            Selection(),
            Destination("zone", color="red"),
            "groups",
            grouped_by=by,
            piled=piled,
            second=Destination("zone", color="blue"),
        )
        for by in ("color", "size")
        for piled in (False, True)
    },
}
# A text that excludes something has one of these.
NEGATION = re.compile(
    r"\b(not|don't|except|exception|but|apart from|other|others|excluding|save for|neither|outside|else|the rest|leave|"
    r"without touching|and let|barring|minus|leaving out|no|nowhere|another|without|any color|ignore|stay|away from|remaining|remains|remainder|left over|further|"
    r"spare|hands off|ignoring|elsewhere|aside|bar|excepting|excepted|excluded|omitting|skipping|disregarding|not including|exclusive of|left out|"
    r"different|avoiding|left alone|in place|untouched|undisturbed|keep|leftover|anything other|skip|omit)\b"
)
# A word of the direction, as any of the phrases for areas says it.
DIRECTIONS = {
    "left": ("left",),
    "right": ("right",),
    "far": ("far", "farther", "farthest", "further", "furthest", "back", "rear"),
    "near": ("near", "nearer", "closer", "front", "nearest", "closest"),
    "top": ("top", "upper", "far", "back", "rear"),
    "bottom": ("bottom", "lower", "near", "front"),
    "middle": ("middle", "midpoint", "center", "centre", "central", "heart"),
}


def words_of(text):
    return re.findall(r"[a-z']+", text.lower().replace("colour", "color").replace("grey", "gray"))


def colors_of(form):
    for clause in form.clauses:
        yield from (*clause.selection.colors, *clause.selection.excluded_colors, *clause.order)
        places = (clause.destination, clause.destination.second, clause.second, clause.selection.reference)
        yield from (place.color for place in places if place and place.color)


def literals(pattern):
    """The longest piece between the slots."""
    return max((piece.strip(" ,.:;") for piece in re.split(r"\{[^}]*\}", pattern)), key=len)


@pytest.mark.parametrize("held_out", [False, True])
def test_random_forms_are_said_cleanly_and_name_what_they_mean(held_out):
    for number in range(2000):
        rng = np.random.default_rng([number, held_out])
        form = random_form(rng)
        text = said(form, rng, held_out)
        assert "{" not in text and "  " not in text and text == text.strip(), text
        assert not re.search(r"\ba [aeio]|\ban [^aeiou]| [,.;:!?]", text, re.IGNORECASE), text
        words = words_of(text)
        assert set(colors_of(form)) <= set(words), (text, form)
        for clause in form.clauses:
            chosen = clause.selection
            for area in filter(None, (chosen.area, chosen.excluded_area, clause.destination.area)):
                for direction in set(area.split()) & set(DIRECTIONS):
                    assert set(DIRECTIONS[direction]) & set(words), (text, area)
            if {name for name in chosen.conditions() if name.startswith("excluded")}:
                assert NEGATION.search(text.lower()), (text, chosen)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_said_in_many_ways(part):
    form = TaskForm((PARTS[part],))
    trained, held = (
        {said(form, np.random.default_rng(number), held_out).lower().rstrip(".!") for number in range(150)}
        for held_out in (False, True)
    )
    assert len(trained) >= 12
    assert len(held) >= 4
    assert not trained & held


def test_held_out_phrases_are_not_trained():
    for group in GROUPS:
        trained, held = (getattr(module, group) for module in (trained_phrases, held_out_phrases))
        assert trained.keys() == held.keys()
        for construct in trained:
            assert not set(trained[construct]) & set(held[construct]), construct
            assert 20 * len(set(held[construct])) >= len(set(trained[construct])), construct
            for piece in filter(lambda piece: len(piece) > 3, map(literals, held[construct])):
                twins = [other for other in trained[construct] if re.search(rf"\b{re.escape(piece)}\b", other)]
                assert not twins, (construct, piece)


@pytest.mark.parametrize("side", SIDES)
def test_a_side_has_its_phrases_and_none_of_them_serves_two_sides(side):
    for phrases, least in ((side_phrases.TRAINED, 12), (side_phrases.HELD_OUT, 6)):
        own = set(phrases[f"beside.{side}"])
        assert len(own) >= least
        assert all(("{o}" in way) and ("{p}" in way) == (side == BETWEEN) for way in own)
        assert not own & {way for name, others in phrases.items() if name != f"beside.{side}" for way in others}


def test_two_of_a_kind_are_sometimes_named_by_one_noun_and_a_place_beside_is_never_left_out():
    between = TaskForm((PARTS["between"],))
    texts = wordings(between, np.random.default_rng(0), 100)
    assert any("the green and the blue" in text for text in texts)
    for side in SIDES:
        for held_out in (False, True):
            texts = wordings(TaskForm((PARTS[side],)), np.random.default_rng(1), 60, held_out)
            phrases = (held_out_phrases if held_out else trained_phrases).PLACES[f"beside.{side}"]
            pieces = [re.split(r"\{.\}", way)[0].strip() for way in phrases]
            assert all(any(piece in text.lower() for piece in pieces) for text in texts)


def test_one_verb_serves_places_beside_and_places_within():
    second = Clause(Selection(colors=("gray",)), Destination("block", color="cyan", side="behind"))
    form = TaskForm((Clause(Selection(colors=("red",)), GREEN), second))
    texts = wordings(form, np.random.default_rng(0), 1000, alone=[True, True])
    assert any(
        re.search(
            r"bowl,? (and|then) the (one |only )?gr[ae]y \w+ \S*\s?(behind|at|on|in|right|just|directly|close|a bit)",
            text,
        )
        for text in texts
    )


def test_what_other_tasks_hold_out_is_not_trained_here():
    trained = " | ".join(
        pattern for group in GROUPS for way in getattr(trained_phrases, group).values() for pattern in way
    )
    phrases = [
        way for w in long_wordings.WORDINGS.values() for way in (*w.held_out_a, *w.held_out_b, *w.held_out_whole)
    ]
    held = (*phrases, *long_wordings.HELD_OUT_MOVES, *long_wordings.HELD_OUT_STACKS, *single.HELD_OUT_INSTRUCTIONS)
    pieces = {literals(pattern) for pattern in held} - {"at the bottom"}  # held out of piles by turns only
    assert not any("bottom" in way for way in trained_phrases.SENTENCES["turns_one"])
    assert not [piece for piece in pieces if " " in piece and re.search(rf"\b{re.escape(piece)}\b", trained)]


@pytest.mark.parametrize("name", ["except", "except two", "except size", "except area"])
@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_excluded_is_never_said_without_a_negation(name, held_out):
    for text in wordings(TaskForm((PARTS[name],)), np.random.default_rng(0), 300, held_out):
        assert NEGATION.search(text.lower()), text


def test_equal_generators_say_equal_things():
    form = random_form(np.random.default_rng(4))
    assert said(form, np.random.default_rng(5)) == said(form, np.random.default_rng(5))
    assert len(set(wordings(form, np.random.default_rng(5), 30))) == 30


def test_wordings_of_a_form_are_as_many_as_asked_for():
    for held_out in (False, True):
        texts = wordings(TaskForm((PARTS["all"],)), np.random.default_rng(0), 200, held_out)
        assert len(texts) == 200
        assert len(set(texts)) > 100


def test_a_single_block_is_spoken_of_as_one():
    form = TaskForm((Clause(Selection(colors=("red",)), GREEN),))
    for text in wordings(form, np.random.default_rng(0), 100, alone=[True]):
        assert not {"all", "every", "each", "blocks", "cubes", "ones", "them"} & set(words_of(text)), text


def test_a_color_that_occurs_once_is_left_out_as_one():
    form = TaskForm((Clause(Selection(excluded_colors=("red",)), GREEN),))
    texts = wordings(form, np.random.default_rng(0), 100, lone_colors=("red",))
    assert any("red one " in f"{text} " for text in texts)
    assert not any("red ones" in text for text in texts)


def test_the_rest_is_said_of_what_the_clause_before_leaves():
    rest = Clause(Selection(excluded_colors=("red",)), Destination("zone", color="blue"))
    form = TaskForm((Clause(Selection(colors=("red",)), GREEN), rest))
    texts = wordings(form, np.random.default_rng(0), 100)
    assert any("everything else" in text or "the others" in text for text in texts)
    other = TaskForm((Clause(Selection(colors=("blue",)), GREEN), rest))
    assert not any("everything else" in text for text in wordings(other, np.random.default_rng(0), 100))


@pytest.mark.parametrize(
    "form",
    [
        TaskForm(()),
        TaskForm((Clause(Selection(), Destination("drawer")),)),
        TaskForm((Clause(Selection(), Destination("bowl", "nearest")),)),
        TaskForm((Clause(Selection(side="left"), GREEN),)),
        TaskForm((Clause(Selection(), GREEN, "groups"),)),
        TaskForm((Clause(Selection(), GREEN, "pile_by_list"),)),
    ],
)
def test_a_part_without_words_is_an_error(form):
    with pytest.raises(ValueError, match=r"need|no words"):
        said(form, np.random.default_rng(0))

"""Phrases of composed tasks that training may use, by construct; held_out_phrases has others for the same constructs.

Slots of noun phrases: {N} several things, {n} one thing, {r} words of an area, {o} a reference thing, {c}, {d} colours,
{s} a size. Slots of sentences: {a} what is moved, {w} where to, {v} where it is then, {to} the same after "move", {it} it or
them; {are}, {lie}, {come}, {have}, {go}, {do}, {belong}, {need}, {end}, {form} agree with what they are said of. A phrase that
people say more often stands more than once.
"""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words import (
    careful_phrases,
    everyday_phrases,
    everyday_sentences,
    hasty_phrases,
    side_phrases,
)
from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases, joined
from moe3d_ros.tabletop.words.wordings import EXTREMES

NOUNS: Phrases = {
    "all": ("the {N}", "the {N}", "all the {N}", "all {N}", "all of the {N}", "all those {N}", "the {N}"),
    "each": ("every {n}", "each {n}", "each of the {N}", "every one of the {N}", "each one of the {N}"),
    "everything": ("everything",),
    "lone": ("the {n}", "the {n}", "the {n}", "the only {n}", "the one {n}"),
    "others": ("all the other {N}", "the other {N}", "all other {N}", "all of the other {N}"),
    "rest": ("everything else", "the rest", "all the others", "the other ones", "all the rest"),
    "count": ("{number} of the {N}", "{number} {N}", "any {number} {N}", "any {number} of the {N}", "exactly {number} {N}"),
    "one": ("one of the {N}", "one {n}", "a {n}", "any one of the {N}", "exactly one {n}", "just one {n}"),
    "rank": (
        "the {th} {n} from the {side}", "the {th} {n} from the {side}", "the {th} {n} counted from the {side}",
        "the {n} that is {th} from the {side}", "the {th} {n}, counting from the {side},",
    ),
    "rank_of": (
        "the {th} from the {side} of the {N}", "from the {side} the {th} of the {N}",
        "the {th} one from the {side} among the {N}",
    ),
    "rank_side.left": ("left", "left", "left side"),
    "rank_side.right": ("right", "right", "right side"),
    "rank_side.near": ("front", "front", "near side"),
    "rank_side.far": ("back", "back", "far side"),
    "colors.and": ("{c} and {d}", "{c} and the {d}", "{c} and {d}"),
    "color.relative": ("{are} {c}", "{are} {c}", "{have} the color {c}"),
    "size.relative": ("{are} {s}", "{are} {s}", "{are} the {s} ones"),
    "parity.bare": (
        "of an {parity} number", "of an {parity} count", "whose color occurs an {parity} number of times",
        "whose color there is an {parity} number of", "with a color that occurs an {parity} number of times",
        "whose color appears an {parity} number of times", "of colors with an {parity} number of blocks",
    ),
    "parity.relative": (
        "{come} in {parity} numbers", "{have} a color that occurs an {parity} number of times",
        "{are} of a color with an {parity} number of blocks",
    ),
    "frequency.bare": (
        "of the {most} frequent color", "of the {most} common color", "whose color occurs {mostly}",
        "with the {most} frequent color", "of the color that occurs {mostly}", "of the color with the {many} blocks",
    ),
    "frequency.relative": (
        "{have} the {most} frequent color", "{have} the {most} common color", "{are} of the color that there is {mostly}",
    ),
    "area.bare": ("in the {r}", "on the {r}", "in the {r}", "on the {r}"),
    "area.relative": ("{lie} in the {r}", "{are} in the {r}", "{are} on the {r}", "{lie} on the {r}"),
    "excluded_area.bare": ("outside of the {r}", "outside the {r}", "not in the {r}", "not on the {r}"),
    "excluded_area.relative": (
        "{are} not in the {r}", "{are} not on the {r}", "{do} not lie in the {r}", "{lie} outside of the {r}",
    ),
    "excluded_area.suffix": (
        "except those in the {r}", "but not those on the {r}", "except for the ones in the {r}",
        "apart from those in the {r}", "but not the ones in the {r}",
    ),
    "excluded.relative": ("{are} not {x}", "{are} not {x}", "{are} other than {x}"),
    "excluded_size.relative": ("{are} not {x}", "{are} not {x}", "{are} other than {x}"),
    "excluded.neither": ("{are} neither {c} nor {d}", "{are} not {c} or {d}", "{are} not {c} and not {d}"),
    "excluded.suffix": (
        "except {ones}", "except {ones}", "except for {ones}", "but not {ones}", "apart from {ones}", "other than {ones}",
        "excluding {ones}", "but {ones}", "(not {ones})", "with the exception of {ones}", "save for {ones}",
    ),
    "excluded.ones": ("the {x} ones", "the {x} ones", "the {x} blocks", "{x} ones", "the {x} cubes"),
    "excluded.lone": ("the {x} one", "the {x} one", "the {x} block", "the {x} cube"),
    "rest.in.bare": ("in {o}", "in {o}", "inside {o}"),
    "rest.in.relative": ("{are} in {o}", "{lie} in {o}", "{are} inside {o}"),
    "rest.on.bare": ("on {o}", "on {o}", "on top of {o}"),
    "rest.on.relative": ("{are} on {o}", "{lie} on {o}", "{lie} on top of {o}", "{are} on top of {o}"),
    "rest.under.bare": ("under {o}", "under {o}", "below {o}", "beneath {o}"),
    "rest.under.relative": ("{are} under {o}", "{lie} under {o}", "{lie} beneath {o}", "{are} below {o}", "{are} covered by {o}"),
    "side.left": ("left of {o}", "to the left of {o}", "on the left of {o}"),
    "side.right": ("right of {o}", "to the right of {o}", "on the right of {o}"),
    "side.near": ("in front of {o}", "in front of {o}", "nearer to you than {o}"),
    "side.far": ("behind {o}", "behind {o}", "farther away than {o}"),
    "reference": ("the {c} {k}",),
    "reference.every": ("the {ks}", "the {ks}", "all the {ks}", "all {ks}"),
    "reference.any": ("a {k}", "any {k}", "one of the {ks}", "the {k}"),
}  # fmt: skip
NOUNS |= {
    f"first.{side}": tuple("the " + words.format(k="{n}") for words in phrases) for side, phrases in EXTREMES.items()
}

PLACES: Phrases = {
    "in.move": ("in", "in", "into", "inside"),
    "in.be": ("in", "in", "inside"),
    "in.to": ("to", "into", "into"),
    "on.move": ("on", "on", "onto", "in"),
    "on.be": ("on", "on", "in"),
    "on.to": ("to", "onto", "onto"),
    "over.move": ("on", "on top of", "onto", "over"),
    "over.be": ("on", "on top of"),
    "over.to": ("onto", "on top of"),
    "area.move": ("in", "on", "on"),
    "area.be": ("in", "on", "on"),
    "area.to": ("to", "to", "over to"),
    "named": ("the {s}{c} {k}",),
    "own.one": (
        "the {k} of the same color", "the {k} with the same color", "the {k} of {its} color", "the matching {k}",
        "the {k} with the matching color", "the {k} of {its} own color", "the {k} that matches {it} in color",
        "the {k} in the same color", "the {k} that has the same color",
    ),
    "own.many": (
        "the {ks} of the same color", "the {ks} of their color", "the matching {ks}", "the {ks} with matching colors",
        "the {ks} with the same color", "the {ks} that match them in color", "the {ks} of their own colors", "their {ks}",
    ),
    "other.one": (
        "a {k} of another color", "a {k} of a different color", "a {k} with a different color", "a mismatched {k}",
        "a {k} that does not match {its} color", "a {k} of any color but {its} own", "a {k} of the wrong color",
        "a {k} with another color", "a mismatching {k}", "any {k} that is not of {its} color",
    ),
    "other.many": (
        "{ks} of another color", "{ks} of a different color", "{ks} with different colors", "mismatched {ks}",
        "{ks} that do not match their color", "{ks} with mismatched colors", "the wrong {ks}", "{ks} that don't match",
    ),
    "any.one": ("a {k}", "any {k}", "some {k}", "one of the {ks}", "any of the {ks}", "a {k}"),
    "any.many": ("{ks}", "the {ks}", "any {ks}", "some of the {ks}"),
    "each_place": ("each {k}", "every {k}", "each of the {ks}", "every one of the {ks}", "each {k}"),
    "table": ("on the table", "on the free table", "on the table"),
}  # fmt: skip

PLACES |= side_phrases.TRAINED

# More words for areas than AREA_WORDS has.
AREAS: Phrases = {
    "left side": ("left half of the table", "left half", "left"),
    "right side": ("right half of the table", "right half", "right"),
    "far side": ("far half of the table", "back", "far end of the table"),
    "near side": ("near half of the table", "front", "near end of the table"),
    "middle": ("center", "central part of the table", "middle part"),
    "top left area": ("top left", "top left part of the table", "back left corner"),
    "top right area": ("top right", "top right part of the table", "back right corner"),
    "bottom left area": ("bottom left", "bottom left part of the table", "front left corner"),
    "bottom right area": ("bottom right", "bottom right part of the table", "front right corner"),
}

SENTENCES: Phrases = {
    "put.do": (
        "put {a} {w}", "put {a} {w}", "put {a} {w}", "place {a} {w}", "place {a} {w}", "move {a} {to}", "bring {a} {to}",
        "get {a} {w}", "drop {a} {w}", "set {a} {w}", "set {a} down {w}", "throw {a} {w}", "lay {a} {w}", "stick {a} {w}",
        "take {a} {to}", "pick up {a} and put {it} {w}", "take {a} and set {it} {w}", "grab {a}, then drop {it} {w}",
        "pick {a} and place {it} {w}", "pick {a} up and move {it} {to}", "get {a} and put {it} {w}",
        "put away {a} {w}",
    ),
    "put.front": ("{w}, put {a}", "{w}, place {a}", "{w}, drop {a}", "{w} put {a}"),
    "put.many": ("sort {a} {to}", "collect {a} {v}", "gather {a} {v}", "tidy {a} away {w}"),
    "put.say": (
        "I want {a} {v}", "I want {a} {v}", "I need {a} {v}", "I'd like {a} {v}", "I would like to have {a} {v}",
        "{a} should be {v}", "{a} should go {w}", "{a} {go} {w}", "{a} must go {w}", "{a} {have} to go {w}", "{a} {need} to be {v}",
        "{a} {w}", "{a} {w}", "{a}: {w}", "tidy up: {a} {w}", "{a} should lie {v}", "{a}, {w}", "clean up, {a} {w}",
        "{v} is where I want {a}",
    ),
    "arrow": ("{b} -> {t}", "{b} -> {t}", "{b} => {t}", "{b} to {t}", "{b}: {t}", "{b}, {t}"),
    "each.do": ("give {g} {a}", "fill {g} with {a}", "provide {g} with {a}"),
    "each.say": ("{g} gets {a}", "{g} should get {a}", "{g} needs {a}", "{a} for {g}", "{g} must have {a}"),
    "table.do": (
        "put {a} back on the table", "put {a} on the table", "move {a} back to the table", "set {a} down on the table",
        "bring {a} back to the table", "lay {a} on the free table", "put {a} down on the free table", "take {a} back to the table",
        "move {a} to a free spot on the table", "pick up {a} and put {it} on the table", "get {a} back onto the table",
    ),
    "table.say": (
        "{a} should be on the table", "I want {a} back on the table", "{a} should go back on the table",
        "{a} {go} back on the table", "{a} back on the table", "{a} on the table", "I need {a} on the bare table",
    ),
    "off.do": (
        "take {a} {off}", "take {a} {off}", "remove {a} from {o}", "get {a} {off}", "move {a} {off}", "lift {a} {off}",
        "take {a} {off} and put {it} on the table", "pick {a} {off}", "move {a} from {o} to the table",
        "put {a} from {o} back on the table",
    ),
    "off.say": ("I want {a} {off}", "{a} should come {off}", "{a} {off}", "I don't want {a} {rest} {o} any more"),
    "clear.do": ("clear {o}", "empty {o}", "take everything {off}", "remove everything from {o}", "get everything {off}"),
    "clear.say": ("{o} should be empty", "I want {o} empty", "I need {o} free", "nothing should be left {rest} {o}"),
    "pile.do": (
        "stack {a} {w}", "stack {a} {w}", "stack {a} {w}", "pile {a} {w}", "pile up {a} {w}", "pile {a} up {w}", "stack up {a} {w}",
        "put {a} on top of each other {w}", "place {a} on top of one another {w}",
        "put {a} {w}, one on top of the other",
    ),
    "one_pile.do": (
        "make a stack of {a} {w}", "build a stack of {a} {w}", "make a pile of {a} {w}", "make a tower out of {a} {w}",
        "make a stack out of {a} {w}", "put {a} in one pile {w}", "build a stack from {a} {w}",
        "create a stack of {a} {w}",
    ),
    "pile.front": ("{w}, stack {a}", "{w}, pile up {a}", "{w}, pile {a} on top of each other", "{w} stack {a}"),
    "pile.say": (
        "I want {a} stacked {w}", "{a} should be stacked {w}", "{a} stacked {w}", "I'd like {a} piled up {w}", "{a} should be piled up {w}",
    ),
    "by_size": (
        ", small on big", ", small ones on big ones", ", smaller over bigger", ", the small ones on top", " with the big ones at the bottom",
        ", big ones first", " by size, the biggest at the bottom", " from big to small", ", the big ones below the small ones",
        " with the small ones over the big ones", ", sorted by size with the smallest on top", ", large ones at the bottom",
    ),
    "own_pile": (
        ", small on big of the same color", ", the small ones over the big ones of the same color", ", smaller over bigger, each color by itself",
        " by color, small on big", ", one pile for each color with the small ones on top", ", each color in its own pile, small over big",
        " with the small ones on the big ones of their color", " in one pile per color, big ones at the bottom",
        ", the big ones at the bottom and each color apart",
    ),
    "by_list": (
        " in the order {list} from the bottom", ": {then}, from the bottom up", ", from bottom to top: {list}", ", from the bottom: {list}",
        ", first {then}", " with {c} at the bottom, then {later}", ", {c} at the bottom, then {later}", " in this order: {list}",
        ", from top to bottom: {down}", ", {then}", ", starting with {c}, then {later}", ", {c} lowest, then {later}",
    ),
    "turns_one": (
        " with alternating colors, starting with {c}", ", alternating the colors, {c} first", " in alternate colors, beginning with {c}",
        ", colors by turns, {c} lowest", " so that the colors alternate, {c} below", ", colors taking turns from {c} on",
        " with alternate colors, a {c} one lowest", ", alternating colors, {c} first", " by turns of color, {c} lowest",
    ),
    "turns_two": (
        ", {c} and {d} by turns", " by turns, {c}, then {d}, and so on", ", alternating {c} and {d}", ", {c}, {d}, {c} and so on",
        " in turn {c} and {d}, {c} lowest", " with {c} and {d} alternating, starting with {c}", ", alternately {c} and {d}, {c} first",
        ", first {c}, then {d}, then {c} again and so on", ", switching between {c} and {d}, {c} lowest",
    ),
    "groups.put": (
        "put {a} of the same {g} {w} and {x} respectively", "put {a} {w} and {x}, one {g} each", "sort {a} by {g}: one {g} {w}, the other {x}",
        "separate {a} by {g}, one {g} {w} and the other {g} {x}", "place one {g} of {a} {w} and the other {g} {x}",
        "sort {a} by {g} {w} and {x}", "divide {a} by {g}: {w} and {x}", "put {a} {w} and {x}, separated by {g}",
        "move {a} {w} and {x}, each {g} to a place of its own", "split {a} by {g}, the one half {w}, the other {x}",
        "put {a} of one {g} {w}, those of the other {g} {x}",
    ),
    "groups.pile": (
        "stack {a} of the same {g} {w} and {x} respectively", "stack {a} {w} and {x}, one {g} each", "stack {a} by {g}: one {g} {w}, the other {x}",
        "pile up {a} by {g} {w} and {x}", "make two stacks of {a} {w} and {x}, one {g} each", "pile {a} {w} and {x}, separated by {g}",
        "stack one {g} of {a} {w} and the other {g} {x}", "sort {a} by {g} into a stack {w} and a stack {x}",
        "build two piles, {w} and {x}, of {a}, one {g} each", "stack {a} of one {g} {w}, those of the other {g} {x}",
        "separate {a} by {g} and stack one {g} {w}, the other {x}",
    ),
    "leave": (
        "leave {ones} alone and {do}", "leave {ones} where {they} and {do}", "{do}, but leave {ones} alone", "don't touch {ones}, {do}",
        "{do} but leave {ones} out", "without touching {ones}, {do}", "{do} and let {ones} stay",
    ),
    "lead": (
        "please {do}", "please {do}", "could you {do}?", "can you {do}?", "I want you to {do}", "I would like you to {do}", "robot, {do}",
        "now {do}", "hey, {do}", "ok, {do}", "would you {do}?", "your task is to {do}", "let's {do}", "could you please {do}?", "you should {do}",
        "just {do}", "I'd like you to {do}", "hi, please {do}", "can you please {do}", "I need you to {do}", "try to {do}",
    ),
    "tail": (".", ".", ".", "!", " please", ", please", ", thanks", ", thank you", ". Thanks!", " now"),
    "join": (
        "{do}. Then {then}", "{do}, then {then}", "{do} and then {then}", "first {do}, then {then}", "{do}. {Then}", "{do} and {then}",
        "{do}, and after that {then}", "{do}; {then}", "{do}, after that {then}", "before you {then}, {do}", "{do}. After that, {then}",
        "first {do}. Then {then}", "{do}. Also {then}", "{do}, and {then}", "{do}. When that is done, {then}", "{do}, next {then}",
        "1. {do} 2. {then}", "{do}, afterwards {then}", "{do}, {then}",
    ),
    "gap": ("{first} and {a} {w}", "{first}, {a} {w}", "{first}, then {a} {w}", "{first}, and {a} {w}", "{first} and then {a} {w}"),
}  # fmt: skip


NOUNS = joined(NOUNS, hasty_phrases.NOUNS, careful_phrases.NOUNS, everyday_phrases.NOUNS)
PLACES = joined(PLACES, hasty_phrases.PLACES, careful_phrases.PLACES, everyday_phrases.PLACES)
AREAS = joined(AREAS, hasty_phrases.AREAS, careful_phrases.AREAS, everyday_phrases.AREAS)
SENTENCES = joined(SENTENCES, hasty_phrases.SENTENCES, careful_phrases.SENTENCES, everyday_sentences.SENTENCES)

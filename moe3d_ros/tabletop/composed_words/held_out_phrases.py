"""Phrases of composed tasks that training never uses, for the constructs and with the slots of trained_phrases."""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words import side_phrases
from moe3d_ros.tabletop.composed_words.trained_phrases import Phrases

NOUNS: Phrases = {
    "all": ("whatever {N} there are", "any and all {N}", "as many {N} as there are", "the {N}, down to the last one,"),
    "each": ("each and every {n}", "every single {n}", "every last one of the {N}", "each single {n}"),
    "everything": ("anything there is",),
    "lone": ("that one {n}", "the sole {n}", "this {n}"),
    "others": ("all remaining {N}", "the remaining {N}", "any further {N}"),
    "rest": ("all that remains", "the remainder", "what is left over"),
    "count": ("a total of {number} {N}", "{number} {N} of your choice", "whichever {number} {N} you like"),
    "one": ("some {n} or other", "a solitary {n}", "whichever {n} you like"),
    "rank": (
        "the {n} that comes {th} as seen from the {side}", "the {n} in {th} position from the {side}",
        "the {th} {n} if one counts from the {side}",
    ),
    "rank_of": ("the one in {th} position from the {side} within the {N}", "as counted from the {side}, number {number} of the {N}"),
    "rank_side.left": ("left-hand end",),
    "rank_side.right": ("right-hand end",),
    "rank_side.near": ("robot's end",),
    "rank_side.far": ("rear end",),
    "first.left": ("the {n} at the very left", "the {n} with nothing to its left"),
    "first.right": ("the {n} at the very right", "the {n} with nothing to its right"),
    "first.near": ("the {n} within easiest reach of the robot", "the {n} at the very front"),
    "first.far": ("the {n} most distant from the robot", "the {n} at the very back"),
    "colors.and": ("{c} as well as {d}", "{c} plus {d}"),
    "color.relative": ("{come} in {c}", "{are} {c} in color"),
    "size.relative": ("{are} of the {s} kind", "{are} of {s} size"),
    "parity.bare": ("with an {parity}ly numbered color", "whose color is there an {parity} number of times", "sharing their color with an {parity} total"),
    "parity.relative": ("{have} an {parity} tally for their color", "{show} a color counted an {parity} number of times"),
    "frequency.bare": ("of the color seen {mostly}", "in the {most} usual color", "whose color is {most} widespread"),
    "frequency.relative": ("{show} the color seen {mostly}", "{come} in the {most} usual color"),
    "area.bare": ("over at the {r}", "located at the {r}"),
    "area.relative": ("{show} up at the {r}", "{are} to be found at the {r}"),
    "excluded_area.bare": ("elsewhere than at the {r}", "away from the {r}"),
    "excluded_area.relative": ("{are} to be found elsewhere than at the {r}", "{are} nowhere near the {r}"),
    "excluded_area.suffix": ("barring those at the {r}", "minus whatever is at the {r}"),
    "excluded.relative": ("{are} anything but {x}", "{show} no {x}"),
    "excluded_size.relative": ("{are} anything but {x}", "{show} no {x} size"),
    "excluded.neither": ("{are} anything but {c} or {d}", "{show} no {c} and no {d}"),
    "excluded.suffix": ("barring {ones}", "minus {ones}", "leaving out {ones}", "not counting {ones}"),
    "excluded.ones": ("whatever is {x}", "anything {x}"),
    "excluded.lone": ("that {x} one", "the single {x} block"),
    "rest.in.bare": ("contained in {o}", "held by {o}"),
    "rest.in.relative": ("{are} contained in {o}", "{are} held by {o}"),
    "rest.on.bare": ("resting on {o}", "sitting atop {o}"),
    "rest.on.relative": ("{are} resting on {o}", "{are} sitting atop {o}"),
    "rest.under.bare": ("hidden underneath {o}", "buried by {o}"),
    "rest.under.relative": ("{are} hidden underneath {o}", "{are} buried by {o}"),
    "side.left": ("on the left-hand side of {o}", "further left than {o}"),
    "side.right": ("on the right-hand side of {o}", "further right than {o}"),
    "side.near": ("on this side of {o}", "between the robot and {o}"),
    "side.far": ("beyond {o}", "on the other side of {o}"),
    "reference": ("the {k} that is {c}", "the {c}-colored {k}"),
    "reference.every": ("whichever {ks} there are", "the {ks}, one and all"),
    "reference.any": ("whichever {k}", "some {k} or other"),
}  # fmt: skip

PLACES: Phrases = {
    "in.move": ("down into", "within"),
    "in.be": ("within", "down in"),
    "in.to": ("over into", "down into"),
    "on.move": ("upon", "atop"),
    "on.be": ("upon", "atop"),
    "on.to": ("over onto", "upon"),
    "over.move": ("upon", "atop"),
    "over.be": ("upon", "atop"),
    "over.to": ("over onto", "upon"),
    "area.move": ("somewhere in", "over in"),
    "area.be": ("somewhere in", "over in"),
    "area.to": ("across to", "somewhere in"),
    "named": ("the {s}{k} that is {c}", "the {s}{c}-colored {k}", "the {s}{k} in {c}"),
    "own.one": (
        "whichever {k} shares {its} color", "the like-colored {k}", "the {k} whose color is {its} own", "the {k} that looks alike",
    ),
    "own.many": ("whichever {ks} share their color", "the like-colored {ks}", "their own color's {ks}"),
    "other.one": (
        "any {k} whose color is not {its} own", "some {k} that differs in color", "a {k} colored unlike {it}", "an ill-matched {k}",
    ),
    "other.many": ("any {ks} whose color is not theirs", "{ks} that differ in color", "ill-matched {ks}"),
    "any.one": ("whichever {k} you like", "a {k} of your choice"),
    "any.many": ("whichever {ks} you like", "{ks} of your choice"),
    "each_place": ("every single {k}", "each and every {k}"),
    "table": ("somewhere on the bare table top",),
}  # fmt: skip

PLACES |= side_phrases.HELD_OUT

AREAS: Phrases = {
    "left side": ("left-hand side", "left-hand part of the table"),
    "right side": ("right-hand side", "right-hand part of the table"),
    "far side": ("rear of the table", "far edge of the table"),
    "near side": ("near edge of the table", "nearest part of the table"),
    "middle": ("very middle of the table", "very center"),
    "top left area": ("upper left area", "rear left corner"),
    "top right area": ("upper right area", "rear right corner"),
    "bottom left area": ("lower left area", "lower left corner"),
    "bottom right area": ("lower right area", "lower right corner"),
}

SENTENCES: Phrases = {
    "put.do": (
        "transfer {a} {to}", "deposit {a} {w}", "relocate {a} {to}", "carry {a} {to}", "shift {a} {to}", "load {a} {w}",
        "see to it that {a} {end} up {v}", "make sure that {a} {end} up {v}", "let {a} find a home {v}",
    ),
    "put.front": ("let {w} be the place for {a}", "{w} goes the following: {a}"),
    "put.many": ("distribute {a} {w}", "round up {a} {v}"),
    "put.say": (
        "{a} {belong} {v}", "{a} ought to be {v}", "I wish {a} were {v}", "{a} shall be {v}", "the right place for {a} is {v}",
        "I expect {a} {v}", "{a} had better be {v}",
    ),
    "arrow": ("{b} >> {t}", "{b} ==> {t}", "from {b} to {t}"),
    "each.do": ("supply {g} with {a}", "equip {g} with {a}"),
    "each.say": ("{g} wants {a}", "{g} deserves {a}"),
    "table.do": ("return {a} to the bare table top", "deposit {a} where the table is free", "unload {a} onto the table top",
                 "restore {a} to the table top"),
    "table.say": ("{a} {belong} on the bare table top", "{a} ought to lie on the bare table top", "the table top is the place for {a}"),
    "off.do": ("fetch {a} {off}", "withdraw {a} from {o}", "extract {a} from {o}", "rid {o} of {a}"),
    "off.say": ("{a} ought to be gone from {o}", "I expect {a} gone from {o}"),
    "clear.do": ("tidy up {o}", "vacate {o}"),
    "clear.say": ("I need {o} without blocks", "see to it that nothing stays {rest} {o}"),
    "pile.do": (
        "heap {a} {w}", "heap {a} one above the other {w}", "layer {a} {w}", "see to it that {a} {end} up stacked {w}",
    ),
    "one_pile.do": (
        "build a tower of {a} {w}", "erect a tower from {a} {w}", "assemble {a} into a column {w}", "make sure that {a} {end} up in one pile {w}",
    ),
    "pile.front": ("{w} there ought to be a tower of {a}", "{w}, heap {a}"),
    "pile.say": ("{a} ought to be stacked {w}", "{a} shall tower one above the other {w}"),
    "by_size": (", the little ones uppermost", ", tapering towards the top", ", never a big one above a small one", ", the hefty ones lowermost"),
    "own_pile": (
        ", colors kept apart and the little ones uppermost", ", one color per pile, tapering towards the top", ", each small one upon its bigger twin",
    ),
    "by_list": (
        ", namely {list} going upwards", ", read upwards: {list}", ", the lowest being {c}, followed by {later}",
        ", upwards {list}",
    ),
    "turns_one": (", colors changing at every level and {c} lowermost", ", no two like colors touching, the base being {c}",
                  ", a change of color at each level from {c} upwards"),
    "turns_two": (", {c} and {d} interleaved upwards from {c}", ", every other one {c}, the rest {d}, the base being {c}",
                  ", {d} upon {c} upon {d} and so forth, the base being {c}"),
    "groups.put": (
        "assign {a} to two places by {g}: {w} and {x}", "reserve per {g} a place for {a}: {w}, {x}", "tell {a} apart by {g} and bring them {w} or {x} accordingly",
        "dedicate a {g} of {a} to being {w} and its counterpart to being {x}",
    ),
    "groups.pile": (
        "heap {a} {w} and {x}, a place for each {g}", "raise per {g} a tower of {a}: {w}, {x}", "erect two towers of {a}, told apart by {g}, {w} and {x}",
        "layer {a} by {g}, some {w}, their counterparts {x}",
    ),
    "leave": ("{do}, yet spare {ones}", "keep your hands off {ones} and {do}", "{do} while ignoring {ones}"),
    "lead": (
        "go ahead and {do}", "I'd appreciate it if you could {do}", "may I ask you to {do}", "it would help me if you could {do}",
        "your job is to {do}", "I was hoping you would {do}", "mind if I ask you to {do}?",
    ),
    "tail": (", cheers", ", if you please", ", many thanks", "..."),
    "join": (
        "{do}. Subsequently {then}", "{do}; thereafter {then}", "{do}, whereupon {then}", "to begin with, {do}; to finish, {then}",
        "step one: {do}. Step two: {then}", "{do}, with that done {then}", "prior to anything else {do}, followed by this: {then}",
    ),
    "gap": ("{first}, plus {a} {w}", "{first} as well as {a} {w}"),
}  # fmt: skip

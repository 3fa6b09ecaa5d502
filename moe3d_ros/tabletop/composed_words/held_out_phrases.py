"""Phrases of composed tasks that training never uses, for the constructs and with the slots of trained_phrases."""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words import side_phrases
from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases

NOUNS: Phrases = {
    "all": ("all available {N}", "the complete set of {N}", "all {N} that you can find", "the {N}, every one of them,"),
    "each": ("each individual {n}", "every available {n}", "each {n} that you can find", "every {n} in sight"),
    "everything": ("anything that you can find", "every last thing"),
    "lone": ("the single {n}", "the lone {n}", "the one and only {n}"),
    "others": ("any other {N}", "the {N} left over", "the {N} still remaining"),
    "rest": ("anything else", "the remaining ones", "whatever else there is"),
    "count": ("precisely {number} {N}", "{number} arbitrary {N}", "a selection of {number} {N}"),
    "one": ("precisely one {n}", "an arbitrary {n}", "one {n} of your choosing"),
    "rank": (
        "the {th} {n} starting at the {side}", "the {n} that ranks {th} from the {side}", "the {n} that you reach {th} from the {side}",
    ),
    "rank_of": ("the {th}, starting at the {side}, of the {N}", "the one that ranks {th} from the {side} out of the {N}"),
    "rank_side.left": ("left edge",),
    "rank_side.right": ("right edge",),
    "rank_side.near": ("front edge",),
    "rank_side.far": ("back edge",),
    "first.left": ("the {n} farthest to the left", "the outermost {n} on the left"),
    "first.right": ("the {n} farthest to the right", "the outermost {n} on the right"),
    "first.near": ("the frontmost {n}", "the {n} at the shortest distance from you"),
    "first.far": ("the rearmost {n}", "the {n} at the greatest distance from you"),
    "colors.and": ("{c} along with {d}", "{c} + {d}"),
    "color.relative": ("{are} painted {c}", "{are} {c} all over"),
    "size.relative": ("{are} {s} in size", "{are} among the {s} ones"),
    "parity.bare": (
        "whose color is shared by an {parity} number of blocks", "belonging to a color group of {parity} size",
        "whose color adds up to an {parity} count",
    ),
    "parity.relative": ("{belong} to a color with an {parity} total", "{are} in a color group of {parity} size"),
    "frequency.bare": ("of the {most} numerous color", "in the {most} prevalent color", "whose color turns up {mostly}"),
    "frequency.relative": ("{have} the {most} prevalent color", "{are} of the color that turns up {mostly}"),
    "area.bare": ("situated in the {r}", "within the {r}"),
    "area.relative": ("{are} situated in the {r}", "{are} located within the {r}"),
    "excluded_area.bare": ("anywhere but in the {r}", "in places other than the {r}"),
    "excluded_area.relative": ("{lie} anywhere but in the {r}", "{are} somewhere other than in the {r}"),
    "excluded_area.suffix": ("excluding any in the {r}", "with the exception of those in the {r}"),
    "excluded.relative": ("{are} of a color other than {x}", "{are} of any color except {x}"),
    "excluded_size.relative": ("{are} of a size other than {x}", "{are} of any size except {x}"),
    "excluded.neither": ("{are} of a color other than {c} or {d}", "{are} of any color except {c} and {d}"),
    "excluded.suffix": ("but for {ones}", "ignoring {ones}", "though not {ones}", "but skip {ones}"),
    "excluded.ones": ("any that are {x}", "the ones that are {x}"),
    "excluded.lone": ("the one that is {x}", "the only {x} block"),
    "rest.in.bare": ("sitting in {o}", "within {o}"),
    "rest.in.relative": ("{are} sitting in {o}", "{are} within {o}"),
    "rest.on.bare": ("sitting on {o}", "perched on {o}"),
    "rest.on.relative": ("{are} sitting on {o}", "{are} perched on {o}"),
    "rest.under.bare": ("stuck under {o}", "with {o} on top"),
    "rest.under.relative": ("{are} stuck under {o}", "{have} {o} on top"),
    "side.left": ("more to the left than {o}", "situated left of {o}"),
    "side.right": ("more to the right than {o}", "situated right of {o}"),
    "side.near": ("more to the front than {o}", "situated in front of {o}"),
    "side.far": ("more to the back than {o}", "situated behind {o}"),
    "reference": ("the {k} whose color is {c}", "the {k} painted {c}"),
    "reference.every": ("all available {ks}", "every {k} in sight"),
    "reference.any": ("any {k} there is", "any available {k}"),
}  # fmt: skip

PLACES: Phrases = {
    "in.move": ("straight into", "down inside"),
    "in.be": ("safely inside", "down inside"),
    "in.to": ("straight into", "across into"),
    "on.move": ("straight onto", "flat on"),
    "on.be": ("flat on", "squarely on"),
    "on.to": ("straight onto", "across onto"),
    "over.move": ("straight onto", "squarely on"),
    "over.be": ("squarely on", "up on"),
    "over.to": ("straight onto", "up onto"),
    "area.move": ("anywhere in", "within"),
    "area.be": ("anywhere in", "within"),
    "area.to": ("over into", "into any part of"),
    "named": ("the {s}{k} whose color is {c}", "the {s}{k} painted {c}", "the {s}{k} with the color {c}"),
    "own.one": (
        "the {k} whose color is the same", "the color-matched {k}", "the {k} colored just like {it}", "the {k} equal in color",
        "the {k} that bears {its} color",
    ),
    "own.many": (
        "the color-matched {ks}", "the {ks} colored just like them", "the {ks} that bear their color", "the {ks} with colors equal to theirs",
    ),
    "other.one": (
        "a {k} whose color is different", "a {k} colored differently from {it}", "a {k} of a color other than {its} own",
        "a {k} that clashes with {its} color", "a {k} that differs from {it} in color",
    ),
    "other.many": (
        "{ks} whose color is different", "{ks} unlike them in color", "{ks} of a color other than theirs", "{ks} that clash with their color",
    ),
    "any.one": ("an arbitrary {k}", "any {k} you please", "any available {k}"),
    "any.many": ("arbitrary {ks}", "any {ks} you please", "any of the available {ks}"),
    "each_place": ("each individual {k}", "every last {k}"),
    "table": ("on the tabletop", "on an empty part of the table"),
}  # fmt: skip

PLACES |= side_phrases.HELD_OUT

AREAS: Phrases = {
    "left side": ("left portion of the table", "left-hand half"),
    "right side": ("right portion of the table", "right-hand half"),
    "far side": ("far portion of the table", "rear half of the table"),
    "near side": ("near portion of the table", "front part of the table"),
    "middle": ("central portion of the table", "middle section"),
    "top left area": ("top left quarter of the table", "rear left part of the table"),
    "top right area": ("top right quarter of the table", "rear right part of the table"),
    "bottom left area": ("bottom left quarter of the table", "front left part of the table"),
    "bottom right area": ("bottom right quarter of the table", "front right part of the table"),
}

SENTENCES: Phrases = {
    "put.do": (
        "convey {a} {to}", "ferry {a} {to}", "guide {a} {to}", "settle {a} {w}", "tuck {a} {w}", "situate {a} {w}", "lift {a} and lower {it} {w}",
        "locate {a} and drop {it} {w}", "have {a} wind up {v}", "bring it about that {a} {are} {v}",
    ),
    "put.front": ("{w}, I would like {a}", "{w} is where you should put {a}"),
    "put.many": ("herd {a} {to}", "accumulate {a} {v}"),
    "put.say": (
        "I would prefer {a} {v}", "I would like to see {a} {v}", "the plan is for {a} to be {v}", "my aim is to have {a} {v}",
        "ideally I would find {a} {v}", "{a} could do with being {v}", "{v} is the spot for {a}", "I am hoping for {a} {v}",
    ),
    "arrow": ("{b} --> {t}", "{b} -- {t}", "{t} <- {b}"),
    "each.do": ("furnish {g} with {a}", "assign {a} to {g}"),
    "each.say": ("{g} should receive {a}", "{g} ought to have {a}"),
    "table.do": ("lower {a} onto the tabletop", "find room for {a} on the table", "move {a} to an empty part of the table",
                 "have {a} stand on the tabletop again"),
    "table.say": ("I would prefer {a} on the tabletop", "{a} should end up on an empty part of the table",
                  "an empty part of the table will do for {a}"),
    "off.do": ("retrieve {a} from {o}", "collect {a} from {o}", "slide {a} {off}", "relieve {o} of {a}"),
    "off.say": ("I would prefer {a} {off}", "it is time for {a} to come {off}"),
    "clear.do": ("have {o} emptied", "relieve {o} of everything", "remove all that is {rest} {o}"),
    "clear.say": ("I would like {o} cleared of blocks", "{o} ought to be free of blocks"),
    "pile.do": (
        "set {a} one upon another {w}", "mount {a} on one another {w}", "get {a} stacked up {w}", "have {a} sit one on another {w}",
    ),
    "one_pile.do": (
        "combine {a} into a stack {w}", "pile {a} into a single tower {w}", "let {a} form a column {w}", "get a tower built from {a} {w}",
    ),
    "pile.front": ("{w}, make a stack of {a}", "{w} I would like a tower of {a}"),
    "pile.say": ("I would prefer {a} stacked {w}", "{a} {are} to form a tower {w}"),
    "by_size": (
        ", the larger ones underneath", ", in order of decreasing size", ", growing towards the bottom", " so that big ones carry small ones",
    ),
    "own_pile": (
        ", one stack per color with the larger ones underneath", ", every color by itself in order of decreasing size",
        ", little ones over large ones and the colors separate",
    ),
    "by_list": (
        ", lowest to highest: {list}", ", built from the ground up: {list}", " with {c} at the base, next {later}",
        ", reading down from the top: {down}",
    ),
    "turns_one": (", each block a different color from the one below it, the first being {c}", ", color by color in rotation, {c} to begin with",
                  " with the colors interchanging upwards, {c} as the base"),
    "turns_two": (", {c} and {d} in rotation, {c} as the base", ", every {c} one followed by a {d} one, {c} to begin with",
                  ", going up {c}, {d}, {c}, {d} all the way"),
    "groups.put": (
        "partition {a} by {g}: one part {w}, one part {x}", "make two groups by {g} from {a}, one {w}, the other {x}",
        "classify {a} by {g} and put one class {w}, the other {x}", "put {a} {w} and {x} so that either place has a {g} of its own",
    ),
    "groups.pile": (
        "partition {a} by {g} and stack one part {w}, one part {x}", "make two towers by {g} from {a}, one {w}, the other {x}",
        "build a tower per {g} from {a}: {w} and {x}", "classify {a} by {g}, then stack one class {w} and the other {x}",
    ),
    "leave": (
        "leave {ones} untouched and {do}", "{do}; {ones} should stay put", "{do}, but keep away from {ones}", "{do} and leave {ones} in peace",
    ),
    "lead": (
        "would it be possible for you to {do}?", "I would be grateful if you could {do}", "do you think you could {do}?", "maybe you could {do}?",
        "what I'd like is for you to {do}", "be good enough to {do}", "your assignment is to {do}", "how about you {do}?",
        "the next thing on the list: {do}",
    ),
    "tail": (", much appreciated", ", would you?", " as soon as you can", ", if you would", ", my friend"),
    "join": (
        "{do}. Following that, {then}", "{do}. Having done that, {then}", "{do}. As a second step, {then}", "{do}. In addition, {then}",
        "{do}, and as the next thing {then}", "part one: {do}. Part two: {then}", "start off like this: {do}. Go on like this: {then}",
    ),
    "gap": ("{first}, followed by {a} {w}", "{first}, and likewise {a} {w}"),
}  # fmt: skip

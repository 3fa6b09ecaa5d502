"""Further phrases that training may use, by the constructs and with the slots of trained_phrases: as people type in a hurry."""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases

NOUNS: Phrases = {
    "all": ("all of those {N}", "these {N}", "your {N}", "my {N}", "every {n} there is", "the whole lot of {N}", "all {N} you see", "all the {N} here"),
    "each": ("any {n}", "every {n} you see", "each {n} there is", "one {n} after the other"),
    "everything": ("everything", "everything you see", "everything here", "the lot", "all of it", "all of them", "them all", "all"),
    "lone": ("the {n} there", "that {n}", "the {n} over there", "the {n} you see"),
    "others": ("the {N} that are left", "all those other {N}", "every other one of the {N}"),
    "rest": ("everything that is left", "the others", "all others", "all other things", "whatever is left", "those that are left"),
    "count": ("just {number} {N}", "only {number} of the {N}", "{number} of those {N}", "{number} out of the {N}", "no more than {number} {N}"),
    "one": ("a single {n}", "any {n}", "only one {n}", "one of those {N}", "one out of the {N}"),
    "rank": ("number {number} of the {N} from the {side}", "from the {side}, the {th} {n}", "the {th} {n} if you start from the {side}"),
    "colors.and": ("{c} & {d}", "{c} and all {d}"),
    "color.relative": ("{are} colored {c}", "{are} plain {c}"),
    "size.relative": ("{are} rather {s}", "{are} quite {s}"),
    "parity.bare": (
        "with an {parity} count", "of each color that has an {parity} number", "of colors that there are an {parity} number of",
        "that share their color with others so that they are {parity} in number",
    ),
    "parity.relative": ("{are} {parity} in number by color", "{come} in an {parity} count"),
    "frequency.bare": ("of the color with {many}", "in the {most} common color", "of whichever color there is {mostly}"),
    "frequency.relative": ("{have} the color that occurs {mostly}", "{have} the color with the {many} blocks"),
    "area.bare": ("in that {r}", "at the {r}", "from the {r}", "over on the {r}"),
    "area.relative": ("{are} at the {r}", "{are} over on the {r}", "you find in the {r}"),
    "excluded_area.bare": ("that are outside the {r}", "which are not in the {r}"),
    "excluded_area.suffix": ("but leave those in the {r}", "except what is in the {r}", "other than those in the {r}"),
    "excluded.relative": ("{have} another color than {x}", "{have} any color but {x}"),
    "excluded.suffix": (
        "without {ones}", "but without {ones}", "just not {ones}", "only not {ones}", "but leave {ones}",
    ),
    "excluded.ones": ("those that are {x}",),
    "rest.in.bare": ("that are in {o}", "lying in {o}", "from {o}"),
    "rest.on.bare": ("that are on {o}", "lying on {o}", "from {o}"),
    "rest.under.bare": ("that are under {o}", "covered by {o}"),
    "side.left": ("at the left of {o}", "on the left side of {o}"),
    "side.right": ("at the right of {o}", "on the right side of {o}"),
    "side.near": ("before {o}", "closer to you than {o}", "nearer to the robot than {o}"),
    "side.far": ("in back of {o}", "further away than {o}", "farther from the robot than {o}"),
    "reference": ("that {c} {k}", "the {c} {k} there"),
    "reference.every": ("these {ks}", "each {k}", "every {k}"),
    "reference.any": ("that {k}", "whatever {k}"),
}  # fmt: skip

PLACES: Phrases = {
    "in.move": ("right into", "inside of"),
    "in.be": ("inside of",),
    "in.to": ("in", "right into"),
    "on.move": ("right on", "down on", "on top of"),
    "on.be": ("on top of", "right on"),
    "on.to": ("on", "right onto"),
    "over.move": ("right on", "down on"),
    "over.to": ("on",),
    "area.move": ("to", "at", "over on"),
    "area.be": ("at", "over on"),
    "area.to": ("towards", "into"),
    "named": ("that {s}{c} {k}", "the {s}{c} {k} there", "the {s}{c} {k}", "my {s}{c} {k}"),
    "own.one": (
        "the {k} in {its} color", "a {k} of the same color", "the same colored {k}", "the {k} that has {its} color", "the {k} which has the same color",
        "{its} own {k}", "the {k} that goes with {it}", "a matching {k}", "the {k} with {its} color", "the correct {k}", "the {k} that fits {its} color",
    ),
    "own.many": (
        "the {ks} in their color", "the same colored {ks}", "{ks} of the same color", "the correct {ks}", "the {ks} that have their color",
        "the {ks} that go with them", "matching {ks}", "the {ks} that fit their color",
    ),
    "other.one": (
        "a {k} in another color", "a {k} that has another color", "a wrong {k}", "a differently colored {k}", "some {k} of another color",
        "a {k} that is not the same color", "a not matching {k}", "a {k} that does not match", "any {k} except the matching one",
    ),
    "other.many": (
        "{ks} in another color", "{ks} that have another color", "differently colored {ks}", "{ks} of any color but their own",
        "not matching {ks}", "{ks} that are not the same color", "wrongly colored {ks}",
    ),
    "any.one": ("whatever {k}", "a random {k}", "any {k} at all", "any old {k}", "any free {k}"),
    "any.many": ("whatever {ks}", "random {ks}", "any {ks} at all", "these {ks}"),
    "each_place": ("all of the {ks}", "every {k} there is"),
    "table": ("on the bare table", "down on the table", "on the table itself", "onto the table", "anywhere on the table"),
}  # fmt: skip

AREAS: Phrases = {
    "left side": ("left hand side", "side to the left", "left one of the two halves"),
    "right side": ("right hand side", "side to the right", "right one of the two halves"),
    "far side": ("back side of the table", "back half", "rear part of the table", "back end of the table"),
    "near side": ("front side of the table", "front half", "side nearest to you", "side near the robot"),
    "middle": ("middle of the table", "center of the table", "central area"),
    "top left area": ("upper left", "far left", "back left", "upper left corner"),
    "top right area": ("upper right", "far right corner", "back right", "upper right corner"),
    "bottom left area": ("lower left", "near left corner", "front left", "lower left part of the table"),
    "bottom right area": ("lower right", "near right corner", "front right", "lower right part of the table"),
}

SENTENCES: Phrases = {
    "put.do": (
        "stow {a} {w}", "pop {a} {w}", "slide {a} {to}", "push {a} {to}", "toss {a} {w}", "send {a} {to}", "go and put {a} {w}", "sort {a} {w}",
        "carefully put {a} {w}", "pick up {a}, then drop {it} {w}", "hand {a} over {to}", "take {a} and put {it} {w}", "use the gripper to put {a} {w}",
        "put down {a} {w}", "make {a} go {w}", "leave {a} {v}", "store {a} {v}", "have {a} {v}", "help me put {a} {w}", "find {a} and put {it} {w}",
    ),
    "put.front": ("{w} please put {a}", "{w}: {a}", "{w} you should put {a}"),
    "put.many": ("clear {a} away {w}", "tidy {a} up {w}", "bring together {a} {v}", "clean up {a} {w}", "stuff {a} {w}"),
    "put.say": (
        "i want {a} {v}", "i need {a} {v}", "it would be nice to have {a} {v}", "{a} please {w}", "{a} to be put {w}", "{a} into place: {w}", "{a} ... {w}",
        "{a} must be {v}", "what I need is {a} {v}", "the goal is {a} {v}", "goal: {a} {v}", "task: put {a} {w}", "next up: {a} {w}", "get {a} to be {v}",
        "I'd love to see {a} {v}", "{a} has to be {v}", "we need {a} {v}", "{a} can go {w}", "{a} in {its} place, that is {w}",
    ),
    "arrow": ("{b} into {t}", "{b} -> the {t}", "{b} goes to {t}", "{b} | {t}"),
    "each.do": ("put {a} to {g}", "hand {g} {a}", "drop {a} for {g}"),
    "each.say": ("{g} has to have {a}", "for {g} {a}", "{g} with {a}"),
    "table.do": (
        "put {a} next to the rest on the table", "free {a} and put {it} on the table", "lay {a} down", "put {a} down", "set {a} on the table",
        "drop {a} on the table", "move {a} onto the table", "return {a} to the table", "take {a} away from there and put {it} on the table",
    ),
    "table.say": ("{a} must be on the table", "{a} down on the table", "i want {a} on the table", "{a} should lie on the table"),
    "off.do": ("pull {a} {off}", "bring {a} {off}", "please take {a} {off}", "take {a} away from {o}", "pick {a} up from {o}", "grab {a} from {o}"),
    "off.say": ("{a} must not be {rest} {o}", "{a} has to come {off}", "get rid of {a} {rest} {o}", "I want {a} away from {o}"),
    "clear.do": (
        "clear {o} off", "clean {o}", "make {o} empty", "free {o}", "clear out {o}", "get {o} empty", "unload {o}", "take all things {off}",
        "clean out {o}",
    ),
    "clear.say": ("{o} must be empty", "{o} needs to be free", "i need {o} to be clear", "there should be nothing {rest} {o}"),
    "pile.do": (
        "stack {a} together {w}", "put {a} one over the other {w}", "stack {a} up {w}", "make one stack with {a} {w}", "put {a} into a pile {w}",
        "build up {a} {w}", "stack {a} as a tower {w}", "place {a} over each other {w}",
    ),
    "one_pile.do": (
        "make a tower with {a} {w}", "make a tower from {a} {w}", "build a tower using {a} {w}", "I want a tower of {a} {w}", "a stack of {a} {w}",
        "a tower made of {a} {w}", "turn {a} into a tower {w}", "build a pile of {a} {w}", "one stack of {a} {w}", "construct a tower of {a} {w}",
    ),
    "pile.front": ("{w} build a stack of {a}", "{w} put {a} on top of each other"),
    "pile.say": ("i want {a} stacked {w}", "{a} in a pile {w}", "{a} on top of each other {w}", "{a} must be stacked {w}", "{a} as a tower {w}"),
    "by_size": (
        ", smallest on top", ", biggest at the bottom", ", large below small", ", big to small", " sorted by size", " ordered by size, big below",
        ", bigger ones below", ", from the biggest up to the smallest",
    ),
    "own_pile": (
        ", small ones on top of big ones of the same color", ", per color, big below small", ", each color separately, big ones first",
        ", sorted by size and one stack per color", ", for each color from big to small",
    ),
    "by_list": (
        ", {then}, in that order", " in order: {list}", ", bottom to top {list}", ", the order is {list} from below", ", begin with {c}, then {later}",
    ),
    "turns_one": (
        ", colors alternating, {c} lowest", ", swapping colors each time, {c} first", ", every second one of the other color, begin with {c}",
        " one color then the other, starting with {c}", ", never the same color twice in a row, {c} first", ", the colors alternate and {c} is the first",
        ", alternate between the two colors, start with {c}",
    ),
    "turns_two": (
        ", {c} {d} {c} {d}", ", {c} then {d} then {c}", ", alternate {c} and {d}", ", {c} at the bottom, then {d}, then {c} and so on",
        ", {c} and {d} in turns, starting with {c}",
    ),
    "groups.put": (
        "sort {a} by {g}, one {w}, the other {x}", "{a} sorted by {g}: {w} and {x}", "put {a} that have the same {g} together, {w} and {x}",
        "group {a} by {g} {w} and {x}", "put {a} with the same {g} together {w} and {x}", "put {a} of the same {g} {w} and {x}",
        "sort {a} so that each {g} has its own place: {w} and {x}", "split {a} up by {g}, {w} and {x}", "one {g} of {a} goes {w}, the other one {x}",
    ),
    "groups.pile": (
        "make a stack for each {g} of {a}, {w} and {x}", "stack {a} sorted by {g} {w} and {x}", "put {a} with the same {g} on top of each other {w} and {x}",
        "two stacks of {a}, one per {g}, {w} and {x}", "pile {a} of the same {g} together {w} and {x}", "stack {a} that have the same {g} {w} and {x}",
        "group {a} by {g} into stacks {w} and {x}", "put {a} of one {g} in a pile {w} and those of the other in a pile {x}",
        "one stack per {g} of {a}: {w} and {x}",
    ),
    "leave": (
        "{do}, leave {ones} alone", "{do}, not {ones} though", "{do} but don't move {ones}", "{do}, {ones} stay", "{ones} stay where {they}, {do}",
        "do not move {ones} and {do}", "ignore {ones} and {do}", "leave {ones}, {do}",
    ),
    "lead": (
        "pls {do}", "plz {do}", "hello, {do}", "hey robot, {do}", "next, {do}", "then {do}", "alright, {do}", "so {do}", "first off, {do}", "well, {do}",
        "i want you to {do}", "we want you to {do}", "go {do}", "quickly {do}", "carefully {do}", "would you kindly {do}", "do me a favor and {do}",
        "Yo, {do}", "your next task: {do}", "time to {do}", "be so kind and {do}", "I ask you to {do}", "can u {do}",
    ),
    "tail": (" pls", " thx", "!!", " now!", ", will you?", " for me", ", ok?", " right now", ", robot"),
    "join": (
        "{do} + {then}", "{do} & then {then}", "{do}, then also {then}", "{do}. Now {then}", "{do}; then {then}", "start with this: {do}. Then {then}",
        "{do} and finally {then}", "{do}. Finally, {then}", "{do} and also {then}", "both: {do} and {then}", "1) {do} 2) {then}",
        "{do} first, then {then}", "{do}. Next, {then}",
    ),
    "gap": ("{first} & {a} {w}", "{first}; {a} {w}", "{first}, also {a} {w}", "{first} and finally {a} {w}", "{first} and also {a} {w}"),
}  # fmt: skip

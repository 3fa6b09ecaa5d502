"""Further noun phrases and places that training may use, by the constructs and with the slots of trained_phrases: in many people's voices."""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases

NOUNS: Phrases = {
    "all": (
        "each of those {N} together", "the entire set of {N}", "every one of the {N}", "the {N}, all of them,", "all these {N}",
        "all of these {N}", "our {N}", "those {N}", "the full set of {N}", "all {N} present", "all the {N} we have", "all my {N}",
        "all of your {N}", "any {N} you can find", "any {N} there may be", "all the {N} you can find", "all {N} without exception",
        "the {N} that you see", "the {N} over there",
    ),
    "each": (
        "each {n} in turn", "every {n} here", "each {n} present", "every {n} without exception", "each of those {N}", "each of these {N}",
        "every one of those {N}", "each one of these {N}", "each {n} you can find", "every {n} you can find", "each {n} individually",
        "each {n} by itself", "each {n} that you see",
    ),
    "everything": (
        "every item", "every object", "all the stuff", "all you see", "all that you see", "each and every thing", "every single thing",
        "the whole lot", "all that is here",
    ),
    "lone": (
        "that {n} there", "that {n} over there", "that single {n}", "that only {n}", "this one {n}", "this single {n}", "our {n}", "my {n}",
        "your {n}", "the {n} here", "that {n} you see", "the {n} that you see",
    ),
    "others": (
        "all {N} that are left", "those other {N}", "the other {N}, all of them,", "all further {N}", "the further {N}", "the leftover {N}",
        "all leftover {N}", "all of the remaining {N}", "whatever {N} remain", "whatever {N} are left", "the {N} that remain",
        "all {N} that remain", "every one of the other {N}", "the rest of the {N}", "all the rest of the {N}", "the additional {N}",
    ),
    "rest": (
        "all remaining ones", "all of the rest", "all of the others", "everything that remains", "whatever remains", "all that is left",
        "what remains", "what is left", "the leftover ones", "all the other ones", "every other one", "those that remain",
    ),
    "count": (
        "{number} of these {N}", "some {number} of the {N}", "{number} {N}, any of them,", "{number} of all the {N}", "only {number} {N}",
        "exactly {number} of the {N}", "just {number} of the {N}", "{number} {N}, no more,", "{number} pieces of the {N}",
        "{number} {N}, whichever you like,", "any {number} out of the {N}", "{number} of our {N}", "{number} of my {N}",
        "{number} {N} altogether", "{number} {N} in total", "{number} {N} picked at random", "{number} randomly chosen {N}",
    ),
    "one": (
        "one single {n}", "only one of the {N}", "just one of the {N}", "exactly one of the {N}", "some {n}", "one of these {N}",
        "any single {n}", "any one {n}", "a random {n}", "no more than one {n}", "a {n} of your choice", "one {n}, any one,",
        "one {n}, whichever you like,", "any one of those {N}", "any of the {N}", "a single one of the {N}", "one {n} and no more",
        "one of my {N}",
    ),
    "rank": (
        "the {th} {n} seen from the {side}", "the {th} {n} when counting from the {side}", "the {th} {n} when you count from the {side}",
        "the {th} {n} starting from the {side}", "the {th} {n} beginning at the {side}", "counting from the {side}, the {th} {n}",
        "the {n} which is {th} from the {side}", "the {n} that comes {th} from the {side}", "the {n} in the {th} place from the {side}",
        "the {n} with the {th} place from the {side}", "the {th} of the {N} from the {side}", "{n} number {number} from the {side}",
        "the {n} ranked {th} from the {side}", "the {th} {n} as you go in from the {side}",
    ),
    "rank_of": (
        "the {th} of the {N} counting from the {side}", "the {th} one of the {N} from the {side}",
        "counted from the {side}, the {th} of the {N}", "the {th} from the {side} out of all the {N}",
        "of the {N}, the {th} one from the {side}", "the one of the {N} that is {th} from the {side}",
    ),
    "rank_side.left": (
        "left end", "left-hand side", "left hand side", "left-hand edge", "leftmost end",
    ),
    "rank_side.right": (
        "right end", "right-hand side", "right hand side", "right-hand edge", "rightmost end",
    ),
    "rank_side.near": (
        "front side", "near end", "front end", "near edge", "robot's side", "end nearest to the robot",
    ),
    "rank_side.far": (
        "back side", "far end", "back end", "rear", "rear side", "far edge", "end farthest from the robot",
    ),
    "colors.and": (
        "{c} and also {d}", "{c} and also the {d}", "{c} as well as the {d}", "{c} plus the {d}", "{c} and all the {d}",
        "{c} together with the {d}",
    ),
    "color.relative": (
        "{are} of {c} color", "{are} of the color {c}", "{have} a {c} color", "{are} done in {c}", "{come} in the color {c}",
        "{are} {c} to look at", "{are} {c}-colored", "{are} simply {c}",
    ),
    "size.relative": (
        "{are} of the {s} sort", "{are} of the {s} type", "{are} of the {s} variety", "{are} of a {s} size", "{are} decidedly {s}",
        "{are} {s} ones", "{are} the {s} kind", "{are} {s} to look at", "{are} clearly {s}",
    ),
    "parity.bare": (
        "whose color comes up an {parity} number of times", "of a color with an {parity} number of blocks",
        "of any color with an {parity} number of blocks", "of every color that occurs an {parity} number of times",
        "in colors that appear an {parity} number of times", "with a color that shows up an {parity} number of times",
        "in a color with an {parity} count", "of colors whose count is {parity}", "of colors counted an {parity} number of times",
        "whose color has an {parity} count", "whose color totals an {parity} number", "of whichever color has an {parity} number of blocks",
    ),
    "parity.relative": (
        "{have} a color that appears an {parity} number of times", "{have} a color with an {parity} count",
        "{are} of a color that occurs an {parity} number of times", "{are} of a color whose count is {parity}",
        "{show} a color that appears an {parity} number of times", "{come} in a color with an {parity} number of blocks",
        "{come} in a color that turns up an {parity} number of times",
    ),
    "frequency.bare": (
        "of the color that appears {mostly}", "whose color appears {mostly}", "with the {most} common color",
        "in the {most} frequent color", "in the color seen {mostly}", "in the color with the {many} blocks", "of the {most} usual color",
        "of the {most} widespread color", "of the {most} abundant color", "whose color has the {many} blocks",
        "of whichever color occurs {mostly}",
    ),
    "frequency.relative": (
        "{have} the color that appears {mostly}", "{have} the color that turns up {mostly}", "{have} the {most} usual color",
        "{have} the {most} widespread color", "{are} of the {most} common color", "{are} of the {most} frequent color",
        "{are} of the color with the {many} blocks", "{come} in the {most} common color", "{come} in the color that is seen {mostly}",
        "{show} the {most} frequent color", "{show} the color that occurs {mostly}",
    ),
    "area.bare": (
        "lying in the {r}", "lying on the {r}", "over in the {r}", "placed in the {r}", "standing on the {r}", "found on the {r}",
        "that are in the {r}", "that are on the {r}", "which lie in the {r}", "you see on the {r}", "present in the {r}",
        "somewhere in the {r}", "positioned at the {r}",
    ),
    "area.relative": (
        "{are} located in the {r}", "{are} placed on the {r}", "{are} standing on the {r}", "{are} lying in the {r}",
        "{are} over in the {r}", "{lie} at the {r}", "{lie} over on the {r}", "{are} found in the {r}", "you see on the {r}",
        "{lie} somewhere in the {r}", "{are} positioned at the {r}",
    ),
    "excluded_area.bare": (
        "that are not in the {r}", "that are not on the {r}", "that lie outside the {r}", "which are outside the {r}",
        "lying outside of the {r}", "anywhere except in the {r}", "everywhere but in the {r}", "found outside of the {r}",
        "not lying in the {r}", "located outside the {r}", "not at the {r}",
    ),
    "excluded_area.relative": (
        "{are} outside the {r}", "{are} outside of the {r}", "{are} not at the {r}", "{lie} outside the {r}",
        "{are} located outside the {r}", "{are} anywhere except in the {r}", "{do} not lie on the {r}", "{are} not to be found in the {r}",
    ),
    "excluded_area.suffix": (
        "except those on the {r}", "except the ones on the {r}", "but not those in the {r}", "but not the ones on the {r}",
        "apart from the ones at the {r}", "other than the ones in the {r}", "excluding those in the {r}", "excluding the ones on the {r}",
        "without those in the {r}", "not counting those on the {r}", "aside from those in the {r}", "leaving out those in the {r}",
        "save for the ones in the {r}", "except for whatever lies in the {r}", "except what lies on the {r}",
    ),
    "excluded.relative": (
        "{are} anything other than {x}", "{have} a color other than {x}", "{are} of another color than {x}",
        "{are} of a color that is not {x}", "{have} any color except {x}", "{have} a color different from {x}",
        "{are} of any color but {x}", "{are} different from {x}",
    ),
    "excluded_size.relative": (
        "{are} anything other than {x}", "{are} not of {x} size", "{are} of any size but {x}", "{are} not {x} ones",
        "{are} of another size than {x}",
    ),
    "excluded.neither": (
        "{are} other than {c} or {d}", "{are} anything other than {c} or {d}", "{are} not {c} nor {d}",
        "{are} of any color but {c} and {d}", "{are} of another color than {c} or {d}", "{are} neither {c} nor {d} in color",
        "{show} neither {c} nor {d}",
    ),
    "excluded.suffix": (
        "aside from {ones}", "bar {ones}", "excepting {ones}", "omitting {ones}", "skipping {ones}", "disregarding {ones}",
        "not including {ones}", "exclusive of {ones}", "with {ones} excluded", "with {ones} left out", "with {ones} excepted",
        "{ones} excepted", "{ones} excluded", "{ones} aside", "only without {ones}", "just without {ones}", "however not {ones}",
        "yet not {ones}", "(except {ones})", "(without {ones})", "(excluding {ones})", "(apart from {ones})", "with just {ones} left out",
        "while leaving out {ones}", "except of course {ones}",
    ),
    "excluded.ones": (
        "those which are {x}", "those {x} ones", "all {x} ones", "any {x} ones", "all the {x} ones", "anything that is {x}",
        "all that are {x}", "the ones which are {x}", "whatever blocks are {x}", "those {x} blocks", "any {x} blocks",
    ),
    "excluded.lone": (
        "that {x} block", "that {x} cube", "the one {x} block", "that one {x} cube", "the {x} one there",
    ),
    "rest.in.bare": (
        "inside of {o}", "which are in {o}", "that lie in {o}", "that are inside {o}", "located in {o}", "found in {o}", "down in {o}",
        "out of {o}", "resting inside {o}", "placed in {o}",
    ),
    "rest.in.relative": (
        "{are} inside of {o}", "{lie} inside {o}", "{are} lying in {o}", "{are} located in {o}", "{are} to be found in {o}",
        "{are} resting inside {o}",
    ),
    "rest.on.bare": (
        "upon {o}", "atop {o}", "which are on {o}", "that lie on {o}", "resting upon {o}", "standing on {o}", "located on {o}",
        "supported by {o}", "piled on {o}",
    ),
    "rest.on.relative": (
        "{are} upon {o}", "{are} atop {o}", "{lie} upon {o}", "{lie} atop {o}", "{are} lying on {o}", "{are} standing on {o}",
        "{are} placed on {o}", "{are} supported by {o}",
    ),
    "rest.under.bare": (
        "underneath {o}", "which are under {o}", "that lie under {o}", "that are below {o}", "lying under {o}", "lying beneath {o}",
        "sitting under {o}", "located beneath {o}", "supporting {o}", "hidden under {o}", "found underneath {o}",
    ),
    "rest.under.relative": (
        "{are} underneath {o}", "{are} beneath {o}", "{lie} underneath {o}", "{lie} below {o}", "{are} lying under {o}",
        "{are} sitting under {o}", "{are} hidden under {o}", "{are} hidden beneath {o}", "{are} located beneath {o}",
    ),
    "side.left": (
        "to the left side of {o}", "lying left of {o}", "lying to the left of {o}", "that are left of {o}", "farther left than {o}",
        "located left of {o}", "sitting to the left of {o}", "over to the left of {o}", "placed on the left of {o}",
        "found to the left of {o}",
    ),
    "side.right": (
        "to the right side of {o}", "lying right of {o}", "lying to the right of {o}", "that are right of {o}", "farther right than {o}",
        "located right of {o}", "sitting to the right of {o}", "over to the right of {o}", "placed on the right of {o}",
        "found to the right of {o}",
    ),
    "side.near": (
        "standing in front of {o}", "lying in front of {o}", "that are in front of {o}", "located in front of {o}",
        "closer to the robot than {o}", "closer to me than {o}", "on the near side of {o}", "on the front side of {o}",
        "on the robot's side of {o}", "nearer than {o}", "placed in front of {o}", "found in front of {o}",
    ),
    "side.far": (
        "lying behind {o}", "that are behind {o}", "located behind {o}", "sitting behind {o}", "placed behind {o}", "found behind {o}",
        "on the far side of {o}", "to the rear of {o}", "farther from you than {o}", "further from the robot than {o}",
        "more distant than {o}", "at the back of {o}", "farther back than {o}",
    ),
    "reference": (
        "the {k} colored {c}", "the {k} of {c} color", "that {k} in {c}", "the {k} which is {c}", "this {c} {k}", "the {c} {k} over there",
    ),
    "reference.every": (
        "any of the {ks}", "every one of the {ks}", "each of the {ks}", "all of the {ks}", "all these {ks}", "those {ks}",
        "every single {k}",
    ),
    "reference.any": (
        "any one of the {ks}", "one {k}", "some {k}", "any of the {ks}", "any {k} whatever", "one or other of the {ks}", "any single {k}",
    ),
    "first.left": (
        "the {n} furthest to the left", "the {n} farthest left", "the {n} which is leftmost", "the {n} at the left end",
        "the {n} that stands furthest to the left", "the {n} most to the left", "the first {n} on the left",
    ),
    "first.right": (
        "the {n} furthest to the right", "the {n} farthest right", "the {n} which is rightmost", "the {n} at the right end",
        "the {n} that stands furthest to the right", "the {n} most to the right", "the first {n} on the right",
    ),
    "first.near": (
        "the {n} nearest to you", "the {n} that is closest to the robot", "the {n} that is nearest to you", "the {n} that lies closest",
        "the {n} closest to the front", "the foremost {n}",
    ),
    "first.far": (
        "the {n} farthest away", "the {n} furthest away", "the {n} that is farthest from the robot", "the {n} that lies furthest away",
        "the backmost {n}", "the {n} farthest from you",
    ),
}  # fmt: skip

PLACES: Phrases = {
    "in.move": (
        "down in", "back into", "to the inside of", "carefully into", "deep into", "directly into",
    ),
    "in.be": (
        "right inside", "right in", "there in",
    ),
    "in.to": (
        "inside", "over to", "right inside", "to the inside of",
    ),
    "on.move": (
        "over onto", "right onto", "directly on", "directly onto", "down upon", "right upon",
    ),
    "on.be": (
        "directly on", "resting on", "right upon",
    ),
    "on.to": (
        "directly onto", "down onto",
    ),
    "over.move": (
        "directly on", "directly onto", "right onto", "down onto",
    ),
    "over.be": (
        "right on", "directly on",
    ),
    "over.to": (
        "right onto", "directly onto",
    ),
    "area.move": (
        "over to", "somewhere on", "over at", "down in", "right in",
    ),
    "area.be": (
        "somewhere on", "over at", "right in", "right on",
    ),
    "area.to": (
        "toward", "over towards", "onto", "right to", "somewhere on", "down to",
    ),
    "named": (
        "your {s}{c} {k}", "our {s}{c} {k}", "this {s}{c} {k}", "that {s}{c} {k} there", "the {s}{c} {k} over there",
        "the {s}{k} which is {c}", "the {s}{k} of {c} color", "the {s}{k} colored {c}",
    ),
    "own.one": (
        "the {k} of like color", "the {k} with an identical color", "the {k} that is the same color", "the {k} that is of the same color",
        "the {k} which matches {it} in color", "the {k} which matches {its} color", "the {k} that matches {its} color",
        "the {k} matching {its} color", "the {k} matching {it} in color", "the color-matching {k}", "the same-colored {k}",
        "the {k} colored like {it}", "the {k} that is colored the same", "the {k} colored the same way",
        "the {k} that is colored like {it}", "the {k} that shares {its} color", "the {k} which has {its} color",
        "the {k} of the corresponding color", "the {k} of a matching color", "the {k} that belongs to {its} color", "the {k} that matches",
        "a {k} with the same color", "a {k} in the same color", "the equally colored {k}", "the {k} that agrees with {it} in color",
        "whichever {k} has the same color", "whichever {k} matches {its} color", "the right {k} for {its} color", "the {k} for {its} color",
    ),
    "own.many": (
        "the {ks} of like color", "the {ks} with the same colors", "the {ks} with their color", "the {ks} that match their color",
        "the {ks} that match their colors", "the {ks} matching their color", "the {ks} matching them in color",
        "the {ks} which match them in color", "the color-matching {ks}", "the same-colored {ks}", "the {ks} colored like them",
        "the {ks} colored the same", "the {ks} that share their color", "whichever {ks} match their color",
        "whichever {ks} have the same color", "the {ks} of the corresponding colors", "the {ks} of matching colors",
        "the {ks} in matching colors", "the {ks} that match", "{ks} with the same color", "{ks} of matching color",
        "the equally colored {ks}", "the {ks} that agree with them in color", "the right {ks} for their color", "the {ks} for their color",
        "the {ks} whose colors are the same",
    ),
    "other.one": (
        "a {k} of some different color", "any {k} of another color", "any {k} of a different color", "any {k} with a different color",
        "any {k} in another color", "any {k} that does not match {its} color", "any {k} that has another color", "any mismatched {k}",
        "some {k} with a different color", "some {k} that does not match", "a {k} whose color does not match", "a {k} whose color differs",
        "a {k} that is another color", "a {k} with a color other than {its} own", "a {k} with a color that is not {its} own",
        "a {k} that is not {its} color", "a {k} not matching {its} color", "a {k} not of the same color",
        "a {k} in a color that does not match", "a {k} of a non-matching color", "a {k} of an unlike color", "a {k} colored differently",
        "one {k} of another color", "an unmatched {k}", "any {k} but the matching one", "any {k} but the one of {its} color",
    ),
    "other.many": (
        "{ks} of some different color", "any {ks} of another color", "any {ks} of a different color", "any {ks} that do not match",
        "any {ks} that do not match their color", "any {ks} except the matching ones", "any {ks} but the matching ones",
        "some {ks} of another color", "{ks} whose color does not match", "{ks} whose colors differ from theirs",
        "{ks} that differ from them in color", "{ks} that are another color", "{ks} that have a different color",
        "{ks} with a color other than their own", "{ks} that are not their color", "{ks} not matching their color",
        "{ks} not of the same color", "{ks} in colors that do not match", "{ks} of non-matching colors", "{ks} of unlike color",
        "{ks} colored differently", "unmatched {ks}", "{ks} of the wrong color",
    ),
    "any.one": (
        "some {k} or other", "any one of the {ks}", "any {k} you like", "any {k} of your choice", "one {k} or another", "just any {k}",
        "any one {k}", "a {k}, any one,", "one of the {ks}, whichever you like,", "any single {k}", "any {k} you can find",
        "a {k} picked at random",
    ),
    "any.many": (
        "some {ks}", "some {ks} or other", "any {ks} you like", "any {ks} of your choice", "any of the {ks}", "just any {ks}",
        "any {ks} you can find", "{ks} picked at random",
    ),
    "each_place": (
        "each single {k}", "each one of the {ks}", "each of those {ks}", "each of these {ks}", "every one of those {ks}",
        "each {k} you see", "every {k} you can find", "every {k} without exception",
    ),
    "table": (
        "on the table top", "on the plain table", "on the empty table", "on the table surface", "on the surface of the table",
        "directly on the table", "right on the table", "somewhere on the table", "on a free spot of the table",
        "on a free part of the table", "at a free place on the table", "on the bare surface of the table",
    ),
    "beside.left of": (
        "slightly left of {o}", "slightly to the left of {o}", "close to {o} on the left", "close to {o} on its left",
        "next to {o} on the left", "next to {o} on its left side", "next to {o}, on the left", "beside {o} on the left",
        "beside {o} on its left", "beside {o} on the left side", "by {o} on the left", "near {o} on the left",
        "adjacent to {o} on the left", "adjacent to the left side of {o}", "alongside {o} on the left", "neighboring {o} on its left side",
        "a few centimeters to the left of {o}", "some centimeters left of {o}", "an inch or so to the left of {o}",
        "a hand's width left of {o}", "a bit left of {o}", "a little left of {o}", "somewhere left of {o}", "somewhere to the left of {o}",
        "over to the left of {o}", "over on the left side of {o}", "out to the left of {o}", "directly on the left of {o}",
        "directly at the left side of {o}", "immediately on the left side of {o}", "just on the left of {o}",
        "to the left-hand side of {o}", "by the left-hand side of {o}", "to the left from {o}", "towards the left of {o}",
        "in the place left of {o}", "with {o} on its right", "with {o} directly to its right",
    ),
    "beside.right of": (
        "slightly right of {o}", "slightly to the right of {o}", "close to {o} on the right", "close to {o} on its right",
        "next to {o} on the right", "next to {o} on its right side", "next to {o}, on the right", "beside {o} on the right",
        "beside {o} on its right", "beside {o} on the right side", "by {o} on the right", "near {o} on the right",
        "adjacent to {o} on the right", "adjacent to the right side of {o}", "alongside {o} on the right",
        "neighboring {o} on its right side", "a few centimeters to the right of {o}", "some centimeters right of {o}",
        "an inch or so to the right of {o}", "a hand's width right of {o}", "a bit right of {o}", "a little right of {o}",
        "somewhere right of {o}", "somewhere to the right of {o}", "over to the right of {o}", "over on the right side of {o}",
        "out to the right of {o}", "directly on the right of {o}", "directly at the right side of {o}",
        "immediately on the right side of {o}", "just on the right of {o}", "to the right-hand side of {o}",
        "by the right-hand side of {o}", "to the right from {o}", "towards the right of {o}", "in the place right of {o}",
        "with {o} on its left", "with {o} directly to its left",
    ),
    "beside.in front of": (
        "shortly in front of {o}", "slightly in front of {o}", "close up in front of {o}", "somewhere in front of {o}",
        "out in front of {o}", "over in front of {o}", "next to {o} at the front", "beside {o} on the near side",
        "adjacent to {o} on the near side", "adjacent to {o} at its front", "neighboring {o} at the front", "at the near side next to {o}",
        "next to {o} on the side facing the robot", "on the side of {o} facing you", "on the side of {o} facing the robot",
        "on the side of {o} closest to you", "on the side of {o} closest to the robot", "on the side of {o} toward the robot",
        "on the side of {o} nearest the robot", "to the near side of {o}", "to the front side of {o}", "before the front of {o}",
        "forward of {o}", "a hand's width in front of {o}", "an inch or so in front of {o}", "some centimeters in front of {o}",
        "closer to you than {o}", "closer to the robot than {o}", "a bit nearer to you than {o}", "a little closer to the robot than {o}",
        "with {o} behind it", "with {o} directly behind it", "by the front of {o}", "by the near side of {o}", "near the front of {o}",
        "at the place in front of {o}",
    ),
    "beside.behind": (
        "shortly behind {o}", "slightly behind {o}", "close up behind {o}", "somewhere behind {o}", "out behind {o}", "over behind {o}",
        "next to {o} at the back", "beside {o} on the far side", "adjacent to {o} on the far side", "adjacent to {o} at its back",
        "neighboring {o} at the back", "at the far side next to {o}", "on the side of {o} farthest from you",
        "on the side of {o} farthest from the robot", "to the far side of {o}", "to the back side of {o}", "by the back of {o}",
        "by the far side of {o}", "near the back of {o}", "at the rear side of {o}", "a hand's width behind {o}",
        "an inch or so behind {o}", "some centimeters behind {o}", "farther from you than {o}", "farther from the robot than {o}",
        "a bit farther away than {o}", "a little beyond {o}", "just beyond {o}", "a little past {o}", "with {o} in front of it",
        "with {o} directly in front of it", "at the place behind {o}",
    ),
    "beside.next to": (
        "right up to {o}", "just next to {o}", "closely beside {o}", "immediately next to {o}", "immediately beside {o}",
        "close next to {o}", "at one side of {o}", "on one side of {o}", "on either side of {o}", "to the side of {o}",
        "by one side of {o}", "at either side of {o}", "on a side of {o}", "right alongside {o}", "directly alongside {o}",
        "close alongside {o}", "just by {o}", "close at {o}", "very near {o}", "very near to {o}", "quite near {o}", "really close to {o}",
        "very close to {o}", "as close as possible to {o}", "a little way from {o}", "a hand's width from {o}",
        "within a few centimeters of {o}", "immediately adjacent to {o}", "directly adjacent to {o}", "somewhere near {o}",
        "somewhere close to {o}", "somewhere beside {o}", "somewhere next to {o}", "in a spot next to {o}", "at a spot beside {o}",
        "in the place next to {o}", "in the space beside {o}",
    ),
    "beside.between": (
        "in the very middle between {o} and {p}", "in the middle of the space between {o} and {p}", "at the middle between {o} and {p}",
        "at the center between {o} and {p}", "at a point between {o} and {p}", "at a spot between {o} and {p}",
        "in a spot between {o} and {p}", "in a place between {o} and {p}", "in the place between {o} and {p}",
        "in the free space between {o} and {p}", "in the area between {o} and {p}", "directly between {o} and {p}",
        "directly in between {o} and {p}", "right in between {o} and {p}", "right in the middle of {o} and {p}",
        "right in the gap between {o} and {p}", "neatly between {o} and {p}", "down between {o} and {p}",
        "somewhere in between {o} and {p}", "midway from {o} to {p}", "mid-way between {o} and {p}", "half the way from {o} to {p}",
        "at the halfway point between {o} and {p}", "at the midpoint between {o} and {p}", "equidistant from {o} and {p}",
        "with {o} at one side and {p} at the other side", "with {o} on the one hand side and {p} on the other hand side",
        "on the line between {o} and {p}", "in the center of {o} and {p}", "centrally between {o} and {p}", "separating {o} and {p}",
        "separating {o} from {p}", "in among {o} and {p}",
    ),
}  # fmt: skip

AREAS: Phrases = {
    "left side": (
        "left part of the table", "left side of the table", "left-hand side of the table", "left end of the table",
    ),
    "right side": (
        "right part of the table", "right side of the table", "right-hand side of the table", "right end of the table",
    ),
    "far side": (
        "far side of the table", "back part of the table", "back of the table", "rear end of the table", "far end", "far half",
        "rear side of the table", "farther half of the table", "side farthest from you",
    ),
    "near side": (
        "near side of the table", "front of the table", "front half of the table", "front end of the table", "near end", "near half",
        "nearer half of the table", "side nearest to the robot", "side closest to you", "side closest to the robot",
    ),
    "middle": (
        "middle part of the table", "middle area of the table", "central part", "central area of the table", "center part of the table",
        "central zone of the table", "heart of the table", "exact center of the table", "table's center", "table's middle",
        "midpoint of the table",
    ),
    "top left area": (
        "top left corner", "upper left part of the table", "top left corner of the table", "upper left corner of the table",
        "back left part of the table", "back left area", "far left corner", "far left part of the table", "rear left area",
        "top left-hand corner", "upper left-hand corner", "back left corner of the table",
    ),
    "top right area": (
        "top right corner", "upper right part of the table", "top right corner of the table", "upper right corner of the table",
        "back right part of the table", "back right area", "far right part of the table", "rear right area",
        "far right corner of the table", "top right-hand corner", "upper right-hand corner", "back right corner of the table",
    ),
    "bottom left area": (
        "bottom left corner", "bottom left corner of the table", "lower left corner of the table", "front left area",
        "near left part of the table", "near left area", "front left corner of the table", "bottom left-hand corner",
        "lower left-hand corner", "near left corner of the table",
    ),
    "bottom right area": (
        "bottom right corner", "bottom right corner of the table", "lower right corner of the table", "front right area",
        "near right part of the table", "near right area", "front right corner of the table", "bottom right-hand corner",
        "lower right-hand corner", "near right corner of the table",
    ),
}  # fmt: skip

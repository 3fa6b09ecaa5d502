"""Wordings of forms that the planner does not plan on which the head's threshold is chosen: in no training and in no figure."""

from __future__ import annotations

PROHIBITIONS = (
    "refrain from {doing}", "I forbid you to {do}", "{a} has no business being {p} {b}", "hands off {a}",
    "{b} is off limits for {a}", "whatever you do, {a} stays out of {b}", "by no means {do}", "{doing} is prohibited",
    "I would rather you didn't {do}", "{b} is taboo for the {x} blocks", "no way should {a} end up {p} {b}",
    "at no time may {a} be {p} {b}", "don't you dare {do}", "see that {a} never gets {p} {b}",
    "{do}, only don't let {c} get {p} {d}", "{do}, but hands off {c}", "prevent {a} from getting {p} {b}",
    "it would be bad if you {do}, so don't", "I'd hate to see {a} {p} {b}", "spare {a}, do not pick it",
)  # fmt: skip
RELATIONS = (
    "transfer {a} to a spot just beside {b}", "would you mind putting {a} next to {b}", "go ahead and drop {a} in front of {b}",
    "{a} belongs behind {b}", "your job is to get {a} about {n} {cm} {s} of {b}", "have {a} flank {b}",
    "{a} ought to sit between {b} and {c}", "let {a} and {b} trade places", "shove {a} {n} {cm} further {s}",
    "park {a} at the foot of {b}", "leave a gap of {n} {cm} between {a} and {b}", "make {a} the neighbor of {b}",
    "get {a} as near to {b} as you can", "line {a} up with {b}", "position {a} adjacent to {b}",
    "displace {a} by {n} {cm} to the {s}", "tuck {a} in behind {b}", "stand {a} on the {s} hand side of {b}",
    "relocate {a} to somewhere near {b}", "scoot {a} over to the {s} of {b}",
)  # fmt: skip
CLAUSES = (
    "{do}. As soon as you have done so, {then}.", "two things: {do}, {then}", "begin by {doing}, and finish by {doing2}",
    "go ahead and {do}, upon which you {then}", "{do} - following that, {then}", "here is the plan: {do}, later on {then}",
    "step one: {do}. step two: {then}.", "not only {do} but also {then}", "having done this: {do}, you should {then}",
    "{do}. Subsequently, {then}.", "I have two wishes. {Do}. {Then}.", "{do}, whereupon {then}",
    "a) {do} b) {then}", "{do}. The second job: {then}.", "{do}, and when that is finished {then}",
    "would you mind {doing} and, once finished, {doing2}", "{a} belongs in {bowl}, {c} belongs on {zone}",
    "transfer {a} to {bowl}, then {c} to {bowl2}", "{do}. In addition, {then}.", "{do} prior to {doing2}",
)  # fmt: skip
CORRECTIONS = (
    "{do} - hmm, better {p} {d}", "{do}; my mistake, it is {c} that I want moved", "{do}, strike that, {then}",
    "{do}, wrong, {p} {d}", "pardon me, {c} rather than {a}", "{do}. Oh, let me rephrase: {then}.",
    "ignore what I just said about {a} and {then}", "{do}, that is to say {p} {d}", "{do}. Apologies, {c} was meant.",
    "hold it, not there, {p} {d}", "{do}, nope, {c}", "{do} (I take that back, {p} {d})", "disregard that, {then}",
    "well no, {then}", "let us try again: not {a} but {c}", "{do}, my bad, {p} {d}", "{do}, uh, make it {c}",
    "I misspoke, {then}", "{do}. Oh no, I confused the colors: {p} the {x} one.", "you misheard, I said {c} and not {a}",
)  # fmt: skip

"""Held-out wordings of forms that the planner does not plan: constructions of no training; slots as in form_wordings."""

from __future__ import annotations

PROHIBITIONS = (
    "I strictly forbid {doing}", "see to it that you never {do}", "{doing} is out of the question", "you had better not {do}",
    "let nobody {do}", "whoever puts {a} {p} {b} gets into trouble", "no, you are not to {do}", "beware of {doing}",
    "{a} must by no means land {p} {b}", "on no account {do}", "let {a} rest and {do}", "{do}, yet leave {c} untouched",
    "{a} ought not to be {p} {b}", "it is essential that {a} is not {p} {b}", "steer clear of {b}", "quit {doing}",
    "{b} has to remain without {a}", "do anything you like, only never {do}", "I won't have {a} {p} {b}", "not a single block {p} {b}",
)  # fmt: skip
RELATIONS = (
    "deposit {a} right beside {b}", "I'd like {a} close by {b}", "get {a} in front of {b}", "could {a} stand behind {b}?",
    "arrange it so that {a} is to the {s} of {b}", "take {a} {n} {cm} further to the {s}", "let {a} sit next to {b}",
    "{a} wants to be between {b} and {c}", "interchange {a} and {b}", "have {a} and {b} swapped", "put some distance between {a} and {b}",
    "bring {a} within {n} {cm} of {b}", "drag {a} {n} {cm} towards {b}", "pull {a} nearer to {b}", "{a} goes to the {s} of {b}",
    "{b} should have {a} at its {s}", "place {a} in the gap between {b} and {c}", "move {a} over a bit, to the {s}",
    "set {a} by the side of {b}, {n} {cm} off", "put {a} at the back of {b}, not touching it",
)  # fmt: skip
CLAUSES = (
    "{do}. Afterwards {then}.", "{do}; thereafter {then}", "kick off with this: {do}. Continue with this: {then}.",
    "{do} - and once you have finished, {then}", "start by {doing}, then go on with {doing2}", "{do}. What is more, {then}.",
    "your jobs are: {do}; {then}", "{do} at first, {then} at last", "{do}. On top of that, {then}.", "{do}, with that done {then}",
    "i) {do} ii) {then}", "{do}, plus {then}", "both {do} and {then}, please", "{Do}. {Then}. That is it.", "do both: {do}, {then}",
    "when you have managed to {do}, {then}", "{do}. Your second task: {then}.", "{a} shall go in {bowl}, {c} shall go on {zone}",
    "carry {a} to {bowl} and {c} to {zone}", "{do}. Then it is time to {then}.",
)  # fmt: skip
CORRECTIONS = (
    "{do}. Err, no: {p} {d}.", "{do}, excuse me, {c}", "{do} - cancel that, {then}", "{do}. I take it back, {then}.",
    "{do}, ah, I meant {p} {d}", "{do}... no, better: {then}", "what I meant was {c}, not {a}", "{do}, hmm, no, {c}",
    "change of plan: {then}", "{do}. Forget it, {then}.", "{do}, that is, {p} {d}", "{do}, oh sorry, {p} the {x} one",
    "revert that", "stop, I was wrong, {then}", "{do}, I should have said {c}", "not that block, {c}", "{do}, ehm, {p} {d} I mean",
    "{do}. My mistake: {p} {d}.", "let me correct myself: {then}", "{do}, no no no, {p} the {x} one",
)  # fmt: skip

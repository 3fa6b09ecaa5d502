"""Held-out wordings of forms that the planner does not plan: constructions of no training; slots as in form_wordings."""

from __future__ import annotations

PROHIBITIONS = (
    "give {a} a wide berth", "{doing} is a big no-no", "it would be unwise to {do}", "in case you were about to {do}: don't",
    "if you ask whether you may {do}, the answer is no", "don't fiddle with {a}", "don't lay a finger on {a}", "don't even look at {b}",
    "above all, {a} mustn't wind up {p} {b}", "{one}, but {c} mustn't budge", "{one}; as for {c}, it's untouchable",
    "{one}, but pretend {c} isn't there", "don't so much as graze {a}", "{a} should not come into contact with {b}", "it isn't up to you to {do}",
    "{b} is only for show, put nothing there", "I'd like {b} to stay bare", "under no pretext {do}", "now don't you go {doing}",
    "I'm not comfortable with you {doing}", "{a} isn't going anywhere", "there is no call for {doing}", "you don't get to {do}",
    "put the thought of {doing} out of your head", "{a} is for looking at, not for handling", "what you can't do is {do}",
    "I will not put up with {doing}", "don't get any ideas about {doing}", "paws off {a}", "{doing} goes against our policy",
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
    "{do}. Scrap that, {then}.", "{do} - yikes, no, {p} {d}", "{do}. Let me take another stab at it: {then}.",
    "I got my colors crossed, {p} the {x} one", "let's backtrack: {then}", "that order no longer stands, {then}",
    "I only said {a} by accident, it's {c}", "{do} ... what am I saying, {p} {d}", "{do}. Where was my head? {Then}.",
    "{a} isn't what I was after, {c} is", "roll that back", "I spoke too soon, {then}", "{do}, although {d} suits me better, so use that",
    "{do}. Looking at it again, {p} {d}.", "{do}. I just realized it has to be {c}.", "don't listen to what I just said, {then}",
    "I gave you the wrong color, it's the {x} one", "that's not the block I was talking about, {c} is", "{do}. Autocorrect got me: {c}.",
    "{do}. Negative, {then}.", "{do}. D'oh, {p} the {x} one.", "{do}. Then again, {p} {d} seems nicer.", "{do}, pretend I said {c}",
    "I've reconsidered, {then}", "{do}. False start: {then}.", "{do}, uh-oh, {p} the {x} one", "why did I say {a}? {c} is what I need",
    "put the {x}, gah, the {y} block {p} {b}", "move {a} to {b}, nay, {d}", "{do}. Quick tweak: {p} {d}.",
)  # fmt: skip

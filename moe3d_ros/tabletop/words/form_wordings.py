"""Forms of instructions that the planner does not plan, as people word them: trained wordings; held-out ones stand apart.

{a}, {b}, {c}, {d} are things with their article, {x}, {y}, {u} colours; {do} is a whole move such as ``put the red block
in the bowl``, {doing} the same with -ing, {then} another move, {p} in or on, {n} a number, {cm} a unit of length, {s} left
or right. What is a doable instruction stands in the other files of this folder.
"""

from __future__ import annotations

MOVING = (
    "put {a} {p} {b}", "place {a} {p} {b}", "move {a} to {b}", "drop {a} {p} {b}", "set {a} {p} {b}", "bring {a} to {b}",
    "leave {a} {p} {b}", "pick up {a} and put it {p} {b}", "take {a} and place it {p} {b}", "stack {a} on {b}",
    "throw {a} into {b}", "let {a} fall into {b}", "put all the {x} blocks {p} {b}", "put the blocks {p} {b}",
    "stack the blocks on {b}", "put anything {p} {b}",
)  # fmt: skip
TOUCHING = (
    "touch {a}", "move {a}", "pick up {a}", "grab {a}", "take {a}", "use {b}", "put anything {p} {b}", "go near {b}",
    "disturb {a}", "push {a}", "lift {a}", "place anything on {b}", "remove {a} from {b}", "move the {x} blocks",
    "touch the blocks in {b}", "use the {x} one", "mix the colors",
)  # fmt: skip
# In front of a move or a touch.
FORBIDDING = (
    "do not", "don't", "never", "please do not", "please don't", "you must not", "you should not", "you may not",
    "make sure not to", "be careful not to", "under no circumstances", "do not ever", "you mustn't", "you shouldn't",
    "do NOT", "dont", "robot, do not", "I want you not to", "try not to", "you are not allowed to", "it is forbidden to",
    "you can't", "you cannot", "please never", "I do not want you to", "I don't want you to", "make sure you do not",
    "make sure that you don't", "no matter what, do not", "remember not to", "you are never to",
)  # fmt: skip
PROHIBITIONS = (
    "keep {a} out of {b}", "keep {a} off {b}", "keep {a} away from {b}", "keep the {x} blocks out of {b}",
    "keep the blocks out of {b}", "leave {a} alone", "leave {a} where it is", "let {a} stay where it is",
    "{a} must not be {p} {b}", "{a} should not be {p} {b}", "{a} must not go {p} {b}", "{a} should not go {p} {b}",
    "{a} must never be {p} {b}", "{a} may not be {p} {b}", "{a} must stay out of {b}", "{a} should stay where it is",
    "{a} is not to be moved", "{a} must not be touched", "{a} must not be moved", "nothing should go {p} {b}",
    "nothing must be {p} {b}", "no block should be {p} {b}", "no {x} block may go {p} {b}", "there must be no {x} block {p} {b}",
    "avoid putting {a} {p} {b}", "avoid {b}", "avoid touching {a}", "not {p} {b}", "not {a}", "anywhere but {p} {b}",
    "put {a} anywhere but {p} {b}", "put {a} anywhere except {p} {b}", "put {a} somewhere, but not {p} {b}",
    "put the blocks anywhere except {p} {b}", "I do not want {a} {p} {b}", "I don't want {a} {p} {b}",
    "{do}, but do not touch {c}", "{do} but don't move {c}", "{do}, never {p} {d}", "{do} without touching {c}",
    "{do} without moving {c}", "{do}, and keep {c} out of {d}", "{do} and leave {c} alone", "do not touch {c}, {do}",
    "leave {c} alone and {do}", "leave {a} alone and put everything else {p} {b}", "{do}, but leave {c} where it is",
    "{do} but not {c}", "{do}, not {p} {d}", "keep your hands off {a}", "stay away from {b}", "stop putting {a} {p} {b}",
    "please keep {b} empty", "keep {b} clear", "{b} must stay empty", "{b} has to stay empty", "keep {b} free",
    "under no circumstances should {a} be {p} {b}", "{a} cannot go {p} {b}", "{a} can't be {p} {b}",
    "{a} shouldn't be {p} {b}", "{a} mustn't go {p} {b}", "{a} is not allowed {p} {b}", "{a} does not belong {p} {b}",
    "{a} doesn't belong {p} {b}", "instead of {doing}, do nothing", "whatever happens, {a} must not land {p} {b}",
    "everything but {a} must not be moved", "wait, not {a}", "without {a}", "ensure that {a} is not {p} {b}",
    "no touching {a}", "no blocks {p} {b}", "{a} stays put", "{a} stays where it is", "{b} is closed to the {x} blocks",
    "{b} is reserved for {c}", "{a} is banned from {b}", "{b} is no place for {a}", "{b} is not for {a}", "{b} is forbidden",
    "{a} is forbidden to touch", "it is not permitted to {do}", "I prohibit {doing}", "{doing} is not allowed",
    "{doing} is a bad idea", "I hate it when {a} is {p} {b}", "I would be angry if {a} were {p} {b}", "nobody may touch {a}",
    "leave {b} alone", "let {a} be", "let {a} lie", "skip {a}", "ignore {a}", "{a} is none of your business", "mind {a}",
    "make sure {a} is never {p} {b}", "see to it that {a} does not end {p} {b}", "only {a} must not go {p} {b}",
)  # fmt: skip
# Between what is moved and where, for a place that no step has.
BESIDE = (
    "next to", "beside", "near", "close to", "in front of", "behind", "to the left of", "to the right of", "left of",
    "right of", "right next to", "just behind", "just in front of", "on the left of", "on the right of", "around",
    "{n} {cm} to the left of", "{n} {cm} to the right of", "{n} {cm} in front of", "{n} {cm} behind", "{n} {cm} from",
    "{n} {cm} away from", "a little to the left of", "a bit to the right of", "slightly behind", "directly in front of",
    "away from", "far from", "under", "below", "underneath", "on the far side of", "on the near side of", "close by",
    "by", "alongside", "by the side of", "within {n} {cm} of", "at a distance of {n} {cm} from", "halfway to", "opposite",
    "on the {s} side of", "to the {s} side of", "north of", "on the edge of", "at the rim of", "half a meter from",
    "diagonally behind", "as far as possible from", "as close as possible to", "nearer to", "closer to", "further from",
    "just {s} of", "immediately to the {s} of", "right behind", "right in front of", "against", "up against",
)  # fmt: skip
PLACING = (
    "put {a} {r} {b}", "place {a} {r} {b}", "move {a} {r} {b}", "set {a} {r} {b}", "please put {a} {r} {b}",
    "pick up {a} and put it {r} {b}", "I want {a} {r} {b}", "{a} should be {r} {b}", "could you place {a} {r} {b}?",
    "take {a} and set it {r} {b}", "{r} {b}, place {a}", "drop {a} {r} {b}", "put all the {x} blocks {r} {b}",
    "put the blocks {r} {b}", "{a} should go {r} {b}", "lay {a} {r} {b}", "bring {a} {r} {b}", "position {a} {r} {b}",
    "can you pick {a} and move it {r} {b}", "robot, place {a} {r} {b}", "grab {a}, then drop it {r} {b}",
    "I would like you to move {a} {r} {b}", "Now put {a} {r} {b}.", "get {a} and put it {r} {b}", "push {a} {r} {b}",
    "slide {a} {r} {b}",
)  # fmt: skip
RELATIONS = (
    "put {a} between {b} and {c}", "place {a} between {b} and {c}", "move {a} halfway between {b} and {c}",
    "put {a} in between {b} and {c}", "set {a} in the middle between {b} and {c}", "{a} should be between {b} and {c}",
    "move {a} {n} {cm} to the {s}", "move {a} {n} {cm} forward", "move {a} {n} {cm} back", "move {a} {n} {cm} away from you",
    "push {a} {n} {cm} to the {s}", "shift {a} {n} {cm} {s}", "slide {a} {n} {cm} towards you", "move {a} by {n} {cm}",
    "move {a} a bit to the {s}", "move {a} a little {s}", "push {a} slightly to the {s}", "move {a} closer to {b}",
    "move {a} away from {b}", "move {a} towards {b}", "move {a} further away from {b}", "bring {a} nearer to you",
    "swap {a} and {b}", "swap {a} with {b}", "exchange {a} and {b}", "let {a} and {b} change places",
    "switch {a} and {b}", "switch the positions of {a} and {b}", "put {a} where {b} is", "put {a} where {b} was",
    "arrange the blocks in a row", "put the blocks in a line", "make a circle of blocks around {b}", "line up the blocks",
    "arrange the blocks in a circle", "put the blocks side by side", "spread the blocks out", "rotate {a} by {n} degrees",
    "turn {a} to the {s}", "turn {a} by {n} degrees", "lift {a} {n} {cm} up", "put {a} at x 0.5 y 0.1",
    "put {a} at the same distance from {b} and {c}", "move {a} to the {s} a bit", "nudge {a} to the {s}",
    "move {a} until it touches {b}", "put {a} so that it touches {b}", "arrange the blocks from left to right by size",
    "put the blocks next to each other", "place {a} and {b} next to each other", "put {a} and {b} side by side",
    "move {a} to the {s}", "push {a} to the {s}",
)  # fmt: skip
# {do} and {then} are moves of single things.
CLAUSES = (
    "{do}. Then {then}.", "{do}, then {then}", "{do} and then {then}", "first {do}, then {then}", "{do}. {Then}.",
    "{do}, and {then}", "{do} and {then}", "{do}; {then}", "{do}, after that {then}", "{do}. After that, {then}.",
    "{do}, and afterwards {then}", "before you {do}, {then}", "after you {do}, {then}", "first, {do}. second, {then}.",
    "1. {do} 2. {then}", "1) {do}, 2) {then}", "{do}. Next, {then}.", "{do}, next {then}", "{do}. Finally, {then}.",
    "{do}, then {then}, then {do2}", "{do} and also {then}", "{do} while you {then}", "once that is done, {then}",
    "{do}. When you are done, {then}.", "{do}, then come back and {then}", "please {do}. Then please {then}.",
    "{do}. Also {then}.", "{do}! Then {then}!", "start with this: {do}. Then {then}.", "{do}, followed by this: {then}",
    "put {a} in {bowl} and {c} in {bowl2}", "put {a} in {bowl} and {c} on {zone}", "put {a} on {zone} and {c} in {bowl}",
    "place {a} in {bowl}, {c} in {bowl2}", "{a} goes in {bowl} and {c} goes on {zone}", "move {a} to {bowl} and {c} to {zone}",
    "first {a} into {bowl}, then {c} on {zone}", "put {a} in {bowl}, and put {c} in {bowl2}", "{a} in {bowl}, {c} on {zone}",
    "I want {a} in {bowl} and {c} on {zone}", "{do}. {Then}. {Do2}.", "{do} as well as {c} on {zone}",
    "if {a} is in {bowl}, {then}", "{do} if {c} is on {zone}", "{do} unless {c} is in {bowl}", "{do} or {then}",
    "either {do} or {then}", "{do}, wait five seconds, then {then}", "{do} twice", "{do} and tell me what you see",
    "{do} and wave", "{do}, then stop", "{do}, then put it back", "{do}. Now {then}.", "{do}, later {then}",
    "put {a} in {bowl} and the {x} one in {bowl2}", "put {a} in {bowl} and the {x} one on {zone}",
    "put {a} where {c} is now and {c} in {bowl}",
)  # fmt: skip
CORRECTIONS = (
    "{do}, no wait, {p} {d}", "{do}, no, I mean {c}", "{do}, no, {then}", "{do}. No wait, {p} the {x} one.",
    "{do} - no, the {x} one", "{do}, sorry, {p} the {x} one", "{do}, sorry, I meant {c}", "{do}, actually {p} {d}",
    "{do}. Actually, {then}.", "actually, {p} the {x} one", "no wait, {p} the {x} one", "no, {p} {d}", "no, the {x} one",
    "wait, {p} {d} instead", "not {p} {b}, {p} {d}", "not {a}, {c}", "never mind {a}, {then}", "never mind, {then}",
    "forget {a}, {then}", "forget that, {then}", "scratch that, {then}", "{do}, or rather {p} {d}", "{do}, or no, {then}",
    "{do}, I mean {p} {d}", "{do} ... I mean {c}", "oops, {p} the {x} one", "{do}, wait, no, {c}", "no no, {then}",
    "{do}, not {a} but {c}", "put {a}, no, {c} {p} {b}", "put {a}, sorry, {c} {p} {b}", "put {a}, I mean {c}, {p} {b}",
    "put {a} - wait, {c} - {p} {b}", "put the {x}, no, the {y} block {p} {b}", "put the {x}, er, {y} block {p} {b}",
    "put the {x} ... no, the {y} block {p} {b}", "{do}. Wait, I changed my mind, {then}.", "cancel that and {then}",
    "{do}, on second thought {p} {d}", "{do}. On second thought, {then}.", "that was wrong, {then}", "undo that",
    "put it back", "no, put it back", "go back to where you were and {then}", "{do}. Correction: {p} {d}.",
    "correction: {then}", "instead {p} {d}", "{do}, hold on, {p} the {x} one", "hang on, {p} {d}", "make that {c}",
    "make that {p} the {x} one instead", "{do}, no, not that one, {c}", "that is the wrong block, take {c}",
    "{do}, rather {c}", "I said {c}, not {a}", "the other one", "no, the other one", "{p} {d} I mean",
    "{do}, no, wait, {p} the {x} one", "put {a} {p} the {x}, no, the {y} bowl", "{do} - sorry, {p} {d}",
    "ah no, {then}", "{do}. Sorry, I meant {p} {d}.", "put {c} {p} {b}, not {a}", "put the {x} block {p} {b}, not the {y} one",
)  # fmt: skip
# How a doable instruction begins beside the patterns of the tasks; {do} is a whole instruction.
ASKING = (
    "just {do}", "kindly {do}", "would you please {do}", "let us {do}", "your next task is to {do}", "be so kind as to {do}",
    "it would be nice if you could {do}", "task: {do}", "try to {do}", "carefully {do}", "hello robot, {do}", "{do} for me",
    "{do}, will you", "{do} if you can", "all right, {do}", "do me a favor and {do}", "come on, {do}", "quickly {do}",
    "you should {do}", "you have to {do}", "you must {do}", "I need you to {do}", "I would love you to {do}", "go and {do}",
    "help me {do}", "you can {do} now", "next, {do}", "then {do}", "so, {do}", "the goal is to {do}", "start now: {do}",
    "why don't you {do}", "can't you {do}?", "I wonder if you could {do}", "{do}, that is all", "do this: {do}", "finally {do}",
    "do not wait, {do}", "don't be shy, {do}", "never mind the time, just {do}", "no hurry, but {do}", "{do} right away",
    "{do} next", "not bad! now {do}", "yes, {do}", "also {do}", "and {do}", "once more, {do}", "{do} again", "arm, {do}",
)  # fmt: skip
# Doable sentences that use the words of the others in another sense.
DOABLE = (
    "deposit {a} {p} {b}", "carry {a} to {b}", "deliver {a} to {b}", "lay {a} {p} {b}", "load {a} {p} {b}", "sink {a} {p} {b}",
    "dump {a} {p} {b}", "{a} has to go {p} {b}", "{a} needs to be {p} {b}", "{a} must be {p} {b}", "{a} must go {p} {b}",
    "{a} goes {p} {b}", "I need {a} {p} {b}", "let {a} go {p} {b}", "{a} may go {p} {b}", "{a} can go {p} {b}",
    "see to it that {a} lands {p} {b}", "ensure that {a} is {p} {b}", "I wish {a} were {p} {b}", "{b} should hold {a}",
    "{b} is for {a}", "{b} shall get {a}", "{b} is the place for {a}", "give {a} to {b}", "{a}: {p} {b}", "{a} -> {b}",
    "{a} {p} {b}", "get {a} out of its place and {p} {b}", "keep {a} {p} {b}", "have {a} {p} {b}", "only move {a} to {b}",
    "nothing but {a} goes {p} {b}", "the only block to move is {a}, put it {p} {b}", "sweep {a} {p} {b}", "toss {a} {p} {b}",
    "no block may remain on {zone}", "{zone} should end up without anything on it", "take what is on {zone} off it",
    "I want no blocks on {zone}", "nothing is to be left on {zone}", "{zone} has to be cleared", "strip {zone} of its blocks",
    "no bowl should be without a block", "leave no block outside of the bowls of its color", "keep the blocks in {bowl}",
    "put all blocks except the {x} ones {p} {b}", "put everything that is not {x} {p} {b}", "put the blocks that are not {x} {p} {b}",
    "put {a} in a bowl that is not {x}", "put the blocks in bowls that do not match their color", "put the block next to {bowl} {p} {b}",
    "put the block left of {zone} in {bowl}", "put the block nearest to {bowl} on {zone}", "put the block behind {bowl} on {zone}",
    "put the blocks to the right of {zone} in {bowl}", "put {a} and {c} {p} {b}", "put {a} and also {c} {p} {b}",
    "put the {x} and the {y} block {p} {b}", "put the {x} and {y} blocks {p} {b}", "move {a} over to {b}", "move {a} to the {s} side",
    "bring {a} to the {s} side of the table", "take {a} and then put it {p} {b}", "first grab {a}, then put it {p} {b}",
    "stack the {x} blocks on {zone} and the {y} blocks on the {x} zone", "stack the big blocks on {zone} and the small ones on {bowl}",
    "place the bigger {x} block on {zone}, then the smaller {x} block on it", "raise a stack of the {x} and {y} blocks on {zone}",
    "set up a column of the {x} blocks on {zone}", "make a tower of {x}, {y} and {x} blocks on {zone}",
    "stack the blocks of each size on {zone} and on the {x} zone respectively", "put the small blocks above the big ones",
    "fetch {a} and bring it to {b}", "fetch the block on {zone} and put it in {bowl}", "grab the block in {bowl} and set it on {zone}",
)  # fmt: skip

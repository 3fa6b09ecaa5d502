"""Parts of corrections, which are put together at random, and further whole ones: trained wordings; slots as in form_wordings."""

from __future__ import annotations

# With what people break off; those of STRONG correct even where nothing stands before them.
STRONG = (
    "no", "no wait", "no, wait", "wait", "wait, no", "no, sorry", "sorry, no", "scratch that", "strike that", "delete that", "erase that", "skip that",
    "nah", "nope", "wrong", "my fault", "my error", "let me rephrase", "let me rephrase that", "let me start over", "let me try again",
    "let me put it differently", "let me say it another way", "I changed my mind", "I've changed my mind", "I have changed my mind", "I misspoke",
    "I mixed that up", "I mixed something up", "I got that wrong", "that was wrong", "that's wrong", "that is not right", "that came out wrong",
    "not quite", "well, no", "on reflection", "on second thought", "on second thoughts", "come to think of it", "now that I think of it", "correction",
    "small correction", "I have to correct that", "I need to fix that", "forget what I said", "forget the last one", "ignore the last one",
    "ignore my last order", "disregard my last sentence", "withdraw that", "I withdraw that", "retract that", "never mind that", "oh no, wrong",
    "wrong again", "different idea", "I have a better idea", "better idea", "new decision", "I decided differently", "I decided otherwise",
    "I was mistaken", "I was confused", "I was wrong there", "there was an error in my order", "I made a mistake", "that was a mistake", "a slip of the tongue",
    "slip of the tongue", "you misunderstood", "you got me wrong", "you misunderstood me", "not so", "no, not like that", "not like that", "stop, no", "halt, no",
    "wait a second, no", "hold on, no", "that order is void", "the last order is void", "this is outdated", "update", "amendment", "I must revise that",
    "let me revise that", "let me amend that", "rewind", "start again", "once again from the start", "do over", "no no", "no, the other way round",
    "the opposite", "I want something else", "something else", "I'd rather have something else", "I thought again", "after thinking again", "forget everything",
    "cancel", "cancel that", "undo that", "ignore that", "my mistake", "forget it", "forget that", "take that back", "I take that back",
    "change of plans", "change of plan", "that's not it", "that's not what I meant", "I said it wrong", "I put that wrong", "I typed that wrong",
    "wait, not that", "actually, no",
)  # fmt: skip
WEAK = (
    "sorry", "oops", "whoops", "hm", "hmm", "er", "uh", "um", "oh", "oh wait", "hold on", "hang on", "hold it", "one moment", "just a second",
    "wait a minute", "pardon", "pardon me", "forgive me", "apologies", "silly me", "stupid me", "actually", "actually no", "thinking about it", "better",
    "or better", "or rather", "or no", "rather", "I mean", "I meant", "I meant to say", "I wanted to say", "let's say", "or let's say", "instead",
    "or maybe better", "or preferably", "or else", "well", "ah", "ach", "argh", "damn", "oh dear", "oh boy", "whoa", "eh", "ahem", "gosh", "ugh", "shoot",
    "my apologies", "so sorry", "wait wait", "hey no", "I think", "or was it", "was it", "I believe it was", "should be", "to be precise", "more precisely",
    "to be exact", "in other words", "meaning", "read", "make it", "it is", "it's", "it was", "I wish to say", "I had in mind", "I was thinking of", "rather say",
    "excuse me", "err", "ehm", "ah no", "oh no", "wait a sec", "or no, wait", "hang on a second", "my bad",
)  # fmt: skip
# What is wanted now.
INSTEAD = (
    "{p} {d}", "{p} {d}", "{p} the {x} one", "{p} the {x} one", "{c}", "{c}", "the {x} one", "the {x} block", "{then}", "{then}", "{then}",
    "take {c}", "use {c}", "use {d}", "go with {c}", "go for {d}", "make it {c}", "make it {d}", "make that {d}", "I meant {c}", "I mean {d}", "it should be {c}",
    "it's {c}", "{p} {d} instead", "{c} instead", "the other one", "the {x} one instead", "put it {p} {d}", "I want it {p} {d}", "it goes {p} {d}",
    "I want {c}", "I want {c} there", "move {c}", "do it with {c}", "with {c}", "not {a} but {c}", "not {p} {b} but {p} {d}",
    "{c}, not {a}", "{p} {d}, not {p} {b}", "please {then}", "you should {then}", "leave {a} and take {c}", "{c} is the one", "{d} is the right place",
    "not the {y} one, the {x} one", "let it be {c}", "{d}, please",
)  # fmt: skip
# {do}, a slip, and what is wanted.
JOINTS = (
    "{do}, {slip}, {now}", "{do}, {slip}, {now}", "{do} - {slip}, {now}", "{do}... {slip}, {now}", "{do}. {Slip}, {now}", "{do}. {Slip}, {now}.", "{do}. {Slip}: {now}.",
    "{do} - {slip} - {now}", "{do} ({slip}, {now})", "{do}, {slip} {now}", "{do}; {slip}, {now}", "{do} {slip} {now}", "{do}! {Slip}! {now}", "{do}. {Slip}. {now}.",
    "{do} ... {slip} ... {now}", "{do}, {slip}: {now}",
)  # fmt: skip
# Within the sentence.
WITHIN = (
    "put {a}, {slip}, {c}, {p} {b}", "put {a} {p} {b}, {slip}, {d}", "put the {x}, {slip}, the {y} block {p} {b}", "take {a} - {slip}, {c} - and put it {p} {b}",
    "move {a} ({slip}, {c}) to {b}", "move {a} to {b}, {slip} {d}", "place the {x} ... {slip} ... the {y} one {p} {b}", "bring {a}, {slip} {c}, to {b}",
    "put {a} in {bowl}, {slip}, on {zone}", "drop {a} in {bowl} - {slip} - {bowl2}", "put {a} on {zone}, {slip}, in {bowl}",
)  # fmt: skip
# A strong slip alone with what is wanted.
ALONE = ("{slip}, {now}", "{slip}: {now}", "{slip}. {Now}.", "{slip} - {now}", "{slip}! {Now}!", "{slip}, {then}", "{slip}: {then}", "{slip}. {Then}.")  # fmt: skip
WHOLE = (
    "{do}. Never mind.", "{do}, never mind", "forget I said anything", "leave it after all", "don't do it after all", "disregard all of that", "ignore that",
    "undo", "undo it", "undo what you did", "take it back to where it was", "put everything back", "put it back please", "return it", "restore it",
    "back to how it was", "go back one step", "make it as it was before", "back to the start", "bring it back", "put {a} back", "put {a} back where it came from",
    "{c} in place of {a}", "use {c} rather than {a}", "not {p} {b} but {p} {d}", "{p} {d} and not {p} {b}", "I said {p} {d}, not {p} {b}",
    "you took the wrong one, I want {c}", "that's the wrong block, {c} please", "you got the wrong block", "you got the wrong bowl, use {d}",
    "the {x} one, not the {y} one", "did I say {a}? I meant {c}", "when I said {a} I meant {c}", "by {a} I meant {c}", "I told you {c}, not {a}",
    "replace {a} in my order by {c}", "where I said {b}, read {d}", "that is not the one, {c}", "that isn't it, take {c}", "that's not {c}", "no, that's {a}, I want {c}",
    "you have {a}, I asked for {c}", "I asked for {c}", "I asked for {c} and not for {a}", "{a}? No, {c}!", "{p} {b}? No, {p} {d}!", "{do}? No, {then}.",
    "{do}. Did I say that? {Then}.", "{do}, or did I want {c}? Yes, {c}", "{do}, wait, is that right? No, {c}", "{do}. I was thinking of {c}, though.",
    "{do} ... or was it {c}? {c} it is", "{do}. Not {a}, I see now: {c}.", "{do}. Hmm. {c}, I think.", "{do}. Correct that to {c}.", "{do}. Please change it to {d}.",
    "change {a} to {c} in my order", "change the goal to {d}", "the goal is {d} now, not {b}", "from now on {d} instead of {b}", "{d} after all", "{c} after all",
    "{do}. After all, {p} {d} is better.", "{do}. {p} {d} would be better.", "{do}, but {c} is better, take that", "{do}, though I'd prefer {c}, so {c}",
    "{do} - delete - {then}", "{do} <- wrong, {then}", "s/{a}/{c}/", "*{c}", "*{p} {d}", "{do} *{d}", "edit: {then}", "typo: {c}, not {a}", "{do}. Typo, {c}.",
    "abort, {then}", "abort that and {then}", "stop that and {then}", "drop that, {then}", "leave that, {then}", "enough, {then}", "leave that for now, {then}",
    "instead of that, {then}", "rather than that, {then}", "do this instead: {then}", "{then} instead", "{then} instead of that", "I'd rather you {then}",
    "no need for that any more, {then}", "that is no longer needed, {then}", "not any more, {then}", "you can stop, {then}", "that was the old order, now {then}",
    "old: {do}. new: {then}.", "before I said {a}, now I say {c}", "first I wanted {a}, now I want {c}", "I wanted {a}, but now I want {c}",
    "it isn't {a}, it is {c}", "it's not {b}, it's {d}", "not {b}, {d}", "not that one", "not that, the {x} one", "not that bowl, {d}", "no, on {zone}", "no, in {bowl}",
    "no, {c}", "no, {c} {p} {d}", "wait, {c}", "wait, not {p} {b}", "other way round: {c} first", "the other bowl", "the other block I mean", "the {x} one I mean",
    "{do}, I beg your pardon, {now}", "{do}, I'm sorry, {now}", "{do}, if I think about it, {now}", "{do}, or should I say {c}", "{do}, should be {c}",
    "{do}, read {c} for {a}", "{do}, with {c} in place of {a}", "{do}, just kidding, {now}", "{do}, only joking, {then}", "{do}, haha no, {now}",
    "{do}. Err, no: {p} {d}.", "{do}, excuse me, {c}", "{do} - cancel that, {then}", "{do}. I take it back, {then}.", "{do}, ah, I meant {p} {d}",
    "{do}... no, better: {then}", "what I meant was {c}, not {a}", "{do}, hmm, no, {c}", "change of plan: {then}", "{do}. Forget it, {then}.",
    "{do}, that is, {p} {d}", "{do}, oh sorry, {p} the {x} one", "revert that", "stop, I was wrong, {then}", "{do}, I should have said {c}",
    "not that block, {c}", "{do}, ehm, {p} {d} I mean", "{do}. My mistake: {p} {d}.", "let me correct myself: {then}",
    "{do}, no no no, {p} the {x} one",
    "that should have been {c}", "it should have been {c}, not {a}", "that was supposed to be {c}", "I wrote {a}, but I meant {c}",
    "I typed {a} instead of {c}", "I don't want {a} any more, I want {c}", "can we change that to {c}?", "can you undo that?", "please undo that",
    "go back and take {c} instead", "no, I wanted {c}", "no, I wanted it {p} {d}", "you put it in the wrong place, {p} {d}",
    "that's the wrong place, {p} {d} please", "{do}... ah, wait, wrong bowl, {bowl}", "{do}. No, use {c} for that.",
    "{do}. Oh, I see, it should be {c}.", "{do}, or was that {c}? Yes, {c}.",
)  # fmt: skip
# How a doable instruction begins or ends in words that corrections and prohibitions use too; {do} is a whole instruction.
HARMLESS = (
    "no problem, {do}", "sorry to trouble you, but {do}", "sorry, can you {do}?", "oh, {do}", "hmm, {do}", "well, {do}", "ok so, {do}", "um, {do}", "ah, {do}",
    "I mean it: {do}", "no kidding, {do}", "no excuses, {do}", "that is right, {do}", "correct, {do}", "right, {do}", "exactly, now {do}", "not later, now: {do}",
    "this time {do}", "here is what to do: {do}", "this is what I want: {do}", "new task: {do}", "next order: {do}", "my wish: {do}", "{do}, that's it",
    "{do}, that is what I want", "{do}, nothing more", "{do} and nothing else", "{do}, the others stay where they are", "{do}, the others can stay",
    "don't forget to {do}", "do not forget to {do}", "do not hesitate to {do}", "never fail to {do}", "without delay, {do}", "it is not hard: {do}",
    "if it isn't too much trouble, {do}", "if you don't mind, {do}", "don't worry, just {do}", "no need to hurry, {do}", "nothing special, just {do}",
    "don't just stand there, {do}", "I can't do it myself, {do}", "I cannot reach it, please {do}", "I do not have time, so {do}", "it's not urgent, but {do}",
    "excuse the trouble, {do}", "sorry for asking again, {do}", "I think you should {do}", "I would say {do}", "the best idea is to {do}", "good idea, {do}",
    "wait for nothing and {do}", "stop waiting and {do}", "I have decided: {do}", "I have made up my mind, {do}", "let me see you {do}", "let me ask you to {do}",
    "no matter how, {do}", "whatever it takes, {do}", "nobody else can, so {do}", "I'd be glad if you {do}", "I'd be angry if you did not {do}", "make no mistake and {do}",
    "nothing would please me more: {do}", "you won't be sorry: {do}", "not much to do: {do}", "let's begin: {do}", "start over and {do}", "try again: {do}",
    "you did well, {do}", "that was good, {do}", "that was right, {do}", "last order: {do}", "one more thing, {do}", "before I forget, {do}", "I forgot to say, {do}",
    "on my order, {do}", "as I said, {do}", "I said {do}", "I told you to {do}", "I asked you to {do}", "it would be wrong not to {do}", "it is okay to {do}",
    "you are allowed to {do}", "you may {do}", "it is no mistake to {do}", "nobody minds if you {do}", "go ahead, don't stop, {do}", "no more waiting, {do}",
    "no hurry, {do}", "no rush, {do}", "sorry to bother you, {do}", "sorry to interrupt, but {do}", "excuse me, {do}", "excuse me, could you {do}?",
    "actually, {do}", "actually, could you {do}?", "never mind the mess, {do}", "never mind me, {do}", "don't mind me, just {do}",
    "I don't mind how: {do}", "no need to be careful: {do}", "no need to ask me again, {do}", "don't worry about the noise, {do}",
    "don't ask why, {do}", "no ifs or buts, {do}", "better now than later: {do}", "unless you are busy, {do}", "it can't be that hard: {do}",
    "I won't say it twice: {do}", "you heard me, {do}", "nothing stops you, so {do}", "{do}, if nothing speaks against it",
    "{do}, don't worry about the rest", "{do} and don't wait for me", "{do}, no matter how long it takes", "{do}, I won't mind",
)  # fmt: skip
# Doable sentences with what is not meant in them.
HARMLESS_WHOLE = (
    "only {a} {p} {b}, the others stay", "just {a} {p} {b}, nothing else", "only {a} should be {p} {b}", "put only {a} {p} {b}", "nothing but the {x} blocks {p} {b}",
    "everything but {a} goes {p} {b}", "everything {p} {b} except {a}", "everything {p} {b}, only {a} stays", "all the blocks {p} {b}, not {a}",
    "all but {a} {p} {b}", "leave {a} alone and put everything else {p} {b}", "leave {a} where it is, the others go {p} {b}", "keep {a} where it is and put the others {p} {b}",
    "{a} stays, put all other blocks {p} {b}", "don't move {a}, all the other blocks go {p} {b}", "put the other blocks {p} {b} and leave {a}",
    "all blocks {p} {b} but do not touch {a}", "without moving {a}, put everything else {p} {b}", "put everything {p} {b} that is not {x}",
    "put the blocks {p} {b}, but not the {x} ones", "the blocks go {p} {b}, not the {x} ones though", "put the {x} blocks in a bowl, but not in {bowl}",
    "put the {x} blocks in any bowl except {bowl}", "the {x} blocks go in some bowl other than {bowl}", "put {a} on a zone that is not {x}",
    "no block should be left on {zone}", "make sure no block is left in {bowl}", "there should be no blocks in {bowl}", "nothing should stay on {zone}",
    "{zone} should not have blocks on it any more", "no bowl should stay empty", "don't leave any bowl empty", "leave no bowl empty", "no zone should be without a block",
    "get {a} away from there and {p} {b}", "move {a} from where it is to {b}", "the blocks from {zone} go in {bowl} instead", "put what is on {zone} in {bowl} instead",
    "put {a} back {p} {b}", "{a} goes back {p} {b}", "{a} belongs {p} {b} instead", "put {a} {p} {b} instead", "{a}, that is the one that goes {p} {b}",
    "see {a}? That one {p} {b}.", "{a} is in the wrong place, put it {p} {b}", "{a} should not be there, put it {p} {b}", "{a} is not {p} {b} yet, put it there",
    "why is {a} not {p} {b}? Put it there.", "{b} has no block yet, give it {a}", "{b} is empty, put {a} {p} it", "put {a} {p} {b}, the one I like",
    "{a} had better be {p} {b}", "{a} ought to be {p} {b}", "it is essential that {a} is {p} {b}", "see to it that {a} is {p} {b}",
    "make sure that {a} ends up {p} {b}", "vacate {zone}", "I want {zone} vacated", "let no block remain on {zone}",
    "{a} can't stay there, put it {p} {b}", "don't leave {a} where it is, put it {p} {b}", "{a} is not where it should be, put it {p} {b}",
    "I won't be happy until {a} is {p} {b}", "{a} may go nowhere but {p} {b}", "the block right beside {bowl} without touching it goes on {zone}",
    "put the block that is near {zone}, but not touching it, in {bowl}", "I never asked for much: {a} {p} {b}", "sorry, but {a} has to go {p} {b}",
)  # fmt: skip

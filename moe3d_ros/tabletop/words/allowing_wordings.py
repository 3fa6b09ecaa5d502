"""Doable instructions in the constructions of prohibitions, so that a construction alone forbids nothing: trained wordings."""

from __future__ import annotations

# In front of a move.
OPENERS = (
    "it is your job to", "everybody wants you to", "you are supposed to", "you have permission to", "you are welcome to", "I would prefer you to",
    "I'd prefer it if you did", "I'd like it if you", "be sure to", "make sure to", "make sure you", "make sure that you", "please make sure you", "always",
    "for a good reason", "absolutely", "please do", "do", "don't be afraid to", "don't miss to", "feel free to", "it is fine to", "it is important to",
    "it is crucial that you", "remember to", "remember: always", "rule number one: always", "careful now, slowly", "attention please,", "important:", "the rule is to",
    "the rules say to", "your orders are to", "I beg you to", "I advise you to", "I trust you to", "promise me to", "let us", "let's", "we must", "we want you to",
    "we should", "why not", "you have the right to", "it makes sense to", "it is time to", "it's allowed to", "it would be right to", "it is a good idea to",
    "you will be praised if you", "I will be glad if you", "keep trying to", "at some point", "now", "whatever you do, first", "whatever happens,", "today you may",
    "you are kindly asked to", "you are hereby allowed to", "I'd be happy if you", "it pleases me when you", "it is good when you", "I have decided that you may",
    "as soon as you can,", "without fear,", "the robot shall", "you shall", "you will", "you need to", "you have to", "you ought to", "take care to", "see that you",
    "I insist that you", "I demand that you", "it is vital to", "under all circumstances", "in any case", "by all means", "no matter what,", "once and for all,",
    "go on and", "go and", "come and", "carry on and", "get going and", "start to", "you could", "you might want to", "would it be possible to", "are you able to",
    "is it okay for you to", "may I ask that you", "I hope you", "I expect you to", "I order you to", "I ask you to", "I told you to", "I tell you to", "I permit you to",
    "you had better", "you'd better", "be so good as to", "see to it that you", "you would do well to", "it is essential that you", "it's best to",
    "it is safe to", "it is necessary to", "you really should", "you definitely must", "seriously,", "for the last time,",
    "I'd appreciate it if you", "I think you should", "if I were you I would", "there is no reason not to", "don't think twice,",
    "could you please", "would you please", "please take care to", "from now on you may", "for the time being,", "I'm telling you to",
    "I'd be grateful if you", "could I ask you to", "one thing you may do is", "what you should do is", "the first thing you should do is",
    "we agreed to", "the plan is to", "I repeat:", "this arm is allowed to", "with my permission you may", "could you just",
    "would it be all right to",
)  # fmt: skip
# In front of a move with -ing.
OPENERS_ING = (
    "how about", "what about", "try", "start by", "start with", "begin by", "begin with", "I suggest", "I recommend", "I propose", "I'm in favor of", "consider",
    "think about", "please consider", "you can help by", "help me by", "do me the favor of", "your task consists of", "your work is", "I am for", "I approve of",
    "I allow", "we allow", "the rules allow", "everything speaks for", "be sure of", "keep on", "go on", "continue by", "proceed by", "finish by", "it is about",
    "there is nothing against", "I like the idea of", "how do you feel about", "would you be fine with", "do you feel like", "could I get you to help by", "are you up for",
    "I would appreciate your", "I'd love you", "make yourself useful by", "get started on", "now it is time for", "we are", "you are now", "I imagine you", "the job is",
    "can I count on you", "is there a chance of you", "you won't mind", "I hope you don't mind", "please be so good as to help by", "show me your skill by", "focus on",
    "nothing speaks against", "there's no harm in", "I have nothing against", "I see no problem with", "I don't mind you", "nobody objects to",
    "I strictly insist on", "don't be shy about",
    "would you mind", "can I interest you in", "what would you say to", "you won't regret", "I see every reason for", "I'd love to see you",
    "I don't mind your", "let's start with", "nobody is against", "now would be a good time for",
)  # fmt: skip
# Behind a move with -ing.
APPROVED = (
    "is an option", "is acceptable", "is okay", "is fine", "is what I want", "would be great", "would be good", "would be a success", "is permitted", "is allowed",
    "is allowed here", "is within the rules", "must happen", "should happen now", "is something I want", "is desired", "is the first thing I want", "is part of your job",
    "makes sense, do it", "is the one thing you must do", "is wanted", "has to be done", "is safe, so do it", "will do", "is needed", "is called for", "is legal here",
    "is right", "would please me", "helps everybody", "is on the list", "is your next task", "is the order", "is my wish", "is the goal", "is up next", "comes next",
    "is all I ask", "is all I want", "is now your job", "is due", "is a good idea", "is not a problem", "is no trouble, do it", "cannot be wrong", "is not forbidden, so do it",
    "is not a bad idea", "is no mistake", "is never wrong", "is advisable", "is necessary", "is encouraged", "is in order",
    "is anything but forbidden", "won't hurt anybody", "will get you praised",
    "isn't forbidden", "isn't a bad idea", "is what I asked for", "is simply what I need", "is not asking too much", "would make my day",
    "is happening now, go ahead", "should not be a problem", "does not need my permission, go ahead",
)  # fmt: skip
# Whole ones: verbs of placing, and words of prohibitions and corrections in another sense.
WHOLE = (
    "rest {a} {p} {b}", "nest {a} in {bowl}", "tuck {a} into {bowl}", "park {a} on {zone}", "drop {a} off at {b}", "drop {a} off {p} {b}",
    "slot {a} into {bowl}", "plant {a} on {zone}", "lay {a} down {p} {b}", "ease {a} {p} {b}", "lower {a} {p} {b}", "slide {a} onto {zone}",
    "stow {a} in {bowl}", "stow {a} away in {bowl}", "sit {a} {p} {b}", "perch {a} on {zone}", "pop {a} {p} {b}", "chuck {a} into {bowl}",
    "plop {a} {p} {b}", "set {a} aside {p} {b}", "get {a} over to {b}", "relocate {a} to {b}", "hand {a} over to {b}", "ship {a} to {b}",
    "send {a} to {b}", "haul {a} to {b}", "ferry {a} over to {b}", "transport {a} to {b}", "walk {a} over to {b}", "pass {a} on to {b}",
    "gather the {x} blocks in {bowl}", "gather all the blocks on {zone}", "collect the {x} blocks in {bowl}", "collect all the blocks {p} {b}",
    "round up the {x} blocks and put them {p} {b}", "store {a} in {bowl}", "stash {a} in {bowl}", "hide {a} in {bowl}", "mount {a} on {zone}",
    "balance {a} on {c}", "insert {a} into {bowl}", "center {a} on {zone}", "put {a} away in {bowl}", "tidy {a} away into {bowl}",
    "hoist {a} onto {zone}", "guide {a} {p} {b}", "release {a} {p} {b}", "scoop up {a} and drop it {p} {b}", "grip {a} and let it go {p} {b}",
    "leave {a} {p} {b} for me", "leave {a} {p} {b}", "fill {bowl} with the {x} blocks", "into {bowl} with {a}", "onto {zone} with {a}",
    "off you go with {a} to {b}", "time for {a} to go {p} {b}", "{a} would look nice {p} {b}", "{a} would be better off {p} {b}",
    "{b} is missing {a}, bring it there", "the right place for {a} is {p} {b}, put it there", "I'd rather have {a} {p} {b}",
    "I'd like to see {a} {p} {b}", "actually put {a} {p} {b}", "now {a} {p} {b}", "careful with {a} while you put it {p} {b}",
    "mind your fingers and put {a} {p} {b}", "{a} is fragile, so lower it gently {p} {b}", "{a} doesn't weigh much, put it {p} {b}",
    "{a} isn't heavy, lift it and put it {p} {b}", "{b} is not full, so put {a} {p} it", "{b} is free now, put {a} there",
    "{b} is still empty, {a} goes there", "it doesn't matter how: {a} {p} {b}", "you may touch {a}, so put it {p} {b}",
    "every block except {a} goes {p} {b}", "every block except the {x} one goes {p} {b}", "all blocks but {a} go {p} {b}",
    "put all blocks that aren't {x} {p} {b}", "take the blocks that are not {x} and put them {p} {b}",
    "the blocks that are neither {x} nor {y} go {p} {b}", "put the blocks that are neither {x} nor {y} {p} {b}",
    "put the {x} blocks in a bowl other than {bowl}", "only the {x} blocks go {p} {b}",
)  # fmt: skip

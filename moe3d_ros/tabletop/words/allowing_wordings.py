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
)  # fmt: skip

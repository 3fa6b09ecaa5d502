"""Orders as people type them, around what is moved and where to: trained ones, and others that training never uses.

Slots: {a} what is moved, {A} with a capital, {w} where it is put, {v} where it is then, {to} the same after "move", {q} the
place without preposition, {it} it or them, {It}; {are}, {go}, {need} agree with {a}. Of two clauses the second has {b}, {x},
{y}, {z}, {r} and {that} for {a}, {w}, {v}, {to}, {q}, {it}. {o} is what things are taken out of, {off} "out of" or "off" it,
{n} what is left alone.
"""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases, joined
from moe3d_ros.tabletop.things import everyday_orders

TRAINED: Phrases = {
    "do": (
        "put {a} {w}", "put {a} {w}", "put {a} {w}", "place {a} {w}", "move {a} {to}", "pick {a} and place {it} {w}", "pick up {a} and place {it} {w}",
        "grab {a} and put {it} {w}", "take {a} and put {it} {w}", "drop {a} {w}", "bring {a} {to}", "bring {a} over {to}", "move {a} over {to}",
        "get {a} {w}", "get {a} over {to}", "toss {a} {w}", "chuck {a} {w}", "dump {a} {w}", "plop {a} {w}", "pick {a} up and drop {it} {w}",
        "grab {a}, put {it} {w}", "pick {a}, place {it} {w}", "take {a} and then place {it} {w}", "lift {a} up and set {it} down {w}",
        "reach for {a} and put {it} {w}", "slip {a} {w}", "haul {a} {to}", "drag {a} {to}", "slide {a} over {to}", "push {a} over {to}",
        "set {a} {w}", "lay {a} {w}", "stick {a} {w}", "take {a} over {to}", "move {a} so that {it} {are} {v}", "pick out {a} and put {it} {w}",
        "find {a} and move {it} {to}", "put {a} down {w}", "go get {a} and put {it} {w}", "get hold of {a} and put {it} {w}", "choose {a} and place {it} {w}",
        "let {a} go {w}", "take hold of {a} and move {it} {to}", "hand {a} over {to}", "shove {a} {to}", "rest {a} {w}", "swing {a} over {to}",
    ),
    "front": (
        "{w} put {a}", "{w}, put {a}", "{w} place {a}", "{w} goes {a}", "{w} I want {a}", "{w}: {a}", "{w} put {a} please", "{w} is where {a} should go",
        "{w} drop {a}", "{w} I need {a}", "{w} set {a}", "{w} with {a}", "{w} with {a} please", "{w} move {a}", "{w} comes {a}",
    ),
    "two_sentences": (
        "see {a}? Put {it} {w}.", "look at {a}. {It} {go} {w}.", "find {a}. Place {it} {w}.", "pick up {a}. Then put {it} {w}.", "take {a}. Now set {it} {w}.",
        "grab {a}. Drop {it} {w}.", "first grab {a}. Then bring {it} {to}.", "{A} {are} in the way, put {it} {w}", "{A} {are} in the wrong place. Put {it} {w}.",
        "take {a}. Put {it} {w}.", "you see {a}? {w} with {it}", "{A}? Put {it} {w}.", "there {are} {a}. Move {it} {to}.", "about {a}: put {it} {w}",
        "it is about {a}. {It} {need} to go {w}.", "pick {a}. Place {it} {w}.", "I want to move {a}. Put {it} {w}.", "{a}, take {it} and put {it} {w}",
        "{a}, can you put {it} {w}?", "grab {a} and once you have {it}, put {it} {w}", "as for {a}, put {it} {w}",
    ),
    "say": (
        "I want {a} {v}", "I need {a} {v}", "I'd like {a} {v}", "{a} should go {w}", "{a} {go} {w}", "{a} should be {v}", "can {a} go {w}?", "could {a} go {w}?",
        "how about {a} {v}?", "what about putting {a} {w}?", "is it possible to put {a} {w}?", "it would be great to have {a} {v}", "{a} would look better {v}",
        "let's get {a} {w}", "I was thinking {a} should go {w}", "{a} {need} to go {w}", "{a} {need} to be {v}", "i want {a} to be {v}", "i want {a} to go {w}",
        "would be nice if {a} were {v}", "I want to have {a} {v}", "I'd rather have {a} {v}", "{a} must go {w}", "we want {a} {v}",
    ),
    "note": (
        "{a} {w}", "{a} {w}", "{a} {w}", "{a} - {w}", "{a} / {w}", "{a}, {w}, please", "{a} {w} please", "{a} to go {w}", "{a} -> {q}", "{a} => {q}", "{a} to {q}",
        "{q}: {a}", "{q} <- {a}", "{q} for {a}", "{q} gets {a}", "{a}: {w}", "{a} = {q}", "{w} please: {a}", "{a}; {w}", "{a}, {w}",
    ),
    "many": (
        "move {a} over {to}", "push {a} {to}", "collect {a} {v}", "gather {a} {v}", "tidy {a} away {w}", "sweep {a} {to}", "clear {a} {to}",
        "get {a} together {v}", "bring {a} together {v}", "sort {a} {w}", "clean up: {a} {w}", "tidy up: {a} {w}", "tidy up, {a} {w}", "put {a} away {w}",
        "put {a} {w}, one by one", "put {a} {w} one after the other", "one by one, move {a} {to}",
    ),
    "leave": (
        "leave {n} alone and put everything else {w}", "leave {n} alone and put all the others {w}", "leave {n} where it is and move everything else {to}",
        "{n} stays, everything else {w}", "{n} stays where it is, the rest goes {w}", "don't touch {n}, put the others {w}", "put everything {w}, but leave {n} alone",
        "without touching {n}, move the others {to}", "everything {w} but not {n}", "put all the others {w}, {n} stays", "put the rest {w}, {n} can stay",
        "let {n} stay and move all the others {to}", "leave {n}, move the rest {to}",
    ),
    "out": (
        "take {a} {off}", "take {a} {off}", "get {a} {off}", "remove {a} from {o}", "lift {a} {off}", "pull {a} {off}", "pick {a} {off}",
        "move {a} {off}", "take {a} {off} and put {it} on the table", "get {a} {off} and onto the table", "take {a} back {off}", "bring {a} {off}",
        "put {a} back on the table", "take {a} from {o}", "take {a} from {o} and lay {it} on the table", "grab {a} {off} and put {it} on the table",
    ),
    "out_say": (
        "{a} {off}", "{a} {off} please", "I want {a} {off}", "{a} should come {off}", "{a} must come {off}", "{a} needs to come {off}",
    ),
    "out_to": (
        "take {a} {off} and put {it} {w}", "take {a} {off} and put {it} {w}", "get {a} {off} and place {it} {w}",
        "take {a} {off}, then put {it} {w}", "remove {a} from {o} and put {it} {w}", "move {a} from {o} {to}",
        "lift {a} {off} and set {it} down {w}", "bring {a} from {o} {to}", "pull {a} {off} and drop {it} {w}", "get {a} {off} and {w}",
        "put {a} from {o} {w}",
    ),
    "out_to_say": (
        "{a}: {off}, {w}", "grab {a} {off}. Put {it} {w}.", "take {a} from {o}. {It} {go} {w}.", "{a} from {o} {to}", "I want {a} {off} and {v}",
    ),
    "empty": (
        "empty {o}", "empty {o}", "clear {o}", "take everything {off}", "get everything {off}", "remove everything from {o}", "clear out {o}",
        "make {o} empty", "empty {o} onto the table", "take out everything that is in {o}", "free up {o}", "unload {o}",
        "put everything from {o} on the table", "get all of it {off}", "take it all {off}",
    ),
    "empty_say": (
        "{o} should be empty", "I need {o} empty", "{o} needs to be empty", "I want {o} to be empty",
    ),
    "lead": (
        "please {do}", "please {do}", "can you {do}?", "could you {do}?", "could you please {do}?", "can you please {do}", "would you {do}?", "hey, {do}", "robot, {do}",
        "ok, {do}", "now {do}", "just {do}", "pls {do}", "I want you to {do}", "I'd like you to {do}", "let's {do}", "you should {do}", "ok now {do}", "hi, {do}",
        "will you {do}?", "can u {do}", "your task: {do}", "next {do}", "kindly {do}", "quickly {do}", "try to {do}", "hello robot, please {do}", "you need to {do}",
        "you can {do}", "now please {do}", "we need to {do}", "it's time to {do}", "so, {do}",
    ),
    "tail": (".", ".", "!", " please", ", please", ", thanks", " thx", " pls", " now", ", ok?", ". Thanks!", ", thank you", "!!", " for me", " if you can", ", robot"),
    "two": (
        "put {a} {w} and {b} {x}", "put {a} {w} and {b} {x}", "put {a} {w}, {b} {x}", "{a} {w} and {b} {x}", "{a} {w}, {b} {x}", "{a} {w}; {b} {x}",
        "put {a} {w} and put {b} {x}", "put {a} {w}, then put {b} {x}", "put {a} {w}. Then put {b} {x}.", "place {a} {w} and {b} {x}", "{a} {go} {w} and {b} {x}",
        "move {a} {to} and {b} {z}", "move {a} {to}, and then move {b} {z}", "{w} put {a} and {x} put {b}", "{w} {a}, {x} {b}", "{q}: {a}. {r}: {b}.",
        "{q}: {a}, {r}: {b}", "{a} -> {q}, {b} -> {r}", "take {a} and put {it} {w}, and take {b} and put {that} {x}", "after {a} {are} {v}, put {b} {x}",
        "when {a} {are} {v}, put {b} {x}", "once {a} {are} {v}, move {b} {z}", "before you put {b} {x}, put {a} {w}", "{a} and {b} should go {w} and {x}",
        "put {a} and {b} {w} and {x}, in that order", "I want {a} {v} and {b} {y}", "I want {a} {v}, {b} {y}", "{a} should be {v} and {b} should be {y}",
        "1. {a} {w} 2. {b} {x}", "first {a} {w}, then {b} {x}", "first put {a} {w}, after that {b} {x}", "grab {a}, put {it} {w}, then do the same with {b}, but {x}",
        "{a} {w} + {b} {x}", "{a} {w} & {b} {x}", "drop {a} {w} and bring {b} {z}", "put {a} {w} but {b} {x}", "{a} to {q} and {b} to {r}", "also put {b} {x} when {a} {are} {v}",
        "put {a} {w}. And {b}? {x}.", "two things: {a} {w} and {b} {x}",
    ),
    "two_same": (
        "put {a} and {b} {w}", "put {a} and {b} {w}", "move {a} and {b} {to}", "put {a} {w}, and {b} too", "put {a} {w} and also {b}", "{a} and {b} {w}", "{a} and {b} should go {w}",
        "bring both {a} and {b} {to}", "put {a} {w}, {b} as well", "{w} put {a} and {b}", "place {a} {w}. {b} goes there too.", "{a}, {b}: {w}", "{a} + {b} {w}",
        "take {a} and {b} and put them {w}", "I want {a} and {b} {v}", "get {a} and {b} {w}",
    ),
}  # fmt: skip

TRAINED = joined(TRAINED, everyday_orders.ORDERS)

HELD_OUT: Phrases = {
    "do": ("convey {a} {to}", "cart {a} {to}", "nudge {a} over {to}", "usher {a} {to}", "see {a} safely {to}", "find room for {a} {v}", "situate {a} {w}"),
    "front": ("{w} is the home of {a}", "{w} is the spot for {a}"),
    "two_sentences": ("do you notice {a}? Convey {it} {to}.", "{a} caught my eye. {It} would be at home {v}."),
    "say": ("{a} would be at home {v}", "{a} {come} to rest {v}", "I picture {a} {v}", "the idea is to have {a} {v}"),
    "note": ("{a} ~> {q}", "from where it is to {q}: {a}"),
    "many": ("scatter {a} {w}", "herd {a} together {v}", "ferry {a} {to}"),
    "leave": ("spare {n} and cart the leftovers {to}", "{n} may rest, all of the leftovers {w}"),
    "out": ("pluck {a} {off}", "ease {a} {off}", "whisk {a} away from {o}"),
    "out_say": ("{a} {have} been at {o} for long enough", "I imagine {o} without {a}"),
    "out_to_say": ("{a} would rather leave {o} and be {v}",),
    "empty_say": ("nothing is to stay behind: {o}", "I hope to find nothing {off}"),
    "out_to": ("pluck {a} {off} and situate {it} {w}", "ease {a} {off} and let {it} come to rest {v}"),
    "empty": ("evacuate {o}", "relieve {o} of all that it holds"),
    "lead": ("set about this: {do}", "it would make my day if you could {do}", "would it bother you to {do}?", "might I trouble you to {do}"),
    "tail": (", much obliged", ", when it suits you", " - ta", ", with my thanks"),
    "two": ("convey {a} {to}, and in the same way {b} {y}", "task A: {a} {w}. Task B: {b} {x}", "{a} {w}, and in second place {b} {x}"),
    "two_same": ("convey both {a} and {b} {to}", "{a}, along with {b}, would be at home {v}"),
}  # fmt: skip

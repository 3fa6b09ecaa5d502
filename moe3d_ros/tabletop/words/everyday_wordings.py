"""Further wordings of single steps and 6D moves that training may use, with the slots of wordings and sixd_wordings."""

from __future__ import annotations

INSTRUCTIONS = (
    "deposit {a} {p} {b}", "deposit {a} {p}to {b}", "drop {a} {p}to {b}", "lower {a} {p}to {b}", "lay {a} {p} {b}", "stick {a} {p} {b}",
    "pop {a} {p} {b}", "plop {a} {p}to {b}", "plunk {a} down {p} {b}", "park {a} {p} {b}", "leave {a} {p} {b}", "install {a} {p} {b}",
    "slip {a} {p}to {b}", "transport {a} to {b}", "relocate {a} to {b}", "haul {a} over to {b}", "send {a} to {b}", "take {a} over to {b}",
    "hand {a} over to {b}", "bring {a} over and set it {p} {b}", "grip {a} and release it {p} {b}", "grasp {a} and lay it {p} {b}",
    "seize {a} and deposit it {p} {b}", "hold {a} and carry it to {b}", "lift up {a}, then set it down {p} {b}",
    "pick {a} up and pop it {p} {b}", "pick up {a} and bring it over to {b}", "snatch {a} and stick it {p} {b}",
    "find {a} and put it {p} {b}", "look for {a} and move it to {b}", "choose {a} and place it {p} {b}",
    "get hold of {a} and set it {p} {b}", "take hold of {a} and move it {p}to {b}", "close your gripper on {a} and place it {p} {b}",
    "reach for {a} and put it {p} {b}", "go and get {a}, then put it {p} {b}", "carefully place {a} {p} {b}", "gently lower {a} {p}to {b}",
    "quickly put {a} {p} {b}", "kindly set {a} {p} {b}", "just put {a} {p} {b}", "hey robot, drop {a} {p}to {b}",
    "okay, now move {a} to {b}", "next, place {a} {p} {b}", "the next step is to put {a} {p} {b}", "the task is to bring {a} to {b}",
    "your task: {a} {p}to {b}", "you should put {a} {p} {b}", "you need to move {a} {p}to {b}", "you are to deposit {a} {p} {b}",
    "we need {a} {p} {b}", "we should get {a} {p}to {b}", "let's put {a} {p} {b}", "let us move {a} {p}to {b}", "help me put {a} {p} {b}",
    "do me a favor and put {a} {p} {b}", "be so kind as to place {a} {p} {b}", "would you kindly transfer {a} {p}to {b}?",
    "will you put {a} {p} {b}?", "can you get {a} {p}to {b}?", "could {a} go {p} {b}?", "may I have {a} {p} {b}?",
    "is it possible to have {a} {p} {b}?", "I wonder if you could put {a} {p} {b}", "it would help if {a} were {p} {b}",
    "it would be nice to have {a} {p} {b}", "I'd like {a} {p} {b}", "I'd like to have {a} put {p} {b}", "I wish {a} were {p} {b}",
    "{a} ought to be {p} {b}", "{a} must go {p}to {b}", "{a} can go {p} {b}", "{a} shall be placed {p} {b}", "{a} {p} {b}, please",
    "{a} {p}to {b}", "{a} -> {b}", "{a}: {p} {b}", "{p} {b} I want {a}", "{p} {b} goes {a}", "{p} {b}, please put {a}",
    "{b} is where {a} should go", "{b} should get {a}", "see {a}? Put it {p} {b}.", "take {a}. Place it {p} {b}.",
    "pick up {a}. Then lower it {p}to {b}.", "first pick up {a}, then put it {p} {b}", "see to it that {a} is {p} {b}",
    "ensure that {a} is {p} {b}", "make {a} rest {p} {b}",
)  # fmt: skip

TAKING_FROM_RAMP = (
    "remove {a} from {o} and put it {p} {b}", "carry {a} from {o} to {b}", "bring {a} from {o} over to {b}", "transfer {a} from {o} to {b}",
    "transport {a} from {o} to {b}", "shift {a} from {o} to {b}", "lift {a} from {o} and deposit it {p} {b}",
    "lift {a} off {o} and set it down {p} {b}", "pick {a} off {o} and put it {p} {b}", "pick up {a} from {o} and lay it {p} {b}",
    "get {a} off {o} and place it {p} {b}", "take {a} down from {o} and put it {p} {b}", "please take {a} off {o} and set it {p} {b}",
    "could you lift {a} off {o} and put it {p} {b}?", "would you move {a} from {o} to {b}?", "I want {a} off {o} and {p} {b}",
    "I need {a} off {o} and {p} {b}", "{a} should come off {o} and go {p} {b}", "{a} must go from {o} to {b}",
    "see {a} on {o}? Put it {p} {b}.", "{a} is on {o}. Put it {p} {b}.", "{a}: off {o}, {p} {b}", "grip {a} on {o} and bring it to {b}",
    "it would help to have {a} off {o} and {p} {b}", "from {o} take {a} and lay it {p} {b}",
)  # fmt: skip

TAKING_FROM_RACK = (
    "remove {a} out of {o} and put it {p} {b}", "extract {a} from {o} and place it {p} {b}", "withdraw {a} from {o} and deposit it {p} {b}",
    "lift {a} out of {o} and set it down {p} {b}", "pull {a} up out of {o} and lay it {p} {b}", "slip {a} out of {o} and put it {p} {b}",
    "slide {a} out of {o} and place it {p} {b}", "pick {a} out of {o} and set it {p} {b}", "grab {a} out of {o} and put it {p} {b}",
    "bring {a} out of {o} and lay it {p} {b}", "move {a} out of {o} and {p}to {b}", "unplug {a} from {o} and put it {p} {b}",
    "please pull {a} out of {o} and put it {p} {b}", "could you take {a} out of {o} and place it {p} {b}?",
    "would you lift {a} out of {o} and set it {p} {b}?", "I want {a} out of {o} and {p} {b}", "I'd like {a} out of {o} and {p} {b}",
    "{a} should come out of {o} and go {p} {b}", "{a} must come out of {o} and go {p} {b}", "see {a} in {o}? Put it {p} {b}.",
    "{a}: out of {o}, {p} {b}", "fetch {a} out of {o} and deposit it {p} {b}", "it would help to have {a} out of {o} and {p} {b}",
    "take hold of {a} in {o}, pull it out and lay it {p} {b}",
)  # fmt: skip

STANDING = (
    "stand {a} in {b}", "set {a} in {b} so that it stands", "lower {a} into {b} from above", "slide {a} down into {b}",
    "stick {a} into {b}", "position {a} vertically in {b}", "insert {a} vertically into {b}", "fit {a} into {b}", "push {a} down into {b}",
    "drop {a} into {b} standing up", "take {a} and slot it into {b}", "grab {a} and stand it in {b}", "{a} must be standing in {b}",
    "I want {a} standing in {b}", "could you stand {a} in {b}?", "it would help to have {a} standing in {b}", "make {a} stand in {b}",
)  # fmt: skip

SLOPING = (
    "put {a} onto {b}", "place {a} onto {b}", "lay {a} on {b}", "set {a} onto {b}", "rest {a} upon {b}", "leave {a} on {b}",
    "deposit {a} on {b}", "position {a} on {b}", "drop {a} gently on {b}", "lower {a} onto {b}", "move {a} onto {b}",
    "bring {a} over and lay it on {b}", "take {a} and put it on {b}", "grab {a} and lay it on {b}", "stick {a} on {b}", "pop {a} on {b}",
    "carefully lay {a} on {b}", "please put {a} on {b}", "could you place {a} on {b}?", "would you lay {a} on {b}?", "I want {a} on {b}",
    "I'd like {a} to lie on {b}", "it would help to have {a} on {b}", "{a} should rest on {b}", "{a} must go on {b}",
    "{a} ought to be on {b}", "on {b}, place {a}", "on {b} is where {a} should lie", "{a} on {b}, please", "let {a} lie on {b}",
)  # fmt: skip

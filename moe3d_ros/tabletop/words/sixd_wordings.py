"""Wordings of 6D moves: off and onto ramps, into slots, out of racks; with a held-out set for evaluation."""

from __future__ import annotations

from moe3d_ros.tabletop.words import everyday_wordings
from moe3d_ros.world.kinds import RACK, RAMP

# Where a thing lies, said behind its name; {o} the ramp or rack.
LYING = {
    RAMP: ("that lies on {o}", "lying on {o}", "that is on {o}", "on {o}"),
    RACK: ("that stands in {o}", "in {o}", "inside {o}", "that is in {o}"),
}
# {a} what is picked, {b} where it goes, {p} in or on, {o} the ramp or rack that it comes from.
TAKING = {
    RAMP: (
        "take {a} off {o} and put it {p} {b}",
        "pick {a} from {o} and place it {p} {b}",
        "move {a} from {o} to {b}",
        "fetch {a} from {o} and lay it {p} {b}",
        "lift {a} off {o}, it belongs {p} {b}",
        "grab {a} on {o} and set it {p} {b}",
        *everyday_wordings.TAKING_FROM_RAMP,
    ),
    RACK: (
        "take {a} out of {o} and put it {p} {b}",
        "pull {a} out of {o} and place it {p} {b}",
        "get {a} from {o} and set it {p} {b}",
        "fetch {a} from {o} and lay it {p} {b}",
        "slide {a} out of {o}, it belongs {p} {b}",
        "draw {a} out of {o} and put it {p} {b}",
        *everyday_wordings.TAKING_FROM_RACK,
    ),
}
HELD_OUT_TAKING = {
    RAMP: ("retrieve {a} from {o} and settle it {p} {b}", "bring {a} down from {o}, it should go {p} {b}"),
    RACK: ("retrieve {a} from {o} and settle it {p} {b}", "lift {a} clear of {o}, it should go {p} {b}"),
}
STANDING = (
    "stand {a} upright in {b}",
    "put {a} upright into {b}",
    "place {a} in {b}",
    "put {a} in {b}",
    "stand {a} up in {b}",
    "pick up {a} and stand it upright in {b}",
    "insert {a} into {b}",
    "{a} should stand in {b}",
    "set {a} on end in {b}",
    "{b} is where {a} should stand",
    "please plug {a} into {b}",
    "slot {a} into {b}",
    *everyday_wordings.STANDING,
)
HELD_OUT_STANDING = ("plant {a} in {b}", "let {b} hold {a} upright", "would you lower {a} end first into {b}")
SLOPING = (
    "put {a} on {b}",
    "place {a} on {b}",
    "lay {a} onto {b}",
    "pick {a} and place it on {b}",
    "set {a} down on {b}",
    "{a} should lie on {b}",
    "rest {a} on {b}",
    "would you mind leaving {a} on {b}",
    "set {a} on {b}",
    *everyday_wordings.SLOPING,
)
HELD_OUT_SLOPING = ("settle {a} down on {b}", "{b} is where I would like {a}")

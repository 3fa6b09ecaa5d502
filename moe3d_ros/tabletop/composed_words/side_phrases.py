"""Phrases for places beside a thing, trained ones and others that training never uses, by `beside.` and the side.

Slots: {o} the thing, {p} the other one of two. All follow "put", "move" and "is" alike; a phrase that people say more often
stands more than once.
"""

from __future__ import annotations

TRAINED: dict[str, tuple[str, ...]] = {
    "beside.left of": (
        "left of {o}", "left of {o}", "to the left of {o}", "to the left of {o}", "on the left of {o}", "left from {o}",
        "on the left side of {o}", "to the left side of {o}", "at the left of {o}", "at the left side of {o}", "just left of {o}",
        "directly left of {o}", "just to the left of {o}", "directly to the left of {o}", "immediately left of {o}",
        "a bit to the left of {o}", "close to the left of {o}", "left beside {o}",
    ),
    "beside.right of": (
        "right of {o}", "right of {o}", "to the right of {o}", "to the right of {o}", "on the right of {o}", "right from {o}",
        "on the right side of {o}", "to the right side of {o}", "at the right of {o}", "at the right side of {o}",
        "just right of {o}", "directly right of {o}", "just to the right of {o}", "directly to the right of {o}",
        "immediately right of {o}", "a bit to the right of {o}", "close to the right of {o}", "close by the right of {o}",
    ),
    "beside.in front of": (
        "in front of {o}", "in front of {o}", "in front of {o}", "before {o}", "right in front of {o}", "just in front of {o}",
        "directly in front of {o}", "at the front of {o}", "to the front of {o}", "on the near side of {o}", "at the near side of {o}",
        "at the front side of {o}", "on the front side of {o}", "immediately in front of {o}", "close in front of {o}",
        "a bit in front of {o}", "on the side of {o} that is nearer to you", "on your side of {o}",
    ),
    "beside.behind": (
        "behind {o}", "behind {o}", "behind {o}", "right behind {o}", "just behind {o}", "directly behind {o}", "in back of {o}",
        "at the back of {o}", "to the back of {o}", "at the rear of {o}", "on the far side of {o}", "at the far side of {o}",
        "on the back side of {o}", "immediately behind {o}", "close behind {o}", "a bit behind {o}",
        "on the side of {o} that is farther from you", "at the back side of {o}",
    ),
    "beside.next to": (
        "next to {o}", "next to {o}", "next to {o}", "beside {o}", "beside {o}", "by {o}", "right next to {o}", "close to {o}",
        "near {o}", "close by {o}", "alongside {o}", "at the side of {o}", "by the side of {o}", "right beside {o}", "just beside {o}",
        "directly next to {o}", "right by {o}", "side by side with {o}",
    ),
    "beside.between": (
        "between {o} and {p}", "between {o} and {p}", "between {o} and {p}", "in between {o} and {p}", "right between {o} and {p}",
        "in the middle between {o} and {p}", "halfway between {o} and {p}", "midway between {o} and {p}", "just between {o} and {p}",
        "somewhere between {o} and {p}", "in the gap between {o} and {p}", "in the space between {o} and {p}",
        "exactly between {o} and {p}", "in the middle of {o} and {p}", "centered between {o} and {p}", "half way between {o} and {p}",
    ),
}  # fmt: skip

HELD_OUT: dict[str, tuple[str, ...]] = {
    "beside.left of": (
        "on the left-hand side of {o}", "off to the left of {o}", "leftward of {o}", "adjacent to {o} on its left", "flanking {o} on its left",
        "a little way left of {o}", "over to the left from {o}",
    ),
    "beside.right of": (
        "on the right-hand side of {o}", "off to the right of {o}", "rightward of {o}", "adjacent to {o} on its right",
        "flanking {o} on its right", "a little way right of {o}", "over to the right from {o}",
    ),
    "beside.in front of": (
        "ahead of {o}", "on the robot's side of {o}", "on this side of {o}", "facing the front of {o}",
        "on the side of {o} that looks towards the robot", "this way from {o}", "a little way in front of {o}",
    ),
    "beside.behind": (
        "beyond {o}", "just past {o}", "on the other side of {o}", "tucked in behind {o}", "rearward of {o}",
        "on the side of {o} that is turned away from the robot", "a little way behind {o}",
    ),
    "beside.next to": (
        "adjacent to {o}", "in the vicinity of {o}", "within a hand's width of {o}", "up against {o} without touching it", "abreast of {o}",
        "in close proximity to {o}", "as a neighbor of {o}",
    ),
    "beside.between": (
        "with {o} on one side and {p} on the other", "sandwiched by {o} and {p}", "flanked by {o} and {p}", "at the midpoint of {o} and {p}",
        "equally far from {o} and {p}", "halfway along the line from {o} to {p}",
    ),
}  # fmt: skip

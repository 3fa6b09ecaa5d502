"""Phrases for places beside a thing, trained ones and others that training never uses, by `beside.` and the side.

Slots: {o} the thing, {p} the other one of two. All follow "put", "move" and "is" alike; a phrase that people say more often
stands more than once.
"""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words import everyday_sentences
from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases, joined

TRAINED: Phrases = {
    "beside.left of": (
        "left of {o}", "left of {o}", "to the left of {o}", "to the left of {o}", "on the left of {o}", "left from {o}", "on the left side of {o}",
        "to the left side of {o}", "at the left of {o}", "at the left side of {o}", "just left of {o}", "directly left of {o}",
        "just to the left of {o}", "directly to the left of {o}", "immediately left of {o}", "a bit to the left of {o}", "close to the left of {o}",
        "left beside {o}", "on the left-hand side of {o}", "off to the left of {o}", "leftward of {o}", "adjacent to {o} on its left",
        "flanking {o} on its left", "a little way left of {o}", "over to the left from {o}", "immediately to the left of {o}",
        "by the left side of {o}", "neighboring {o} on the left", "left-hand of {o}", "a little to the left of {o}",
        "a few centimeters left of {o}", "over on the left of {o}", "with {o} to its right",
        "with {o} on its right", "so that {o} is to its right", "so that {o} stands right of it", "where {o} is on its right-hand side",
        "having {o} to its right", "with {o} directly to its right", "such that {o} lies to the right of it",
    ),
    "beside.right of": (
        "right of {o}", "right of {o}", "to the right of {o}", "to the right of {o}", "on the right of {o}", "right from {o}",
        "on the right side of {o}", "to the right side of {o}", "at the right of {o}", "at the right side of {o}", "just right of {o}",
        "directly right of {o}", "just to the right of {o}", "directly to the right of {o}", "immediately right of {o}", "a bit to the right of {o}",
        "close to the right of {o}", "close by the right of {o}", "on the right-hand side of {o}", "off to the right of {o}", "rightward of {o}",
        "adjacent to {o} on its right", "flanking {o} on its right", "a little way right of {o}", "over to the right from {o}",
        "immediately to the right of {o}", "by the right side of {o}", "neighboring {o} on the right",
        "right-hand of {o}", "a little to the right of {o}", "a few centimeters right of {o}", "over on the right of {o}", "with {o} to its left",
        "with {o} on its left", "so that {o} is to its left", "so that {o} stands left of it", "where {o} is on its left-hand side",
        "having {o} to its left", "with {o} directly to its left", "such that {o} lies to the left of it",
    ),
    "beside.in front of": (
        "in front of {o}", "in front of {o}", "in front of {o}", "before {o}", "right in front of {o}", "just in front of {o}",
        "directly in front of {o}", "at the front of {o}", "to the front of {o}", "on the near side of {o}", "at the near side of {o}",
        "at the front side of {o}", "on the front side of {o}", "immediately in front of {o}", "close in front of {o}", "a bit in front of {o}",
        "on the side of {o} that is nearer to you", "on your side of {o}", "ahead of {o}", "on the robot's side of {o}", "on this side of {o}",
        "facing the front of {o}", "on the side of {o} that looks towards the robot", "this way from {o}", "a little way in front of {o}",
        "in front of {o}, towards you", "nearer to you than {o}", "on the front of {o}",
        "this side of {o}", "on the robot side of {o}", "a little in front of {o}", "a few centimeters in front of {o}",
        "with {o} right behind it",
        "with {o} behind it", "so that {o} is behind it", "where {o} is at its back", "so that {o} stands right behind it",
        "with {o} directly behind it", "having {o} behind it", "such that {o} lies behind it",
    ),
    "beside.behind": (
        "behind {o}", "behind {o}", "behind {o}", "right behind {o}", "just behind {o}", "directly behind {o}", "in back of {o}",
        "at the back of {o}", "to the back of {o}", "at the rear of {o}", "on the far side of {o}", "at the far side of {o}",
        "on the back side of {o}", "immediately behind {o}", "close behind {o}", "a bit behind {o}", "on the side of {o} that is farther from you",
        "at the back side of {o}", "beyond {o}", "just past {o}", "on the other side of {o}", "tucked in behind {o}", "rearward of {o}",
        "on the side of {o} that is turned away from the robot", "a little way behind {o}", "behind {o}, away from you", "to the rear of {o}",
        "on the back of {o}", "on the rear side of {o}", "past {o}", "a little behind {o}", "a few centimeters behind {o}",
        "with {o} right in front of it",
        "with {o} in front of it", "so that {o} is in front of it", "where {o} is before it", "so that {o} stands right in front of it",
        "with {o} directly in front of it", "having {o} in front of it", "such that {o} lies in front of it",
    ),
    "beside.next to": (
        "next to {o}", "next to {o}", "next to {o}", "beside {o}", "beside {o}", "by {o}", "right next to {o}", "close to {o}", "near {o}",
        "close by {o}", "alongside {o}", "at the side of {o}", "by the side of {o}", "right beside {o}", "just beside {o}", "directly next to {o}",
        "right by {o}", "side by side with {o}", "adjacent to {o}", "in the vicinity of {o}", "within a hand's width of {o}",
        "up against {o} without touching it", "abreast of {o}", "in close proximity to {o}", "as a neighbor of {o}", "adjoining {o}",
        "next to where {o} is", "close beside {o}", "in the neighborhood of {o}", "nearby {o}", "near to {o}", "neighboring {o}", "close up to {o}",
        "directly beside {o}", "a few centimeters from {o}", "bordering {o}", "not far from {o}",
        "along the side of {o}", "together with {o}, next to it",
    ),
    "beside.between": (
        "between {o} and {p}", "between {o} and {p}", "between {o} and {p}", "in between {o} and {p}", "right between {o} and {p}",
        "in the middle between {o} and {p}", "halfway between {o} and {p}", "midway between {o} and {p}", "just between {o} and {p}",
        "somewhere between {o} and {p}", "in the gap between {o} and {p}", "in the space between {o} and {p}", "exactly between {o} and {p}",
        "in the middle of {o} and {p}", "centered between {o} and {p}", "half way between {o} and {p}", "with {o} on one side and {p} on the other",
        "sandwiched by {o} and {p}", "flanked by {o} and {p}", "at the midpoint of {o} and {p}", "equally far from {o} and {p}",
        "halfway along the line from {o} to {p}", "in the middle between {o} and {p}", "with {o} and {p} to either side",
        "in the center between {o} and {p}", "halfway from {o} to {p}", "in the middle of the gap between {o} and {p}", "amid {o} and {p}",
        "surrounded by {o} and {p}", "where it has {o} on one side and {p} on the other", "between {o} on one side and {p} on the other",
        "in the middle, between {o} and {p}",
    ),
}  # fmt: skip

TRAINED = joined(TRAINED, everyday_sentences.SIDES)

HELD_OUT: Phrases = {
    "beside.left of": (
        "next to {o} on its left-hand side", "just off the left of {o}", "a short distance to the left of {o}", "on the left flank of {o}",
        "in the space to the left of {o}", "beside {o}, left of it", "as the left neighbor of {o}",
    ),
    "beside.right of": (
        "next to {o} on its right-hand side", "just off the right of {o}", "a short distance to the right of {o}", "on the right flank of {o}",
        "in the space to the right of {o}", "beside {o}, right of it", "as the right neighbor of {o}",
    ),
    "beside.in front of": (
        "beside {o} on the side facing you", "on the robot-facing side of {o}", "between {o} and the robot", "a short distance in front of {o}",
        "just off the front of {o}", "in the space in front of {o}", "next to {o} in your direction",
    ),
    "beside.behind": (
        "beside {o} on the side facing away from you", "next to {o} on its far side", "a short distance behind {o}", "just off the back of {o}",
        "in the space behind {o}", "with {o} between it and the robot",
    ),
    "beside.next to": (
        "to one side of {o}", "on any side of {o}", "a short distance from {o}", "just off {o}", "shoulder to shoulder with {o}",
        "in the immediate surroundings of {o}", "next door to {o}",
    ),
    "beside.between": (
        "in the gap that separates {o} and {p}", "squarely between {o} and {p}", "at equal distance from {o} and {p}",
        "in the corridor between {o} and {p}", "with {o} to one side of it and {p} to the other", "in the interval between {o} and {p}",
    ),
}  # fmt: skip

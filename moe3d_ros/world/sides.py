"""Sides of a thing on the table, from the robot's point of view: left is +y, "behind" is away from the robot (+x), "in front of" toward it (-x)."""

from __future__ import annotations

SIDES = ("left of", "right of", "in front of", "behind", "next to", "between")
NEXT_TO, BETWEEN = SIDES[-2:]  # the last one speaks of two things


def beside(side: str, thing: str, second: str = "") -> str:
    """A place by a side, as plans say it: ``left of the green bowl``, ``between the red block and the green bowl``."""
    return f"{side} the {thing} and the {second}" if side == BETWEEN else f"{side} the {thing}"


def side_of(destination: str) -> str:
    """The side that a destination of a plan begins with, one of SIDES; empty for a place in, on, or in an area."""
    return next((side for side in SIDES if destination.startswith(f"{side} the ")), "")

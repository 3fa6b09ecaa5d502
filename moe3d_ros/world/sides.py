"""Sides of a thing on the table, from the robot's point of view: left is +y, "behind" is away from the robot (+x), "in front of" toward it (-x)."""

SIDES = ("left of", "right of", "in front of", "behind", "next to", "between")

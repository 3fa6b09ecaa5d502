"""The words of the world and the sizes that go with them: colours, kinds, shapes, sizes; torch-free, imports nothing of ours."""

from __future__ import annotations

COLORS = {
    "blue": (78, 121, 167),
    "red": (255, 87, 89),
    "green": (89, 169, 78),
    "orange": (242, 142, 43),
    "yellow": (237, 201, 72),
    "purple": (176, 122, 161),
    "pink": (255, 157, 167),
    "cyan": (118, 183, 178),
    "brown": (156, 117, 95),
    "white": (255, 255, 255),
    "gray": (186, 176, 172),
}
COLOR_NAMES = tuple(COLORS)
# "object": any other box or cylinder. From the bar on: things of the 6D scenes (sixd_scenes), always behind the others,
# so that a model that was trained without them can be grown.
KINDS = ("block", "bowl", "zone", "object", "bar", "ramp", "slot", "rack")
BLOCK, BOWL, ZONE, OBJECT, BAR, RAMP, SLOT, RACK = range(8)
PLAIN_KINDS = 4  # of the scenes without them
SHAPES = ("box", "bowl", "cylinder", "ramp", "slot", "rack")
BOX, BOWL_SHAPE, CYLINDER, RAMP_SHAPE, SLOT_SHAPE, RACK_SHAPE = range(6)

BOWL_RADIUS = 0.06  # metres, at the rim
BOWL_FLOOR_RADIUS = 0.03
BOWL_FLOOR_HEIGHT = 0.004  # of the inner floor above the table
ZONE_HEIGHT = 0.001
BLOCK_EDGES = (0.04, 0.06)  # small, big
SIZE_NAMES = ("small", "big")

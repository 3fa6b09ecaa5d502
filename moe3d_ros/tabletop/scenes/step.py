"""One pick and place of a scene's object, in words and poses."""

from __future__ import annotations

from dataclasses import dataclass

from moe3d_ros.world.pose import Pose


@dataclass(frozen=True)
class Step:
    """One pick and place.

    Attributes:
        pick_index: which object of the scene is picked.
        place_index: which object it goes on or in; None for an area of the table.
        area: name of the area, if it goes there.
        text: the step in the planner's own words.
        pick, place: tool poses at contact and at release.
        side: of `world.sides`, if it goes to the table beside ``place_index``, or between that and ``second``; else empty.
    """

    pick_index: int
    place_index: int | None
    area: str | None
    text: str
    pick: Pose
    place: Pose
    side: str = ""
    second: int | None = None

"""Objects as they would be after a step that went well: what the next step of the same plan is decided on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike

from moe3d_ros.model.action.free_spots import free_spot
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.world.areas import AREA_CENTERS
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.kinds import TABLE, Kind
from moe3d_ros.world.side_spots import Outline, side_spot
from moe3d_ros.world.vocabulary import BOWL_FLOOR_HEIGHT
from moe3d_ros.world.workspace import Workspace

OVER = 0.9  # of two half widths: things whose middles are nearer to each other lie on each other


def moved(
    objects: ObjectSet,
    pick: int,
    place: int | None,
    area: str | None,
    workspace: Workspace,
    side: str = "",
    second: int | None = None,
) -> ObjectSet:
    """The set (of one scene) with object ``pick`` put in, on or beside object ``place``, or on a free spot of an area.

    Only boxes are moved: nothing is known here of colours or words. In a bowl or on a zone without room it lies on what is
    there; where there is no room at a side it stays.

    Args:
        side: of `world.sides`, for the table at that side of ``place``, or between it and ``second``.
    """
    center, half = (value[0].double().cpu().numpy() for value in (objects.center, objects.half))
    kinds = [TABLE[index] for index in objects.kind[0].argmax(-1).tolist()]
    others = [i for i in torch.nonzero(objects.mask[0]).flatten().tolist() if i != pick]
    solid = [i for i in others if not kinds[i].flat]
    if side and place is not None:
        yaw = objects.yaw[0].double().cpu().numpy()
        outlines = [Outline(center[i, :2], half[i, :2], yaw[i], kind.round) for i, kind in enumerate(kinds)]
        besides = [outlines[i] for i in solid if i not in (place, second)]
        last = None if second is None else outlines[second]
        spot = side_spot(side, outlines[pick], outlines[place], last, besides, workspace)
        if spot is None:
            return objects
        xy, ground = spot, 0.0
    elif place is None:
        xy, ground = _free(AREA_CENTERS[area or ""], pick, solid, center, half, kinds, workspace, area or ""), 0.0
    elif kinds[place].flat:
        xy, ground = (
            _free(center[place, :2], pick, solid, center, half, kinds, workspace),
            center[place, 2] + half[place, 2],
        )
    elif kinds[place].contains:
        xy, ground = center[place, :2], BOWL_FLOOR_HEIGHT
    else:
        xy, ground = center[place, :2], center[place, 2] + half[place, 2]
    for i in others:
        if kinds[i].piled and np.hypot(*(center[i, :2] - xy)) < OVER * (half[i, 0] + half[pick, 0]):
            ground = max(ground, center[i, 2] + half[i, 2])
    changed = objects.center.clone()
    changed[0, pick] = torch.tensor([*xy, ground + half[pick, 2]]).to(changed)
    return replace(objects, center=changed)


def _free(
    wanted: ArrayLike,
    pick: int,
    solid: list[int],
    center: np.ndarray,
    half: np.ndarray,
    kinds: list[Kind],
    workspace: Workspace,
    area: str = "",
) -> np.ndarray:
    """The free spot (2,) nearest to ``wanted`` (2,) for the picked one, beside all that is ``solid``."""
    radii = circle_radius(half[solid], np.array([kinds[i].round for i in solid], bool)) if solid else np.zeros(0)
    own = float(np.hypot(*half[pick, :2]))
    return free_spot(np.array(wanted, float), own, center[solid, :2], radii, workspace, area)

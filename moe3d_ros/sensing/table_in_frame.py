"""Height and tilt of the table in a robot's frame: a transform onto it, or the reason why there is none (numpy)."""

from __future__ import annotations

import numpy as np

from moe3d_ros.sensing.clouds import transform_points
from moe3d_ros.sensing.expectations import (
    LAYER,
    LEAST_POINTS,
    LEAST_SHARE,
    TILT_CORRECTED,
    Table,
    Unexpected,
    find_table,
    fullest_layer,
    over_workspace,
)
from moe3d_ros.sensing.readings import readings_of
from moe3d_ros.world.workspace import Workspace

SAMPLE = 20_000  # points that are looked at, once
RESIDUAL_REFUSED = (
    0.006  # metres; points that fill the layer evenly, as of no plane, have 0.007, a depth camera 0.001 to 0.003
)


def locate_table(points: np.ndarray, transform: np.ndarray | None, workspace: Workspace, parent: str) -> Table:
    """The table that lies under the workspace, in a robot's frame whose z axis points up.

    Args:
        points: (N, 3) metres in the sensor's frame.
        transform: (4, 4) into the robot's frame, None where they are in it.
        workspace: box whose x and y say where in the robot's frame the table is searched, up to 1.5 m above and below its floor.
        parent: name of the robot's frame, for errors.

    Raises:
        Unexpected: no plane, one that is tilted by more than TILT_CORRECTED, that is too rough, or that has its things below it;
            with what was measured and likely causes.
    """
    sample = readings_of(points, SAMPLE)
    placed = sample if transform is None else transform_points(transform, sample)
    table = find_table(placed, workspace)
    if table is None:
        raise Unexpected(_no_table(placed, workspace, parent))
    fact = f"The largest level surface in '{parent}' {found_in_words(table)}"
    if table.upside_down:
        raise Unexpected(
            f"{fact}; {table.hanging:.0%} of the points hang below it and {table.standing:.0%} stand on it: up and down are "
            "exchanged. Most likely the camera's transform has its z axis reversed (an optical frame looks along z); check its "
            f"rotation, and that the z axis of '{parent}' points up."
        )
    if table.tilt > TILT_CORRECTED:
        raise Unexpected(
            f"{fact}: a table is followed up to {TILT_CORRECTED:g} degrees. Most likely the rotation in the camera's transform is "
            "off by as much: calibrate it. Otherwise the robot stands askew, or what is in view is no table."
        )
    if table.residual > RESIDUAL_REFUSED:
        raise Unexpected(
            f"{fact}: a table is even to {1000 * RESIDUAL_REFUSED:g} mm. Most likely so much stands on it that it is hidden: clear "
            "some of it until the frame is found. Otherwise the depth is too noisy at this distance, or what is in view is no table."
        )
    return table


def found_in_words(table: Table) -> str:
    """A clause on a table that was found: place, tilt, residual and share."""
    return (
        f"lies at z = {table.height:.3f} m, tilted by {table.tilt:.1f} degrees, with a residual of {1000 * table.residual:.1f} mm "
        f"({table.share:.0%} of the points over the workspace)"
    )


def _no_table(points: np.ndarray, workspace: Workspace, parent: str) -> str:
    """The sentences on points (N, 3) in the robot's frame that show no table."""
    (x0, y0, low), (x1, y1, _) = workspace.low, workspace.high
    z = over_workspace(points, workspace)[:, 2]
    where = f"x {x0:g} to {x1:g} m, y {y0:g} to {y1:g} m of '{parent}'"
    if len(z) < LEAST_POINTS:
        return (
            f"Of {len(points)} points {len(z)} lie over the place where the table is searched ({where}): there is no table to be "
            "measured. Most likely the camera's transform is wrong, or the camera does not look there; check both. If the table "
            f"stands elsewhere, take for table_parent a frame of the robot that has it there."
        )
    middle = fullest_layer(z, low)
    held = float(np.mean(np.abs(z - middle) < 1.5 * LAYER))
    return (
        f"Of {len(points)} points {len(z)} lie over the place where the table is searched ({where}), and no plane of 35 cm or more "
        f"holds {LEAST_SHARE:.0%} of them: the fullest layer, at z = {middle:.2f} m, holds {held:.0%}. Most likely the table is hidden by "
        "what stands on it or before it, or is not in view: let the camera see it. Otherwise the camera's transform is off by far: "
        "check its rotation."
    )

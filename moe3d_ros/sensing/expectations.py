"""A cloud held against what the planner expects of it: units, up, and the table's height and tilt (numpy).

A sample of some thousand points is looked at, so that a cloud of 640x480 points costs well under a millisecond. Where
no table can be told, nothing is claimed: a cloud is refused for what was measured only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay

from moe3d_ros.sensing.clouds import CloudError, transform_points
from moe3d_ros.sensing.readings import readings_of
from moe3d_ros.world.workspace import Workspace

SAMPLE = 2048  # points that are looked at; on a table with 2 mm of noise its height is then certain to 0.2 mm
SCALE_SAMPLE = 1024  # of them, for each unit that is tried
LAYER = 0.005  # metres, thickness of the layers that are searched for a table
SEARCHED = 1.5  # metres below and above the expected height in which a table is searched
NEAR_PLANE = 0.012  # metres from the table's plane that count as the table
LEAST_POINTS, LEAST_SHARE = 80, 0.3  # of a table: points of the sample, share of what is over the workspace
LEAST_SPREAD = 0.1  # metres, standard deviation of a table's points along its shorter side: 0.35 m; less may be a tray
HANGING = (0.02, 0.3)  # metres from the table's plane between which things stand
MUCH_HANGS = 0.1  # share of the points over the workspace; less is noise
FAR, NEAR = 20.0, 0.02  # metres, median distance beyond which no camera of a table looks
SCALES = (0.001, 0.0001, 0.01, 0.1, 0.2, 0.25, 0.125, 0.0254, 0.3048, 1000.0, 100.0, 10.0, 5.0, 4.0, 39.37, 3.281)
UNITS = {
    0.001: "are they millimetres?",
    0.0001: "are they tenths of a millimetre?",
    0.01: "are they centimetres?",
    0.1: "are they tenths of a millimetre that were read as millimetres?",
    0.2: "are they 1/5000 m that were read as millimetres?",
    0.25: "are they quarters of a millimetre that were read as millimetres?",
    0.125: "are they eighths of a millimetre that were read as millimetres?",
    0.0254: "are they inches?",
    0.3048: "are they feet?",
    1000.0: "were metres or millimetres divided by 1000 once too often?",
}
# Metres that the table may be off: 5 mm, 1 cm too high, and 8 mm too low (the box cuts things off, and bowls were no longer
# recognised from 8.5 mm on), less what is uncertain.
HEIGHT_WARNED, HEIGHT_REFUSED, DEPTH_REFUSED = 0.0045, 0.009, 0.0075
TILT_WARNED, TILT_REFUSED = 1.0, 2.0  # degrees
HEIGHT_CORRECTED, TILT_CORRECTED = 0.05, 5.0  # as much may be corrected; more is another fault
WARN_ONLY, CORRECT, WITHHOLD = "warn", "correct", "withhold"  # what becomes of a table that is off


class Unexpected(CloudError):
    """A cloud does not fit what is expected; the message says what was measured, and likely causes."""


@dataclass(frozen=True)
class Table:
    """A level surface that holds much of what is over the workspace.

    Attributes:
        height: of its plane at the workspace's middle, metres above the planning frame's origin.
        tilt: of its normal to the z axis, degrees.
        share: of the points over the workspace that lie in its plane.
        residual: root of the mean square of these points' distances from the plane, metres.
        standing, hanging: points above and below it that are near enough to be things, as shares of the same; what lies
            beyond the table's border, such as a floor, hangs from nothing.
        normal: (3,) unit normal, upwards. middle: (3,) metres, the plane at the workspace's middle.
    """

    height: float
    tilt: float
    share: float
    residual: float
    standing: float
    hanging: float
    normal: np.ndarray
    middle: np.ndarray

    @property
    def upside_down(self) -> bool:
        """True if things hang below the plane, and next to none stand on it."""
        return self.hanging > MUCH_HANGS and self.standing < self.hanging / 5

    def leveling(self, low: float) -> np.ndarray:
        """Rigid transform (4, 4) that lays the table level at z = ``low``, about the workspace's middle."""
        up = np.array([0.0, 0.0, 1.0])
        axis = np.cross(self.normal, up)
        cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        rotation = np.eye(3) + cross + cross @ cross / (1 + self.normal[2])
        moved = np.eye(4)
        moved[:3, :3] = rotation
        moved[:3, 3] = [*self.middle[:2], low] - rotation @ self.middle
        return moved


def over_workspace(points: np.ndarray, workspace: Workspace) -> np.ndarray:
    """Points (N, 3) over or under the workspace among which a table is searched, metres in the planning frame -> (M, 3)."""
    low, high = np.asarray(workspace.low), np.asarray(workspace.high)
    over = np.all((points[:, :2] >= low[:2]) & (points[:, :2] <= high[:2]), axis=1)
    return points[over & (np.abs(points[:, 2] - low[2]) < SEARCHED)]


def fullest_layer(z: np.ndarray, low: float) -> float:
    """Height of the layer, 3 LAYER thick, that holds most of the heights (N,) around ``low``, metres."""
    layers = np.bincount(((z - low + SEARCHED) / LAYER).astype(int), minlength=int(2 * SEARCHED / LAYER) + 2)
    full = int(np.argmax(layers[:-2] + layers[1:-1] + layers[2:]))
    return low - SEARCHED + (full + 1.5) * LAYER


def find_table(points: np.ndarray, workspace: Workspace) -> Table | None:
    """The table under the workspace, or None where none can be told.

    Args:
        points: (N, 3) metres in the planning frame, finite; a sample of the cloud.
        workspace: box that stands on the table, metres.
    """
    low, center = workspace.low[2], workspace.center
    x, y, z = (over_workspace(points, workspace) - [*center[:2], 0.0]).T.astype(np.float64)
    if len(z) < LEAST_POINTS:
        return None
    on = np.abs(z - fullest_layer(z, low)) < 2 * NEAR_PLANE
    plane = np.zeros(3)
    for _ in range(6):  # least squares on what lies near, again and again: a tilted table is found from a strip of it
        design = np.stack([x[on], y[on], np.ones(np.count_nonzero(on))])
        normal_matrix = design @ design.T + 1e-9 * np.eye(3)
        plane = np.linalg.solve(normal_matrix, design @ z[on])
        off = z - (plane[0] * x + plane[1] * y + plane[2])
        before, on = on, np.abs(off) < NEAR_PLANE
        if np.count_nonzero(on) < LEAST_POINTS:
            return None
        if np.count_nonzero(before != on) < 0.005 * len(on):
            break
    if np.mean(on) < LEAST_SHARE or _narrow(x[on], y[on]):
        return None
    hanging = (off < -HANGING[0]) & (off > -HANGING[1])
    if np.mean(hanging) > MUCH_HANGS:
        hanging[hanging] = Delaunay(np.stack([x[on], y[on]], axis=1)).find_simplex(np.stack([x, y], 1)[hanging]) >= 0
    normal = np.array([-plane[0], -plane[1], 1.0]) / np.linalg.norm([plane[0], plane[1], 1.0])
    return Table(
        height=float(plane[2]),
        tilt=float(np.degrees(np.arccos(np.clip(normal[2], -1, 1)))),
        share=float(np.mean(on)),
        residual=float(np.sqrt(np.mean(off[on] ** 2)) * normal[2]),
        standing=float(np.mean((off > HANGING[0]) & (off < HANGING[1]))),
        hanging=float(np.mean(hanging)),
        normal=normal,
        middle=np.array([*center[:2], plane[2]]),
    )


@dataclass(frozen=True)
class Measured:
    """Measurements of a cloud.

    Attributes:
        table: None where none can be told.
        distances: (2,) metres from the origin of their frame, the sensor, between which nine of ten points lie; NaN without points.
        note: a sentence on what is slightly off, empty where all is well.
        correction: rigid transform (4, 4) to apply in the planning frame, None for none.
    """

    table: Table | None
    distances: tuple[float, float]
    note: str = ""
    correction: np.ndarray | None = None


def measure(points: np.ndarray, transform: np.ndarray | None, workspace: Workspace, policy: str = WITHHOLD) -> Measured:
    """Hold a cloud against what is expected.

    Args:
        points: (N, 3) metres in the sensor's frame, as they came.
        transform: (4, 4) into the planning frame, None where they are in it.
        workspace: box that stands on the table, in the planning frame, metres.
        policy: WARN_ONLY, CORRECT or WITHHOLD, what becomes of a table that is HEIGHT_REFUSED too high, DEPTH_REFUSED too low, or more.

    Raises:
        Unexpected: units, up or the table's place do not fit.
    """
    sample = readings_of(points, SAMPLE)
    if not len(sample):
        return Measured(None, (np.nan, np.nan))
    distance = np.sqrt(np.einsum("ij,ij->i", sample, sample))
    distance.sort()
    near, middle, far = (float(distance[int(share * (len(distance) - 1))]) for share in (0.05, 0.5, 0.95))
    placed = sample if transform is None else transform_points(transform, sample)
    table = find_table(placed, workspace)
    measured = Measured(table, (near, far))
    lost = transform is not None and table is None and not workspace.contains(placed, 0.02).any()
    if lost or not NEAR < middle < FAR:
        _check_units(sample, np.eye(4) if transform is None else transform, workspace, measured.distances, middle)
    return measured if table is None else _judge(table, measured.distances, workspace, policy)


def _judge(table: Table, distances: tuple[float, float], workspace: Workspace, policy: str) -> Measured:
    """Judge a table that was found; see `measure`."""
    low = workspace.low[2]
    off = table.height - low
    if table.upside_down:
        raise Unexpected(
            f"{table.hanging:.0%} of the points over the workspace hang below the level surface at z = "
            f"{table.height:.3f} m and {table.standing:.0%} stand on it: up and down are exchanged. Most likely the "
            "transform of the camera has its z axis reversed (an optical frame looks along z); check its rotation."
        )
    fact = (
        f"The table lies at z = {table.height:.3f} m, tilted by {table.tilt:.1f} degrees ({table.share:.0%} of the points "
        f"over the workspace), expected at z = {low:.3f} m"
    )
    if abs(off) < HEIGHT_WARNED and table.tilt < TILT_WARNED:
        return Measured(table, distances)
    if -DEPTH_REFUSED < off < HEIGHT_REFUSED and table.tilt < TILT_REFUSED:
        return Measured(table, distances, f"{fact}. Poses will be as much off: calibrate the camera's transform.")
    if abs(off) > HEIGHT_CORRECTED or table.tilt > TILT_CORRECTED:
        cause = (
            "If the table is as high above the planning frame, move that frame: set planning_frame to one that stands on the "
            "table, such as table; the voxelizer's parameter table_parent measures and publishes it. Otherwise check the "
            "camera's transform."
        )
    else:
        cause = (
            "Most likely the camera's transform is off by as much: calibrate it. If the table is as high above the planning "
            "frame, move that frame onto the table."
        )
    if policy == WARN_ONLY:
        return Measured(table, distances, f"{fact}. {cause}")
    if policy == CORRECT and abs(off) <= HEIGHT_CORRECTED and table.tilt <= TILT_CORRECTED:
        note = f"{fact}: the cloud was laid onto it, as the parameter table_height says. {cause}"
        return Measured(table, distances, note, table.leveling(low))
    raise Unexpected(f"{fact}: the cloud is withheld. {cause}")


def _check_units(sample, transform, workspace: Workspace, distances: tuple[float, float], middle: float) -> None:
    """Raise Unexpected where another unit would fit, or where no unit of a camera of a table does."""
    few = sample[:: -(-len(sample) // SCALE_SAMPLE)]
    for scale in SCALES:
        if not 0.1 < scale * middle < 5.0:
            continue
        table = find_table(transform_points(transform, few * np.float32(scale)), workspace)
        if (
            table is not None
            and abs(table.height - workspace.low[2]) < HEIGHT_CORRECTED
            and table.tilt < TILT_CORRECTED
        ):
            raise other_unit(distances, scale, f"they show a table at z = {table.height:.3f} m")
    check_distances(distances, middle)


def check_distances(distances: tuple[float, float], middle: float) -> None:
    """Raise Unexpected where no camera of a table is so near or far: most ``distances`` and their median, metres."""
    if not NEAR < middle < FAR:
        likely = next((scale for scale in SCALES if 0.2 < scale * middle < 3.0), SCALES[0] if middle > 1 else 1000.0)
        spans = " to ".join(_length(likely * value) for value in distances)
        raise other_unit(distances, likely, f"they lie {spans} away, as in front of a camera of a table")


def scales_around(middle: float) -> list[float]:
    """The units to try for points at a median distance in metres: factors that bring them in front of a camera."""
    return [scale for scale in SCALES if 0.2 < scale * middle < 3.0]


def other_unit(distances: tuple[float, float], scale: float, fits: str) -> Unexpected:
    """The error of points that are not in metres.

    Args:
        distances: metres, as they were read, between which most lie.
        scale: factor that would fit. fits: a clause on what it would show.
    """
    fact = f"The points lie {' to '.join(_length(value) for value in distances)} away; times {scale:g} {fits}"
    return Unexpected(
        f"{fact}: {UNITS.get(scale, 'is their unit another than metres?')} Clouds must be in metres; for depth images set "
        "the parameter depth_scale to metres per unit."
    )


def _narrow(x: np.ndarray, y: np.ndarray) -> bool:
    """A strip or a spot instead of a table: its points spread too little along its shorter side."""
    smallest = np.linalg.eigvalsh(np.cov(x, y))[0]
    return bool(smallest < LEAST_SPREAD**2)


def _length(metres: float) -> str:
    """A length as people read it."""
    return f"{metres:.3g} m" if metres >= 0.01 else f"{1000 * metres:.3g} mm"


def report_of(measured: Measured, show: Callable[[str, str], None]) -> None:
    """Show what was measured, as keys and values for people."""
    near, far = measured.distances
    show("points lie away (m)", "no point" if np.isnan(near) else f"{near:.3g} to {far:.3g}")
    table = measured.table
    show("table height (m)", "no table can be told" if table is None else f"{table.height:.4f}")
    show("table tilt (deg)", "no table can be told" if table is None else f"{table.tilt:.2f}")
    show("table residual (mm)", "no table can be told" if table is None else f"{1000 * table.residual:.1f}")

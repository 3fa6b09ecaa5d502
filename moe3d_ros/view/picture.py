"""The picture of a plan: cloud and voxels, what was seen, the tool at pick and place, the way between them, the steps in words.

Left an oblique view from behind the robot with the cloud, right a view from above with the voxels and what was recognised,
both from the robot's point of view: far is up, +y is left. Matplotlib draws without a screen; the perspective is ours, since
thousands of points are slow in Matplotlib's own.
"""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path

import numpy as np

from moe3d_ros.plan import Plan
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.grid import VOXEL_SIZE
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.workspace import Workspace

EYE, TARGET = (-0.45, -0.22, 0.80), (0.48, 0.0, 0.0)  # metres, of the oblique view, for the default workspace
MAX_POINTS = 120_000
AXIS_LENGTH = 0.05  # metres, drawn length of a tool axis
AXIS_COLORS = ("#e6194b", "#2ca02c", "#1f5fd0")  # x, y, z as in RViz
PICK_COLOR, PLACE_COLOR = "#ff7f0e", "#7b2cbf"
BACKGROUND, INK = "#f4f4f2", "#222222"


def draw_plan(
    path,
    plan: Plan,
    points,
    colors=None,
    voxels=None,
    voxel_colors=None,
    workspace: Workspace = Workspace(),
    verdict: str = "",
) -> Path:
    """Write the picture of a plan.

    Args:
        path: of the PNG to write; its folder is made.
        plan: with poses in the planning frame.
        points, colors: the scene's cloud (N, 3) metres in the planning frame, (N, 3) uint8 or None.
        voxels, voxel_colors: what the planner saw, (V, 3) metres and (V, 3) uint8; None: made here from the cloud.
        workspace: the box that is shown.
        verdict: one line on what came of the plan.

    Returns:
        the path.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points, colors = _near(points, colors, workspace)
    if voxels is None:
        voxels, voxel_colors = voxelize(points, colors, workspace=workspace)
    figure = Figure(figsize=(16, 6.6), facecolor="white")
    FigureCanvasAgg(figure)
    oblique = figure.add_axes((0.012, 0.24, 0.475, 0.61), facecolor=BACKGROUND)
    above = figure.add_axes((0.535, 0.24, 0.455, 0.61), facecolor=BACKGROUND)
    _draw_oblique(oblique, points, colors, plan, workspace)
    _draw_above(above, voxels, voxel_colors, plan, workspace)
    _write_words(figure, plan, verdict)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font lacks is drawn as a box
        figure.savefig(path, dpi=100)
    return path


def project(points, eye=EYE, target=TARGET) -> tuple[np.ndarray, np.ndarray]:
    """Perspective view: points (..., 3) metres -> picture coordinates (..., 2), x right and y up, and depths (...)."""
    forward = np.subtract(target, eye).astype(float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    seen = (np.asarray(points, float) - eye) @ np.stack([right, np.cross(right, forward), forward], axis=1)
    depth = np.maximum(seen[..., 2], 1e-3)
    return seen[..., :2] / depth[..., None], depth


def _near(points, colors, workspace: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """The points around the workspace, at most MAX_POINTS of them, with a colour each."""
    points = np.asarray(points, dtype=np.float32).reshape(-1, 3)
    colors = np.full((len(points), 3), 128, np.uint8) if colors is None else np.asarray(colors)
    rows = np.flatnonzero(workspace.contains(points, margin=0.06))
    if len(rows) > MAX_POINTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MAX_POINTS, replace=False))
    return points[rows], colors[rows]


def _view_of(workspace: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """Eye and target that see this workspace as EYE and TARGET see the default one."""
    default = Workspace()
    scale = float((workspace.half_range / default.half_range)[:2].max())
    base = np.array([*workspace.center[:2], workspace.low[2]])
    middle = np.array([*default.center[:2], default.low[2]])
    return base + scale * (np.array(EYE) - middle), base + scale * (np.array(TARGET) - middle)


def _box_edges(workspace: Workspace) -> np.ndarray:
    """The four edges of the workspace's floor (4, 2, 3)."""
    (x0, y0, z0), (x1, y1, _) = workspace.low, workspace.high
    corners = np.array([[x0, y0, z0], [x1, y0, z0], [x1, y1, z0], [x0, y1, z0]])
    return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)


def _draw_oblique(axes, points, colors, plan: Plan, workspace: Workspace) -> None:
    eye, target = _view_of(workspace)

    def view(xyz):
        return project(xyz, eye, target)[0]

    if len(points):
        at, depth = project(points, eye, target)
        order = np.argsort(-depth)  # far ones first, near ones over them
        size = 9.0 * (depth.min() / depth[order]) ** 2
        axes.scatter(*at[order].T, s=size, c=colors[order] / 255.0, marker="s", linewidths=0, rasterized=True)
    frame = view(
        np.array(
            [
                workspace.center + workspace.half_range * s
                for s in ((-1, -1, -1), (-1, 1, -1), (1, 1, 0.3), (1, -1, 0.3))
            ]
        )
    )
    middle, half = (frame.min(axis=0) + frame.max(axis=0)) / 2, np.ptp(frame, axis=0) / 2 + 0.02
    box = axes.get_window_extent()
    scale = max(half[0] / box.width, half[1] / box.height)  # equal in both directions, and all of the table in view
    axes.set_xlim(middle[0] - scale * box.width, middle[0] + scale * box.width)
    axes.set_ylim(middle[1] - scale * box.height, middle[1] + scale * box.height)
    for edge in _box_edges(workspace):
        axes.plot(*view(edge).T, color="#888888", lw=1, ls="--")
    for action in plan.actions:
        pick, place = np.array(action.pick.position), np.array(action.place.position)
        share = np.linspace(0, 1, 40)[:, None]
        height = max(0.12, 0.35 * np.linalg.norm(place - pick))
        arc = pick + share * (place - pick) + np.array([0, 0, 1]) * height * 4 * share * (1 - share)
        path = view(arc)
        for width, color in ((4.5, "white"), (2.2, INK)):
            axes.plot(*path[:-2].T, color=color, lw=width, zorder=5, solid_capstyle="round")
        axes.annotate("", path[-1], path[-4], arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 2.2}, zorder=6)
        for name, pose, color in (("pick", action.pick, PICK_COLOR), ("place", action.place, PLACE_COLOR)):
            _draw_tool(axes, view, pose, AXIS_LENGTH)
            _label(axes, view, action, name, color)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("What the cameras see, from behind the robot", fontsize=11, loc="left", color=INK)


def _draw_above(axes, voxels, voxel_colors, plan: Plan, workspace: Workspace, edge: float = VOXEL_SIZE) -> None:
    from matplotlib.collections import PolyCollection

    def view(xyz):  # far (+x) is up, left (+y) is left
        xyz = np.asarray(xyz)
        return np.stack([-xyz[..., 1], xyz[..., 0]], axis=-1)

    voxels = np.asarray(voxels, dtype=np.float64).reshape(-1, 3)
    if len(voxels):
        order = np.argsort(voxels[:, 2])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.5 * edge
        cells = (np.floor((voxels[order] - workspace.low) / edge + 1e-3) + 0.5) * edge + workspace.low
        squares = view(cells)[:, None] + corners
        axes.add_collection(
            PolyCollection(
                squares, facecolors=np.asarray(voxel_colors)[order] / 255.0, edgecolors=(1, 1, 1, 0.25), linewidths=0.4
            )
        )
    center, half = view(workspace.center), workspace.half_range
    axes.set_xlim(center[0] - half[1] - 0.04, center[0] + half[1] + 0.04)
    axes.set_ylim(center[1] - half[0] - 0.04, center[1] + half[0] + 0.04)
    axes.set_aspect("equal", adjustable="box")
    for side in _box_edges(workspace):
        axes.plot(*view(side).T, color="#888888", lw=1, ls="--")
    for thing in plan.seen:
        _draw_outline(axes, view, thing)
    for action in plan.actions:
        start, end = view(action.pick.position), view(action.place.position)
        for width, color in ((5.0, "white"), (2.2, INK)):
            axes.annotate(
                "",
                end,
                start,
                zorder=5,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": color,
                    "lw": width,
                    "connectionstyle": "arc3,rad=0.2",
                    "shrinkA": 3,
                    "shrinkB": 3,
                    "mutation_scale": 18,
                },
            )
        for name, pose, color in (("pick", action.pick, PICK_COLOR), ("place", action.place, PLACE_COLOR)):
            _draw_tool(axes, view, pose, AXIS_LENGTH)
            _label(axes, view, action, name, color)
    ticks = [t for t in np.arange(-1, 1.01, 0.25) if abs(t - center[0]) <= half[1] + 1e-6]
    axes.set_xticks(ticks, [f"{0.0 - t:g}" for t in ticks])
    axes.set_xlabel("y (m), left of the robot is left", fontsize=9)
    axes.set_ylabel("x (m), away from the robot", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.set_title("What the planner sees: voxels, from above", fontsize=11, loc="left", color=INK)


def _draw_outline(axes, view, thing: SeenObject) -> None:
    """The box of a seen thing from above, and its name in its middle."""
    cos, sin = np.cos(thing.yaw), np.sin(thing.yaw)
    corners = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1], [1, 1]]) * thing.half_extents[:2]
    outline = view(np.array(thing.center)[:2] + corners @ np.array([[cos, sin], [-sin, cos]]))
    name = textwrap.fill(thing.name, 14)
    for width, color in ((2.6, "white"), (1.2, INK)):
        axes.plot(*outline.T, color=color, lw=width, zorder=3)
    halo = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.6}
    middle = view(np.array(thing.center))
    axes.text(*middle, name, fontsize=6.5, color=INK, ha="center", va="center", zorder=4, bbox=halo, parse_math=False)


def _draw_tool(axes, view, pose, length: float) -> None:
    """The tool frame: x and y from the contact point, z as the arrow that arrives there."""
    origin, turn = np.array(pose.position), quaternion_to_matrix(pose.orientation)
    ends = [
        (origin, origin + length * turn[:, 0]),
        (origin, origin + length * turn[:, 1]),
        (origin - 1.6 * length * turn[:, 2], origin),
    ]
    for (start, end), color in zip(ends, AXIS_COLORS):
        line = view(np.stack([start, end]))
        axes.plot(*line.T, color="white", lw=5, zorder=7, solid_capstyle="round")
        axes.plot(*line.T, color=color, lw=2.8, zorder=8, solid_capstyle="round")
    axes.plot(*view(origin), "o", ms=6, mfc="white", mec=INK, zorder=9)


def _label(axes, view, action, name: str, color: str) -> None:
    """``pick 1`` or ``place 1``, on the side of the pose that looks away from the step's other pose."""
    pick, place = view(np.array(action.pick.position)), view(np.array(action.place.position))
    at, other = (pick, place) if name == "pick" else (place, pick)
    away = (at - other) / max(float(np.linalg.norm(at - other)), 1e-6)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across, along = (at[0] - left) / (right - left), (at[1] - low) / (high - low)
    x = 46 * away[0] if 0.1 < across < 0.9 else 40 * np.sign(0.5 - across)  # not over the edge
    shift = (float(x), 30 * away[1] - 14 if along > 0.12 else 30)
    axes.annotate(
        f"{name} {action.index + 1}",
        at,
        xytext=shift,
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        color="white",
        zorder=10,
        bbox={"boxstyle": "round,pad=0.25", "fc": color, "ec": "white", "alpha": 0.92},
    )


def _write_words(figure, plan: Plan, verdict: str) -> None:
    """Instruction above, steps and verdict below. Text is shown as it is, a dollar sign is no formula."""
    said = textwrap.shorten(" ".join(plan.instruction.split()), 150, placeholder=" ...")
    figure.text(
        0.012,
        0.93,
        f"\u201c{said}\u201d",
        fontsize=17 if len(said) < 90 else 12,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )
    lines = [f"{action.index + 1}. {action.text}   (confidence {action.confidence:.2f})" for action in plan.actions[:5]]
    if len(plan.actions) > 5:
        lines.append(f"... and {len(plan.actions) - 5} more steps")
    if not plan.actions:
        lines = ["Nothing is left to do." if plan.complete else "The planner found no step for this instruction here."]
    figure.text(
        0.012,
        0.18,
        "\n".join(lines),
        fontsize=13 if len(lines) < 3 else 10,
        color=INK,
        va="top",
        parse_math=False,
        linespacing=1.4,
    )
    if verdict:
        figure.text(
            0.535,
            0.13,
            "\n".join(textwrap.wrap(verdict, 80)[:3]),
            fontsize=11,
            color=INK,
            va="top",
            fontweight="bold",
            parse_math=False,
        )
    for i, (name, color) in enumerate(zip(("tool x", "tool y", "tool z (approach)"), AXIS_COLORS)):
        figure.text(0.775 + 0.06 * i, 0.875, f"\u2014 {name}", fontsize=9, color=color, fontweight="bold")

"""Limits on planned poses: all finite, all in the workspace in force; a few millimetres outside can be corrected."""

from __future__ import annotations

import numpy as np

from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.world.workspace import Workspace

ENDS = ("pick", "place")
FACES = (("near", "far"), ("right", "left"), ("bottom", "top"))  # of a box: low and high on x, y, z, seen by the robot
BOX_TOLERANCE = 1e-6  # metres by which two boxes may differ and still count as one


def check_inside(workspace: Workspace, model_workspace: Workspace) -> None:
    """Raise ValueError unless ``workspace`` is a part of the box that the model was trained for."""
    if not model_workspace.contains([workspace.low, workspace.high], BOX_TOLERANCE).all():
        raise ValueError(
            f"The workspace {workspace.low} to {workspace.high} m does not lie inside the model's box "
            f"{model_workspace.low} to {model_workspace.high} m, beyond which the model was never trained: "
            "give a part of that box."
        )


def hold_in_workspace(
    positions: np.ndarray, rotations: np.ndarray, workspace: Workspace, model_workspace: Workspace, tolerance: float
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Set poses that lie slightly outside the workspace on its faces, and refuse those that lie further out.

    Args:
        positions: (M, 2, 3) of M picks and places, metres, planning frame.
        rotations: (M, 2, 3, 3).
        model_workspace: the box that the model was trained for, in which ``workspace`` lies.
        tolerance: metres outside the workspace up to which a pose is set on its face; 0 for none.

    Returns:
        the positions, the very array where none was moved, and a sentence about each that was.

    Raises:
        PlanningError: MODEL for numbers that are not finite, OUTSIDE_WORKSPACE for a pose beyond the tolerance.
    """
    if not (np.isfinite(positions).all() and np.isfinite(rotations).all()):
        raise PlanningError(ErrorCode.MODEL, "The model gave poses that are not finite: report the cloud as a bug.")
    if workspace.contains(positions).all():
        return positions, ()
    held = np.clip(positions.astype(float), workspace.low, workspace.high)
    apart = np.linalg.norm(held - positions, axis=-1)  # (M, 2)
    if (apart > tolerance).any():
        number, end = np.argwhere(apart > tolerance)[0]
        where = f"the {_faces(positions[number, end], workspace)} of the workspace {workspace.low} to {workspace.high}"
        raise PlanningError(
            ErrorCode.OUTSIDE_WORKSPACE,
            f"The {ENDS[end]} pose of step {number + 1}, at {np.round(positions[number, end], 3).tolist()} m, lies "
            f"{_millimetres(apart[number, end])} beyond {where}: nothing was published. "
            f"{_advice(workspace, model_workspace)}",
        )
    notes = tuple(
        f"The {ENDS[end]} pose of step {number + 1} lay {_millimetres(apart[number, end])} beyond the "
        f"{_faces(positions[number, end], workspace)} of the workspace and was set on it."
        for number, end in np.argwhere(apart > 0)
    )
    return held, notes


def _millimetres(metres: float) -> str:
    """Thousandths of a metre to one digit, and never 0 for what is outside."""
    return f"{max(1000 * metres, 0.1):.1f} mm"


def _faces(position: np.ndarray, workspace: Workspace) -> str:
    """Names of the faces of the box that a point (3,) lies beyond."""
    names = [
        FACES[axis][int(value > workspace.high[axis])]
        for axis, value in enumerate(position)
        if not workspace.low[axis] <= value <= workspace.high[axis]
    ]
    return f"{' and '.join(names)} face{'s' * (len(names) > 1)}"


def _advice(workspace: Workspace, model_workspace: Workspace) -> str:
    """The sentence that says what can be done about a pose outside the workspace."""
    near = "raise pose_tolerance where it is a matter of millimetres"
    if np.allclose([workspace.low, workspace.high], [model_workspace.low, model_workspace.high], atol=BOX_TOLERANCE):
        return (
            f"Move the things towards the workspace's middle, or {near}. The workspace is the whole box that the model was "
            "trained for: it cannot be enlarged."
        )
    return (
        f"Move the things towards the workspace's middle, {near}, or enlarge the workspace, at most to the model's box "
        f"{model_workspace.low} to {model_workspace.high} m."
    )

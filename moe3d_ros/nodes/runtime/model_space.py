"""The space that a node looks at: what its own parameters fix, else what the planner's `model_info` says.

Own parameters win, so that a cloud can be looked at in any box; where they contradict the model, that is said in the log
and on /diagnostics with both values. Until a `model_info` has come, the default checkpoint's values hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from moe3d_ros.msg import ModelInfo
from moe3d_ros.nodes.runtime.diagnostics import WARN, Diagnostics
from moe3d_ros.nodes.runtime.parameter_checks import LARGEST_VOXEL, SMALLEST_VOXEL, own_workspace
from moe3d_ros.nodes.runtime.qos import LATCHED
from moe3d_ros.world.grid import MARGIN, VOXEL_SIZE
from moe3d_ros.world.workspace import Workspace

LARGEST_MARGIN = 1.0  # metres
BOX_TOLERANCE = 1e-6  # metres by which two boxes or edges may differ and still count as one
CONTRADICTION = "contradicts the model"  # key on /diagnostics: a sentence, or NO
NO = "no"


@dataclass(frozen=True)
class Space:
    """A box and the grid in it.

    Attributes:
        seen: box in the planning frame that voxels are made in, metres.
        allowed: box that no planned pose leaves, metres; ``seen`` or a part of it.
        voxel_size: edge of a voxel, metres.
        margin: how far beyond ``seen`` voxels are kept, metres.
    """

    seen: Workspace = Workspace()
    allowed: Workspace = Workspace()
    voxel_size: float = VOXEL_SIZE
    margin: float = MARGIN


def settle(workspace: Workspace | None, voxel_size: float, model: Space | None) -> tuple[Space, str]:
    """The space that holds, and sentences on what contradicts the model, empty where nothing does.

    Args:
        workspace: the node's own box, metres; None: the model's.
        voxel_size: the node's own edge of a voxel, metres; 0: the model's.
        model: what the model sees; None where it is not known yet.
    """
    known = model or Space()
    box, edge = workspace or known.seen, voxel_size or known.voxel_size
    space = Space(box, workspace or known.allowed, edge, known.margin)
    problems = []
    if model is not None and not (_same(box, model.seen) or _same(box, model.allowed)):
        whole = box.contains([model.seen.low, model.seen.high], BOX_TOLERANCE).all()
        apart = bool((np.minimum(box.high, model.seen.high) <= np.maximum(box.low, model.seen.low)).any())
        left_out = "all of it is left out, so that nothing can be planned" if apart else "a part of it is left out"
        problems.append(
            f"The parameters workspace_low and workspace_high give the box {words(box)}, the planner's model sees "
            f"{words(model.seen)}: {'what lies beyond that is never planned with' if whole else left_out}. "
            "Set both to [0.0] to follow the planner; for a table elsewhere, move the planning frame."
        )
    if model is not None and abs(edge - model.voxel_size) > BOX_TOLERANCE:
        problems.append(
            f"The parameter voxel_size is {edge:g} m, the planner's model was trained with {model.voxel_size:g} m: set it "
            "to 0.0 to follow the planner."
        )
    return space, " ".join(problems)


class ModelSpace:
    """Follows `model_info` as long as it lives.

    Attributes:
        space: what holds now; replaced as a whole.
        contradiction: sentences on what contradicts the model, or empty.
    """

    def __init__(
        self, node, settings, diagnostics: Diagnostics, on_change: Callable[[Space], None] = lambda space: None
    ):
        """
        Args:
            settings: the node's parameters by name: planning_frame, workspace_low, workspace_high, voxel_size.
            on_change: called with the new space whenever it has changed.
        """
        self._node, self._diagnostics, self._on_change = node, diagnostics, on_change
        self._frame = settings["planning_frame"]
        self._own = own_workspace(settings), settings["voxel_size"]
        self.space, self.contradiction = settle(*self._own, None)
        self._show("the parameters" if all(self._own) else "the defaults, until a planner sends model_info")
        diagnostics.set(CONTRADICTION, NO)
        self._subscription = node.create_subscription(ModelInfo, "model_info", self._on_info, LATCHED)

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _on_info(self, msg: ModelInfo) -> None:
        frame = msg.header.frame_id.lstrip("/")
        if frame != self._frame:
            self._contradict(
                f"The parameter planning_frame is '{self._frame}', the planner's is '{frame}', so its workspace is not "
                "followed: set planning_frame alike."
            )
            return
        try:
            model = space_from_msg(msg)
        except ValueError as error:
            self._contradict(f"The model_info of '{msg.name}' cannot be followed: {error}.")
            return
        before = self.space
        self.space, contradiction = settle(*self._own, model)
        self._show(f"the parameters, then the model '{msg.name}'" if any(self._own) else f"the model '{msg.name}'")
        self._contradict(contradiction)
        if self.space != before:
            self._node.get_logger().info(
                f"The model '{msg.name}' is loaded: the workspace is {words(self.space.seen)} now, a voxel "
                f"{self.space.voxel_size:g} m."
            )
            self._on_change(self.space)

    def _contradict(self, sentences: str) -> None:
        self.contradiction = sentences
        self._diagnostics.set(CONTRADICTION, sentences or NO)
        if sentences:
            self._diagnostics.report(WARN, sentences)

    def _show(self, source: str) -> None:
        """Show the space in force on /diagnostics, and its source."""
        self._diagnostics.set("workspace", words(self.space.seen))
        self._diagnostics.set("voxel size (m)", f"{self.space.voxel_size:g}")
        self._diagnostics.set("workspace follows", source)


def words(box: Workspace) -> str:
    """A box as people read it, metres."""
    return f"{[float(v) for v in box.low]} to {[float(v) for v in box.high]} m"


def space_from_msg(msg: ModelInfo) -> Space:
    """moe3d_ros/ModelInfo -> Space. Raises ValueError where no voxels can be made in it."""

    def box(low, high) -> Workspace:
        corners = (low.x, low.y, low.z), (high.x, high.y, high.z)
        if not np.isfinite(corners).all():
            raise ValueError(f"{corners} are no corners of a box")
        return Workspace(*corners)

    if not (SMALLEST_VOXEL <= msg.voxel_size <= LARGEST_VOXEL and 0 <= msg.margin <= LARGEST_MARGIN):
        raise ValueError(f"voxels of {msg.voxel_size:g} m with a margin of {msg.margin:g} m cannot be made")
    return Space(
        box(msg.model_workspace_low, msg.model_workspace_high),
        box(msg.workspace_low, msg.workspace_high),
        msg.voxel_size,
        msg.margin,
    )


def _same(one: Workspace, other: Workspace) -> bool:
    return bool(np.allclose([one.low, one.high], [other.low, other.high], rtol=0, atol=BOX_TOLERANCE))

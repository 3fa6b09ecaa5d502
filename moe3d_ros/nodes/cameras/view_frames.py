"""Placement of a camera's view in the planning frame, and checks on what it shows there.

A frame without a transform may be put on the table that is in view (`table_plane`). That is judged before it is latched
and with every cloud after it: where the table is no longer at its place, the plane is searched again. Where the camera's
transform to the robot is known, the planning frame itself may be put on the table (`table_parent`).
"""

from __future__ import annotations

import time

import numpy as np
from std_msgs.msg import Header

from moe3d_ros.nodes.cameras.table_frame import TableFrame
from moe3d_ros.nodes.seams.transforms import StaticTransformSender, Transforms
from moe3d_ros.sensing.expectations import Measured, Unexpected, measure
from moe3d_ros.sensing.frame_tree import UnknownFrame
from moe3d_ros.sensing.tableplane import table_frame_from_plane
from moe3d_ros.world.workspace import Workspace

SEARCHED_AGAIN_AFTER = 1.0  # seconds between two searches for a plane that takes tens of milliseconds
SAME = 1e-6  # entries of two transforms that differ by less are one


class Placement:
    """Brings views into the planning frame, one at a time."""

    def __init__(self, node, settings, transforms: Transforms):
        """``settings``: parameters of the voxelizer by name."""
        self._log, self._transforms = node.get_logger(), transforms
        self._frame, self._policy = settings["planning_frame"], settings["table_height"]
        self._sender = StaticTransformSender(node) if settings["table_plane"] else None
        self._table = TableFrame(node, settings, transforms) if settings["table_parent"] else None
        self._planes: dict[str, np.ndarray | None] = {}  # frames that were put on a table; None: to be found again
        self._searched = 0.0

    def close(self) -> None:
        """Take its topic away."""
        for made in (self._sender, self._table):
            if made is not None:
                made.close()

    def forget(self) -> None:
        """Search planes again: the clock jumped back, and what was seen before is of another run."""
        self._planes = dict.fromkeys(self._planes)
        if self._table is not None:
            self._table.forget()

    def place(self, head: Header, points: np.ndarray, workspace: Workspace) -> tuple[np.ndarray | None, Measured]:
        """Transform (4, 4) into the planning frame at the view's stamp, None for the identity, and what was measured.

        Args:
            points: (N, 3) metres in the view's frame.
            workspace: box that stands on the table, in the planning frame, metres.

        Raises:
            UnknownFrame: there is no transform.
            CloudError: no table that is clear enough is in view, where one is needed.
            Unexpected: what the view shows does not fit in the planning frame.
        """
        transform = self._transform(head, points, workspace)
        frame = head.frame_id.lstrip("/")
        try:
            measured = measure(points, transform, workspace, self._policy)
        except Unexpected:
            if frame not in self._planes or time.monotonic() - self._searched < SEARCHED_AGAIN_AFTER:
                raise
            transform = self._find_plane(frame, points, workspace)
            measured = measure(points, transform, workspace, self._policy)
        if measured.correction is not None:
            transform = measured.correction if transform is None else measured.correction @ transform
        return transform, measured

    def _transform(self, head: Header, points: np.ndarray, workspace: Workspace) -> np.ndarray | None:
        frame = head.frame_id.lstrip("/")
        if frame == self._frame:
            return None
        if self._table is not None:
            self._table.stand(head, points, workspace)
        try:
            found = self._transforms.lookup(frame, head.stamp)
        except UnknownFrame:
            if self._sender is None or not frame:
                raise
            if self._transforms.known(frame):  # somebody publishes it, only not for this time yet
                self._leave_plane(frame)
                raise
            return self._find_plane(frame, points, workspace)
        if frame in self._planes:
            latched = self._planes[frame]
            if latched is None:
                return self._find_plane(frame, points, workspace)
            if not np.allclose(found, latched, atol=SAME):
                self._leave_plane(frame)
        return found

    def _leave_plane(self, frame: str) -> None:
        """Follow whoever publishes a frame that was put on the table."""
        if self._planes.pop(frame, None) is not None:
            self._log.info(f"A transform of '{frame}' is published now: the table's plane is no longer used.")

    def _find_plane(self, frame: str, points: np.ndarray, workspace: Workspace) -> np.ndarray:
        """Put a frame on the table that is in view, for everybody. Raises CloudError where it is not clear."""
        self._searched = time.monotonic()
        transform = table_frame_from_plane(points, (*workspace.center[:2], workspace.low[2]))
        again = "no longer fitted" if frame in self._planes else "had no transform"
        self._planes[frame] = transform
        self._transforms.set(self._frame, frame, transform)
        if self._sender is not None:
            self._sender.send(self._frame, frame, transform)
        self._log.warning(
            f"'{frame}' {again}: the planning frame was put on the table that is in view, {transform[2, 3]:.2f} m "
            "below the camera. Poses are right relative to the scene, not to a robot."
        )
        return transform

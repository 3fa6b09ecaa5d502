"""The planning frame on the table: measured once in a robot's frame, and published as that frame's child (`table_parent`).

Plans and poses are in the planning frame, and whoever follows them brings them back by the published transform: nothing is
corrected behind anybody's back. The frame is not moved once it stands, since poses in it may be under way; where later
clouds show the table elsewhere they are treated as `table_height` says.
"""

from __future__ import annotations

import numpy as np
from std_msgs.msg import Header

from moe3d_ros.nodes.seams.transforms import StaticTransformSender, Transforms
from moe3d_ros.sensing.frame_tree import UnknownFrame
from moe3d_ros.sensing.table_in_frame import found_in_words, locate_table
from moe3d_ros.world.workspace import Workspace

KEY = "table frame"  # on /diagnostics: where it stands, or why not yet


class TableFrame:
    """Puts the planning frame on the table that is in view."""

    def __init__(self, node, settings, transforms: Transforms):
        """``settings``: parameters of the voxelizer by name, of which table_parent is not empty."""
        self._log, self._diagnostics, self._transforms = node.get_logger(), node.diagnostics, transforms
        self._frame, self._parent = settings["planning_frame"], settings["table_parent"]
        self._sender = StaticTransformSender(node)
        self._stands = self._sent = False
        self._diagnostics.set(KEY, "not found yet")

    def close(self) -> None:
        """Take its topic away."""
        self._sender.close()

    def forget(self) -> None:
        """Measure again: the clock jumped back, and what was seen before is of another run."""
        self._stands = False

    def stand(self, head: Header, points: np.ndarray, workspace: Workspace) -> None:
        """Put the planning frame on the table, unless it stands there.

        Args:
            head: of the view. points: (N, 3) metres in its frame.
            workspace: box in the planning frame, metres; its x and y say where the table is searched.

        Raises:
            UnknownFrame: there is no transform from the view's frame to the robot's.
            Unexpected: no table is clearly in view, or it is too tilted.
        """
        if self._stands:
            return
        if not self._sent and self._given(head):
            self._stands = True
            text = f"'{self._frame}' is known already, from /tf or static_transforms: it is taken as it is, and table_parent not used"
            self._diagnostics.set(KEY, text)
            self._log.warning(f"{text}.")
            return
        camera = self._transforms.between(self._parent, head.frame_id, head.stamp)
        table = locate_table(points, camera, workspace, self._parent)
        stand = np.linalg.inv(table.leveling(workspace.low[2]))
        self._transforms.set(self._parent, self._frame, stand)
        self._sender.send(self._parent, self._frame, stand)
        self._stands = self._sent = True
        text = f"'{self._frame}' stands in '{self._parent}' on the table, which {found_in_words(table)}"
        self._diagnostics.set(KEY, text)
        self._log.info(f"{text}: it stays there until this node is configured again.")

    def _given(self, head: Header) -> bool:
        """True if somebody else says where the planning frame stands; waits for that as for any transform."""
        try:
            self._transforms.between(self._frame, self._parent, head.stamp)
        except UnknownFrame:
            return self._transforms.connected(self._frame, self._parent)
        return True

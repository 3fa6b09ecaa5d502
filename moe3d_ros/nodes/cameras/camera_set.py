"""The cameras that a voxelizer listens to: their topics, their views brought together, and which of them is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from moe3d_ros.nodes.cameras.fusion import NOTHING_YET, SILENT, ViewFusion
from moe3d_ros.nodes.cameras.inputs import INPUTS, CameraInput, CloudInput, View, Wiring
from moe3d_ros.nodes.cameras.sensor_transports import KNOWN
from moe3d_ros.nodes.runtime.conversions import stamp_ns


class CameraSet:
    """Subscribed as long as it lives; one camera's views are handed on as they come, several cameras' in sets.

    Attributes:
        names: of the cameras; one empty name for the camera whose topics have no prefix.
    """

    def __init__(self, node, settings, between: Callable, on_views: Callable[[list[View]], None]):
        """
        Args:
            settings: parameters of the voxelizer by name.
            between: see `Wiring`.
            on_views: called with one view of each camera that takes part.
        """
        self._node, self._on_views = node, on_views
        cameras, clouds = listed(settings)
        cameras = cameras or ([] if clouds else [""])
        self.names = cameras + clouds
        self._fusion: ViewFusion | None = None
        self._strict = settings["missing_cameras"] == "refuse"
        self._fusing = threading.Lock()  # views come in one thread, others ask which camera is missing
        if len(self.names) > 1:
            self._fusion = ViewFusion(
                self.names, settings["fusion_tolerance"], settings["camera_timeout"], self._now(), self._strict
            )
        group = MutuallyExclusiveCallbackGroup()  # one view at a time
        wiring = Wiring(
            node,
            self._on_view,
            group,
            settings["reliability"],
            settings["sync_tolerance"],
            between,
            settings["depth_scale"],
            settings["depth_max"],
            {parameter: settings[parameter] for parameter in KNOWN},
        )
        make = INPUTS[settings["input"]]
        self._inputs: list[CameraInput] = [make(wiring, name, name and f"{name}/") for name in cameras]
        self._inputs += [CloudInput(wiring, topic, topic) for topic in clouds]

    def close(self) -> None:
        """Unsubscribe."""
        for made in self._inputs:
            made.close()

    def begin_again(self) -> None:
        """Forget views that wait for others: the clock jumped back."""
        for made in self._inputs:
            made.begin_again()
        if self._fusion is not None:
            with self._fusing:
                self._fusion.begin_again(self._now())

    def why_nothing(self) -> str:
        """A clause on why no views come."""
        if self._fusion is None:
            return self._inputs[0].why_nothing()
        clauses = self._clauses()
        here = [name for name in self.names if name not in clauses]
        if here and clauses and self._strict:
            clauses[""] = f"{' and '.join(here)} only, and missing_cameras is refuse"
        return ", ".join(clauses.values()) or "the cameras are waited for"

    def missing(self) -> str:
        """A sentence on the cameras that are missing while the others go on, without numbers that change; or empty."""
        clauses = self._clauses()
        if not clauses:
            return ""
        here = len(self.names) - len(clauses)
        return f"Only {here} of {len(self.names)} cameras: {', '.join(clauses.values())}."

    def _clauses(self) -> dict[str, str]:
        """Name of each missing camera, and the reason."""
        if self._fusion is None:
            return {}
        with self._fusing:
            missing = self._fusion.missing(self._now())
        return {
            made.name: f"{made.name} {self._why(made, missing[made.name])}"
            for made in self._inputs
            if made.name in missing
        }

    def states(self) -> dict[str, str]:
        """State of each of several cameras, and the age of its last view."""
        if self._fusion is None:
            return {}
        with self._fusing:
            missing = self._fusion.missing(self._now())
            ages = {name: self._fusion.age(name) for name in self.names}
        return {
            name: missing.get(name, "takes part") + ("" if age is None else f"; last stamp {age:.1f} s ago")
            for name, age in ages.items()
        }

    def _now(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _on_view(self, view: View) -> None:
        if self._fusion is None:
            self._on_views([view])
            return
        with self._fusing:
            views = self._fusion.add(view.camera, stamp_ns(view.head.stamp), view, self._now())
        if views is not None:
            self._node.get_logger().debug(f"Views of {', '.join(views)} belong together by their stamps.")
            self._on_views(list(views.values()))

    @staticmethod
    def _why(made: CameraInput, why: str) -> str:
        return f"{why} ({made.why_nothing()})" if why in (SILENT, NOTHING_YET) else why


def listed(settings) -> tuple[list[str], list[str]]:
    """Names of cameras and topics of clouds that the parameters list; the empty ones stand for none."""
    return tuple(list(filter(None, settings[name])) for name in ("cameras", "clouds"))

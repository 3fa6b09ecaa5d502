"""The newest voxels that the planner node has, how old they are, and why there are none."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from moe3d_ros.nodes.planning.requests import Moment
from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import ERROR_NAME, OK
from moe3d_ros.nodes.runtime.model_space import CONTRADICTION, NO
from moe3d_ros.nodes.seams.clouds import read_cloud
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.world.workspace import Workspace

REPORT_COUNTS_FOR = 3.0  # seconds that a voxelizer's report explains a missing cloud


class LatestCloud:
    """Keeps one message; read by the planning thread, written by callbacks."""

    def __init__(self, frame: str, max_age, now_ns, describe_missing):
        """
        Args:
            frame: the planning frame that voxels must be in.
            max_age: called without arguments, seconds; 0 for no limit.
            now_ns: the node's clock in nanoseconds.
            describe_missing: called without arguments, a clause on why no voxels came.
        """
        self._frame, self._max_age, self._now_ns, self._describe_missing = frame, max_age, now_ns, describe_missing
        self._changed = threading.Condition()
        self._msg: Any = None
        self._came = Moment(0, 0.0)
        self._report: tuple[float, ErrorCode, str] | None = None

    def put(self, msg) -> None:
        """A new cloud has come."""
        with self._changed:
            self._msg, self._came = msg, Moment.now(self._now_ns())
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget the cloud and the report."""
        with self._changed:
            self._msg = self._report = None

    def put_report(self, level: bytes, message: str, values: dict[str, str]) -> None:
        """Take the status of the voxelizer, which explains why there is no cloud."""
        code = values.get(ERROR_NAME, ErrorCode.NO_CLOUD.name)
        apart = values.get(CONTRADICTION, NO) != NO  # it makes voxels, but perhaps not where the model looks
        bad = level != OK and code in ErrorCode.__members__ and (apart or code != ErrorCode.NONE.name)
        with self._changed:
            self._report = (time.monotonic(), ErrorCode[code], message) if bad else None

    def age(self) -> float | None:
        """Seconds since the newest cloud was taken, None without one."""
        with self._changed:
            return None if self._msg is None else self._age(self._msg)

    def wait(
        self,
        timeout: float,
        workspace: Workspace,
        margin: float,
        newer_than: Moment | None = None,
        should_stop=lambda: False,
    ):
        """The newest cloud, if it is good; otherwise wait for one that is.

        Args:
            timeout: longest wait in seconds.
            workspace: box of which something must be in view.
            margin: how far beyond it counts too, metres.
            newer_than: it must be from later, e.g. from after the robot moved: by its stamp, or by when it came where
                clouds of any age are taken, as then stamps tell nothing.
            should_stop: ends the wait with CANCELLED.

        Returns:
            points (N, 3) float32, colours (N, 3) uint8 or None, and the message's header.

        Raises:
            PlanningError: NO_CLOUD, STALE_CLOUD, TRANSFORM, EMPTY_WORKSPACE or CANCELLED, with what to do.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                try:
                    return self._newest(workspace, margin, newer_than)
                except PlanningError:
                    left = end - time.monotonic()
                    if left <= 0:
                        raise
                if should_stop():
                    raise PlanningError(ErrorCode.CANCELLED, "Cancelled while waiting for a cloud.")
                self._changed.wait(min(left, 0.1))  # in short turns: being cancelled does not wake this condition

    def _newest(self, workspace: Workspace, margin: float, newer_than: Moment | None):
        """The newest cloud, read; raises PlanningError where it is not a good one."""
        if self._msg is not None and self._now_ns() < self._came.ns:  # the clock jumped back: it is of the run before
            self._msg = None
        msg = self._msg
        if msg is None:
            raise self._explained(ErrorCode.NO_CLOUD, f"No cloud has arrived yet: {self._describe_missing()}.")
        age, max_age = self._age(msg), self._max_age()
        if 0 < max_age < -age:
            raise PlanningError(
                ErrorCode.STALE_CLOUD,
                f"The newest cloud is stamped {-age:.1f} s in the future: "
                "synchronise the clocks, or set use_sim_time alike on all nodes.",
            )
        if 0 < max_age < age:
            raise self._explained(ErrorCode.STALE_CLOUD, self._why_old(age, max_age))
        if newer_than is not None and not self._is_newer(newer_than, max_age):
            raise self._explained(ErrorCode.STALE_CLOUD, self._why_not_newer(newer_than))
        if msg.header.frame_id.lstrip("/") != self._frame:
            raise PlanningError(
                ErrorCode.TRANSFORM,
                f"The voxels are in the frame '{msg.header.frame_id}', not in the "
                f"planning frame '{self._frame}': set planning_frame alike in voxelizer and planner.",
            )
        try:
            points, colors = read_cloud(msg)
        except CloudError as error:
            raise PlanningError(ErrorCode.NO_CLOUD, str(error)) from error
        if not workspace.contains(points, margin).any():  # false for NaN
            raise self._explained(ErrorCode.EMPTY_WORKSPACE, _why_empty(points, workspace))
        return points, colors, msg.header

    def _why_old(self, age: float, max_age: float) -> str:
        """Sentence on a cloud that is older than it may be: it has no stamp, came old already, or nothing came since."""
        late = (self._came.ns - stamp_ns(self._msg.header.stamp)) / 1e9
        ago = f"{time.monotonic() - self._came.steady:.1f} s ago"
        if stamp_ns(self._msg.header.stamp) == 0:
            return (
                f"The newest cloud came {ago} without a stamp (header.stamp is 0), so its age is not known: have the "
                "camera's driver stamp its messages, or set max_cloud_age to 0, which takes clouds of any age."
            )
        if late > max_age:
            return (
                f"The newest cloud came {ago} and was {late:.1f} s old by its stamp when it came, older than "
                f"max_cloud_age ({max_age:g} s). Either the clock that stamps it is behind this one, or it was under way "
                "for so long: synchronise the clocks, set use_sim_time alike on all nodes, or raise max_cloud_age."
            )
        return f"The newest cloud is {age:.1f} s old, older than max_cloud_age ({max_age:g} s): {self._describe_missing()}."

    def _is_newer(self, moment: Moment, max_age: float) -> bool:
        """True where the cloud is from after the moment."""
        if max_age > 0 and moment.ns <= self._now_ns():  # else the clock has jumped back since
            return stamp_ns(self._msg.header.stamp) > moment.ns
        return self._came.steady > moment.steady

    def _why_not_newer(self, moment: Moment) -> str:
        """Sentence on a cloud that is from before a request to look again."""
        after, before = self._came.steady - moment.steady, (moment.ns - stamp_ns(self._msg.header.stamp)) / 1e9
        if after <= 0:
            return f"No cloud has come since the request to look again: {self._describe_missing()}."
        return (
            f"The newest cloud came {after:.1f} s after the request to look again, but is stamped {before:.1f} s before it: "
            "it was under way for so long, or the clock that stamps it is behind this one. Ask again, or raise cloud_wait."
        )

    def _age(self, msg) -> float:
        return (self._now_ns() - stamp_ns(msg.header.stamp)) / 1e9

    def _explained(self, code: ErrorCode, message: str) -> PlanningError:
        """The error with the voxelizer's own reason where it has just given one."""
        if self._report is None or time.monotonic() - self._report[0] > REPORT_COUNTS_FOR:
            return PlanningError(code, message)
        _, reason, sentence = self._report
        if (
            code == ErrorCode.EMPTY_WORKSPACE and reason == ErrorCode.TRANSFORM
        ):  # there are points, but not to be trusted
            return PlanningError(reason, f"The voxelizer withholds what the camera sees: {sentence}")
        return PlanningError(
            reason if reason == ErrorCode.TRANSFORM else code, f"{message} The voxelizer reports: {sentence}"
        )


def _why_empty(points: np.ndarray, workspace: Workspace) -> str:
    """Sentence on points (N, 3) of which none lies in the workspace: where they lie, and what is most likely off."""
    box = f"the workspace {list(workspace.low)} to {list(workspace.high)} m, which the model was trained for"
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return f"The camera sees nothing in {box}: check the camera's view and its transform."
    low, high = (np.round(corner.astype(float), 2).tolist() for corner in (points.min(axis=0), points.max(axis=0)))
    return (
        f"None of the {len(points)} voxels lies in {box}; they lie at {low} to {high} m: either the voxelizer's workspace_low "
        "and workspace_high give another box, or the table is elsewhere in this frame, or the camera's transform is off."
    )

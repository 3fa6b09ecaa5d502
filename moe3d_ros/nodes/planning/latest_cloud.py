"""The newest voxels that the planner node has, how old they are, and why there are none."""

from __future__ import annotations

import threading
import time

import numpy as np

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
        self._msg = None
        self._arrived = 0.0, 0  # when it came: seconds of a clock that always runs, nanoseconds of the node's
        self._report: tuple[float, ErrorCode, str] | None = None

    def put(self, msg) -> None:
        """A new cloud has come."""
        with self._changed:
            self._msg, self._arrived = msg, (time.monotonic(), self._now_ns())
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
        self, timeout: float, workspace: Workspace, margin: float, newer_than_ns: int = 0, should_stop=lambda: False
    ):
        """The newest cloud, if it is good; otherwise wait for one that is.

        Args:
            timeout: longest wait in seconds.
            workspace: box of which something must be in view.
            margin: how far beyond it counts too, metres.
            newer_than_ns: its stamp must be later, e.g. after the robot moved.
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
                    return self._newest(workspace, margin, newer_than_ns)
                except PlanningError:
                    left = end - time.monotonic()
                    if left <= 0:
                        raise
                if should_stop():
                    raise PlanningError(ErrorCode.CANCELLED, "Cancelled while waiting for a cloud.")
                self._changed.wait(min(left, 0.1))  # in short turns: being cancelled does not wake this condition

    def _newest(self, workspace: Workspace, margin: float, newer_than_ns: int):
        """The newest cloud, read; raises PlanningError where it is not a good one."""
        msg = self._msg
        now = self._now_ns()
        if msg is not None and now < self._arrived[1]:  # the clock jumped back: it is of the run before
            msg = self._msg = None
        if msg is None:
            raise self._explained(ErrorCode.NO_CLOUD, f"No cloud has arrived yet: {self._describe_missing()}.")
        age, max_age = self._age(msg), self._max_age()
        if 0 < max_age < age and stamp_ns(msg.header.stamp) == 0:
            raise PlanningError(
                ErrorCode.STALE_CLOUD,
                "The newest cloud's stamp is not set (0), so its age is unknown: have the driver set header.stamp, or set "
                "max_cloud_age to 0 to plan on a cloud of any age.",
            )
        if 0 < max_age < -age:
            raise PlanningError(
                ErrorCode.STALE_CLOUD,
                f"The newest cloud is stamped {-age:.1f} s in the future: "
                "synchronise the clocks, or set use_sim_time alike on all nodes.",
            )
        since = time.monotonic() - self._arrived[0]
        if 0 < max_age < age and since < max_age / 2:  # what comes late has its delay in its stamp; this does not end
            raise self._explained(
                ErrorCode.STALE_CLOUD,
                f"The newest cloud came {since:.1f} s ago, but its stamp is {age:.1f} s old, older than max_cloud_age "
                f"({max_age:g} s): the camera's clock is behind this computer's by about {age - since:.1f} s, or the cloud "
                "was that long on its way. Synchronise the clocks, or set use_sim_time alike on all nodes.",
            )
        if 0 < max_age < age:
            raise self._explained(
                ErrorCode.STALE_CLOUD,
                f"The newest cloud is {age:.1f} s old, older than max_cloud_age "
                f"({max_age:g} s): {self._describe_missing()}.",
            )
        # 0 asks for none in particular, and a time that has not come yet is of a clock that has jumped back since.
        if 0 < newer_than_ns <= now and stamp_ns(msg.header.stamp) <= newer_than_ns:
            raise self._explained(
                ErrorCode.STALE_CLOUD, f"No cloud has come since the request to look again: {self._describe_missing()}."
            )
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
            raise self._explained(
                ErrorCode.EMPTY_WORKSPACE,
                f"The camera sees nothing in the workspace {list(workspace.low)} to {list(workspace.high)} m, which the "
                f"model was trained for{_where(points)}: check the camera's view and its transform.",
            )
        return points, colors, msg.header

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


def _where(points: np.ndarray) -> str:
    """A clause on where points (N, 3) lie, empty without points."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return ""
    low, high = (np.round(corner.astype(float), 2).tolist() for corner in (points.min(axis=0), points.max(axis=0)))
    return f"; the {len(points)} voxels lie at {low} to {high} m"

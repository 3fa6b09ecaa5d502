"""Newest detections of a detector of the user, matched by stamp to the cloud that is planned on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from moe3d_ros.nodes.planning.requests import Moment
from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.nodes.seams.detector_messages import DetectorInput
from moe3d_ros.nodes.seams.transforms import Transforms
from moe3d_ros.sensing.clouds import CloudError, read_projection
from moe3d_ros.sensing.detections import named_things, things_of
from moe3d_ros.sensing.frame_tree import UnknownFrame
from moe3d_ros.sensing.image_detections import LabelledRegion, View
from moe3d_ros.world.named_things import NamedThing

KEPT = 50  # messages
WITHOUT = "Planned without the detector, so that no label is known:"  # begins every sentence on why


class LatestDetections:
    """Keeps the last messages; read by the planning thread, written by callbacks."""

    def __init__(
        self,
        kind: DetectorInput,
        transforms: Transforms,
        least_score: Callable[[], float],
        tolerance: Callable[[], float],
        topic: str,
    ):
        """
        Args:
            kind: of the messages.
            least_score: called without arguments, of the detections that are taken.
            tolerance: called without arguments, seconds between the stamps of cloud and detections, at most.
            topic: full name, for sentences.
        """
        self._kind, self._transforms = kind, transforms
        self._least_score, self._tolerance, self._topic = least_score, tolerance, topic
        self._changed = threading.Condition()
        self._messages: deque[Any] = deque(maxlen=KEPT)
        self._info: Any = None

    def put_info(self, msg: Any) -> None:
        """The calibration of the camera has come in whose image things are detected."""
        with self._changed:
            self._info = msg

    def put(self, msg: Any) -> None:
        """New detections have come."""
        with self._changed:
            self._messages.append(msg)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all: the clock jumped back, or the node is inactive."""
        with self._changed:
            self._messages.clear()
            self._info = None

    def close(self) -> None:
        """Take the subscriptions to transforms away."""
        self._transforms.close()

    def things(
        self,
        stamp: Any,
        points: np.ndarray,
        timeout: float,
        newer_than: Moment | None = None,
        should_stop=lambda: False,
    ) -> tuple[list[NamedThing], list[str]]:
        """Things that were detected when a cloud was taken, in the planning frame, and sentences on what could not be taken.

        Args:
            stamp, points: of the cloud, (N, 3) metres in the planning frame. timeout: longest wait for detections of that time, seconds.
            newer_than: detections must be from later, for example from after the robot moved.
            should_stop: ends the wait, with what there is.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while (msg := self._matching(stamp_ns(stamp), newer_than)) is None:
                left = end - time.monotonic()
                if left <= 0 or should_stop():
                    return [], [self._why_none(stamp_ns(stamp))]
                self._changed.wait(min(left, 0.1))
        if self._kind.regions is not None:
            return self._in_image(list(self._kind.regions(msg)), msg.header, points)
        assert self._kind.boxes is not None
        boxes = self._kind.boxes(msg)
        return named_things(boxes, self._least_score(), lambda frame: self._transforms.lookup(frame, msg.header.stamp))

    def _in_image(
        self, regions: list[LabelledRegion], head: Any, points: np.ndarray
    ) -> tuple[list[NamedThing], list[str]]:
        """Things that are seen in regions of an image; see `things`."""
        if not regions:
            return [], []
        with self._changed:
            info = self._info
        if info is None:
            return [], [
                f"{WITHOUT} they are outlines in an image, and no calibration of its camera has come: remap "
                "detector/camera_info to the camera_info beside that image."
            ]
        try:
            pose = self._transforms.lookup(head.frame_id or info.header.frame_id, head.stamp)
            view = View(points, read_projection(info), pose)
        except (UnknownFrame, CloudError) as error:
            return [], [f"{WITHOUT} {error}"]
        return things_of(regions, self._least_score(), view.thing)

    def _matching(self, stamp: int, newer_than: Moment | None) -> Any | None:
        """The message nearest to a stamp, nanoseconds; None where none is near enough."""
        earliest = 0 if newer_than is None else newer_than.ns
        known = [msg for msg in self._messages if stamp_ns(msg.header.stamp) >= earliest]
        if not known:
            return None
        nearest = min(known, key=lambda msg: abs(stamp_ns(msg.header.stamp) - stamp))
        return nearest if abs(stamp_ns(nearest.header.stamp) - stamp) <= self._tolerance() * 1e9 else None

    def _why_none(self, stamp: int) -> str:
        """Sentence on detections that are missing, for planning goes on without them."""
        if not self._messages:
            return f"{WITHOUT} nothing has come on {self._topic}; start the detector, or remap."
        apart = (stamp - stamp_ns(self._messages[-1].header.stamp)) / 1e9
        order = "older" if apart > 0 else "newer"
        return (
            f"{WITHOUT} the newest detections on {self._topic} are {abs(apart):.1f} s {order} than the cloud by their stamp, and "
            f"at most {self._tolerance():g} s count (detector_tolerance), after the robot's last move: look whether the detector "
            "keeps pace and copies the stamp of its image."
        )

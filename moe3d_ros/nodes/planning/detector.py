"""A detector of the user as the planner node listens to it: off, missing its messages, or heard."""

from __future__ import annotations

from typing import Any

import numpy as np
from sensor_msgs.msg import CameraInfo

from moe3d_ros.nodes.planning.latest_detections import LatestDetections
from moe3d_ros.nodes.planning.requests import Moment
from moe3d_ros.nodes.runtime.diagnostics import WARN
from moe3d_ros.nodes.runtime.qos import SENSOR_IN, own
from moe3d_ros.nodes.seams.detector_messages import NotInstalled, detector_input
from moe3d_ros.nodes.seams.transforms import Transforms
from moe3d_ros.world.named_things import NamedThing

TOPIC, INFO = "detector/detections", "detector/camera_info"
OFF = "none"


class Detector:
    """Subscription to a detector, while the node is configured."""

    def __init__(self, node: Any, group: Any):
        """``node``: the planner node with its settings. ``group``: of the callback."""
        self._node, self._latest, self._problem = node, None, ""
        self._subscriptions: list[Any] = []
        settings = node.settings
        package = settings["detector"]
        if package == OFF:
            return
        try:
            kind = detector_input(package)
        except NotInstalled as error:
            self._problem = f"No detector is listened to: {error}"
            node.diagnostics.set("detector", self._problem)
            node.diagnostics.report(WARN, self._problem)
            return
        topic = node.resolve_topic_name(TOPIC)
        transforms = Transforms(
            node, settings["planning_frame"], settings["transform_timeout"], settings["static_transforms"]
        )
        self._latest = LatestDetections(
            kind, transforms, lambda: settings["detector_score"], lambda: settings["detector_tolerance"], topic
        )
        node.diagnostics.set("detector", f"{package} on {topic}")
        topics = [(kind.message, TOPIC, self._latest.put)]
        if kind.regions is not None:
            topics.append((CameraInfo, INFO, self._latest.put_info))
        self._subscriptions = [
            node.create_subscription(message, name, put, own(SENSOR_IN), callback_group=group)
            for message, name, put in topics
        ]

    def things(
        self, stamp: Any, points: np.ndarray, newer_than: Moment | None, should_stop=lambda: False
    ) -> tuple[list[NamedThing], list[str]]:
        """Things of the time of a cloud, and sentences; see :meth:`LatestDetections.things`."""
        if self._latest is None:
            return [], [self._problem] if self._problem else []
        return self._latest.things(stamp, points, self._node.settings["cloud_wait"], newer_than, should_stop)

    def clear(self) -> None:
        """Forget what was detected."""
        if self._latest is not None:
            self._latest.clear()

    def close(self) -> None:
        """Take the subscriptions away."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        if self._latest is not None:
            self._latest.close()
            self._latest = None

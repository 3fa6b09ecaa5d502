"""One camera's topics: subscribes to them, brings what belongs together by stamp, and hands views over unread.

A view is read later, by whoever works on it: a view that is overtaken costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from moe3d_ros.nodes.cameras.sensor_transports import (
    CLOUD_PARAMETER,
    COLOR_PARAMETER,
    COLORS,
    DEPTH_PARAMETER,
    DEPTHS,
    RAW,
    cloud_transport,
    other_transport,
    own_transport,
    topic_of,
)
from moe3d_ros.nodes.cameras.sync import StampSynchronizer
from moe3d_ros.nodes.runtime.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.frame_tree import UnknownFrame
from moe3d_ros.sensing.readings import Reading
from moe3d_ros.sensing.registration import color_points, same_view

POINTS = "points"
DEPTH, INFO, COLOR, COLOR_INFO = "depth/image_rect", "depth/camera_info", "rgb/image_rect_color", "rgb/camera_info"
# Clauses on why no view comes -> what to do.
NOBODY, SILENT, UNMATCHED = "nobody publishes on", "send nothing", "send nothing that matches by its stamp"
PARTLY, OTHERWISE = "nothing comes on", "there is"
ADVICE = {
    OTHERWISE: "Set that parameter of the voxelizer so, or have the camera publish in the other way.",
    UNMATCHED: "Have the driver stamp what belongs together alike, or raise sync_tolerance.",
    SILENT: "Look at the camera's driver: is its stream on, and does `ros2 topic hz` count messages?",
    PARTLY: "Look at the camera's driver: is that stream on?",
    NOBODY: "Start the camera or remap the topics.",
}
SILENT_AFTER = 2.0  # seconds without a message after which a topic counts as silent


@dataclass(frozen=True)
class View:
    """View of one camera at one moment; ``read`` raises CloudError or UnknownFrame."""

    camera: str
    head: Header
    read: Callable[[], Reading]


@dataclass(frozen=True)
class Wiring:
    """Connections that the inputs of one node have in common.

    Attributes:
        node: the node that subscribes.
        on_view: called with every view, for one at a time.
        group: callback group.
        reliability: see `AdaptiveSubscription`.
        tolerance: largest difference between stamps that belong together, in seconds.
        depth_scale, depth_max: see `clouds.read_depth`.
        transports: of depth images, colour images and clouds, by the names of their parameters.
        between: (target frame, source frame, stamp) -> transform (4, 4) that takes points of source into target.
    """

    node: Node
    on_view: Callable[[View], None]
    group: CallbackGroup
    reliability: str
    tolerance: float
    between: Callable[[str, str, object], np.ndarray]
    depth_scale: float = 0.0
    depth_max: float = 0.0
    transports: Mapping[str, str] = field(
        default_factory=lambda: dict.fromkeys((DEPTH_PARAMETER, COLOR_PARAMETER, CLOUD_PARAMETER), RAW)
    )


class CameraInput:
    """Topics of one camera.

    Attributes:
        name: the camera's, empty for the only one.
    """

    def __init__(self, wiring: Wiring, name: str, kinds: dict, on_message, optional=(), bases=None):
        """
        Args:
            kinds: {topic: message type}.
            on_message: called with topic and message, for one at a time.
            optional: topics that need not be there.
            bases: {topic: (base topic, its transport, the transport's parameter)}.
        """
        self._bases: dict[str, tuple[str, str, str]] = bases or {}
        self.name, self._optional, self._node = name, optional, wiring.node
        self._arrived: dict[str, float] = {}

        def arrived(topic: str, msg) -> None:
            self._arrived[topic] = time.monotonic()
            on_message(topic, msg)

        self._subscriptions: dict[str, AdaptiveSubscription] = {}
        for topic, kind in kinds.items():  # messages may come before the last subscription stands
            self._subscriptions[topic] = AdaptiveSubscription(
                wiring.node,
                kind,
                topic,
                lambda msg, topic=topic: arrived(topic, msg),
                wiring.group,
                wiring.reliability,
            )

    def begin_again(self) -> None:
        """Forget messages that wait for others: the clock jumped back."""

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions.values():
            subscription.close()

    def published(self, topic: str) -> bool:
        """Somebody publishes on the topic."""
        subscription = self._subscriptions.get(topic)
        return subscription is not None and subscription.publishers > 0

    def otherwise(self, topic: str) -> str:
        """Clause on another transport in which somebody publishes what belongs on this topic; or empty."""
        base = self._bases.get(topic)
        return other_transport(self._node, *base) if base else ""

    def why_nothing(self) -> str:
        """A clause on why no view comes."""
        names = {topic: subscription.topic for topic, subscription in self._subscriptions.items()}
        absent = [topic for topic in names if not self.published(topic)]
        unpublished = [names[topic] for topic in absent if topic not in self._optional]
        if unpublished:
            others = (self.otherwise(topic) for topic in absent)
            return f"{NOBODY} {', '.join([' and '.join(unpublished), *filter(None, others)])}"
        limit = time.monotonic() - SILENT_AFTER
        silent = [names[topic] for topic in names if topic not in absent and self._arrived.get(topic, 0.0) < limit]
        if silent and len(silent) < len(names) - len(absent):
            return f"{PARTLY} {' and '.join(silent)}"
        return f"the publishers {SILENT if silent else UNMATCHED}"


def advice(clauses: str) -> str:
    """Sentence on what to do where these are the clauses on why no view comes."""
    return next((text for clause, text in ADVICE.items() if clause in clauses), ADVICE[NOBODY])


class CloudInput(CameraInput):
    """A camera that sends PointCloud2, or a compressed one."""

    def __init__(self, wiring: Wiring, name: str, topic: str):
        base, chosen = own_transport(topic, wiring.transports[CLOUD_PARAMETER])
        transport, topic = cloud_transport(chosen), topic_of(wiring.node, base, chosen)

        def on_message(_, msg) -> None:
            wiring.on_view(View(name, msg.header, lambda: Reading(*transport.read(msg))))

        super().__init__(
            wiring, name, {topic: transport.message}, on_message, bases={topic: (base, chosen, CLOUD_PARAMETER)}
        )


class DepthInput(CameraInput):
    """A camera that sends depth images with camera_info, and colour images if it has colour; raw or compressed.

    Colours are taken pixel by pixel where both images have the same pixels, and by projection where `rgb/camera_info`
    tells that the colour camera stands elsewhere or sees otherwise.
    """

    def __init__(self, wiring: Wiring, name: str, prefix: str):
        """``prefix``: of the topics' names, empty or with a slash at its end."""
        self._on_view, self._between = wiring.on_view, wiring.between
        self._scale, self._farthest = wiring.depth_scale, wiring.depth_max
        depth, color = (wiring.transports[of] for of in (DEPTH_PARAMETER, COLOR_PARAMETER))
        self._depth, self._color = (
            topic_of(wiring.node, prefix + base, used) for base, used in ((DEPTH, depth), (COLOR, color))
        )
        self._read_depth, self._read_color = DEPTHS[depth].read, COLORS[color].read
        self._info, self._color_info = prefix + INFO, prefix + COLOR_INFO
        self._sync = StampSynchronizer(self._depth, wiring.tolerance)
        super().__init__(
            wiring,
            name,
            {
                self._depth: DEPTHS[depth].message,
                self._info: CameraInfo,
                self._color: COLORS[color].message,
                self._color_info: CameraInfo,
            },
            self._on_image,
            (self._color, self._color_info),
            {
                self._depth: (prefix + DEPTH, depth, DEPTH_PARAMETER),
                self._color: (prefix + COLOR, color, COLOR_PARAMETER),
            },
        )

    def begin_again(self) -> None:
        """Forget images that wait for others."""
        self._sync.begin_again()

    def _on_image(self, topic: str, msg) -> None:
        needed = [self._depth, self._info]
        if self.published(self._color):
            needed += [self._color] + ([self._color_info] if self.published(self._color_info) else [])
        found = self._sync.add(topic, stamp_ns(msg.header.stamp), msg, needed)
        if found is not None:
            self._on_view(View(self.name, found[self._depth].header, lambda: self._read(found)))

    def _read(self, found: dict) -> Reading:
        head = found[self._depth].header
        depth = self._read_depth(found[self._depth], self._scale, self._farthest)
        projection = clouds.read_projection(found[self._info], depth.shape)
        points = clouds.depth_to_points(depth, projection[:, :3])
        if self._color not in found:
            other = self.otherwise(self._color)
            return Reading(points, None, note=f"The cloud has no colour, but {other}: set it so." if other else "")
        color, color_frame = self._read_color(found[self._color]), found[self._color].header.frame_id
        one_frame = not color_frame or color_frame.lstrip("/") == head.frame_id.lstrip("/")
        if self._color_info not in found:
            return self._registered(points, depth, color, head.frame_id, "" if one_frame else color_frame)
        color_projection = clouds.read_projection(found[self._color_info], color.shape[:2])
        if one_frame and same_view(depth.shape, color.shape[:2], projection, color_projection):
            return Reading(points, color.reshape(-1, 3))
        seen = points
        if not one_frame:
            try:
                seen = clouds.transform_points(self._between(color_frame, head.frame_id, head.stamp), points)
            except UnknownFrame as error:
                raise type(error)(f"the colour image cannot be laid over the depth image: {error}") from error
        spacing = max(color_projection[axis, axis] / projection[axis, axis] for axis in (0, 1))
        return Reading(points, *color_points(seen, color, color_projection, spacing))

    def _registered(self, points, depth, color, frame: str, color_frame: str) -> Reading:
        """Pixel by pixel, where the colour camera's intrinsics are unknown."""
        if color.shape[:2] != depth.shape:
            raise clouds.CloudError(
                f"The colour image is {color.shape[1]}x{color.shape[0]}, the depth image {depth.shape[1]}x"
                f"{depth.shape[0]}: publish the colour camera's {COLOR_INFO}, or let the driver register depth to "
                "colour and remap to that topic."
            )
        note = (
            f"The colour image is in the frame '{color_frame}', the depth image in '{frame}', and nobody publishes "
            f"{COLOR_INFO}: the colours are taken as registered. Publish it where they are not."
        )
        return Reading(points, color.reshape(-1, 3), note=note if color_frame else "")


# What the parameter `input` may say -> the input of one camera, made with its name and its topics' prefix.
INPUTS: dict[str, Callable[[Wiring, str, str], CameraInput]] = {
    "points": lambda wiring, name, prefix: CloudInput(wiring, name, prefix + POINTS),
    "depth": DepthInput,
}

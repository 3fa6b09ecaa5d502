"""The voxelizer node: a cloud or depth images in, the occupied voxels of the workspace in the planning frame out.

Subscribes to `points`, or with `input:=depth` to `depth/image_rect`, `depth/camera_info` and `rgb/image_rect_color`;
publishes `voxels` with the stamp of the source. What cannot be used is reported on /diagnostics and in the log, and
nothing is published for it; a cloud without a valid point gives empty voxels, so that nobody plans on the one before.

Configured it knows its frames and offers `voxels`, active it listens to the sensor.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from moe3d_ros import clouds
from moe3d_ros.frames import UnknownFrame
from moe3d_ros.nodes.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.conversions import cloud_to_msg, header, stamp_ns
from moe3d_ros.nodes.diagnostics import ERROR, OK, WARN
from moe3d_ros.nodes.managed import ManagedNode
from moe3d_ros.nodes.qos import CLOUD
from moe3d_ros.nodes.run import run_node
from moe3d_ros.nodes.sync import StampSynchronizer
from moe3d_ros.nodes.transforms import StaticTransformSender, Transforms
from moe3d_ros.parameters import VOXELIZER, check_workspace
from moe3d_ros.plan import ErrorCode
from moe3d_ros.tableplane import table_frame_from_plane
from moe3d_ros.voxels import Workspace, voxelize

DEPTH, INFO, COLOR = "depth/image_rect", "depth/camera_info", "rgb/image_rect_color"


class Voxelizer(ManagedNode):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self, hand_over=None):
        """``hand_over``: called with every message of voxels, for a planner in this process; it must not change it."""
        super().__init__("voxelizer", "voxels", VOXELIZER, check_workspace)
        self._hand_voxels = hand_over
        self._voxels = self._transforms = self._static_sender = None  # while configured
        self._inputs: list[AdaptiveSubscription] = []  # while active
        # Clouds are worked on one at a time, beside the arrival of others: a newer one replaces the one that waits.
        self._waiting: deque = deque(maxlen=1)
        self._busy = threading.Lock()
        self._work = self.create_guard_condition(self._process_newest, callback_group=MutuallyExclusiveCallbackGroup())
        self._arrived = 0
        self._watched = (0, time.monotonic())
        self.create_timer(2.0, self._watch)

    # --- lifecycle

    def configure(self) -> None:
        settings = self.settings
        self._frame, self._voxel_size = settings["planning_frame"], settings["voxel_size"]
        self._workspace = Workspace(tuple(settings["workspace_low"]), tuple(settings["workspace_high"]))
        self._table_plane = settings["table_plane"]
        self._transforms = Transforms(self, self._frame, settings["transform_timeout"], settings["static_transforms"])
        self._static_sender = StaticTransformSender(self) if self._table_plane else None
        self._voxels = self.create_lifecycle_publisher(PointCloud2, "voxels", CLOUD)
        self.diagnostics.set("planning frame", self._frame)

    def activate(self) -> None:
        group, reliability = MutuallyExclusiveCallbackGroup(), self.settings["reliability"]
        self._watched = (self._arrived, time.monotonic())
        if self.settings["input"] == "points":
            self._inputs = [AdaptiveSubscription(self, PointCloud2, "points", self._on_points, group, reliability)]
            return
        self._sync = StampSynchronizer(DEPTH, self.settings["sync_tolerance"])
        self._inputs = [
            AdaptiveSubscription(
                self, kind, topic, lambda msg, topic=topic: self._on_image(topic, msg), group, reliability
            )
            for topic, kind in ((DEPTH, Image), (INFO, CameraInfo), (COLOR, Image))
        ]

    def deactivate(self) -> None:
        inputs, self._inputs = self._inputs, []
        for subscription in inputs:
            subscription.close()
        with self._busy:  # the cloud that is being worked on leaves whole
            self._waiting.clear()
        self._sync = None

    def cleanup(self) -> None:
        for made in (self._transforms, self._static_sender):
            if made is not None:
                made.close()
        if self._voxels is not None:
            self.destroy_lifecycle_publisher(self._voxels)
        self._transforms = self._static_sender = self._voxels = None

    # --- what arrives

    def _watch(self) -> None:
        """Say so when nothing arrives, and why nothing leaves."""
        if not self._inputs:
            state = self.state
            self.diagnostics.set("error", ErrorCode.NO_CLOUD.name)
            self.diagnostics.report(
                WARN, f"The voxelizer is {state}: activate it (ros2 lifecycle set {self.full_name} activate)."
            )
            return
        arrived, since = self._watched
        if self._arrived != arrived:
            self._watched = (self._arrived, time.monotonic())
            return
        silent = [s.topic for s in self._inputs[:2] if s.publishers == 0]
        what = f"nobody publishes on {' and '.join(silent)}" if silent else "the publishers send nothing that matches"
        self.diagnostics.set("error", ErrorCode.NO_CLOUD.name)
        self.diagnostics.set("seconds without data", f"{time.monotonic() - since:.0f}")
        self.diagnostics.report(
            WARN if arrived == 0 else ERROR, f"No sensor data: {what}. Start the camera or remap the topics."
        )

    def _on_points(self, msg: PointCloud2) -> None:
        self._hand_over(msg.header, lambda: clouds.read_cloud(msg))

    def _on_image(self, topic: str, msg) -> None:
        inputs, sync = self._inputs, self._sync
        if not inputs or sync is None:  # deactivated in this moment
            return
        needed = [DEPTH, INFO] + ([COLOR] if inputs[2].publishers else [])
        found = sync.add(topic, stamp_ns(msg.header.stamp), msg, needed)
        if found is None:
            return

        def read():
            depth = clouds.read_depth(found[DEPTH])
            points = clouds.depth_to_points(depth, clouds.read_intrinsics(found[INFO], depth.shape))
            if COLOR not in found:
                return points, None
            color = clouds.read_color(found[COLOR])
            if color.shape[:2] != depth.shape:
                raise clouds.CloudError(
                    f"The colour image is {color.shape[1]}x{color.shape[0]}, the depth image {depth.shape[1]}x"
                    f"{depth.shape[0]}: let the driver register depth to colour, and remap to that topic."
                )
            return points, color.reshape(-1, 3)

        self._hand_over(found[DEPTH].header, read)

    def _hand_over(self, head, read) -> None:
        self._arrived += 1
        if self._waiting:
            self.diagnostics.count("overtaken")
        self._waiting.append((head, read))
        self._work.trigger()

    def _process_newest(self) -> None:
        with self._busy:
            if self._waiting and self._inputs:
                head, read = self._waiting.popleft()
                try:
                    self._process(head, read)
                except Exception as error:  # it must not pass in silence: /diagnostics would still show the one before
                    self.get_logger().error(traceback.format_exc(), throttle_duration_sec=10.0)
                    self._fail(
                        ErrorCode.NO_CLOUD,
                        f"The cloud cannot be used ({type(error).__name__}: {error}). The node's log has the details; "
                        "please report them.",
                    )

    def _process(self, head, read) -> None:
        """Read, transform, voxelise, publish; report what goes wrong."""
        self.diagnostics.count("input")
        start = time.perf_counter()
        try:
            points, colors = read()
            read_done = time.perf_counter()
            transform = self._transform(head, points)
        except clouds.CloudError as error:
            self._fail(ErrorCode.NO_CLOUD, str(error))
            return
        except (UnknownFrame, ImportError) as error:
            self._fail(
                ErrorCode.TRANSFORM,
                f"The cloud cannot be brought into the planning frame: {error}. Publish that "
                "transform, or set the parameter static_transforms or table_plane of the voxelizer.",
            )
            return
        moved = time.perf_counter()
        centroids, shades = voxelize(points, colors, self._voxel_size, self._workspace, transform=transform)
        voxelized = time.perf_counter()
        self._send(cloud_to_msg(centroids, shades, header(self._frame, head.stamp)))
        for stage, seconds in (
            ("read", read_done - start),
            ("transform", moved - read_done),
            ("voxelize", voxelized - moved),
            ("publish", time.perf_counter() - voxelized),
        ):
            self.diagnostics.timing(stage, seconds)
        self.diagnostics.count("output")
        self.diagnostics.set("voxels", len(centroids))
        self.diagnostics.set(
            "age at publication (ms)", f"{(self.get_clock().now().nanoseconds - stamp_ns(head.stamp)) / 1e6:.1f}"
        )
        self._judge(points, colors, len(centroids), head.frame_id)

    def _send(self, msg: PointCloud2) -> None:
        """Hand voxels to the planner in this process, if any, and publish them where somebody listens."""
        if self._hand_voxels is not None:
            self._hand_voxels(msg)
            if self._voxels.get_subscription_count() == 0:  # then nothing is serialised
                return
        self._voxels.publish(msg)

    def _transform(self, head, points) -> np.ndarray | None:
        """Transform (4, 4) into the planning frame, None where it is the identity."""
        if head.frame_id.lstrip("/") == self._frame:
            return None
        try:
            return self._transforms.lookup(head.frame_id, head.stamp)
        except UnknownFrame:
            if not self._table_plane or not head.frame_id:
                raise
        transform = table_frame_from_plane(points, (*self._workspace.center[:2], 0.0))
        self._transforms.set(self._frame, head.frame_id, transform)
        self._static_sender.send(self._frame, head.frame_id, transform)
        self.get_logger().warning(
            f"'{head.frame_id}' had no transform: the planning frame was put on the table that is in "
            "view. Poses are right relative to the scene, not to a robot."
        )
        return transform

    def _judge(self, points, colors, voxels: int, frame: str) -> None:
        """Report what was made of a cloud."""
        error = ErrorCode.NONE
        if len(points) == 0:
            error, message = ErrorCode.NO_CLOUD, "The cloud is empty (0 points): check the camera."
        elif voxels == 0 and not np.isfinite(points).any():
            error, message = (
                ErrorCode.NO_CLOUD,
                ("The cloud has no valid point (all NaN or Inf): check the camera's range, light and exposure."),
            )
        elif voxels == 0:
            error, message = (
                ErrorCode.EMPTY_WORKSPACE,
                (
                    f"No point of the cloud lies in the workspace: check the transform '{frame}' to '{self._frame}' "
                    "and the workspace's limits."
                ),
            )
        elif colors is None:
            message = "The cloud has no colour: instructions that name colours cannot be followed. Publish XYZRGB."
        else:
            message = f"{voxels} voxels"
        self.diagnostics.set("error", error.name)
        # The count changes with every cloud: it is a value, not a reason to send the status again.
        level = OK if message.endswith(" voxels") else WARN
        self.diagnostics.report(level, "working" if level == OK else message)

    def _fail(self, code: ErrorCode, message: str) -> None:
        self.diagnostics.set("error", code.name)
        self.diagnostics.count("dropped")
        self.diagnostics.report(ERROR, message)


def main(args=None) -> int:
    """Entry point of the program `voxelizer`."""
    return run_node(Voxelizer, args)


if __name__ == "__main__":
    raise SystemExit(main())

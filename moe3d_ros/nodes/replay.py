"""The replay node: a PCD or PLY file as a camera.

Publishes the file's cloud on `points`, again and again, with a fresh stamp. A recorded scan is in the camera's optical
frame, and nobody knows where that camera stood: with `table_frame` the table is found as a plane and the transform from
the planning frame is published, as a calibrated camera's would be.
"""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

from moe3d_ros import clouds
from moe3d_ros.frames import rigid_transform
from moe3d_ros.nodes.conversions import cloud_to_msg, header
from moe3d_ros.nodes.diagnostics import OK, Diagnostics
from moe3d_ros.nodes.qos import CLOUD
from moe3d_ros.nodes.run import declare, run_node
from moe3d_ros.nodes.transforms import StaticTransformSender
from moe3d_ros.tableplane import table_frame_from_plane


class Replay(Node):
    """See the module's docstring. Parameters are documented in config/planner.yaml."""

    def __init__(self):
        super().__init__("replay")
        path = declare(self, "cloud", "", "Path of a PCD or PLY file, metres.")
        rate = declare(self, "rate", 2.0, "Clouds a second.", 0.01, 100.0)
        frame = declare(self, "frame_id", "camera_optical_frame", "Frame of the file's points.")
        planning_frame = declare(self, "planning_frame", "base_link", "Frame that plans are in.")
        find_table = declare(
            self,
            "table_frame",
            True,
            "Find the table as a plane, put the planning frame on it, and publish "
            "the transform. Only where frame_id is not the planning frame.",
        )
        center = declare(
            self,
            "table_center",
            [0.5, 0.0, 0.0],
            "Where the scene's middle on the table is to lie in the planning frame, x, y, z in metres.",
        )
        pose = declare(
            self,
            "camera_pose",
            [0.0],
            "The camera's pose in the planning frame where it is known, x y z qx qy qz qw; then no table is searched.",
        )
        points, colors = clouds.read_cloud_file(path)
        valid = np.isfinite(points).all(axis=1)
        self._msg = cloud_to_msg(points, colors, header(frame, self.get_clock().now().to_msg()))
        if colors is None:  # say so honestly: a grey that nobody saw would hide it from the voxelizer
            del self._msg.fields[3]
        self._publisher = self.create_publisher(PointCloud2, "points", CLOUD)
        self._diagnostics = Diagnostics(self, "replay", hardware_id=path)
        self._sender = StaticTransformSender(self)
        if frame != planning_frame and (len(pose) == 7 or find_table):
            transform = (
                rigid_transform(pose[:3], pose[3:]) if len(pose) == 7 else table_frame_from_plane(points, tuple(center))
            )
            self._sender.send(planning_frame, frame, transform)
        self._diagnostics.report(OK, f"{valid.sum()} valid points of {len(points)} from {path}")
        self.get_logger().info(f"Replaying {valid.sum()} valid points of {len(points)} from {path} at {rate:g} Hz.")
        self._timer = self.create_timer(1.0 / rate, self._send)

    def _send(self) -> None:
        self._msg.header.stamp = self.get_clock().now().to_msg()
        self._publisher.publish(self._msg)
        self._diagnostics.count("output")


def main(args=None) -> int:
    """Entry point of the program `replay`."""
    return run_node(Replay, args)


if __name__ == "__main__":
    raise SystemExit(main())

"""The replay node: a PCD or PLY file as a camera, or a recording (MCAP, rosbag2 folder) played as it was recorded.

Publishes a file's cloud on `points`, again and again, with a fresh stamp. A recorded scan is in the camera's optical
frame, and nobody knows where that camera stood: with `table_frame` the table is found as a plane and the transform from
the planning frame is published, as a calibrated camera's would be. Recordings are `player`'s.
"""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

from moe3d_ros.nodes.player import Player
from moe3d_ros.nodes.runtime.conversions import header
from moe3d_ros.nodes.runtime.diagnostics import ERROR, OK, Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import REPLAY
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import CLOUD
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.seams.clouds import cloud_to_msg
from moe3d_ros.nodes.seams.transforms import StaticTransformSender
from moe3d_ros.recording.bag_files import is_recording
from moe3d_ros.sensing.frame_tree import rigid_transform
from moe3d_ros.sensing.scan_files import read_cloud_file
from moe3d_ros.sensing.tableplane import table_frame_from_plane


class Replay(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md.

    Attributes:
        exit_code: of the process; 1 where a recording turned out to be damaged while it was played.
    """

    def __init__(self):
        super().__init__("replay")
        self._settings = settings = Parameters(self, REPLAY)
        settings.check()
        path = settings["cloud"]
        self.exit_code = 0
        self._player: Player | None = None
        self._diagnostics = Diagnostics(self, "replay", "replay", hardware_id=path)
        if path and is_recording(path):
            names = ("topics", "speed", "loop", "clock", "delay")
            self._player = Player(self, path, *(settings[name] for name in names), self._on_end)
            self._say(f"Playing {self._player.summary}.")
        else:
            self._show_scan(path)

    def start(self) -> None:
        """Begin to play a recording."""
        if self._player is not None:
            self._player.start()

    def close(self) -> None:
        """Stop playing."""
        if self._player is not None:
            self._player.close()

    def count(self, event: str) -> None:
        """Count an event for /diagnostics."""
        self._diagnostics.count(event)

    def _say(self, text: str) -> None:
        self._diagnostics.report(OK, text)
        self.get_logger().info(text)

    def _on_end(self, problem: str | None) -> None:
        """A recording is over, or broken: the process ends, as `ros2 bag play` does."""
        if problem is None:
            self._say("The recording is over.")
        else:
            self.exit_code = 1
            self._diagnostics.report(ERROR, problem)
        self.context.try_shutdown()

    def _show_scan(self, path: str) -> None:
        """Be a camera that shows a PCD or PLY file. Raises CloudError."""
        settings = self._settings
        rate, frame, planning_frame = settings["rate"], settings["frame_id"], settings["planning_frame"]
        pose = settings["camera_pose"]
        points, colors = read_cloud_file(path)
        valid = np.isfinite(points).all(axis=1)
        self._msg = cloud_to_msg(points, colors, header(frame, self.get_clock().now().to_msg()))
        if colors is None:  # a grey that no camera saw would hide from the voxelizer that there is no colour
            del self._msg.fields[3]
        self._publisher = self.create_publisher(PointCloud2, "points", CLOUD)
        self._sender = StaticTransformSender(self)
        if frame != planning_frame and (len(pose) == 7 or settings["table_frame"]):
            transform = (
                rigid_transform(pose[:3], pose[3:])
                if len(pose) == 7
                else table_frame_from_plane(points, tuple(settings["table_center"]))
            )
            self._sender.send(planning_frame, frame, transform)
        self._say(f"Replaying {valid.sum()} valid points of {len(points)} from {path} at {rate:g} Hz.")
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

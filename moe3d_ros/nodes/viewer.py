"""The viewer node: the planner's topics as a page in the browser, for users without RViz.

    ros2 run moe3d_ros viewer          # then open the address that it prints, http://localhost:8080

It draws what RViz would, from the same topics: `voxels`, `plan_markers`, `pick_pose`, `place_pose`, `goal_pose`, and the robot of
`robot_description` and `joint_states`, as far as it is made of boxes, cylinders and spheres. It
writes `plan` and what the nodes say on /diagnostics. It does not listen to `instruction`: a `ros2 topic pub --once`, which
waits for one subscriber, would take the viewer for the planner. The box that is drawn, and the size of a voxel, are those of the
planner's `model_info` unless its own parameters say otherwise. An instruction that is typed into the page goes to `instruction`.
"""

from __future__ import annotations

import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState, PointCloud2
from std_msgs.msg import String
from visualization_msgs.msg import Marker, MarkerArray

from moe3d_ros.msg import TaskPlan
from moe3d_ros.nodes.planning.markers import CAPTION
from moe3d_ros.nodes.runtime.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.runtime.conversions import plan_from_msg, pose_from_msg, stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import ERROR, NAMESPACE, OK, PROGRAM, WARN, Diagnostics, values_of
from moe3d_ros.nodes.runtime.model_space import ModelSpace, Space
from moe3d_ros.nodes.runtime.parameter_checks import check_workspace
from moe3d_ros.nodes.runtime.parameter_tables import VIEWER
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED, SENSOR_IN
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.seams.clouds import read_cloud
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.view.robot_model import RobotModel
from moe3d_ros.view.webview import WebView

GOALS = ("pick_pose", "place_pose", "goal_pose")
WATCHED = ("voxelizer", "planner", "tabletop", "moveit_goals")  # programs whose words are shown
LEVELS = {OK: "ok", WARN: "warn", ERROR: "error"}
EXPIRY_PERIOD = 0.2  # seconds between two looks for markers whose lifetime is over


class Viewer(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self):
        super().__init__("viewer")
        settings = Parameters(self, VIEWER, check_workspace)
        settings.check()
        self._frame, self._period = settings["planning_frame"], 1.0 / settings["rate"]
        self._publisher = self.create_publisher(String, "instruction", EVENT) if settings["instructions"] else None
        self._view = WebView(
            settings["host"],
            settings["port"],
            self._say if self._publisher is not None else None,
        )
        self._next_voxels = 0.0
        self._stamp: int | None = None  # of the plan that is shown
        self._stamps: dict[str, int] = {}  # of the goals that are shown
        self._ends: dict[str, float] = {}  # markers with a lifetime, and when it is over
        self._markers: set[str] = set()
        self._diagnostics = Diagnostics(self, "viewer", "view")
        self._diagnostics.set("address", self._view.address)
        self._diagnostics.report(OK, f"Open {self._view.address} in a browser.")
        self._space = ModelSpace(self, settings, self._diagnostics, self._show_space)
        self._show_space(self._space.space)
        listen = self.create_subscription
        AdaptiveSubscription(self, PointCloud2, "voxels", self._on_voxels, None, "reliable")
        listen(TaskPlan, "plan", self._on_plan, LATCHED)
        listen(MarkerArray, "plan_markers", self._on_markers, LATCHED)
        for name in GOALS:
            listen(PoseStamped, name, lambda msg, name=name: self._on_goal(name, msg), EVENT)
        listen(String, "robot_description", self._on_robot, LATCHED)
        listen(JointState, "joint_states", self._on_joints, SENSOR_IN)
        listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT)
        self.create_timer(EXPIRY_PERIOD, self._expire)
        self.get_logger().info(f"The view is at {self._view.address}")

    def close(self) -> None:
        """Stop serving the page."""
        self._view.close()

    def _say(self, text: str) -> None:
        """Publish what a person typed into the page."""
        if self.context.ok():
            self._publisher.publish(String(data=text))
            self._view.show_plan(None, text)  # what comes from elsewhere is shown with its plan

    def _show_space(self, space: Space) -> None:
        """Draw the box that planned poses stay in, with voxels on the grid of the box that is seen."""
        self._view.set_space(space.allowed, space.voxel_size, space.seen.low)

    def _known(self, frame: str) -> bool:
        """True where a message is in the planning frame, which is the frame of the view."""
        if frame.lstrip("/") == self._frame:
            return True
        self._diagnostics.report(WARN, f"A message in the frame '{frame}' is not shown: set planning_frame to it.")
        return False

    def _on_voxels(self, msg: PointCloud2) -> None:
        if time.monotonic() < self._next_voxels or not self._known(msg.header.frame_id):
            return
        try:
            points, colors = read_cloud(msg)
        except CloudError as error:
            self._diagnostics.report(WARN, str(error))
            return
        self._next_voxels = time.monotonic() + self._period
        self._view.show_voxels(points, colors)
        self._diagnostics.count("voxels")

    def _on_plan(self, msg: TaskPlan) -> None:
        self._stamp = stamp_ns(msg.header.stamp)
        for name in [name for name, stamp in self._stamps.items() if stamp != self._stamp]:  # of the plan before
            self._view.show_pose(name.removesuffix("_pose"), None)
            del self._stamps[name]
        self._view.show_plan(plan_from_msg(msg))

    def _on_goal(self, name: str, msg: PoseStamped) -> None:
        if self._known(msg.header.frame_id):
            self._stamps[name] = stamp_ns(msg.header.stamp)
            self._view.show_pose(name.removesuffix("_pose"), pose_from_msg(msg), arrow=name == "goal_pose")

    def _on_robot(self, msg: String) -> None:
        try:
            self._view.show_robot(RobotModel(msg.data, self._frame))
        except ValueError as error:
            self._diagnostics.report(WARN, str(error))

    def _on_joints(self, msg: JointState) -> None:
        self._view.robot.move(dict(zip(msg.name, msg.position)))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            values = values_of(status)
            program = values.get(PROGRAM)
            if program in WATCHED and values.get(NAMESPACE) == self.get_namespace():
                self._view.show_status(program, LEVELS.get(status.level, "error"), status.message)

    # --- markers

    def _on_markers(self, msg: MarkerArray) -> None:
        for marker in msg.markers:
            name = f"{marker.ns}/{marker.id}"
            if marker.action == Marker.DELETEALL:
                self._erase(list(self._markers))
            elif marker.action == Marker.DELETE:
                self._erase([name])
            elif marker.ns != CAPTION and self._known(marker.header.frame_id):  # the caption stands in the panel
                self._draw(name, marker)

    def _draw(self, name: str, marker: Marker) -> None:
        """Draw what `nodes/markers` makes; a marker of another type is left out."""
        points = np.array([[p.x, p.y, p.z] for p in marker.points]).reshape(-1, 3)
        if marker.type == Marker.LINE_LIST and len(points) and len(points) % 2 == 0:
            each = marker.colors if len(marker.colors) == len(points) else [marker.color] * len(points)
            colors = np.array([_rgb(color) for color in each], np.uint8).reshape(-1, 2, 3)
            self._view.draw_lines(name, points.reshape(-1, 2, 3), colors, marker.scale.x)
        elif marker.type == Marker.ARROW and len(points) == 2:
            size = marker.scale  # of an arrow between two points: diameters of shaft and head, length of the head
            self._view.draw_arrow(name, points, _rgb(marker.color), size.x / 2, size.y / 2, size.z)
        elif marker.type == Marker.TEXT_VIEW_FACING:
            at = marker.pose.position
            self._view.draw_text(name, (at.x, at.y, at.z), marker.text)
        else:
            return
        self._markers.add(name)
        lifetime = stamp_ns(marker.lifetime) / 1e9
        self._ends.pop(name, None)
        if lifetime > 0:
            self._ends[name] = time.monotonic() + lifetime

    def _erase(self, names: list[str]) -> None:
        for name in names:
            self._view.erase(name)
            self._markers.discard(name)
            self._ends.pop(name, None)

    def _expire(self) -> None:
        self._erase([name for name, end in self._ends.items() if time.monotonic() >= end])


def _rgb(color) -> tuple[int, int, int]:
    """std_msgs/ColorRGBA -> 0 to 255."""
    return tuple(round(255 * min(max(value, 0.0), 1.0)) for value in (color.r, color.g, color.b))


def main(args=None) -> int:
    """Entry point of the program `viewer`."""
    return run_node(Viewer, args)


if __name__ == "__main__":
    raise SystemExit(main())

"""A plan as RViz markers: gripper axes at pick and place, an arrow between them, the step's number and text."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point, Vector3
from rclpy.duration import Duration
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from moe3d_ros.nodes.runtime.conversions import pose_to_msg
from moe3d_ros.plan import Action, Plan
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.pose import Pose

AXIS_LENGTH = 0.06  # metres
AXIS_WIDTH = 0.006  # metres
AXIS_COLORS = tuple(ColorRGBA(r=float(i == 0), g=float(i == 1), b=float(i == 2), a=1.0) for i in range(3))  # x y z
ARROW_SCALE = (0.008, 0.02, 0.03)  # metres: diameters of shaft and head, length of the head
ARROW_RISE = 0.02  # metres above pick and place, so that the arrow hides neither
ARROW_COLOR = ColorRGBA(r=1.0, g=0.75, b=0.1, a=0.9)
LATER_COLOR = ColorRGBA(r=0.7, g=0.7, b=0.7, a=0.6)  # steps after the next one may change at the next look
TEXT_COLOR = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
NUMBER_HEIGHT, NUMBER_RISE = 0.05, 0.08  # metres: of a letter, and of the number above the pick
CAPTION = "text"  # namespace of the plan in words, above the scene
CAPTION_HEIGHT, CAPTION_AT = 0.035, (0.75, 0.0, 0.4)  # metres: of a letter, and where it stands


def no_markers(head) -> MarkerArray:
    """An array that removes every marker that was drawn."""
    return MarkerArray(markers=[Marker(header=head, action=Marker.DELETEALL)])


def plan_markers(plan: Plan, head, lifetime: float = 0.0) -> MarkerArray:
    """Markers of all steps; the first one removes what the plan before it drew.

    Args:
        head: header of the plan (planning frame, stamp of the cloud).
        lifetime: seconds after which they vanish, 0 to keep them until the next plan.
    """
    array = no_markers(head)
    drawn = [marker for number, action in enumerate(plan.actions) for marker in step_markers(number, action)]
    for marker in (*drawn, caption(plan)):
        marker.header, marker.action = head, Marker.ADD
        marker.lifetime = Duration(seconds=lifetime).to_msg()
        array.markers.append(marker)
    return array


def step_markers(number: int, action: Action) -> list[Marker]:
    """One step, ``number`` from 0: axes at pick and place, the arrow between them, its number above the pick."""
    color = ARROW_COLOR if number == 0 else LATER_COLOR
    return [
        _axes("pick_axes", number, action.pick, color),
        _axes("place_axes", number, action.place, color),
        _arrow(number, action, color),
        _number(number, action.pick),
    ]


def caption(plan: Plan) -> Marker:
    """The instruction and the steps in words."""
    steps = "\n".join(f"{n + 1}. {action.text}" for n, action in enumerate(plan.actions)) or "nothing is left to do"
    text = f"{plan.instruction}\n{steps}"
    marker = _marker(CAPTION, 0, Marker.TEXT_VIEW_FACING, (0, 0, CAPTION_HEIGHT), TEXT_COLOR, text=text)
    marker.pose.position = _point(CAPTION_AT)
    return marker


def _axes(namespace: str, number: int, pose: Pose, color: ColorRGBA) -> Marker:
    """The tool's axes at a pose, in red, green and blue."""
    origin = np.asarray(pose.position)
    axes = quaternion_to_matrix(pose.orientation).T  # rows: the tool's x, y, z in the planning frame
    marker = _marker(namespace, number, Marker.LINE_LIST, (AXIS_WIDTH, 0, 0), color)
    marker.points = [_point(p) for axis in axes for p in (origin, origin + AXIS_LENGTH * axis)]
    marker.colors = [c for c in AXIS_COLORS for _ in range(2)]
    return marker


def _arrow(number: int, action: Action, color: ColorRGBA) -> Marker:
    """The arrow from pick to place."""
    marker = _marker("arrow", number, Marker.ARROW, ARROW_SCALE, color)
    marker.points = [_point(pose.position, ARROW_RISE) for pose in (action.pick, action.place)]
    return marker


def _number(number: int, pick: Pose) -> Marker:
    """The step's number, as people count."""
    marker = _marker("step", number, Marker.TEXT_VIEW_FACING, (0, 0, NUMBER_HEIGHT), TEXT_COLOR, text=str(number + 1))
    marker.pose = pose_to_msg(pick, None).pose
    marker.pose.position.z += NUMBER_RISE
    return marker


def _marker(namespace: str, number: int, kind: int, scale, color: ColorRGBA, **values) -> Marker:
    """A marker in the planning frame; the header, the action and the lifetime are the array's."""
    size = Vector3(**{axis: float(value) for axis, value in zip("xyz", scale)})
    marker = Marker(ns=namespace, id=number, type=kind, scale=size, color=color, **values)
    marker.pose.orientation.w = 1.0
    return marker


def _point(position, rise: float = 0.0) -> Point:
    x, y, z = (float(v) for v in position)
    return Point(x=x, y=y, z=z + rise)

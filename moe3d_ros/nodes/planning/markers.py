"""A plan as RViz markers: gripper axes at pick and place, an arrow between them, the step's number and text."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point, Vector3
from rclpy.duration import Duration
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from moe3d_ros.nodes.runtime.conversions import pose_to_msg
from moe3d_ros.plan import Plan
from moe3d_ros.world.geometry import quaternion_to_matrix

AXIS_LENGTH = 0.06  # metres
AXIS_COLORS = tuple(ColorRGBA(r=float(i == 0), g=float(i == 1), b=float(i == 2), a=1.0) for i in range(3))  # x y z
ARROW_COLOR = ColorRGBA(r=1.0, g=0.75, b=0.1, a=0.9)
LATER_COLOR = ColorRGBA(r=0.7, g=0.7, b=0.7, a=0.6)  # steps after the next one may change at the next look
TEXT_COLOR = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
CAPTION = "text"  # namespace of the plan in words, above the scene


def no_markers(head) -> MarkerArray:
    """What removes every marker that was drawn."""
    return MarkerArray(markers=[Marker(header=head, action=Marker.DELETEALL)])


def plan_markers(plan: Plan, head, lifetime: float = 0.0) -> MarkerArray:
    """Markers of all steps; the first one removes what the plan before it drew.

    Args:
        head: header of the plan (planning frame, stamp of the cloud).
        lifetime: seconds after which they vanish, 0 to keep them until the next plan.
    """
    array = no_markers(head)

    def add(namespace: str, number: int, kind: int, **values) -> None:
        marker = Marker(
            header=head,
            ns=namespace,
            id=number,
            type=kind,
            action=Marker.ADD,
            lifetime=Duration(seconds=lifetime).to_msg(),
            **values,
        )
        if "pose" not in values:
            marker.pose.orientation.w = 1.0
        array.markers.append(marker)

    for number, action in enumerate(plan.actions):
        color = ARROW_COLOR if number == 0 else LATER_COLOR
        for name, pose in (("pick", action.pick), ("place", action.place)):
            origin = np.asarray(pose.position)
            axes = quaternion_to_matrix(pose.orientation).T  # rows: the tool's x, y, z in the planning frame
            lines = [_point(p) for axis in axes for p in (origin, origin + AXIS_LENGTH * axis)]
            add(
                f"{name}_axes",
                number,
                Marker.LINE_LIST,
                scale=_scale(0.006),
                points=lines,
                colors=[c for c in AXIS_COLORS for _ in range(2)],
                color=color,
            )
        start, end = np.asarray(action.pick.position), np.asarray(action.place.position)
        add(
            "arrow",
            number,
            Marker.ARROW,
            scale=_scale(0.008, 0.02, 0.03),
            color=color,
            points=[_point(start + np.array([0, 0, 0.02])), _point(end + np.array([0, 0, 0.02]))],
        )
        label = pose_to_msg(action.pick, head).pose
        label.position.z += 0.08
        add(
            "step",
            number,
            Marker.TEXT_VIEW_FACING,
            scale=_scale(0, 0, 0.05),
            color=TEXT_COLOR,
            pose=label,
            text=str(number + 1),
        )
    text = "\n".join(f"{n + 1}. {action.text}" for n, action in enumerate(plan.actions)) or "nothing is left to do"
    caption = Marker(
        header=head,
        ns=CAPTION,
        id=0,
        type=Marker.TEXT_VIEW_FACING,
        action=Marker.ADD,
        scale=_scale(0, 0, 0.035),
        color=TEXT_COLOR,
        text=f"{plan.instruction}\n{text}",
        lifetime=Duration(seconds=lifetime).to_msg(),
    )
    caption.pose.position.x, caption.pose.position.z = 0.75, 0.4
    caption.pose.orientation.w = 1.0
    array.markers.append(caption)
    return array


def _point(values) -> Point:
    return Point(x=float(values[0]), y=float(values[1]), z=float(values[2]))


def _scale(x: float, y: float = 0.0, z: float = 0.0) -> Vector3:
    return Vector3(x=float(x), y=float(y), z=float(z))

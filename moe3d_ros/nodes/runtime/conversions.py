"""Plans, poses and clouds to ROS messages."""

from __future__ import annotations

import array
import math
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped, Vector3
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from moe3d_ros.plan import Action, Plan
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.seen_object import SeenObject


def stamp_ns(stamp) -> int:
    """builtin_interfaces/Time -> nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def header(frame: str, stamp) -> Header:
    """A header with a frame and a stamp."""
    return Header(frame_id=frame, stamp=stamp)


def image_to_msg(image: np.ndarray, encoding: str, head: Header) -> Image:
    """Image (H, W) or (H, W, C) -> message; the array's type must be the encoding's."""
    image = np.ascontiguousarray(image)
    height, width = image.shape[:2]
    return Image(
        header=head,
        height=height,
        width=width,
        encoding=encoding,
        step=image.nbytes // height,
        data=array.array("B", image.tobytes()),
    )


def camera_info_to_msg(intrinsics: np.ndarray, width: int, height: int, head: Header) -> CameraInfo:
    """Camera matrix (3, 3) of an image without distortion -> message."""
    msg = CameraInfo(header=head, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    msg.k = [float(v) for v in intrinsics.ravel()]
    msg.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    msg.p = [float(v) for v in np.hstack([intrinsics, np.zeros((3, 1))]).ravel()]
    return msg


def pose_to_msg(pose: Pose, head: Header) -> PoseStamped:
    """Pose in the frame of ``head`` -> message."""
    msg = PoseStamped(header=head)
    position, orientation = msg.pose.position, msg.pose.orientation
    position.x, position.y, position.z = (float(v) for v in pose.position)
    orientation.x, orientation.y, orientation.z, orientation.w = (float(v) for v in pose.orientation)
    return msg


def pose_from_msg(msg: PoseStamped) -> Pose:
    """Message -> Pose, in the frame of its header."""
    p, q = msg.pose.position, msg.pose.orientation
    return Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))


def action_to_msg(action: Action, head: Header):
    """One step -> moe3d_ros/PlannedAction."""
    from moe3d_ros.msg import PlannedAction

    return PlannedAction(
        header=head,
        index=action.index,
        verb=action.verb,
        target=action.target,
        destination=action.destination,
        pick=pose_to_msg(action.pick, head),
        place=pose_to_msg(action.place, head),
        confidence=float(action.confidence),
        text=action.text,
    )


def plan_to_msg(plan: Plan, head: Header):
    """A plan -> moe3d_ros/TaskPlan; ``head`` carries the stamp of the cloud and the planning frame."""
    from moe3d_ros.msg import TaskPlan

    return TaskPlan(
        header=head,
        instruction=plan.instruction,
        complete=plan.complete,
        actions=[action_to_msg(action, head) for action in plan.actions],
        notes=list(plan.notes),
        stage_names=list(plan.latency_s),
        stage_seconds=[float(v) for v in plan.latency_s.values()],
    )


def seen_to_msg(objects: Sequence[SeenObject], head: Header):
    """Objects that are seen -> moe3d_ros/SeenThings; ``head``: planning frame, and the stamp of the cloud."""
    from moe3d_ros.msg import SeenThing, SeenThings

    def thing(seen: SeenObject) -> SeenThing:
        half = seen.yaw / 2
        pose = pose_to_msg(Pose(seen.center, (0.0, 0.0, math.sin(half), math.cos(half))), head).pose
        length, width, height = (2.0 * float(extent) for extent in seen.half_extents)
        return SeenThing(
            name=seen.name,
            kind=seen.kind,
            color=seen.color,
            label=seen.label,
            pose=pose,
            size=Vector3(x=length, y=width, z=height),
            probability=float(seen.probability),
        )

    return SeenThings(header=head, things=[thing(seen) for seen in objects])


def plan_from_msg(msg) -> Plan:
    """moe3d_ros/TaskPlan -> Plan."""
    actions = tuple(
        Action(
            a.index,
            a.verb,
            a.target,
            a.destination,
            pose_from_msg(a.pick),
            pose_from_msg(a.place),
            a.confidence,
            a.text,
        )
        for a in msg.actions
    )
    latency = dict(zip(msg.stage_names, msg.stage_seconds))
    return Plan(msg.instruction, actions, msg.complete, latency, msg.header.frame_id, tuple(msg.notes))

"""Pose of a sensor's frame in the planning frame: from tf2_ros where it is installed, else from a tree of our own.

Without tf2 the tree is fed by parameters, /tf_static and /tf, and interpolates as tf2 does.
"""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.duration import Duration
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.nodes.runtime.qos import LATCHED, TF_IN, TF_STATIC_IN
from moe3d_ros.nodes.seams.quaternions import matrix_to_quaternion, quaternion_to_matrix
from moe3d_ros.sensing.frame_tree import FrameTree, UnknownFrame, UnknownTime, parse_transform, rigid_transform

try:
    import tf2_ros
except ImportError:  # the embedded route
    tf2_ros = None


def transform_from_msg(msg: TransformStamped) -> np.ndarray:
    """Transform (4, 4) of the child frame in the parent frame. Raises ValueError on numbers that are not finite."""
    t, q = msg.transform.translation, msg.transform.rotation
    return rigid_transform((t.x, t.y, t.z), (q.x, q.y, q.z, q.w), quaternion_to_matrix)


def transform_to_msg(parent: str, child: str, transform: np.ndarray, stamp) -> TransformStamped:
    """Transform (4, 4) of child in parent -> message."""
    msg = TransformStamped(child_frame_id=child)
    msg.header.frame_id, msg.header.stamp = parent, stamp
    x, y, z = (float(v) for v in transform[:3, 3])
    msg.transform.translation.x, msg.transform.translation.y, msg.transform.translation.z = x, y, z
    qx, qy, qz, qw = (float(v) for v in matrix_to_quaternion(transform[:3, :3]))
    rotation = msg.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = qx, qy, qz, qw
    return msg


class StaticTransformSender:
    """Publishes static transforms on /tf_static, all of this node's in each message, as tf2 wants it."""

    def __init__(self, node):
        self._node = node
        self._all: dict[str, TransformStamped] = {}
        self._publisher = node.create_publisher(TFMessage, "/tf_static", LATCHED)

    def close(self) -> None:
        """Take the topic away."""
        self._node.destroy_publisher(self._publisher)

    def send(self, parent: str, child: str, transform: np.ndarray) -> None:
        """Publish that ``child`` stands at transform (4, 4) in ``parent``."""
        msg = transform_to_msg(parent, child, transform, self._node.get_clock().now().to_msg())
        self._all[child] = msg
        self._publisher.publish(TFMessage(transforms=list(self._all.values())))


class Transforms:
    """Looks up the transform from a sensor's frame to the planning frame at the stamp of the data."""

    def __init__(self, node, planning_frame: str, timeout: float, static: list[str]):
        """``static``: texts "parent child x y z qx qy qz qw" from a parameter. Raises ValueError on a bad one."""
        self._node, self._frame, self._timeout = node, planning_frame, timeout
        self._tree = FrameTree()
        self._buffer = self._listener = None
        self._subscriptions = []
        if tf2_ros is not None:
            self._buffer = tf2_ros.Buffer(node=node)
            self._listener = tf2_ros.TransformListener(self._buffer, node)
        else:
            group = ReentrantCallbackGroup()
            self._subscriptions = [
                node.create_subscription(
                    TFMessage, topic, lambda msg, moves=moves: self._on_tf(msg, moves), qos, callback_group=group
                )
                for topic, qos, moves in (("/tf_static", TF_STATIC_IN, False), ("/tf", TF_IN, True))
            ]
        for text in static:
            if text:
                self.set(*parse_transform(text))

    def close(self) -> None:
        """Take its subscriptions away."""
        if self._listener is not None:
            self._listener.unregister()
            service = getattr(self._buffer, "srv", None)
            if service is not None:
                self._node.destroy_service(service)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def set(self, parent: str, child: str, transform: np.ndarray) -> None:
        """Add a static transform (4, 4) that takes points of child into parent."""
        self._tree.set(parent, child, transform)
        if self._buffer is not None:
            msg = transform_to_msg(parent, child, transform, self._node.get_clock().now().to_msg())
            self._buffer.set_transform_static(msg, self._node.get_name())

    def forget_moving(self) -> None:
        """Forget what is known with a time: the clock jumped back."""
        self._tree.forget_moving()
        if self._buffer is not None:
            self._buffer.clear()

    def _on_tf(self, message: TFMessage, moves: bool) -> None:
        for msg in message.transforms:
            try:
                stamp = stamp_ns(msg.header.stamp) if moves else None
                self._tree.set(msg.header.frame_id, msg.child_frame_id, transform_from_msg(msg), stamp)
            except ValueError as error:
                self._node.get_logger().error(f"Transform to '{msg.child_frame_id}' ignored: {error}")

    def lookup(self, frame: str, stamp) -> np.ndarray:
        """Transform (4, 4) that takes points of ``frame`` at ``stamp`` into the planning frame. Raises UnknownFrame."""
        return self.between(self._frame, frame, stamp)

    def known(self, frame: str) -> bool:
        """True if there is a transform of ``frame`` into the planning frame, at whatever time."""
        return self.connected(self._frame, frame)

    def connected(self, target: str, frame: str) -> bool:
        """True if there is a transform of ``frame`` into ``target``, at whatever time."""
        if self._buffer is None:
            return self._tree.connected(target, frame)
        return self._buffer.can_transform(target.lstrip("/"), frame.lstrip("/"), Time())

    def between(self, target: str, frame: str, stamp) -> np.ndarray:
        """Transform (4, 4) that takes points of ``frame`` at ``stamp`` into ``target``. Raises UnknownFrame."""
        target, source = target.lstrip("/"), frame.lstrip("/")
        if source == target:
            return np.eye(4)
        if not source:
            raise UnknownFrame("the sensor's messages have an empty frame_id: set it in the driver")
        if self._buffer is None:
            return self._tree.lookup(target, source, stamp_ns(stamp), self._timeout)
        try:
            found = self._buffer.lookup_transform(target, source, Time.from_msg(stamp), Duration(seconds=self._timeout))
        except tf2_ros.TransformException as error:
            kind = UnknownTime if isinstance(error, tf2_ros.ExtrapolationException) else UnknownFrame
            raise kind(f"no transform from '{source}' to '{target}' at the cloud's stamp ({error})") from error
        return transform_from_msg(found)

"""Outputs of the simulated arm for others: joint_states, its links on /tf, robot_description, and a film."""

from __future__ import annotations

import threading
import time

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED
from moe3d_ros.nodes.seams.transforms import StaticTransformSender, transform_to_msg
from moe3d_ros.tabletop.simulation.arm_model import MOUNT, description, links
from moe3d_ros.tabletop.simulation.filming import Filming
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP
from moe3d_ros.tabletop.simulation.mujoco_arm import ArmBody
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.view.film import RATE, Film

STATE_STEPS = 8  # time steps between two joint_states: 30 a second


class ArmOutputs:
    """Publishes where the arm is, all the time and while it moves.

    Args:
        arm: at its start.
        sender: of the node's static transforms.
        frame: the planning frame, in whose origin the arm's root stands.
        prefix: of its frames, since /tf is shared by all robots.
    """

    def __init__(self, node, arm: ArmBody, sender: StaticTransformSender, frame: str, prefix: str):
        self._node, self._arm, self._prefix = node, arm, prefix
        self._states = node.create_publisher(JointState, "joint_states", EVENT)
        self._transforms = node.create_publisher(TFMessage, "/tf", EVENT)
        self._description = node.create_publisher(String, "robot_description", LATCHED)
        self._description.publish(String(data=description(prefix, arm.gripper)))
        sender.send(frame, prefix + MOUNT, np.eye(4))

    def publish(self) -> None:
        """Publish joint angles and speeds, and each link's pose in its parent's frame, as they are now."""
        stamp = self._node.get_clock().now().to_msg()
        state = JointState(name=list(self._arm.names))
        state.header.stamp = stamp
        state.position, state.velocity = self._arm.positions().tolist(), self._arm.speeds().tolist()
        self._states.publish(state)
        poses = self._arm.link_poses()
        self._transforms.publish(
            TFMessage(
                transforms=[
                    transform_to_msg(
                        self._prefix + parent,
                        self._prefix + child,
                        np.linalg.inv(poses[parent]) @ poses[child],
                        stamp,
                    )
                    for child, parent in links(self._arm.gripper).items()
                ]
            )
        )


class Onlooker:
    """Watches an execution, step by step: it publishes where the arm is, films, and keeps to the pace that is asked for.

    Args:
        outputs: None without an arm.
        film: None: nobody films.
    """

    def __init__(self, outputs: ArmOutputs | None, film: Film | None):
        self._outputs, self._film = outputs, None if film is None else Filming(film, RATE)
        self._ended = threading.Event()
        self._steps, self._begin, self._pace = 0, 0.0, 0.0

    def begin(self, caption: str, pace: float) -> None:
        """An execution begins; ``pace``: times real time, 0: as fast as can be computed."""
        self._steps, self._begin, self._pace = 0, time.monotonic(), pace
        if self._film is not None:
            self._film.begin(caption)

    def __call__(self, world: TabletopWorld) -> None:
        """One time step was made."""
        self._steps += 1
        if self._film is not None:
            self._film(world)
        if self._outputs is not None and self._pace > 0 and self._steps % STATE_STEPS == 0:
            self._outputs.publish()
            due = self._begin + self._steps * TIME_STEP / self._pace
            self._ended.wait(max(due - time.monotonic(), 0.0))

    def end(self) -> None:
        """An execution is over: the film is written."""
        if self._film is not None:
            self._film.end()

    def close(self) -> None:
        """Wait no more."""
        self._ended.set()

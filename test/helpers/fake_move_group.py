"""A move group without an arm: it keeps a planning scene, finds collisions in it, fails on demand, and notes what it was asked.

It stands in MoveIt's place behind the two objects by which `moveit_goals` speaks to it, so that the node is tested where
moveit_msgs is not installed. One thread works, as an arm does: a goal is answered later, never within the call.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from moe3d_ros.robot.move_errors import trouble
from moe3d_ros.world.geometry import quaternion_to_matrix

GOAL_IN_COLLISION, DEEP = -12, 1e-4  # m that counts as inside


class FakeMoveGroup:
    """Arm and scene in one.

    Attributes:
        codes: of the next motions: MoveIt's error numbers; 1 and none: it goes well.
        motions: names of the motions that were made; asked: goals, the failed ones with them.
        world: boxes by name; held: the box on the tool, None where it is empty.
        events: what happened, in order: motions, attach and detach.
    """

    def __init__(self):
        self.codes: deque[int] = deque()
        self.asked, self.motions, self.events = [], [], []
        self.world, self.held, self.refuse_scene = {}, None, False
        self.tool = None  # its pose
        self.moving = self.most_moving = 0
        self._thread = ThreadPoolExecutor(1)
        self._number = 0

    def ready(self) -> str:
        return ""

    def move(self, motion, done) -> None:
        self._number += 1
        self._thread.submit(self._work, self._number, motion, done)

    def stop(self) -> None:
        self._number += 1

    def close(self) -> None:
        self._thread.shutdown()

    def _work(self, number, motion, done) -> None:
        if number != self._number:
            return
        self.moving += 1
        self.most_moving = max(self.most_moving, self.moving)
        self.asked.append(motion)
        code = self.codes.popleft() if self.codes else 1
        if code == 1 and self.meets(motion.pose):
            code = GOAL_IN_COLLISION
        if code == 1:
            self.tool = motion.pose
            self.motions.append(motion.name)
            self.events.append(motion.name)
        self.moving -= 1
        if number == self._number:
            done(trouble(code))

    def meets(self, pose) -> list[str]:
        """Names of the boxes of the world that the tool's tip, or a corner of what it holds, would be in at a pose."""
        points = [np.asarray(pose.position)]
        if self.held is not None:
            turn = quaternion_to_matrix(pose.orientation)
            points += [np.asarray(pose.position) + turn @ corner for corner in self.held[1]]
        return [box.name for box in self.world.values() if any(box.outside(point) < -DEEP for point in points)]

    def change(self, change, done) -> None:
        """Change the scene as apply_planning_scene does."""
        if self.refuse_scene:
            done("it was refused")
            return
        for name in change.remove:
            self.world.pop(name, None)
        self.world.update({box.name: box for box in change.add})
        if change.attach is not None:
            self.world.pop(change.attach.name, None)
            self.held = (change.attach.name, self._corners(change.attach))
            self.events.append("attach")
        if change.detach:
            assert self.held is not None and self.held[0] == change.detach, "what is detached was attached before"
            self.held = None
            self.events.append("detach")
        done("")

    def _corners(self, box) -> list[np.ndarray]:
        """Corners and centre of a box in the tool's frame, metres."""
        cos, sin = np.cos(box.yaw), np.sin(box.yaw)
        upright = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        signs = [(0, 0, 0), *((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1))]
        inverse = quaternion_to_matrix(self.tool.orientation).T
        at = np.asarray(self.tool.position)
        return [inverse @ (np.asarray(box.center) + upright @ (np.array(sign) * box.half) - at) for sign in signs]

"""Paths of the arm, found by mink's inverse kinematics before anything moves: the whole way, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import mink
import mujoco
import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from moe3d_ros.tabletop.simulation.arm_model import HOME, TIP, finger_joints, joints
from moe3d_ros.tabletop.simulation.arm_timing import timed
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP, TURN_SPEED, Leg, Unreachable
from moe3d_ros.tabletop.simulation.mujoco_arm import PREFIX, SOLID, attach
from moe3d_ros.world.gripper_names import SUCTION

ROUND = tuple(2 * np.pi * turn / 12 for turn in range(12))  # radians about the axis of a tool that is round: a cup
SAMPLE, SAMPLE_TURN = 0.006, 0.06  # metres and radians between two poses of a path
NEAR, NEAR_TURN = 0.001, 0.01  # metres and radians by which a solution may be off
LARGEST_MOVE = 0.5  # radians of any joint between two poses of a path: more is a jump to another solution
TRUST = 0.05  # seconds at full speed that a joint may move in one step of the solver
STEPS, FIRST_STEPS = 12, 80  # of the solver, for the next pose of a path and for its first one
APART, SELF_APART = 0.01, 0.003  # metres between the links and the table, and between links
TABLE = "table"
SHOULDER = np.array([0.05, 0.0, 0.2125])  # metres, the middle of the axes that reach is counted from
LOW_LINKS = ("forearm_link", "wrist_1_link", "wrist_2_link", "wrist_3_link")
HIGH_LINKS = ("arm_base", "shoulder_link", "upper_arm_link")
ROUND_LINKS = ("wrist_1_link", "wrist_2_link", "wrist_3_link", "tool_link")  # they must keep clear of HIGH_LINKS


Hindrance = Callable[[np.ndarray, int], str]
"""What is in the way of joint angles (N, 6) on a leg of that number, empty where nothing is."""


class Way(NamedTuple):
    """Joint angles (N, 6) of each leg of a solution, and the seconds (N - 1,) that each piece takes at least."""

    angles: list[np.ndarray]
    least: list[np.ndarray]


class ArmPlanner:
    """Inverse kinematics of the arm alone, above the table."""

    def __init__(self, gripper: str = SUCTION):
        spec = mujoco.MjSpec()
        attach(spec, gripper)
        for name in finger_joints(gripper).names:  # here the fingers stay where they are
            spec.delete(spec.actuator(PREFIX + name))
            spec.delete(spec.joint(PREFIX + name))
        spec.worldbody.add_geom(
            name=TABLE, type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.55, 0.8, 0.025], pos=[0.5, 0.0, -0.025], group=SOLID
        )
        for geom in spec.geoms:
            geom.contype = geom.conaffinity = int(geom.group == SOLID)  # here links do meet each other
        self._model = model = spec.compile()
        self._state = mink.Configuration(model)
        self._task = mink.FrameTask(PREFIX + TIP, "body", position_cost=1.0, orientation_cost=0.3, lm_damping=1e-5)
        self._state.update(HOME)
        self._home = self._state.get_transform_frame_to_world(PREFIX + TIP, "body").translation()
        limits = joints()
        low, high, turning = (self._geoms(names) for names in (LOW_LINKS, HIGH_LINKS, ROUND_LINKS))
        self._low, self._high, self._turning = low, high, turning
        self._limits = [
            mink.ConfigurationLimit(model),
            mink.VelocityLimit(model, {PREFIX + name: float(speed) for name, speed in zip(limits.names, limits.speed)}),
            *(
                mink.CollisionAvoidanceLimit(
                    model,
                    [(links, others)],
                    minimum_distance_from_collisions=apart,
                    collision_detection_distance=0.05,
                )
                for links, others, apart in ((low, [model.geom(TABLE).id], APART), (turning, high, SELF_APART))
            ),
        ]

    def _geoms(self, names: Sequence[str]) -> list[int]:
        bodies, solid = self._model.geom_bodyid, self._model.geom_group == SOLID
        return [
            int(geom)
            for name in names
            for geom in np.flatnonzero(solid & (bodies == self._model.body(PREFIX + name).id))
        ]

    def plan(
        self, start: np.ndarray, legs: Sequence[Leg], hindrance: Hindrance, turns: Sequence[float] = ROUND
    ) -> list[np.ndarray]:
        """Commands (T, 6), one a time step, for each leg; the first one is joined to ``start`` (6,) in joint space.

        Of ``turns`` about the tool's axis, radians, which all come to the same, the nearest is taken whose whole way is free
        and can be followed.

        Raises:
            Unreachable: none can.
        """
        solved, reasons = [], {0: ""}
        for turn in turns:
            spin = Rotation.from_euler("z", turn).as_matrix()
            spun = [leg._replace(rotation=leg.rotation @ spin) for leg in legs]
            try:
                solved.append((self._first(spun[0]), spun))
            except Unreachable as error:
                reasons[0] = reasons[0] or str(error)
        for first, spun in sorted(solved, key=lambda found: float(np.abs(found[0] - start).max())):
            way = Way([], [])
            try:
                self._follow(first, spun, way)
            except Unreachable as error:
                reasons.setdefault(len(way.angles) + 1, str(error))
            else:
                commands = [joint_line(start, first), *map(_leg_timed, way.angles, way.least)]
                met = next(filter(None, map(hindrance, (commands[0], *way.angles), range(len(commands)))), "")
                if not met:
                    return commands
                reasons[len(commands)] = met
        raise Unreachable(reasons[max(reasons)])

    def _first(self, leg: Leg) -> np.ndarray:
        """Joint angles (6,) at a pose that is come to from HOME, turned toward it."""
        seed = HOME.copy()
        home, wanted = self._home - SHOULDER, leg.position - SHOULDER
        seed[0] += np.arctan2(wanted[1], wanted[0]) - np.arctan2(home[1], home[0])
        self._state.update(seed)
        return self._solve(leg.position, leg.rotation, FIRST_STEPS)

    def _follow(self, first: np.ndarray, legs: Sequence[Leg], way: Way) -> None:
        """Add one leg after the other to ``way``; each goes straight from the pose of the one before it."""
        self._state.update(first)
        angles = first
        for begin, end in pairwise(legs):
            turns = Rotation.from_matrix([begin.rotation, end.rotation])
            length, angle = (
                float(np.linalg.norm(end.position - begin.position)),
                (turns[0].inv() * turns[1]).magnitude(),
            )
            count = max(int(np.ceil(max(length / SAMPLE, angle / SAMPLE_TURN))), 1)
            share = np.arange(1, count + 1) / count
            found = [angles]
            for part, rotation in zip(share, Slerp([0, 1], turns)(share).as_matrix()):
                position = begin.position + part * (end.position - begin.position)
                angles = self._solve(position, rotation, STEPS)
                if np.abs(angles - found[-1]).max() > LARGEST_MOVE:
                    raise Unreachable(f"{cannot_get_to(position)}, where a joint would have to turn over on the way")
                found.append(angles)
            way.angles.append(np.array(found))
            way.least.append(np.full(count, max(length / end.speed, angle / TURN_SPEED) / count))

    def _solve(self, position: np.ndarray, rotation: np.ndarray, steps: int) -> np.ndarray:
        """Joint angles (6,) with the tip at a pose, from those of the pose before. Raises Unreachable."""
        turn = mink.SO3.from_matrix(np.ascontiguousarray(rotation))
        self._task.set_target(mink.SE3.from_rotation_and_translation(turn, np.asarray(position, float)))
        for _ in range(steps):
            error = self._task.compute_error(self._state)
            if np.linalg.norm(error[:3]) < NEAR and np.linalg.norm(error[3:]) < NEAR_TURN:
                return self._state.q.copy()
            try:
                speeds = mink.solve_ik(self._state, [self._task], TRUST, "daqp", damping=1e-5, limits=self._limits)
            except mink.NoSolutionFound:
                break
            self._state.integrate_inplace(speeds, TRUST)
        raise Unreachable(f"{cannot_get_to(position)}, {self._why()}")

    def _why(self) -> str:
        """The reason why the solver went no farther than where it now is."""
        angles, limits = self._state.q, joints()
        tight = np.flatnonzero((angles < limits.lower + 0.02) | (angles > limits.upper - 0.02))
        if len(tight):
            return f"where its {limits.names[tight[0]].replace('_', ' ')} is at its limit"
        if abs(angles[2]) < 0.2:
            return "which is beyond its reach"
        if self._gap(self._low, [self._model.geom(TABLE).id]) < APART + 0.005:
            return "where one of its links would come within 1 cm of the table"
        if self._gap(self._turning, self._high) < SELF_APART + 0.005:
            return "where its wrist would meet its own base or upper arm"
        return "where the tool cannot point that way"

    def _gap(self, links: Sequence[int], others: Sequence[int]) -> float:
        """Least distance in metres between geoms, as the arm now stands."""
        model, data = self._model, self._state.data
        return min(mujoco.mj_geomDistance(model, data, one, two, 1.0, None) for one in links for two in others)


def cannot_get_to(position: np.ndarray) -> str:
    """Begin of the reason why there is no way: where it ends."""
    return "the arm cannot get to x {:.2f}, y {:+.2f}, z {:.2f} m".format(*position)


def _leg_timed(angles: np.ndarray, least: np.ndarray) -> np.ndarray:
    return timed(angles, least, joints().speed, TIME_STEP)


def joint_line(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Commands (T, 6) from some joint angles straight to others."""
    count = max(int(np.ceil(np.abs(end - start).max() / 0.02)), 2)
    return _leg_timed(start + np.linspace(0, 1, count + 1)[:, None] * (end - start), np.zeros(count))

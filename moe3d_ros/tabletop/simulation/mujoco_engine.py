"""MuJoCo behind plain arrays: the things of a scene are numbers, poses are metres and matrices in the base frame."""

from __future__ import annotations

import logging

import mujoco
import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.simulation.mujoco_arm import SHOWN, ArmBody, attach
from moe3d_ros.tabletop.simulation.mujoco_scene import BOTH, FELT, SEEN, specify
from moe3d_ros.world.gripper_names import SUCTION

NOTHING = -1  # a ray that meets nothing, and the number of what is no thing of the scene (table, floor)

# By itself MuJoCo writes warnings into MUJOCO_LOG.TXT, in whatever folder the program was started.
mujoco.set_mju_user_warning(logging.getLogger(__name__).warning)


class Engine:
    """A scene in MuJoCo. Thing ``i`` is the scene's object ``i``; one caller at a time.

    Args:
        gravity: m/s2, downwards. time_step: seconds.
        arm: stand the arm beside the table. gripper: of `gripper_names.GRIPPERS`, its.

    Attributes:
        arm: its joints and links; None without one.
        movable: (M,) int, the things that have a free joint.
        colors: (G, 3) uint8, of the surfaces that `cast` meets.
    """

    def __init__(self, scene: Scene, gravity: float, time_step: float, arm: bool = False, gripper: str = SUCTION):
        spec = specify(scene, gravity, time_step)
        if arm:
            attach(spec, gripper)
        self._model = model = spec.compile()
        self._data = mujoco.MjData(model)
        count = len(scene.objects)
        self._things = slice(1, count + 1)  # bodies
        self._half = np.array([thing.half_extents for thing in scene.objects], float).reshape(-1, 3)
        joints = model.body_jntadr[self._things]
        self.movable = np.flatnonzero(joints >= 0)
        self._qpos = {int(i): int(model.jnt_qposadr[joints[i]]) for i in self.movable}
        self._dofs = {int(i): slice(at, at + 6) for i in self.movable for at in [int(model.jnt_dofadr[joints[i]])]}
        self._free = np.array([np.arange(own.start, own.stop) for own in self._dofs.values()], int).reshape(-1, 6)
        self.colors = np.rint(255 * model.geom_rgba[:, :3]).astype(np.uint8)
        self._felt, self._seen, self._shown = (self._groups(*own) for own in ((FELT,), (SEEN,), (SEEN, SHOWN)))
        self.arm = ArmBody(model, self._data, gripper) if arm else None
        mujoco.mj_forward(model, self._data)

    @staticmethod
    def _groups(*own: int) -> np.ndarray:
        groups = np.zeros(mujoco.mjNGROUP, np.uint8)
        groups[[BOTH, *own]] = 1
        return groups

    # --- where things are

    def positions(self) -> np.ndarray:
        """Middles (N, 3) of all things."""
        return self._data.xpos[self._things].copy()

    def rotations(self) -> np.ndarray:
        """Matrices (N, 3, 3) of all things."""
        return self._data.xmat[self._things].reshape(-1, 3, 3).copy()

    def quaternions(self) -> np.ndarray:
        """Quaternions (N, 4), xyzw, of all things."""
        return self._data.xquat[self._things][:, [1, 2, 3, 0]]

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corners (N, 3) each of the boxes along the axes around all things."""
        middle, reach = self.positions(), np.einsum("nij,nj->ni", np.abs(self.rotations()), self._half)
        return middle - reach, middle + reach

    def width(self, index: int, direction: np.ndarray) -> float:
        """Metres of a thing's own box along a unit direction (3,)."""
        turn = self._data.xmat[1 + index].reshape(3, 3)
        return float(2 * np.abs(direction @ turn) @ self._half[index])

    def raise_thing(self, index: int, height: float) -> None:
        """Put a movable thing ``height`` metres higher than it is."""
        self._data.qpos[self._qpos[index] + 2] += height
        mujoco.mj_forward(self._model, self._data)

    def at_rest(self, linear: float, angular: float) -> bool:
        """True if nothing moves faster than so many metres and radians a second along any axis."""
        speed = np.abs(self._data.qvel[self._free])
        return bool((speed[:, :3] < linear).all() and (speed[:, 3:] < angular).all())

    # --- what happens

    def step(self) -> None:
        """One time step."""
        mujoco.mj_step(self._model, self._data)
        mujoco.mj_kinematics(self._model, self._data)  # else all would lie where it lay before the step

    def drive(self, index: int, position: np.ndarray, rotation: np.ndarray, force: float, torque: float) -> None:
        """Push a movable thing so that the next step brings it to a pose, as far as limited strength can.

        Args:
            position: (3,) metres. rotation: (3, 3). force: newtons, at most. torque: newton metres, at most.
        """
        own, data, start = self._dofs[index], self._data, self._qpos[index]
        wanted, quaternion = np.empty(6), np.empty(4)
        wanted[:3] = position - data.qpos[start : start + 3]
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        mujoco.mju_subQuat(wanted[3:], quaternion, data.qpos[start + 3 : start + 7])
        step = self._model.opt.timestep
        push = self._model.dof_M0[own] * (wanted / step - data.qvel[own]) / step + data.qfrc_bias[own]
        for part, limit in ((slice(3), force), (slice(3, 6), torque)):
            push[part] *= min(1.0, limit / max(float(np.linalg.norm(push[part])), 1e-12))
        data.qfrc_applied[own] = push

    def let_go(self, index: int) -> None:
        """Push a thing no more, and leave it at rest."""
        self._data.qfrc_applied[self._dofs[index]] = 0.0
        self._data.qvel[self._dofs[index]] = 0.0

    # --- what touches

    def pushes(self, index: int) -> np.ndarray:
        """Unit directions (K, 3) in which what touches a thing, but the arm, pushed it in the last step."""
        contact, model = self._data.contact, self._model
        bodies = model.geom_bodyid[contact.geom].reshape(-1, 2) - 1
        things = (bodies < len(self._half)).all(axis=1)  # bodies of the arm come after them
        mine = np.flatnonzero((bodies == index).any(axis=1) & things)
        row = contact.efc_address[mine]
        mine = mine[(row >= 0) & (self._data.efc_force[row] > 0)]
        sign = np.where(bodies[mine, 1] == index, 1.0, -1.0)  # normals point from the first geom to the second
        return sign[:, None] * contact.frame[mine].reshape(-1, 9)[:, :3]

    def depth_inside(self, index: int) -> float:
        """Metres, at least 0, by which a thing is inside others."""
        contact = self._data.contact
        mine = (self._model.geom_bodyid[contact.geom].reshape(-1, 2) - 1 == index).any(axis=1)
        return max(0.0, -float(contact.dist[mine].min(initial=0.0)))

    # --- rays

    def touch(self, start: np.ndarray, direction: np.ndarray) -> tuple[float, int]:
        """The first solid surface along a ray: distance in metres (`inf` if none) and thing (NOTHING for the table).

        Args:
            start: (3,) metres. direction: (3,) unit vector.
        """
        geom = np.full(1, NOTHING, np.int32)
        distance = mujoco.mj_ray(self._model, self._data, start, direction, self._felt, True, -1, geom)
        if geom[0] < 0:
            return np.inf, NOTHING
        return float(distance), int(self._model.geom_bodyid[geom[0]]) - 1

    def cast(
        self, origin: np.ndarray, rays: np.ndarray, reach: float, arm: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The first visible surfaces along rays from one point.

        Args:
            origin: (3,) metres. rays: (R, 3), of any length. reach: metres; what is farther may be left out.
            arm: the arm is among the visible.

        Returns:
            distances (R,) in lengths of the rays (negative where there is nothing), surfaces (R,) int, to look up in
            ``colors`` (NOTHING where there is none), and outward unit normals (R, 3).
        """
        count = len(rays)
        distances, surfaces, normals = np.empty(count), np.empty(count, np.int32), np.empty(3 * count)
        flat, groups = np.ascontiguousarray(rays, float).ravel(), self._shown if arm else self._seen
        mujoco.mj_multiRay(
            self._model, self._data, origin, flat, groups, True, -1, surfaces, distances, normals, count, reach
        )
        return distances, surfaces, normals.reshape(count, 3)

"""The arm in MuJoCo: its URDF attached to a scene's specification, position servos, and where its links are."""

from __future__ import annotations

import mujoco
import numpy as np

from moe3d_ros.tabletop.simulation.arm_model import HOME, MOUNT, TIP, URDF, joints, links

SHOWN, SOLID = 3, 4  # groups of geoms: drawn in films, and touched by things; the planner's cameras see neither
PREFIX = "arm/"  # of the URDF's names, in a scene
STIFFNESS = 40.0  # newton metres a radian of a servo, for each newton metre that its joint can give
ARMATURE = 0.1  # kg m2, of motors and gears


def arm_spec() -> mujoco.MjSpec:
    """The arm alone, with servos that hold it where it is told to be. What it weighs they do not feel."""
    spec = mujoco.MjSpec.from_file(str(URDF))
    for body in spec.bodies[1:]:
        body.gravcomp = 1.0
    for geom in spec.geoms:
        solid = geom.contype != 0
        geom.group = SOLID if solid else SHOWN
        geom.contype = 0  # links meet things, not each other: that is the planner's business
    limits = joints()
    for name, effort in zip(limits.names, limits.effort):
        spec.joint(name).armature = ARMATURE
        servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=STIFFNESS * effort, dampratio=1.0)
        servo.forcerange, servo.forcelimited = [-effort, effort], True
    return spec


def attach(spec: mujoco.MjSpec) -> None:
    """Stand the arm into a scene; its bodies come after the scene's."""
    spec.attach(arm_spec(), prefix=PREFIX, frame=spec.worldbody.add_frame())


class ArmBody:
    """The arm of a compiled scene. It starts at HOME, at rest."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData):
        self._model, self._data = model, data
        self._thought = mujoco.MjData(model)  # where the arm is only thought to be
        numbers = [model.joint(PREFIX + name).id for name in joints().names]
        self._qpos, self._dofs = model.jnt_qposadr[numbers], model.jnt_dofadr[numbers]
        self._tip = model.body(PREFIX + TIP).id
        self._links = [model.body(PREFIX + name).id for name in (MOUNT, *links())]  # behind all bodies of the scene
        self._servos = servos = [model.actuator(PREFIX + name).id for name in joints().names]
        self._lead = -model.actuator_biasprm[servos, 2] / model.actuator_gainprm[servos, 0]  # seconds
        data.qpos[self._qpos] = HOME
        self.command(HOME, np.zeros(len(HOME)))
        mujoco.mj_forward(model, data)

    def command(self, angles: np.ndarray, speeds: np.ndarray) -> None:
        """Tell the servos where the joints should be, (6,) radians, and how fast, (6,) radians a second."""
        self._data.ctrl[self._servos] = angles + self._lead * speeds

    def angles(self) -> np.ndarray:
        """Joint angles (6,), radians."""
        return self._data.qpos[self._qpos].copy()

    def speeds(self) -> np.ndarray:
        """Joint speeds (6,), radians a second."""
        return self._data.qvel[self._dofs].copy()

    def tip(self) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) metres and rotation (3, 3) of the tip in the base frame."""
        return self._data.xpos[self._tip].copy(), self._data.xmat[self._tip].reshape(3, 3).copy()

    def link_poses(self) -> dict[str, np.ndarray]:
        """Transforms (4, 4) of all links, root first, into the base frame."""
        poses = np.tile(np.eye(4), (len(self._links), 1, 1))
        poses[:, :3, :3] = self._data.xmat[self._links].reshape(-1, 3, 3)
        poses[:, :3, 3] = self._data.xpos[self._links]
        return dict(zip((MOUNT, *links()), poses))

    def meets(self, way: np.ndarray, held: int | None = None) -> tuple[np.ndarray, str, int] | None:
        """The first pose of a way at which a link would be in something, as things lie now.

        Args:
            way: (N, 6) radians, one pose after the other.
            held: the thing that hangs on the tip: it is not counted.

        Returns:
            position (3,) of the tip there, metres, name of the link, and index of the thing, -1 for the table; None where
            the way is free.
        """
        model, thought = self._model, self._thought
        thought.qpos[:] = self._data.qpos
        for angles in way:
            thought.qpos[self._qpos] = angles
            mujoco.mj_kinematics(model, thought)
            mujoco.mj_collision(model, thought)
            pairs = np.sort(model.geom_bodyid[thought.contact.geom.reshape(-1, 2)], axis=1)
            for other, link in pairs[pairs[:, 1] >= self._links[0]]:
                thing = int(other) - 1  # body 0 is the world
                if thing != held:
                    return thought.xpos[self._tip].copy(), model.body(link).name.removeprefix(PREFIX), thing
        return None

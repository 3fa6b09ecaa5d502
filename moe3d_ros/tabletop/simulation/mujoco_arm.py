"""The arm in MuJoCo: its URDF attached to a scene's specification, position servos, and where its links are."""

from __future__ import annotations

from xml.etree import ElementTree

import mujoco
import numpy as np

from moe3d_ros.tabletop.simulation.arm_model import HOME, MOUNT, TIP, Joints, finger_joints, joints, links, urdf
from moe3d_ros.world.gripper_names import SUCTION

SHOWN, SOLID = 3, 4  # groups of geoms: drawn in films, and touched by things; the planner's cameras see neither
PREFIX = "arm/"  # of the URDF's names, in a scene
STIFFNESS = 40.0  # newton metres a radian of a servo, for each newton metre that its joint can give
ARMATURE = 0.1  # kg m2, of motors and gears
FINGER_STIFFNESS, FINGER_ARMATURE = 2000.0, 0.2  # newtons a metre, and kg
PAD_FRICTION = 0.5  # sliding, no more than things have among each other: what is taken askew turns between the fingers


def arm_spec(gripper: str = SUCTION) -> mujoco.MjSpec:
    """The arm alone, with servos that hold it where it is told to be. What it weighs they do not feel."""
    spec = mujoco.MjSpec.from_string(ElementTree.tostring(urdf(gripper), encoding="unicode"))
    for body in spec.bodies[1:]:
        body.gravcomp = 1.0
    for geom in spec.geoms:
        solid = geom.contype != 0
        geom.group = SOLID if solid else SHOWN
        geom.contype = 0  # links meet things, not each other: that is the planner's business
    arm, fingers = joints(), finger_joints(gripper)
    for name in fingers.names:
        for geom in spec.joint(name).parent.geoms:
            geom.friction[0] = PAD_FRICTION
    _add_servos(spec, arm, STIFFNESS * arm.effort, ARMATURE)
    _add_servos(spec, fingers, np.full(len(fingers.names), FINGER_STIFFNESS), FINGER_ARMATURE)
    return spec


def _add_servos(spec: mujoco.MjSpec, moved: Joints, stiffness: np.ndarray, armature: float) -> None:
    for name, effort, stiff in zip(moved.names, moved.effort, stiffness):
        spec.joint(name).armature = armature
        servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=stiff, dampratio=1.0)
        servo.forcerange, servo.forcelimited = [-effort, effort], True


def attach(spec: mujoco.MjSpec, gripper: str = SUCTION) -> None:
    """Stand the arm into a scene; its bodies come after the scene's."""
    spec.attach(arm_spec(gripper), prefix=PREFIX, frame=spec.worldbody.add_frame())


class ArmBody:
    """The arm of a compiled scene. It starts at HOME, at rest, with its fingers closed.

    Attributes:
        gripper: one of `gripper_names.GRIPPERS`.
        names: of all joints that move, in the order of `positions` and `speeds`.
        widest: metres between its fingers, at most; 0 without any.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, gripper: str = SUCTION):
        self._model, self._data, self.gripper = model, data, gripper
        fingers = finger_joints(gripper)
        self.names = (*joints().names, *fingers.names)
        self._thought = mujoco.MjData(model)  # where the arm is only thought to be
        numbers = [model.joint(PREFIX + name).id for name in self.names]
        self._all, self._dofs = model.jnt_qposadr[numbers], model.jnt_dofadr[numbers]
        self._qpos, self._fingers = self._all[: len(HOME)], self._all[len(HOME) :]
        self._finger_servos = [model.actuator(PREFIX + name).id for name in fingers.names]
        self.widest = float(fingers.upper.sum())
        self._tip = model.body(PREFIX + TIP).id
        own = (MOUNT, *links(gripper))  # behind all bodies of the scene
        self._links = [model.body(PREFIX + name).id for name in own]
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

    def positions(self) -> np.ndarray:
        """Positions (J,) of all joints, radians, of fingers metres."""
        return self._data.qpos[self._all].copy()

    def speeds(self) -> np.ndarray:
        """Speeds (J,) of all joints, radians a second, of fingers metres a second."""
        return self._data.qvel[self._dofs].copy()

    def open(self, gap: float) -> None:
        """Tell the fingers how far apart they should be, metres."""
        self._data.ctrl[self._finger_servos] = gap / 2

    def gap(self) -> float:
        """Metres between the fingers."""
        return float(self._data.qpos[self._fingers].sum())

    def tip(self) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) metres and rotation (3, 3) of the tip in the base frame."""
        return self._data.xpos[self._tip].copy(), self._data.xmat[self._tip].reshape(3, 3).copy()

    def link_poses(self) -> dict[str, np.ndarray]:
        """Transforms (4, 4) of all links, root first, into the base frame."""
        poses = np.tile(np.eye(4), (len(self._links), 1, 1))
        poses[:, :3, :3] = self._data.xmat[self._links].reshape(-1, 3, 3)
        poses[:, :3, 3] = self._data.xpos[self._links]
        return dict(zip((MOUNT, *links(self.gripper)), poses))

    def meets(
        self, way: np.ndarray, held: int | None = None, gap: float | None = None
    ) -> tuple[np.ndarray, str, int] | None:
        """The first pose of a way at which a link would be in something, as things lie now.

        Args:
            way: (N, 6) radians, one pose after the other.
            held: the thing that hangs on the tip: it is not counted.
            gap: metres between the fingers on the way; as they are now if None.

        Returns:
            position (3,) of the tip there, metres, name of the link, and index of the thing, -1 for the table; None where
            the way is free.
        """
        model, thought = self._model, self._thought
        thought.qpos[:] = self._data.qpos
        if gap is not None:
            thought.qpos[self._fingers] = gap / 2
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

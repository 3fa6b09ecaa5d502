"""The arm as its URDF describes it: joints, limits and links; free of any engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from moe3d_ros.world.gripper_names import FINGERS, GRIPPERS, SUCTION

URDF = Path(__file__).with_name("arm.urdf")  # with a suction cup
_OTHER_TOOLS = {FINGERS: Path(__file__).with_name("arm_fingers.urdf")}
TIP = "arm_tip"  # the link whose z axis is the tool's, and whose origin is where the cup touches
MOUNT = "arm_mount"  # the root, in the planning frame's origin
HOME = np.array([-0.25, -1.75, 1.95, -0.7228, -1.5708, 0.0])  # radians: the tool points down, beside no camera's view


@dataclass(frozen=True)
class Joints:
    """Joints that move, from the base to the tip.

    Attributes:
        names: as in the URDF.
        lower, upper: (J,) radians, of fingers metres.
        speed: (J,) radians or metres a second, at most.
        effort: (J,) newton metres or newtons, at most.
    """

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    speed: np.ndarray
    effort: np.ndarray


def urdf(gripper: str = SUCTION) -> ElementTree.Element:
    """The URDF of the arm with one of GRIPPERS. Raises ValueError for another."""
    if gripper not in GRIPPERS:
        raise ValueError(f"gripper must be {' or '.join(GRIPPERS)}, got {gripper!r}")
    root = ElementTree.parse(URDF).getroot()
    if gripper in _OTHER_TOOLS:
        tool = list(ElementTree.parse(_OTHER_TOOLS[gripper]).getroot())
        replaced = {(part.tag, part.get("name")) for part in tool}
        for part in list(root):
            if (part.tag, part.get("name")) in replaced:
                root.remove(part)
        root.extend(tool)
    return root


@cache
def joints() -> Joints:
    """The six joints of the arm, which it has with any gripper."""
    return _joints("revolute", SUCTION)


@cache
def finger_joints(gripper: str) -> Joints:
    """The joints of a gripper's fingers, which open it; none where it has no fingers."""
    return _joints("prismatic", gripper)


def _joints(kind: str, gripper: str) -> Joints:
    moving = [joint for joint in urdf(gripper).iter("joint") if joint.get("type") == kind]

    def values(name: str) -> np.ndarray:
        return np.array([float(joint.find("limit").get(name)) for joint in moving])  # type: ignore[union-attr, arg-type]

    names = tuple(str(joint.get("name")) for joint in moving)
    return Joints(names, values("lower"), values("upper"), values("velocity"), values("effort"))


@cache
def links(gripper: str = SUCTION) -> dict[str, str]:
    """Links with their parents, the root left out, from the base to the tip."""
    found = {}
    for joint in urdf(gripper).iter("joint"):
        parent, child = joint.find("parent"), joint.find("child")
        if parent is not None and child is not None:
            found[str(child.get("link"))] = str(parent.get("link"))
    return found


def description(prefix: str = "", gripper: str = SUCTION) -> str:
    """Text of the URDF, as robot_description carries it.

    Args:
        prefix: put before each link's name, for robots that share /tf.
        gripper: one of GRIPPERS.
    """
    root = urdf(gripper)
    simulators = root.find("mujoco")
    if simulators is not None:
        root.remove(simulators)
    for link in root.iter("link"):
        link.set("name", prefix + str(link.get("name")))
    for end in (end for joint in root.iter("joint") for end in (joint.find("parent"), joint.find("child"))):
        if end is not None:
            end.set("link", prefix + str(end.get("link")))
    return ElementTree.tostring(root, encoding="unicode")

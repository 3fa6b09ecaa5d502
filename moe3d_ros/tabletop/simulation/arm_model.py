"""The arm as its URDF describes it: joints, limits and links; free of any engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

URDF = Path(__file__).with_name("arm.urdf")
TIP = "arm_tip"  # the link whose z axis is the tool's, and whose origin is where the cup touches
MOUNT = "arm_mount"  # the root, in the planning frame's origin
HOME = np.array([-0.25, -1.75, 1.95, -0.7228, -1.5708, 0.0])  # radians: the tool points down, beside no camera's view


@dataclass(frozen=True)
class Joints:
    """The joints that move, from the base to the tip.

    Attributes:
        names: as in the URDF.
        lower, upper: (6,) radians.
        speed: (6,) radians a second, at most.
        effort: (6,) newton metres, at most.
    """

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    speed: np.ndarray
    effort: np.ndarray


@cache
def joints() -> Joints:
    """The moving joints, read from the URDF."""
    moving = [joint for joint in ElementTree.parse(URDF).getroot().iter("joint") if joint.get("type") == "revolute"]

    def values(name: str) -> np.ndarray:
        return np.array([float(joint.find("limit").get(name)) for joint in moving])  # type: ignore[union-attr, arg-type]

    names = tuple(str(joint.get("name")) for joint in moving)
    return Joints(names, values("lower"), values("upper"), values("velocity"), values("effort"))


@cache
def links() -> dict[str, str]:
    """Links with their parents, the root left out, from the base to the tip."""
    found = {}
    for joint in ElementTree.parse(URDF).getroot().iter("joint"):
        parent, child = joint.find("parent"), joint.find("child")
        if parent is not None and child is not None:
            found[str(child.get("link"))] = str(parent.get("link"))
    return found


def description(prefix: str = "") -> str:
    """Text of the URDF, as robot_description carries it.

    Args:
        prefix: put before each link's name, for robots that share /tf.
    """
    root = ElementTree.parse(URDF).getroot()
    simulators = root.find("mujoco")
    if simulators is not None:
        root.remove(simulators)
    for link in root.iter("link"):
        link.set("name", prefix + str(link.get("name")))
    for end in (end for joint in root.iter("joint") for end in (joint.find("parent"), joint.find("child"))):
        if end is not None:
            end.set("link", prefix + str(end.get("link")))
    return ElementTree.tostring(root, encoding="unicode")

"""A robot as its URDF describes it, as far as it can be drawn without files: boxes, cylinders and spheres on moving links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from scipy.spatial.transform import Rotation

LARGEST = 2_000_000  # characters of a description
GREY = (160, 160, 165)


@dataclass(frozen=True)
class Shape:
    """A part of a link.

    Attributes:
        kind: box, cylinder or sphere.
        size: metres: three edges; radius and length along z; radius.
        color: uint8 values.
        pose: (4, 4) in the link's frame.
    """

    kind: str
    size: tuple[float, ...]
    color: tuple[int, int, int]
    pose: np.ndarray


@dataclass(frozen=True)
class _Joint:
    name: str
    kind: str
    parent: str
    child: str
    origin: np.ndarray
    axis: np.ndarray

    def pose(self, value: float) -> np.ndarray:
        """Pose (4, 4) of the child in the parent, for an angle in radians or a way in metres."""
        moved = np.eye(4)
        if self.kind in ("revolute", "continuous"):
            moved[:3, :3] = Rotation.from_rotvec(value * self.axis).as_matrix()
        elif self.kind == "prismatic":
            moved[:3, 3] = value * self.axis
        return self.origin @ moved


class RobotModel:
    """Links with their shapes, and where they are.

    Args:
        text: a URDF; meshes in it are left out.
        frame: the frame to draw in. Where it is a link, the robot stands so that this link lies in the origin; else its root does.

    Attributes:
        shapes: of each link that has any.

    Raises:
        ValueError: it is none; the message says why.
    """

    def __init__(self, text: str, frame: str = ""):
        if len(text) > LARGEST:
            raise ValueError(f"The robot_description has {len(text)} characters, of which at most {LARGEST} are read.")
        try:
            root = ElementTree.fromstring(text)
            palette = {material.get("name"): _color(material) for material in root.findall("material")}
            self._joints = [_joint(element) for element in root.findall("joint")]
            found = {str(link.get("name")): _shapes(link, palette) for link in root.findall("link")}
        except (ElementTree.ParseError, ValueError, AttributeError) as error:
            raise ValueError(f"The robot_description is no URDF that can be drawn: {error}.") from error
        self.shapes = {name: shapes for name, shapes in found.items() if shapes}
        self._frame, self._links = frame, set(found)

    def poses(self, positions: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Poses (4, 4) of all links, for joints at some positions (radians or metres); at 0 where none is given."""
        children = {joint.child for joint in self._joints}
        poses = {name: np.eye(4) for name in self._links - children}
        waiting = list(self._joints)
        while waiting:
            ready = [joint for joint in waiting if joint.parent in poses]
            if not ready:  # a circle, or joints of links that are not there
                break
            for joint in ready:
                poses[joint.child] = poses[joint.parent] @ joint.pose(float(positions.get(joint.name, 0.0)))
            waiting = [joint for joint in waiting if joint not in ready]
        if self._frame in poses:
            placed = np.linalg.inv(poses[self._frame])
            poses = {name: placed @ pose for name, pose in poses.items()}
        return poses


def _numbers(text: str | None, default: str) -> np.ndarray:
    return np.array([float(word) for word in (text or default).split()])


def _origin(element) -> np.ndarray:
    """Pose (4, 4) of an element's origin."""
    pose, origin = np.eye(4), element.find("origin")
    if origin is not None:
        pose[:3, :3] = Rotation.from_euler("xyz", _numbers(origin.get("rpy"), "0 0 0")).as_matrix()
        pose[:3, 3] = _numbers(origin.get("xyz"), "0 0 0")
    return pose


def _joint(element) -> _Joint:
    axis = element.find("axis")
    direction = _numbers(None if axis is None else axis.get("xyz"), "1 0 0")
    return _Joint(
        str(element.get("name")),
        str(element.get("type")),
        str(element.find("parent").get("link")),
        str(element.find("child").get("link")),
        _origin(element),
        direction / max(float(np.linalg.norm(direction)), 1e-9),
    )


def _color(material) -> tuple[int, int, int] | None:
    color = material.find("color")
    if color is None:
        return None
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in _numbers(color.get("rgba"), "1 1 1 1")[:3])
    return red, green, blue


def _shapes(link, palette: Mapping) -> tuple[Shape, ...]:
    found = []
    for visual in link.findall("visual"):
        material, geometry = visual.find("material"), visual.find("geometry")
        color = None if material is None else _color(material) or palette.get(material.get("name"))
        for kind, names in (("box", ("size",)), ("cylinder", ("radius", "length")), ("sphere", ("radius",))):
            body = None if geometry is None else geometry.find(kind)
            if body is not None:
                size = tuple(float(word) for name in names for word in body.get(name).split())
                found.append(Shape(kind, size, color or GREY, _origin(visual)))
    return tuple(found)

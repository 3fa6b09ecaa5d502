"""A robot in the browser's scene: one frame a link, which moves, with the link's shapes on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from moe3d_ros.view.robot_model import RobotModel
from moe3d_ros.world.geometry import matrix_to_quaternion

NAME = "/robot"


class RobotDrawing:
    """Draws into a viser scene."""

    def __init__(self, scene):
        self._scene = scene
        self._model: RobotModel | None = None
        self._root = None
        self._frames: dict[str, object] = {}
        self._visible = True

    @property
    def shown(self) -> bool:
        """True where there is a robot, visible or not."""
        return self._model is not None

    def set_visible(self, visible: bool) -> None:
        """Show or hide the robot, and those that come after it."""
        self._visible = visible
        if self._root is not None:
            self._root.visible = visible

    def show(self, model: RobotModel) -> None:
        """Draw a robot in the place of the one before it."""
        if self._root is not None:
            self._root.remove()  # with all that hangs on it
        scene, self._model = self._scene, model
        self._root = scene.add_frame(NAME, show_axes=False, visible=self._visible)
        self._frames = {}
        for number, (link, shapes) in enumerate(model.shapes.items()):
            name = f"{NAME}/{number}"
            self._frames[link] = scene.add_frame(name, show_axes=False)
            for part, shape in enumerate(shapes):
                where = {"position": tuple(shape.pose[:3, 3]), "wxyz": _wxyz(shape.pose)}
                at = f"{name}/{part}"
                if shape.kind == "box":
                    scene.add_box(at, color=shape.color, dimensions=shape.size, **where)
                elif shape.kind == "cylinder":
                    scene.add_cylinder(at, *shape.size, color=shape.color, **where)
                else:
                    scene.add_icosphere(at, *shape.size, color=shape.color, **where)
        self.move({})

    def move(self, positions: Mapping[str, float]) -> None:
        """Put the robot's joints to some positions, radians or metres; nothing happens where there is no robot."""
        if self._model is None:
            return
        poses = self._model.poses(positions)
        for link, frame in self._frames.items():
            frame.position, frame.wxyz = tuple(poses[link][:3, 3]), _wxyz(poses[link])  # type: ignore[attr-defined]


def _wxyz(pose: np.ndarray) -> tuple[float, float, float, float]:
    x, y, z, w = (float(value) for value in matrix_to_quaternion(pose[:3, :3]))
    return w, x, y, z

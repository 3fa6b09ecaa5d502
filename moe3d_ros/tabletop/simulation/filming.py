"""Filming an execution: the world with its arm, seen by a camera of its own, in pictures of a steady rate."""

from __future__ import annotations

from typing import Any

from moe3d_ros.tabletop.scenes.scene import Camera
from moe3d_ros.tabletop.simulation.gripper import TIME_STEP
from moe3d_ros.tabletop.simulation.physics import TabletopWorld

SPEED = 2.0  # times real time
SIZE = 320, 240  # pixels
CAMERA = Camera("film", (1.15, -0.84, 0.76), (0.36, 0.0, 0.19), focal=500.0)


class Filming:
    """Called after each time step, as `TabletopWorld.watch` is.

    Args:
        film: takes pictures (H, W, 3) uint8 with a caption (`add`), and is written after each execution (`write`).
        rate: its pictures a second.
    """

    def __init__(self, film: Any, rate: float):
        self._film, self._every = film, round(SPEED / rate / TIME_STEP)
        self._steps, self._caption = 0, ""

    def begin(self, caption: str) -> None:
        """An execution begins."""
        self._steps, self._caption = 0, caption

    def __call__(self, world: TabletopWorld) -> None:
        """One time step was made."""
        self._steps += 1
        if self._steps % self._every == 0:
            self._film.add(world.render(CAMERA, *SIZE, arm=True)[0].rgb, self._caption)

    def end(self) -> None:
        """An execution is over: the film is written."""
        self._film.write()

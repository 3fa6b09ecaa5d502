"""Rules of success for furniture: a thing lies on a ramp, or stands in a slot.

On a ramp a block lies with a face on the inclined face, within ``RAMP_TOLERANCE`` of its middle; in a slot a bar stands
upright, its foot on the floor.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.faces import about_z, body_rotation, face_frame, face_normal
from moe3d_ros.tabletop.scenes.furniture import SLOT_FLOOR
from moe3d_ros.tabletop.scenes.scene import SceneObject

RAMP_TOLERANCE, SLOT_TOLERANCE, HEIGHT_TOLERANCE = 0.03, 0.015, 0.01  # metres
TILT_TOLERANCE = np.deg2rad(10)


def lean(thing: SceneObject, normal) -> float:
    """Least angle between one of a box's faces' normals and ``normal`` (3,), radians."""
    return float(np.arccos(np.clip(np.abs(body_rotation(thing).T @ np.asarray(normal)).max(), -1, 1)))


def on_ramp(thing: SceneObject, ramp: SceneObject) -> tuple[bool, str]:
    """Judge if ``thing`` lies on the ramp's face, and say how far off it is."""
    normal = face_normal(ramp)
    local = face_frame(normal, ramp.yaw).T @ np.subtract(thing.position, ramp.position)
    off, tilt = float(np.abs(local[:2]).max()), lean(thing, normal)
    lies = abs(local[2] - thing.half_extents[2]) < HEIGHT_TOLERANCE and tilt < TILT_TOLERANCE
    words = f"{100 * off:.1f} cm off the middle and {np.rad2deg(tilt):.0f} degrees off the face of the {ramp.name}"
    return bool(lies and off < RAMP_TOLERANCE), f"the {thing.name} lies {words}"


def in_slot(thing: SceneObject, slot: SceneObject) -> tuple[bool, str]:
    """Judge if ``thing`` stands upright in the slot, and say how it does."""
    local = about_z(slot.yaw).T @ np.subtract(thing.position, slot.position)
    off, tilt = float(np.abs(local[:2]).max()), lean(thing, (0, 0, 1))
    upright = thing.half_extents[2] > 1.5 * max(thing.half_extents[:2]) and tilt < TILT_TOLERANCE
    foot = thing.position[2] - thing.half_extents[2] - SLOT_FLOOR
    inside = off < SLOT_TOLERANCE and abs(foot) < HEIGHT_TOLERANCE
    words = f"{100 * off:.1f} cm off the middle of the {slot.name}, its foot {100 * foot:.1f} cm above the floor"
    return bool(upright and inside), f"the {thing.name} {'stands' if upright else 'lies'} {words}"

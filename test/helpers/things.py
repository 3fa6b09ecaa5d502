"""Objects of scenes, written shortly."""

from moe3d_ros.tabletop.scenes.scene import SceneObject


def thing(kind, color, x, y, size="", half=0.02, z=None, yaw=0.0):
    half = half if isinstance(half, tuple) else (half,) * 3
    shape = {"bowl": "bowl"}.get(kind, "box")
    return SceneObject(kind, color, size, (x, y, half[2] if z is None else z), half, yaw, shape, (0, 0, 0))

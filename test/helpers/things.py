"""Objects of scenes, written shortly."""

import torch

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.tabletop.scenes.scene import SceneObject
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS, PLAIN_KINDS

SIZES = {
    "small": (0.02, 0.02, 0.02),
    "big": (0.03, 0.03, 0.03),
    "bowl": (0.06, 0.06, 0.02),
    "zone": (0.075, 0.075, 0.0005),
    "object": (0.03, 0.02, 0.02),
}


def thing(kind, color, x, y, size="", half=0.02, z=None, yaw=0.0):
    half = half if isinstance(half, tuple) else (half,) * 3
    shape = {"bowl": "bowl"}.get(kind, "box")
    return SceneObject(kind, color, size, (x, y, half[2] if z is None else z), half, yaw, shape, (0, 0, 0))


def seen(*said: tuple[str, float, float, float], kinds: int = PLAIN_KINDS) -> ObjectSet:
    """Objects of a scene, seen without a doubt by a model of so many kinds, such as ("small red block", x, y, z of its bottom)."""
    kind, colors, center, half = [], [], [], []
    for name, x, y, bottom in said:
        *size, color, called = name.split()
        half.append(SIZES[size[0] if size else called])
        kind.append(KINDS.index(called))
        colors.append(COLOR_NAMES.index(color))
        center.append((x, y, bottom + half[-1][2]))
    n = len(said)
    return ObjectSet(
        torch.eye(kinds)[torch.tensor(kind)][None],
        torch.eye(len(COLOR_NAMES))[torch.tensor(colors)][None],
        torch.tensor(center)[None],
        torch.tensor(half)[None],
        torch.zeros(1, n),
        torch.ones(1, n, dtype=torch.bool),
        torch.ones(1, n),
    )

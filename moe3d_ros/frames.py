"""A tree of static transforms, for where tf2 is absent."""

from __future__ import annotations

import threading

import numpy as np

from moe3d_ros.geometry import quaternion_to_matrix


class UnknownFrame(LookupError):
    """Two frames are not connected; the message names them and what is known."""


def rigid_transform(translation, quaternion) -> np.ndarray:
    """Transform (4, 4) from a translation (3,) in metres and a quaternion xyzw. Raises ValueError if not finite."""
    numbers = np.array([*translation, *quaternion], dtype=np.float64)
    if numbers.shape != (7,) or not np.isfinite(numbers).all() or np.linalg.norm(numbers[3:]) < 1e-6:
        raise ValueError(f"a transform needs x y z and a quaternion x y z w that is not zero, got {numbers.tolist()}")
    transform = np.eye(4)
    transform[:3, :3] = quaternion_to_matrix(numbers[3:])
    transform[:3, 3] = numbers[:3]
    return transform


def parse_transform(text: str) -> tuple[str, str, np.ndarray]:
    """``"parent child x y z qx qy qz qw"`` -> parent, child, transform (4, 4). Raises ValueError."""
    words = text.split()
    if len(words) != 9:
        raise ValueError(f"a static transform is 'parent child x y z qx qy qz qw', got '{text}'")
    return words[0], words[1], rigid_transform(*np.split(np.array(words[2:], dtype=np.float64), [3]))


class StaticTree:
    """Frames and their parents; thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._parents: dict[str, tuple[str, np.ndarray]] = {}

    def set(self, parent: str, child: str, transform: np.ndarray) -> None:
        """Put ``child`` under ``parent``: transform (4, 4) takes points of child into parent."""
        with self._lock:
            self._parents[child.lstrip("/")] = (parent.lstrip("/"), np.asarray(transform, np.float64))

    def lookup(self, target: str, source: str) -> np.ndarray:
        """Transform (4, 4) that takes points of ``source`` into ``target``. Raises UnknownFrame."""
        with self._lock:
            above_source, above_target = self._ancestors(source), self._ancestors(target)
            known = sorted({*self._parents, *(parent for parent, _ in self._parents.values())})
        for frame, to_source in above_source.items():
            if frame in above_target:
                return np.linalg.inv(above_target[frame]) @ to_source
        raise UnknownFrame(f"no transform from '{source}' to '{target}' (known frames: {', '.join(known) or 'none'})")

    def _ancestors(self, frame: str) -> dict[str, np.ndarray]:
        """Each frame from ``frame`` up to its root, with the transform that takes points of ``frame`` into it."""
        frame, transform = frame.lstrip("/"), np.eye(4)
        found = {frame: transform}
        while frame in self._parents:
            frame, step = self._parents[frame]
            if frame in found:  # a loop: whoever published it is wrong, but we must not hang
                break
            transform = step @ transform
            found[frame] = transform
        return found

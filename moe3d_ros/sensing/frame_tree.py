"""A tree of transforms, static ones and ones that move, for where tf2 is absent."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort

import numpy as np

from moe3d_ros.world.geometry import interpolate_rotation, quaternion_to_matrix


class UnknownFrame(LookupError):
    """Two frames are not connected; the message names them and what is known."""


class UnknownTime(UnknownFrame):
    """Two frames are connected, but not at that time; the message says how far the known times are from it."""


def rigid_transform(translation, quaternion, to_matrix=quaternion_to_matrix) -> np.ndarray:
    """Transform (4, 4) from a translation (3,) in metres and a quaternion xyzw. Raises ValueError if not finite.

    to_matrix: takes the checked quaternion to a rotation matrix (3, 3).
    """
    numbers = np.array([*translation, *quaternion], dtype=np.float64)
    if numbers.shape != (7,) or not np.isfinite(numbers).all() or np.linalg.norm(numbers[3:]) < 1e-6:
        raise ValueError(f"a transform needs x y z and a quaternion x y z w that is not zero, got {numbers.tolist()}")
    transform = np.eye(4)
    transform[:3, :3] = to_matrix(numbers[3:])
    transform[:3, 3] = numbers[:3]
    return transform


def parse_transform(text: str) -> tuple[str, str, np.ndarray]:
    """``"parent child x y z qx qy qz qw"`` -> parent, child, transform (4, 4). Raises ValueError."""
    words = text.split()
    if len(words) != 9:
        raise ValueError(f"a static transform is 'parent child x y z qx qy qz qw', got '{text}'")
    return words[0], words[1], rigid_transform(*np.split(np.array(words[2:], dtype=np.float64), [3]))


class Track:
    """Poses of a frame in its parent over the last seconds; without a stamp: valid at any time."""

    KEPT_NS = 10_000_000_000  # as tf2 keeps
    BACK_NS = 500_000_000  # a stamp that lies as much before the newest is of another run, not of a slow publisher

    def __init__(self, parent: str):
        self.parent = parent
        self._known: list[tuple[int, np.ndarray]] = []
        self._static: np.ndarray | None = None

    def add(self, transform: np.ndarray, stamp_ns: int | None) -> None:
        """Add a transform (4, 4) of the frame in its parent."""
        if stamp_ns is None:
            self._static = transform
            self._known.clear()
            return
        self._static = None  # whoever moves it now knows better
        if self._known and stamp_ns < self._known[-1][0] - self.BACK_NS:  # a recording or a simulator began again
            self._known.clear()
        insort(self._known, (stamp_ns, transform), key=lambda item: item[0])
        self._known = [item for item in self._known if item[0] >= self._known[-1][0] - self.KEPT_NS]

    def forget(self) -> None:
        """Forget where it stood at some time; what holds always stays."""
        self._known.clear()

    def at(self, stamp_ns: int) -> np.ndarray | None:
        """Transform (4, 4) at a time, interpolated between two known ones; 0: the latest. None: not known."""
        if self._static is not None:
            return self._static
        if not self._known:
            return None
        after = bisect_right(self._known, stamp_ns, key=lambda item: item[0]) if stamp_ns else len(self._known)
        if after == len(self._known):
            exact = not stamp_ns or self._known[-1][0] == stamp_ns
            return self._known[-1][1] if exact else None
        if after == 0:
            return None
        (start, first), (end, last) = self._known[after - 1 : after + 1]
        share = (stamp_ns - start) / (end - start)
        between = np.eye(4)
        between[:3, 3] = (1 - share) * first[:3, 3] + share * last[:3, 3]
        between[:3, :3] = interpolate_rotation(first[:3, :3], last[:3, :3], share)
        return between

    def span(self, stamp_ns: int) -> str:
        """A clause on how a time lies to the known ones."""
        if not self._known:
            return "none has come since the clock jumped back"
        first, last = self._known[0][0], self._known[-1][0]
        if stamp_ns > last:
            return f"the last one is {(stamp_ns - last) / 1e9:.3f} s older than the data"
        return f"the first one is {(first - stamp_ns) / 1e9:.3f} s newer than the data"


class FrameTree:
    """Frames and their parents; thread-safe."""

    def __init__(self):
        self._changed = threading.Condition()
        self._tracks: dict[str, Track] = {}

    def set(self, parent: str, child: str, transform: np.ndarray, stamp_ns: int | None = None) -> None:
        """Put ``child`` under ``parent``: transform (4, 4) takes points of child into parent.

        ``stamp_ns``: when it stands there; None: always.
        """
        parent, child = parent.lstrip("/"), child.lstrip("/")
        with self._changed:
            if child not in self._tracks or self._tracks[child].parent != parent:
                self._tracks[child] = Track(parent)
            self._tracks[child].add(np.asarray(transform, np.float64), stamp_ns)
            self._changed.notify_all()

    def forget_moving(self) -> None:
        """Forget where frames stood at some time, as when the clock jumps back; what holds always stays."""
        with self._changed:
            for track in self._tracks.values():
                track.forget()

    def connected(self, target: str, source: str) -> bool:
        """True if somebody has said how the frames stand to each other, at whatever time."""
        with self._changed:
            return not set(self._ancestors(source.lstrip("/"))).isdisjoint(self._ancestors(target.lstrip("/")))

    def lookup(self, target: str, source: str, stamp_ns: int = 0, timeout: float = 0.0) -> np.ndarray:
        """Transform (4, 4) that takes points of ``source`` into ``target``.

        Args:
            stamp_ns: the time at which it holds; 0: the latest.
            timeout: how long to wait for what is not known yet, in seconds.

        Raises:
            UnknownFrame: the frames are not connected.
            UnknownTime: not at that time.
        """
        target, source = target.lstrip("/"), source.lstrip("/")
        found: list[np.ndarray | UnknownFrame] = []

        def ready() -> bool:
            found[:] = [self._lookup(target, source, stamp_ns)]
            return not isinstance(found[0], UnknownFrame)

        with self._changed:
            self._changed.wait_for(ready, timeout)
        if isinstance(found[0], UnknownFrame):
            raise found[0]
        return found[0]

    def _lookup(self, target: str, source: str, stamp_ns: int) -> np.ndarray | UnknownFrame:
        above_source, above_target = self._ancestors(source), self._ancestors(target)
        shared = next((frame for frame in above_source if frame in above_target), None)
        if shared is None:
            known = sorted({*self._tracks, *(track.parent for track in self._tracks.values())})
            return UnknownFrame(
                f"no transform from '{source}' to '{target}' (known frames: {', '.join(known) or 'none'})"
            )
        steps = []
        for chain in (above_source, above_target):
            transform = np.eye(4)
            for frame in chain[: chain.index(shared)]:
                track = self._tracks[frame]
                step = track.at(stamp_ns)
                if step is None:
                    return UnknownTime(
                        f"no transform from '{source}' to '{target}' at the data's stamp: of those from '{frame}' to "
                        f"'{track.parent}' {track.span(stamp_ns)}"
                    )
                transform = step @ transform
            steps.append(transform)
        return np.linalg.inv(steps[1]) @ steps[0]

    def _ancestors(self, frame: str) -> list[str]:
        """The frames from ``frame`` up to its root."""
        found = [frame]
        while frame in self._tracks:
            frame = self._tracks[frame].parent
            if frame in found:  # a loop: invalid, but the lookup must not hang
                break
            found.append(frame)
        return found

"""Brings the views of several cameras together by their stamps; says which one is missing, and why. Free of ROS."""

from __future__ import annotations

from collections import deque

SILENT, NOTHING_YET, UNMATCHED = "is silent", "has sent nothing yet", "sends stamps that do not match the others"


class ViewFusion:
    """Matches each view of a leading camera with the nearest views of the others; never gives out a stale one.

    The leader is the first camera in the list that takes part. A camera that has not been part of a set for
    ``timeout`` is missing: its views are too old, or do not match, or do not come. While it is, the others go on
    without it (unless ``strict``); it is back with the first view that matches. A view is given out once. Callers
    serialise their calls; all times are nanoseconds of the node's clock, which may be a recording's.
    """

    def __init__(self, names, tolerance: float, timeout: float, now_ns: int, strict: bool = False, queue: int = 5):
        """
        Args:
            names: of the cameras, in the order in which they lead.
            tolerance: largest difference to the leader's stamp, in seconds.
            timeout: oldest view that is used, and how long a camera is waited for, in seconds.
            now_ns: the present.
            strict: give out nothing where a camera is missing.
        """
        self._names, self._strict, self._queue = list(names), strict, queue
        self._tolerance, self._timeout = int(tolerance * 1e9), int(timeout * 1e9)
        self.begin_again(now_ns)

    def begin_again(self, now_ns: int) -> None:
        """Forget all views: it is ``now_ns``, perhaps earlier than before."""
        self._now = now_ns
        self._waiting = {name: deque(maxlen=self._queue) for name in self._names}
        self._joined = dict.fromkeys(self._names, now_ns)  # when it was last part of a set
        self._newest: dict[str, tuple[int, int]] = {}  # stamp of the last view, and when it came
        self._led = deque(maxlen=self._queue)  # stamps of the leaders of the last sets

    def add(self, name: str, stamp_ns: int, view, now_ns: int) -> dict | None:
        """Add a view; returns {camera: view} once a set is together, in the order of the list, else None."""
        self._advance(now_ns)
        self._newest[name] = (stamp_ns, now_ns)
        if abs(now_ns - stamp_ns) > self._timeout:
            return None
        self._waiting[name].append((stamp_ns, view))
        if any(abs(stamp_ns - led) <= self._tolerance for led in self._led):  # it came too late, but it fits again
            self._joined[name] = max(self._joined[name], now_ns)
        return self._match(now_ns)

    def missing(self, now_ns: int) -> dict[str, str]:
        """The cameras that are missing now, each with a clause on why."""
        self._advance(now_ns)
        absent = {name: self._why(name, now_ns) for name in self._names if self._absent(name, now_ns)}
        blocking = {name: why for name, why in absent.items() if why != UNMATCHED}
        return blocking if self._strict and blocking else absent  # nobody matches while one is waited for

    def _advance(self, now_ns: int) -> None:
        begins = self._now <= 0 and now_ns > self._timeout  # the time was not known yet: no /clock
        if begins or now_ns < self._now - self._timeout:  # or a recording began again
            self.begin_again(now_ns)
        self._now = now_ns

    def _absent(self, name: str, now_ns: int) -> bool:
        return now_ns - self._joined[name] > self._timeout

    def age(self, name: str) -> float | None:
        """Seconds since the stamp of a camera's last view, by the time of the last call; None before the first."""
        return (self._now - self._newest[name][0]) / 1e9 if name in self._newest else None

    def _why(self, name: str, now_ns: int) -> str:
        if name not in self._newest:
            return NOTHING_YET
        stamp, came = self._newest[name]
        if now_ns - came > self._timeout:
            return SILENT
        if now_ns - stamp > self._timeout:
            return "sends old stamps"
        if stamp - now_ns > self._timeout:
            return "sends stamps in the future"
        return UNMATCHED

    def _match(self, now_ns: int) -> dict | None:
        for name, views in self._waiting.items():
            self._waiting[name] = deque(
                (item for item in views if now_ns - item[0] <= self._timeout), maxlen=self._queue
            )
        needed = [name for name in self._names if self._strict or not self._absent(name, now_ns)]
        needed = needed or [name for name in self._names if self._waiting[name]][:1]
        for stamp, _ in reversed(self._waiting[needed[0]]):
            if self._led and stamp <= self._led[-1]:
                break
            found = self._around(stamp)
            if all(name in found for name in needed):
                self._forget(stamp, found, now_ns)
                return {name: found[name][1] for name in self._names if name in found}
        return None

    def _around(self, stamp: int) -> dict[str, tuple[int, object]]:
        """View of each camera nearest to ``stamp``, if it lies within the tolerance."""
        nearest = {
            name: min(views, key=lambda item: abs(item[0] - stamp)) for name, views in self._waiting.items() if views
        }
        return {name: item for name, item in nearest.items() if abs(item[0] - stamp) <= self._tolerance}

    def _forget(self, stamp: int, found: dict, now_ns: int) -> None:
        """Drop what was given out and what is older."""
        self._led.append(stamp)
        for name, (used, _) in found.items():
            self._joined[name] = now_ns
            self._waiting[name] = deque((item for item in self._waiting[name] if item[0] > used), maxlen=self._queue)

"""Brings messages of several topics together by their stamps."""

from __future__ import annotations

import threading
from collections import deque

BACK_NS = 500_000_000  # a stamp that lies as much before its topic's newest is of another run: a camera began again


class StampSynchronizer:
    """Matches each message of a leading topic with the nearest message of the other topics.

    A set is given out once, newest leader first; leaders older than one given out are forgotten. The queues are
    bounded. Callers serialise their calls of `add`.
    """

    def __init__(self, leader: str, tolerance: float, queue: int = 10):
        """``tolerance``: largest difference of the stamps, in seconds."""
        self._leader = leader
        self._tolerance_ns = int(tolerance * 1e9)
        self._queue = queue
        self._waiting: dict[str, deque] = {}
        self._newest: dict[str, int] = {}  # stamp of the last message of each topic
        self._lock = threading.Lock()  # the clock jumps in another thread

    def begin_again(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._forget_all()

    def _forget_all(self) -> None:
        self._waiting.clear()
        self._newest.clear()

    def add(self, topic: str, stamp_ns: int, msg, needed) -> dict | None:
        """Add a message; returns {topic: message} once all ``needed`` topics and the leader match, else None."""
        with self._lock:
            return self._add(topic, stamp_ns, msg, needed)

    def _add(self, topic: str, stamp_ns: int, msg, needed) -> dict | None:
        if stamp_ns < self._newest.get(topic, stamp_ns) - BACK_NS:
            self._forget_all()
        self._newest[topic] = stamp_ns
        self._waiting.setdefault(topic, deque(maxlen=self._queue)).append((stamp_ns, msg))
        for leader_stamp, leader in reversed(self._waiting.get(self._leader, ())):
            matched = {self._leader: leader}
            for other in needed:
                if other == self._leader:
                    continue
                best = min(self._waiting.get(other, ()), key=lambda item: abs(item[0] - leader_stamp), default=None)
                if best is None or abs(best[0] - leader_stamp) > self._tolerance_ns:
                    break
                matched[other] = best[1]
            else:
                self._forget(leader_stamp)
                return matched
        return None

    def _forget(self, stamp_ns: int) -> None:
        """Drop leaders up to ``stamp_ns`` and what can only have matched them."""
        for topic, waiting in self._waiting.items():
            limit = stamp_ns if topic == self._leader else stamp_ns - self._tolerance_ns
            self._waiting[topic] = deque((item for item in waiting if item[0] > limit), maxlen=self._queue)

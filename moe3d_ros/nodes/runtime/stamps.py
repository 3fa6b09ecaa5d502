"""The stamps inside messages: where they are, and moving them to another time."""

from __future__ import annotations

from collections.abc import Iterator

from std_msgs.msg import Header

from moe3d_ros.nodes.runtime.conversions import stamp_ns

SECOND_NS = 1_000_000_000


def headers(msg) -> Iterator[Header]:
    """Every header in a message, however deep, such as those of a plan's poses."""
    if isinstance(msg, Header):
        yield msg
        return
    for name, kind in msg.get_fields_and_field_types().items():
        if "/" not in kind:  # numbers and texts
            continue
        value = getattr(msg, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            yield from headers(part)


def set_stamp(stamp, nanoseconds: int) -> None:
    """Set a builtin_interfaces/Time."""
    stamp.sec, stamp.nanosec = divmod(max(0, int(nanoseconds)), SECOND_NS)


class Timeline:
    """Maps the times of a recording to the times at which it is played.

    Stamps that were equal stay equal, so that depth, camera_info and colour still belong together. Where the stamps
    come from another clock than the times of receipt (a simulator's), the first one shows by how much.
    """

    OTHER_CLOCK_NS = 10 * SECOND_NS  # no stamp is so old when its message is received

    def __init__(self, first_ns: int, now_ns: int, speed: float):
        """
        Args:
            first_ns: time of receipt of the recording's first message.
            now_ns: the clock's time at which it is played.
            speed: of the playback; 1: as recorded.
        """
        self._first, self._now, self._speed = first_ns, now_ns, speed
        self._shift: int | None = None

    def when(self, recorded_ns: int) -> int:
        """The time at which something is played that was recorded then."""
        return self._now + round((recorded_ns - self._first) / self._speed)

    def move(self, msg, received_ns: int) -> None:
        """Move all stamps of a message; zero, "the latest", stays zero."""
        for header in headers(msg):
            stamped = stamp_ns(header.stamp)
            if not stamped:
                continue
            if self._shift is None:
                shift = received_ns - stamped
                self._shift = shift if abs(shift) > self.OTHER_CLOCK_NS else 0
            set_stamp(header.stamp, self.when(stamped + self._shift))

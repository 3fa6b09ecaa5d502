"""The newest cloud: what is said of one without a stamp, of clocks that differ, and of none; 0 seconds are any age."""

import pytest
from ros_helpers import cloud_msg, scene_cloud

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

from builtin_interfaces.msg import Time

from moe3d_ros.nodes.planning.latest_cloud import LatestCloud
from moe3d_ros.nodes.planning.requests import Moment, Task
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.world.workspace import Workspace

POINTS, COLORS = scene_cloud()
NOBODY = "nobody publishes"


class Clock:
    """A clock that stands where it is put, seconds."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def __call__(self) -> int:
        return round(self.seconds * 1e9)


def cloud(stamp: float):
    whole = int(stamp)
    return cloud_msg(POINTS, COLORS, "base_link", Time(sec=whole, nanosec=round(1e9 * (stamp - whole))))


def newest(stamp: float, came: float, now: float, max_age: float, newer_than: Moment | None = None):
    """Take the one cloud that came, after it has been looked for."""
    clock = Clock(came)
    latest = LatestCloud("base_link", lambda: max_age, clock, lambda: NOBODY)
    latest.put(cloud(stamp))
    clock.seconds = now
    return latest.wait(0.0, Workspace(), 0.02, newer_than)


def refusal(*arguments) -> str:
    with pytest.raises(PlanningError) as caught:
        newest(*arguments)
    assert caught.value.code == ErrorCode.STALE_CLOUD
    return str(caught.value)


@pytest.mark.parametrize("stamp", [0.0, 1.0, 999.0, 2000.0])
def test_no_seconds_are_any_age(stamp):
    """Also of a cloud without stamp, from long ago, or from the future."""
    assert len(newest(stamp, 1000.0, 1500.0, 0.0)[0]) == len(POINTS)


def test_a_clock_that_begins_at_zero_is_no_missing_stamp():
    assert len(newest(0.0, 0.0, 1.0, 5.0)[0]) == len(POINTS)


def test_a_missing_stamp_is_named():
    words = refusal(0.0, 1.7e9, 1.7e9, 5.0)
    assert "without a stamp (header.stamp is 0)" in words
    assert "request to look again" not in words
    assert NOBODY not in words


@pytest.mark.parametrize("behind", [6.0, 3600.0, 1.6e9])
def test_a_clock_that_is_behind_is_named_with_the_difference(behind):
    words = refusal(1.7e9 - behind, 1.7e9, 1.7e9 + 1.0, 5.0)
    assert f"{behind:.1f} s old by its stamp when it came" in words
    assert NOBODY not in words


def test_silence_is_told_as_silence():
    assert NOBODY in refusal(1000.0, 1000.1, 1010.0, 5.0)


def test_to_look_again_takes_what_came_later():
    before, after = Moment(999 * 10**9, -1.0), Moment(1001 * 10**9, 1e18)
    assert len(newest(1000.0, 1000.0, 1000.5, 5.0, before)[0]) == len(POINTS)
    assert NOBODY in refusal(1000.0, 1000.0, 1000.5, 5.0, after)
    assert len(newest(0.0, 1000.0, 1000.5, 0.0, before)[0]) == len(POINTS)  # any age: stamps tell nothing
    assert NOBODY in refusal(0.0, 1000.0, 1000.5, 0.0, after)


def test_to_look_again_names_a_cloud_that_was_under_way():
    words = refusal(998.0, 1000.0, 1000.5, 5.0, Moment(999 * 10**9, -1.0))
    assert "stamped 1.0 s before it" in words
    assert NOBODY not in words


def test_a_request_at_time_zero_to_look_again_is_one():
    """A simulation's clock begins at zero: no number of nanoseconds stands for "not asked"."""
    assert Task("x").newer_than is None
    again = Task("x").again(0).newer_than
    assert NOBODY in refusal(0.0, 0.0, 0.5, 5.0, Moment(again.ns, again.steady + 1e6))

"""State ends with its clock: what was remembered of another run is forgotten, and stamps that cannot be are named."""

import re
import time
from types import SimpleNamespace

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from ros_helpers import cloud_msg
from rosgraph_msgs.msg import Clock as ClockMsg

from moe3d_ros.nodes.cameras.fusion import ViewFusion
from moe3d_ros.nodes.cameras.sync import StampSynchronizer
from moe3d_ros.nodes.planning.latest_cloud import LatestCloud
from moe3d_ros.nodes.planning.requests import Moment
from moe3d_ros.nodes.runtime.clock import stamp_problem
from moe3d_ros.nodes.runtime.diagnostics import Diagnostics
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.sensing.frame_tree import FrameTree, UnknownFrame
from moe3d_ros.world.workspace import Workspace

SECOND = 1_000_000_000
POINTS = np.tile(np.float32([0.5, 0.0, 0.05]), (50, 1))


def shifted(x: float) -> np.ndarray:
    """A transform along x."""
    transform = np.eye(4)
    transform[0, 3] = x
    return transform


def cloud(seconds: float):
    """A cloud with a stamp."""
    whole = int(seconds * SECOND)
    stamp = Time(sec=whole // SECOND, nanosec=whole % SECOND)
    return cloud_msg(POINTS, np.full(POINTS.shape, 9, np.uint8), "base_link", stamp)


@pytest.fixture
def latest():
    """A LatestCloud with a clock that can be set and a greatest age."""
    state = SimpleNamespace(now=0.0, max_age=5.0)
    state.cloud = LatestCloud(
        "base_link", lambda: state.max_age, lambda: int(state.now * SECOND), lambda: "nobody publishes"
    )
    state.ask = lambda newer=None: state.cloud.wait(0.0, Workspace(), 0.02, newer)
    return state


@pytest.mark.parametrize(("before", "after"), [(8.0, 0.0), (3.0, 2.0), (0.8, 0.0), (100.0, 99.4)])
def test_a_cloud_of_before_the_jump_is_forgotten(latest, before, after):
    latest.now = before
    latest.cloud.put(cloud(before))
    latest.ask()
    latest.now = after
    with pytest.raises(PlanningError, match="No cloud has arrived yet"):
        latest.ask()
    assert latest.cloud.age() is None
    latest.cloud.put(cloud(after))
    latest.ask()


def test_any_age_is_any_age_even_of_an_unset_stamp(latest):
    latest.now = 1e6
    latest.cloud.put(cloud(0))
    with pytest.raises(PlanningError, match="without a stamp") as caught:
        latest.ask()
    assert caught.value.code == ErrorCode.STALE_CLOUD
    latest.max_age = 0.0
    latest.ask()
    latest.cloud.put(cloud(0.1))
    latest.ask()
    latest.cloud.put(cloud(2e6))
    latest.ask()


@pytest.mark.parametrize("behind", [6.0, 20.0, 3600.0])
def test_a_clock_that_is_behind_is_named_with_the_difference(latest, behind):
    latest.now = 1e6
    latest.cloud.put(cloud(latest.now - behind))
    with pytest.raises(PlanningError, match=rf"was {behind:.1f} s old by its stamp .* clock that stamps it is behind"):
        latest.ask()


def test_a_request_for_newer_clouds_outlives_no_clock(latest):
    latest.now = 50.0
    latest.cloud.put(cloud(49.0))
    request = Moment.now(int(49.5 * SECOND))
    with pytest.raises(PlanningError, match="since the request to look again"):
        latest.ask(request)
    latest.now = 2.0
    latest.cloud.put(cloud(2.0))
    latest.ask(request)


@pytest.mark.parametrize("back", [8.0, 2.0, 0.6])
def test_transforms_of_another_run_are_not_mixed_in(back):
    tree = FrameTree()
    for number in range(11):
        tree.set("base_link", "hand", shifted(number / 10), int((20 + number / 10) * SECOND))
    begin = 21 - back
    tree.set("base_link", "hand", shifted(5), int(begin * SECOND))
    tree.set("base_link", "hand", shifted(5), int((begin + 0.1) * SECOND))
    assert tree.lookup("base_link", "hand", int((begin + 0.05) * SECOND))[0, 3] == 5
    assert tree.lookup("base_link", "hand")[0, 3] == 5
    with pytest.raises(UnknownFrame):
        tree.lookup("base_link", "hand", int(20.95 * SECOND))


def test_what_moves_is_forgotten_and_what_stands_stays():
    tree = FrameTree()
    tree.set("base_link", "mount", shifted(1))
    tree.set("mount", "camera", shifted(2), SECOND)
    tree.forget_moving()
    assert tree.lookup("base_link", "mount")[0, 3] == 1
    with pytest.raises(UnknownFrame, match="since the clock jumped back"):
        tree.lookup("base_link", "camera", SECOND)


def test_a_frame_that_is_published_otherwise_is_taken_as_it_is_now():
    tree = FrameTree()
    tree.set("base_link", "camera", shifted(1))
    tree.set("base_link", "camera", shifted(2), SECOND)  # it stood, and now an arm moves it
    assert tree.lookup("base_link", "camera", SECOND)[0, 3] == 2
    tree.set("base_link", "camera", shifted(3))  # and stands again
    assert tree.lookup("base_link", "camera", 9 * SECOND)[0, 3] == 3
    tree.set("base_link", "arm", shifted(10))
    tree.set("arm", "camera", shifted(4))  # on the arm
    assert tree.lookup("base_link", "camera")[0, 3] == 14


@pytest.mark.parametrize("back", [100.0, 5.0, 0.7])
def test_images_of_a_camera_that_began_again_are_not_matched_with_old_ones(back):
    sync = StampSynchronizer("depth", tolerance=1.0)
    sync.add("depth", 200 * SECOND, "old depth", ["color"])
    begin = int((200 - back) * SECOND)
    assert sync.add("depth", begin, "depth", ["color"]) is None
    assert sync.add("color", begin, "color", ["color"]) == {"depth": "depth", "color": "color"}
    assert sync.add("color", 200 * SECOND, "late color", ["color"]) is None  # the old depth image is forgotten


def test_views_and_images_are_forgotten_at_once_when_the_clock_jumps():
    sync = StampSynchronizer("depth", tolerance=0.1)
    sync.add("depth", SECOND, "depth", ["color"])
    sync.begin_again()
    assert sync.add("color", SECOND, "color", ["color"]) is None
    fusion = ViewFusion(["left", "right"], 0.1, 1.0, 10 * SECOND)
    fusion.add("left", 10 * SECOND, "old", 10 * SECOND)
    fusion.begin_again(int(9.9 * SECOND))
    assert fusion.add("right", 10 * SECOND, "new", int(9.95 * SECOND)) is None


@pytest.mark.parametrize(
    ("stamp", "now", "words"),
    [
        (40.0, 10.0, "30.0 s in the future.*synchronise"),
        (12.0, 10.0, "2.0 s in the future"),
        (1.7e9, 12.0, "set use_sim_time alike"),
        (10.9, 10.0, ""),
        (3.0, 10.0, ""),
        (1.7e9, 0.0, ""),
        (0.0, 10.0, ""),
    ],
)
def test_stamps_from_the_future_are_named(stamp, now, words):
    problem = stamp_problem(int(stamp * SECOND), int(now * SECOND), 1.0)
    assert re.search(words, problem) if words else problem == ""


@pytest.fixture
def statuses():
    """Return a function that makes a node of simulated time or none, and collects its statuses until one is as wanted."""
    context = Context()
    rclpy.init(args=[], context=context)
    executor, nodes = SingleThreadedExecutor(context=context), []

    def make(simulated: bool):
        given = [Parameter("use_sim_time", value=simulated)]
        nodes.append(
            node := Node(
                f"timed_{len(nodes)}", context=context, parameter_overrides=given, start_parameter_services=False
            )
        )
        executor.add_node(node)
        found: list[DiagnosticStatus] = []
        node.create_subscription(DiagnosticArray, "/diagnostics", lambda msg: found.extend(msg.status), 50)

        def until(wanted) -> DiagnosticStatus:
            found.clear()
            began = time.monotonic()
            while time.monotonic() - began < 30:
                executor.spin_once(timeout_sec=0.1)
                for status in found:
                    if status.name.startswith(node.get_name()) and wanted(status):
                        return status
            raise AssertionError(f"not one of {[status.message for status in found]}")

        return node, until

    yield make
    for node in nodes:
        node.destroy_node()
    executor.shutdown()
    context.try_shutdown()


def test_a_node_that_waits_for_simulated_time_says_so_until_it_comes(statuses):
    node, until = statuses(True)
    diagnostics = Diagnostics(node, "camera", "camera", period=0.05, patience=0.0)
    diagnostics.report(DiagnosticStatus.OK, "working")
    waiting = until(lambda status: "/clock" in status.message)
    assert waiting.level == DiagnosticStatus.WARN
    assert "use_sim_time is true" in waiting.message
    assert waiting.message.endswith(".")  # it is not cut
    teller = node.create_publisher(ClockMsg, "/clock", 10)
    tick = node.create_timer(
        0.05, lambda: teller.publish(ClockMsg(clock=Time(sec=7))), clock=Clock(clock_type=ClockType.STEADY_TIME)
    )
    assert until(lambda status: status.message == "working").level == DiagnosticStatus.OK
    tick.cancel()


def test_a_clock_that_began_again_is_not_said_to_be_missing(statuses):
    node, until = statuses(True)
    told = Time(sec=7)
    teller = node.create_publisher(ClockMsg, "/clock", 10)
    node.create_timer(0.05, lambda: teller.publish(ClockMsg(clock=told)), clock=Clock(clock_type=ClockType.STEADY_TIME))
    diagnostics = Diagnostics(node, "camera", "camera", period=0.05, patience=0.0)
    diagnostics.report(DiagnosticStatus.OK, "working")
    until(lambda status: status.message == "working")
    told.sec = 0  # the simulator was reset, and has not gone on yet
    waiting = until(lambda status: "/clock" in status.message)
    assert "stands at 0" in waiting.message
    assert "nobody" not in waiting.message


def test_an_error_is_not_hidden_by_the_clock(statuses):
    node, until = statuses(True)
    Diagnostics(node, "camera", "camera", period=0.05, patience=0.0).report(
        DiagnosticStatus.ERROR, "it burns", log=False
    )
    assert until(lambda status: status.level == DiagnosticStatus.ERROR).message == "it burns"


def test_simulated_time_is_missed_only_by_who_uses_it_and_only_when_it_is_due(statuses):
    for simulated, patience in ((False, 0.0), (True, 1000.0)):
        node, until = statuses(simulated)
        Diagnostics(node, "camera", "camera", period=0.05, patience=patience)
        assert until(lambda status: True).message == "starting"

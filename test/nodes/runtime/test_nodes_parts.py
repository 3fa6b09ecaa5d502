"""The parts of the nodes that need no DDS: worker thread, stamps, frames, checks on what comes in and goes out."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from moe3d_ros.nodes.cameras.sync import StampSynchronizer
from moe3d_ros.nodes.planning.requests import Task, check_task
from moe3d_ros.nodes.planning.worker import MAX_WAITING, PlanningWorker, Request
from moe3d_ros.nodes.runtime.transport import PROFILE, choose_profile
from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError, check_text
from moe3d_ros.processes import LOOPBACK
from moe3d_ros.sensing.frame_tree import FrameTree, UnknownFrame, parse_transform, rigid_transform
from moe3d_ros.world.pose import Pose

LOG = SimpleNamespace(info=lambda text: None, error=lambda text: None)
WAIT = 10.0


@pytest.fixture
def worker():
    worker = PlanningWorker(lambda: "planner", LOG, lambda state, text: None)
    yield worker
    worker.stop()


def blocking(started: threading.Event):
    """A run that goes on until it is asked to stop."""

    def run(planner, request):
        started.set()
        while not request.should_stop():
            request.stopped.wait(0.01)
        raise PlanningError(ErrorCode.CANCELLED, "stopped")

    return run


def test_result_is_published_once(worker):
    published = []
    request = worker.submit(Request(lambda planner, _: planner + "!", publish=published.append))
    assert request.done.wait(WAIT)
    assert request.result == "planner!"
    assert published == ["planner!"]


def test_newer_plan_request_replaces_the_older_but_not_a_question(worker):
    started = threading.Event()
    published = []
    first = worker.submit(Request(blocking(started), publish=published.append, replaces=True))
    assert started.wait(WAIT)
    question = worker.submit(Request(lambda planner, _: "answer"))
    waiting = worker.submit(Request(lambda planner, _: "old", publish=published.append, replaces=True))
    newest = worker.submit(Request(lambda planner, _: "new", publish=published.append, replaces=True))
    for request in (first, waiting, newest, question):
        assert request.done.wait(WAIT)
    assert first.error.code == waiting.error.code == ErrorCode.CANCELLED
    assert "newer" in str(first.error)
    assert newest.result == "new"
    assert question.result == "answer"
    assert published == ["new"]


def test_cancel_ends_a_request_at_once_even_while_the_model_loads():
    load = threading.Event()
    worker = PlanningWorker(lambda: load.wait(WAIT), LOG, lambda state, text: None)
    published = []
    request = worker.submit(Request(lambda planner, _: "late", publish=published.append))
    assert request.cancel("enough")
    assert request.done.is_set()
    assert request.error.code == ErrorCode.CANCELLED
    load.set()
    after = worker.submit(Request(lambda planner, _: "good"))
    assert after.done.wait(WAIT)
    assert after.result == "good"
    assert published == []
    worker.stop()


def test_deadline_gives_timeout(worker):
    request = worker.submit(Request(blocking(threading.Event()), timeout=0.05))
    assert request.done.wait(WAIT)
    assert request.error.code == ErrorCode.TIMEOUT


def test_failed_load_is_reported_and_tried_again_at_the_next_request():
    attempts, states = [], []

    def load():
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("checksum of model.safetensors is wrong: fetch it again")
        return "planner"

    worker = PlanningWorker(load, LOG, lambda state, text: states.append(state))
    first = worker.submit(Request(lambda planner, _: "x"))
    assert first.done.wait(WAIT)
    assert first.error.code == ErrorCode.MODEL
    assert "checksum" in str(first.error)
    second = worker.submit(Request(lambda planner, _: "x"))
    assert second.done.wait(WAIT)
    assert second.result == "x"
    assert states == ["loading", "failed", "loading", "failed", "loading", "ready"]
    worker.stop()


def test_an_unexpected_failure_is_a_model_error_and_the_worker_lives(worker):
    request = worker.submit(Request(lambda planner, _: 1 / 0))
    assert request.done.wait(WAIT)
    assert request.error.code == ErrorCode.MODEL
    assert "ZeroDivisionError" in str(request.error)
    broken = worker.submit(Request(lambda planner, _: 1, publish=lambda result: 1 / 0))
    assert broken.done.wait(WAIT)
    assert broken.error.code == ErrorCode.MODEL
    assert worker.submit(Request(lambda planner, _: 2)).done.wait(WAIT)


def test_queue_is_bounded_and_stop_cancels_what_waits():
    started = threading.Event()
    worker = PlanningWorker(lambda: "planner", LOG, lambda state, text: None)
    running = worker.submit(Request(blocking(started)))
    assert started.wait(WAIT)
    waiting = [worker.submit(Request(lambda planner, _: 1)) for _ in range(MAX_WAITING + 1)]
    assert waiting[-1].error.code == ErrorCode.BUSY
    assert "wait already" in str(waiting[-1].error)
    worker.stop()
    assert all(r.done.is_set() for r in [running, *waiting])
    assert running.error.code == ErrorCode.CANCELLED
    assert "shutting down" in str(worker.submit(Request(lambda planner, _: 1)).error)


def test_stamps_are_matched_nearest_within_the_tolerance():
    sync = StampSynchronizer("depth", tolerance=0.01, queue=3)
    ms = 1_000_000
    assert sync.add("info", 0, "i0", ["info"]) is None
    assert sync.add("depth", 50 * ms, "d50", ["info"]) is None
    assert sync.add("info", 55 * ms, "i55", ["info"]) == {"depth": "d50", "info": "i55"}
    assert sync.add("info", 56 * ms, "i56", ["info"]) is None  # d50 was given out
    assert sync.add("depth", 100 * ms, "d100", ["info", "color"]) is None
    assert sync.add("color", 104 * ms, "c104", ["info", "color"]) is None
    assert sync.add("info", 101 * ms, "i101", ["info", "color"]) == {"depth": "d100", "info": "i101", "color": "c104"}
    for n in range(100):  # bounded whatever is sent
        sync.add("depth", (200 + n) * ms, n, ["info"])
    assert len(sync._waiting["depth"]) == 3


def test_static_frames_are_chained_both_ways():
    tree = FrameTree()
    turn = rigid_transform((1, 0, 0), (0, 0, np.sin(np.pi / 4), np.cos(np.pi / 4)))
    tree.set("base_link", "arm", turn)
    tree.set("arm", "camera", rigid_transform((1, 0, 0), (0, 0, 0, 1)))
    tree.set("/base_link", "/table", rigid_transform((0, 0, 5), (0, 0, 0, 1)))
    np.testing.assert_allclose(tree.lookup("base_link", "camera") @ [0, 0, 0, 1], [1, 1, 0, 1], atol=1e-9)
    np.testing.assert_allclose(tree.lookup("camera", "table"), np.linalg.inv(tree.lookup("table", "camera")), atol=1e-9)
    with pytest.raises(UnknownFrame, match="'nowhere'.*known frames: arm, base_link, camera, table"):
        tree.lookup("base_link", "nowhere")
    tree.set("camera", "base_link", turn)  # a loop
    with pytest.raises(UnknownFrame):
        tree.lookup("base_link", "table2")


@pytest.mark.parametrize("text", ["a b 1 2 3", "a b 1 2 3 0 0 0 0", "a b 1 2 nan 0 0 0 1", "a b 1 2 three 0 0 0 1"])
def test_bad_static_transform_is_refused(text):
    with pytest.raises(ValueError, match="transform|to float"):
        parse_transform(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("x" * 10_000, "10000 characters"),
        ("put \ufffd there", "UTF-8"),
        ("put \ud800 there", "UTF-8"),  # noqa: PT014 (half a surrogate pair, not the sign above)
    ],
)
def test_bad_instruction_is_refused_with_a_sentence(text, words):
    for check in (
        lambda: check_task(Task(text)),
        lambda: check_task(Task("fine", (text,))),
        lambda: check_text(text, "question"),
    ):
        with pytest.raises(PlanningError, match=words) as caught:
            check()
        assert caught.value.code == ErrorCode.BAD_INSTRUCTION
    check_task(Task("put the red block in the green bowl", ("pick it",)))


def one_step(position=(0.5, 0.0, 0.04), orientation=(1.0, 0.0, 0.0, 0.0)) -> Plan:
    """A plan with one action whose place pose is given."""
    good = Pose((0.5, 0.1, 0.04), (1.0, 0.0, 0.0, 0.0))
    action = Action(
        0, "pick_place", "red block", "green bowl", good, Pose(position, orientation), 0.9, "pick and place"
    )
    return Plan("do it", (action,), True)


def test_task_goes_from_pick_to_place_to_done():
    task = Task("do it", plan=one_step())
    picked = task.reached()
    assert picked.picked
    assert not picked.finished
    assert picked.completed == ()
    done = picked.reached()
    assert done.finished
    assert done.completed == ("pick and place",)
    again = done.again(7)
    assert again.newer_than.ns == 7
    assert again == Task("do it", ("pick and place",), newer_than=again.newer_than)


def test_frames_that_move_are_interpolated_at_the_stamp_and_waited_for():
    tree, second = FrameTree(), 1_000_000_000
    turn = (0, 0, np.sin(np.pi / 4), np.cos(np.pi / 4))  # a quarter about z
    tree.set("base_link", "hand", rigid_transform((0, 0, 0), (0, 0, 0, 1)), 10 * second)
    tree.set("hand", "camera", rigid_transform((1, 0, 0), (0, 0, 0, 1)))
    tree.set("base_link", "hand", rigid_transform((2, 0, 0), turn), 12 * second)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(tree.lookup("base_link", "camera", 11 * second)[:3, 3], [1 + half, half, 0], atol=1e-9)
    np.testing.assert_allclose(tree.lookup("base_link", "camera", 10 * second)[:3, 3], [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(tree.lookup("base_link", "camera")[:3, 3], [2, 1, 0], atol=1e-9)  # the latest
    with pytest.raises(UnknownFrame, match="'hand' to 'base_link' the last one is 1.000 s older than the data"):
        tree.lookup("base_link", "camera", 13 * second)
    with pytest.raises(UnknownFrame, match="the first one is 1.000 s newer"):
        tree.lookup("camera", "base_link", 9 * second)
    later = threading.Timer(0.05, tree.set, ("base_link", "hand", rigid_transform((4, 0, 0), turn), 14 * second))
    later.start()
    np.testing.assert_allclose(tree.lookup("base_link", "hand", 13 * second, timeout=WAIT)[:3, 3], [3, 0, 0])
    tree.set("base_link", "hand", rigid_transform((9, 0, 0), turn), 2 * second)  # a recording began again
    assert tree.lookup("base_link", "hand", 2 * second)[0, 3] == 9
    with pytest.raises(UnknownFrame):
        tree.lookup("base_link", "hand", 13 * second)


def test_own_tree_agrees_with_tf2():
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2 comes with ROS 2 from apt")
    from rclpy.duration import Duration
    from rclpy.time import Time

    from moe3d_ros.nodes.seams.transforms import transform_from_msg, transform_to_msg

    tree, buffer, second = FrameTree(), tf2_ros.BufferCore(Duration(seconds=10)), 1_000_000_000
    rng = np.random.default_rng(0)
    for number in range(5):
        for parent, child in (("base_link", "arm"), ("arm", "hand"), ("base_link", "wall")):
            quaternion = np.array([0, 0, 0, 1]) + rng.normal(0, 0.2, 4)
            transform = rigid_transform(rng.normal(size=3), quaternion / np.linalg.norm(quaternion))
            stamp = (20 + number) * second
            tree.set(parent, child, transform, stamp)
            buffer.set_transform(transform_to_msg(parent, child, transform, Time(nanoseconds=stamp).to_msg()), "test")
    for stamp in (20 * second, 21 * second + 1, 23 * second + second // 3):
        found = buffer.lookup_transform_core("wall", "hand", Time(nanoseconds=stamp))
        np.testing.assert_allclose(tree.lookup("wall", "hand", stamp), transform_from_msg(found), atol=1e-6)


def test_the_loopback_profile_is_the_other_one_kept_to_one_interface():
    def lines(path):
        text = path.read_text(encoding="utf-8")
        return [line.strip() for line in text[text.index("<profiles") :].splitlines()]

    more = [line for line in lines(LOOPBACK) if line not in lines(PROFILE)]
    assert more == ["<interfaceWhiteList>", "<address>127.0.0.1</address>", "</interfaceWhiteList>"]
    assert [line for line in lines(LOOPBACK) if line not in more] == lines(PROFILE)


@pytest.mark.parametrize(
    "environment",
    [
        {"FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA"},
        {"FASTRTPS_DEFAULT_PROFILES_FILE": "/some/profile.xml"},
        {"FASTDDS_DEFAULT_PROFILES_FILE": "/some/profile.xml"},
    ],
)
def test_what_the_user_says_of_the_transport_stands(environment, tmp_path, monkeypatch):
    before = dict(environment)
    assert not choose_profile(environment)
    assert environment == before
    monkeypatch.chdir(tmp_path)
    other = {}
    assert choose_profile(other)
    assert list(other.values()) == [str(PROFILE)]
    assert PROFILE.is_file()
    (tmp_path / "DEFAULT_FASTRTPS_PROFILES.xml").write_text("<profiles/>")
    other = {}
    assert not choose_profile(other)
    assert not other

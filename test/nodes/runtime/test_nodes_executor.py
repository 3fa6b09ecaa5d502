"""The executor of the nodes: it rests while a thread works, hands every message over once, and ends though no thread is free."""

import threading

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.event_handler import PublisherEventCallbacks
from ros_helpers import RELIABLE, Context, rclpy
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Int64

from moe3d_ros.nodes.runtime.executor import ThreadedExecutor
from moe3d_ros.nodes.runtime.run import spin

WAIT = 60.0  # seconds


class CountingExecutor(ThreadedExecutor):
    """Counts how often its loop looks for work."""

    turns = 0

    def get_nodes(self):
        self.turns += 1
        return super().get_nodes()


class Spinning:
    """A node in its own context, spun by a thread."""

    def __init__(self, threads: int):
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("spinning", context=self.context)
        self.executor = CountingExecutor(threads, self.context)
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=spin, args=(self.executor, self.node.get_logger()))
        self.thread.start()

    def connect(self, kind, callback):
        """A publisher whose messages reach ``callback``, connected."""
        matched = threading.Event()
        events = PublisherEventCallbacks(matched=lambda _: matched.set())
        publisher = self.node.create_publisher(kind, "numbers", RELIABLE, event_callbacks=events)
        self.node.create_subscription(kind, "numbers", callback, RELIABLE, callback_group=ReentrantCallbackGroup())
        self.executor.wake()
        assert matched.wait(WAIT)
        return publisher

    def close(self):
        self.context.try_shutdown()
        self.thread.join(WAIT)
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()


def take(semaphore: threading.Semaphore, times: int) -> None:
    """Wait until it was released so many times."""
    for _ in range(times):
        assert semaphore.acquire(timeout=WAIT)


def publish_numbers(publisher, count: int) -> None:
    """Publish 0, 1, 2..."""
    for number in range(count):
        publisher.publish(Int64(data=number))


@pytest.fixture
def spinning():
    made = []

    def make(threads):
        made.append(Spinning(threads))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_loop_rests_while_large_messages_are_taken(spinning):
    """With rclpy's own executor it turns 80 times for each, and holds the interpreter meanwhile."""
    one, come = spinning(4), threading.Semaphore(0)
    publisher = one.connect(PointCloud2, lambda msg: come.release())
    cloud = PointCloud2(data=bytes(5_000_000))
    publisher.publish(cloud)
    take(come, 1)
    before = one.executor.turns
    for _ in range(10):
        publisher.publish(cloud)
        take(come, 1)
    assert one.executor.turns - before < 20 * 10


def test_messages_that_find_no_thread_free_are_each_handled_once_later(spinning):
    one, go, full, done = spinning(2), threading.Event(), threading.Semaphore(0), threading.Semaphore(0)
    seen = []

    def work(msg):
        full.release()
        go.wait(WAIT)
        seen.append(msg.data)
        done.release()

    publish_numbers(one.connect(Int64, work), 10)
    take(full, 2)
    go.set()
    take(done, 10)
    assert sorted(seen) == list(range(10))


def test_it_ends_though_no_thread_is_free(spinning):
    one, go, full = spinning(2), threading.Event(), threading.Semaphore(0)
    publisher = one.connect(Int64, lambda msg: (full.release(), go.wait(WAIT)))
    try:
        publish_numbers(publisher, 5)
        take(full, 2)
        one.context.try_shutdown()
        one.thread.join(WAIT / 2)
        assert not one.thread.is_alive()
    finally:
        go.set()


def test_what_a_callback_raises_reaches_the_log_and_the_next_is_called(spinning, capfd):
    one, done = spinning(2), threading.Semaphore(0)

    def work(msg):
        if msg.data == 0:
            raise RuntimeError("a bug in a callback")
        done.release()

    publish_numbers(one.connect(Int64, work), 3)
    take(done, 2)
    one.close()
    assert "a bug in a callback" in capfd.readouterr().err

"""Latency of cancelled goals and of goals preempted by a newer instruction, and whether they end cleanly.

    python -m benchmarks cancel [--tries 200] [--checkpoint default]

The planner is a process of its own; beside it a process that computes all the time, and voxels at 15 Hz. Every second
try is cancelled; the others are overtaken, by the action and by the topic in turn. A half plan is a plan of a goal that
did not succeed, a plan that a goal which succeeded lacks, or one of whose messages some are missing.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import random
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from moe3d_ros.processes import Nodes, OwnDomain

MAX_CANCEL_TIME = 0.2  # seconds
OUTPUTS = ("planned_action", "pick_pose", "place_pose", "goal_pose")


def burn() -> None:
    """Compute until the end of the process."""
    while True:
        sum(range(10_000))


class Listener:
    """Keeps what the planner publishes."""

    def __init__(self, node):
        from geometry_msgs.msg import PoseStamped
        from rclpy.qos import QoSProfile

        from moe3d_ros.msg import PlannedAction, TaskPlan

        self.plans, self.stamps = [], {name: [] for name in OUTPUTS}
        qos = QoSProfile(depth=100)
        node.create_subscription(TaskPlan, "plan", self.plans.append, qos)
        for name in OUTPUTS:
            kind = PlannedAction if name == "planned_action" else PoseStamped
            node.create_subscription(kind, name, lambda msg, name=name: self._note(name, msg), qos)

    def _note(self, name: str, msg) -> None:
        self.stamps[name].append((msg.header.stamp.sec, msg.header.stamp.nanosec))

    def half(self, succeeded: set[str], failed: set[str]) -> int:
        """Number of plans that are incomplete or should not exist."""
        said = [plan.instruction for plan in self.plans]
        wrong = sum(text in failed for text in said) + len(succeeded - set(said)) + len(said) - len(set(said))
        stamps = collections.Counter(
            (plan.header.stamp.sec, plan.header.stamp.nanosec) for plan in self.plans if plan.actions
        )
        for name in OUTPUTS:
            sent = collections.Counter(self.stamps[name])
            wrong += sum((sent - stamps).values()) + sum((stamps - sent).values())
        return wrong


def spelled(text: str, number: int) -> str:
    """The text with a number in the widths of its gaps: to the planner all are the same, to us each is another."""
    first, *words = text.split()
    spelling = first
    for word in words:
        number, gap = divmod(number, 3)
        spelling += " " * (1 + gap) + word
    return spelling


def measure(tries: int, seed: int = 0) -> tuple[dict[str, list[float]], collections.Counter, int]:
    """Seconds to the answer by kind, how the goals ended, number of half plans; the planner must run already."""
    import rclpy
    from action_msgs.msg import GoalStatus
    from std_msgs.msg import String

    from benchmarks._scene import INSTRUCTION, PATIENCE, Client, Spinner, wait
    from moe3d_ros.plan import ErrorCode

    rclpy.init()
    node = rclpy.create_node("cancel_benchmark")
    client, listener = Client(node), Listener(node)
    topic = node.create_publisher(String, "instruction", 10)
    chance, seconds, ends = random.Random(seed), collections.defaultdict(list), collections.Counter()
    succeeded, failed = set(), set()

    def settle(name: str, text: str, result) -> None:
        good = result.status == GoalStatus.STATUS_SUCCEEDED
        code = ErrorCode(result.result.error_code)
        wanted = GoalStatus.STATUS_CANCELED if name == "cancelled" else GoalStatus.STATUS_ABORTED
        if not good and (code, result.status) != (ErrorCode.CANCELLED, wanted):
            raise RuntimeError(f"{text}: status {result.status}, {code.name}: {result.result.error_msg}")
        (succeeded if good else failed).add(text)
        ends["came first" if good else name] += 1

    try:
        with Spinner(node) as spinner:
            client.wait_for_planner()
            start = time.monotonic()
            *texts, last = (spelled(INSTRUCTION, number) for number in range(2 * tries + 3))
            first = wait(client.result(spinner, client.goal(spinner, texts[-1]))).result  # loads the model
            begin = time.monotonic()
            wait(client.result(spinner, client.goal(spinner, texts[-2])))
            whole = time.monotonic() - begin
            if first.error_code:
                raise RuntimeError(f"no plan: {first.error_msg}")
            print(f"model ready after {begin - start:.1f} s; a plan takes {whole:.2f} s", flush=True)
            for number in range(tries):
                text, newer = texts[2 * number], texts[2 * number + 1]
                handle = client.goal(spinner, text)
                future, ended = client.result(spinner, handle), threading.Event()
                future.add_done_callback(lambda _, ended=ended: ended.set())
                ended.wait(chance.uniform(0.0, 1.1 * whole))  # a moment of its work, or just after it
                name = ("cancelled", "overtaken by the action", "cancelled", "overtaken by the topic")[number % 4]
                late, begin = ended.is_set(), time.monotonic()
                if name == "cancelled":
                    spinner.do(handle.cancel_goal_async)
                elif name.endswith("topic"):
                    topic.publish(String(data=newer))
                else:
                    second = client.goal(spinner, newer)
                if not ended.wait(PATIENCE):
                    raise RuntimeError(f"{text} did not end")
                if not late:
                    seconds[name].append(time.monotonic() - begin)
                settle(name, text, future.result())
                if name.endswith("action"):
                    spinner.do(second.cancel_goal_async)
                    settle("cancelled", newer, wait(client.result(spinner, second)))
            wait(client.result(spinner, client.goal(spinner, last)))  # what came before it has arrived with it
            end = time.monotonic() + PATIENCE
            while last not in [plan.instruction for plan in listener.plans] and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(1.0)
    finally:
        rclpy.try_shutdown()
    return seconds, ends, listener.half(succeeded, failed)


def main(argv=None) -> int:
    """Print the percentiles; exit code 1 where an answer took longer than 200 ms or a plan is not whole."""
    parser = argparse.ArgumentParser(prog="benchmarks cancel", description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=200, help="how often (default 200)")
    parser.add_argument("--checkpoint", default="default", help="name or folder, or tiny for a random one")
    options = parser.parse_args(argv)
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    burner = multiprocessing.get_context("spawn").Process(target=burn, daemon=True)
    with tempfile.TemporaryDirectory() as folder, Nodes(Path(folder), domain.environment()) as nodes:
        checkpoint = options.checkpoint
        if checkpoint == "tiny":
            from moe3d_ros.model.tiny import write_tiny_checkpoint

            checkpoint = str(write_tiny_checkpoint(Path(folder) / "tiny"))
        nodes.start("planner", checkpoint=checkpoint, max_cloud_age=60.0)
        burner.start()
        try:
            seconds, ends, half = measure(options.tries)
        except RuntimeError:
            print(nodes.log_file("planner").read_text(errors="replace"))
            raise
        finally:
            burner.kill()
    domain.close()
    everything = [s for kind in seconds.values() for s in kind]
    print(f"{'time to the answer (ms)':<28}{'tries':>6}{'p50':>8}{'p90':>8}{'p99':>8}{'max':>8}")
    for name, values in [*sorted(seconds.items()), ("all", everything)]:
        figures = "".join(f"{1e3 * np.percentile(values, p):8.0f}" for p in (50, 90, 99, 100))
        print(f"{name:<28}{len(values):6d}{figures}")
    print(f"goals: {', '.join(f'{count} {name}' for name, count in sorted(ends.items()))}; half plans: {half}")
    prompt = max(everything) <= MAX_CANCEL_TIME
    words = f"all within {1e3 * MAX_CANCEL_TIME:.0f} ms" if prompt else f"NOT all within {1e3 * MAX_CANCEL_TIME:.0f} ms"
    print(f"{words}, {'none leaves' if half == 0 else 'SOME leave'} a half plan")
    return 0 if prompt and half == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())

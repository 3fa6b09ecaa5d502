"""Endurance of voxelizer and planner: clouds at 15 Hz, an instruction every 2 s, a node killed every minute.

    python -m benchmarks soak [--arm] [--minutes 30] [--kill-every 60] [--checkpoint default] [--json FILE]

With ``--arm`` the simulator is camera and robot: its arm carries out every plan in real time, and the next instruction, which
moves the block on, comes within 2 s of that. Seconds in which the arm moves, and the next instruction waits for it, are none of
a recovery. The simulator is not killed; its memory has the same bar.

A node that was killed, one of the two at random, is started again as `respawn:=true` of the launch file does. A client
behaves as a patient one would: it sends each instruction as a goal, again where nothing takes it within a second (then
two, three...), and the next one 2 s later or once the one before has ended. Missed is a goal that never got a result,
unless a kill came between. Recovery is the time from a kill to the first plan whose goal was taken after it. Memory is
compared within each life of a node, the samples after its warm-up with the last ones: the lower quartile of each, since
clouds of 5 MB, with --arm of 13 MB, come and go fifteen times a second. For the same reason samples are taken at random
times: once a second, they would meet the clouds in step, and a drift of that step would look like growth. A life of a
minute still differs by a cloud or two either way, so the bar is on the mean over a node's lives: what leaks, leaks in all.

The nodes' Python keeps its bytecode, in a folder of the bench's own: where nobody has written the bytecode of an
environment (or PYTHONDONTWRITEBYTECODE is set), torch is compiled at every start of a planner, which is most of its time.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from moe3d_ros.processes import Nodes, OwnDomain

RATE, EVERY = 15.0, 2.0  # clouds a second; seconds between instructions
WARM_UP = 20.0  # seconds after its first answer until a node's memory counts
SETTLED = 240.0  # seconds until the simulator's counts: until then its arm takes ways that it has not taken
SHORTEST_LIFE = 20.0  # seconds after its warm-up that a life must last to be judged
RETRY, QUICK = 0.5, 8  # seconds until a goal that nobody has taken is sent again; after so many times ever longer
PATIENCE = 180.0  # seconds until a goal counts as missed
RECOVERY = 5.0  # seconds
MAX_GROWTH = 0.05  # of the memory after the warm-up
SAMPLE_PERIODS = (0.1, 0.4)  # seconds between two looks at the memory
RESPAWN_DELAY = 0.2  # seconds, as in the launch file
NAMES = ("voxelizer", "planner")  # those that are killed
SIMULATOR = "tabletop"
AWAY = "put the red block in the center of the table"  # and back into the bowl: there is always a way to go
CARRIED_OUT, SUCCEEDED = 60.0, 0.9  # seconds until a step counts as lost; least share of steps that succeed


@dataclass
class Goal:
    """One instruction and what became of it; times in seconds of time.monotonic()."""

    text: str
    sent: float
    tries: int = 0
    tried: float = 0.0
    taken: float = 0.0
    ended: float = 0.0
    error: int = -1
    reason: str = ""  # the sentence of the error
    latest: object = None  # rclpy's future of the newest try


@dataclass
class Life:
    """One process of a node: when it was started and the memory it held, as (time, MiB)."""

    name: str
    started: float
    memory: list = field(default_factory=list)


class Soak:
    """Camera, client and killer of nodes, in this process."""

    def __init__(self, node, nodes: Nodes, start, view, seed: int):
        """``start``: called with the name of a node to start it; ``view``: what the camera sees, None: the simulator looks."""
        from rclpy.action import ActionClient
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import PointCloud2
        from std_msgs.msg import String

        from benchmarks._scene import INSTRUCTION
        from moe3d_ros.action import PlanTask
        from moe3d_ros.nodes.runtime.conversions import header
        from moe3d_ros.nodes.runtime.qos import EVENT
        from moe3d_ros.nodes.seams.clouds import cloud_to_msg
        from moe3d_ros.sensing.clouds import depth_to_points

        self.node, self.nodes, self._start = node, nodes, start
        self.goals: list[Goal] = []
        self.kills: list[tuple[float, str]] = []
        self.lives: dict[str, Life] = {name: Life(name, time.monotonic()) for name in nodes.pids()}
        self.past: list[Life] = []
        self.clouds = self.waited = 0
        self._chance = random.Random(seed)
        self._goal_type = PlanTask.Goal
        self._actions = ActionClient(node, PlanTask, "plan_task")
        self.steps: list[bool] = []  # carried out by the arm: whether each succeeded
        self._simulated = view is None
        self._due = 0.0  # when the plan came that the arm is carrying out; 0 for none
        self.motions: list[tuple[float, float]] = []  # of the arm: from when until when
        self._round = itertools.cycle((INSTRUCTION, AWAY) if self._simulated else (INSTRUCTION,))
        if self._simulated:
            node.create_subscription(String, "executed", self._on_executed, EVENT)
            return
        self._points = node.create_publisher(PointCloud2, "points", QoSProfile(depth=5))  # as drivers do
        points = depth_to_points(view.depth.astype(np.float32), view.K)
        now = node.get_clock().now().to_msg()
        self._cloud = cloud_to_msg(points, view.rgb.reshape(-1, 3), header("camera", now))

    # --- in the executor's thread

    def look(self) -> None:
        """One cloud of 640x480."""
        self._cloud.header.stamp = self.node.get_clock().now().to_msg()
        self._points.publish(self._cloud)
        self.clouds += 1

    def ask(self) -> None:
        """A new instruction, unless the one before is still under way."""
        now = time.monotonic()
        if self.goals and not self.goals[-1].ended and now - self.goals[-1].sent < PATIENCE:
            self.waited += 1
            return
        if self._due and now - self._due < CARRIED_OUT:
            return
        self._due = 0.0
        goal = Goal(next(self._round), now)
        self.goals.append(goal)
        self._send(goal)

    def retry(self) -> None:
        """Resend goals that no server accepted, or whose server was killed before it answered."""
        goal, now = self.goals[-1] if self.goals else None, time.monotonic()
        if goal is None or goal.ended or now - goal.tried < RETRY * max(1, goal.tries - QUICK):
            return
        if not goal.taken or any(kill > goal.taken and name == "planner" for kill, name in self.kills):
            goal.taken = 0.0
            self._send(goal)

    def _send(self, goal: Goal) -> None:
        goal.tries, goal.tried = goal.tries + 1, time.monotonic()
        future = goal.latest = self._actions.send_goal_async(self._goal_type(instruction=goal.text))
        future.add_done_callback(lambda done: self._on_taken(goal, done))

    def _on_taken(self, goal: Goal, future) -> None:
        if future is goal.latest and future.exception() is None and not goal.ended:
            goal.taken = time.monotonic()
            result = future.result().get_result_async()
            result.add_done_callback(lambda done: self._on_result(goal, future, done))

    def _on_result(self, goal: Goal, taken, future) -> None:
        if future.exception() is None and not goal.ended:
            result = future.result().result
            if result.error_code != 0 and taken is not goal.latest:
                return  # its own repetition has replaced it
            goal.ended, goal.error, goal.reason = time.monotonic(), result.error_code, result.error_msg
            if self._simulated and result.plan.actions:
                self._due = goal.ended

    def _on_executed(self, report) -> None:
        self.steps.append(bool(json.loads(report.data)["success"]))
        if self._due:
            self.motions.append((self._due, time.monotonic()))
        self._due = 0.0

    # --- in the main thread

    def wait_for_plan(self, since: float, patience: float = PATIENCE) -> float | None:
        """Seconds from ``since`` to the first plan whose goal was taken later, without the arm's motions; None where none comes."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            times = [goal.ended for goal in self.goals if goal.error == 0 and goal.taken >= since]
            if times:
                first = min(times)
                waited = sum(max(0.0, min(last, first) - max(begin, since)) for begin, last in self.motions)
                return first - since - waited
            time.sleep(0.02)
        return None

    def sample(self) -> None:
        """Note what memory each node holds."""
        for name, pid in self.nodes.pids().items():
            text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
            self.lives[name].memory.append((time.monotonic(), int(text.split()[1]) * 4096 / 2**20))

    def kill(self, delay: float) -> None:
        """Kill one of the nodes, and start it again after ``delay`` seconds."""
        name = self._chance.choice(NAMES)
        self.kills.append((time.monotonic(), name))
        self.nodes.kill(name)
        self.past.append(self.lives[name])
        time.sleep(delay)
        self._start(name)
        self.lives[name] = Life(name, time.monotonic())


def growth(life: Life) -> tuple[float, float] | None:
    """Memory after a life's warm-up and at its end, MiB: lower quartiles of a third of the samples; None: too short."""
    warm_up = SETTLED if life.name == SIMULATOR else WARM_UP
    samples = [mib for when, mib in life.memory if when - life.started > warm_up]
    if not life.memory or life.memory[-1][0] - life.started < warm_up + SHORTEST_LIFE:
        return None
    part = max(1, len(samples) // 3)
    return float(np.percentile(samples[:part], 25)), float(np.percentile(samples[-part:], 25))


def run(nodes: Nodes, start, view, minutes: float, kill_every: float, delay: float, seed: int) -> dict:
    """Soak for so long; the figures. Raises ProcessError where a node ends that was not killed."""
    import rclpy

    from benchmarks._scene import Spinner

    rclpy.init()
    node = rclpy.create_node("soak")
    recoveries = []
    try:
        soak = Soak(node, nodes, start, view, seed)
        asking = node.create_timer(EVERY, soak.ask)
        node.create_timer(0.1, soak.retry)
        if view is not None:
            node.create_timer(1 / RATE, soak.look)
        with Spinner(node):
            first = soak.wait_for_plan(0.0)
            if first is None:
                raise RuntimeError(f"no plan within {PATIENCE:.0f} s: {[goal.error for goal in soak.goals]}")
            for life in soak.lives.values():
                life.started = time.monotonic()
            begin = time.monotonic()
            warm = len(soak.goals)
            end, next_kill = begin + 60 * minutes, begin + kill_every if kill_every else float("inf")
            while (now := time.monotonic()) < end:
                if not rclpy.ok():  # SIGTERM
                    raise KeyboardInterrupt
                nodes.check()
                soak.sample()
                if now >= next_kill and end - now > 15.0:  # it must be able to recover
                    soak.kill(delay)
                    took = soak.wait_for_plan(soak.kills[-1][0])
                    recoveries.append((soak.kills[-1][1], PATIENCE if took is None else took))
                    soak.lives[soak.kills[-1][1]].started = time.monotonic()
                    print(f"{now - begin:6.0f} s: killed the {recoveries[-1][0]}, a plan after {took} s", flush=True)
                    next_kill += kill_every * (1 + max(0, int((time.monotonic() - next_kill) / kill_every)))
                time.sleep(random.uniform(*SAMPLE_PERIODS))
            node.destroy_timer(asking)
            last = time.monotonic() + PATIENCE
            while time.monotonic() < last and not all(goal.ended for goal in soak.goals):
                time.sleep(0.1)
    finally:
        rclpy.try_shutdown()
    return judge(soak, recoveries, warm)


def judge(soak: Soak, recoveries: list, warm: int) -> dict:
    """The figures of a run; ``warm``: number of goals before it began."""
    from moe3d_ros.plan import ErrorCode

    goals = soak.goals[warm:]

    def disturbed(goal: Goal) -> bool:
        """A kill fell into its life, or it was sent before the node killed last had recovered."""
        times = [(kill, kill + took) for (kill, _), (_, took) in zip(soak.kills, recoveries)]
        return any(goal.sent <= back + RETRY and (goal.ended or float("inf")) >= kill for kill, back in times)

    missed = [goal for goal in goals if not goal.ended]
    ends = collections.Counter(ErrorCode(goal.error).name for goal in goals if goal.ended)
    calm = [goal for goal in goals if goal.ended and not disturbed(goal)]
    lives = [(life.name, growth(life)) for life in [*soak.past, *soak.lives.values()]]
    return {
        "clouds": soak.clouds,
        "steps": soak.steps,
        "goals": len(goals),
        "ends": dict(ends),
        "in flight at a kill": sum(g.sent < kill < (g.ended or kill + 1) for g in goals for kill, _ in soak.kills),
        "sent late": soak.waited,
        "missed": len(missed),
        "missed, no kill": sum(not disturbed(goal) for goal in missed),
        "errors, no kill": sum(goal.error != 0 for goal in calm),
        "reasons": dict(collections.Counter(goal.reason for goal in goals if goal.ended and goal.error != 0)),
        "seconds to the answer": [goal.ended - goal.sent for goal in calm],
        "recoveries": recoveries,
        "samples": [(life.name, [round(mib, 1) for _, mib in life.memory[::40]]) for life in soak.lives.values()],
        "memory": [(name, *both) for name, both in lives if both is not None],
    }


def report(found: dict) -> int:
    """Print the figures; 1 where a bar is missed."""
    eyes = f"{found['clouds']} clouds" if found["clouds"] else f"{len(found['steps'])} steps by the arm"
    print(f"{eyes}, {found['goals']} instructions: {found['ends']}")
    for reason, times in found["reasons"].items():
        print(f"    {times} times: {reason}")
    print(f"the next instruction was due before the one before had ended: {found['sent late']} times")
    seconds = found["seconds to the answer"] or [float("nan")]
    print(f"seconds to the answer, undisturbed: p50 {np.median(seconds):.2f}, p99 {np.percentile(seconds, 99):.2f}")
    growths: dict[str, list[float]] = {}
    for name, before, after in found["memory"]:
        growths.setdefault(name, []).append(after / before - 1)
        print(f"memory of a {name}: {before:.1f} MiB after its warm-up, {after:.1f} MiB at its end")
    slowest = max((took for _, took in found["recoveries"]), default=0.0)
    print(f"{len(found['recoveries'])} kills, {found['in flight at a kill']} instructions in flight at one")
    checks = {
        f"plans: {found['ends'].get('NONE', 0)}": found["ends"].get("NONE", 0) > 0.8 * found["goals"],
        f"missed: {found['missed']} ({found['missed, no kill']} without a kill)": found["missed, no kill"] == 0,
        f"errors without a kill: {found['errors, no kill']}": found["errors, no kill"] == 0,
        f"growth of memory in a life, mean (bar {100 * MAX_GROWTH:.0f} %): {_told(growths)}": bool(growths)
        and all(np.mean(of_lives) <= MAX_GROWTH for of_lives in growths.values()),
        f"slowest recovery {slowest:.1f} s (bar {RECOVERY:g} s)": slowest <= RECOVERY,
    }
    if not found["clouds"]:  # the simulator looked, and its arm had something to do after every plan
        good, count = sum(found["steps"]), len(found["steps"])
        checks[f"steps that succeeded: {good} of {count}"] = count > 0 and good >= SUCCEEDED * count
    for words, good in checks.items():
        print(f"{'ok  ' if good else 'NOT '} {words}")
    return 0 if all(checks.values()) else 1


def _told(growths: dict[str, list[float]]) -> str:
    """Mean and range of each node's growth."""
    return ", ".join(
        f"{name} {100 * np.mean(of_lives):+.1f} % ({100 * min(of_lives):+.1f} to {100 * max(of_lives):+.1f}, n={len(of_lives)})"
        for name, of_lives in growths.items()
    )


def main(argv=None) -> int:
    """Print the figures; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="length of the run (default 30)")
    parser.add_argument("--kill-every", type=float, default=60.0, help="seconds between kills, 0: none (default 60)")
    parser.add_argument("--respawn-delay", type=float, default=RESPAWN_DELAY, help="seconds until a new start")
    parser.add_argument("--checkpoint", default="default", help="name or folder, or tiny for a random one")
    parser.add_argument("--arm", action="store_true", help="the simulator looks, and its arm carries out every plan")
    parser.add_argument("--camera", default="front", help="of the embedded world, where it is not --arm")
    parser.add_argument("--seed", type=int, default=0, help="of the kills (default 0)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args(argv)
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    with tempfile.TemporaryDirectory() as folder:
        bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        return soak(options, Path(folder), domain, bytecode)


def _camera(name: str):
    """View of a camera of the embedded world, and its place as the voxelizer's parameter says it."""
    from benchmarks._scene import embedded_views
    from moe3d_ros.world.geometry import matrix_to_quaternion

    (view,) = embedded_views((name,))
    numbers = [*view.T_base_camera[:3, 3], *matrix_to_quaternion(view.T_base_camera[:3, :3])]
    return view, ["base_link camera " + " ".join(f"{value:.6f}" for value in numbers)]


def soak(options, folder: Path, domain: OwnDomain, bytecode: dict[str, str]) -> int:
    """Run it in a folder for logs, a tiny model and bytecode; the exit code."""
    with Nodes(folder, {**domain.environment(), **bytecode}) as nodes:
        checkpoint = options.checkpoint
        if checkpoint == "tiny":
            from moe3d_ros.model.tiny import write_tiny_checkpoint

            checkpoint = str(write_tiny_checkpoint(folder / "tiny"))

        view, where = (None, [""]) if options.arm else _camera(options.camera)

        def start(name: str) -> None:
            if name == "planner":
                nodes.start(name, checkpoint=checkpoint)
            else:
                nodes.start(name, static_transforms=where)

        if options.arm:
            nodes.start(SIMULATOR, rate=RATE, auto_execute=True)
        for name in NAMES:
            start(name)
        try:
            delay = options.respawn_delay
            found = run(nodes, start, view, options.minutes, options.kill_every, delay, options.seed)
        except BaseException:
            for name in nodes.pids():
                print(f"--- {name}\n{nodes.log_file(name).read_text(errors='replace')[-3000:]}")
            raise
    domain.close()
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2), encoding="utf-8")
    return report(found)


if __name__ == "__main__":
    raise SystemExit(main())

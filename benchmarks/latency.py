"""Overhead of ROS without the model: from a cloud of 640x480 to its voxels, and from a plan to its last message.

    python -m benchmarks latency [--seconds 30] [--rate 15] [--core 0] [--json out.json]

The measured process is held to one core. `in the node`: from the callback that gets the cloud to the return of the
publisher. `topic to topic`: from the stamp that a camera in another process gives the cloud just before it publishes to
the arrival of the voxels there, so with the transport of 5 MB both ends of which are counted; where something else
computes on the machine this is the first to suffer, so CPU time is shown too. `plan to goal_pose`: from the plan as the
model returns it to the arrival of the last of its messages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.voxelizer import time_node

MEDIAN, P99 = 15.0, 30.0  # milliseconds
PLANS = 300


def time_plans() -> dict[str, list[float]]:
    """Wall and CPU milliseconds from a plan to the arrival of its last message, in this process."""
    import rclpy
    from geometry_msgs.msg import PoseStamped
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.lifecycle import LifecycleNode

    from moe3d_ros.nodes.planning.plan_outputs import PlanOutputs
    from moe3d_ros.nodes.runtime.conversions import header
    from moe3d_ros.plan import Action, Plan
    from moe3d_ros.world.geometry import pose_from_xyz_yaw

    rclpy.init()
    node, listener = LifecycleNode("plans"), rclpy.create_node("listener")
    outputs, came = PlanOutputs(node), []
    node.trigger_configure()
    node.trigger_activate()
    listener.create_subscription(PoseStamped, "goal_pose", came.append, 10)
    executor = SingleThreadedExecutor()
    executor.add_node(listener)
    pick, place = pose_from_xyz_yaw((0.5, 0.1, 0.04), 0.3), pose_from_xyz_yaw((0.4, -0.2, 0.05), 0.0)
    text = "pick the red block, place it in the green bowl"
    steps = [Action(i, "pick_place", "red block", "in the green bowl", pick, place, 0.9, text) for i in range(4)]
    plan = Plan("put the red block in the green bowl", tuple(steps), False, {"language": 1.0})
    wall, cpu = [], []
    end_of_start = time.monotonic() + 60
    while listener.count_publishers("goal_pose") == 0 and time.monotonic() < end_of_start:
        executor.spin_once(timeout_sec=0.1)
    for number in range(PLANS + 20):
        count, start, used = len(came), time.perf_counter(), time.process_time()
        head = header("base_link", node.get_clock().now().to_msg())
        outputs.show(plan, head, 0.0)
        outputs.release(plan, head)
        while len(came) == count:
            executor.spin_once(timeout_sec=1.0)
            if time.perf_counter() - start > 5.0:
                raise RuntimeError("goal_pose did not come back")
        if number >= 20:  # until both ends have found each other
            wall.append(1e3 * (time.perf_counter() - start))
            cpu.append(1e3 * (time.process_time() - used))
    rclpy.shutdown()
    return {"wall": wall, "cpu": cpu}


def main(argv=None) -> int:
    """Print median and p99; exit code 1 where the node itself or a plan's way out misses a bar."""
    parser = argparse.ArgumentParser(prog="benchmarks latency", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the run (default 30)")
    parser.add_argument("--rate", type=float, default=15.0, help="clouds a second (default 15)")
    parser.add_argument("--core", type=int, default=0, help="core that is measured (default 0)")
    parser.add_argument("--json", help="write the figures to this file too")
    parser.add_argument("--plans", action="store_true", help=argparse.SUPPRESS)  # the part in a process of its own
    options = parser.parse_args(argv)
    if options.plans:
        os.sched_setaffinity(0, {options.core})
        print(json.dumps(time_plans()))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times.json"
        os.environ["TIMES"] = str(times)
        node = time_node(options.rate, options.seconds, options.core, "benchmarks._timed_voxelizer")
        inside, used = 1e3 * np.array(json.loads(times.read_text()))[-int(node["counted"]) :].T
    command = [sys.executable, "-m", "benchmarks", "latency", "--plans", "--core", str(options.core)]
    plans = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    rows = {"cloud to voxels, in the node": inside, "plan to goal_pose": plans["wall"]}
    print(f"{'milliseconds':<34}{'count':>6}{'median':>8}{'p99':>8}")
    busy = {"cloud to voxels, in the node, CPU": used, "plan to goal_pose, CPU": plans["cpu"]}
    for name, values in {**rows, **busy}.items():
        print(f"{name:<34}{len(values):6d}{np.median(values):8.2f}{np.percentile(values, 99):8.2f}")
    topic = node["latency median (ms)"], node["latency p99 (ms)"]
    print(f"{'cloud to voxels, topic to topic':<34}{int(node['counted']):6d}{topic[0]:8.2f}{topic[1]:8.2f}")
    cpu, answered = node["CPU time per cloud (ms)"], 100 * node["answered"]
    print(f"CPU time of the node per cloud, transport and all: {cpu:.1f} ms; {answered:.1f} % answered")
    good = all(np.median(v) <= MEDIAN and np.percentile(v, 99) <= P99 for v in rows.values())
    words, too = "yes" if good else "no", "yes" if topic[0] <= MEDIAN and topic[1] <= P99 else "no"
    print(f"median within {MEDIAN:g} ms and p99 within {P99:g} ms: {words} (topic to topic: {too})")
    if options.json:
        figures = {"in the node": inside.tolist(), "in the node, CPU": used.tolist(), "plans": plans, "topic": node}
        Path(options.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

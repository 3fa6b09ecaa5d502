"""Throughput of the voxelizer on one core at 640x480: each stage alone, then the node as a process at the camera's rate.

    python -m benchmarks voxelizer [--rate 15] [--seconds 10] [--json out.json]

The node is held to one core. The last line says whether it keeps up: a voxel cloud for (nearly) every cloud sent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np

from moe3d_ros.processes import OwnDomain
from moe3d_ros.sensing.clouds import XYZRGB_FIELDS, XYZRGB_STEP, depth_to_points, pack_cloud, read_cloud
from moe3d_ros.sensing.expectations import measure
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.workspace import Workspace

INTRINSICS = np.array([[450.0, 0, 319.5], [0, 450.0, 239.5], [0, 0, 1]])
CAMERA_POSE = "0.5 0 0.9 1 0 0 0"  # above the table, looking down
CAMERA = np.array([[1.0, 0, 0, 0.5], [0, -1, 0, 0], [0, 0, -1, 0.9], [0, 0, 0, 1]])


def table_image(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A depth image (480, 640) of a table with blocks in metres, holes as NaN, and its colours (480, 640, 3)."""
    rng = np.random.default_rng(seed)
    depth = 0.9 + rng.normal(0, 0.002, (480, 640)).astype(np.float32)
    color = np.full((480, 640, 3), (90, 77, 66), np.uint8)
    for _ in range(8):
        row, column = rng.integers(50, 400), rng.integers(50, 560)
        depth[row : row + 25, column : column + 25] -= 0.04
        color[row : row + 25, column : column + 25] = rng.integers(0, 255, 3)
    depth[rng.random(depth.shape) < 0.05] = np.nan
    return depth.astype(np.float32), color


def cloud_like(points: np.ndarray, colors: np.ndarray) -> SimpleNamespace:
    """The fields of a PointCloud2 that reading a cloud needs."""
    fields = [SimpleNamespace(name=n, offset=o, datatype=t, count=1) for n, o, t in XYZRGB_FIELDS]
    return SimpleNamespace(
        height=1,
        width=len(points),
        point_step=XYZRGB_STEP,
        row_step=XYZRGB_STEP * len(points),
        is_bigendian=False,
        fields=fields,
        data=pack_cloud(points, colors),
    )


def time_stages(repeats: int = 30) -> dict[str, float]:
    """Median milliseconds of each stage in this process."""
    depth, color = table_image()
    msg = cloud_like(depth_to_points(depth, INTRINSICS), color.reshape(-1, 3))
    points, colors = read_cloud(msg)
    voxels = voxelize(points, colors, transform=CAMERA)
    stages = {
        "depth to points": lambda: depth_to_points(depth, INTRINSICS),
        "read cloud": lambda: read_cloud(msg),
        "measure units and table": lambda: measure(points, CAMERA, Workspace()),
        "transform and voxelize": lambda: voxelize(points, colors, transform=CAMERA),
        "pack voxels": lambda: pack_cloud(*voxels),
    }
    medians = {}
    for name, run in stages.items():
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        medians[name] = 1e3 * float(np.median(times))
    return medians


def time_node(
    rate: float, seconds: float, core: int | None, module: str = "moe3d_ros.nodes.voxelizer", best_effort: bool = False
) -> dict[str, float]:
    """Run the node as a process and feed it clouds: rate out, end-to-end latency, its own stages from /diagnostics."""
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.executors import ExternalShutdownException
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from sensor_msgs.msg import PointCloud2

    from moe3d_ros.nodes.runtime.conversions import header, stamp_ns
    from moe3d_ros.nodes.runtime.qos import CLOUD
    from moe3d_ros.nodes.seams.clouds import cloud_to_msg

    reliability = ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
    command = [
        sys.executable,
        "-m",
        module,
        "--ros-args",
        "-r",
        "__ns:=/benchmark",
        "-p",
        f"static_transforms:=['base_link overhead {CAMERA_POSE}']",
    ]
    process = subprocess.Popen(command, env=dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    rclpy.init()
    node = rclpy.create_node("voxelizer_benchmark")
    latencies, values, first = [], {}, threading.Event()

    def on_voxels(msg) -> None:
        latencies.append((node.get_clock().now().nanoseconds - stamp_ns(msg.header.stamp)) / 1e6)
        first.set()

    def on_diagnostics(msg) -> None:
        for status in msg.status:
            if "benchmark/voxelizer" in status.name:
                values.update({v.key: float(v.value) for v in status.values if "(ms)" in v.key})

    node.create_subscription(PointCloud2, "/benchmark/voxels", on_voxels, CLOUD)
    node.create_subscription(DiagnosticArray, "/diagnostics", on_diagnostics, 10)
    publisher = node.create_publisher(PointCloud2, "/benchmark/points", QoSProfile(depth=5, reliability=reliability))

    def spin() -> None:
        with contextlib.suppress(ExternalShutdownException):
            rclpy.spin(node)

    spinner = threading.Thread(target=spin, daemon=True)
    spinner.start()
    depth, color = table_image()
    msg = cloud_to_msg(
        depth_to_points(depth, INTRINSICS), color.reshape(-1, 3), header("overhead", node.get_clock().now().to_msg())
    )
    try:
        sent = 0
        end_of_start = time.monotonic() + 60
        while not first.is_set():  # until both ends have found each other
            if time.monotonic() > end_of_start or process.poll() is not None:
                raise RuntimeError("the voxelizer did not answer within a minute: is ROS 2 set up in this shell?")
            msg.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(msg)
            first.wait(0.5)
        time.sleep(2.0)  # what is under way arrives, and the subscription settles
        latencies.clear()
        start, cpu = time.monotonic(), cpu_seconds(process.pid)
        while time.monotonic() - start < seconds:
            msg.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(msg)
            sent += 1
            time.sleep(max(0.0, start + sent / rate - time.monotonic()))
        elapsed, cpu = time.monotonic() - start, cpu_seconds(process.pid) - cpu
        time.sleep(1.0)
        if not latencies:
            raise RuntimeError("no voxels came back")
        return {
            "sent per second": sent / elapsed,
            "share of the core": cpu / elapsed,
            "CPU time per cloud (ms)": 1e3 * cpu / len(latencies),
            "voxel clouds per second": len(latencies) / elapsed,
            "answered": len(latencies) / sent,
            "counted": len(latencies),
            "latency median (ms)": float(np.median(latencies)),
            "latency p99 (ms)": float(np.percentile(latencies, 99)),
            **{f"node: {key}": value for key, value in sorted(values.items())},
        }
    finally:
        process.terminate()
        process.wait(20)
        rclpy.shutdown()
        spinner.join(5)
        domain.close()


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(argv=None) -> int:
    """Print rate and latency per stage; exit code 1 where fewer than 95 % of the clouds were answered."""
    parser = argparse.ArgumentParser(prog="benchmarks voxelizer", description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=15.0, help="clouds a second (default 15)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the run (default 10)")
    parser.add_argument("--best-effort", action="store_true", help="a camera that sends each cloud only once")
    parser.add_argument("--core", type=int, default=0, help="core that the node is held to, -1 for any (default 0)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args(argv)

    stages = time_stages()
    print("stage alone, median of 30, 640x480")
    for name, milliseconds in stages.items():
        print(f"  {name:<24}{milliseconds:8.2f} ms")
    core = None if options.core < 0 else options.core
    node = time_node(options.rate, options.seconds, core, best_effort=options.best_effort)
    print(f"node on one core at {options.rate:g} Hz for {options.seconds:g} s")
    for name, value in node.items():
        print(f"  {name:<36}{value:8.2f}")
    kept_up = node["answered"] >= 0.95
    print(f"keeps up with {options.rate:g} Hz: {'yes' if kept_up else 'no'} ({100 * node['answered']:.1f} % answered)")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"stages_ms": stages, "node": node, "keeps_up": kept_up}, file, indent=2)
    return 0 if kept_up else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Hostile messages at real nodes over real DDS: nothing crashes, no pose leaves, and the next good request is answered.

    python -m benchmarks fuzz [--messages 20000] [--rate 100] [--round 500] [--checkpoint default] [--seed 0]

A planner and two voxelizers (clouds; depth images) run as processes. Rounds of clouds, images, camera_infos and bytes
that are not messages alternate with rounds of texts that are not instructions, while the camera shows a good scene.
After each round of the first kind a good instruction must be refused for lack of a scene; after every round a good
cloud must give voxels from both voxelizers, and a good instruction a plan. See _fuzzing/hostile.py for what is sent.
"""

from __future__ import annotations

import argparse
import collections
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks._fuzzing import hostile
from moe3d_ros.processes import Nodes, OwnDomain

MAX_AGE = 5.0  # seconds: how long a good cloud counts
PATIENCE = 120.0  # seconds
POSES = ("planned_action", "pick_pose", "place_pose", "goal_pose")
DEPTH = ("depth/image_rect", "depth/camera_info", "rgb/image_rect_color")


class Attack:
    """Clients of the nodes, in this process."""

    def __init__(self, node, seed: int):
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import PoseStamped
        from rclpy.action import ActionClient
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import CameraInfo, Image, PointCloud2
        from std_msgs.msg import String

        from moe3d_ros.action import PlanTask
        from moe3d_ros.msg import PlannedAction
        from moe3d_ros.nodes.runtime.qos import CLOUD

        self.node, self.rng = node, np.random.default_rng(seed)
        self.sent, self.poses, self.totals = collections.Counter(), 0, {}
        self._came = threading.Condition()
        self._newest = {}  # stamp in nanoseconds of the newest voxels of a good size, by namespace
        kinds = {
            "fuzz/points": PointCloud2,
            "fuzz/voxels": PointCloud2,
            "fuzz/instruction": String,
            **{f"fuzz_depth/{topic}": kind for topic, kind in zip(DEPTH, (Image, CameraInfo, Image))},
        }
        self._out = {topic: (node.create_publisher(kind, f"/{topic}", CLOUD), kind) for topic, kind in kinds.items()}
        for name in POSES:
            kind = PlannedAction if name == "planned_action" else PoseStamped
            node.create_subscription(kind, f"/fuzz/{name}", self._on_pose, QoSProfile(depth=100))
        for space in ("fuzz", "fuzz_depth"):
            node.create_subscription(
                PointCloud2, f"/{space}/voxels", lambda msg, space=space: self._on_voxels(space, msg), CLOUD
            )
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 50)
        self.actions = ActionClient(node, PlanTask, "/fuzz/plan_task")

    # --- what the nodes say

    def _on_pose(self, _) -> None:
        self.poses += 1

    def _on_voxels(self, space: str, msg) -> None:
        if msg.width > 100:
            from moe3d_ros.nodes.runtime.conversions import stamp_ns

            with self._came:
                self._newest[space] = stamp_ns(msg.header.stamp)
                self._came.notify_all()

    def _on_diagnostics(self, msg) -> None:
        for status in msg.status:
            for value in status.values:
                if value.key.endswith(" total"):
                    self.totals[status.name.split(":")[0], value.key.removesuffix(" total")] = int(value.value)

    def handled(self, space: str) -> int:
        """Clouds that a voxelizer has worked on so far, as it says itself."""
        return self.totals.get((f"{space}/voxelizer", "input"), 0)

    # --- what is sent

    def now(self) -> int:
        return self.node.get_clock().now().nanoseconds

    def _header(self, frame: str, stamp: tuple[int, int]):
        from builtin_interfaces.msg import Time
        from std_msgs.msg import Header

        return Header(frame_id=frame, stamp=Time(sec=stamp[0], nanosec=stamp[1]))

    def _send(self, topic: str, msg) -> None:
        self._out[topic][0].publish(msg)

    def _message(self, topic: str, plain, head=None):
        from sensor_msgs.msg import PointField

        msg = hostile.fill(self._out[topic][1](), plain, PointField)
        if head is not None:
            msg.header = head
        return msg

    def hostile_sight(self) -> None:
        """One hostile message in the place of a cloud, of voxels, of one of a depth camera's three, or of any."""
        rng = self.rng
        kinds, shares = ("points", "voxels", "depth", "info", "color", "bytes"), (0.35, 0.1, 0.15, 0.15, 0.1, 0.15)
        kind = kinds[rng.choice(len(kinds), p=shares)]
        self.sent[kind] += 1
        stamp = hostile.stamp(rng, self.now())
        if kind in ("points", "voxels"):
            good = "overhead" if kind == "points" else "base_link"
            head = self._header(hostile.frame(rng, good), stamp)
            self._send(f"fuzz/{kind}", self._message(f"fuzz/{kind}", hostile.cloud(rng), head))
        elif kind == "bytes":
            from rclpy.serialization import serialize_message

            topic = list(self._out)[rng.integers(len(self._out))]
            plain = {"points": hostile.cloud, "voxels": hostile.cloud, "camera_info": hostile.camera_info}
            make = plain.get(topic.rsplit("/", 1)[1], hostile.image)
            msg = self._out[topic][1]() if topic.endswith("instruction") else self._message(topic, make(rng))
            self._send(topic, hostile.broken_bytes(rng, serialize_message(msg)))
        else:
            self._send_images(self._header(hostile.frame(rng, "overhead"), stamp), kind)

    def _send_images(self, head, hostile_one: str = "") -> None:
        """A depth camera's three messages, one of which may be hostile."""
        from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, image_to_msg

        rng, (depth, info, color) = self.rng, (f"fuzz_depth/{topic}" for topic in DEPTH)
        height, width = shape = hostile.SIZE if hostile_one else (60, 80)
        focal = 5.0 if hostile_one else 75.0
        intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        far = 5.0 if hostile_one else 0.9  # the table, on which the planning frame stands
        image = image_to_msg(np.full(shape, far, np.float32), "32FC1", head)
        shades = image_to_msg(np.full((*shape, 3), 90, np.uint8), "rgb8", head)
        about = camera_info_to_msg(intrinsics, width, height, head)
        if hostile_one == "depth":
            image = self._message(depth, hostile.image(rng), head)
        elif hostile_one == "color":
            shades = self._message(color, hostile.image(rng, "rgb8"), head)
        elif hostile_one == "info":
            about = self._message(info, hostile.camera_info(rng), head)
        for topic, msg in ((info, about), (color, shades), (depth, image)):
            self._send(topic, msg)

    def hostile_words(self) -> None:
        """One text that is no instruction."""
        from std_msgs.msg import String

        self.sent["instruction"] += 1
        self._send("fuzz/instruction", String(data=hostile.text(self.rng)))

    def look(self, scene) -> None:
        """Send what a good camera sends: a cloud and the three messages of a depth camera."""
        from moe3d_ros.nodes.seams.clouds import cloud_to_msg

        self._send("fuzz/points", cloud_to_msg(*scene, self._header("base_link", divmod(self.now(), 10**9))))
        self._send_images(self._header("overhead", divmod(self.now(), 10**9)))

    def wait_for_voxels(self, since_ns: int) -> bool:
        """Wait until both voxelizers have sent newer voxels; False at the timeout."""
        with self._came:
            return self._came.wait_for(
                lambda: all(self._newest.get(space, 0) > since_ns for space in ("fuzz", "fuzz_depth")), PATIENCE
            )


def attack(nodes: Nodes, messages: int, rate: float, length: int, seed: int) -> dict:
    """Send all messages in rounds of ``length``; what came of it. Raises ProcessError where a node has ended."""
    import rclpy

    from benchmarks._scene import INSTRUCTION, Spinner, table_with_blocks, wait
    from moe3d_ros.action import PlanTask
    from moe3d_ros.plan import ErrorCode

    rclpy.init()
    node = rclpy.create_node("fuzz")
    found = {"poses": 0, "refused": collections.Counter(), "unanswered": [], "peak MiB": {}, "handled": 0, "clouds": 0}
    scene = table_with_blocks()
    try:
        with Spinner(node) as spinner:
            world = Attack(node, seed)
            if not world.actions.wait_for_server(PATIENCE):
                raise TimeoutError("the planner did not start: is ROS 2 set up in this shell?")

            def ask():
                handle = wait(spinner.do(lambda: world.actions.send_goal_async(PlanTask.Goal(instruction=INSTRUCTION))))
                return wait(spinner.do(handle.get_result_async)).result

            def good_request(which: str) -> None:
                start, before = world.now(), world.poses
                timer = node.create_timer(0.1, lambda: world.look(scene))
                try:
                    seen = world.wait_for_voxels(start)
                    result = ask()
                finally:
                    node.destroy_timer(timer)
                if not seen or result.error_code or not result.plan.actions:
                    code = ErrorCode(result.error_code).name
                    found["unanswered"].append(f"{which}: voxels {seen}, {code} {result.error_msg}")
                else:  # its own poses are no part of what follows
                    end = time.monotonic() + PATIENCE
                    while world.poses < before + len(POSES) and time.monotonic() < end:
                        time.sleep(0.02)
                nodes.check()
                for name, pid in nodes.pids().items():
                    found["peak MiB"].setdefault(name, []).append(peak_mib(pid))

            good_request("before")
            sent, number = 0, 0
            while sent < messages:
                words = number % 3 == 2  # one round in three
                count, poses = min(length, messages - sent), world.poses
                handled = world.handled("fuzz") + world.handled("fuzz_depth")
                begin, clouds = time.monotonic(), sum(world.sent[k] for k in ("points", "depth", "info", "color"))
                timer = node.create_timer(0.2, lambda: world.look(scene)) if words else None
                for index in range(count):
                    world.hostile_words() if words else world.hostile_sight()
                    time.sleep(max(0.0, begin + index / rate - time.monotonic()))
                if words:
                    node.destroy_timer(timer)
                    time.sleep(1.0)  # a pose that was on its way would have come
                else:
                    end = max(time.monotonic() + 0.5, begin + MAX_AGE + 1.5)  # nor does a good cloud from before count
                    while time.monotonic() < end:  # and totals have come on /diagnostics
                        time.sleep(0.1)
                    result = ask()
                    found["refused"][ErrorCode(result.error_code).name] += 1
                    found["clouds"] += sum(world.sent[k] for k in ("points", "depth", "info", "color")) - clouds
                    found["handled"] += world.handled("fuzz") + world.handled("fuzz_depth") - handled
                found["poses"] += world.poses - poses
                sent, number = sent + count, number + 1
                good_request(f"after {sent}")
                if number % 10 == 0 or sent == messages:
                    print(f"{sent:7d} sent, {found['poses']} poses, {len(found['unanswered'])} unanswered", flush=True)
            found["sent"] = dict(world.sent)
    finally:
        rclpy.try_shutdown()
    return found


def peak_mib(pid: int) -> float:
    """The most memory that a process has held so far, MiB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main(argv=None) -> int:
    """Print what came of it; exit code 1 where a pose left, a good request went unanswered, or a node ended."""
    parser = argparse.ArgumentParser(prog="benchmarks fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000, help="hostile messages (default 20000)")
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second (default 100)")
    parser.add_argument("--round", type=int, default=500, help="messages between two good requests (default 500)")
    parser.add_argument("--checkpoint", default="default", help="name or folder, or tiny for a random one")
    parser.add_argument("--seed", type=int, default=0, help="of the messages (default 0)")
    options = parser.parse_args(argv)
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    with tempfile.TemporaryDirectory() as folder, Nodes(Path(folder), domain.environment()) as nodes:
        checkpoint = options.checkpoint
        if checkpoint == "tiny":
            from moe3d_ros.model.tiny import write_tiny_checkpoint

            checkpoint = str(write_tiny_checkpoint(Path(folder) / "tiny"))
        above = {"static_transforms": ["base_link overhead 0.5 0 0.9 1 0 0 0"]}
        nodes.start("planner", namespace="fuzz", checkpoint=checkpoint, max_cloud_age=MAX_AGE, cloud_wait=1.0)
        nodes.start("voxelizer", namespace="fuzz", **above)
        module = "moe3d_ros.nodes.voxelizer"
        nodes.start("voxelizer of images", module, namespace="fuzz_depth", input="depth", **above)
        try:
            found = attack(nodes, options.messages, options.rate, options.round, options.seed)
        except BaseException:
            for name in nodes.pids():
                print(f"--- {name}\n{nodes.log_file(name).read_text(errors='replace')[-3000:]}")
            raise
        logged = {name: nodes.log_file(name).stat().st_size / 1024 for name in nodes.pids()}
    domain.close()
    return report(found, logged)


def report(found: dict, logged: dict[str, float]) -> int:
    """Print what came of it; 1 where it is not as it should be."""
    print("sent: " + ", ".join(f"{count} {kind}" for kind, count in sorted(found["sent"].items())))
    print(f"worked on by the voxelizers: {found['handled']} of {found['clouds']} clouds and sets of images")
    print("good instruction without a scene: " + ", ".join(f"{n} {name}" for name, n in found["refused"].items()))
    for name, peaks in found["peak MiB"].items():
        print(f"{name}: at most {peaks[0]:.0f} MiB before, {peaks[-1]:.0f} MiB in all; {logged[name]:.0f} KiB of log")
    for line in found["unanswered"]:
        print(f"UNANSWERED {line}")
    accepted = found["refused"]["NONE"]
    good = not found["poses"] and not found["unanswered"] and not accepted
    print(
        f"{sum(found['sent'].values())} hostile messages: no node ended, {found['poses']} poses published, "
        f"{len(found['unanswered'])} good requests unanswered, {accepted} plans without a scene"
    )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Shared parts of the planner's benchmarks: a client with a camera in this process, and a scene."""

from __future__ import annotations

import threading

import numpy as np
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import PointCloud2

from moe3d_ros.action import PlanTask
from moe3d_ros.nodes.runtime.conversions import header
from moe3d_ros.nodes.runtime.executor import ThreadedExecutor
from moe3d_ros.nodes.runtime.qos import CLOUD
from moe3d_ros.nodes.runtime.run import spin
from moe3d_ros.nodes.seams.clouds import cloud_to_msg
from moe3d_ros.sensing.voxels import voxelize

INSTRUCTION = "put the red block in the green bowl"
PATIENCE = 120.0  # seconds


def embedded_views(cameras=("front", "left", "right")) -> list:
    """Views of cameras of 640x480 on the embedded world with a red block and a green bowl, with a sensor's noise."""
    from moe3d_ros.tabletop.scenes.wanted_scenes import scene_with
    from moe3d_ros.tabletop.simulation.physics import TabletopWorld

    world = TabletopWorld(scene_with(["red block", "green bowl"], 0))
    try:
        return world.render(cameras, 640, 480, noise=np.random.default_rng(0))
    finally:
        world.close()


def table_with_blocks() -> tuple[np.ndarray, np.ndarray]:
    """Voxels of that world: points (N, 3) metres in the planning frame, colours (N, 3) uint8."""
    clouds = [view.cloud() for view in embedded_views()]
    return voxelize(np.concatenate([points for points, _ in clouds]), np.concatenate([colors for _, colors in clouds]))


class Spinner:
    """Spins a node in a thread while a ``with`` block runs; a client needs an executor of one thread."""

    def __init__(self, node, threads: int = 1):
        self._executor = SingleThreadedExecutor() if threads == 1 else ThreadedExecutor(threads)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=spin, args=(self._executor, node.get_logger()), daemon=True)

    def __enter__(self) -> Spinner:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._executor.shutdown(timeout_sec=5.0)
        self._thread.join(5.0)

    def do(self, function):
        """Call a function in the executor, since rclpy loses a response that comes before its request is noted."""
        return wait(self._executor.create_task(function))


def wait(future):
    """The result of one of rclpy's futures. Raises TimeoutError."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    if not done.wait(PATIENCE):
        raise TimeoutError(f"no answer within {PATIENCE:.0f} s")
    return future.result()


class Client:
    """Sends voxels as a camera does, and goals."""

    def __init__(self, node, rate: float = 15.0):
        self.node = node
        self.actions = ActionClient(node, PlanTask, "plan_task")
        self._voxels = node.create_publisher(PointCloud2, "voxels", CLOUD)
        self._scene = table_with_blocks()
        self._timer = node.create_timer(1.0 / rate, self._look)

    def _look(self) -> None:
        self._voxels.publish(cloud_to_msg(*self._scene, header("base_link", self.node.get_clock().now().to_msg())))

    def wait_for_planner(self) -> None:
        """Wait until goals reach the planner. Raises TimeoutError."""
        if not self.actions.wait_for_server(PATIENCE):
            raise TimeoutError("the planner did not start: is ROS 2 set up in this shell?")

    def goal(self, spinner: Spinner, instruction: str = INSTRUCTION):
        """Send a goal; its handle."""
        goal = PlanTask.Goal(instruction=instruction)
        return wait(spinner.do(lambda: self.actions.send_goal_async(goal)))

    def result(self, spinner: Spinner, handle):
        """A future of the goal's end."""
        return spinner.do(handle.get_result_async)

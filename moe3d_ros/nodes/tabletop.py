"""The tabletop node: the embedded MuJoCo world as camera and robot, in a process of its own.

Publishes what its cameras see as one cloud in the planning frame on `points`, and the first camera's depth, colour and
intrinsics in that camera's optical frame, whose static transform it publishes too. The service `execute` picks and
places as the last `planned_action` says, judges by the rules of TABLETOP whether what its words say is now so, and
reports in a sentence and, as JSON, on `executed`. The world stands still between two executions, so it is rendered once
after each. An arm does it, unless `arm` is false: joint_states, /tf and robot_description show it while it moves. With `task` the
table is that of a long task, and each report tells how many of its goals are reached.
"""

from __future__ import annotations

import json
import threading

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Empty, String
from std_srvs.srv import Trigger

from moe3d_ros.msg import PlannedAction
from moe3d_ros.nodes.arm_outputs import ArmOutputs, Onlooker
from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, header, image_to_msg, pose_from_msg
from moe3d_ros.nodes.runtime.diagnostics import OK, PLANNED_ACTION, WARN, Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import TABLETOP
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.qos import CLOUD, EVENT
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.seams.clouds import cloud_to_msg
from moe3d_ros.nodes.seams.transforms import StaticTransformSender
from moe3d_ros.sensing.clouds import depth_to_points, transform_points
from moe3d_ros.tabletop.scenes.wanted_scenes import find_scene
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.simulation.reported_step import reported_step
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.tasks.spoken import said_task
from moe3d_ros.view.film import Film
from moe3d_ros.world.gripper_names import SUCTION

CROP_MARGIN = 0.25  # metres around the workspace that the cloud shows


def _check_gripper(values: dict) -> None:
    """Raise ValueError for a gripper without the arm that carries it."""
    if not values["arm"] and values["gripper"] != SUCTION:
        raise ValueError(f"The parameter gripper is '{values['gripper']}', which only an arm has: set arm to true.")


class Tabletop(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self):
        super().__init__("tabletop")
        self._settings = settings = Parameters(self, TABLETOP, _check_gripper)
        settings.check()
        seed, rate = settings["seed"], settings["rate"]
        self._size = settings["width"], settings["height"]
        self._frame = settings["planning_frame"]
        self._names = settings["cameras"]
        self._rng = np.random.default_rng(seed)
        self._task: LongTask | None = None
        if settings["task"]:
            self._task, self._scene = said_task(settings["task"], seed)
            table = f"for '{settings['task']}', seed {seed}"
        else:
            number, self._scene = find_scene(settings["contains"], seed)
            table = f"random scene {number}{_wanted(settings['contains'], seed)}"
        self._lock = threading.Lock()  # the engine serves one caller at a time
        self._world = TabletopWorld(self._scene, arm=settings["arm"], gripper=settings["gripper"])
        self._next_action: PlannedAction | None = None
        robot = self.get_namespace().strip("/").replace("/", "_")  # /tf is shared by all namespaces
        self._optical_frame = f"{robot}_{self._names[0]}_camera_optical_frame".lstrip("_")

        self._points = self.create_publisher(PointCloud2, "points", CLOUD)
        self._depth = self.create_publisher(Image, "depth/image_rect", CLOUD)
        self._info = self.create_publisher(CameraInfo, "depth/camera_info", CLOUD)
        self._color = self.create_publisher(Image, "rgb/image_rect_color", CLOUD)
        self._executed = self.create_publisher(String, "executed", EVENT)
        self._reached = self.create_publisher(Empty, "goal_reached", EVENT)
        self._sender = StaticTransformSender(self)
        arm, prefix = self._world.arm, f"{robot}_" if robot else ""
        self._arm = None if arm is None else ArmOutputs(self, arm, self._sender, self._frame, prefix)
        self._world.watch = self._onlooker = Onlooker(self._arm, Film(settings["film"]) if settings["film"] else None)
        self._diagnostics = Diagnostics(self, "tabletop", "tabletop")
        self._look()

        group = MutuallyExclusiveCallbackGroup()  # executing and publishing take turns
        self.create_subscription(PlannedAction, "planned_action", self._on_action, EVENT, callback_group=group)
        self.create_service(Trigger, "execute", self._on_execute, callback_group=group)
        self.create_timer(1.0 / rate, self._send, callback_group=group)
        things = ", ".join(thing.name for thing in self._scene.objects)
        self.get_logger().info(f"On the table ({table}): {things}")
        self._diagnostics.report(OK, "working")

    def close(self) -> None:
        """Release the physics engine, once what is being done is done, at any speed."""
        self._onlooker.close()
        with self._lock:
            self._world.close()

    def _look(self) -> None:
        """Render the cameras and prepare their messages."""
        with self._lock:
            views = self._world.render(self._names, *self._size, noise=self._rng)
        points = np.concatenate([transform_points(v.T_base_camera, depth_to_points(v.depth, v.K)) for v in views])
        colors = np.concatenate([view.rgb.reshape(-1, 3) for view in views])
        seen = self._scene.workspace.contains(points, margin=CROP_MARGIN)  # false for NaN
        now = self.get_clock().now().to_msg()
        first = views[0]
        optical = header(self._optical_frame, now)
        self._sender.send(self._frame, self._optical_frame, first.T_base_camera)
        self._messages = (
            (self._points, cloud_to_msg(points[seen], colors[seen], header(self._frame, now))),
            (self._depth, image_to_msg(first.depth.astype(np.float32), "32FC1", optical)),
            (self._info, camera_info_to_msg(first.K, *self._size, optical)),
            (self._color, image_to_msg(first.rgb, "rgb8", optical)),
        )

    def _send(self) -> None:
        stamp = self.get_clock().now().to_msg()
        for publisher, msg in self._messages:
            msg.header.stamp = stamp
            if publisher.get_subscription_count():
                publisher.publish(msg)
        if self._arm is not None:
            self._arm.publish()
        self._diagnostics.count("output")

    def _on_action(self, msg: PlannedAction) -> None:
        self._next_action = msg
        self._diagnostics.count(PLANNED_ACTION)
        self._diagnostics.publish()  # at once: the demo waits for it
        if self._settings["auto_execute"]:
            self._execute()

    def _on_execute(self, _, response: Trigger.Response) -> Trigger.Response:
        if self._next_action is None:
            response.success, response.message = (
                False,
                "There is no planned_action to execute: send an instruction first.",
            )
        else:
            response.success, response.message = self._execute()
        return response

    def _execute(self) -> tuple[bool, str]:
        """Execute the last planned action once; (what its words say is now so, sentence)."""
        action, self._next_action = self._next_action, None
        self._onlooker.begin(action.text, self._settings["arm_speed"])
        with self._lock:
            report = reported_step(
                self._world,
                action.index,
                action.text,
                (action.target, action.destination),
                (pose_from_msg(action.pick), pose_from_msg(action.place)),
                self._task,
            )
            self._onlooker.end()
        success, message = report["success"], report["message"]
        self._look()
        self._send()
        if report["grasped"] and report["released"]:  # first: who hears the report may ask for the next plan at once
            for _ in ("pick", "place"):
                self._reached.publish(Empty())
        self._executed.publish(String(data=json.dumps(report)))
        self._diagnostics.report(OK if success else WARN, message)
        self.get_logger().info(f"Executed '{action.text}': {message}")
        return success, message


def _wanted(contains, seed: int) -> str:
    """Words for what a scene was chosen for."""
    return f", of those from seed {seed} on the first with {', '.join(contains)}" if any(contains) else ""


def main(args=None) -> int:
    """Entry point of the program `tabletop`."""
    return run_node(Tabletop, args)


if __name__ == "__main__":
    raise SystemExit(main())

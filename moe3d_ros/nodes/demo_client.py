"""The demo's side of ROS 2: waits for readiness, sends the instruction, has the plan executed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String
from std_srvs.srv import Trigger

from moe3d_ros.demonstration.executions import DemoError
from moe3d_ros.msg import TaskPlan
from moe3d_ros.nodes.runtime.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.runtime.conversions import plan_from_msg
from moe3d_ros.nodes.runtime.diagnostics import ERROR_NAME, GOAL_REACHED, PLANNED_ACTION, PROGRAM, values_of
from moe3d_ros.nodes.runtime.qos import EVENT, LATCHED
from moe3d_ros.nodes.runtime.run import spin
from moe3d_ros.nodes.seams.clouds import read_cloud
from moe3d_ros.nodes.seams.transforms import Transforms
from moe3d_ros.plan import ErrorCode, Plan
from moe3d_ros.sensing.clouds import transform_points

LIVENESS_PERIOD = 0.25  # seconds between looks at whether the nodes still live, while waiting for their messages


NO_ERROR = ErrorCode.NONE.name


@dataclass(frozen=True)
class Status:
    """A program's last words on /diagnostics, with their number among all that were heard."""

    number: int
    message: str
    values: dict[str, str]

    @property
    def failed(self) -> bool:
        """The last request ended with a numbered error, and not because of a newer one."""
        return self.values.get(ERROR_NAME, NO_ERROR) not in (NO_ERROR, ErrorCode.CANCELLED.name)

    def total(self, event: str) -> int:
        """Count of an event so far."""
        return int(self.values.get(f"{event} total", 0))


NO_STATUS = Status(0, "", {})


class DemoClient:
    """A node in the demo's own process, spun by a thread.

    Args:
        check: called while waiting; raises if a node has ended.
        frame: the planning frame.
    """

    def __init__(self, check: Callable[[], None], frame: str):
        self._check = check
        self._changed = threading.Condition()
        self._plans: list[tuple[float, Plan]] = []
        self._pick_times: list[float] = []
        self._reports: list[dict] = []
        self._points: PointCloud2 | None = None
        self._voxels: PointCloud2 | None = None
        self._status: dict[str, Status] = {}  # of each program
        self._executed = 0  # of the simulator's planned_actions, those executed on request, or received before
        self._heard = 0  # statuses
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("demo", context=self._context)
        listen = self._node.create_subscription
        listen(TaskPlan, "plan", self._on_plan, LATCHED)
        listen(PoseStamped, "pick_pose", self._on_pick, EVENT)
        listen(String, "executed", self._on_executed, EVENT)
        listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT)
        # A cloud is large: only the first is listened to.
        self._cloud_in = AdaptiveSubscription(self._node, PointCloud2, "points", self._on_points, None, "reliable")
        AdaptiveSubscription(self._node, PointCloud2, "voxels", self._on_voxels, None, "reliable")
        self._transforms = Transforms(self._node, frame, 10.0, [])
        self._instruction = self._node.create_publisher(String, "instruction", EVENT)
        self._execute = self._node.create_client(Trigger, "execute")
        self._replan = self._node.create_client(Trigger, "replan")
        self._tabletop = self._node.create_client(SetParameters, "tabletop/set_parameters")
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(
            target=spin, args=(self._executor, self._node.get_logger()), name="demo", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown(timeout_sec=1.0)
        self._thread.join(2.0)
        self._node.destroy_node()
        self._context.try_shutdown()

    # --- what is heard

    def _note(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _on_plan(self, msg: TaskPlan) -> None:
        self._note(lambda: self._plans.append((time.monotonic(), plan_from_msg(msg))))

    def _on_pick(self, _: PoseStamped) -> None:
        self._note(lambda: self._pick_times.append(time.monotonic()))

    def _on_executed(self, msg: String) -> None:
        self._note(lambda: self._reports.append(json.loads(msg.data)))

    def _on_points(self, msg: PointCloud2) -> None:
        self._cloud_in.close()
        self._note(lambda: setattr(self, "_points", msg))

    def _on_voxels(self, msg: PointCloud2) -> None:
        self._note(lambda: setattr(self, "_voxels", msg))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        def change():
            self._heard += 1
            for status in msg.status:
                values = values_of(status)
                self._status[values.get(PROGRAM, status.name)] = Status(self._heard, status.message, values)

        self._note(change)

    # --- waiting

    def _wait(self, ready: Callable[[], bool], what: str, timeout: float) -> None:
        """Wait until ``ready()``; woken by every message. Raises DemoError, or what ``check`` raises."""
        end = time.monotonic() + timeout
        while True:
            with self._changed:
                if self._changed.wait_for(ready, min(LIVENESS_PERIOD, max(end - time.monotonic(), 0.0))):
                    return
            self._check()
            if time.monotonic() >= end:
                raise DemoError(f"{what} within {timeout:.0f} s: see the logs of the nodes.")

    def wait_ready(self, simulator: bool, timeout: float) -> None:
        """Wait until the model is loaded, voxels arrive, and the servers and subscribers are there."""

        def model() -> bool:
            status = self._status.get("planner", NO_STATUS)
            if status.values.get("model") == "failed":
                raise DemoError(status.message)
            return status.values.get("model") == "ready"

        self._wait(lambda: self._points is not None, "No cloud came from the camera", timeout)
        self._wait(lambda: self._voxels is not None, f"No voxels came{self._why('voxelizer')}", timeout)
        self._wait(model, "The model was not ready", timeout)
        self._wait(lambda: self._instruction.get_subscription_count() > 0, "The planner did not listen", timeout)
        if simulator:
            self._wait(self._execute.service_is_ready, "The simulator did not offer its service", timeout)

    def _why(self, node: str) -> str:
        message = self._status.get(node, NO_STATUS).message
        return f" ({node}: {message})" if message else ""

    # --- requests

    def instruct(self, text: str, timeout: float) -> tuple[Plan, float | None]:
        """Send an instruction and wait for its plan.

        Returns:
            the plan, and the seconds from sending to the first pick_pose (None if the plan has no action).

        Raises:
            DemoError: the planner refused; the message is its own sentence.
        """
        with self._changed:
            first, picks, heard = len(self._plans), len(self._pick_times), self._heard
        start = time.monotonic()
        self._instruction.publish(String(data=text))

        def refused() -> str:
            status = self._status.get("planner", NO_STATUS)
            return status.message if status.number > heard and status.failed else ""

        def done() -> bool:
            return len(self._plans) > first or bool(refused())

        self._wait(done, "No plan came", timeout)
        if len(self._plans) == first:
            raise DemoError(refused())
        plan = self._plans[-1][1]
        if not plan.actions:
            return plan, None
        self._wait(lambda: len(self._pick_times) > picks, "No pick_pose came", timeout)
        return plan, self._pick_times[picks] - start

    def execute(self, timeout: float) -> dict:
        """Have the simulator execute the planned action, and the planner know of it; its report (see nodes/tabletop)."""

        def heard() -> int:
            return self._status.get("tabletop", NO_STATUS).total(PLANNED_ACTION)

        def reached() -> int:
            return self._status.get("planner", NO_STATUS).total(GOAL_REACHED)

        # The simulator hears planned_action on its own, perhaps after this node has heard the plan.
        self._wait(lambda: heard() > self._executed, "The simulator heard no planned_action", timeout)
        with self._changed:
            first, before, self._executed = len(self._reports), reached(), heard()
        self._call(self._execute, "The simulator did not answer", timeout)
        self._wait(lambda: len(self._reports) > first, "The simulator did not report", timeout)
        report = self._reports[-1]
        if report["grasped"] and report["released"]:
            # A plan that is asked for earlier would not count this step as done.
            self._wait(lambda: reached() >= before + 2, "The planner did not hear that its goals were reached", timeout)
        return report

    def replan(self, timeout: float) -> Plan:
        """Have the planner look and plan again."""
        with self._changed:
            first = len(self._plans)
        response = self._call(self._replan, "The planner did not answer", timeout)
        if not response.success:
            raise DemoError(response.message)
        self._wait(lambda: len(self._plans) > first, "No new plan came", timeout)
        return self._plans[-1][1]

    def view_address(self, timeout: float) -> str:
        """Address of the viewer's page."""

        def address() -> str:
            return self._status.get("viewer", NO_STATUS).values.get("address", "")

        self._wait(lambda: bool(address()), "The viewer did not serve its page", timeout)
        return address()

    def execute_all(self, timeout: float) -> None:
        """Have the simulator execute every planned_action from now on."""
        value = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=True)
        yes = Parameter(name="auto_execute", value=value)
        self._call(self._tabletop, "The simulator did not answer", timeout, SetParameters.Request(parameters=[yes]))

    def _call(self, client, what: str, timeout: float, request=None):
        future = client.call_async(request or Trigger.Request())
        future.add_done_callback(lambda _: self._note(lambda: None))
        self._wait(future.done, what, timeout)
        return future.result()

    def scene(self) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray | None]:
        """The cloud in the planning frame and the voxels: points (N, 3), colours (N, 3) or None, and both again."""
        points, colors = read_cloud(self._points)
        head = self._points.header
        points = transform_points(self._transforms.lookup(head.frame_id, head.stamp), points)
        return points, colors, *read_cloud(self._voxels)

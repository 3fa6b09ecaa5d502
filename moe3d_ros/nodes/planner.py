"""The planner node: the newest voxels and an instruction in, a plan in words and poses out.

The topic `instruction`, the action `plan_task` and the service `replan` make the same kind of request for one worker
thread that owns the model; the newest replaces the one before. A plan is published whole and only within the safety
limits; with `require_confirmation` its goals wait for the service `confirm`. `goal_pose` shows the pick of the next
step, and its place once `goal_reached` says that the robot has picked.
"""

from __future__ import annotations

import os

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Empty, String
from std_srvs.srv import Trigger

from moe3d_ros.action import PlanTask
from moe3d_ros.nodes.conversions import plan_to_msg
from moe3d_ros.nodes.diagnostics import ERROR, OK, Diagnostics
from moe3d_ros.nodes.latest_cloud import LatestCloud
from moe3d_ros.nodes.parameters import Parameters
from moe3d_ros.nodes.plan_outputs import PlanOutputs
from moe3d_ros.nodes.planning import Planning
from moe3d_ros.nodes.qos import CLOUD, EVENT
from moe3d_ros.nodes.requests import Task, memory_mib
from moe3d_ros.nodes.run import run_node
from moe3d_ros.nodes.worker import PlanningWorker
from moe3d_ros.parameters import PLANNER
from moe3d_ros.srv import AnswerQuestion

CANCEL_CHECK = 0.02  # seconds between looks at whether the action's client has cancelled


class PlannerNode(Node):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self):
        super().__init__("planner")
        self._settings = settings = Parameters(self, PLANNER)
        settings.check()
        self._diagnostics = Diagnostics(self, "planning", hardware_id=settings["device"])
        for key, value in (("checkpoint", settings["checkpoint"]), ("device", settings["device"]),
                           ("model", "not loaded")):  # fmt: skip
            self._diagnostics.set(key, value)
        self._cloud = LatestCloud(
            settings["planning_frame"], lambda: settings["max_cloud_age"], self._now_ns, self._why_no_cloud
        )
        self._planning = Planning(
            settings, self._cloud, PlanOutputs(self), self._diagnostics, self.get_logger(), self._now_ns
        )
        self._worker = self._planning.worker = PlanningWorker(self._load, self.get_logger(), self._on_model)

        group = ReentrantCallbackGroup()
        self._voxels_in = self.create_subscription(PointCloud2, "voxels", self._cloud.put, CLOUD, callback_group=group)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT, callback_group=group)
        self.create_subscription(String, "instruction", self._on_instruction, EVENT, callback_group=group)
        self.create_subscription(Empty, "goal_reached", self._on_reached, EVENT, callback_group=group)
        self.create_service(AnswerQuestion, "answer", self._on_question, callback_group=group)
        self.create_service(Trigger, "replan", self._on_replan, callback_group=group)
        self.create_service(Trigger, "confirm", self._on_confirm, callback_group=group)
        self.create_service(Trigger, "reject", self._on_reject, callback_group=group)
        self._actions = ActionServer(
            self,
            PlanTask,
            "plan_task",
            self._execute,
            callback_group=group,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )
        self.create_timer(1.0, self._show_state)

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds

    def close(self) -> None:
        """End the worker; called once, after the executor has stopped."""
        self._worker.stop()
        self._actions.destroy()

    # --- model and scene

    def _load(self):
        """Load the checkpoint; runs in the worker's thread, so that the node answers meanwhile."""
        checkpoint, device = self._settings["checkpoint"], self._settings["device"]
        self.get_logger().info(
            f"Loading the model '{checkpoint}' on {device}; the first time the base LLM is "
            "converted, which can take a minute."
        )
        import torch

        from moe3d_ros.planner import Planner

        # Half of the cores by default: the camera and the voxelizer need theirs, and threads that wait for each other
        # on a busy machine are many times slower than fewer of them.
        torch.set_num_threads(self._settings["threads"] or max(1, (os.cpu_count() or 1) // 2))
        base_llm = self._settings["base_llm"] or None
        return Planner.from_pretrained(checkpoint, device=device, base_llm=base_llm)

    def _on_model(self, state: str, message: str) -> None:
        self._diagnostics.set("model", state)
        if state == "ready":
            self.get_logger().info(message)
        self._diagnostics.report(ERROR if state == "failed" else OK, message)

    def _why_no_cloud(self) -> str:
        name = self._voxels_in.topic_name
        if self.count_publishers(name) == 0:
            return f"nobody publishes on {name}; start the voxelizer, or remap"
        return f"the voxelizer sends nothing on {name}; check that the camera publishes, and /diagnostics"

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        name = f"{self.get_namespace().rstrip('/')}/voxelizer: voxels".lstrip("/")
        for status in msg.status:
            if status.name == name:
                self._cloud.put_report(status)

    def _show_state(self) -> None:
        age = self._cloud.age()
        self._diagnostics.set("cloud age (s)", "no cloud" if age is None else f"{age:.2f}")
        self._diagnostics.set("memory (MiB)", memory_mib())

    # --- requests: all ways in lead to Planning.submit

    def _on_instruction(self, msg: String) -> None:
        self._planning.submit(Task(msg.data))

    def _execute(self, goal) -> PlanTask.Result:
        """One goal of the action; runs in a thread of the executor."""

        def feedback(stage: str, text: str) -> None:
            if goal.is_active:
                goal.publish_feedback(PlanTask.Feedback(stage=stage, partial_text=text))

        wanted = goal.request
        request = self._planning.submit(Task(wanted.instruction, tuple(wanted.completed), wanted.max_steps), feedback)
        while not request.done.wait(CANCEL_CHECK):
            if goal.is_cancel_requested:
                request.cancel("The client cancelled the request.")
        if request.error is None:
            goal.succeed()
            return PlanTask.Result(plan=plan_to_msg(*request.result[:2]))
        goal.canceled() if goal.is_cancel_requested else goal.abort()
        return PlanTask.Result(error_code=int(request.error.code), error_msg=str(request.error))

    def _on_replan(self, _, response: Trigger.Response) -> Trigger.Response:
        request = self._planning.again()
        if request is None:
            response.success, response.message = False, "There is nothing to plan again: send an instruction first."
            return response
        request.done.wait()
        response.success = request.error is None
        response.message = (
            str(request.error)
            if request.error
            else "; ".join(a.text for a in request.result[0].actions) or "nothing is left to do"
        )
        return response

    def _on_confirm(self, _, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = self._planning.confirm()
        return response

    def _on_reject(self, _, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = self._planning.reject()
        return response

    def _on_question(self, wanted: AnswerQuestion.Request, response: AnswerQuestion.Response):
        start = self._now_ns()
        request = self._planning.ask(wanted.question)
        request.done.wait()
        response.success = request.error is None
        response.answer = request.result if response.success else ""
        response.error_code = int(request.error.code) if request.error else 0
        response.message = str(request.error or "")
        response.seconds = (self._now_ns() - start) / 1e9
        return response

    def _on_reached(self, _: Empty) -> None:
        self._planning.reached()


def main(args=None) -> int:
    """Entry point of the program `planner`."""
    return run_node(PlannerNode, args, threads=16)


if __name__ == "__main__":
    raise SystemExit(main())

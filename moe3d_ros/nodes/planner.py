"""The planner node: the newest voxels and an instruction in, a plan in words and poses out.

The topic `instruction`, the action `plan_task` and the service `replan` make the same kind of request for one worker
thread that owns the model; the newest replaces the one before. A plan is published whole and only if all of its poses
lie in the workspace. `goal_pose` shows the pick of the next step, and its place once `goal_reached` says that the
robot has picked.
"""

from __future__ import annotations

import dataclasses
import os
import threading

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Empty, String
from std_srvs.srv import Trigger
from visualization_msgs.msg import MarkerArray

from moe3d_ros.action import PlanTask
from moe3d_ros.msg import PlannedAction, TaskPlan
from moe3d_ros.nodes.conversions import action_to_msg, plan_to_msg, pose_to_msg
from moe3d_ros.nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from moe3d_ros.nodes.latest_cloud import LatestCloud
from moe3d_ros.nodes.markers import plan_markers
from moe3d_ros.nodes.qos import CLOUD, EVENT, LATCHED
from moe3d_ros.nodes.requests import Task, check_plan, check_question, check_task, memory_mib
from moe3d_ros.nodes.run import declare, run_node
from moe3d_ros.nodes.worker import PlanningWorker, Request
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.srv import AnswerQuestion

CANCEL_CHECK = 0.02  # seconds between looks at whether the action's client has cancelled


class PlannerNode(Node):
    """See the module's docstring. Parameters are documented in config/planner.yaml."""

    def __init__(self):
        super().__init__("planner")
        self._checkpoint = declare(self, "checkpoint", "default", "Name or folder of the checkpoint.")
        self._device = declare(self, "device", "cpu", "Where the model runs: cpu, cuda or cuda:N.")
        self._threads = declare(self, "threads", 0, "CPU threads of the model; 0: half of the cores.", 0, 256)
        self._base_llm = declare(self, "base_llm", "", "Folder or file of the base LLM; empty: as the checkpoint says.")
        self._frame = declare(self, "planning_frame", "base_link", "Frame of voxels, plans and poses.")
        max_age = declare(
            self, "max_cloud_age", 2.0, "Oldest cloud in seconds that is planned on; 0: any.", 0.0, 3600.0
        )
        self._cloud_wait = declare(self, "cloud_wait", 1.0, "Seconds that a request waits for a good cloud.", 0.0, 60.0)
        self._max_steps = declare(
            self, "max_steps", 8, "Most steps of a plan where the request names no number.", 1, 64
        )
        self._timeout = declare(self, "planning_timeout", 60.0, "Longest time in seconds for one plan.", 0.1, 3600.0)
        self._auto_replan = declare(
            self,
            "auto_replan",
            False,
            "Look and plan again when the place of a step is reached, until nothing is left to do.",
        )
        self._marker_lifetime = declare(
            self, "marker_lifetime", 0.0, "Seconds that markers stay; 0: until the next plan.", 0.0, 3600.0
        )

        self._lock = threading.Lock()
        self._task: Task | None = None  # the last one that was asked for, for replan and goal_reached
        self._diagnostics = Diagnostics(self, "planning", hardware_id=self._device)
        for key, value in (("checkpoint", self._checkpoint), ("device", self._device), ("model", "not loaded")):
            self._diagnostics.set(key, value)
        self._cloud = LatestCloud(self._frame, max_age, lambda: self.get_clock().now().nanoseconds, self._why_no_cloud)

        def publisher(kind, name, profile=EVENT):
            return self.create_publisher(kind, name, profile)

        self._plan_out = publisher(TaskPlan, "plan", LATCHED)
        self._action_out = publisher(PlannedAction, "planned_action")
        self._pick_out, self._place_out = publisher(PoseStamped, "pick_pose"), publisher(PoseStamped, "place_pose")
        self._goal_out = publisher(PoseStamped, "goal_pose")
        self._markers_out = publisher(MarkerArray, "plan_markers", LATCHED)

        group = ReentrantCallbackGroup()
        self._worker = PlanningWorker(self._load, self.get_logger(), self._on_model)
        self._voxels_in = self.create_subscription(PointCloud2, "voxels", self._cloud.put, CLOUD, callback_group=group)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT, callback_group=group)
        self.create_subscription(String, "instruction", self._on_instruction, EVENT, callback_group=group)
        self.create_subscription(Empty, "goal_reached", self._on_reached, EVENT, callback_group=group)
        self.create_service(AnswerQuestion, "answer", self._on_question, callback_group=group)
        self.create_service(Trigger, "replan", self._on_replan, callback_group=group)
        self._actions = ActionServer(
            self,
            PlanTask,
            "plan_task",
            self._execute,
            callback_group=group,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )
        self.create_timer(1.0, self._show_state)

    def close(self) -> None:
        """End the worker; called once, after the executor has stopped."""
        self._worker.stop()
        self._actions.destroy()

    # --- model and scene

    def _load(self):
        """Load the checkpoint; runs in the worker's thread, so that the node answers meanwhile."""
        self.get_logger().info(
            f"Loading the model '{self._checkpoint}' on {self._device}; the first time the base LLM is "
            "converted, which can take a minute."
        )
        import torch

        from moe3d_ros.planner import Planner

        # Half of the cores by default: the camera and the voxelizer need theirs, and threads that wait for each other
        # on a busy machine are many times slower than fewer of them.
        torch.set_num_threads(self._threads or max(1, (os.cpu_count() or 1) // 2))
        return Planner.from_pretrained(self._checkpoint, device=self._device, base_llm=self._base_llm or None)

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

    # --- requests: all ways in lead to _submit

    def _submit(self, task: Task, on_progress=lambda stage, text: None) -> Request:
        """Check a task and queue it; the request that comes back may have failed already."""
        request = Request(
            lambda planner, request: self._plan(planner, task, request),
            publish=lambda result: self._publish(task, *result),
            on_progress=on_progress,
            on_done=self._finish,
            replaces=True,
            timeout=self._timeout,
        )
        try:
            check_task(task)
        except PlanningError as error:
            request.fail(error)
            return request
        with self._lock:
            self._task = task  # the plan before it is void
        return self._worker.submit(request)

    def _plan(self, planner, task: Task, request: Request):
        """Make a plan; runs in the worker's thread. Returns the plan and the header of its messages."""
        points, colors, head = self._cloud.wait(
            self._cloud_wait, planner.workspace, task.newer_than_ns, request.should_stop
        )
        plan = planner.plan(
            points,
            colors,
            task.instruction,
            completed=task.completed,
            max_steps=task.max_steps or self._max_steps,
            on_progress=request.on_progress,
            should_stop=request.should_stop,
        )
        check_plan(plan, planner.workspace)
        self._diagnostics.set("model name", getattr(planner, "name", ""))
        self._diagnostics.set("model checksum", getattr(planner, "checksum", ""))
        return dataclasses.replace(plan, frame=self._frame), head

    def _publish(self, task: Task, plan, head) -> None:
        """Send a plan and its next step's goals; runs in the worker's thread."""
        with self._lock:
            self._task = dataclasses.replace(task, plan=plan, header=head, picked=False)
        self._plan_out.publish(plan_to_msg(plan, head))
        self._markers_out.publish(plan_markers(plan, head, self._marker_lifetime))
        if plan.actions:
            step = plan.actions[0]
            self._action_out.publish(action_to_msg(step, head))
            self._pick_out.publish(pose_to_msg(step.pick, head))
            self._place_out.publish(pose_to_msg(step.place, head))
            self._goal_out.publish(pose_to_msg(step.pick, head))
        for stage, seconds in plan.latency_s.items():
            self._diagnostics.timing(stage, seconds)
        self._diagnostics.count("plan")
        texts = "; ".join(action.text for action in plan.actions) or "nothing is left to do"
        self.get_logger().info(f"Plan for '{plan.instruction}': {texts}")

    def _finish(self, request: Request) -> None:
        """Show on /diagnostics how a request ended."""
        error = request.error
        self._diagnostics.set("error", (error.code if error else ErrorCode.NONE).name)
        if error is None:
            self._diagnostics.report(OK, "working")
        elif error.code == ErrorCode.CANCELLED:
            self.get_logger().info(str(error))
        else:
            self._diagnostics.report(ERROR if error.code == ErrorCode.MODEL else WARN, str(error))

    def _on_instruction(self, msg: String) -> None:
        self._submit(Task(msg.data))

    def _execute(self, goal) -> PlanTask.Result:
        """One goal of the action; runs in a thread of the executor."""

        def feedback(stage: str, text: str) -> None:
            if goal.is_active:
                goal.publish_feedback(PlanTask.Feedback(stage=stage, partial_text=text))

        wanted = goal.request
        request = self._submit(Task(wanted.instruction, tuple(wanted.completed), wanted.max_steps), feedback)
        while not request.done.wait(CANCEL_CHECK):
            if goal.is_cancel_requested:
                request.cancel("The client cancelled the request.")
        if request.error is None:
            goal.succeed()
            return PlanTask.Result(plan=plan_to_msg(*request.result))
        goal.canceled() if goal.is_cancel_requested else goal.abort()
        return PlanTask.Result(error_code=int(request.error.code), error_msg=str(request.error))

    def _on_replan(self, _, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            task = self._task
        if task is None:
            response.success, response.message = False, "There is nothing to plan again: send an instruction first."
            return response
        request = self._submit(task.again(self.get_clock().now().nanoseconds))
        request.done.wait()
        response.success = request.error is None
        response.message = (
            str(request.error)
            if request.error
            else "; ".join(a.text for a in request.result[0].actions) or "nothing is left to do"
        )
        return response

    def _on_question(self, wanted: AnswerQuestion.Request, response: AnswerQuestion.Response):
        start = self.get_clock().now()

        def run(planner, request: Request) -> str:
            points, colors, _ = self._cloud.wait(self._cloud_wait, planner.workspace, should_stop=request.should_stop)
            return planner.answer(points, colors, wanted.question)

        request = Request(run, on_done=self._finish, timeout=self._timeout)
        try:
            check_question(wanted.question)
            self._worker.submit(request).done.wait()
        except PlanningError as error:
            request.fail(error)
        response.success = request.error is None
        response.answer = request.result if response.success else ""
        response.error_code = int(request.error.code) if request.error else 0
        response.message = str(request.error or "")
        response.seconds = (self.get_clock().now() - start).nanoseconds / 1e9
        return response

    def _on_reached(self, _: Empty) -> None:
        """The robot is at `goal_pose`: after the pick comes the place, after the place the step is done."""
        with self._lock:
            task = self._task
            if task is None or task.plan is None or not task.plan.actions or task.finished:
                self.get_logger().warning("goal_reached came while there was no goal: ignored.")
                return
            self._task = reached = task.reached()
        if not task.picked:
            self._goal_out.publish(pose_to_msg(task.plan.actions[0].place, task.header))
        elif self._auto_replan:
            self._submit(reached.again(self.get_clock().now().nanoseconds))


def main(args=None) -> int:
    """Entry point of the program `planner`."""
    return run_node(PlannerNode, args, threads=16)


if __name__ == "__main__":
    raise SystemExit(main())

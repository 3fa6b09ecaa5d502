"""The planner node: the newest voxels and an instruction in, a plan in words and poses out.

The topic `instruction`, the action `plan_task` and the service `replan` make the same kind of request for one worker
thread that owns the model; the newest replaces the one before. A plan is published whole and only within the safety
limits; with `require_confirmation`, and always where the action `propose_task` asked,
its goals wait for the service `confirm`. `goal_pose` shows the pick of the next
step, and its place once `goal_reached` says that the robot has picked.

Configured it has its topics, active its model and the voxels. `model_info` tells once the model is loaded which space it
sees, so that voxelizer and viewer can follow. Requests while it is not active are refused with a sentence.
"""

from __future__ import annotations

import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Empty, String

from moe3d_ros.action import PlanTask
from moe3d_ros.nodes.planning.detector import Detector
from moe3d_ros.nodes.planning.latest_cloud import LatestCloud
from moe3d_ros.nodes.planning.loading import load_planner
from moe3d_ros.nodes.planning.plan_outputs import PlanOutputs
from moe3d_ros.nodes.planning.requests import Task
from moe3d_ros.nodes.planning.services import PlanningServices
from moe3d_ros.nodes.planning.session import Planning
from moe3d_ros.nodes.planning.worker import PlanningWorker, Request
from moe3d_ros.nodes.runtime.adaptive_subscription import AdaptiveSubscription
from moe3d_ros.nodes.runtime.clock import JumpBack
from moe3d_ros.nodes.runtime.conversions import header, plan_to_msg
from moe3d_ros.nodes.runtime.diagnostics import (
    ERROR,
    ERROR_NAME,
    MAX_AGE,
    NAMESPACE,
    OK,
    PUBLISHES,
    WARN,
    number_or,
    values_of,
)
from moe3d_ros.nodes.runtime.managed import ManagedNode, Refused
from moe3d_ros.nodes.runtime.memory import memory_mib, release_memory
from moe3d_ros.nodes.runtime.parameter_tables import PLANNER
from moe3d_ros.nodes.runtime.qos import EVENT, OVERRIDABLE
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.settings.limits import conflicts
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.world.workspace import Workspace

CHANGE_CHECK = 0.1  # seconds between looks at whether a transition ends that waits for the model's thread
CANCEL_CHECK = 0.02  # seconds between looks at whether the action's client has cancelled
RESULT_KEPT = 60  # seconds that the result of a goal can be fetched
LONGEST_END = 30.0  # seconds to wait at deactivation for a model that is still loading
LONGEST_END_AT_EXIT = 2.0  # the same after Ctrl-C: launch kills after 5 s
FOLLOWER_COUNTS_FOR = 10.0  # seconds that the last words of moveit_goals count; it tells every second


class PlannerNode(ManagedNode):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self, direct_voxels: bool = False):
        """``direct_voxels``: voxels come through `put_voxels`, from a voxelizer in this process, not from the topic."""
        super().__init__("planner", "planning", PLANNER)
        self._direct_voxels = direct_voxels
        self._cloud: LatestCloud | None = None  # while configured, like the outputs
        self._detector: Detector | None = None
        self._jump: JumpBack | None = None
        self._outputs: PlanOutputs | None = None
        self._planning: Planning | None = None  # while active
        self._worker: PlanningWorker | None = None
        self._voxels_in: AdaptiveSubscription | None = None  # once the load has ended
        self._begun = self._loading = self._loaded = False
        self._workspace: Workspace | None = None  # of the loaded model
        self._follower = 0.0, 0.0  # the max_age that moveit_goals told, seconds, and when, by the monotonic clock
        self._conflicts: list[str] = []  # that were told
        self._listening = threading.Lock()  # over _planning and _voxels_in
        self.diagnostics.set("model", "not loaded")
        group = self._group = ReentrantCallbackGroup()
        self._load_ended = self.create_guard_condition(self._listen, callback_group=group)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT, callback_group=group)
        self.create_subscription(String, "instruction", self._on_instruction, EVENT, callback_group=group)
        self.create_subscription(Empty, "goal_reached", self._on_reached, EVENT, callback_group=group)
        PlanningServices(self, group, lambda: self._planning, self._request, self._not_active)
        self._actions = [
            ActionServer(
                self,
                PlanTask,
                name,
                lambda goal, proposed=proposed: self._execute(goal, proposed),
                callback_group=group,
                cancel_callback=lambda goal: CancelResponse.ACCEPT,
                result_timeout=RESULT_KEPT,
            )
            for name, proposed in (("plan_task", False), ("propose_task", True))
        ]
        self.create_timer(1.0, self._show_values)

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds

    # --- lifecycle

    def configure(self) -> None:
        settings = self.settings
        self.diagnostics.set_hardware(settings["device"])
        self.diagnostics.set("checkpoint", settings["checkpoint"])
        self.diagnostics.set("device", settings["device"])
        self._cloud = LatestCloud(
            settings["planning_frame"], lambda: settings["max_cloud_age"], self._now_ns, self._why_no_cloud
        )
        self._detector = Detector(self, self._group)
        self._jump = JumpBack(self, self._forget_scene)
        self._outputs = PlanOutputs(self, self.settings["publish_detections"])

    def bring_up(self) -> None:
        """Load the model; the node is active when that has ended well, and requests wait for it."""
        self._begin(self._load_and_activate)
        self._plan_with(self._worker)

    def activate(self) -> None:
        """Load the model, unless the node has done so by itself."""
        if self._loaded:
            return
        if self._planning is not None and self._loading:
            raise Refused("The model is still loading: the planner activates itself when that has ended.")
        self.deactivate()  # what has failed to load
        worker = self._begin(self._load_and_tell)
        error = worker.wait_loaded()
        if error is not None:
            self.deactivate()
            raise Refused(str(error))
        self._plan_with(worker)

    def _begin(self, load) -> PlanningWorker:
        """The worker, which loads the model."""
        self._begun = self._loading = True
        self._worker = PlanningWorker(load, self.get_logger(), self._on_model, after=self._worker)
        return self._worker

    def _load_and_activate(self):
        """Load, and become active before the first request is served; runs in the worker's thread."""
        planner = self._load_and_tell()
        while not self._changing.acquire(timeout=CHANGE_CHECK):
            if not self._begun:  # it is being deactivated, which waits for this thread
                return planner
        try:
            if self._begun and self.state == "inactive":
                self._loaded = True
                self.trigger_activate()
        finally:
            self._changing.release()
        return planner

    def _plan_with(self, worker: PlanningWorker) -> None:
        """Take requests, and voxels once the model is loaded."""
        planning = Planning(
            self.settings,
            self._cloud,
            self._outputs,
            self.diagnostics,
            self.get_logger(),
            self._now_ns,
            self._follower_age,
            self._detector,
        )
        planning.worker = worker
        self._planning = planning
        if not self._loading:
            self._listen()

    def deactivate(self) -> None:
        self._begun = self._loaded = False
        if self._planning is not None and self._outputs is not None:
            self._outputs.clear(header(self.settings["planning_frame"], self.get_clock().now().to_msg()))
        with self._listening:
            self._planning = None
            if self._voxels_in is not None:
                self._voxels_in.close()
                self._voxels_in = None
        if self._worker is not None:
            why, patience = None, LONGEST_END_AT_EXIT
            if self.context.ok():  # else the whole process is ending
                sentence = "The planner was deactivated meanwhile: activate it and send the request again."
                why, patience = PlanningError(ErrorCode.NOT_ACTIVE, sentence), LONGEST_END
            if not self._worker.stop(patience, why):
                self.get_logger().warning("The model is still loading; it is let go as soon as that has ended.")
        self._forget_scene()
        self.diagnostics.set("model", "not loaded")
        release_memory()

    def cleanup(self) -> None:
        if self._jump is not None:
            self._jump.close()
            self._jump = None
        if self._planning is not None:  # it still loads, or has failed to
            self.deactivate()
        if self._detector is not None:
            self._detector.close()
        outputs, self._outputs, self._cloud, self._worker, self._detector = self._outputs, None, None, None, None
        self._workspace, self._conflicts = None, []
        if outputs is not None:
            outputs.close()

    def close(self) -> None:
        super().close()
        for server in self._actions:
            server.destroy()

    # --- model and scene

    def _load_and_tell(self):
        """Load the model and publish its `model_info`; runs in the worker's thread, so that the node answers meanwhile."""
        planner, outputs = self._load(), self._outputs
        self._workspace = planner.workspace
        if outputs is not None:  # else it was cleaned up meanwhile
            outputs.tell(planner, header(self.settings["planning_frame"], self.get_clock().now().to_msg()))
        return planner

    def _load(self):
        """Load the checkpoint; a subclass may put anything that plans as `Planner` does in its place."""
        return load_planner(self.settings, self.get_logger())

    def _on_model(self, state: str, message: str) -> None:
        self.diagnostics.set("model", state)
        self.get_logger().debug(f"The model is {state}: {message}.")
        if state == "ready":
            self.get_logger().info(message)
        if state != "loading":
            self._loading = False
            self._load_ended.trigger()
        self.diagnostics.report(ERROR if state == "failed" else OK, message)

    def _listen(self) -> None:
        """Subscribe to the voxels, which would only have delayed the load of the model."""
        with self._listening:
            if self._planning is not None and self._voxels_in is None and not self._direct_voxels:
                self._voxels_in = AdaptiveSubscription(
                    self, PointCloud2, "voxels", self.put_voxels, self._group, "reliable", overridable=OVERRIDABLE
                )

    def _forget_scene(self) -> None:
        """Forget what was seen: it is of another run, or of before."""
        for seen in (self._cloud, self._detector):
            if seen is not None:
                seen.clear()

    def _why_no_cloud(self) -> str:
        name = self.resolve_topic_name("voxels")
        if not self._direct_voxels and self.count_publishers(name) == 0:
            return f"nobody publishes on {name}; start the voxelizer, or remap"
        return f"the voxelizer sends nothing on {name}; check that the camera publishes, and /diagnostics"

    def put_voxels(self, msg: PointCloud2) -> None:
        """Take voxels; the message must not be changed afterwards."""
        cloud = self._cloud
        if cloud is not None and self._planning is not None:
            cloud.put(msg)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        topic, cloud = self.resolve_topic_name("voxels"), self._cloud
        for status in msg.status if cloud is not None else ():
            values = values_of(status)
            if values.get(PUBLISHES) == topic:
                cloud.put_report(status.level, status.message, values)
            elif MAX_AGE in values and values.get(NAMESPACE) == self.get_namespace():
                self._follower = number_or(values[MAX_AGE], 0.0), time.monotonic()

    def _follower_age(self) -> float:
        """Oldest pose that moveit_goals follows, seconds; 0: any, or nobody who follows is heard."""
        age, heard = self._follower
        return age if time.monotonic() - heard < FOLLOWER_COUNTS_FOR else 0.0

    def _show_values(self) -> None:
        cloud = self._cloud
        age = None if cloud is None else cloud.age()
        self.diagnostics.set("cloud age (s)", "no cloud" if age is None else f"{age:.2f}")
        self.diagnostics.set("memory (MiB)", f"{memory_mib():.0f}")
        self._tell_conflicts()

    def _tell_conflicts(self) -> None:
        """Log limits that do not go with each other, each once, and show them on /diagnostics."""
        if self.state == "unconfigured":  # the values are not checked yet
            return
        found = conflicts(self.settings, self._workspace, self._follower_age())
        for sentence in found:
            if sentence not in self._conflicts:
                self.get_logger().warning(sentence)
        self._conflicts = found
        self.diagnostics.set("limits that contradict each other", " ".join(found) or "none")

    # --- requests: all ways in lead to Planning.submit

    def _request(self, make):
        """The request that ``make`` makes of the active planner, or one that has failed, with the reason."""
        planning = self._planning
        if planning is not None:
            return make(planning)
        request = Request(lambda planner, request: None)
        request.fail(self._not_active())
        self.diagnostics.set(ERROR_NAME, request.error.code.name)
        self.diagnostics.report(WARN, str(request.error))
        return request

    def _not_active(self) -> PlanningError:
        state = self.state
        if state == "activating":
            words = "The model is still loading: send the request again when the planner is active."
        elif state == "finalized":  # there is no way back
            words = "The planner is finalized, for good: end its process and start it again."
        else:
            first = "" if state == "inactive" else "configure and then "
            words = f"The planner is {state}: {first}activate it (ros2 lifecycle set {self.full_name} activate)."
        return PlanningError(ErrorCode.NOT_ACTIVE, words)

    def _on_instruction(self, msg: String) -> None:
        self._request(lambda planning: planning.submit(Task(msg.data)))

    def _execute(self, goal, proposed: bool) -> PlanTask.Result:
        """One goal of an action, ``proposed``: its plan is only ever held; runs in a thread of the executor."""

        def feedback(stage: str, text: str) -> None:
            if goal.is_active:
                goal.publish_feedback(PlanTask.Feedback(stage=stage, partial_text=text))

        wanted = goal.request
        task = Task(wanted.instruction, tuple(wanted.completed), wanted.max_steps, proposed=proposed)
        request = self._request(lambda planning: planning.submit(task, feedback))
        while not request.done.wait(CANCEL_CHECK):
            if goal.is_cancel_requested:
                request.cancel("The client cancelled the request.")
        if request.error is None:
            goal.succeed()
            return PlanTask.Result(plan=plan_to_msg(*request.result[:2]))
        goal.canceled() if goal.is_cancel_requested else goal.abort()
        return PlanTask.Result(error_code=int(request.error.code), error_msg=str(request.error))

    def _on_reached(self, _: Empty) -> None:
        planning = self._planning
        if planning is not None:
            planning.reached()
        else:
            self.get_logger().warning(f"goal_reached was ignored: {self._not_active()}")


def main(args=None) -> int:
    """Entry point of the program `planner`."""
    return run_node(PlannerNode, args, threads=16)


if __name__ == "__main__":
    raise SystemExit(main())

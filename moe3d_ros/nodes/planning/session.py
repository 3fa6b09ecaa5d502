"""Work of the planner node on a request: plan on the newest cloud, check, show, hold or release. Makes no ROS entities.

All ways in lead to `submit`. A plan leaves whole, and only if it is within the safety limits when it is finished. With
`require_confirmation`, and always where it was only proposed, it is shown on `plan` and `plan_markers` at once, and its
goals follow when it is confirmed.
"""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.time import Time

from moe3d_ros.nodes.planning.requests import Moment, Task, check_task
from moe3d_ros.nodes.planning.worker import SUPERSEDED, Request
from moe3d_ros.nodes.runtime.conversions import header, plan_to_msg, stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import ERROR, ERROR_NAME, GOAL_REACHED, OK, WARN
from moe3d_ros.plan import ErrorCode, PlanningError, check_text
from moe3d_ros.robot.safety import SafetyLimits, check_age, check_plan, parse_boxes
from moe3d_ros.world.workspace import Workspace

LEAST = "least confidence of {}"  # part of the model: key of a value of the newest plan
OF_THE_SCENE = (ErrorCode.IMPOSSIBLE, ErrorCode.BAD_INSTRUCTION, ErrorCode.OUTSIDE_WORKSPACE, ErrorCode.LOW_CONFIDENCE)


@dataclasses.dataclass(frozen=True)
class Pending:
    """A plan that waits for its confirmation: its task, the workspace it was made for, when it was shown."""

    task: Task
    workspace: Workspace
    since: float


class Planning:
    """The requests of one node, and the state that the newest of them has left."""

    def __init__(self, settings, cloud, outputs, diagnostics, log, now_ns, follower_age=lambda: 0.0, detector=None):
        """
        Args:
            settings: the node's parameters, by name.
            cloud, outputs, diagnostics: the node's LatestCloud, PlanOutputs and Diagnostics.
            log: the node's logger.
            now_ns: the node's clock in nanoseconds.
            follower_age: called without arguments, the age of poses up to which they are followed, seconds; 0: any.
            detector: the node's Detector; None: there is none.
        """
        self._settings, self._cloud, self._outputs, self._diagnostics = settings, cloud, outputs, diagnostics
        self._detector = detector
        self._log, self._now_ns, self._follower_age = log, now_ns, follower_age
        self._lock = threading.Lock()
        self._asked: Task | None = None  # the newest that was asked for
        self._task: Task | None = None  # the same with what became of it, for replan and goal_reached
        self._pending: Pending | None = None
        self.worker = None

    def submit(self, task: Task, on_progress=lambda stage, text: None, follows: Task | None = None) -> Request:
        """Check a task and queue it; the request that comes back may have failed already.

        ``follows``: the task that this one goes on with; a newer one that came meanwhile is not replaced.
        """
        request = Request(
            lambda planner, request: self._plan(planner, task, request),
            publish=lambda result: self._publish(task, *result),
            on_progress=on_progress,
            on_done=lambda request: self._finish(request, task),
            replaces=True,
            timeout=self._settings["planning_timeout"],
        )
        try:
            check_task(task)
        except PlanningError as error:
            request.fail(error)
            return request
        with self._lock:  # the newest here is the newest for the worker too
            if follows is None or self._task is follows:
                self._log.debug(f"Asked for a plan of '{task.instruction}' with {len(task.completed)} steps completed.")
                self._asked = self._task = task  # the plan before it is void
                self._pending = None
                self._show_pending()
                return self.worker.submit(request)
        request.fail(_superseded())
        return request

    def ask(self, question: str) -> Request:
        """Check a question and queue it; its result is the answer."""

        def run(planner, request: Request) -> str:
            points, colors, _ = self._look(planner, request)
            answer = planner.answer(points, colors, question, should_stop=request.should_stop)
            if not answer:
                raise PlanningError(
                    ErrorCode.IMPOSSIBLE,
                    f"The model has no answer to {question!r} in the {len(points)} voxels that it sees: look whether what is "
                    "asked about is in view, or ask about the things on the table.",
                )
            return answer

        request = Request(run, on_done=self._finish, timeout=self._settings["planning_timeout"])
        try:
            check_text(question, "question")
        except PlanningError as error:
            request.fail(error)
            return request
        return self.worker.submit(request)

    def look(self) -> Request:
        """Queue a look at the scene; its result is what is seen, and the header of the cloud."""

        def run(planner, request: Request):
            points, colors, head = self._look(planner, request)
            things, _ = self._labelled(head, points, request)
            return planner.look(points, colors, should_stop=request.should_stop, **things).objects, head

        return self.worker.submit(Request(run, on_done=self._finish, timeout=self._settings["planning_timeout"]))

    def again(self) -> Request | None:
        """Plan the last instruction again from where it has come; None where there is none."""
        with self._lock:
            task = self._task
        return None if task is None else self.submit(task.again(self._now_ns()), follows=task)

    def reached(self) -> None:
        """The robot is at `goal_pose`: after the pick comes the place, after the place the step is done."""
        with self._lock:
            task = self._task
            if task is None or task.plan is None or not task.plan.actions or task.finished:
                self._log.warning("goal_reached came while there was no goal: ignored.")
                return
            self._task = reached = task.reached()
            if not task.picked:
                self._outputs.goal(task.plan.actions[0].place, task.header)
        self._diagnostics.count(GOAL_REACHED)
        self._diagnostics.publish()  # at once: who asks for the next plan may wait for it, as the demo does
        if task.picked and self._settings["auto_replan"]:
            self.submit(reached.again(self._now_ns()), follows=reached)

    # --- confirmation

    def confirm(self) -> tuple[bool, str]:
        """Release the goals of the plan that waits: (done, sentence)."""
        longest = self._settings["confirmation_timeout"]
        with self._lock:
            return self._release(longest)

    def release(self, plan) -> tuple[bool, str]:
        """Release the goals of the plan that waits, if it is this one and plans must be confirmed: (done, sentence).

        Args:
            plan: moe3d_ros/TaskPlan, the plan that is meant, as it was published.
        """
        longest = self._settings["confirmation_timeout"]
        with self._lock:
            if not self._settings["require_confirmation"]:
                return False, (
                    "The planner runs without require_confirmation, so nothing is released from here: set it (ros2 param set "
                    "/planner require_confirmation true), or have a person look at the plan and call the service confirm."
                )
            pending = self._pending
            if pending is not None and sent(pending.task) != plan:
                return (
                    False,
                    "Another plan waits for a confirmation by now, and not the one that is meant: look at that one first.",
                )
            return self._release(longest)

    def _release(self, longest: float) -> tuple[bool, str]:
        """The work of `confirm`, with the lock held; ``longest``: seconds that a plan may have waited, 0: any."""
        pending, self._pending = self._pending, None
        if pending is None:
            return False, "No plan waits for a confirmation: send an instruction, or call replan."
        plan, waited = pending.task.plan, time.monotonic() - pending.since
        if 0 < longest < waited:
            self._show_pending()
            return False, (
                f"The plan has waited {waited:.0f} s, longer than confirmation_timeout ({longest:g} s), and was "
                "dropped: the scene may have changed. Call replan to look again."
            )
        age, followed = (self._now_ns() - stamp_ns(pending.task.header.stamp)) / 1e9, self._follower_age()
        if 0 < followed < age:
            self._show_pending()
            return False, (
                f"The plan's cloud was taken {age:.0f} s ago, and moveit_goals follows poses of up to max_age "
                f"({followed:g} s): the plan was dropped. Call replan to look again, or raise max_age."
            )
        try:
            check_plan(plan, pending.workspace, self._limits())  # they may have been changed meanwhile
        except PlanningError as error:
            self._show_pending()
            return False, str(error)
        self._task = pending.task
        self._outputs.release(plan, pending.task.header)
        self._show_pending()
        self._log.info("The plan was confirmed.")
        return True, plan.actions[0].text

    def reject(self) -> tuple[bool, str]:
        """Drop the plan that waits: (done, sentence)."""
        with self._lock:
            pending, self._pending = self._pending, None
            self._show_pending()
        if pending is None:
            return False, "No plan waits for a confirmation: there is nothing to reject."
        self._log.info("The plan was rejected.")
        return True, "The plan was dropped; none of its goals was published."

    def _show_pending(self) -> None:
        self._diagnostics.set_passing("waits for confirmation", "no" if self._pending is None else "yes")

    # --- in the worker's thread

    def _limits(self) -> SafetyLimits:
        """Limits from the current values of the parameters."""
        settings = self._settings
        return SafetyLimits(settings["max_reach"], parse_boxes(settings["keep_out"]), settings["min_confidence"])

    def _look(self, planner, request: Request, newer_than: Moment | None = None):
        """The newest good cloud: points, colours, header."""
        planner.table_height = self._settings["table_height"]
        start = time.monotonic()
        points, colors, head = self._cloud.wait(
            self._settings["cloud_wait"], planner.model_workspace, planner.margin, newer_than, request.should_stop
        )
        age, waited = (self._now_ns() - stamp_ns(head.stamp)) / 1e9, time.monotonic() - start
        self._log.debug(
            f"Looking at {len(points)} voxels that are {age:.2f} s old, after waiting {waited:.2f} s for them."
        )
        return points, colors, head

    def _labelled(self, head, points, request: Request, newer_than: Moment | None = None):
        """Labelled things of a detector as the planner's argument, empty where there are none; sentences on those left away."""
        if self._detector is None:
            return {}, []
        things, left_away = self._detector.things(head.stamp, points, newer_than, request.should_stop)
        return ({"things": things} if things else {}), left_away

    def _plan(self, planner, task: Task, request: Request):
        """Make a plan that may be published: the plan, the header of its messages, its workspace."""
        points, colors, head = self._look(planner, request, task.newer_than)
        things, left_away = self._labelled(head, points, request, task.newer_than)
        start = time.monotonic()
        planner.pose_tolerance = self._settings["pose_tolerance"]
        left_out = beyond(points, planner)
        self._diagnostics.set_passing("voxels beyond the model's box", left_out or "none")
        try:
            plan = planner.plan(
                points,
                colors,
                task.instruction,
                completed=task.completed,
                max_steps=task.max_steps or self._settings["max_steps"],
                on_progress=request.on_progress,
                should_stop=request.should_stop,
                **things,
            )
        except PlanningError as error:
            if error.code not in OF_THE_SCENE:
                raise
            before = f"{left_out} Of the rest: " if left_out else ""
            raise PlanningError(error.code, " ".join([f"{before}{error}", *left_away])) from error
        more = [note for note in (left_out, *left_away) if note]
        if more:
            plan = dataclasses.replace(plan, notes=(*plan.notes, *more))
        check_plan(plan, planner.workspace, self._limits())
        age = (self._now_ns() - stamp_ns(head.stamp)) / 1e9
        check_age(age, self._settings["max_cloud_age"], time.monotonic() - start)
        self._diagnostics.set_passing("model name", planner.name)
        self._diagnostics.set_passing("model checksum", planner.checksum)
        self._diagnostics.set_passing("LLM's weights", planner.llm_weights)
        return dataclasses.replace(plan, frame=self._settings["planning_frame"]), head, planner.workspace

    def _publish(self, task: Task, plan, head, workspace: Workspace) -> None:
        """Show a plan, and release its next step's goals or hold them: all of it, or nothing and a PlanningError.

        A request that comes in this moment comes before all of it or after all of it.
        """
        held = (task.proposed or self._settings["require_confirmation"]) and bool(plan.actions)
        planned = dataclasses.replace(task, plan=plan, header=head, picked=False)
        with self._lock:
            if self._asked is not task:
                raise _superseded()
            self._task = task if held else planned
            self._pending = Pending(planned, workspace, time.monotonic()) if held else None
            self._show_pending()
            self._outputs.show(plan, head, self._settings["marker_lifetime"])
            if not held:
                self._outputs.release(plan, head)
        for stage, seconds in plan.latency_s.items():
            self._diagnostics.timing(stage, seconds)
        self._diagnostics.count("plan")
        for part in ("reasoner", "language"):
            chance = plan.sureness.get(part)
            self._diagnostics.set(LEAST.format(part), "none" if chance is None else f"{chance:.2f}")
        spent = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in plan.latency_s.items())
        sure = ", ".join(f"{action.confidence:.2f}" for action in plan.actions) or "none"
        self._log.debug(f"The plan took {spent or 'no time that was measured'}; confidence of its steps: {sure}.")
        texts = "; ".join(action.text for action in plan.actions) or "nothing is left to do"
        self._log.info(f"Plan for '{plan.instruction}': {texts}{' (waits for confirm)' if held else ''}")

    def _finish(self, request: Request, task: Task | None = None) -> None:
        """Show on /diagnostics how a request ended; where its task has no plan, nor is there a newer one, none is drawn."""
        error = request.error
        if error is not None and error.code != ErrorCode.NOT_ACTIVE and task is not None and self._asked is task:
            self._outputs.clear(header(self._settings["planning_frame"], Time(nanoseconds=self._now_ns()).to_msg()))
        self._diagnostics.set(ERROR_NAME, (error.code if error else ErrorCode.NONE).name)
        notes = request.result[0].notes if error is None and task is not None else ()
        if error is None:
            self._diagnostics.report(*((WARN, " ".join(notes)) if notes else (OK, "working")))
        elif error.code == ErrorCode.CANCELLED:
            self._log.info(str(error))
        else:
            self._diagnostics.report(ERROR if error.code == ErrorCode.MODEL else WARN, str(error))


def sent(task: Task):
    """The plan of a task as others have received it, moe3d_ros/TaskPlan: a message rounds some numbers."""
    made = plan_to_msg(task.plan, task.header)
    return deserialize_message(serialize_message(made), type(made))


def beyond(points: np.ndarray, planner) -> str:
    """Sentence on voxels (N, 3), metres, that lie outside the box that the model sees; empty where there are none."""
    box, slack = planner.model_workspace, planner.margin + planner.voxel_size
    outside = points[np.isfinite(points).all(1) & ~box.contains(points, slack)]
    if not len(outside):
        return ""
    low, high = (np.round(edge(outside, axis=0).astype(float), 2).tolist() for edge in (np.min, np.max))
    return (
        f"{len(outside)} of {len(points)} voxels lie outside the box {list(box.low)} to {list(box.high)} m that the model "
        f"sees, from {low} to {high} m, and were not planned with: the voxelizer's workspace_low and workspace_high give "
        "another box than the model's. Set both to [0.0] to follow it, and move things or the planning frame."
    )


def _superseded() -> PlanningError:
    return PlanningError(ErrorCode.CANCELLED, SUPERSEDED)

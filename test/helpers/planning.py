"""A planner process with everything that talks to it, for tests."""

import pytest
from ros_helpers import LATCHED, RELIABLE, TIMEOUT, NodeProcess, Probe, cloud_msg, scene_cloud, statuses

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.action import ActionClient
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from moe3d_ros.action import PlanTask
from moe3d_ros.msg import PlannedAction, TaskPlan
from moe3d_ros.nodes.runtime.diagnostics import values_of
from moe3d_ros.sensing.voxels import voxelize

INSTRUCTION = "put the red block in the green bowl"
VOXELS, SHADES = voxelize(*scene_cloud())
MAX_AGE = 2.0
OUTPUTS = {
    "plan": (TaskPlan, LATCHED),
    "planned_action": (PlannedAction, RELIABLE),
    "pick_pose": (PoseStamped, RELIABLE),
    "place_pose": (PoseStamped, RELIABLE),
    "goal_pose": (PoseStamped, RELIABLE),
    "plan_markers": (MarkerArray, LATCHED),
}


class Planning:
    """A planner process and everything that talks to it."""

    def __init__(self, probe: Probe, namespace: str, voxels: bool = True, module: str | None = None, **parameters):
        """``module``: of the planner's process, such as oracle_planner."""
        self.probe, self.namespace = probe, namespace
        self.process = NodeProcess(
            "planner",
            {"cloud_wait": 0.5, "max_cloud_age": MAX_AGE, **parameters},
            namespace=namespace,
            module=module,
        )
        self.report = statuses(f"{namespace}/planner")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
        self.inbox = {name: probe.listen(kind, f"/{namespace}/{name}", qos) for name, (kind, qos) in OUTPUTS.items()}
        self.action = ActionClient(probe.node, PlanTask, f"/{namespace}/plan_task")
        self.instruct = probe.talk(String, f"/{namespace}/instruction")
        self.voxels = probe.talk(PointCloud2, f"/{namespace}/voxels") if voxels else None
        assert self.action.wait_for_server(TIMEOUT)

    def look(self, points=VOXELS, colors=SHADES, frame: str = "base_link", change=lambda msg: msg):
        """Context: a camera that shows these voxels."""
        return self.probe.streaming(self.voxels, lambda: change(cloud_msg(points, colors, frame, self.probe.now())))

    def shows(self, key: str, value: str):
        """Predicate on DiagnosticArray: the planner's status has this value."""

        def found(array) -> bool:
            statuses = [values_of(status) for status in array.status if f"{self.namespace}/planner" in status.name]
            return any(values.get(key) == value for values in statuses)

        return found

    def goal(self, instruction: str = INSTRUCTION, feedback=None, **fields):
        """Send a goal and return its handle."""
        goal = PlanTask.Goal(instruction=instruction, **fields)
        handle = self.probe.result(self.probe.spun(lambda: self.action.send_goal_async(goal, feedback)))
        assert handle.accepted
        return handle

    def answer_to(self, handle):
        """Wait for the end of a goal: status and result."""
        return self.probe.result(self.probe.spun(handle.get_result_async))

    def plan(self, instruction: str = INSTRUCTION, **fields):
        """Send a goal and return (status, result)."""
        answer = self.answer_to(self.goal(instruction, **fields))
        return answer.status, answer.result

    def answers_good_request(self) -> None:
        """The process lives and the next good request gets a plan."""
        assert self.process.alive(), self.process.log
        with self.look():
            for _ in range(10):  # what was sent before may still be under way
                status, result = self.plan()
                if result.error_code == 0:
                    break
        assert (status, result.error_code, result.error_msg) == (GoalStatus.STATUS_SUCCEEDED, 0, "")
        assert len(result.plan.actions) >= 1

    def published(self) -> int:
        """How many messages with a plan or a pose came so far; markers that only take others away are none."""
        drawn = [msg for msg in self.inbox["plan_markers"].messages if len(msg.markers) > 1]
        return len(drawn) + sum(len(inbox.messages) for name, inbox in self.inbox.items() if name != "plan_markers")

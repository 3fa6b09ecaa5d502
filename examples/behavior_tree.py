"""The planner in a behaviour tree (py_trees): plan, have a person confirm, execute the step, until nothing is left to do.

ros2 launch moe3d_ros planner.launch.py                        # a planner, and moveit_goals for an arm, in other terminals
python3 examples/behavior_tree.py "put the red block in the green bowl"      # pip install py-trees

Plans are asked of `propose_task`, so nothing moves before `confirm` is called, whatever the planner's parameters say.
"""

from __future__ import annotations

import argparse
import sys
import time

import py_trees
import rclpy
from py_trees.common import Status
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.utilities import remove_ros_args
from std_msgs.msg import Empty
from std_srvs.srv import Trigger

from moe3d_ros.action import PlanTask
from moe3d_ros.msg import TaskPlan


class Mission:
    """State that the behaviours share: the node, the instruction, the newest plan, and the steps that are done."""

    def __init__(self, node: Node, instruction: str) -> None:
        self.node, self.instruction = node, instruction
        self.plan: TaskPlan | None = None
        self.completed: list[str] = []
        self.reached = 0  # goals that the arm has reached since the plan was made
        node.create_subscription(Empty, "goal_reached", self._on_reached, QoSProfile(depth=10))

    @property
    def complete(self) -> bool:
        """Nothing is left to do."""
        return self.plan is not None and self.plan.complete

    def _on_reached(self, _: Empty) -> None:
        self.reached += 1


class Plan(py_trees.behaviour.Behaviour):
    """Asks for a plan that waits for a confirmation. SUCCESS: there is one; FAILURE: the planner refused, and says why."""

    def __init__(self, mission: Mission) -> None:
        super().__init__("Plan")
        self._mission = mission
        self._client = ActionClient(mission.node, PlanTask, "propose_task")
        self._handle = self._result = self._sent = None

    def initialise(self) -> None:
        """Forget the plan before."""
        self._handle = self._result = self._sent = None
        self._mission.plan, self._mission.reached = None, 0

    def update(self) -> Status:
        """Send the goal once the planner is there, and wait for its result."""
        if self._sent is None:
            if not self._client.server_is_ready():
                self.feedback_message = "waiting for the planner"
                return Status.RUNNING
            goal = PlanTask.Goal(instruction=self._mission.instruction, completed=self._mission.completed)
            self._sent = self._client.send_goal_async(goal)
        if self._result is None and self._sent.done():
            self._handle = self._sent.result()
            self._result = self._handle.get_result_async()
        if self._result is None or not self._result.done():
            self.feedback_message = "planning"
            return Status.RUNNING
        result = self._result.result().result
        if result.error_code:
            self.feedback_message = result.error_msg
            return Status.FAILURE
        self._mission.plan = result.plan
        self.feedback_message = "; ".join(step.text for step in result.plan.actions) or "nothing is left to do"
        return Status.SUCCESS

    def terminate(self, new_status: Status) -> None:
        """Cancel what is interrupted."""
        if new_status == Status.INVALID and self._handle is not None and self._mission.plan is None:
            self._handle.cancel_goal_async()


class Confirm(py_trees.behaviour.Behaviour):
    """Shows the step to a person and releases it. SUCCESS: released; FAILURE: the person or the planner said no."""

    def __init__(self, mission: Mission, ask) -> None:
        """``ask``: given the step's text, whether the person agrees."""
        super().__init__("Confirm")
        self._mission, self._ask, self._future = mission, ask, None
        self._confirm = mission.node.create_client(Trigger, "confirm")
        self._reject = mission.node.create_client(Trigger, "reject")

    def initialise(self) -> None:
        """Ask the person once."""
        plan = self._mission.plan
        self._agreed = bool(plan.actions) and self._ask(plan.actions[0].text)
        self._future = None

    def update(self) -> Status:
        """Tell the planner what the person said, and wait for its answer."""
        if not self._mission.plan.actions:
            return Status.SUCCESS
        client = self._confirm if self._agreed else self._reject
        if self._future is None and client.service_is_ready():
            self._future = client.call_async(Trigger.Request())
        if self._future is None or not self._future.done():
            return Status.RUNNING
        response = self._future.result()
        self.feedback_message = response.message
        return Status.SUCCESS if self._agreed and response.success else Status.FAILURE


class ExecuteStep(py_trees.behaviour.Behaviour):
    """Waits until the arm has picked and placed (goal_reached, twice). FAILURE: it took too long."""

    def __init__(self, mission: Mission, timeout: float) -> None:
        """``timeout``: seconds for the step."""
        super().__init__("ExecuteStep")
        self._mission, self._timeout = mission, timeout

    def initialise(self) -> None:
        """Begin to count the time."""
        self._end = time.monotonic() + self._timeout

    def update(self) -> Status:
        """Look how far the arm has come."""
        if not self._mission.plan.actions:
            return Status.SUCCESS
        if self._mission.reached >= 2:
            self._mission.completed.append(self._mission.plan.actions[0].text)
            return Status.SUCCESS
        self.feedback_message = ("the way to the pick", "the way to the place")[self._mission.reached]
        if time.monotonic() < self._end:
            return Status.RUNNING
        self.feedback_message = f"{self.feedback_message} took longer than {self._timeout:g} s"
        return Status.FAILURE


def step_tree(mission: Mission, ask, timeout: float = 120.0) -> py_trees.behaviour.Behaviour:
    """One step of the mission as a tree: tick it until it is no longer RUNNING, and again for the next step."""
    children = [Plan(mission), Confirm(mission, ask), ExecuteStep(mission, timeout)]
    return py_trees.composites.Sequence("Step", memory=True, children=children)


def main(argv: list[str] | None = None) -> int:
    """Carry out an instruction; 1 where a step failed, with the reason."""
    parser = argparse.ArgumentParser(description="Plan, confirm and execute, step by step.")
    parser.add_argument("instruction", nargs="?", default="put the red block in the green bowl")
    parser.add_argument("--yes", action="store_true", help="confirm every step: only where nothing can be hit")
    parser.add_argument("--steps", type=int, default=16, help="most steps (default: %(default)s)")
    given = list(argv or sys.argv)
    options = parser.parse_args(remove_ros_args(given)[1:])
    rclpy.init(args=given)
    node = Node("behavior_tree")
    mission = Mission(node, options.instruction)
    tree = step_tree(mission, lambda text: options.yes or input(f"{text}? [y/N] ").strip().lower() == "y")
    try:
        while not mission.complete and len(mission.completed) < options.steps:
            tree.tick_once()
            rclpy.spin_once(node, timeout_sec=0.05)
            if tree.status == Status.FAILURE:
                print(f"{tree.tip().name} failed: {tree.tip().feedback_message}", file=sys.stderr)
                return 1
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    print("\n".join(f"{number}. {text}" for number, text in enumerate(mission.completed, 1)) or "nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The smallest ROS 2 client of the action plan_task: sends an instruction, prints the stages and the plan.

ros2 launch moe3d_ros planner.launch.py sim:=true              # a planner, in another terminal
python3 examples/plan_client.py "put the red block in the green bowl"
"""

from __future__ import annotations

import sys

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from moe3d_ros.action import PlanTask


class PlanClient(Node):
    """A node that asks for plans."""

    def __init__(self) -> None:
        super().__init__("plan_client")
        self._planner = ActionClient(self, PlanTask, "plan_task")

    def plan(self, instruction: str) -> PlanTask.Result:
        """Wait for the planner, send the instruction and wait for the result."""
        self._planner.wait_for_server()
        goal = PlanTask.Goal(instruction=instruction)
        sent = self._planner.send_goal_async(
            goal, feedback_callback=lambda message: self.get_logger().info(message.feedback.stage)
        )
        rclpy.spin_until_future_complete(self, sent)
        answer = sent.result().get_result_async()
        rclpy.spin_until_future_complete(self, answer)
        return answer.result().result


def main(argv: list[str] | None = None) -> int:
    """Ask once; 1 where there is no plan, with the planner's own sentence."""
    rclpy.init(args=argv)
    words = remove_ros_args(argv or sys.argv)[1:]
    client = PlanClient()
    try:
        result = client.plan(" ".join(words) or "put the red block in the green bowl")
    finally:
        client.destroy_node()
        rclpy.shutdown()
    if result.error_code:
        print(f"error {result.error_code}: {result.error_msg}", file=sys.stderr)
        return 1
    for action in result.plan.actions:
        pick, place = action.pick.pose.position, action.place.pose.position
        print(f"{action.index + 1}. {action.text}")
        print(
            f"   pick ({pick.x:.3f}, {pick.y:.3f}, {pick.z:.3f}), place ({place.x:.3f}, {place.y:.3f}, {place.z:.3f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

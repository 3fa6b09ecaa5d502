"""The mcp program: an assistant looks, asks and plans over the Model Context Protocol (stdio), and moves nothing.

Plans are asked of `propose_task`, so their goals wait for a confirmation whatever the planner's parameters say; `release`
goes through the planner's service of that name, which is refused unless the planner requires confirmation. This program
knows no other way to a goal: it publishes nothing that a robot follows, and neither calls `confirm` nor sets a parameter.
It needs the library `mcp`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Any

import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from moe3d_ros.action import PlanTask
from moe3d_ros.msg import TaskPlan
from moe3d_ros.nodes.runtime.conversions import plan_from_msg
from moe3d_ros.nodes.runtime.parameter_tables import MCP
from moe3d_ros.nodes.runtime.parameters import Parameters
from moe3d_ros.nodes.runtime.run import check_overrides, spin
from moe3d_ros.nodes.runtime.transport import choose_profile
from moe3d_ros.nodes.settings.ros_arguments import mended
from moe3d_ros.srv import AnswerQuestion, LookAtScene, ReleasePlan

INSTRUCTIONS = """Tools for a robot arm at a table. Places are said from the robot's point of view. `look` and `ask` tell what is
seen, `plan` turns an instruction into steps with poses: nothing moves. A plan waits until it is released, with `release`
where the robot's operator allows it, or by a person at the robot. Always show a plan to the person and wait for a clear yes
before you call `release`."""


class Failed(RuntimeError):
    """A request has no result; the message is a sentence for the assistant and the person behind it."""


class AssistantNode(Node):
    """The program's node: one method for each tool. Parameters are documented in docs/parameters.md."""

    def __init__(self, context: Context | None = None):
        super().__init__("mcp", context=context)
        self.settings = Parameters(self, MCP)
        self._planner = ActionClient(self, PlanTask, "propose_task")
        self._look = self.create_client(LookAtScene, "look")
        self._answer = self.create_client(AnswerQuestion, "answer")
        self._release = self.create_client(ReleasePlan, "release")
        self._proposed: TaskPlan | None = None  # the newest plan that was asked for here

    def look(self) -> dict[str, Any]:
        """Things that are seen: words, centre, edges (metres, planning frame), yaw by quaternion, probability."""
        response = self._called(self._look, LookAtScene.Request())
        if not response.success:
            raise Failed(response.message)
        things = [
            {
                "name": thing.name,
                "center": _numbers(thing.pose.position, "xyz"),
                "orientation": _numbers(thing.pose.orientation, "xyzw"),
                "size": _numbers(thing.size, "xyz"),
                "probability": round(thing.probability, 3),
            }
            for thing in response.things.things
        ]
        return {"frame": response.things.header.frame_id, "things": things}

    def ask(self, question: str) -> str:
        """Answer to a question about the scene."""
        response = self._called(self._answer, AnswerQuestion.Request(question=question))
        if not response.success:
            raise Failed(response.message)
        return response.answer

    def plan(self, instruction: str, completed: list[str]) -> dict[str, Any]:
        """A plan that waits for its release; ``completed``: texts of the steps that are done."""
        goal = PlanTask.Goal(instruction=instruction, completed=completed)
        self._proposed = None
        if not self._planner.wait_for_server(self.settings["wait"]):
            raise Failed(self._nobody("action", "propose_task"))
        handle = self._result(lambda: self._planner.send_goal_async(goal), "took the instruction")
        if not handle.accepted:
            raise Failed("The planner did not take the instruction: try again.")
        try:
            result = self._result(handle.get_result_async, "had a plan").result
        except Failed:
            handle.cancel_goal_async()
            raise
        if result.error_code:
            raise Failed(f"Error {result.error_code}: {result.error_msg}")
        self._proposed = result.plan
        steps = plan_from_msg(result.plan).to_dict()
        waits = bool(result.plan.actions)
        return {
            "plan_id": _plan_id(result.plan) if waits else "",
            "steps": steps["actions"],
            "complete": result.plan.complete,
            "notes": steps["notes"],
            "state": "Nothing moves: the plan waits for its release." if waits else "Nothing is left to do.",
        }

    def release(self, plan_id: str) -> str:
        """The first step of the plan of that id, whose goals were published."""
        plan = self._proposed
        if plan is None or not plan.actions or _plan_id(plan) != plan_id:
            raise Failed(
                "No plan of this id waits: call plan, show the person its steps, and release it by its plan_id."
            )
        response = self._called(self._release, ReleasePlan.Request(plan=plan))
        if not response.success:
            raise Failed(f"Nothing was released: {response.message}")
        self._proposed = None
        return response.message

    # --- waiting, in a thread of the server

    def _called(self, client, request):
        if not client.wait_for_service(self.settings["wait"]):
            raise Failed(self._nobody("service", client.srv_name))
        return self._result(lambda: client.call_async(request), "answered")

    def _nobody(self, kind: str, name: str) -> str:
        name = self.resolve_topic_name(name)
        return f"Nobody answers on the {kind} {name}: start the planner (ros2 launch moe3d_ros planner.launch.py), or give this program its namespace and ROS_DOMAIN_ID."

    def _result(self, begin, what: str):
        """Result of a future that ``begin()`` starts in the executor's thread; Failed where it does not come."""
        done, box = threading.Event(), []

        def ended(future) -> None:
            box.append(future)
            done.set()

        # Begun in the thread that spins: rclpy loses a response that comes before its request is noted.
        self.executor.create_task(lambda: begin().add_done_callback(ended))
        longest = self.settings["timeout"]
        if not done.wait(longest):
            raise Failed(
                f"The planner has not {what} within {longest:g} s (timeout): look at its log and at /diagnostics."
            )
        return box[0].result()


def make_server(node: AssistantNode):
    """An MCP server with the node's tools. Raises ImportError with what to install."""
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise ImportError(
            f"The library of the Model Context Protocol is not installed ({error}): pip install 'mcp>=2', which the extra `mcp` "
            "of this package brings."
        ) from error

    def told(tool, *arguments):
        try:
            return tool(*arguments)
        except Failed as error:
            raise ToolError(str(error)) from error

    server = MCPServer("moe3d_ros", instructions=INSTRUCTIONS, log_level="WARNING")
    harmless = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    @server.tool(annotations=harmless)
    def look() -> dict[str, Any]:
        """Tell which things the robot sees on its table now: words, box in metres, probability."""
        return told(node.look)

    @server.tool(annotations=harmless)
    def ask(question: str) -> str:
        """Answer a question about what the robot sees, such as "how many blocks are left of the bowl?"."""
        return told(node.ask, question)

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False))
    def plan(instruction: str, completed: list[str] | None = None) -> dict[str, Any]:
        """Plan an instruction: steps in words, with poses of the tool. Nothing moves. Replaces the plan that waits.

        completed: texts of the steps of it that are already done.
        """
        return told(node.plan, instruction, completed or [])

    if node.settings["release"]:

        @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False))
        def release(plan_id: str) -> str:
            """Release the plan of this id: THE ROBOT MAY MOVE at once. Only after the person has seen the plan and said yes."""
            return f"Released, the robot may move now: {told(node.release, plan_id)}"

    return server


def _plan_id(plan: TaskPlan) -> str:
    return f"{plan.header.stamp.sec}.{plan.header.stamp.nanosec:09d}"


def _numbers(message, names: str) -> list[float]:
    return [round(getattr(message, name), 4) for name in names]


def main(args=None) -> int:
    """Entry point of the program `mcp`: serves on standard input and output until the input ends."""
    choose_profile(os.environ)
    given, context = list(sys.argv if args is None else args), Context()
    try:
        rclpy.init(args=mended(given), context=context, signal_handler_options=SignalHandlerOptions.NO)
        node = AssistantNode(context)
        node.settings.check()
        check_overrides([node], given)
        server = make_server(node)
    except (RCLError, ParameterException, ValueError, ImportError) as error:
        print(f"The mcp server cannot start: {error}", file=sys.stderr)
        context.try_shutdown()
        return 2
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=spin, args=(executor, node.get_logger()), daemon=True)
    thread.start()
    with contextlib.suppress(KeyboardInterrupt):
        server.run("stdio")
    context.try_shutdown()
    thread.join(5.0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""An assistant's client (MCP, over stdio) against the real planner over real DDS: it moves nothing without the gate."""

import asyncio
import os
import subprocess
import sys

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from mcp import Client, StdioServerParameters
from places import ROOT
from planning import INSTRUCTION, Planning
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_helpers import TIMEOUT, rclpy
from std_msgs.msg import Empty
from std_srvs.srv import Trigger

GOALS = ("planned_action", "pick_pose", "place_pose", "goal_pose")


@pytest.fixture(scope="module")
def planning(probe, tiny_checkpoint):
    planning = Planning(probe, "assisted", checkpoint=str(tiny_checkpoint), max_cloud_age=60.0)
    planning.process.wait_log("model loaded")
    with planning.look():
        yield planning
    assert planning.process.stop() == 0, planning.process.log


def assistant(*calls, namespace: str = "assisted", parameters: tuple[str, ...] = ()):
    """A client that starts the server, and the results of ``calls``: (tool, arguments) or callables of the results so far."""
    arguments = ["-m", "moe3d_ros.nodes.mcp", "--ros-args", "-r", f"__ns:=/{namespace}"]
    for parameter in parameters:
        arguments += ["-p", parameter]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}

    async def session():
        server = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
        results = []
        async with Client(server, read_timeout_seconds=TIMEOUT) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            for call in calls:
                name, given = call(results) if callable(call) else call
                results.append(await client.call_tool(name, given))
        return tools, results

    return asyncio.run(session())


def words(result) -> str:
    return " ".join(part.text for part in result.content)


def confirmation(planning, required: bool) -> None:
    """Set the planner's require_confirmation as `ros2 param set` does."""
    value = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=required)
    client = planning.probe.node.create_client(SetParameters, "/assisted/planner/set_parameters")
    request = SetParameters.Request(parameters=[Parameter(name="require_confirmation", value=value)])
    assert planning.probe.call(client, request).results[0].successful


def counts(planning) -> dict[str, int]:
    return {name: len(planning.inbox[name].messages) for name in GOALS}


def release_of(results):
    """The call that releases the plan that came last."""
    planned = [result.structured_content for result in results if (result.structured_content or {}).get("plan_id")]
    return "release", {"plan_id": planned[-1]["plan_id"]}


PLAN = ("plan", {"instruction": INSTRUCTION})


def test_tools_say_what_they_may_do_and_tell_what_is_seen(planning):
    tools, (seen, answer) = assistant(("look", {}), ("ask", {"question": "what is there?"}))
    assert set(tools) == {"look", "ask", "plan", "release"}
    assert tools["look"].annotations.read_only_hint
    assert tools["release"].annotations.destructive_hint
    assert not seen.is_error, words(seen)
    assert seen.structured_content["frame"] == "base_link"
    for thing in seen.structured_content["things"]:
        assert len(thing["center"]) == len(thing["size"]) == 3
    assert answer.content


def test_without_confirmation_a_plan_over_mcp_is_shown_and_nothing_follows_it(planning):
    before, shown = counts(planning), len(planning.inbox["plan"].messages)
    _, (plan, release) = assistant(PLAN, release_of)
    assert not plan.is_error, words(plan)
    planned = planning.inbox["plan"].wait(start=shown)
    assert [step["text"] for step in plan.structured_content["steps"]] == [step.text for step in planned.actions]
    assert release.is_error
    assert "require_confirmation" in words(release)
    planning.probe.talk(Empty, "/assisted/goal_reached").publish(Empty())  # nor does what else would go on with it
    planning.process.wait_log("no goal")
    replanned = planning.probe.call(planning.probe.node.create_client(Trigger, "/assisted/replan"), Trigger.Request())
    assert replanned.success, replanned.message
    assert counts(planning) == before
    person = planning.probe.call(planning.probe.node.create_client(Trigger, "/assisted/confirm"), Trigger.Request())
    assert person.success, person.message  # a person at the robot decides


def test_with_confirmation_exactly_the_plan_that_was_shown_is_released(planning):
    confirmation(planning, True)
    try:
        before = counts(planning)

        def replaced(results):
            planning.plan(completed=["pick the red block, place it in the green bowl"])  # somebody else asks meanwhile
            return release_of(results)

        wrong = ("release", {"plan_id": "7.000000007"})
        _, (_, refused, other, _, released) = assistant(PLAN, wrong, replaced, PLAN, release_of)
        assert refused.is_error
        assert "plan_id" in words(refused)
        assert other.is_error
        assert "Another plan waits" in words(other)
        assert not released.is_error, words(released)
        got = planning.inbox["planned_action"].wait(start=before["planned_action"])
        assert got.text in words(released)
        planning.inbox["goal_pose"].wait(start=before["goal_pose"])
        assert {name: count - before[name] for name, count in counts(planning).items()} == dict.fromkeys(GOALS, 1)
    finally:
        confirmation(planning, False)


def test_an_operator_can_keep_the_release_to_people(planning):
    tools, _ = assistant(parameters=("release:=false",))
    assert set(tools) == {"look", "ask", "plan"}


def test_refusals_are_sentences_and_a_missing_planner_is_named(planning):
    _, (plan, question, release) = assistant(
        ("plan", {"instruction": "  "}), ("ask", {"question": ""}), ("release", {"plan_id": ""})
    )
    assert "is empty" in words(plan)
    assert "is empty" in words(question)
    assert plan.is_error
    assert question.is_error
    assert release.is_error
    _, (alone,) = assistant(("look", {}), namespace="nowhere", parameters=("wait:=0.2",))
    assert "/nowhere/look" in words(alone)
    assert "start the planner" in words(alone)


def test_the_program_uses_nothing_by_which_a_robot_is_moved(planning):
    """Its entities as the graph says: it publishes no goal, and calls neither confirm, plan_task nor parameters."""
    from moe3d_ros.nodes.mcp import AssistantNode

    node = AssistantNode(planning.probe.context)
    try:
        ask = rclpy.action.get_action_client_names_and_types_by_node
        actions = {name for name, _ in ask(node, node.get_name(), node.get_namespace())}
        clients = node.get_client_names_and_types_by_node(node.get_name(), node.get_namespace())
        services = {name for name, _ in clients if "/_action/" not in name}
        topics = node.get_publisher_names_and_types_by_node(node.get_name(), node.get_namespace())
    finally:
        node.destroy_node()
    assert actions == {"/propose_task"}
    assert services == {"/look", "/answer", "/release"}
    assert {name for name, _ in topics} == {"/rosout", "/parameter_events"}


def test_without_the_library_it_says_what_to_install():
    script = "import sys; sys.modules['mcp'] = None; from moe3d_ros.nodes.mcp import main; sys.exit(main(['mcp']))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'mcp>=2'" in done.stderr
    assert "Traceback" not in done.stderr

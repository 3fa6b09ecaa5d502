"""The demo's executions: of a plan, judged by its own words, and of a long task, judged by its goals; by the simulator's truth."""

from __future__ import annotations

import time

from moe3d_ros.nodes.demo_client import DemoClient, DemoError
from moe3d_ros.plan import Plan

MAX_EXECUTIONS = 10  # of a plan
MAX_TASK_EXECUTIONS = 20
JUDGED_BY = "ground truth of the simulator: what each step names lies in or on what it names as its destination"
TASK_JUDGED_BY = "ground truth of the simulator: how many goals of the task are reached when the planner has ended"


def execute_plan(client: DemoClient, plan: Plan, instruction: str, timeout: float) -> dict:
    """Execute the first step; while the plan had more, look and plan again and execute the next.

    Returns:
        for plan.json: executions, success (None: not judged against the instruction), judged_by, execution_s, verdict.
    """
    start = time.monotonic()
    executions: list[dict] = []
    judged: list[bool] = []
    while plan.actions and len(executions) < MAX_EXECUTIONS:
        executions.append(_execute(client, timeout))
        judged.append(bool(executions[-1]["success"]))
        if not judged[-1] or len(plan.actions) == 1:
            break
        plan = client.replan(timeout)
    from moe3d_ros.tabletop.rules.success import names_same, plain_meaning  # late: it brings torch

    asked = plain_meaning(instruction)
    success: bool | None = all(judged) and len(plan.actions) <= 1
    outcome = "SUCCESS"
    judged_by, why = f"{JUDGED_BY}; whether that is what the instruction asked for was not judged", ""
    if asked:
        right = any(names_same(e["target"], asked[0]) and names_same(e["destination"], asked[1]) for e in executions)
        judged_by = f"{JUDGED_BY}, and the instruction's {asked[0]} and {asked[1]} are the step's"
        why = "" if right else f" The instruction asked for the {asked[0]} and the {asked[1]}."
        success = success and right
    elif success:  # each step did what it says; what was asked for may be another thing
        success, outcome = None, "EXECUTED, not judged against the instruction,"
    if success is False:
        outcome = "NO SUCCESS"
    return _record(
        start, executions, success, judged_by, f"{outcome} in the simulator. {executions[-1]['message']}{why}"
    )


def execute_task(client: DemoClient, plan: Plan, timeout: float) -> dict:
    """Execute the first step, look and plan again, until the planner says that nothing is left, or gives up.

    Returns:
        as `execute_plan`; it is a success where the planner ended by itself and all goals are then reached.
    """
    start = time.monotonic()
    executions: list[dict] = []
    end = f"after {MAX_TASK_EXECUTIONS} steps the planner still saw something to do"
    while plan.actions and len(executions) < MAX_TASK_EXECUTIONS:
        executions.append(_execute(client, timeout))
        try:
            plan = client.replan(timeout)
        except DemoError as error:
            end = f"the planner gave up: {' '.join(str(error).split()).rstrip('.')}"
            break
        if not plan.actions:
            end = "the planner says that it is done" if plan.complete else "the planner found no further step"
    reached, goals = executions[-1]["goals_reached"], executions[-1]["goals"]
    success = plan.complete and not plan.actions and reached == goals
    outcome = "SUCCESS" if success else "NO SUCCESS"
    said = f"{reached} of {goals} goals are reached after {len(executions)} steps, and {end}."
    return _record(start, executions, success, TASK_JUDGED_BY, f"{outcome} in the simulator. {said}")


def _execute(client: DemoClient, timeout: float) -> dict:
    report = client.execute(timeout)
    print(
        f"Executed: {report['text']}" if report["success"] else f"Executed: {report['text']}: {report['message']}",
        flush=True,
    )
    return report


def _record(start: float, executions: list[dict], success: bool | None, judged_by: str, verdict: str) -> dict:
    return {
        "executed": True,
        "success": success,
        "executions": executions,
        "judged_by": judged_by,
        "execution_s": round(time.monotonic() - start, 3),
        "verdict": verdict,
    }

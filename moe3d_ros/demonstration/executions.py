"""The demo's executions: of a plan, and of a long task that is looked at and planned again until the planner ends it."""

from __future__ import annotations

from typing import Protocol

from moe3d_ros.plan import Plan

MAX_EXECUTIONS = 10  # of a plan
MAX_TASK_EXECUTIONS = 20


class DemoError(RuntimeError):
    """Something that the demo waited for did not come, or the planner refused; the message is one line."""


class DemoClient(Protocol):
    """Planner and world as the demo drives them, as nodes or in its own process."""

    def execute(self, timeout: float) -> dict:
        """Execute the plan's next step; its report (`reported_step`). Raises DemoError."""

    def replan(self, timeout: float) -> Plan:
        """Look and plan again. Raises DemoError where the planner refuses."""


def execute_plan(client: DemoClient, plan: Plan, timeout: float) -> tuple[list[dict], bool]:
    """Execute the first step; while the plan had more, look and plan again and execute the next.

    Returns:
        the simulator's reports, and True where each step did what it says and none was left.
    """
    executions: list[dict] = []
    while plan.actions and len(executions) < MAX_EXECUTIONS:
        executions.append(_execute(client, timeout))
        if not executions[-1]["success"] or len(plan.actions) == 1:
            break
        plan = client.replan(timeout)
    return executions, all(report["success"] for report in executions) and len(plan.actions) <= 1


def execute_task(client: DemoClient, plan: Plan, timeout: float) -> tuple[list[dict], bool, str]:
    """Execute the first step, look and plan again, until the planner says that nothing is left, or gives up.

    Returns:
        the simulator's reports, True where the planner said that the task is done, and how it ended, in words.
    """
    executions: list[dict] = []
    while plan.actions and len(executions) < MAX_TASK_EXECUTIONS:
        executions.append(_execute(client, timeout))
        try:
            plan = client.replan(timeout)
        except DemoError as error:
            return executions, False, f"the planner gave up: {' '.join(str(error).split()).rstrip('.')}"
    if plan.actions:
        return executions, False, f"after {MAX_TASK_EXECUTIONS} steps the planner still saw something to do"
    if not plan.complete:
        return executions, False, "the planner found no further step"
    return executions, True, "the planner says that it is done"


def _execute(client: DemoClient, timeout: float) -> dict:
    report = client.execute(timeout)
    why = "" if report["success"] else f": {report['message']}"
    print(f"Executed: {report['text']}{why}", flush=True)
    return report

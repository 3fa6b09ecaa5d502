"""Requests to the planner node, and the checks on what comes in. Free of ROS."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from moe3d_ros.plan import ErrorCode, Plan, PlanningError, check_text

MAX_COMPLETED = 64


@dataclasses.dataclass(frozen=True)
class Moment:
    """Time at which something was asked: by the node's clock, nanoseconds, and by a clock that nobody sets, seconds."""

    ns: int
    steady: float

    @classmethod
    def now(cls, now_ns: int) -> Moment:
        """The present, which the node's clock calls ``now_ns``."""
        return cls(now_ns, time.monotonic())


@dataclasses.dataclass(frozen=True)
class Task:
    """An instruction and how far it has come.

    Attributes:
        instruction: as the person said it.
        completed: texts of the steps that are done.
        max_steps: most steps of the plan, 0 for the node's default.
        newer_than: plan only on a cloud that was taken later; None: on any.
        proposed: its goals wait for a confirmation, whatever the node's parameters say; so do those of what follows it.
        plan, header: the last plan and the header of its messages, None before.
        picked: the robot has reached the pick of the plan's first step.
        finished: the robot has reached its place too.
    """

    instruction: str
    completed: tuple[str, ...] = ()
    max_steps: int = 0
    newer_than: Moment | None = None
    proposed: bool = False
    plan: Plan | None = None
    header: Any = None
    picked: bool = False
    finished: bool = False

    def reached(self) -> Task:
        """The task after the robot has reached the current goal."""
        if not self.picked:
            return dataclasses.replace(self, picked=True)
        return dataclasses.replace(self, finished=True, completed=(*self.completed, self.plan.actions[0].text))

    def again(self, now_ns: int) -> Task:
        """The same instruction from here on, to be planned on a cloud that is newer than now, ``now_ns`` on the node's clock."""
        return Task(self.instruction, self.completed, self.max_steps, Moment.now(now_ns), self.proposed)


def check_task(task: Task) -> None:
    """Raise PlanningError(BAD_INSTRUCTION) unless the instruction and the completed steps are text that can be read."""
    check_text(task.instruction, "instruction")
    if len(task.completed) > MAX_COMPLETED:
        raise PlanningError(
            ErrorCode.BAD_INSTRUCTION,
            f"{len(task.completed)} completed steps were sent: send at most the last {MAX_COMPLETED}.",
        )
    for text in task.completed:
        check_text(text, "completed step")

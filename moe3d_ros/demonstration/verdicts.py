"""Words and records of the demos: a plan line by line, and what came of it by the simulator's ground truth."""

from __future__ import annotations

import json
from pathlib import Path

from moe3d_ros.plan import Action, Plan
from moe3d_ros.world.geometry import quaternion_to_matrix, yaw_of
from moe3d_ros.world.pose import Pose

INSTRUCTION = "put the red block in the green bowl"
FILM = "plan.gif"
FILES = ("plan.json", "plan.png", FILM)
JUDGED_BY = "ground truth of the simulator: what each step names lies in or on what it names as its destination"
TASK_JUDGED_BY = "ground truth of the simulator: how many goals of the task are reached when the planner has ended"


def judge_plan(instruction: str, executions: list[dict], success: bool | None) -> dict:
    """Entries of plan.json for executed steps, of which ``success`` tells whether each did what it says."""
    from moe3d_ros.tabletop.rules.success import names_same, plain_meaning  # late: it brings torch

    asked, outcome = plain_meaning(instruction), "SUCCESS"
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
    verdict = f"{outcome} in the simulator. {executions[-1]['message']}{why}"
    return {
        "executed": True,
        "success": success,
        "executions": executions,
        "judged_by": judged_by,
        "verdict": verdict,
    }


def judge_task(executions: list[dict], done: bool, end: str) -> dict:
    """Entries of plan.json for a long task: a success where the planner ended it and all its goals are reached."""
    reached, goals = executions[-1]["goals_reached"], executions[-1]["goals"]
    success = done and reached == goals
    outcome = "SUCCESS" if success else "NO SUCCESS"
    return {
        "executed": True,
        "success": success,
        "executions": executions,
        "judged_by": TASK_JUDGED_BY,
        "verdict": f"{outcome} in the simulator. {reached} of {goals} goals are reached after {len(executions)} steps, and {end}.",
    }


def describe(plan: Plan) -> list[str]:
    """A plan in words, line by line."""
    if not plan.actions:
        return ["Plan: nothing is left to do." if plan.complete else "Plan: no step was found."]
    lines = ["Plan:"]
    for action in plan.actions:
        lines += [f"  {action.index + 1}. {action.text} (confidence {action.confidence:.2f})", *_pose_lines(action)]
    return [*lines, *plan.notes]


def _pose_lines(action: Action) -> list[str]:
    return [f"       {name:5} {_pose_words(pose)}" for name, pose in (("pick", action.pick), ("place", action.place))]


def _pose_words(pose: Pose) -> str:
    x, y, z = pose.position
    yaw = float(yaw_of(quaternion_to_matrix(pose.orientation))) * 180 / 3.141592653589793
    quaternion = ", ".join(f"{v:.3f}" for v in pose.orientation)
    return f"x {x:.3f}  y {y:+.3f}  z {z:.3f} m, tool x at {yaw:.0f} degrees, quaternion ({quaternion})"


def written_files(folder: Path) -> list[Path]:
    """Files of a demo that are in a folder."""
    return [folder / name for name in FILES if (folder / name).exists()]


def write_json(path: Path, record: dict) -> None:
    """Write a record as JSON; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""An oracle that plans the demo's scene and its table of two long tasks, of which it ends the second after a single step.

It needs neither a model nor ROS. With any other cloud it moves the highest thing to the middle.
"""

from __future__ import annotations

import numpy as np

from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError
from moe3d_ros.tabletop.scenes.wanted_scenes import scene_with
from moe3d_ros.tabletop.tasks.long_tasks import remaining_steps
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.tabletop.tasks.spoken import EXAMPLES, said_task
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.workspace import Workspace


class Oracle:
    """Plans as `Planner` does."""

    workspace = model_workspace = Workspace()
    voxel_size, margin, kinds, name = 0.01, 0.02, ("block", "bowl", "zone"), "oracle"
    checksum, llm_weights = "", "none"

    def plan(self, points, colors, instruction, completed=(), max_steps=8, on_progress=None, should_stop=None) -> Plan:
        if instruction in EXAMPLES:
            return task_plan(instruction, len(completed))
        if instruction == "put the red block in the green bowl":
            scene = scene_with(["red block", "green bowl"], 0)
            names = [f"{thing.color} {thing.kind}" for thing in scene.objects]
            step = make_step(scene, names.index("red block"), names.index("green bowl"))
            target, destination = step.text.removeprefix("pick the ").split(", place it ")
            pick, place, text = step.pick, step.place, step.text
            seen = ()
        elif instruction == "move the highest thing to the middle":
            x, y, z = (float(v) for v in points[np.argmax(points[:, 2])])
            target, destination, text = "red object", "on the middle", "pick the red object, place it on the middle"
            z = min(z, 0.29)
            pick, place = pose_from_xyz_yaw((x, y, z), 0.0), pose_from_xyz_yaw((0.5, 0.0, 0.05), 0.0)
            half = (0.03, 0.03, z / 2)
            seen = (SeenObject("red object", "block", "red", "", (x, y, z / 2), half, 0.0, None, 0.9),)
        else:
            raise PlanningError(ErrorCode.BAD_INSTRUCTION, "The oracle does not know this sentence.")
        action = Action(0, "pick_place", target, destination, pick, place, 0.9, text)
        seconds = {"voxels": 0.01, "encode": 0.02, "language": 0.03, "poses": 0.04}
        return Plan(instruction, (action,), False, seconds, seen=seen)


def task_plan(instruction: str, done: int) -> Plan:
    """The rest of a long task after so many steps."""
    task, scene = said_task(instruction, 0)
    steps = remaining_steps(task, scene)[: None if instruction == EXAMPLES[0] else 1]
    actions = []
    for step in steps[done:]:
        target, destination = step.text.removeprefix("pick the ").split(", place it ")
        actions.append(Action(len(actions), "pick_place", target, destination, step.pick, step.place, 0.9, step.text))
    return Plan(instruction, tuple(actions), not actions, {"language": 0.03})

"""Attribution of failed steps of long tasks to perception, language, pose or physics.

A step has the right intent if, carried out as intended, it would leave fewer steps to do. One with the wrong intent is
planned again with the scene's true objects in place of the detected ones: if that corrects it, the cause is perception,
else language. One with the right intent that misses is caused by perception if the encoder did not detect the blocks
concerned at their true poses (two side by side may be merged into one between them), else by the pose if the planned poses themselves
would miss, else by physics (something was knocked over, slid, or was in the way).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.plan import Action, ErrorCode, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.rules.step_done import named_beside, step_done
from moe3d_ros.tabletop.rules.success import XY_TOLERANCE, YAW_TOLERANCE, footprint
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.simulation.physics import GRASP_REACH, ExecutionResult
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, remaining_steps
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.geometry import quaternion_to_matrix, symmetric_angle_error, yaw_of
from moe3d_ros.world.seen_object import SeenObject
from training.evaluation.judging.first_step import first_step
from training.evaluation.judging.held_out_cases import Case
from training.stages.described import describe

CAUSES = ("perception", "language", "pose", "physics")
"""In the order in which a plan is made."""


def cause_of_step(
    planner: Planner,
    task: LongTask,
    before: Scene,
    after: Scene,
    cloud,
    action: Action,
    result: ExecutionResult,
    completed: tuple[str, ...],
) -> str | None:
    """Cause, one of CAUSES, of an executed step that did not help; None if it helped.

    Args:
        before, after: the scene as it lay before and after the step.
        cloud: points and colours, as in :meth:`Planner.plan`, from which the step was planned.
        completed: texts of the steps that the planner was given as done.
    """
    case = _case(task, before, completed)
    if len(remaining_steps(task, after)) < len(case.steps):
        return None
    meant = meant_step(before, action)
    if meant is None or not case.right_step(meant.pick_index, meant.place_index, meant.area, meant.text):
        return _cause_of_meaning(planner, case)
    if not _misses(before, action, meant, result):
        return "physics"
    about = [before.objects[i] for i in (meant.pick_index, meant.place_index) if i is not None]
    objects = planner.look(*cloud).objects
    return "pose" if all(_is_seen(objects, thing) for thing in about if thing.traits.movable) else "perception"


def cause_of_no_step(
    planner: Planner, task: LongTask, scene: Scene, error: PlanningError | None, completed: tuple[str, ...]
) -> str | None:
    """Cause, one of CAUSES, of a wrong done (``error`` None) or a failure; None if nothing was left to do."""
    if error is not None and error.code == ErrorCode.OUTSIDE_WORKSPACE:
        return "pose"
    if error is not None and error.code == ErrorCode.EMPTY_WORKSPACE:
        return "perception"
    case = _case(task, scene, completed)
    return _cause_of_meaning(planner, case) if case.steps else None


def meant_step(scene: Scene, action: Action) -> Step | None:
    """The step on the scene's own things that an action comes closest to, by its poses and its destination's words.

    Picked is the movable thing nearest to the pick pose; the destination is of the kind that the words name, the nearest to
    the place pose. None where there is no such thing.
    """
    movable = [i for i, thing in enumerate(scene.objects) if thing.traits.movable]
    if not movable:
        return None

    def nearest(indices, position) -> int:
        tops = np.array([(*scene.objects[i].position[:2], scene.objects[i].top) for i in indices])
        return indices[int(np.linalg.norm(tops - position, axis=1).argmin())]

    pick = nearest(movable, action.pick.position)
    side, named = named_beside(scene, action.destination)
    if side:
        others = [[i for i in those if i != pick] for those in named]
        if not all(others):
            return None
        place, second = (*(nearest(those, action.place.position) for those in others), None)[:2]
        try:
            return make_step(scene, pick, place, None, side, second)
        except NoSpot:
            return None
    kind = action.destination.split()[-1]
    goals = [i for i, thing in enumerate(scene.objects) if thing.kind == kind and i != pick]
    if goals:
        x, y, z = action.place.position
        below = (
            z - 2 * scene.objects[pick].half_extents[2]
            if scene.objects[goals[0]].traits.sized
            else scene.objects[goals[0]].top
        )
        return make_step(scene, pick, nearest(goals, (x, y, below)), None)
    area = action.destination.removeprefix("on the ")
    try:
        return make_step(scene, pick, None, area)
    except KeyError:  # a thing of a kind that is not there
        return None


def _case(task: LongTask, scene: Scene, completed: tuple[str, ...]) -> Case:
    """The moment as the suites without physics judge it."""
    return Case(scene, task.instruction, completed, remaining_steps(task, scene), task, task.name)


def _cause_of_meaning(planner: Planner, case: Case) -> str:
    """``perception`` if the true objects would have corrected the plan, else ``language``."""
    objects, _ = describe(
        batch_scenes([case.scene]), torch.Generator().manual_seed(0), kinds=len(planner.kinds), errors=0.0
    )
    return "perception" if first_step(case, planner.look_at_objects(objects))["right"] else "language"


def _misses(scene: Scene, action: Action, meant: Step, result: ExecutionResult) -> bool:
    """True if the poses, followed exactly and without obstacles, would miss their goal."""
    thing = scene.objects[meant.pick_index]
    picked, placed = action.pick, action.place
    if not result.grasped:
        touched = share_inside(_small_square(picked.position[:2]), footprint(thing)) > 0.5
        too_high = abs(picked.position[2] - thing.top) > GRASP_REACH
        return not touched or too_high
    return not step_done(followed(scene, replace(meant, pick=picked, place=placed)), meant)[0]


def followed(scene: Scene, step: Step) -> Scene:
    """The scene after a step whose poses were followed exactly: what is held off its middle comes to lie as much off it."""
    off = np.subtract(scene.objects[step.pick_index].position[:2], step.pick.position[:2])
    end, start = (float(yaw_of(quaternion_to_matrix(pose.orientation))) for pose in (step.place, step.pick))
    turn = end - start
    return apply_step(scene, step, np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ off)


def _is_seen(objects: Sequence[SeenObject], thing: SceneObject) -> bool:
    """True if an object was detected at a thing's position and yaw, within the tolerances of a step."""
    return any(
        np.linalg.norm(np.subtract(seen.center[:2], thing.position[:2])) < XY_TOLERANCE
        and symmetric_angle_error(seen.yaw, thing.yaw, np.pi / 2) < YAW_TOLERANCE
        for seen in objects
    )


def _small_square(middle) -> np.ndarray:
    return np.asarray(middle) + 0.001 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])


def mistakes(records: list[dict], causes: Sequence[str] = CAUSES) -> dict[str, int]:
    """Number of steps spoilt by each of the causes, over the failed episodes."""
    found = Counter(step.get("cause") for record in records if not record["success"] for step in record["steps"])
    return {cause: found[cause] for cause in causes}

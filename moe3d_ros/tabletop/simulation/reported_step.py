"""A step of a plan, executed and judged, and told as data: what the arm did, and whether what the step says is now so."""

from __future__ import annotations

from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, satisfied
from moe3d_ros.world.pose import Pose


def reported_step(
    world: TabletopWorld,
    index: int,
    text: str,
    names: tuple[str, str],
    poses: tuple[Pose, Pose],
    task: LongTask | None = None,
) -> dict:
    """Pick and place in the world, and the report of it, as the topic `executed` carries it.

    Args:
        index, text: of the step in its plan.
        names: what is moved, and where to, in the step's words.
        poses: of the tool's tip at pick and place, in the planning frame.
        task: whose goals are counted; None: the report has no goals.
    """
    result = world.pick_and_place(*poses)
    reached, lies = world.judge(*names, poses[0].position)
    report = {
        "index": index,
        "text": text,
        "target": names[0],
        "destination": names[1],
        "grasped": result.grasped,
        "released": result.released,
        "success": result.grasped and result.released and reached,
        "message": f"{result.message} Now {lies}." if result.grasped else result.message,
    }
    if task is not None:
        report["goals_reached"], report["goals"] = satisfied(task, world.current_scene())
    return report

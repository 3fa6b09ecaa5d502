"""A plan on a point cloud, without ROS: from a PCD or PLY file in the robot's frame, or from a simulated table.

tools/run python examples/plan_on_a_cloud.py
tools/run python examples/plan_on_a_cloud.py --cloud scan.ply --instruction "put the red block in the green bowl"
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.scan_files import read_cloud_file

INSTRUCTION = "put the red block in the green bowl"


def simulated_table() -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) in metres and colours (N, 3) uint8 of a table with a red block and a green bowl, with sensor noise."""
    from moe3d_ros.tabletop.scenes.sampling import random_scene
    from moe3d_ros.tabletop.simulation.physics import TabletopWorld

    scenes = (random_scene(np.random.default_rng(seed)) for seed in range(1000))
    names = ((one, [f"{thing.color} {thing.kind}" for thing in one.objects]) for one in scenes)
    scene = next(one for one, there in names if there.count("red block") == there.count("green bowl") == 1)
    world = TabletopWorld(scene)
    try:
        views = world.render(("front", "left", "right"), 640, 480, noise=np.random.default_rng(0))
    finally:
        world.close()
    points, colors = zip(*(view.cloud() for view in views))
    return np.concatenate(points), np.concatenate(colors)


def main(argv: list[str] | None = None) -> int:
    """Plan and print; 1 where there is no plan, with the reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloud", help="a PCD or PLY file; metres, x forward, y left, z up, the table's top at z = 0")
    parser.add_argument("--instruction", default=INSTRUCTION)
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    args = parser.parse_args(argv)
    planner = Planner.from_pretrained(args.checkpoint)
    try:
        points, colors = read_cloud_file(args.cloud) if args.cloud else simulated_table()
        plan = planner.plan(points, colors, args.instruction)
    except (CloudError, PlanningError) as error:
        print(error, file=sys.stderr)
        return 1
    for action in plan.actions:
        print(f"{action.index + 1}. {action.text} (confidence {action.confidence:.2f})")
        for name, pose in (("pick", action.pick), ("place", action.place)):
            print(f"   {name:5} at {np.round(pose.position, 3)} m, quaternion {np.round(pose.orientation, 3)}")
    print("The task is complete after these steps." if plan.complete else "Look again after these steps.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

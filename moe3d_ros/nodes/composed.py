"""Voxelizer and planner in one process: each cloud of voxels is handed over as it is, without a copy or DDS between.

Both keep their names, parameters, topics and lifecycles; `voxels` is published only if there is another subscriber, such
as RViz.
"""

from __future__ import annotations

from moe3d_ros.nodes.planner import PlannerNode
from moe3d_ros.nodes.runtime.run import run_nodes
from moe3d_ros.nodes.voxelizer import Voxelizer


def make_nodes() -> list:
    """Both nodes, connected."""
    planner = PlannerNode(direct_voxels=True)
    return [planner, Voxelizer(hand_over=planner.put_voxels)]


def main(args=None) -> int:
    """Entry point of the program `composed`."""
    return run_nodes(make_nodes, args, threads=20)


if __name__ == "__main__":
    raise SystemExit(main())

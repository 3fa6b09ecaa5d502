"""Memory of a process that loads a planner as the planner node does and plans once; a program of its own for `weights`."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import rclpy  # noqa: F401  # the node holds it too

from moe3d_ros.nodes.planning.loading import load_planner
from moe3d_ros.nodes.runtime.memory import configure_malloc
from moe3d_ros.nodes.runtime.parameter_tables import PLANNER
from moe3d_ros.plan import PlanningError


def main(checkpoint: str, weights: str, scene: str, instruction: str) -> None:
    """Print, as JSON, megabytes that this process holds, and of these what it shares with no file.

    Args:
        scene: npz file with `points` (N, 3), metres, and `colors` (N, 3) uint8.
    """
    configure_malloc()
    settings = {parameter.name: parameter.default for parameter in PLANNER}
    planner = load_planner(settings | {"checkpoint": checkpoint, "llm_weights": weights}, logging.getLogger())
    with np.load(scene) as arrays:
        points, colors = arrays["points"], arrays["colors"]
    try:
        planner.plan(points, colors, instruction)
    except PlanningError as error:
        print(error, file=sys.stderr)
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    print(json.dumps({name: int(lines[key].split()[0]) / 1e3 for name, key in (("held", "VmRSS"), ("own", "RssAnon"))}))


if __name__ == "__main__":
    main(*sys.argv[1:])

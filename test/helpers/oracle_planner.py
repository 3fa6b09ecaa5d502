"""A planner node for tests: everything of the real one but the model, in whose place stands the oracle."""

from __future__ import annotations

from oracle import Oracle

from moe3d_ros.nodes.planner import PlannerNode
from moe3d_ros.nodes.runtime.run import run_node


class OraclePlannerNode(PlannerNode):
    """The planner node with the oracle for a model."""

    def _load(self):
        return Oracle()


if __name__ == "__main__":
    raise SystemExit(run_node(OraclePlannerNode, None, threads=16))

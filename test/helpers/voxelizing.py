"""A voxelizer process with everything that talks to it, for tests."""

import pytest
from ros_helpers import NodeProcess, cloud_msg, scene_cloud, statuses

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import PointCloud2

POINTS, COLORS = scene_cloud()


class Rig:
    """A voxelizer of its own with everything that it says."""

    def __init__(self, probe, namespace: str, **parameters):
        self.probe, self.namespace = probe, namespace
        self.node = NodeProcess("voxelizer", parameters, namespace=namespace)
        depth = parameters.get("input") == "depth"  # then nobody listens to clouds
        self.talk = None if depth else probe.talk(PointCloud2, f"/{namespace}/points")
        self.voxels = probe.listen(PointCloud2, f"/{namespace}/voxels")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
        self.report = statuses(f"{namespace}/voxelizer: voxels")

    def says(self, make, words: str) -> dict[str, str]:
        """Send clouds until the status holds the words: its values."""
        start = len(self.diagnostics.messages)
        with self.probe.streaming(self.talk, make):
            found = self.diagnostics.wait(self.report(words), start=start)
        status = next(status for status in found.status if words in status.message)
        return {pair.key: pair.value for pair in status.values}

    def good(self):
        return cloud_msg(POINTS, COLORS, "base_link", self.probe.now())

    def moved(self, dz: float):
        return cloud_msg(POINTS + np.float32([0, 0, dz]), COLORS, "base_link", self.probe.now())

"""A file as a camera: replayed as it is, or with a transform that is found by its table."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from places import SCANS
from ros_helpers import LATCHED, NodeProcess, scene_cloud
from sensor_msgs.msg import PointCloud2
from tf2_msgs.msg import TFMessage

from moe3d_ros.sensing.clouds import read_cloud
from moe3d_ros.world.workspace import Workspace


def write_ply(path: Path, points, colors) -> None:
    """An ASCII PLY file."""
    rows = "\n".join(f"{x:.4f} {y:.4f} {z:.4f} {r} {g} {b}" for (x, y, z), (r, g, b) in zip(points, colors))
    path.write_text(
        f"ply\nformat ascii 1.0\nelement vertex {len(points)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n{rows}\n"
    )


def test_ply_file_in_the_planning_frame_is_a_camera(probe, tmp_path):
    points, colors = scene_cloud(3000)
    write_ply(tmp_path / "scene.ply", points, colors)
    replay = NodeProcess(
        "replay", {"cloud": str(tmp_path / "scene.ply"), "frame_id": "base_link", "rate": 10.0}, namespace="ply"
    )
    inbox = probe.listen(PointCloud2, "/ply/points")
    first, second = inbox.wait(), inbox.wait(start=1)
    assert first.header.frame_id == "base_link"
    assert second.header.stamp != first.header.stamp
    got, shades = read_cloud(first)
    np.testing.assert_allclose(got, points, atol=1e-3)
    np.testing.assert_array_equal(shades, colors)
    assert replay.stop() == 0, replay.log


@pytest.mark.parametrize(("path", "words"), [("/nowhere/scan.pcd", "no file"), ("", "no file"), (__file__, "neither")])
def test_file_that_cannot_be_read_is_refused_with_the_reason(path, words):
    replay = NodeProcess("replay", {"cloud": path}, namespace="refused")
    replay.wait_log(words)
    assert replay.process.wait(20) == 2
    assert "Traceback" not in replay.log


@pytest.mark.skipif(not SCANS.is_dir(), reason="the recorded scans are not here (MOE3D_MOSD)")
def test_recorded_scan_gives_voxels_of_objects_on_a_table(probe):
    replay = NodeProcess("replay", {"cloud": str(SCANS / "learn33.pcd")}, namespace="scan")
    voxelizer = NodeProcess("voxelizer", namespace="scan")
    transforms = probe.listen(TFMessage, "/tf_static", LATCHED)
    voxels = probe.listen(PointCloud2, "/scan/voxels")
    msg = voxels.wait(lambda m: m.width > 500)
    transforms.wait(lambda m: m.transforms[0].child_frame_id == "camera_optical_frame")
    points, colors = read_cloud(msg)
    assert msg.header.frame_id == "base_link"
    assert Workspace().contains(points, margin=0.03).all()
    assert 0.3 < (points[:, 2] < 0.015).mean() < 0.98  # mostly table, some objects
    assert colors.std() > 5
    assert replay.stop() == 0
    assert voxelizer.stop() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("replay:\n  ros__parameters:\n    rate: [1\n", "params file"),
        ("- replay\n", "params file"),
        ("replay: {ros__parameters: {rate: {}}}: x\n", "params file"),
        ("replay:\n  ros__parameters:\n    rate: fast\n", "rate is 'fast', a text: set it to a number"),
    ],
)
def test_a_damaged_file_of_parameters_is_a_sentence(tmp_path, text, words):
    (tmp_path / "parameters.yaml").write_text(text)
    command = [
        sys.executable,
        "-m",
        "moe3d_ros.nodes.replay",
        "--ros-args",
        "--params-file",
        tmp_path / "parameters.yaml",
    ]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "The node cannot start: " in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr

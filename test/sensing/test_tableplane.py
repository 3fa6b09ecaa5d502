"""The table frame of a scan whose camera nobody calibrated, on made and on recorded tables."""

import numpy as np
import pytest

from moe3d_ros.sensing.clouds import CloudError, transform_points
from moe3d_ros.sensing.scan_files import read_cloud_file
from moe3d_ros.world.workspace import Workspace

pytest.importorskip("moe3d_ros.open3d_loader").import_open3d()

from places import SCANS

from moe3d_ros.sensing.tableplane import table_frame_from_plane


def optical_scene(tilt: float, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """A table with one block to the left in the image, seen from above, in the optical frame; the block's rows too."""
    rng = np.random.default_rng(0)
    table = np.c_[rng.uniform(-0.4, 0.4, (4000, 2)), rng.normal(0, 0.002, 4000)]
    block = np.c_[rng.uniform(-0.03, 0.03, (400, 2)) + np.array([0.0, 0.15]), np.full(400, 0.06)]
    marker = np.c_[rng.uniform(-0.02, 0.02, (400, 2)) + np.array([0.0, -0.15]), np.full(400, 0.04)]
    world = np.vstack([table, block, marker])  # x away from the camera, y left, z up
    forward = np.array([np.cos(tilt), 0, -np.sin(tilt)])
    right = np.array([0, -1.0, 0])
    axes = np.stack([right, np.cross(forward, right), forward])  # rows: the optical frame's axes in the world
    camera = -distance * forward
    return ((world - camera) @ axes.T).astype(np.float32), np.arange(len(world)) >= 4000


@pytest.mark.parametrize("tilt", [0.5, 0.9, 1.2])
def test_made_table_stands_upright_with_left_and_far_as_the_robot_says(tilt):
    points, standing = optical_scene(tilt, 0.9)
    points[::17] = np.nan
    moved = transform_points(table_frame_from_plane(points), points)
    valid = np.isfinite(moved[:, 0])
    assert np.abs(np.median(moved[~standing & valid, 2])) < 0.004
    block, other = moved[4000:4400], moved[4400:]
    np.testing.assert_allclose(np.nanmean(block, axis=0), [0.5, 0.15, 0.06], atol=0.01)  # left in the image is +y
    np.testing.assert_allclose(np.nanmean(other, axis=0), [0.5, -0.15, 0.04], atol=0.01)


@pytest.mark.parametrize("share", [0.2, 0.55, 0.8])
def test_exact_zeros_are_no_reading(share):
    points, _ = optical_scene(0.9, 0.9)
    whole = table_frame_from_plane(points)
    points[np.random.default_rng(1).random(len(points)) < share] = 0
    np.testing.assert_allclose(table_frame_from_plane(points)[:3, :3], whole[:3, :3], atol=0.02)


def test_one_scan_has_one_table_frame_whatever_hypothesis_the_search_ends_at():
    points, _ = optical_scene(0.9, 0.9)
    points += (
        np.random.default_rng(1).normal(0, 0.004, points.shape).astype(np.float32)
    )  # some of the table is no inlier
    orders = [np.random.default_rng(seed).permutation(len(points)) for seed in range(10)]
    frames = [table_frame_from_plane(points[order]) for order in orders]  # each draws hypotheses of its own
    np.testing.assert_allclose(frames, [frames[0]] * len(frames), atol=2e-5)


def test_no_table_is_an_error_with_a_sentence():
    noise = np.random.default_rng(0).uniform(-1, 1, (5000, 3)).astype(np.float32)
    with pytest.raises(CloudError, match="No plane"):
        table_frame_from_plane(noise)
    with pytest.raises(CloudError, match="valid points"):
        table_frame_from_plane(np.full((500, 3), np.nan, np.float32))


@pytest.mark.skipif(not SCANS.is_dir(), reason="the recorded scans are not here (MOE3D_MOSD)")
@pytest.mark.parametrize("scan", sorted(SCANS.glob("*.pcd")), ids=lambda path: path.stem)
def test_objects_of_recorded_scans_come_to_lie_in_the_workspace(scan):
    points, colors = read_cloud_file(scan)
    assert points.shape == (640 * 480, 3)
    assert colors.shape == points.shape
    assert colors.std() > 5
    moved = transform_points(table_frame_from_plane(points), points)
    moved = moved[np.isfinite(moved).all(axis=1)]
    on_table = np.abs(moved[:, 2]) < 0.015
    above = moved[:, 2] > 0.02
    assert on_table.mean() > 0.3
    assert above.mean() > 0.02
    assert (moved[:, 2] < -0.03).mean() < 0.01  # the plane is the table, not something above it
    assert Workspace().contains(moved[above], margin=0.02).mean() > 0.98


def test_files_that_cannot_be_read_are_errors_with_a_sentence(tmp_path):
    with pytest.raises(CloudError, match="no file"):
        read_cloud_file(tmp_path / "missing.pcd")
    (tmp_path / "cloud.xyz").write_text("0 0 0\n")
    with pytest.raises(CloudError, match="neither"):
        read_cloud_file(tmp_path / "cloud.xyz")
    (tmp_path / "cloud.pcd").write_bytes(b"# .PCD v0.7\nnonsense")
    with pytest.raises(CloudError, match="not understood"):
        read_cloud_file(tmp_path / "cloud.pcd")


def test_ply_with_colours_is_read(tmp_path):
    (tmp_path / "cloud.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n0 1 2 255 0 7\n3 4 5 1 2 3\n"
    )
    points, colors = read_cloud_file(tmp_path / "cloud.ply")
    np.testing.assert_array_equal(points, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(colors, [[255, 0, 7], [1, 2, 3]])


def world_scan(up: int, sign: float, floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A scan in a frame of the world with a table at 0.7 m: points, the rows of things on it, and the up axis."""
    points, standing = optical_scene(0.9, 0.9)
    moved = transform_points(table_frame_from_plane(points), points)  # z up, the table at 0
    rng = np.random.default_rng(1)
    ground = np.c_[rng.uniform(-1, 2, (600, 2)), rng.normal(floor, 0.003, 600)]
    scan = np.vstack([moved + np.float32([1, 2, 0.7]), ground + [1, 2, 0.7]])
    order = [[2, 0, 1], [0, 2, 1], [0, 1, 2]][up]
    scan, axis = scan[:, order], np.eye(3)[up]
    if sign < 0:
        scan[:, up] *= -1
    return scan.astype(np.float32), np.append(standing, np.zeros(600, bool)), sign * axis


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("up", [0, 1, 2])
def test_up_is_where_things_stand(up, sign):
    points, standing, axis = world_scan(up, sign, -0.7)
    transform = table_frame_from_plane(points)
    np.testing.assert_allclose(transform[:3, :3] @ axis, [0, 0, 1], atol=0.02)
    assert transform_points(transform, points)[standing, 2].min() > 0.02


def test_zeros_for_what_is_lost_leave_the_table_where_it_is():
    points, _ = optical_scene(0.9, 0.9)
    truth = table_frame_from_plane(points)
    for lost in (0.0, np.inf, np.finfo(np.float32).max):
        holed = np.vstack([points, np.full((3 * len(points), 3), lost, np.float32)])
        np.testing.assert_allclose(table_frame_from_plane(holed), truth, atol=0.01)


def on_both_sides(points, standing):
    mirrored = points[standing] * np.float32([1, 1, 1])
    moved = transform_points(table_frame_from_plane(points), mirrored)
    transform = np.linalg.inv(table_frame_from_plane(points))
    return np.vstack([points, transform_points(transform, moved * np.float32([1, 1, -1]))])


def above_a_floor(points, _):
    """A floor from afar, with tables far above it."""
    rng = np.random.default_rng(0)
    floor = np.c_[rng.uniform(-2, 2, (6000, 2)), np.full(6000, 2.5)]
    tops = np.c_[rng.uniform(-2, 2, (12000, 2)), rng.uniform(1.0, 1.9, 12000)]
    return np.vstack([floor, tops, np.c_[rng.uniform(-2, 2, (500, 2)), np.full(500, 2.4)]])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (on_both_sides, "On one side .* which way is up cannot be told"),
        (above_a_floor, "0.5 m above .* floor or a wall"),
        (lambda points, _: points * np.float32(1000), "times 0.001 .*millimetres"),
        (lambda points, _: points * np.float32(10), "times 0.1|metres"),
        (lambda points, _: points / np.float32(1000), "times 1000"),
        (lambda points, standing: points[~standing][:, [0, 2, 1]] - np.float32([0, 3, 0]), "Nothing stands"),
    ],
)
def test_a_plane_that_is_no_table_is_refused_with_figures(make, words):
    with pytest.raises(CloudError, match=words):
        table_frame_from_plane(make(*optical_scene(0.9, 0.9)).astype(np.float32))

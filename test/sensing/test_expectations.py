"""Clouds held against what is expected: units, up, height and tilt of the table; and what cannot be told is not claimed."""

import time

import numpy as np
import pytest

from moe3d_ros.sensing.expectations import CORRECT, WARN_ONLY, WITHHOLD, Unexpected, find_table, measure
from moe3d_ros.world.workspace import Workspace

BOX = Workspace()
CAMERA = np.array([[0.0, -0.6, 0.8, 0.0], [-1, 0, 0, 0.1], [0, -0.8, -0.6, 0.7], [0, 0, 0, 1]])


def table_cloud(count: int = 30_000, things: float = 0.1, up: float = 1.0) -> np.ndarray:
    """A table with noise and blocks on it (``up`` -1: under it), in the planning frame (N, 3)."""
    rng = np.random.default_rng(0)
    points = np.c_[rng.uniform(0.1, 0.9, count), rng.uniform(-0.7, 0.7, count), rng.normal(0, 0.002, count)]
    row = 0
    for _ in range(6):
        end = row + int(count * things / 6)
        points[row:end, :2] = rng.uniform((0.3, -0.4), (0.7, 0.4)) + rng.uniform(-0.03, 0.03, (end - row, 2))
        points[row:end, 2] = up * rng.uniform(0.03, 0.06, end - row)
        row = end
    return points.astype(np.float32)


def seen(points: np.ndarray, camera: np.ndarray = CAMERA) -> np.ndarray:
    """Points of the planning frame in the camera's."""
    return ((points - camera[:3, 3]) @ camera[:3, :3]).astype(np.float32)


def turned(degrees: float, axis: int) -> np.ndarray:
    """A turn (3, 3) about x or y."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[[1, 0, 0], [0, cos, -sin], [0, sin, cos]], [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]][axis])


@pytest.mark.parametrize("off", [-0.05, -0.013, -0.004, 0.0, 0.0049, 0.02, 0.4, -0.7])
def test_height_of_the_table_is_measured(off):
    table = find_table(table_cloud()[::8] + np.float32([0, 0, off]), BOX)
    assert table.height == pytest.approx(off, abs=0.001)
    assert table.tilt < 0.2


@pytest.mark.parametrize(("degrees", "axis"), [(1.5, 0), (-4, 0), (3, 1), (7, 1)])
def test_tilt_of_the_table_is_measured(degrees, axis):
    middle = np.float32(BOX.center * [1, 1, 0])
    points = (table_cloud()[::8] - middle) @ turned(degrees, axis).T + middle
    table = find_table(points.astype(np.float32), BOX)
    assert table.tilt == pytest.approx(abs(degrees), abs=0.25)
    assert table.height == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1000, "times 0.001 .*millimetres"),
        (10, "times 0.1 .*tenths"),
        (5, "times 0.2 .*1/5000 m"),
        (100, "times 0.01 .*centimetres"),
        (1 / 0.0254, "times 0.0254 .*inches"),
        (0.001, "times 1000 "),
        (10_000, "times 0.0001 .*tenths of a millimetre"),
    ],
)
def test_units_are_told_by_where_the_points_would_lie(factor, words):
    points = seen(table_cloud())
    with pytest.raises(Unexpected, match=words) as caught:
        measure(points * np.float32(factor), CAMERA, BOX)
    assert str(caught.value).startswith("The points lie ")


def test_points_in_metres_that_see_no_table_are_not_accused():
    rng = np.random.default_rng(1)
    away = rng.uniform((-1, -1, 2), (1, 1, 4), (20_000, 3)).astype(np.float32)  # the camera looks past the table
    assert measure(away, CAMERA, BOX).table is None
    assert measure(np.zeros((100, 3), np.float32), CAMERA, BOX).table is None
    assert measure(np.zeros((0, 3), np.float32), None, BOX).table is None


@pytest.mark.parametrize("off", [-0.0085, 0.012, -0.03, 0.049])
def test_a_table_that_is_off_is_withheld_corrected_or_warned_of(off):
    points = seen(table_cloud() + np.float32([0, 0, off]))
    with pytest.raises(Unexpected, match=r"The table lies at z = -?0\.\d\d\d"):
        measure(points, CAMERA, BOX, WITHHOLD)
    warned = measure(points, CAMERA, BOX, WARN_ONLY)
    assert abs(float(warned.note.split("z = ")[1].split()[0]) - off) <= 0.001
    assert warned.correction is None
    corrected = measure(points, CAMERA, BOX, CORRECT)
    again = measure(points, corrected.correction @ CAMERA, BOX, WITHHOLD)
    assert again.table.height == pytest.approx(0, abs=0.0005)
    assert not again.note


def test_a_tilted_table_is_laid_level():
    middle = np.float32(BOX.center * [1, 1, 0])
    points = seen((table_cloud() - middle) @ turned(3, 1).T + middle + [0, 0, 0.015])
    with pytest.raises(Unexpected, match=r"tilted by (2.9|3.0|3.1) degrees"):
        measure(points, CAMERA, BOX)
    corrected = measure(points, CAMERA, BOX, CORRECT)
    again = measure(points, corrected.correction @ CAMERA, BOX)
    assert again.table.tilt < 0.2
    assert not again.note


def test_small_deviations_are_said_and_none_below():
    assert "calibrate" in measure(seen(table_cloud() + np.float32([0, 0, 0.008])), CAMERA, BOX).note
    assert not measure(seen(table_cloud() + np.float32([0, 0, -0.003])), CAMERA, BOX).note


@pytest.mark.parametrize("off", [0.74, -0.2, 0.09])
def test_a_table_elsewhere_is_never_corrected(off):
    with pytest.raises(Unexpected, match="move that frame"):
        measure(seen(table_cloud() + np.float32([0, 0, off])), CAMERA, BOX, CORRECT)


def test_a_cloud_upside_down_is_refused():
    with pytest.raises(Unexpected, match="hang below .*up and down are exchanged"):
        measure(table_cloud(up=-1.0, things=0.2), None, BOX)


@pytest.mark.parametrize("border", [0.35, 0.5, 0.6])
@pytest.mark.parametrize("beyond", [-0.05, -0.15, -0.28])
def test_what_lies_lower_beyond_the_border_of_a_table_does_not_hang_from_it(border, beyond):
    points = table_cloud(things=0.0)
    points[points[:, 0] < border, 2] += beyond
    table = measure(points, None, BOX, WARN_ONLY).table
    assert table is None or not table.upside_down


@pytest.mark.parametrize("size", [0.05, 0.1, 0.15])
def test_the_top_of_a_box_alone_is_no_table(size):
    rng = np.random.default_rng(0)
    top = np.c_[rng.uniform(-size, size, (5000, 2)) + [0.5, 0.0], rng.normal(0.1, 0.001, 5000)].astype(np.float32)
    assert measure(top, None, BOX).table is None


def test_another_height_of_the_workspace_is_the_expected_one():
    raised = Workspace((0.25, -0.5, 0.74), (0.75, 0.5, 1.04))
    points = table_cloud() + np.float32([0, 0, 0.75])
    with pytest.raises(Unexpected, match="z = 0.750 m.*expected at z = 0.740"):
        measure(points, None, raised)


def test_a_camera_image_is_measured_in_less_than_a_millisecond():
    points = seen(table_cloud(640 * 480))
    times = []
    for _ in range(30):
        start = time.thread_time()
        measure(points, CAMERA, BOX)
        times.append(time.thread_time() - start)
    assert min(times) < 0.001

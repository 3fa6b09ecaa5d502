"""The table in a robot's frame: height, tilt and residual of a plane that is one, and reasons where there is none."""

import numpy as np
import pytest

from moe3d_ros.sensing.clouds import transform_points
from moe3d_ros.sensing.expectations import Unexpected
from moe3d_ros.sensing.table_in_frame import locate_table
from moe3d_ros.world.workspace import Workspace

BOX = Workspace()


def table_cloud(height: float, degrees: float = 0.0, noise: float = 0.002, things: int = 2000) -> np.ndarray:
    """A table with things on it (N, 3) in the robot's frame, tilted about y at the workspace's middle."""
    rng = np.random.default_rng(0)
    points = np.c_[rng.uniform(-0.45, 0.45, 30_000), rng.uniform(-0.6, 0.6, 30_000), rng.normal(0, noise, 30_000)]
    if things:
        points[:things, :2] = rng.uniform(-0.1, 0.1, (things, 2))
        points[:things, 2] = rng.uniform(0.03, 0.08, things)
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    return (points @ rotation.T + [0.5, 0.0, height]).astype(np.float32)


@pytest.mark.parametrize("height", [-0.3, 0.0, 0.74, 1.2])
@pytest.mark.parametrize("degrees", [0.0, 1.5, -4.5])
def test_height_and_tilt_are_found_with_the_residual_and_the_table_is_laid_level(height, degrees):
    points = table_cloud(height, degrees)
    table = locate_table(points, None, BOX, "base_link")
    assert table.height == pytest.approx(height, abs=0.001)
    assert table.tilt == pytest.approx(abs(degrees), abs=0.1)
    assert table.residual == pytest.approx(0.002, abs=0.0002)
    level = transform_points(table.leveling(0.0), points)[2000:]
    assert np.abs(np.polyfit(level[:, 0], level[:, 2], 1)).max() < 0.002
    np.testing.assert_allclose(level.mean(axis=0), [0.5, 0.0, 0.0], atol=0.01)


def test_a_view_is_measured_in_the_robots_frame_and_what_is_no_reading_is_left_out():
    camera = np.array([[0, -0.6, 0.8, 0.1], [-1, 0, 0, 0], [0, -0.8, -0.6, 1.4], [0, 0, 0, 1]], float)
    seen = transform_points(np.linalg.inv(camera), table_cloud(0.74, 2.0))
    seen[::3] = np.nan
    seen[1::7] = 0
    table = locate_table(seen, camera, BOX, "base_link")
    assert (table.height, table.tilt) == (pytest.approx(0.74, abs=0.001), pytest.approx(2.0, abs=0.1))


def test_a_floor_beside_the_table_is_not_taken_for_it():
    rng = np.random.default_rng(1)
    floor = np.c_[rng.uniform(-1, 3, 60_000), rng.uniform(-2, 2, 60_000), rng.normal(0, 0.002, 60_000)]
    hidden = (np.abs(floor[:, 0] - 0.6) < 0.5) & (np.abs(floor[:, 1]) < 0.55)
    points = np.vstack([table_cloud(0.74), floor[~hidden]]).astype(np.float32)
    assert locate_table(points, None, BOX, "base_link").height == pytest.approx(0.74, abs=0.002)


def scattered() -> np.ndarray:
    return np.random.default_rng(0).uniform((0.2, -0.6, 0.3), (0.8, 0.6, 1.0), (30_000, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("points", "fact"),
    [
        (table_cloud(0.74, 7.0), r"z = 0.74\d m, tilted by 7.0 degrees, with a residual of 2.\d mm .*: calibrate it"),
        (table_cloud(0.74, noise=0.009), r"residual of 6.\d mm .*even to 6 mm.*clear some of it"),
        (
            scattered(),
            r"no plane of 35 cm or more holds 30% of them: the fullest layer, at z = \d.\d\d m, holds [2-6]%",
        ),
        (
            table_cloud(0.74) + np.float32([3, 0, 0]),
            r"Of 15000 points 0 lie over the place .*x 0.25 to 0.75 m, y -0.5 to 0.5",
        ),
        (table_cloud(0.74) * np.float32([1, 0.1, 1]), r"no plane of 35 cm or more"),
        ((table_cloud(0.74, things=9000) - [0, 0, 0.74]) * np.float32([1, 1, -1]), r"up and down are exchanged"),
        (np.full((50, 3), np.nan, np.float32), r"Of 0 points 0 lie"),
    ],
    ids=["tilted", "rough", "scattered", "elsewhere", "narrow", "upside down", "no reading"],
)
def test_what_is_no_table_is_refused_with_the_fact_and_the_likely_cause(points, fact):
    with pytest.raises(Unexpected, match=fact):
        locate_table(points, None, BOX, "base_link")

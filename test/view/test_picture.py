"""The picture of a plan: it is drawn for every kind of plan and cloud, and shows things where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="Matplotlib is not installed")

from matplotlib.image import imread

from moe3d_ros.plan import Action, Plan
from moe3d_ros.view.picture import draw_plan, project
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.seen_object import SeenObject


def plan(steps: int, instruction: str = "put the red block in the green bowl") -> Plan:
    text = "pick the small red block, place it in the green bowl"
    actions = tuple(
        Action(
            i,
            "pick_place",
            "small red block",
            "in the green bowl",
            pose_from_xyz_yaw((0.4, 0.2 - 0.1 * i, 0.04), 0.3),
            pose_from_xyz_yaw((0.6, 0.1 * i - 0.2, 0.044), 0.0),
            0.9,
            text,
        )
        for i in range(steps)
    )
    return Plan(instruction, actions, steps == 0)


@pytest.fixture
def cloud():
    rng = np.random.default_rng(0)
    points = rng.uniform([0.2, -0.6, 0.0], [0.8, 0.6, 0.001], (20_000, 3)).astype(np.float32)
    points[:10] = np.nan
    return points, np.full((20_000, 3), (200, 10, 10), np.uint8)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_plans_of_any_length(tmp_path, cloud, steps):
    path = draw_plan(tmp_path / "new" / "plan.png", plan(steps), *cloud, verdict="SUCCESS: it lies in the middle.")
    image = imread(path)
    assert image.shape[:2] == (660, 1600)
    red = (np.abs(image[..., :3] - np.array([200, 10, 10]) / 255) < 0.02).all(axis=-1)
    assert red[:, :800].mean() > 0.1
    assert red[:, 800:].mean() > 0.1


def test_what_was_seen_is_outlined_where_it_stands(tmp_path, cloud):
    thing = SeenObject("blue $mug$", "object", "blue", "", (0.5, 0.2, 0.03), (0.06, 0.04, 0.03), 0.4, None, 0.9)
    pictures = [
        imread(draw_plan(tmp_path / f"{len(seen)}.png", replace(plan(0), seen=seen), *cloud)) for seen in ((), (thing,))
    ]
    rows, columns = np.nonzero((pictures[0] != pictures[1]).any(axis=-1))
    assert len(rows) > 100
    assert columns.min() > 840 and columns.max() < 1200, "left of the middle, for +y is left"


@pytest.mark.parametrize("colors", [True, False])
def test_clouds_without_points_or_colour(tmp_path, cloud, colors):
    assert draw_plan(tmp_path / "a.png", plan(1), cloud[0], cloud[1] if colors else None).is_file()
    assert draw_plan(tmp_path / "b.png", plan(1), cloud[0][:0], cloud[1][:0] if colors else None).is_file()


def test_odd_instructions_are_shown_as_they_are(tmp_path, cloud):
    chinese = "\u628a\u7ea2\u8272\u65b9\u5757\u653e\u8fdb\u7eff\u7897"
    for text in ("pay $5 for _this_ and $x^", chinese, "red " * 250, "two\nlines"):
        assert draw_plan(tmp_path / "plan.png", plan(1, text), *cloud).is_file()


def test_far_is_up_and_left_is_left():
    (near, far, left), depth = project([[0.3, 0.0, 0.0], [0.7, 0.0, 0.0], [0.5, 0.4, 0.0]])
    right, _ = project([0.5, -0.4, 0.0])
    assert far[1] > near[1]
    assert left[0] < right[0]
    assert (depth > 0).all()

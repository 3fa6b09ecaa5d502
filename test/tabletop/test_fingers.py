"""The arm with two fingers: it takes what fits between them, squares what lies askew, and says what it cannot take."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("mujoco", reason="MuJoCo is not installed")
pytest.importorskip("mink", reason="mink is not installed")

from moe3d_ros.tabletop.rules.sixd_success import step_reached_6d
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.simulation.arm_model import description, finger_joints, joints
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.long_tasks import next_step, satisfied
from moe3d_ros.tabletop.tasks.single_step import single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import make_step_6d, sixd_episode
from moe3d_ros.view.robot_model import RobotModel
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.gripper_names import FINGERS, SUCTION
from moe3d_ros.world.vocabulary import COLORS

PLACE = pose_from_xyz_yaw((0.45, -0.2, 0.04), 0.0)


def box(x: float = 0.45, y: float = 0.1, half=(0.02, 0.02, 0.02), color: str = "red") -> SceneObject:
    return SceneObject("block", color, "small", (x, y, half[2]), half, 0.0, "box", COLORS[color])


def taken(*things: SceneObject, yaw: float = 0.0, watch=None):
    """Take the first thing from above -> result, poses of all before and after, and on the way the gaps and how high it is."""
    gaps: list[tuple[float, float]] = []
    with TabletopWorld(Scene(things), arm=True, gripper=FINGERS) as world:
        before = world.object_poses()
        world.watch = watch or (lambda world: gaps.append((world.arm.gap(), world.object_poses()[0][0][2])))
        x, y, z = things[0].position
        result = world.pick_and_place(pose_from_xyz_yaw((x, y, z + things[0].half_extents[2]), yaw), PLACE)
        return result, before, world.object_poses(), gaps


def yaw_of(pose) -> float:
    return float(Rotation.from_quat(pose[1]).as_euler("xyz")[2])


@pytest.mark.parametrize("seed", range(6))
def test_the_oracle_succeeds_with_fingers(seed):
    rng, task = np.random.default_rng([19, seed]), None
    while task is None:
        scene = random_scene(rng)
        task = single_step_task(scene, rng, grounded=False)
    step, seen = task.steps[0], []
    with TabletopWorld(scene, arm=True, gripper=FINGERS) as world:
        world.watch = lambda world: seen.append(world.arm.positions()[len(joints().names) :])
        result = world.pick_and_place(step.pick, step.place)
        assert world.succeeded(step), result.message
        assert result.released
    limits, fingers = finger_joints(FINGERS), np.array(seen)
    assert (fingers > limits.lower - 0.001).all()
    assert (fingers < limits.upper + 0.001).all()
    assert np.ptp(fingers, axis=0).min() > 0.005  # both have moved


def test_a_long_task_comes_to_its_end_with_fingers():
    task, scene = registry.sample_task("A", np.random.default_rng([44, 0]))
    with TabletopWorld(scene, arm=True, gripper=FINGERS) as world:
        while (step := next_step(task, world.current_scene())) is not None:
            result = world.pick_and_place(step.pick, step.place)
            assert result.released, result.message
        done, goals = satisfied(task, world.current_scene())
    assert done == goals


def test_fingers_take_things_from_slopes():
    task, scene = sixd_episode("ramp-pick", np.random.default_rng([31, 0]), False)
    meant = task.steps[0]
    with TabletopWorld(scene, arm=True, gripper=FINGERS) as world:
        step = make_step_6d(world.current_scene(), meant.pick_index, meant.place_index, meant.area)
        result = world.pick_and_place(step.pick, step.place)
        assert step_reached_6d(world.current_scene(), step)[0], result.message


@pytest.mark.parametrize("half", [(0.015, 0.015, 0.015), (0.02, 0.02, 0.02), (0.0325, 0.02, 0.02)])
def test_what_is_carried_is_between_the_fingers(half):
    result, _, after, gaps = taken(box(half=half))
    assert result.released
    width = 2 * min(half[:2])
    carried = [gap for gap, height in gaps if height > half[2] + 0.03]
    assert len(carried) > 50
    assert np.abs(np.array(carried) - width).max() < 0.002
    assert max(gaps)[0] < width + 0.025  # they open no wider than is needed
    assert np.allclose(after[0][0][:2], PLACE.position[:2], atol=0.005)


@pytest.mark.parametrize("yaw", [-0.25, -0.1, 0.1, 0.25])
def test_what_lies_askew_is_turned_square_and_put_down_so(yaw):
    result, _, after, _ = taken(box(), yaw=yaw)
    assert result.released
    assert abs(yaw_of(after[0])) < 0.03


@pytest.mark.parametrize("half", [(0.06, 0.015, 0.02), (0.015, 0.06, 0.02)])
def test_a_bar_is_taken_across_whichever_way_the_pick_is_turned(half):
    result, _, after, gaps = taken(box(half=half))
    assert result.released, result.message
    assert max(gaps)[0] < 0.06
    assert np.allclose(after[0][0][:2], PLACE.position[:2], atol=0.005)


@pytest.mark.parametrize(
    ("things", "why"),
    [
        ((box(half=(0.05, 0.05, 0.02)),), r"the small red block is 10\.0 cm wide, and the fingers take at most 6\.9 cm"),
        ((box(half=(0.02, 0.02, 0.005)),), r"its (left|right) finger would meet the table"),
        (
            (box(), *(box(0.45 + x, 0.1 + y, (0.02, 0.02, 0.06), "blue") for x, y in ((0.045, 0), (-0.045, 0), (0, 0.045), (0, -0.045)))),
            r"its (left|right) finger would meet the small blue block",
        ),
    ],
)  # fmt: skip
def test_what_fingers_cannot_take_is_said_and_nothing_moves(things, why):
    result, before, after, _ = taken(*things)
    assert not result.grasped
    assert re.search(why, result.message)
    for (here, _), (there, _) in zip(before, after):
        assert np.allclose(here, there, atol=1e-4)


def test_with_neighbours_on_two_sides_the_other_faces_are_taken():
    neighbours = [box(0.45 + x, color="blue") for x in (0.045, -0.045)]
    result, before, after, _ = taken(box(), *neighbours)
    assert result.released, result.message
    for (here, _), (there, _) in zip(before[1:], after[1:]):
        assert np.allclose(here, there, atol=1e-3)


def test_fingers_that_close_on_nothing_hold_nothing():
    steps = []

    def take_away(world):
        steps.append(1)
        if len(steps) == 100:
            world._engine._data.qpos[world._engine._qpos[0]] += 0.1

    result, _, _, _ = taken(box(), watch=take_away)
    assert not result.grasped
    assert "its fingers closed on nothing" in result.message


def test_there_are_fingers_only_on_an_arm_and_only_grippers_that_there_are():
    with pytest.raises(ValueError, match="without an arm there is only suction, got 'fingers'"):
        TabletopWorld(Scene(()), gripper=FINGERS)
    with pytest.raises(ValueError, match="gripper must be suction or fingers, got 'claw'"):
        TabletopWorld(Scene(()), arm=True, gripper="claw")


def test_the_description_has_the_fingers_that_move():
    names = finger_joints(FINGERS).names
    assert len(names) == 2
    assert not finger_joints(SUCTION).names
    text = description("left_", FINGERS)
    assert all(f'name="{name}"' in text for name in names)
    model = RobotModel(text)
    poses = [model.poses(dict.fromkeys(names, gap / 2)) for gap in (0.0, 0.05)]
    left, right = (poses[1][link][:3, 3] - poses[0][link][:3, 3] for link in ("left_left_finger", "left_right_finger"))
    assert np.allclose(left, -right)
    assert np.isclose(np.linalg.norm(left), 0.025)
    assert np.allclose(*(pose["left_arm_tip"] for pose in poses))

"""The arm in the physics world: it does what the bodiless gripper does, keeps its limits, and says where it cannot get."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="MuJoCo is not installed")
pytest.importorskip("mink", reason="mink is not installed")

from moe3d_ros.tabletop.rules.sixd_success import step_reached_6d
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Camera, Scene, SceneObject
from moe3d_ros.tabletop.simulation.arm_model import HOME, description, joints, links
from moe3d_ros.tabletop.simulation.arm_timing import ACCELERATION, SHARE, timed
from moe3d_ros.tabletop.simulation.mujoco_engine import NOTHING, Engine
from moe3d_ros.tabletop.simulation.physics import TIME_STEP, TabletopWorld
from moe3d_ros.tabletop.tasks.single_step import single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import SIXD_TASKS, make_step_6d, sixd_episode
from moe3d_ros.world.geometry import pose_from_matrix, pose_from_xyz_yaw
from moe3d_ros.world.vocabulary import COLORS

BLOCK = SceneObject("block", "red", "small", (0.45, 0.1, 0.02), (0.02,) * 3, 0.3, "box", COLORS["red"])
ON_BLOCK = pose_from_xyz_yaw((*BLOCK.position[:2], 0.04), 0.0)
UPWARD = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]])  # the tool points at +x and up
AT_THE_ARM = Camera("arm", (1.3, -0.9, 0.7), (0.3, 0.0, 0.2))


@pytest.fixture
def world():
    with TabletopWorld(Scene((BLOCK,)), arm=True) as made:
        yield made


@pytest.mark.parametrize("seed", range(6))
def test_the_oracle_succeeds_with_the_arm_and_within_its_limits(seed):
    rng = np.random.default_rng([19, seed])
    task = None
    while task is None:
        scene = random_scene(rng)
        task = single_step_task(scene, rng, grounded=False)
    step = task.steps[0]
    limits, seen = joints(), []
    with TabletopWorld(scene, arm=True) as world:
        world.watch = lambda world: seen.append((world.arm.angles(), world.arm.speeds()))
        result = world.pick_and_place(step.pick, step.place)
        assert world.succeeded(step), result.message
        assert result.grasped
        assert result.released
        assert np.abs(world.arm.angles() - HOME).max() < 0.01  # out of the way again
    angles, speeds = (np.array(part) for part in zip(*seen))
    assert (np.abs(speeds) <= limits.speed).all()
    assert np.abs(speeds).max() > 0.3  # it did move
    assert (angles >= limits.lower).all()
    assert (angles <= limits.upper).all()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (pose_from_xyz_yaw((1.2, 0.0, 0.05), 0.0), "beyond its reach"),
        (pose_from_xyz_yaw((0.5, 1.1, 0.05), 0.0), "beyond its reach"),
        (pose_from_xyz_yaw((0.1, 0.0, 0.04), 0.0), "own base or upper arm"),
        (pose_from_matrix((0.6, -0.2, 0.02), UPWARD), "within 1 cm of the table"),
        (pose_from_matrix((0.5, 0.0, 0.05), np.eye(3)), "where "),  # from below
    ],
)
def test_what_the_arm_cannot_do_is_said_and_nothing_moves(world, place, why):
    before, angles = world.object_poses(), world.arm.angles()
    result = world.pick_and_place(ON_BLOCK, place)
    assert not result.grasped
    assert "the arm cannot get to x" in result.message
    assert why in result.message
    for (here, turn), (there, turned) in zip(before, world.object_poses()):
        assert np.array_equal(here, there)
        assert np.array_equal(turn, turned)
    assert np.array_equal(angles, world.arm.angles())


@pytest.mark.parametrize("name", SIXD_TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_the_oracle_takes_things_from_their_sides_too(name, seed):
    task, scene = sixd_episode(name, np.random.default_rng([31, seed]), False)
    meant = task.steps[0]
    with TabletopWorld(scene, arm=True) as world:
        step = make_step_6d(world.current_scene(), meant.pick_index, meant.place_index, meant.area)
        result = world.pick_and_place(step.pick, step.place)
        assert step_reached_6d(world.current_scene(), step)[0], result.message


def tall(x: float, y: float, color: str) -> SceneObject:
    """A box 20 cm high that stands on the table."""
    return SceneObject("object", color, "large", (x, y, 0.1), (0.02, 0.02, 0.1), 0.0, "box", COLORS[color])


def test_a_thing_in_the_way_is_gone_round_by_another_turn_of_the_tool():
    x, y, _ = BLOCK.position
    for side in ((0.06, 0.0), (-0.06, 0.0), (0.0, 0.06), (0.0, -0.06)):
        with TabletopWorld(Scene((BLOCK, tall(x + side[0], y + side[1], "blue"))), arm=True) as world:
            before = world.object_poses()[1]
            result = world.pick_and_place(ON_BLOCK, pose_from_xyz_yaw((0.45, -0.2, 0.04), 0.0))
            assert result.released, (side, result.message)
            assert np.allclose(world.object_poses()[1][0], before[0], atol=1e-3), side


def test_a_thing_that_is_walled_in_is_not_picked_and_the_wall_is_named():
    x, y, _ = BLOCK.position
    walls = [tall(x + a, y + b, "blue") for a in (-0.05, 0.0, 0.05) for b in (-0.05, 0.0, 0.05) if (a, b) != (0.0, 0.0)]
    with TabletopWorld(Scene((BLOCK, *walls)), arm=True) as world:
        before = world.object_poses()
        result = world.pick_and_place(ON_BLOCK, pose_from_xyz_yaw((0.45, -0.2, 0.04), 0.0))
        assert not result.grasped
        assert re.search(
            r"the arm cannot get to x .*, where its \w.* would meet the large blue (box|object)", result.message
        )
        for (here, _), (there, _) in zip(before, world.object_poses()):
            assert np.array_equal(here, there)


def test_a_thing_that_is_gone_when_the_tip_comes_is_not_picked(world):
    steps = []

    def take_away(world):
        steps.append(1)
        if len(steps) == 100:
            world._engine._data.qpos[world._engine._qpos[0]] += 0.1

    world.watch = take_away
    result = world.pick_and_place(ON_BLOCK, pose_from_xyz_yaw((0.5, -0.2, 0.04), 0.0))
    assert not result.grasped
    assert "pushed away" in result.message
    assert np.abs(world.arm.angles() - HOME).max() < 0.01


def test_another_turn_about_the_tool_is_taken_where_the_one_that_is_said_cannot_be(world):
    """Half of these turns would wind up the wrist or end at a limit; a round cup makes them all the same."""
    for yaw in np.arange(-np.pi, np.pi, np.pi / 3):
        x, y, _ = world.object_poses()[0][0]
        result = world.pick_and_place(pose_from_xyz_yaw((x, y, 0.04), yaw), pose_from_xyz_yaw((x, -y, 0.04), yaw + 3.0))
        assert result.released, (yaw, result.message)
        assert abs(world.arm.angles()[5] - HOME[5]) < 0.01


def test_the_planners_cameras_and_the_tip_do_not_meet_the_arm(world):
    bare = TabletopWorld(Scene((BLOCK,)))
    for camera in ("front", AT_THE_ARM):
        with_arm, without = world.render(camera)[0], bare.render(camera)[0]
        assert np.array_equal(with_arm.depth, without.depth, equal_nan=True)
        assert np.array_equal(with_arm.rgb, without.rgb)
    film = world.render(AT_THE_ARM, arm=True)[0]
    assert (film.rgb != world.render(AT_THE_ARM)[0].rgb).any(axis=-1).mean() > 0.03
    engine = Engine(Scene((BLOCK,)), 9.81, TIME_STEP, arm=True)
    above = np.array([*engine.arm.tip()[0][:2], 1.5])
    distance, thing = engine.touch(above, np.array([0.0, 0.0, -1.0]))
    assert (distance, thing) == (pytest.approx(1.5, abs=1e-6), NOTHING)


def test_the_urdf_is_what_is_described_and_what_is_simulated():
    root = ElementTree.fromstring(description("robot1_"))
    assert root.find("mujoco") is None
    names = [link.get("name") for link in root.iter("link")]
    assert names[0] == "robot1_arm_mount"
    assert all(name.startswith("robot1_") for name in names)
    tied = {end.get("link") for joint in root.iter("joint") for end in (joint.find("parent"), joint.find("child"))}
    assert tied == set(names)
    assert set(names) == {f"robot1_{name}" for name in ("arm_mount", *links())}
    limits = joints()
    assert limits.names[0] == "shoulder_pan_joint"
    assert limits.speed.tolist() == [3.1416] * 6
    assert limits.effort.tolist() == [150.0] * 3 + [28.0] * 3
    arm = Engine(Scene(()), 9.81, TIME_STEP, arm=True).arm
    poses = arm.link_poses()
    assert np.array_equal(poses["arm_mount"], np.eye(4))
    assert np.allclose(poses["arm_tip"][:3, 3], arm.tip()[0])
    assert poses["arm_tip"][2, 2] < -0.99  # the tool points down at home


@pytest.mark.parametrize("count", [2, 3, 60])
def test_a_timed_path_keeps_speeds_and_begins_and_ends_at_rest(count):
    rng = np.random.default_rng(count)
    path = np.cumsum(rng.normal(0.0, 0.02, (count, 6)) + 0.01, axis=0)
    fastest = np.array([3.0, 3.0, 3.0, 1.0, 2.0, 0.5])
    commands = timed(path, np.full(count - 1, 0.01), fastest, TIME_STEP)
    assert np.allclose(commands[-1], path[-1])
    speeds = np.diff(commands, axis=0)[:-1] / TIME_STEP  # the last step is shorter
    assert (np.abs(speeds) <= SHARE * fastest + 1e-6).all()
    assert len(commands) * TIME_STEP >= 0.01 * (count - 1)
    if count > 10:
        rising = np.abs(speeds[:3]).max(axis=1)
        assert rising.max() < 3 * np.sqrt(2 * ACCELERATION * np.abs(np.diff(path[:2], axis=0)).max())


def test_without_mink_the_arm_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mink", None)
    for name in ("arm_tip", "arm_path"):
        monkeypatch.delitem(sys.modules, f"moe3d_ros.tabletop.simulation.{name}", raising=False)
    with pytest.raises(ImportError, match=r"pip install mink\[daqp\]"):
        TabletopWorld(Scene((BLOCK,)), arm=True)
    TabletopWorld(Scene((BLOCK,))).close()

"""The physics engine by itself: hollow bowls, limited strength, rays, and memory that comes back."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="MuJoCo is not installed")

from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.simulation.gripper import HOLD_FORCE, HOLD_TORQUE, TIME_STEP, Carried, straight_line
from moe3d_ros.tabletop.simulation.mujoco_engine import NOTHING, Engine
from moe3d_ros.tabletop.simulation.physics import MAX_CARRY_LAG, TabletopWorld
from moe3d_ros.world.geometry import tool_down_matrix
from moe3d_ros.world.vocabulary import COLORS

DOWN = np.array([0.0, 0.0, -1.0])


def thing(kind, x, y, half, color="red", shape="box"):
    size = "small" if kind == "block" else ""
    return SceneObject(kind, color, size, (x, y, half[2]), half, 0.0, shape, COLORS[color])


BLOCK = thing("block", 0.4, 0.2, (0.02, 0.02, 0.02))
BOWL = thing("bowl", 0.4, -0.2, (0.06, 0.06, 0.0175), "green", "bowl")
SLOT = thing("slot", 0.6, 0.2, (0.06, 0.06, 0.03), "blue", "slot")
ZONE = thing("zone", 0.6, -0.2, (0.075, 0.075, 0.0005), "gray")


def test_a_bowl_feels_as_it_looks():
    """Rays that feel meet the bowl within a millimetre of where rays that see do, inside and on the rim."""
    engine = Engine(Scene((BOWL,)), 9.81, TIME_STEP)
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(400):
        radius, angle = 0.058 * np.sqrt(rng.random()), 2 * np.pi * rng.random()
        start = np.array([0.4 + radius * np.cos(angle), -0.2 + radius * np.sin(angle), 0.2])
        felt, index = engine.touch(start, DOWN)
        seen = engine.cast(start, DOWN[None], 1.0)[0][0]
        assert index == 0
        apart.append(abs(felt - seen))
    assert np.quantile(apart, 0.97) < 0.001  # at the rim and at the floor's edge a ray may fall past the other
    assert engine.touch(np.array([0.4, 0.0, 0.2]), DOWN) == (pytest.approx(0.2), NOTHING)


def test_paint_is_seen_and_not_felt_and_a_ray_into_nothing_says_so():
    engine = Engine(Scene((ZONE,)), 9.81, TIME_STEP)
    start = np.array([0.6, -0.2, 0.2])
    assert engine.touch(start, DOWN) == (pytest.approx(0.2), NOTHING)
    distances, surfaces, normals = engine.cast(start, np.stack([DOWN, -DOWN]), 3.0)
    assert distances[0] == pytest.approx(0.199)
    assert tuple(engine.colors[surfaces[0]]) == COLORS["gray"]
    assert np.allclose(normals[0], -DOWN)
    assert distances[1] < 0
    assert surfaces[1] == NOTHING
    assert engine.touch(start, -DOWN) == (np.inf, NOTHING)


def test_what_is_driven_arrives_and_stays_where_it_is_let_go():
    engine = Engine(Scene((BLOCK,)), 0.0, TIME_STEP)
    turn, goal = tool_down_matrix(0.7) @ tool_down_matrix(0.0).T, np.array([0.5, 0.1, 0.3])
    for position, rotation in straight_line(engine.positions()[0], np.eye(3), goal, turn, 0.8):
        engine.drive(0, position, rotation, HOLD_FORCE, HOLD_TORQUE)
        engine.step()
        assert np.abs(engine.positions()[0] - position).max() < 1e-4
    assert np.abs(engine.rotations()[0] - turn).max() < 1e-3
    engine.let_go(0)
    for _ in range(50):
        engine.step()
    assert np.abs(engine.positions()[0] - goal).max() < 1e-4


def test_suction_is_not_stronger_than_a_wall():
    """A block that is dragged against something fixed stays before it and falls behind the tip."""
    engine = Engine(Scene((BLOCK, SLOT)), 9.81, TIME_STEP)
    tip, turn = np.array([0.4, 0.2, 0.04]), tool_down_matrix(0.0)
    carried = Carried(engine, 0, tip, turn)
    lags = []
    for position, rotation in straight_line(tip, turn, np.array([0.7, 0.2, 0.04]), turn, 0.8):
        carried.move(position, rotation)
        engine.step()
        lags.append(carried.lag())
        if lags[-1] > MAX_CARRY_LAG:
            break
    assert lags[-1] > MAX_CARRY_LAG
    assert max(lags[1:20]) < 0.001  # while the way is free
    face = SLOT.position[0] - SLOT.half_extents[0]
    assert engine.positions()[0][0] + BLOCK.half_extents[0] < face + 0.004
    assert (engine.pushes(0)[:, 0] < -0.9).any()
    assert np.array_equal(engine.positions()[1], SLOT.position)


def test_worlds_that_are_closed_give_their_memory_back():
    def largest() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB

    def build(count: int) -> int:
        for _ in range(count):
            with TabletopWorld(Scene((BLOCK, BOWL))) as world:
                world.render("front", 64, 48)
        return largest()

    assert build(60) - build(20) < 4000


def test_without_mujoco_the_world_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    for name in ("mujoco_engine", "mujoco_scene"):
        monkeypatch.delitem(sys.modules, f"moe3d_ros.tabletop.simulation.{name}", raising=False)
    with pytest.raises(ImportError, match="pip install mujoco"):
        TabletopWorld(Scene((BLOCK,)))


def test_a_warning_of_the_engine_is_logged_and_leaves_no_file(monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    engine = Engine(Scene((BLOCK,)), 1e30, TIME_STEP)
    for _ in range(3):
        engine.step()
    assert "unstable" in caplog.text
    assert not list(tmp_path.iterdir())

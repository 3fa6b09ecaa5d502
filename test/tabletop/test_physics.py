"""The physics world: where things lie, what cameras see, what the gripper does, and when a step counts as done."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="MuJoCo is not installed")

from moe3d_ros.tabletop.rules.success import find_named, footprint, names_same, plain_meaning, words_reached
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import CAMERAS, Scene, SceneObject
from moe3d_ros.tabletop.simulation.meshes import bowl_mesh
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.simulation.rendering import add_noise
from moe3d_ros.tabletop.tasks.single_step import make_step, single_step_task
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.geometry import pose_from_matrix, pose_from_xyz_yaw, quaternion_to_matrix, tool_down_matrix
from moe3d_ros.world.vocabulary import COLORS


def block(x, y, color="red", edge=0.04, yaw=0.0, z=None):
    size = "small" if edge < 0.05 else "big"
    z = edge / 2 if z is None else z
    return SceneObject("block", color, size, (x, y, z), (edge / 2,) * 3, yaw, "box", COLORS[color])


def bowl(x, y, color="green", height=0.035):
    return SceneObject("bowl", color, "", (x, y, height / 2), (0.06, 0.06, height / 2), 0.0, "bowl", COLORS[color])


def zone(x, y, color="blue", yaw=0.0):
    return SceneObject("zone", color, "", (x, y, 0.0005), (0.075, 0.075, 0.0005), yaw, "box", COLORS[color])


def cylinder(x, y, color="yellow"):
    return SceneObject("object", color, "", (x, y, 0.03), (0.03, 0.03, 0.03), 0.0, "cylinder", COLORS[color])


@pytest.fixture
def world():
    """A world of one red and one big blue block, a bowl, a zone and a cylinder."""
    scene = Scene(
        (
            block(0.4, 0.2, yaw=0.4),
            block(0.6, 0.2, "blue", 0.06, 0.2),
            bowl(0.4, -0.2),
            zone(0.6, -0.2),
            cylinder(0.5, 0.0),
        )
    )
    with TabletopWorld(scene) as made:
        yield made


def test_things_rest_where_the_scene_puts_them(world):
    for thing, (position, quaternion) in zip(world.scene.objects, world.object_poses()):
        assert np.abs(position - thing.position).max() < 0.0005
        assert abs(quaternion_to_matrix(quaternion)[2, 2]) > 0.9999
    now = world.current_scene()
    assert [round(thing.yaw, 3) for thing in now.objects[:2]] == [0.4, 0.2]
    assert np.allclose(now.objects[1].half_extents, 0.03)


def test_a_big_block_in_a_bowl_is_freed_not_shot_out():
    scene = Scene((block(0.4, 0.0, "blue", 0.06, z=0.034), bowl(0.4, 0.0)))
    with TabletopWorld(scene) as world:
        position, _ = world.object_poses()[0]
        assert np.hypot(*(position[:2] - [0.4, 0.0])) < 0.015
        assert 0.034 < position[2] < 0.06


def test_bowl_mesh_is_closed_and_of_its_size():
    vertices, triangles = bowl_mesh(0.06, 0.035)
    edges = {tuple(edge) for t in triangles for edge in (t[[0, 1]], t[[1, 2]], t[[2, 0]])}
    assert all((b, a) in edges for a, b in edges)
    assert len(edges) == 3 * len(triangles)
    corners = vertices[triangles]
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert 1e-5 < volume < 4e-5  # positive: normals point outwards
    assert np.allclose([vertices[:, 2].min(), vertices[:, 2].max()], [-0.0175, 0.0175])
    assert np.abs(np.hypot(vertices[:, 0], vertices[:, 1]).max() - 0.06) < 0.0005


@pytest.mark.parametrize("name", list(CAMERAS))
def test_unprojected_depth_lies_on_the_block(world, name):
    """The top face within 2 mm of the truth in height and at its edges."""
    view = world.render(name)[0]
    assert view.depth.dtype == np.float32
    assert view.rgb.shape == (480, 640, 3)
    points, _ = view.cloud()
    seen = 0
    for thing in world.scene.objects[:2]:
        cos, sin = np.cos(thing.yaw), np.sin(thing.yaw)
        local = (points[:, :2] - thing.position[:2]) @ np.array([[cos, -sin], [sin, cos]])
        half = thing.half_extents[0]
        top = (np.abs(local) < half + 0.01).all(axis=1) & (np.abs(points[:, 2] - thing.top) < 0.003)
        if top.sum() < 50:
            continue
        seen += 1
        inner = top & (np.abs(local) < half - 0.003).all(axis=1)
        assert np.abs(points[inner, 2] - thing.top).max() < 0.0005
        assert np.abs(np.abs([local[top].min(axis=0), local[top].max(axis=0)]) - half).max() < 0.002
    assert seen >= 1
    low = points[np.abs(points[:, 2]) < 0.002]
    assert len(low) > 1000
    assert np.abs(np.median(low[:, 2])) < 0.0005


def test_other_image_sizes_see_the_same(world):
    (view,) = world.render("front", 160, 120)
    assert view.depth.shape == (120, 160)
    assert np.isclose(view.K[0, 0], 450 / 4)
    points, colors = view.cloud()
    red = np.abs(colors.astype(int) - COLORS["red"]).sum(axis=1) < 30
    assert red.sum() > 10
    assert np.abs(np.median(points[red, :2], axis=0) - [0.4, 0.2]).max() < 0.01


def test_cloud_fuses_cameras_and_shows_the_scenes_colours(world):
    points, colors = world.cloud(("front", "left"))
    assert points.dtype == np.float32
    assert colors.dtype == np.uint8
    assert np.isfinite(points).all()
    assert len(points) > 1.5 * len(world.cloud("front")[0])
    for thing in world.scene.objects:
        if thing.kind == "block":
            top = (np.abs(points - [*thing.position[:2], thing.top]) < [0.01, 0.01, 0.001]).all(axis=1)
            assert np.abs(np.median(colors[top], axis=0) - COLORS[thing.color]).max() < 8


def test_noise_is_that_of_a_sensor_and_follows_the_seed(world):
    clean = world.render("front")[0]
    one, two = (world.render("front", noise=np.random.default_rng(5))[0] for _ in range(2))
    assert np.array_equal(one.depth, two.depth, equal_nan=True)
    assert np.array_equal(one.rgb, two.rgb)
    both = np.isfinite(clean.depth) & np.isfinite(one.depth)
    holes = 1 - both.sum() / np.isfinite(clean.depth).sum()
    assert 0.002 < holes < 0.1
    near = both & (clean.depth < 1.2)
    assert 0.0005 < np.std(one.depth[near] - clean.depth[near]) < 0.003
    assert np.isnan(add_noise(clean.depth, clean.rgb, np.random.default_rng(0))[0][np.isnan(clean.depth)]).all()


@pytest.mark.parametrize("goal", [1, 2, 3, None])
def test_oracle_step_succeeds_on_block_in_bowl_on_zone_and_in_area(world, goal):
    step = make_step(world.scene, 0, goal, None if goal is not None else "top right area")
    assert not world.succeeded(step)
    result = world.pick_and_place(step.pick, step.place)
    assert result.grasped
    assert result.released
    assert result.object_index == 0
    assert world.succeeded(step)
    target, destination = step.text.removeprefix("pick the ").split(", place it ")
    assert world.judge(target, destination, step.pick.position)[0]


def test_place_is_the_moment_of_release_and_turns_by_the_difference(world):
    """A 4 cm block that is set on the table is released at z = 0.04 and turns by R_place R_pick^-1 (DESIGN.md)."""
    place = pose_from_xyz_yaw((0.3, -0.4, 0.04), 0.1 + 0.5)
    result = world.pick_and_place(pose_from_xyz_yaw((0.4, 0.2, 0.04), 0.1), place)
    moved = world.current_scene().objects[0]
    assert result.released
    assert np.abs(np.subtract(moved.position, (0.3, -0.4, 0.02))).max() < 0.001
    assert abs(moved.yaw - 0.9) < 0.01


def test_errors_of_the_pick_height_do_not_carry_over(world):
    """The tip grasps where it touches: a pick pose 1 cm too high or too low places all the same."""
    for error, x in ((0.01, 0.35), (-0.01, 0.65)):
        position, _ = world.object_poses()[0]
        pick = pose_from_xyz_yaw((*position[:2], 0.04 + error), 0.4)
        assert world.pick_and_place(pick, pose_from_xyz_yaw((x, 0.4, 0.04), 0.4)).released
        assert np.abs(world.object_poses()[0][0] - [x, 0.4, 0.02]).max() < 0.0015


def test_a_place_pose_below_the_surface_stops_at_contact(world):
    world.pick_and_place(pose_from_xyz_yaw((0.4, 0.2, 0.04), 0.4), pose_from_xyz_yaw((0.6, 0.2, 0.05), 0.2))
    top = world.object_poses()[0][0]
    assert np.abs(top - [0.6, 0.2, 0.08]).max() < 0.003


@pytest.mark.parametrize(
    ("position", "words"),
    [
        ((0.4, 0.3, 0.04), "nothing within 1.5 cm"),
        ((0.3, 0.35, 0.0), "table, which is fixed"),
        ((0.4, -0.2, 0.004), "green bowl, which is fixed"),
        ((0.6, 0.2, 0.02), "4 cm before the pick pose"),
        ((0.4, 0.2, 0.06), "nothing within 1.5 cm"),
    ],
)
def test_misses_move_nothing_and_say_why(world, position, words):
    before = [position for position, _ in world.object_poses()]
    result = world.pick_and_place(pose_from_xyz_yaw(position, 0.0), pose_from_xyz_yaw((0.5, -0.4, 0.04), 0.0))
    assert not result.grasped
    assert not result.released
    assert words in result.message
    assert np.abs(np.subtract([p for p, _ in world.object_poses()], before)).max() < 0.001


def test_tilted_poses_approach_along_the_tools_axis(world):
    """A block held by its side face is carried and set down; the tool's z axis is horizontal at the pick."""
    position, _ = world.object_poses()[1]
    yaw = 0.2
    outward = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    turn = np.column_stack([[0, 0, 1.0], np.cross(-outward, [0, 0, 1.0]), -outward])
    contact = position + 0.03 * outward
    place = contact + np.array([0.0, -0.35, 0.0])
    result = world.pick_and_place(pose_from_matrix(contact, turn), pose_from_matrix(place, turn))
    assert result.grasped
    assert result.released
    assert np.abs(world.object_poses()[1][0] - (position + np.array([0.0, -0.35, 0.0]))).max() < 0.005


def test_a_tower_of_five_stands():
    scene = Scene(tuple(block(0.35 + 0.08 * i, 0.25, color) for i, color in enumerate(list(COLORS)[:5])))
    with TabletopWorld(scene) as world:
        for level in range(5):
            x = 0.35 + 0.08 * level
            place = pose_from_xyz_yaw((0.5, -0.2, 0.04 * (level + 1)), 0.0)
            assert world.pick_and_place(pose_from_xyz_yaw((x, 0.25, 0.04), 0.0), place).released
        positions = np.array([position for position, _ in world.object_poses()])
    assert np.abs(positions[:, :2] - [0.5, -0.2]).max() < 0.004
    assert np.abs(positions[:, 2] - (0.02 + 0.04 * np.arange(5))).max() < 0.004


def test_same_scene_same_outcome():
    outcomes = []
    for _ in range(2):
        scene = random_scene(np.random.default_rng(7), stacked=1.0)
        with TabletopWorld(scene) as world:
            step = single_step_task(scene, np.random.default_rng(1), grounded=False).steps[0]
            world.pick_and_place(step.pick, step.place)
            outcomes.append(np.concatenate([np.concatenate(pose) for pose in world.object_poses()]))
    assert np.array_equal(*outcomes)


def test_random_steps_of_the_oracle_succeed():
    done = []
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        scene = random_scene(rng, stacked=0.3)
        task = single_step_task(scene, rng, grounded=False, areas=0.2)
        if task is None:
            continue
        step = task.steps[0]
        with TabletopWorld(scene) as world:
            world.pick_and_place(step.pick, step.place)
            done.append(world.succeeded(step))
    assert len(done) >= 8
    assert np.mean(done) >= 0.9


# --- the rules alone


def test_share_inside():
    square = footprint(zone(0.5, 0.0))
    assert share_inside(footprint(block(0.5, 0.0, yaw=0.3)), square) == pytest.approx(1.0)
    assert share_inside(footprint(block(0.575, 0.0)), square) == pytest.approx(0.5)
    assert share_inside(footprint(block(0.7, 0.0)), square) == 0.0
    assert share_inside(footprint(block(0.575, 0.075)), square) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("xy", "area", "expected"),
    [
        ((0.6, 0.3), "top left area", True),
        ((0.6, -0.3), "top left area", False),
        ((0.3, -0.3), "bottom right area", True),
        ((0.3, 0.1), "left side", True),
        ((0.7, 0.0), "far side", True),
        ((0.3, 0.0), "far side", False),
        ((0.5, 0.1), "middle", True),
        ((0.5, 0.4), "middle", False),
        ((0.9, 0.3), "left side", False),
    ],
)
def test_areas_are_said_from_the_robots_point_of_view(xy, area, expected):
    assert in_area(xy, area) is expected


def test_an_unknown_area_is_refused():
    with pytest.raises(ValueError, match="moon"):
        in_area((0.5, 0.0), "moon")


def moved(scene: Scene, index: int, **changes) -> Scene:
    things = list(scene.objects)
    things[index] = dataclasses.replace(things[index], **changes)
    return dataclasses.replace(scene, objects=tuple(things))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"position": (0.605, 0.2, 0.08), "yaw": 0.1}, True),
        ({"position": (0.605, 0.2, 0.08), "yaw": 0.1 + np.pi / 2}, True),  # a cube looks the same
        ({"position": (0.612, 0.2, 0.08)}, False),  # 1.2 cm off
        ({"position": (0.605, 0.2, 0.08), "yaw": 0.4}, False),  # 23 degrees off
        ({"position": (0.6, 0.2, 0.1)}, False),  # 2 cm too high
    ],
)
def test_stack_tolerances(change, expected):
    before = Scene((block(0.4, 0.2), block(0.6, 0.2, "blue", 0.06)))
    after = moved(before, 0, **change)
    assert words_reached(before, after, "small red block", "on the big blue block", (0.4, 0.2, 0))[0] is expected


def test_words_name_things_and_tell_twins_apart_by_the_pick():
    before = Scene((block(0.4, 0.2), block(0.6, 0.2), bowl(0.5, -0.2), bowl(0.3, -0.4)))
    assert find_named(before, "the small red block") == [0, 1]
    assert find_named(before, "in the green bowl") == [2, 3]
    after = moved(before, 1, position=(0.53, -0.2, 0.03))
    assert words_reached(before, after, "red block", "in the green bowl", (0.59, 0.2, 0.04))[0]
    assert not words_reached(before, after, "red block", "in the green bowl", (0.41, 0.2, 0.04))[0]
    assert not words_reached(before, after, "blue block", "in the green bowl", (0.4, 0.2, 0.04))[0]
    assert words_reached(before, after, "red block", "on the right side", (0.6, 0.2, 0.04))[0]
    assert words_reached(before, after, "red block", "on the moon", (0.6, 0.2, 0.04)) == (False, "there is no moon")


@pytest.mark.parametrize(
    ("instruction", "meaning"),
    [
        ("put the red block in the green bowl", ("red block", "green bowl")),
        ("Into the green dish, place the little red cube", ("small red block", "green bowl")),
        ("could you move the blue block onto the large red block?", ("blue block", "big red block")),
        ("put the leftmost block in the green bowl", None),
        ("put the red block nearest to the robot in the green bowl", None),
        ("put the red block in the green bowl and the blue block in the red bowl", None),
        ("stack all blocks", None),
        ("put the red block next to the green bowl", None),
        ("avoid moving the red block to the green bowl", None),
        ("move the red block close to the green bowl", None),
        ("put the red block in the green bowl. Then stop", None),
        ("put the red block, no wait, in the green bowl", None),
    ],
)
def test_plain_meaning_of_instructions(instruction, meaning):
    assert plain_meaning(instruction) == meaning


def test_plain_wordings_of_the_oracle_are_understood():
    understood = 0
    for seed in range(120):
        scene = random_scene(np.random.default_rng(seed))
        task = single_step_task(scene, np.random.default_rng(seed), grounded=False)
        if task is None or plain_meaning(task.instruction) is None:
            continue
        target, destination = plain_meaning(task.instruction)
        picked, goal = (scene.objects[i].name for i in (task.steps[0].pick_index, task.steps[0].place_index))
        assert names_same(picked, target) and names_same(goal, destination), task.instruction
        understood += 1
    assert understood >= 20


def test_tool_down_is_the_frame_of_the_oracle():
    assert np.allclose(quaternion_to_matrix(pose_from_xyz_yaw((0, 0, 0), 0.3).orientation), tool_down_matrix(0.3))

"""Scenes, ray casting and the oracle: what training and simulation are made of."""

import re

import numpy as np
import pytest
import torch
from things import thing

from moe3d_ros.model.language.grammar import destinations, parse_step, targets
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, SceneRange, random_scene, sample_scenes
from moe3d_ros.tabletop.scenes.scene import CAMERAS, Scene
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.simulation.raycast import SensorRange, cast, sense
from moe3d_ros.tabletop.tasks.single_step import impossible_task, make_step, refer, single_step_task
from moe3d_ros.tabletop.words.wordings import AREA_WORDS
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.geometry import quaternion_to_matrix
from moe3d_ros.world.vocabulary import BLOCK, COLOR_NAMES, KINDS
from moe3d_ros.world.workspace import Workspace


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_scenes_depend_on_the_seed_alone():
    a, b, c = (sample_scenes(8, TRAINING_RANGE, generator(seed)) for seed in (3, 3, 4))
    assert all(torch.equal(value, getattr(b, name)) for name, value in vars(a).items() if value is not None)
    assert not torch.equal(a.center, c.center)


def test_objects_stay_on_the_table_and_apart():
    scenes = sample_scenes(64, SceneRange(), generator())
    for index in range(64):
        scene, _ = scenes.scene(index)
        assert 2 <= sum(o.kind == "block" for o in scene.objects) <= 5
        for i, one in enumerate(scene.objects):
            assert Workspace().contains(np.array(one.position))
            for other in scene.objects[:i]:
                gap = np.hypot(*np.subtract(one.position[:2], other.position[:2]))
                assert gap > one.half_extents[0] + other.half_extents[0]


def test_a_ray_hits_what_is_in_front():
    scenes = sample_scenes(1, SceneRange(blocks=(1, 1), bowls=(0, 0), zones=(0, 0)), generator(5))
    block = torch.nonzero(scenes.kind[0] == BLOCK)[0, 0]
    center, half = scenes.center[0, block], scenes.half[0, block]
    above = center + torch.tensor([0.0, 0.0, 0.5])
    origin = torch.stack([above, torch.tensor([0.3, -0.45, 0.5])])[None]
    down = torch.tensor([0.0, 0.0, -1.0]).expand(1, 2, 3)
    distance, slot, normal = cast(origin, down, scenes)
    assert slot[0].tolist() == [int(block), -1]
    assert distance[0, 0] == pytest.approx(float(above[2] - center[2] - half[2]), abs=1e-5)
    assert distance[0, 1] == pytest.approx(0.5, abs=1e-5)
    assert normal[0, :, 2].tolist() == [1.0, 1.0]


def test_clouds_lie_on_the_surfaces_they_name():
    scenes = sample_scenes(4, SceneRange(), generator(7))
    cloud = sense(scenes, SensorRange(depth_noise=0.0, pose_noise=0.0), generator(8))
    on_object = cloud.slot >= 0
    center, half = (
        scenes.center[cloud.scene, cloud.slot.clamp(min=0)],
        scenes.half[cloud.scene, cloud.slot.clamp(min=0)],
    )
    reach = (cloud.points - center)[on_object]
    assert (reach[:, 2].abs() <= half[on_object, 2] + 1e-4).all()
    assert (reach[:, :2].norm(dim=1) <= half[on_object, :2].norm(dim=1) + 1e-4).all()
    assert cloud.points[cloud.slot == -1][:, 2].abs().max() < 1e-4
    assert (cloud.colors >= 0).all()
    assert (cloud.colors <= 1).all()


def test_camera_frames_are_right_handed_and_look_down():
    for camera in CAMERAS.values():
        rotation = camera.rotation()
        assert np.allclose(rotation.T @ rotation, np.eye(3))
        assert np.linalg.det(rotation) > 0
        assert rotation[2, 2] < 0


def test_every_step_of_the_oracle_is_in_the_grammar_and_in_the_workspace():
    rng = np.random.default_rng(0)
    made = 0
    for _ in range(60):
        scene = random_scene(rng, objects=(0, 2), stacked=0.5)
        for grounded in (False, True):
            task = single_step_task(scene, rng, grounded, areas=0.2)
            if task is None:
                continue
            made += 1
            (step,) = task.steps
            target, destination = parse_step(step.text)
            assert target in targets(len(KINDS))
            assert destination in destinations(len(KINDS))
            assert Workspace().contains(np.array([step.pick.position, step.place.position])).all()
            assert quaternion_to_matrix(step.pick.orientation)[2, 2] == pytest.approx(-1)
    assert made > 80


def test_references_mean_one_thing():
    scene = Scene(
        (
            thing("block", "red", 0.5, 0.3, "small"),
            thing("block", "red", 0.4, -0.2, "big", 0.03),
            thing("block", "blue", 0.6, -0.4, "small"),
        )
    )
    rng = np.random.default_rng(0)
    phrases = {i: {refer(scene, i, rng, True) for _ in range(200)} for i in range(3)}
    assert not (phrases[0] & phrases[1])
    assert not (phrases[1] & phrases[2])
    assert not (phrases[0] & phrases[2])
    assert "the leftmost block" in phrases[0]
    assert "the bigger red block" in phrases[1]
    assert "the block closest to the robot" in phrases[1]
    assert "the rightmost block" in phrases[2]
    assert all(refer(scene, 0, rng, False) != "the red block" for _ in range(50))


def test_release_heights_and_turns():
    scene = Scene(
        (
            thing("block", "red", 0.5, 0.3, "small", yaw=0.1),
            thing("bowl", "green", 0.4, -0.2, half=(0.06, 0.06, 0.015)),
            thing("block", "blue", 0.6, -0.3, "big", 0.03, yaw=0.5),
        )
    )
    on_table = make_step(scene, 0, area="middle")
    assert on_table.place.position[2] == pytest.approx(0.04)
    in_bowl = make_step(scene, 0, 1)
    assert in_bowl.place.position == pytest.approx((0.4, -0.2, 0.044))
    stacked = make_step(scene, 0, 2)
    assert stacked.place.position[2] == pytest.approx(0.10)
    x_axis = quaternion_to_matrix(stacked.place.orientation)[:, 0]
    assert np.arctan2(x_axis[1], x_axis[0]) == pytest.approx(0.5)
    assert stacked.text == "pick the small red block, place it on the big blue block"


def test_what_lies_on_what():
    scene = Scene(
        (
            thing("block", "red", 0.4, -0.2, "small", z=0.024),
            thing("bowl", "green", 0.4, -0.2, half=(0.06, 0.06, 0.015)),
        )
    )
    assert supports(scene) == {0: 1}


def test_impossible_tasks_name_what_is_not_there():
    kinds = {"block": "block", "cube": "block", "bowl": "bowl", "dish": "bowl"}
    kinds |= dict.fromkeys(("zone", "square", "pad"), "zone")
    named = re.compile(rf"({'|'.join(COLOR_NAMES)}) ({'|'.join(kinds)})\b")
    rng = np.random.default_rng(3)
    scenes = [random_scene(rng) for _ in range(30)]
    tasks = [(scene, task) for scene in scenes if (task := impossible_task(scene, rng)) is not None]
    assert len(tasks) > 20
    for scene, task in tasks:
        there = {(thing.color, thing.kind) for thing in scene.objects}
        said = {(color, kinds[word]) for color, word in named.findall(task.instruction)}
        assert len(said - there) == 1, task.instruction
        assert task.steps == ()


def test_every_area_has_words():
    assert tuple(AREA_WORDS) == AREAS

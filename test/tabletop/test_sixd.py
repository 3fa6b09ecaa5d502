"""6D scenes: labels that fit the poses, both renderers alike, the oracle in physics, models that grow."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from moe3d_ros.model.action.anchors import anchor_inputs
from moe3d_ros.model.language.grammar import destinations, parse_step, targets
from moe3d_ros.model.perception.encoder import EncoderConfig, SceneEncoder
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.tabletop.rules.sixd_success import equivalent_picks, pose_error_6d, step_reached_6d
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.faces import TOOL_DOWN
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.sixd_tasks import SIXD_TASKS, doable, sixd_episode, sixd_task
from moe3d_ros.world.geometry import pose_from_xyz_yaw, quaternion_to_matrix, tool_angle
from moe3d_ros.world.vocabulary import KINDS
from training.data.mixture import join
from training.data.sixd_data import is_sixd, sample_sixd
from training.engine.growth import grow

pytest.importorskip("mujoco")
from moe3d_ros.tabletop.simulation.physics import TabletopWorld


def perfect_objects(scenes) -> ObjectSet:
    """What an encoder without any error would say of a batch of scenes."""
    quarter = torch.pi / 2
    yaw = torch.remainder(scenes.yaw + quarter / 2, quarter) - quarter / 2
    kind = torch.nn.functional.one_hot(scenes.kind.clamp(min=0), len(KINDS)).float()
    color = torch.nn.functional.one_hot(scenes.color, 11).float()
    features = torch.zeros(*scenes.kind.shape, 24)
    seen = scenes.exists
    return ObjectSet(kind, color, scenes.center, scenes.half, yaw, seen, seen.float(), features, scenes.normal)


@pytest.mark.parametrize("name", SIXD_TASKS)
def test_poses_are_plain_in_the_frames_that_pose_dit_is_told(name):
    """Relative to its anchors' faces, every pose of a task is one and the same: so there is little left to learn."""
    for number in range(12):
        task, scene = sixd_episode(name, np.random.default_rng([number, 5]))
        step = task.steps[0]
        index = torch.tensor([[[step.pick_index, -1 if step.place_index is None else step.place_index]]])
        anchors = anchor_inputs(perfect_objects(batch_scenes([scene])), index)
        turn = anchors.turn()[0, 0].double().numpy()
        pick, place = (quaternion_to_matrix(pose.orientation) for pose in (step.pick, step.place))
        assert tool_angle(turn[1].T @ place, TOOL_DOWN) < 1e-3
        assert tool_angle(turn[0].T @ pick, TOOL_DOWN) < 1e-3
        off = anchors.tilt()[0, 0, 0].double().numpy().T @ (
            step.pick.position - anchors.positions[0, 0, 0].double().numpy()
        )
        thing = scene.objects[step.pick_index]
        assert np.allclose(off, [0, 0, thing.half_extents[0 if thing.kind == "bar" else 2]], atol=1e-4)


@pytest.mark.parametrize(("kind", "aligned"), [("block", True), ("object", True), ("bowl", False), ("zone", False)])
def test_a_block_is_turned_to_fit_what_bears_it(kind, aligned):
    """Two like blocks on top of each other may be taken for one tall object: what comes on it must fit it all the same."""
    yaw = torch.tensor([[0.1, 0.5]])
    kinds = torch.nn.functional.one_hot(torch.tensor([[0, KINDS.index(kind)]]), len(KINDS)).float()
    seen = torch.ones(1, 2, dtype=torch.bool)
    pair = ObjectSet(
        kinds,
        torch.rand(1, 2, 11),
        torch.rand(1, 2, 3),
        torch.rand(1, 2, 3),
        yaw,
        seen,
        seen.float(),
        torch.zeros(1, 2, 24),
    )
    anchors = anchor_inputs(pair, torch.tensor([[[0, 1]]]))
    assert anchors.yaw[0, 0].tolist() == pytest.approx([0.1, 0.5 if aligned else 0.1])


@pytest.mark.parametrize("name", SIXD_TASKS)
def test_the_oracle_does_each_task_in_physics_and_nothing_else_counts(name):
    task, scene = sixd_episode(name, np.random.default_rng([1, 7]))
    step = task.steps[0]
    with TabletopWorld(scene) as world:
        assert not step_reached_6d(world.current_scene(), step)[0]
        world.pick_and_place(step.pick, step.place)
        assert step_reached_6d(world.current_scene(), step)[0]


def test_a_top_down_pick_does_not_get_a_block_out_of_a_rack():
    task, scene = sixd_episode("rack-pick", np.random.default_rng(3))
    step, block = task.steps[0], scene.objects[task.steps[0].pick_index]
    with TabletopWorld(scene) as world:
        result = world.pick_and_place(pose_from_xyz_yaw((*block.position[:2], block.top), block.yaw), step.place)
        assert not result.grasped
        assert not step_reached_6d(world.current_scene(), step)[0]


def test_what_lies_tilted_stays_where_the_scene_has_put_it():
    for number in range(6):
        scene = sixd_scene(np.random.default_rng(number))
        with TabletopWorld(scene) as world:
            now = world.current_scene()
        for before, after in zip(scene.objects, now.objects):
            assert np.linalg.norm(np.subtract(before.position, after.position)) < 0.004
            assert (before.orientation is None) == (after.orientation is None)
            if before.orientation:
                angle = tool_angle(*(quaternion_to_matrix(thing.orientation) for thing in (before, after)))
                assert np.rad2deg(angle) < 3


def test_ray_caster_and_physics_show_the_same_surfaces():
    scene = sixd_scene(np.random.default_rng(1))
    quiet = SensorRange(cameras=(3, 3), standard=1.0, depth_noise=0.0, pose_noise=0.0, object_rays=800, table_rays=50)
    cloud = sense(batch_scenes([scene]), quiet, torch.Generator().manual_seed(0))
    with TabletopWorld(scene) as world:
        seen, _ = world.cloud(("front", "left", "right", "top"), 320, 240)
    on_things = cloud.points[cloud.slot >= 0].numpy()
    apart, _ = cKDTree(seen).query(on_things)
    assert np.quantile(apart, 0.9) < 0.006


def test_plain_scenes_stay_what_they_were_beside_6d_ones():
    plain = sample_scenes(3, TRAINING_RANGE, torch.Generator().manual_seed(4))
    assert plain.turn is None
    assert not any(is_sixd(plain.scene(i)[0]) for i in range(3))
    both = join([sample_sixd(2, np.random.default_rng(0)), plain])
    for index in range(3):
        assert both.scene(2 + index) == plain.scene(index)
    assert all(is_sixd(both.scene(i)[0]) for i in range(2))


def test_instructions_are_not_ambiguous_and_plans_are_in_the_grammar():
    rng = np.random.default_rng(0)
    held_out = set()
    for number in range(60):
        scene = sixd_scene(np.random.default_rng(number))
        for name in SIXD_TASKS:
            task = sixd_task(scene, name, rng, held_out=number % 2 == 1)
            if task is None:
                continue
            step = task.steps[0]
            assert (step.pick_index, step.place_index) in doable(scene, name)
            target, destination = parse_step(step.text)
            assert target in targets(len(KINDS))
            assert destination in destinations(len(KINDS))
            held_out |= {task.instruction} if task.held_out else set()
    assert len(held_out) > 40


def test_the_other_end_of_a_bar_is_as_good_a_pick():
    task, scene = sixd_episode("slot", np.random.default_rng(2))
    step = task.steps[0]
    here, there = equivalent_picks(scene, step)
    assert pose_error_6d(there, [here, there]) == pytest.approx((0, 0), abs=1e-6)
    apart, turned = pose_error_6d(there, [here])
    assert apart > 0.08
    assert turned > 1


def test_an_encoder_that_grows_sees_as_before_and_calls_everything_upright():
    torch.manual_seed(0)
    sizes = {"width": 24, "layers": 1, "heads": 2, "queries": 5, "decoder_layers": 1}
    old, new = SceneEncoder(EncoderConfig(**sizes)).eval(), SceneEncoder(EncoderConfig(**sizes, kinds=8)).eval()
    stored = dict(old.named_parameters())
    with torch.no_grad():
        for name, value in new.named_parameters():
            value.copy_(stored[name] if stored[name].shape == value.shape else grow(name, stored[name], value.shape))
    scenes = sample_scenes(2, TRAINING_RANGE, torch.Generator().manual_seed(1))
    cloud = sense(scenes, SensorRange(), torch.Generator().manual_seed(2))
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 2)
    with torch.no_grad():
        before, after = (
            encoder.detect(patches, encoder.encode_patches(patches), lambda found: found.exists > -9)[-1]
            for encoder in (old, new)
        )
    assert torch.allclose(before.center, after.center, atol=1e-6)
    assert torch.allclose(before.color, after.color, atol=1e-5)
    assert torch.allclose(before.kind, after.kind[..., :4], atol=1e-5)
    assert (after.kind[..., 4:] == -8).all()
    assert torch.equal(after.normal, torch.tensor([0.0, 0.0, 1.0]).expand_as(after.normal))

"""Blocks in bowls: they lie where physics would leave them, and nothing else moves."""

import numpy as np
import pytest
import torch

from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, bottom_in_bowl, sample_scenes
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.vocabulary import BLOCK, BOWL, BOWL_FLOOR_HEIGHT
from training.data import filled_bowls
from training.data.filled_bowls import MOST, SLACK, with_filled_bowls


@pytest.fixture
def scenes():
    return sample_scenes(40, TRAINING_RANGE, torch.Generator().manual_seed(5))


def test_blocks_come_into_bowls_one_on_the_other_and_nothing_else_moves(scenes):
    after, piles = with_filled_bowls(scenes, 1.0, np.random.default_rng(0)), []
    for row in range(len(scenes)):
        moved = torch.nonzero((scenes.center[row] - after.center[row]).norm(dim=-1) > 1e-6).flatten()
        assert (scenes.kind[row, moved] == BLOCK).all()
        bowls = torch.nonzero(after.exists[row] & (after.kind[row] == BOWL)).flatten()
        apart = torch.cdist(after.center[row, moved, :2], after.center[row, bowls, :2])
        assert (apart.amin(-1) < SLACK * 2**0.5).all() if len(moved) else True
        for number, bowl in enumerate(bowls):
            inside = moved[apart[:, number] < SLACK * 2**0.5]
            inside = inside[after.center[row, inside, 2].argsort()]
            if len(inside):
                piles.append(len(inside))
                bottoms = after.center[row, inside, 2] - after.half[row, inside, 2]
                tops = after.center[row, inside, 2] + after.half[row, inside, 2]
                assert torch.allclose(bottoms[1:], tops[:-1], atol=1e-5)
                lowest = bottom_in_bowl(after.half[row, None, bowl], after.half[row, None, inside[0]])
                assert bottoms[0] == pytest.approx(float(lowest), abs=1e-5)
    assert len(piles) > 30
    assert set(piles) == set(range(1, MOST + 1))


def test_some_have_the_color_of_their_bowl(scenes, monkeypatch):
    monkeypatch.setattr(filled_bowls, "OF_ITS_COLOR", 1.0)
    after = with_filled_bowls(scenes, 1.0, np.random.default_rng(1))
    row, slot = torch.nonzero((scenes.center - after.center).norm(dim=-1) > 1e-6).unbind(1)
    bowls = torch.where(
        (after.kind == BOWL)[row], (after.center[row, :, :2] - after.center[row, slot, None, :2]).norm(dim=-1), 9.0
    )
    assert (after.color[row, slot] == after.color[row, bowls.argmin(-1)]).all()
    assert torch.equal(after.rgb[row, slot], after.rgb[row, bowls.argmin(-1)])


def test_no_share_leaves_all_as_it_was_and_the_given_scenes_stay(scenes):
    before = scenes.center.clone()
    assert torch.equal(with_filled_bowls(scenes, 0.0, np.random.default_rng(0)).center, before)
    with_filled_bowls(scenes, 1.0, np.random.default_rng(0))
    assert torch.equal(scenes.center, before)


@pytest.mark.parametrize("size", ["small", "big"])
def test_the_height_is_that_at_which_physics_lets_a_block_rest(size):
    for seed in range(4):
        scene = arrange([Thing("bowl", "red"), Thing("block", "blue", size)], np.random.default_rng(seed))
        step = make_step(scene, 1, 0, None)
        with TabletopWorld(scene) as world:
            world.pick_and_place(step.pick, step.place)
            rests = world.object_poses()[1][0][2] - scene.objects[1].half_extents[2]
        half = [torch.tensor([thing.half_extents]) for thing in scene.objects]
        assert float(bottom_in_bowl(*half)) == pytest.approx(float(rests), abs=0.003)
    if size == "small":
        assert float(bottom_in_bowl(*half)) == pytest.approx(BOWL_FLOOR_HEIGHT)

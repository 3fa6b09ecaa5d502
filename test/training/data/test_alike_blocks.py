"""Blocks that look the same: they come to stand on and close beside each other, and in nothing else."""

import numpy as np
import pytest
import torch

from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.world.vocabulary import BLOCK
from training.data import alike_blocks
from training.data.alike_blocks import with_alike_blocks


@pytest.fixture
def scenes():
    return sample_scenes(40, TRAINING_RANGE, torch.Generator().manual_seed(3))


def blocks(scenes, row):
    return torch.nonzero(scenes.exists[row] & (scenes.kind[row] == BLOCK)).flatten().tolist()


def moved(before, after, row):
    apart = (before.center[row] - after.center[row]).norm(dim=-1)
    return [slot for slot in blocks(before, row) if apart[slot] > 1e-6]


def test_pairs_stand_close_beside_each_other_and_touch_nothing(scenes, monkeypatch):
    monkeypatch.setattr(alike_blocks, "TOWERS", 0.0)
    after, seen = with_alike_blocks(scenes, 1.0, np.random.default_rng(0)), 0
    for row in range(len(scenes)):
        for slot in moved(scenes, after, row):
            same = [s for s in blocks(after, row) if s != slot and after.color[row, s] == after.color[row, slot]]
            apart = torch.stack([(after.center[row, s] - after.center[row, slot]).norm() for s in same])
            edge = 2 * after.half[row, slot, 0]
            assert edge < apart.min() < 1.45 * edge + 0.04
            assert after.rgb[row, slot].tolist() in after.rgb[row, same].tolist()
            others = after.exists[row].clone()
            others[slot] = False
            gap = (after.center[row, others, :2] - after.center[row, slot, :2]).abs().amax(-1)
            assert (gap > after.half[row, others, :2].amin(-1)).all(), "its middle lies in nothing"
            seen += 1
    assert seen > 15


def test_towers_are_piles_of_one_sort(scenes, monkeypatch):
    monkeypatch.setattr(alike_blocks, "TOWERS", 1.0)
    after, seen = with_alike_blocks(scenes, 1.0, np.random.default_rng(0)), 0
    for row in range(len(scenes)):
        pile = moved(scenes, after, row)
        if pile:
            heights = after.center[row, pile, 2].sort().values
            edge = 2 * after.half[row, pile[0], 2]
            expected = edge / 2 + edge * torch.arange(1, len(pile) + 1)
            assert torch.allclose(heights, expected, atol=0.005)
            assert len({tuple(rgb) for rgb in after.rgb[row, pile].tolist()}) == 1
            seen += 1
    assert seen > 20


def test_no_share_leaves_all_as_it_was_and_the_given_scenes_always_stay(scenes):
    before = scenes.center.clone()
    same = with_alike_blocks(scenes, 0.0, np.random.default_rng(0))
    assert torch.equal(same.center, before)
    with_alike_blocks(scenes, 1.0, np.random.default_rng(0))
    assert torch.equal(scenes.center, before)

"""Suite alike: a block counts as seen where something is seen in its own place, and by what of its look stands near it."""

import pytest
import torch

from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.world.vocabulary import BLOCK
from training.evaluation.perceiving.look_alikes import ALONE, TOWER, judged

RED, BLUE = 0, 1
FIRST = (0.5, 0.0, 0.02)


def two_blocks(second, colors=(RED, RED)):
    """A batch of one scene with two blocks, the first one at FIRST."""
    scenes = sample_scenes(1, TRAINING_RANGE, torch.Generator().manual_seed(0))
    scenes.exists[:] = False
    scenes.exists[0, :2] = True
    scenes.kind[0, :2] = scenes.kind.new_tensor(BLOCK)
    scenes.color[0, :2] = scenes.color.new_tensor(colors)
    scenes.center[0, :2] = torch.tensor([FIRST, second])
    return scenes


ALL_SEEN = torch.ones(24, dtype=torch.bool)
PAIRS = {
    "6 to 8 cm from another": ((0.5, 0.07, 0.02), (RED, RED)),
    TOWER: ((0.502, 0.0, 0.06), (RED, RED)),
    ALONE: ((0.5, 0.07, 0.02), (RED, BLUE)),
}


@pytest.mark.parametrize(("second", "colors"), PAIRS.values(), ids=PAIRS)
def test_blocks_are_told_by_what_stands_near_them_and_each_needs_its_own(second, colors, request):
    scenes, group = two_blocks(second, colors), request.node.callspec.id
    both = torch.tensor([FIRST, second])
    assert judged(scenes, ALL_SEEN, both) == [(group, True), (group, True)]
    assert judged(scenes, ALL_SEEN, both[1:]) == [(group, False), (group, True)]
    assert judged(scenes, ALL_SEEN, both.mean(dim=0, keepdim=True)) == [(group, False), (group, False)]
    assert judged(scenes, ALL_SEEN, both[:0]) == [(group, False), (group, False)]
    only_first = ALL_SEEN.clone()
    only_first[1] = False
    assert judged(scenes, only_first, both) == [(group, True)], "what cannot be seen does not count"

"""Places beside things in Pose-DiT: other steps stay as they are, the side decides and not the LLM's state, anchors fit the side."""

import dataclasses
import math

import pytest
import torch

from moe3d_ros.model.action.anchors import anchor_inputs
from moe3d_ros.model.action.pose_dit import PoseDiT, PoseDiTConfig, sample_poses
from moe3d_ros.model.action.side_block import NO_SIDE
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.world.sides import SIDES

SCENES, STEPS, PATCHES = 2, 4, 12
PLAIN = PoseDiTConfig(condition_width=16, width=64, blocks=2, heads=4, patch_width=16, anchor_feature_width=5)
WITH_SIDES = dataclasses.replace(PLAIN, sides=True)
LEFT, BETWEEN = SIDES.index("left of"), SIDES.index("between")


def models():
    """The same Pose-DiT without and with the block, every layer of which carries a signal."""
    torch.manual_seed(1)
    plain, knowing = PoseDiT(PLAIN), PoseDiT(WITH_SIDES)
    for parameter in (*plain.parameters(), *knowing.parameters()):
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    knowing.load_state_dict(plain.state_dict(), strict=False)
    return plain.eval(), knowing.eval()


def inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    scene = {
        "patches": torch.randn(SCENES, PATCHES, 16, generator=generator),
        "centroids": torch.rand(SCENES, PATCHES, 3, generator=generator),
        "mask": torch.ones(SCENES, PATCHES, dtype=torch.bool),
    }
    told = {
        "anchors": torch.rand(SCENES, STEPS, 2, 3, generator=generator),
        "anchor_features": torch.randn(SCENES, STEPS, 2, 5, generator=generator),
    }
    return torch.randn(SCENES, STEPS, 16, generator=generator), scene | told


def sampled(model, condition, known, side):
    generator = torch.Generator().manual_seed(3)
    return torch.cat(
        [part.flatten(2) for part in sample_poses(model, condition, **known, side=side, steps=2, generator=generator)],
        dim=-1,
    )


def sides(*per_step):
    return torch.tensor([per_step] * SCENES)


def test_steps_without_a_side_are_the_same_to_the_bit():
    (plain, knowing), (condition, known) = models(), inputs()
    before = sampled(plain, condition, known, None)
    assert torch.equal(sampled(knowing, condition, known, None), before)
    assert torch.equal(sampled(knowing, condition, known, sides(*[NO_SIDE] * STEPS)), before)
    mixed = sampled(knowing, condition, known, sides(NO_SIDE, LEFT, NO_SIDE, BETWEEN))
    assert torch.equal(mixed[:, ::2], before[:, ::2])
    assert not torch.isclose(mixed[:, 1::2], before[:, 1::2]).all(-1).any()


def test_the_side_decides_and_not_the_state():
    (_, knowing), (condition, known) = models(), inputs()
    found = [sampled(knowing, condition, known, sides(*[side] * STEPS)) for side in range(len(SIDES))]
    for one in range(len(SIDES)):
        assert all(not torch.allclose(found[one], found[other], atol=1e-3) for other in range(one))
    another = 100 * torch.randn(condition.shape, generator=torch.Generator().manual_seed(9))
    assert torch.equal(sampled(knowing, another, known, sides(*[LEFT] * STEPS)), found[LEFT])
    ordinary = sides(*[NO_SIDE] * STEPS)
    assert not torch.allclose(sampled(knowing, another, known, ordinary), sampled(knowing, condition, known, ordinary))


def test_the_block_starts_without_effect():
    torch.manual_seed(0)
    knowing, (condition, known) = PoseDiT(WITH_SIDES).eval(), inputs()
    onto = sampled(knowing, torch.zeros_like(condition), known, None)
    torch.testing.assert_close(sampled(knowing, condition, known, sides(*range(STEPS))), onto)


def test_a_model_that_has_not_learnt_sides_says_so():
    (plain, _), (condition, known) = models(), inputs()
    with pytest.raises(ValueError, match="has not learnt places beside things"):
        sampled(plain, condition, known, sides(*[LEFT] * STEPS))
    with pytest.raises(ValueError, match="sides need anchor_feature_width"):
        dataclasses.replace(WITH_SIDES, anchor_feature_width=0)


def things(centers, yaws, kinds, halves):
    """Objects of one scene that stand upright."""
    count = len(centers)
    return ObjectSet(
        torch.nn.functional.one_hot(torch.tensor([kinds]), 8).float(),
        torch.eye(11)[None, :count],
        torch.tensor([centers]),
        torch.tensor([halves]),
        torch.tensor([yaws]),
        torch.ones(1, count, dtype=torch.bool),
        torch.ones(1, count),
        torch.zeros(1, count, 6),
        torch.tensor([[[0.0, 0.0, 1.0]] * count]),
    )


BLOCK, BOWL = 0, 1
SEEN = things(
    [(0.4, -0.3, 0.02), (0.5, 0.0, 0.02), (0.5, 0.3, 0.03)],
    [0.1, 0.6, 0.0],
    [BLOCK, BLOCK, BOWL],
    [(0.02, 0.02, 0.02), (0.03, 0.03, 0.02), (0.08, 0.08, 0.03)],
)
TWO = torch.tensor([[[0, 1], [0, 1]]])


def test_what_goes_beside_a_thing_keeps_its_heading():
    anchors = anchor_inputs(SEEN, TWO, torch.tensor([[NO_SIDE, LEFT]]), torch.tensor([[-1, -1]]))
    onto, beside = anchors.yaw[0, :, 1].tolist()
    assert onto == pytest.approx(0.6)  # the least turn that aligns it with the block below
    assert beside == pytest.approx(0.1)
    assert torch.equal(anchors.positions[0, 0], anchors.positions[0, 1])
    assert anchors.side.tolist() == [[NO_SIDE, LEFT]]


def test_the_anchor_between_two_things_is_in_the_middle_of_what_is_free():
    anchors = anchor_inputs(SEEN, TWO, torch.tensor([[LEFT, BETWEEN]]), torch.tensor([[-1, 2]]))
    reach = 0.03 * (math.cos(0.6) + math.sin(0.6))  # of the turned block along y
    torch.testing.assert_close(anchors.positions[0, 0, 1], torch.tensor([0.5, 0.0, 0.02]))
    torch.testing.assert_close(anchors.positions[0, 1, 1], torch.tensor([0.5, (reach + 0.3 - 0.08) / 2, 0.02]))


def test_anchors_of_other_steps_are_the_same_to_the_bit():
    before, after = anchor_inputs(SEEN, TWO), anchor_inputs(SEEN, TWO, torch.tensor([[NO_SIDE, LEFT]]))
    for name in ("positions", "features", "yaw", "normal"):
        assert torch.equal(getattr(before, name)[:, 0], getattr(after, name)[:, 0])

"""Pose-DiT: shapes, the cache, padding, anchors, and that it learns one of several right answers, not their mean."""

import dataclasses
import json

import pytest
import torch

from moe3d_ros.model.action import rectified_flow
from moe3d_ros.model.action.dit_blocks import POINTER_RADIUS, RelativePosition, around_mode
from moe3d_ros.model.action.pose_dit import (
    PoseDiT,
    PoseDiTConfig,
    PoseDiTOutput,
    PoseLossWeights,
    gram_schmidt,
    medoid_index,
    pose_loss,
    sample_poses,
)
from moe3d_ros.world.geometry import matrix_to_rot6d, rot6d_to_matrix

SCENES, PLANS, PATCHES, PATCH_WIDTH = 3, 4, 20, 16
SMALL = PoseDiTConfig(condition_width=16, width=64, blocks=2, heads=4, patch_width=PATCH_WIDTH, anchor_feature_width=5)


def random_model(config=SMALL):
    """A model whose zero-initialised layers are filled, so that every path carries a signal."""
    torch.manual_seed(1)
    model = PoseDiT(config)
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def random_scene(scenes=SCENES, patches=PATCHES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(scenes, patches, PATCH_WIDTH, generator=generator)
    low, high = torch.tensor([0.25, -0.5, 0.0]), torch.tensor([0.75, 0.5, 0.1])
    centroids = low + (high - low) * torch.rand(scenes, patches, 3, generator=generator)
    return features, centroids, torch.ones(scenes, patches, dtype=torch.bool)


def random_inputs():
    return torch.randn(SCENES, PLANS, 2, 9), torch.rand(SCENES, PLANS), torch.randn(SCENES, PLANS, 16)


def random_rotations(*shape):
    return gram_schmidt(torch.randn(*shape, 6))


def train(model, batch, steps, draws, rate=3e-3):
    """Train on ``batch(noise) -> target, pointer_target``; scene and condition ride along as attributes."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    condition = batch.condition.repeat_interleave(draws, 1)
    for _ in range(steps):
        noise = torch.randn(*condition.shape[:2], 2, 9)
        target, pointer_target = batch(noise)
        t = rectified_flow.bias_to_noise(torch.rand(condition.shape[:2])).clamp(min=0.01)
        x_t = rectified_flow.interpolate(target, noise, t)
        output = model(x_t, t, condition, *batch.scene, pointer_target=pointer_target)
        loss, _ = pose_loss(output, target, pointer_target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


def test_shapes():
    model, (x_t, t, condition) = random_model(), random_inputs()
    output = model(x_t, t, condition, *random_scene())
    assert output.data.shape == (SCENES, PLANS, 2, 9)
    assert output.pointer_logits.shape == (SCENES, PLANS, 2, PATCHES)
    positions, rotations = sample_poses(model, condition, *random_scene(), steps=2)
    assert positions.shape == (SCENES, PLANS, 2, 3)
    assert rotations.shape == (SCENES, PLANS, 2, 3, 3)
    torch.testing.assert_close(rotations.transpose(-1, -2) @ rotations, torch.eye(3).expand_as(rotations))


def test_config_survives_json_and_checks_itself():
    again = PoseDiTConfig(**json.loads(json.dumps(dataclasses.asdict(SMALL))))
    assert again == SMALL
    for wrong in ({"width": 30}, {"blocks": 0}, {"pose_dim": 7}, {"workspace_half": (0.2, 0.0, 0.1)}):
        with pytest.raises(ValueError, match="must be|two poses|above zero"):
            dataclasses.replace(SMALL, **wrong)


def test_a_fresh_model_points_before_it_offsets():
    """adaLN-Zero: the blocks are the identity and the position is nearly the pointer's centroid."""
    model, (x_t, t, condition), scene = PoseDiT(SMALL), random_inputs(), random_scene()
    output = model(x_t, t, condition, *scene)
    close = (torch.cdist(scene[1], scene[1]) < POINTER_RADIUS).float()
    weights = around_mode(output.pointer_logits.softmax(-1).flatten(1, 2), close)
    pointed = (weights @ scene[1]).view(SCENES, PLANS, 2, 3)
    assert (model.denormalize(output.data)[0] - pointed).norm(dim=-1).max() < 0.05
    torch.testing.assert_close(model(x_t, t, torch.randn_like(condition), *scene).data, output.data)


def test_normalize_matches_geometry_and_comes_back():
    model, positions, rotations = PoseDiT(SMALL), torch.rand(5, 3), random_rotations(5)
    data = model.normalize(positions, rotations)
    torch.testing.assert_close(data[..., 3:], torch.from_numpy(matrix_to_rot6d(rotations.numpy())))
    again = model.denormalize(data)
    torch.testing.assert_close(again[0], positions)
    torch.testing.assert_close(again[1], rotations)


def test_gram_schmidt_agrees_with_geometry_and_survives_degenerate_columns():
    rot6d = torch.randn(50, 6)
    expected = torch.from_numpy(rot6d_to_matrix(rot6d.numpy())).float()
    torch.testing.assert_close(gram_schmidt(rot6d), expected, atol=1e-5, rtol=1e-4)
    degenerate = torch.tensor([[0.0] * 6, [1.0, 0, 0, 2.0, 0, 0], [0, 0, 0, 0, 0, 1.0]])
    rotation = gram_schmidt(degenerate)
    torch.testing.assert_close(rotation.transpose(-1, -2) @ rotation, torch.eye(3).expand(3, 3, 3))
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(3))


def test_relative_position_depends_on_the_difference_alone():
    relative = RelativePosition(frequencies=8)
    weights, own, other, shift = torch.randn(4, relative.width), torch.rand(4, 3), torch.rand(4, 3), torch.rand(3)
    near = (relative.query(weights, own) * relative.key(other)).sum(-1)
    far = (relative.query(weights, own + shift) * relative.key(other + shift)).sum(-1)
    torch.testing.assert_close(near, far, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_cached_memory_gives_identical_results():
    model, (x_t, t, condition), scene = random_model(), random_inputs(), random_scene()
    memory = model.encode_memory(*scene)
    plain, cached = model(x_t, t, condition, *scene), model(x_t, t, condition, memory=memory)
    assert torch.equal(plain.data, cached.data)
    assert torch.equal(plain.pointer_logits, cached.pointer_logits)
    for steps in (1, 4):
        first = sample_poses(model, condition, *scene, steps=steps, generator=torch.Generator().manual_seed(3))
        noise = torch.randn(SCENES, PLANS, 2, 9, generator=torch.Generator().manual_seed(3))

        def predict(x, time):
            return model(x, torch.full((SCENES, PLANS), time), condition, *scene).data

        uncached = model.denormalize(rectified_flow.sample(predict, noise, steps))
        assert torch.equal(first[0], uncached[0])
        assert torch.equal(first[1], uncached[1])


@torch.no_grad()
def test_padding_patches_change_nothing():
    model, (x_t, t, condition), (patches, centroids, mask) = random_model(), random_inputs(), random_scene()
    plain = model(x_t, t, condition, patches, centroids, mask)
    padding = torch.full((SCENES, 6, PATCH_WIDTH), torch.nan)
    output = model(
        x_t,
        t,
        condition,
        torch.cat([patches, padding], 1),
        torch.cat([centroids, padding[..., :3]], 1),
        torch.cat([mask, torch.zeros(SCENES, 6, dtype=torch.bool)], 1),
    )
    torch.testing.assert_close(output.data, plain.data)
    torch.testing.assert_close(output.pointer_logits[..., :PATCHES], plain.pointer_logits)
    assert (output.pointer_logits.softmax(-1)[..., PATCHES:] == 0).all()


def test_a_hesitating_pointer_gives_one_place_not_the_middle():
    centroids = torch.tensor([[[0.3, -0.3, 0.0], [0.34, -0.3, 0.0], [0.6, 0.3, 0.0], [0.64, 0.3, 0.0]]])
    weights = torch.tensor([[[0.26, 0.26, 0.3, 0.18]]])  # the first pair weighs more together
    close = (torch.cdist(centroids, centroids) < 0.11).float()
    torch.testing.assert_close(around_mode(weights, close), torch.tensor([[[0.5, 0.5, 0.0, 0.0]]]))


@torch.no_grad()
def test_given_patches_decide_the_position_but_not_the_pointer():
    model, (x_t, t, condition), scene = PoseDiT(SMALL), random_inputs(), random_scene()
    right = torch.zeros(SCENES, PLANS, 2, PATCHES, dtype=torch.bool)
    right[:, :, 0, 7] = True  # the place has no patches: its position stays the model's own
    own, forced = model(x_t, t, condition, *scene), model(x_t, t, condition, *scene, pointer_target=right)
    assert torch.equal(own.pointer_logits, forced.pointer_logits)
    position = model.denormalize(forced.data)[0]
    assert (position[:, :, 0] - scene[1][:, None, 7]).norm(dim=-1).max() < 0.05
    torch.testing.assert_close(forced.data[:, :, 1, :3], own.data[:, :, 1, :3])


@torch.no_grad()
def test_a_scene_without_patches_stays_finite():
    model, (x_t, t, condition), (patches, centroids, mask) = random_model(), random_inputs(), random_scene()
    assert model(x_t, t, condition, patches, centroids, torch.zeros_like(mask)).data.isfinite().all()


@torch.no_grad()
def test_draws_and_scenes_do_not_mix():
    model, (x_t, t, condition), scene = random_model(), random_inputs(), random_scene()
    whole = model(x_t, t, condition, *scene).data
    alone = model(x_t[1:2, 2:3], t[1:2, 2:3], condition[1:2, 2:3], *(part[1:2] for part in scene)).data
    torch.testing.assert_close(whole[1:2, 2:3], alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_unknown_anchors_equal_no_anchors_and_known_ones_count():
    model, (x_t, t, condition), scene = random_model(), random_inputs(), random_scene()
    plain = model(x_t, t, condition, *scene).data
    anchors = torch.full((SCENES, PLANS, 2, 3), torch.nan)
    features = torch.zeros(SCENES, PLANS, 2, 5)
    unknown = model(x_t, t, condition, *scene, anchors=anchors, anchor_features=features).data
    assert torch.equal(unknown, plain)
    anchors[0, 0, 0] = torch.tensor([0.4, 0.1, 0.02])
    known = model(x_t, t, condition, *scene, anchors=anchors, anchor_features=features).data
    assert not torch.allclose(known[0, 0], plain[0, 0], atol=1e-4)
    torch.testing.assert_close(known[1:], plain[1:])
    features[2, 3, 1] = 1.0
    assert not torch.allclose(
        model(x_t, t, condition, *scene, anchors=anchors, anchor_features=features).data[2, 3], plain[2, 3], atol=1e-4
    )


def test_every_parameter_gets_a_gradient_and_unknown_anchors_no_nan():
    model, (x_t, t, condition) = random_model().train(), random_inputs()
    anchors = torch.rand(SCENES, PLANS, 2, 3)
    anchors[0] = torch.nan
    output = model(x_t, t, condition, *random_scene(), anchors=anchors, anchor_features=torch.rand(SCENES, PLANS, 2, 5))
    pointer_target = torch.zeros(SCENES, PLANS, 2, PATCHES, dtype=torch.bool)
    pointer_target[..., 0] = True
    pose_loss(output, torch.randn_like(x_t), pointer_target)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_loss_weighs_its_parts_and_skips_what_is_not_marked():
    logits = torch.zeros(1, 2, 2, 4, requires_grad=True)
    output = PoseDiTOutput(torch.zeros(1, 2, 2, 9), logits)
    target = torch.zeros(1, 2, 2, 9)
    target[..., :3] = 0.5
    target[..., 3:] = 0.25
    marked = torch.zeros(1, 2, 2, 4, dtype=torch.bool)
    total, parts = pose_loss(output, target, marked)
    total.backward()
    assert parts["pointer"] == 0
    assert logits.grad.isfinite().all()
    assert total.item() == pytest.approx(10 * 0.5 + 0.25)
    marked[0, 0, 0, :2] = True  # two of four patches: -log(1 / 2)
    total, parts = pose_loss(output, target, marked, PoseLossWeights(1.0, 2.0, 3.0))
    assert parts["pointer"].item() == pytest.approx(0.6931, abs=1e-3)
    assert total.item() == pytest.approx(0.5 + 2 * 0.25 + 3 * 0.6931, abs=1e-3)
    target[0, 1] = 100.0
    total, parts = pose_loss(output, target, marked, valid=torch.tensor([[True, False]]))
    assert parts["position"].item() == pytest.approx(0.5)


def test_medoid_is_a_draw_of_the_majority():
    positions = torch.zeros(1, 5, 2, 3)
    positions[0, 0, 0, 0] = 0.3  # alone on the other answer
    positions[0, 1:, 0, 0] = torch.tensor([0.001, 0.0, 0.002, 0.001])
    rotations = torch.eye(3).expand(1, 5, 2, 3, 3)
    assert medoid_index(positions, rotations).item() != 0


class CopyTask:
    """The condition repeats the pick patch's features; the place patch is always the last one of the scene."""

    def __init__(self, samples):
        self.scene = random_scene(samples, seed=5)
        self.index = torch.arange(samples) % (PATCHES - 1)
        rows = torch.arange(samples)
        self.condition = self.scene[0][rows, self.index][:, None]
        pick, place = self.scene[1][rows, self.index], self.scene[1][:, -1]
        self.positions = torch.stack([pick, place], 1)[:, None]  # (B, 1, 2, 3)
        self.rotations = random_rotations(samples, 1, 2)
        self.marked = torch.zeros(samples, 1, 2, PATCHES, dtype=torch.bool)
        self.marked[rows, 0, 0, self.index] = True
        self.marked[:, 0, 1, -1] = True

    def __call__(self, noise):
        target = self.model.normalize(self.positions, self.rotations)
        return target.expand_as(noise), self.marked.expand(*noise.shape[:3], PATCHES)


def test_overfits_32_samples():
    torch.manual_seed(0)
    task = CopyTask(32)
    task.model = PoseDiT(SMALL)
    train(task.model, task, steps=160, draws=4)
    for steps in (1, 4):
        positions, rotations = sample_poses(task.model, task.condition, *task.scene, steps=steps)
        trace = (rotations * task.rotations).sum((-1, -2))
        angle = ((trace - 1) / 2).clamp(-1, 1).acos().rad2deg()
        assert (positions - task.positions).norm(dim=-1).median() < 0.01
        assert angle.median() < 5.0


class TwinTask:
    """Two patches look the same and are both right to pick, each in its own orientation."""

    def __init__(self, samples=8):
        self.scene = random_scene(samples, seed=6)
        self.scene[0][:, 1] = self.scene[0][:, 0]
        self.scene[1][:, 0] = torch.tensor([0.4, -0.3, 0.04])
        self.scene[1][:, 1] = torch.tensor([0.6, 0.3, 0.04])
        self.condition = torch.ones(samples, 1, 16)
        self.picks, self.place = self.scene[1][:, :2], self.scene[1][:, -1]
        positions = torch.stack([self.picks, self.place[:, None].expand(-1, 2, -1)], 2)  # (B, 2 answers, K, 3)
        rotations = gram_schmidt(torch.tensor([[1.0, 0, 0, 0, -1, 0], [0, 1.0, 0, 1, 0, 0]]))  # one per answer
        rotations = rotations[None, :, None].expand(samples, 2, 2, 3, 3)
        self.answers = PoseDiT(SMALL).normalize(positions, rotations).flatten(-2)[:, None]  # (B, 1, 2 answers, 18)

    def __call__(self, noise):
        answers = self.answers.expand(-1, noise.shape[1], -1, -1)
        index = rectified_flow.nearest_index(answers, noise.flatten(-2))  # (B, M)
        target = rectified_flow.nearest_equivalent(answers, noise.flatten(-2)).view_as(noise)
        marked = torch.zeros(*noise.shape[:3], PATCHES, dtype=torch.bool)
        marked[:, :, 0] = torch.nn.functional.one_hot(index, PATCHES).bool()
        marked[:, :, 1, -1] = True
        return target, marked


def test_two_equal_targets_give_one_of_them_not_the_mean():
    torch.manual_seed(0)
    task = TwinTask()
    model = train(PoseDiT(SMALL), task, steps=160, draws=8)
    for steps in (1, 4):
        generator = torch.Generator().manual_seed(steps)
        condition = task.condition.expand(-1, 32, -1)
        positions, rotations = sample_poses(model, condition, *task.scene, steps=steps, generator=generator)
        apart = (positions[:, :, None, 0] - task.picks[:, None]).norm(dim=-1)  # (B, 32, 2), the twins are 63 cm apart
        error, which = apart.min(-1)
        assert (error < 0.02).float().mean() > 0.9
        assert 0.2 < which.float().mean() < 0.8  # both are found
        heading = torch.where(which == 0, rotations[..., 0, 0, 0], rotations[..., 0, 1, 0])  # the answer's own yaw
        assert (heading > 0.97).float().mean() > 0.9
        assert (positions[:, :, 1] - task.place[:, None]).norm(dim=-1).median() < 0.01

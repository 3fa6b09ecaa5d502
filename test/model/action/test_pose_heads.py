"""Heads of the pose network: the baselines' mathematics, and why one is a flow: of two right answers it gives one."""

import math

import pytest
import torch

from moe3d_ros.model.action.objectives import MAX_SNR, OBJECTIVES, Ddim, Regression
from moe3d_ros.model.action.pose_dit import PoseDiT, PoseDiTConfig, gram_schmidt, medoid_index, pose_loss, sample_poses
from moe3d_ros.model.action.rectified_flow import nearest_equivalent
from moe3d_ros.model.action.symmetry import TOP_DOWN, decided_noise, quarter_turns

SMALL = {"condition_width": 8, "width": 64, "blocks": 2, "heads": 4, "patch_width": 8}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_with_a_perfect_network_every_head_arrives_at_the_data(name):
    data, noise = torch.randn(5, 2, 9), torch.randn(5, 2, 9)
    for steps in (1, 2, 10):
        assert torch.equal(OBJECTIVES[name].sample(lambda x_t, t: data, noise, steps), data)
    with pytest.raises(ValueError, match="at least 1"):
        OBJECTIVES[name].sample(lambda x_t, t: data, noise, 0)


@pytest.mark.parametrize("name", ["flow", "ddim"])
def test_sampling_walks_through_the_inputs_of_training(name):
    head, data, noise, seen = OBJECTIVES[name], torch.randn(5, 2, 9), torch.randn(5, 2, 9), []

    def predict(x_t, t):
        seen.append((x_t, t))
        return data

    head.sample(predict, noise, 4)
    assert [t for _, t in seen] == [1.0, 0.75, 0.5, 0.25]
    for x_t, t in seen:
        torch.testing.assert_close(x_t, head.corrupt(data, noise, torch.full((5,), t)), atol=1e-5, rtol=1e-4)


def test_ddim_keeps_the_variance_and_measures_the_noise():
    head, t = Ddim(), torch.linspace(0.001, 1.0, 50)
    signal, spread = head.schedule(t)
    torch.testing.assert_close(signal.square() + spread.square(), torch.ones(50))
    assert (signal.diff() < 0).all()
    assert signal[-1] < 1e-6
    assert signal[0] > 0.999
    data, noise, wrong = torch.randn(50, 2, 9), torch.randn(50, 2, 9), 0.1 * torch.randn(50, 2, 9)
    x_t = head.corrupt(data, noise, t)
    guessed = (x_t - signal[:, None, None] * (data + wrong)) / spread[
        :, None, None
    ]  # the noise that a wrong data means
    noisy = (signal / spread).square() < MAX_SNR
    error = head.error(wrong, t)
    torch.testing.assert_close(error[noisy], (guessed - noise).square()[noisy], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(error[~noisy], MAX_SNR * wrong[~noisy].square())
    assert noisy.any()
    assert not noisy.all()


def test_regression_knows_neither_noise_nor_steps():
    seen = []
    for steps in (1, 10):
        Regression().sample(lambda x_t, t: seen.append((x_t, t)) or x_t, torch.randn(3, 2, 9), steps)
    assert len(seen) == 2
    assert all(t == 1.0 and not x_t.any() for x_t, t in seen)
    assert not Regression().corrupt(torch.randn(3, 2, 9), torch.randn(3, 2, 9), torch.ones(3)).any()


def test_decided_noise_is_noise_that_lies_far_from_every_edge():
    torch.manual_seed(0)
    free, known = torch.randn(8000, 2, 9), torch.ones(8000, 2, 1, dtype=torch.bool)
    known[0] = False
    noise = decided_noise(free, known)
    assert torch.equal(noise[0], free[0])
    assert torch.equal(noise[..., :3], free[..., :3])
    turns = quarter_turns(torch.tensor([0.0, 0.0, 0.0, *TOP_DOWN]).expand(2, 9))  # (4, 2, 9)

    def products(x):
        return torch.einsum("bkd,qkd->bq", x, turns)

    ranked = products(noise)[1:].sort(-1).values
    assert ranked[:, 1:3].abs().max() < 1e-4
    assert ranked[:, 3].min() > 1.99
    share = products(noise).argmax(-1).bincount() / 8000
    assert (share - 0.25).abs().max() < 0.03
    strength = products(free)[:, :2].norm(dim=-1)
    assert ranked[:, 3].mean() == pytest.approx(float(strength[strength > 2].mean()), abs=0.05)  # conditioned, no more


def test_the_medoid_is_no_blend_of_two_equal_turns():
    angles = torch.tensor([0.0, 90.0, 45.0, 180.0, 3.0]).deg2rad()
    columns = torch.stack([angles.cos(), angles.sin(), 0 * angles, angles.sin(), -angles.cos(), 0 * angles], -1)
    rotations = gram_schmidt(columns)[:, None].expand(-1, 2, -1, -1)  # five draws
    positions = torch.zeros(5, 2, 3)
    assert medoid_index(positions, rotations) in (0, 1, 3)
    positions[[0, 1, 3], 0, 0] = torch.tensor([0.2, -0.2, 0.3])  # now these are elsewhere
    assert medoid_index(positions, rotations) == 4


def test_several_draws_give_one_of_them_the_medoid():
    torch.manual_seed(3)
    model = PoseDiT(PoseDiTConfig(**SMALL)).eval()
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    scene = torch.randn(2, 6, 8), torch.rand(2, 6, 3), torch.ones(2, 6, dtype=torch.bool)
    condition = torch.randn(2, 3, 8)
    drawn = sample_poses(model, condition.repeat_interleave(5, 1), *scene, generator=torch.Generator().manual_seed(1))
    drawn = [value.unflatten(1, (3, 5)) for value in drawn]
    chosen = medoid_index(*drawn)
    positions, rotations = sample_poses(model, condition, *scene, draws=5, generator=torch.Generator().manual_seed(1))
    assert len(set(chosen.flatten().tolist())) > 1
    for scene_number in range(2):
        for plan in range(3):
            one = chosen[scene_number, plan]
            assert torch.equal(positions[scene_number, plan], drawn[0][scene_number, plan, one])
            assert torch.equal(rotations[scene_number, plan], drawn[1][scene_number, plan, one])


class TwoAnswers:
    """Two free places, 63 cm and a quarter turn apart, are both right; nothing in the scene tells them apart."""

    def __init__(self, head):
        torch.manual_seed(0)
        self.model = PoseDiT(PoseDiTConfig(head=head, **SMALL))
        self.scene = torch.randn(1, 6, 8), torch.rand(1, 6, 3), torch.ones(1, 6, dtype=torch.bool)
        places = torch.tensor([[0.4, -0.3, 0.04], [0.6, 0.3, 0.04]])
        turns = gram_schmidt(torch.tensor([[1.0, 0, 0, 0, -1, 0], [0, 1.0, 0, 1, 0, 0]]))
        self.places = places
        self.answers = self.model.normalize(places[:, None].expand(2, 2, 3), turns[:, None].expand(2, 2, 3, 3))
        self.marked = torch.zeros(1, 1, 2, 6, dtype=torch.bool)

    def train(self, steps, draws=64, error=None):
        model, head = self.model, self.model.head
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
        answers = self.answers.flatten(-2).expand(1, draws, -1, -1)
        for _ in range(steps):
            noise = torch.randn(1, draws, 2, 9)
            if head.noisy:
                target = nearest_equivalent(answers, noise.flatten(-2)).view_as(noise)
            else:  # it is shown both, as often
                target = self.answers.repeat(draws // 2, 1, 1)[None]
            t = head.times(torch.rand(1, draws))
            output = model(head.corrupt(target, noise, t), t, torch.ones(1, draws, 8), *self.scene)
            difference = output.data - target
            wrong = head.error(difference, t) if error is None else error(difference)
            loss, _ = pose_loss(output, target, self.marked.expand(1, draws, 2, 6), error=wrong)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        model.eval()

    def sample(self, steps, draws=200):
        """Position of the pick and x axis of the tool of ``draws`` seeds."""
        generator = torch.Generator().manual_seed(7)
        condition = torch.ones(1, draws, 8)
        positions, rotations = sample_poses(self.model, condition, *self.scene, steps=steps, generator=generator)
        return positions[0, :, 0], rotations[0, :, 0, :, 0]


def test_of_two_right_answers_the_flow_gives_one_and_over_seeds_both():
    task = TwoAnswers("flow")
    task.train(200)
    for steps, most in ((1, 0.75), (4, 0.85)):
        positions, axes = task.sample(steps)
        error, which = torch.cdist(positions, task.places).min(-1)
        right = error < 0.05
        assert right.float().mean() > most
        assert 0.2 < which[right].float().mean() < 0.8
        own = torch.where(which == 0, axes[:, 0], axes[:, 1])  # its yaw is the one that belongs to the place
        assert (own[right] > 0.95).float().mean() > 0.9


def test_of_two_right_answers_regression_gives_the_mean_which_is_wrong():
    task = TwoAnswers("regression")
    task.train(120, error=torch.square)
    positions, axes = task.sample(1)
    assert (positions - task.places.mean(0)).norm(dim=-1).max() < 0.05
    assert torch.cdist(positions, task.places).min() > 0.25
    yaw = torch.atan2(axes[:, 1], axes[:, 0]).rad2deg()
    assert (yaw - 45.0).abs().max() < 10.0
    assert (positions - positions[0]).norm(dim=-1).max() < 1e-5  # and whatever the seed


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="flow, ddim, regression"):
        PoseDiTConfig(head="ode", **SMALL)
    assert math.isclose(PoseDiT(PoseDiTConfig(**SMALL)).head.steps, 4)

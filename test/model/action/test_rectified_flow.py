"""Rectified flow: the direction of time, the steps of the sampler, and the choice among equally right targets."""

import itertools

import pytest
import torch

from moe3d_ros.model.action import rectified_flow as flow


def test_time_one_is_noise_and_time_zero_is_data():
    data, noise = torch.randn(4, 2, 9), torch.randn(4, 2, 9)
    assert torch.equal(flow.interpolate(data, noise, torch.ones(4)), noise)
    assert torch.equal(flow.interpolate(data, noise, torch.zeros(4)), data)
    halfway = flow.interpolate(data, noise, torch.full((4, 2), 0.5))
    torch.testing.assert_close(halfway, (data + noise) / 2)


def test_velocity_points_from_data_to_noise_everywhere_on_the_path():
    data, noise = torch.randn(5, 9), torch.randn(5, 9)
    for t in torch.tensor([0.05, 0.5, 1.0]):
        x_t = flow.interpolate(data, noise, t)
        torch.testing.assert_close(flow.velocity_from_data(x_t, data, t), noise - data, atol=1e-4, rtol=1e-4)


def test_bias_to_noise_keeps_the_ends_and_favours_noise():
    u = torch.linspace(0, 1, 1001)
    t = flow.bias_to_noise(u)
    assert t[0] == 0
    assert t[-1] == 1
    assert (t.diff() > 0).all()
    assert (t >= u).all()
    assert flow.bias_to_noise(torch.tensor(0.5)) == pytest.approx(0.75)


def test_one_step_returns_the_data_prediction_made_from_pure_noise():
    noise, prediction, seen = torch.randn(3, 9), torch.randn(3, 9), []

    def predict(x_t, t):
        seen.append((x_t, t))
        return prediction

    assert torch.equal(flow.sample(predict, noise, steps=1), prediction)
    assert len(seen) == 1
    assert seen[0][1] == 1.0
    assert torch.equal(seen[0][0], noise)


@pytest.mark.parametrize("steps", [1, 2, 4, 10])
def test_sampling_is_euler_along_the_velocity(steps):
    noise = torch.randn(6, 9, dtype=torch.float64)

    def predict(x_t, t):  # an estimate that moves with x_t and t, so that every step counts
        return 0.3 * x_t + t

    x_t = noise
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    for t, t_next in itertools.pairwise(times):
        x_t = x_t + (t_next - t) * flow.velocity_from_data(x_t, predict(x_t, t), t)
    torch.testing.assert_close(flow.sample(predict, noise, steps), x_t)


@pytest.mark.parametrize("steps", [1, 2, 4, 10])
def test_a_perfect_predictor_lands_on_the_data(steps):
    data = torch.randn(2, 9)
    assert torch.equal(flow.sample(lambda x_t, t: data, torch.randn(2, 9), steps), data)


def test_sampling_takes_at_least_one_step():
    with pytest.raises(ValueError, match="at least 1 step"):
        flow.sample(lambda x_t, t: x_t, torch.zeros(1), 0)


def test_nearest_equivalent_returns_one_of_the_targets():
    targets = torch.randn(7, 3, 4, 9)  # (..., K = 4, D = 9)
    index = torch.randint(4, (7, 3))
    chosen = targets.gather(-2, index[..., None, None].expand(7, 3, 1, 9)).squeeze(-2)
    noise = chosen + 1e-3 * torch.randn_like(chosen)
    assert torch.equal(flow.nearest_index(targets, noise), index)
    assert torch.equal(flow.nearest_equivalent(targets, noise), chosen)


def test_nearest_equivalent_never_returns_padding():
    targets, noise = torch.tensor([[0.0], [5.0]]), torch.tensor([0.1])
    valid = torch.tensor([False, True])
    assert flow.nearest_equivalent(targets, noise, valid).item() == 5.0

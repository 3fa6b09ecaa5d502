"""The fast ways to compute experts equal the eager one, outputs and gradients, in any precision."""

import pytest
import torch
import transformers
from moe_helpers import SIZES, VARIANTS, layer_and_input, prompts, separate_experts, tiny, use

from moe3d_ros.model.experts.compute import EXPERT_IMPLEMENTATIONS, _SharedExperts
from moe3d_ros.model.experts.moe import MoEFeedForward, convert_to_moe
from moe3d_ros.model.language.lora import tensors_without_gradient


@pytest.mark.parametrize("implementation", ["shared", "masked", "stacked", "auto"])
@pytest.mark.parametrize("tokens", [1, 2, 23, 40])
@pytest.mark.parametrize(("experts", "top_k"), [(4, 2), (4, 1), (3, 3), (8, 2), (1, 1)])
@pytest.mark.parametrize(("bias", "act"), [(False, "silu"), (True, "gelu")])
def test_fast_paths_equal_eager(implementation, tokens, experts, top_k, bias, act):
    """Outputs and every gradient, in double precision."""
    layer, x = layer_and_input(tokens, experts, top_k, bias, act)
    direction, results = torch.randn_like(x), []
    for name in ("eager", implementation):
        layer.implementation = name
        inputs = [x.clone().requires_grad_(), *layer.trained_parameters()]
        y = layer(inputs[0])
        results.append((y, torch.autograd.grad((y * direction).sum(), inputs)))
    (eager, eager_grads), (fast, fast_grads) = results
    torch.testing.assert_close(fast, eager)
    for ours, theirs in zip(fast_grads, eager_grads):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bias", [False, True])
def test_fast_paths_of_variants_equal_eager(variant, bias):
    """Outputs and every gradient, in double precision; each trained tensor has one."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**{**SIZES, "mlp_bias": bias})
    ffn = transformers.models.llama.modeling_llama.LlamaMLP(config)
    layer = MoEFeedForward(ffn, rank=3, alpha=5.0, **VARIANTS[variant]).double()
    with torch.no_grad():
        for parameter in layer.trained_parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    x = torch.randn(40, 32, dtype=torch.float64)
    direction, results = torch.randn_like(x), []
    for layer.implementation in ("eager", "shared", "masked", "stacked"):
        inputs = [x.clone().requires_grad_(), *layer.trained_parameters()]
        y = layer(inputs[0])
        results.append([y, *torch.autograd.grad((y * direction).sum(), inputs)])
    assert all(gradient.any() for gradient in results[0][1:])
    for fast in results[1:]:
        for ours, theirs in zip(fast, results[0]):
            torch.testing.assert_close(ours, theirs)


def test_the_hand_written_backward_against_finite_differences():
    torch.manual_seed(0)
    tokens, width, experts, rank = 5, 6, 3, 2
    shapes = [(tokens, width)] * 2 + [(tokens, experts, rank)] * 2 + [(experts, width, rank)] * 2
    shapes.append((experts, rank, width))
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    weights = torch.rand(tokens, 2, dtype=torch.float64, requires_grad=True)
    chosen = torch.rand(tokens, experts).topk(2).indices
    act = torch.nn.functional.silu
    assert torch.autograd.gradcheck(lambda *x: _SharedExperts.apply(*x, chosen, act, 0.7), (*inputs, weights))


def test_an_expert_that_nobody_chose():
    layer, x = layer_and_input()
    with torch.no_grad():
        x = x.abs()
        layer.router.weight.copy_(torch.tensor([5.0, 4.0, -5.0, -5.0]).unsqueeze(1).expand_as(layer.router.weight))
    outputs = []
    for layer.implementation in ("eager", "shared", "masked", "stacked"):
        layer.zero_grad()
        outputs.append(layer(x))
        outputs[-1].sum().backward()
        assert torch.isfinite(layer.router.weight.grad).all()
        assert not layer.gate_B.grad[2:].any()
        assert layer.gate_B.grad[:2].any()
    for fast in outputs[1:]:
        torch.testing.assert_close(fast, outputs[0])


def test_a_router_that_is_certain_gives_no_nan():
    layer, x = layer_and_input()
    with torch.no_grad():
        layer.router.weight.mul_(1e4)
    layer.implementation = "shared"
    layer(x).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.trained_parameters())


def test_lower_precision_runs():
    model, ids = tiny().to(torch.bfloat16), prompts()
    convert_to_moe(model, rank=4)
    for implementation in EXPERT_IMPLEMENTATIONS:
        use(model, implementation)
        model.zero_grad()
        model(ids, labels=ids).loss.backward()
        gradient = model.model.layers[1].mlp.gate_B.grad
        assert gradient.dtype == torch.float32
        assert gradient.any()


@pytest.mark.parametrize("implementation", sorted(EXPERT_IMPLEMENTATIONS))
def test_autocast_runs(implementation):
    """Parameters in float32, matrices in bfloat16: how a GPU trains."""
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=4, implementation=implementation)
    separate_experts(model)
    with torch.no_grad():
        exact = model(ids).logits
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(ids, labels=ids)
    output.loss.backward()
    assert (output.logits - exact).abs().max() < 0.1 * exact.abs().max()
    assert not tensors_without_gradient(model)

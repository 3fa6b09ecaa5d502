"""The mixture of experts equals the dense model at the start, its fast paths equal eager, and all of it trains."""

import copy

import pytest
import torch
import transformers

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.counting import count_flops, count_parameters
from moe3d_ros.model.experts import EXPERT_IMPLEMENTATIONS, _SharedExperts
from moe3d_ros.model.lora import (
    add_lora,
    assert_all_trained,
    load_trained,
    merge_for_serving,
    tensors_without_gradient,
    trained_tensors,
)
from moe3d_ros.model.moe import (
    ConversionError,
    MoEFeedForward,
    convert_to_moe,
    moe_layers,
)
from moe3d_ros.model.routing import RouterRecorder, load_balancing_loss, router_z_loss

SIZES = dict(vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, max_position_embeddings=64, pad_token_id=0)  # fmt: skip
FAMILIES = ("Llama", "SmolLM3", "Qwen2", "Qwen3", "Mistral", "Gemma", "Gemma2", "Gemma3")


def tiny(family="Llama", **changes):
    torch.manual_seed(0)
    kind = "Gemma3Text" if family == "Gemma3" else family
    config = getattr(transformers, f"{kind}Config")(**{**SIZES, **changes})
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    with torch.no_grad():  # larger weights than at initialisation, so that a wrong formula shows
        for parameter in model.parameters():
            parameter.mul_(3.0 if parameter.dim() == 2 else 1.0)
    return model


def prompts(batch=3, length=17):
    return torch.randint(1, 97, (batch, length), generator=torch.Generator().manual_seed(1))


def separate_experts(model, scale=0.05):
    """Give every trained tensor some value, as training would."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in trained_tensors(model).values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return model


def use(model, implementation):
    for layer in moe_layers(model).values():
        layer.implementation = implementation


@pytest.mark.parametrize("implementation", sorted(EXPERT_IMPLEMENTATIONS))
@pytest.mark.parametrize("family", FAMILIES)
def test_fresh_experts_equal_the_dense_model(family, implementation):
    model, ids = tiny(family), prompts()
    with torch.no_grad():
        dense = model(ids).logits
        names = convert_to_moe(model, num_experts=4, top_k=2, rank=4, implementation=implementation)
        add_lora(model, rank=2)
        assert names == ["model.layers.1.mlp", "model.layers.3.mlp"]
        assert dense.abs().max() > 0.1
        torch.testing.assert_close(model(ids).logits, dense, atol=1e-3, rtol=0)


def layer_and_input(tokens=23, experts=4, top_k=2, bias=False, act="silu", dtype=torch.float64):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**{**SIZES, "mlp_bias": bias, "hidden_act": act})
    ffn = transformers.models.llama.modeling_llama.LlamaMLP(config)
    layer = MoEFeedForward(ffn, experts, top_k, rank=3, alpha=5.0, generator=torch.Generator().manual_seed(4)).to(dtype)
    with torch.no_grad():
        for parameter in layer.trained_parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    return layer, torch.randn(tokens, config.hidden_size, dtype=dtype)


@pytest.mark.parametrize("implementation", ["shared", "masked", "auto"])
@pytest.mark.parametrize("tokens", [1, 2, 23, 40])
@pytest.mark.parametrize("experts, top_k", [(4, 2), (4, 1), (3, 3), (8, 2), (1, 1)])
@pytest.mark.parametrize("bias, act", [(False, "silu"), (True, "gelu")])
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
    for layer.implementation in ("eager", "shared", "masked"):
        layer.zero_grad()
        outputs.append(layer(x))
        outputs[-1].sum().backward()
        assert torch.isfinite(layer.router.weight.grad).all()
        assert not layer.gate_B.grad[2:].any() and layer.gate_B.grad[:2].any()
    torch.testing.assert_close(outputs[1], outputs[0])
    torch.testing.assert_close(outputs[2], outputs[0])


def test_a_router_that_is_certain_gives_no_nan():
    layer, x = layer_and_input()
    with torch.no_grad():
        layer.router.weight.mul_(1e4)
    layer.implementation = "shared"
    layer(x).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.trained_parameters())


def test_every_expert_and_router_trains():
    model, ids = tiny(), prompts(batch=8)
    convert_to_moe(model, num_experts=4, top_k=2, rank=4)
    add_lora(model, rank=2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(trained_tensors(model).values(), lr=0.1)
    router_gradients = []
    for _ in range(3):
        optimizer.zero_grad()
        model(ids, labels=ids).loss.backward()
        router_gradients.append(max(layer.router.weight.grad.abs().max() for layer in moe_layers(model).values()))
        optimizer.step()
    assert_all_trained(model)
    for layer in moe_layers(model).values():
        for name in ("gate_A", "gate_B", "up_A", "up_B", "down_A", "down_B"):
            assert getattr(layer, name).grad.flatten(1).any(1).all(), name  # each of the four experts
    assert router_gradients[1] > 100 * router_gradients[0]  # the tie is broken by the first step
    trained = trained_tensors(model)
    assert len(trained) == 2 * (6 + 1) + 2 * (4 * 4 + 2 * 3)  # experts and routers; q k v o in 4 layers, 3 in 2 FFNs
    for name, parameter in model.named_parameters():
        moved = not torch.equal(parameter, before[name])
        assert moved == (name in trained), name


def test_a_tensor_left_out_is_named():
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=2)
    separate_experts(model)
    layer = moe_layers(model)["model.layers.3.mlp"]
    layer.forward = lambda x: layer.down_proj(layer.act_fn(layer.gate_proj(x)) * layer.up_proj(x))  # no expert used
    model(ids, labels=ids).loss.backward()
    assert all(name.startswith("model.layers.3.mlp.") for name in tensors_without_gradient(model))
    with pytest.raises(AssertionError, match="7 trained tensors without a gradient .*model.layers.3.mlp"):
        assert_all_trained(model)


def test_parameter_count():
    model = tiny()
    dense = sum(p.numel() for p in model.parameters())
    assert count_parameters(model).total == count_parameters(model).activated == dense
    convert_to_moe(model, num_experts=4, top_k=2, rank=4)
    routers, ffn = 2 * 4 * 32, 3 * 32 * 48
    add_lora(model, rank=2)
    count = count_parameters(model)
    assert count.dense == dense
    assert count.total == dense + 2 * 3 * ffn + routers
    assert count.activated == dense + 2 * 1 * ffn + routers
    assert count.trained == sum(p.numel() for p in trained_tensors(model).values())
    assert count.stored == dense + count.trained
    assert count.activated < count.total


def test_merging_changes_nothing_but_the_modules():
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=4)
    add_lora(model, rank=2)
    separate_experts(model)
    with torch.no_grad():
        before = model(ids).logits
        merge_for_serving(model)
        torch.testing.assert_close(model(ids).logits, before, atol=1e-4, rtol=1e-4)
        one = model(ids[:1, :1]).logits  # few tokens: the packed layout is read
        torch.testing.assert_close(one, before[:1, :1], atol=1e-4, rtol=1e-4)
    assert all(layer.packed for layer in moe_layers(model).values())
    assert not any("lora" in name or "packed" in name for name in model.state_dict())
    assert not trained_tensors(model)
    assert not any(layer.packed for layer in moe_layers(model.train()).values())


def test_decoding_with_a_cache_equals_one_pass():
    model, ids = tiny(), prompts(batch=1, length=40)
    convert_to_moe(model, rank=4)
    separate_experts(model)
    with torch.no_grad():
        whole = model(ids).logits
        step = model(ids[:, :35], use_cache=True)
        parts = [step.logits]
        for t in range(35, 40):
            step = model(ids[:, t : t + 1], past_key_values=step.past_key_values, use_cache=True)
            parts.append(step.logits)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-4, rtol=1e-4)


def test_trained_tensors_go_back_into_a_fresh_model():
    def prepared(seed):
        model = tiny()
        convert_to_moe(model, rank=4, seed=seed)
        add_lora(model, rank=2, seed=seed)
        return model

    trained = separate_experts(prepared(seed=0))
    fresh = prepared(seed=1)
    load_trained(fresh, {name: p.detach() for name, p in trained_tensors(trained).items()})
    with torch.no_grad():
        assert torch.equal(fresh(prompts()).logits, trained(prompts()).logits)
    tensors = trained_tensors(trained)
    tensors.pop("model.layers.1.mlp.router.weight")
    with pytest.raises(CheckpointError, match="missing.*router"):
        load_trained(fresh, tensors)


def test_seeds_decide_the_start_alone():
    def start(seed):
        model = tiny()
        convert_to_moe(model, seed=seed)
        add_lora(model, seed=seed)
        return trained_tensors(model)

    one, same, other = start(5), start(5), start(6)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["model.layers.1.mlp.gate_A"], other["model.layers.1.mlp.gate_A"])
    a = one["model.layers.1.mlp.gate_A"]
    assert not torch.equal(a[0], a[1])  # what breaks the tie between the experts


def test_recorder_and_losses():
    model, ids = tiny(), prompts(batch=2, length=6)
    convert_to_moe(model, layers="all")
    mask = torch.ones_like(ids).bool()
    mask[1, 3:] = False
    with RouterRecorder(model) as routing:
        model(ids)
    model(ids)  # not recorded
    assert list(routing.logits) == [f"model.layers.{i}.mlp" for i in range(4)]
    assert all(logits.shape == (12, 4) and logits.requires_grad for logits in routing.logits.values())
    assert all(load.sum().item() == pytest.approx(1.0) for load in routing.load(mask).values())
    with torch.no_grad():  # padding must not count
        for logits in routing.logits.values():
            kept = logits[mask.flatten()]
        expected = router_z_loss(kept)
    assert router_z_loss(list(routing.logits.values())[-1], mask).item() == pytest.approx(expected.item())
    (routing.balance_loss(mask) + routing.z_loss(mask)).backward()
    assert all(layer.router.weight.grad.any() for layer in moe_layers(model).values())


def test_balance_loss_at_its_ends():
    even = torch.eye(4) * 50
    assert load_balancing_loss(even, even.topk(1).indices).item() == pytest.approx(1.0)
    one = even[:1].repeat(8, 1)
    assert load_balancing_loss(one, one.topk(1).indices).item() == pytest.approx(4.0)
    assert router_z_loss(torch.zeros(3, 4)).item() == pytest.approx(torch.tensor(4.0).log().item() ** 2)


def test_lower_precision_runs():
    model, ids = tiny().to(torch.bfloat16), prompts()
    convert_to_moe(model, rank=4)
    for implementation in EXPERT_IMPLEMENTATIONS:
        use(model, implementation)
        model.zero_grad()
        model(ids, labels=ids).loss.backward()
        gradient = model.model.layers[1].mlp.gate_B.grad
        assert gradient.dtype == torch.float32 and gradient.any()


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


@pytest.mark.parametrize("family, changes, word", [
    ("OPT", {}, "decoder"),
    ("Phi3", {}, "gated feed-forward"),
    ("Mixtral", {"num_local_experts": 2}, "gated feed-forward|NoneType"),
])  # fmt: skip
def test_other_models_are_refused(family, changes, word):
    model = tiny(family, **changes)
    before = copy.deepcopy(model)
    with pytest.raises(ConversionError, match=word):
        convert_to_moe(model)
    assert all(p.requires_grad for p in model.parameters())
    assert [n for n, _ in model.named_modules()] == [n for n, _ in before.named_modules()]


@pytest.mark.parametrize(
    "arguments", [dict(top_k=5), dict(top_k=0), dict(layers="even"), dict(layers=[4]), dict(layers=[]), dict(rank=0)]
)
def test_wrong_settings_are_refused(arguments):
    with pytest.raises(ConversionError):
        convert_to_moe(tiny(), **arguments)


def test_converting_twice_is_refused():
    model = tiny()
    assert convert_to_moe(model, layers=[-1]) == ["model.layers.3.mlp"]
    with pytest.raises(ConversionError, match="already"):
        convert_to_moe(model, layers="all")


VARIANTS = {
    "shards": dict(num_experts=8, top_k=4, shards=4),
    "two of each shard": dict(num_experts=8, top_k=4, shards=2),
    "shared": dict(num_experts=4, top_k=2, shared_expert=True),
    "shards and shared": dict(num_experts=6, top_k=2, shards=2, shared_expert=True),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_fresh_variants_equal_the_dense_model(family, variant):
    model, ids = tiny(family), prompts()
    with torch.no_grad():
        dense = model(ids).logits
        convert_to_moe(model, layers="all", rank=4, **VARIANTS[variant])
        for implementation in EXPERT_IMPLEMENTATIONS:
            use(model, implementation)
            torch.testing.assert_close(model(ids).logits, dense, atol=1e-3, rtol=0)


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
    for layer.implementation in ("eager", "shared", "masked"):
        inputs = [x.clone().requires_grad_(), *layer.trained_parameters()]
        y = layer(inputs[0])
        results.append([y, *torch.autograd.grad((y * direction).sum(), inputs)])
    assert all(gradient.any() for gradient in results[0][1:])
    for fast in results[1:]:
        for ours, theirs in zip(fast, results[0]):
            torch.testing.assert_close(ours, theirs)


def test_shards_keep_the_activated_cost():
    model = tiny()
    dense = count_flops(model)
    assert dense.dense == dense.activated == dense.computed
    convert_to_moe(model, num_experts=8, top_k=4, shards=4, rank=4, layers="all")
    count, flops, routers = count_parameters(model), count_flops(model), 4 * 8 * 32
    assert flops.dense == dense.dense and flops.activated == dense.dense + 2 * routers
    assert count.activated == count.dense + routers
    assert count.total == count.dense + 4 * 3 * 32 * 48 + routers  # two copies of every shard
    model = tiny()
    convert_to_moe(model, num_experts=4, top_k=2, shared_expert=True, layers="all")
    assert count_flops(model).activated == dense.dense + 2 * 4 * (2 * 3 * 32 * 48 + 4 * 32)


@pytest.mark.parametrize("variant", [{}, VARIANTS["shards and shared"]])
@pytest.mark.parametrize("tie_break", ["noise", "reinit"])
def test_tie_breaking_changes_the_output_and_the_router_learns_at_once(tie_break, variant):
    model, ids = tiny(), prompts()
    dense = model(ids).logits.detach()
    convert_to_moe(model, rank=4, tie_break=tie_break, **variant)
    output = model(ids, labels=ids)
    assert 1e-3 < (output.logits - dense).abs().max() and torch.isfinite(output.logits).all()
    output.loss.backward()
    assert all(layer.router.weight.grad.abs().max() > 1e-6 for layer in moe_layers(model).values())


def test_reinitialisation_changes_rank_hidden_units_only():
    model = tiny()
    convert_to_moe(model, rank=4, tie_break="reinit")
    layer = moe_layers(model)["model.layers.1.mlp"]
    update = layer.scale * (layer.gate_B @ layer.gate_A)
    assert ((update.abs().amax(-1) > 1e-6).sum(-1) == 4).all()


@pytest.mark.parametrize("arguments, word", [
    (dict(num_experts=6, top_k=4, shards=4), "experts .6. must be a multiple"),
    (dict(num_experts=8, top_k=2, shards=4), "top_k .2. must be a multiple"),
    (dict(num_experts=10, top_k=5, shards=5), "hidden width .48. must be a multiple"),
    (dict(tie_break="hope"), "tie_break must be one of lora, noise, reinit"),
])  # fmt: skip
def test_impossible_variants_are_refused(arguments, word):
    with pytest.raises(ConversionError, match=word):
        convert_to_moe(tiny(), **arguments)

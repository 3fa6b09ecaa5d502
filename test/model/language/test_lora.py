"""Adapters and experts all train, go back into a fresh model, and merge for serving."""

import pytest
import torch
from moe_helpers import prompts, separate_experts, tiny

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.experts.moe import convert_to_moe, moe_layers
from moe3d_ros.model.language.lora import (
    add_lora,
    assert_all_trained,
    load_trained,
    merge_for_serving,
    tensors_without_gradient,
    trained_tensors,
)
from training.engine.growth import grow


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


def test_adapters_that_grow_to_a_higher_rank_say_what_they_said():
    ids = prompts()

    def adapted(rank):
        model = tiny()
        convert_to_moe(model, num_experts=4, top_k=2, rank=rank)
        add_lora(model, rank=rank)
        return model

    small, large = adapted(2), adapted(5)
    separate_experts(small)
    stored = trained_tensors(small)
    with torch.no_grad():
        for name, value in trained_tensors(large).items():
            value.copy_(stored[name] if stored[name].shape == value.shape else grow(name, stored[name], value.shape))
        assert torch.allclose(small(ids).logits, large(ids).logits, atol=1e-4)
    large(ids, labels=ids).loss.backward()  # and the new directions learn
    for layer in moe_layers(large).values():
        assert layer.gate_B.grad[..., 2:].abs().amax(dim=(1, 2)).min() > 0

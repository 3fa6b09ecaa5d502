"""The conversion keeps the dense model at the start, for every family and variant, and refuses what cannot be."""

import copy

import pytest
import torch
from moe_helpers import FAMILIES, VARIANTS, prompts, separate_experts, tiny, use

from moe3d_ros.model.experts.compute import EXPERT_IMPLEMENTATIONS
from moe3d_ros.model.experts.moe import ConversionError, convert_to_moe, moe_layers
from moe3d_ros.model.language.lora import add_lora, trained_tensors


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


@pytest.mark.parametrize(
    ("family", "changes", "word"),
    [
        ("OPT", {}, "decoder"),
        ("Phi3", {}, "gated feed-forward"),
        ("Mixtral", {"num_local_experts": 2}, "gated feed-forward|NoneType"),
    ],
)
def test_other_models_are_refused(family, changes, word):
    model = tiny(family, **changes)
    before = copy.deepcopy(model)
    with pytest.raises(ConversionError, match=word):
        convert_to_moe(model)
    assert all(p.requires_grad for p in model.parameters())
    assert [n for n, _ in model.named_modules()] == [n for n, _ in before.named_modules()]


@pytest.mark.parametrize(
    "arguments", [{"top_k": 5}, {"top_k": 0}, {"layers": "even"}, {"layers": [4]}, {"layers": []}, {"rank": 0}]
)
def test_wrong_settings_are_refused(arguments):
    with pytest.raises(ConversionError):
        convert_to_moe(tiny(), **arguments)


def test_converting_twice_is_refused():
    model = tiny()
    assert convert_to_moe(model, layers=[-1]) == ["model.layers.3.mlp"]
    with pytest.raises(ConversionError, match="already"):
        convert_to_moe(model, layers="all")


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


@pytest.mark.parametrize("variant", [{}, VARIANTS["shards and shared"]])
@pytest.mark.parametrize("tie_break", ["noise", "reinit"])
def test_tie_breaking_changes_the_output_and_the_router_learns_at_once(tie_break, variant):
    model, ids = tiny(), prompts()
    dense = model(ids).logits.detach()
    convert_to_moe(model, rank=4, tie_break=tie_break, **variant)
    output = model(ids, labels=ids)
    assert (output.logits - dense).abs().max() > 1e-3
    assert torch.isfinite(output.logits).all()
    output.loss.backward()
    assert all(layer.router.weight.grad.abs().max() > 1e-6 for layer in moe_layers(model).values())


def test_reinitialisation_changes_rank_hidden_units_only():
    model = tiny()
    convert_to_moe(model, rank=4, tie_break="reinit")
    layer = moe_layers(model)["model.layers.1.mlp"]
    update = layer.scale * (layer.gate_B @ layer.gate_A)
    assert ((update.abs().amax(-1) > 1e-6).sum(-1) == 4).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"num_experts": 6, "top_k": 4, "shards": 4}, "experts .6. must be a multiple"),
        ({"num_experts": 8, "top_k": 2, "shards": 4}, "top_k .2. must be a multiple"),
        ({"num_experts": 10, "top_k": 5, "shards": 5}, "hidden width .48. must be a multiple"),
        ({"tie_break": "hope"}, "tie_break must be one of lora, noise, reinit"),
    ],
)
def test_impossible_variants_are_refused(arguments, word):
    with pytest.raises(ConversionError, match=word):
        convert_to_moe(tiny(), **arguments)

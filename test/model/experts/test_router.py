"""What a router sees besides the state, what is recorded of it, and its losses."""

import pytest
import torch
from moe_helpers import VARIANTS, prompts, separate_experts, tiny

from moe3d_ros.model.experts.moe import convert_to_moe, moe_layers
from moe3d_ros.model.experts.routing import RouterRecorder, load_balancing_loss, router_z_loss
from moe3d_ros.model.experts.token_places import TokenPlaces, join_places, object_places, text_places

SEES = {"router_modality": True, "router_geometry": True}


def places(batch=3, length=17, objects=5):
    """Some text, then objects, then text, as a scene is read."""
    center = torch.rand(batch, objects, 3, generator=torch.Generator().manual_seed(3)) - 0.5
    return join_places(
        text_places(batch, 4, "cpu"), object_places(center), text_places(batch, length - objects - 4, "cpu")
    )


def logits(model, ids, known, **arguments):
    with known.visible_to(moe_layers(model).values()):
        return model(ids, **arguments).logits


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


@pytest.mark.parametrize("variant", [{}, *VARIANTS.values()])
@pytest.mark.parametrize("sees", [{"router_modality": True}, {"router_geometry": True}, SEES])
def test_what_the_router_sees_keeps_the_dense_model_at_the_start(sees, variant):
    model, ids = tiny(), prompts()
    with torch.no_grad():
        dense = model(ids).logits
        convert_to_moe(model, rank=4, layers="all", **sees, **variant)
        torch.testing.assert_close(logits(model, ids, places()), dense, atol=1e-3, rtol=0)
        torch.testing.assert_close(model(ids).logits, dense, atol=1e-3, rtol=0)


def test_modality_and_place_get_a_gradient_once_the_tie_is_broken():
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=4, **SEES)
    gradients = []
    for _ in range(2):
        with places().visible_to(moe_layers(model).values()):
            model(ids, labels=ids).loss.backward()
        gradients.append([p.grad.clone() for layer in moe_layers(model).values() for p in layer.router_parameters()])
        model.zero_grad()
        separate_experts(model)
    assert len(gradients[0]) == len(gradients[1]) == 2 * 3
    for tied, broken in zip(*gradients):
        assert broken.abs().max() > 1e-5 > tied.abs().max()
    for _, modality, geometry in zip(*[iter(gradients[1])] * 3):
        assert (modality.abs().amax(0) > 1e-6).all()  # text and object
        assert (geometry.abs().amax(0) > 0).all()  # each Fourier feature


def test_a_router_tells_places_apart_and_text_has_none():
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=4, layers=[0], **SEES)
    separate_experts(model, scale=0.5)
    known = places()

    def routed(told):
        with RouterRecorder(model) as routing, told.visible_to(moe_layers(model).values()):
            model(ids)
        return routing.logits["model.layers.0.mlp"].detach().unflatten(0, ids.shape)

    here, elsewhere = routed(known), routed(TokenPlaces(known.is_object, known.position + 0.1))
    assert torch.equal(here[~known.is_object], elsewhere[~known.is_object])
    assert ((here - elsewhere)[known.is_object].abs().amax(-1) > 1e-3).all()
    unknown = TokenPlaces(known.is_object, known.position.masked_fill(~known.is_object[..., None], torch.nan))
    assert torch.equal(routed(unknown), here)
    text = routed(text_places(*ids.shape, "cpu"))
    assert torch.equal(text[~known.is_object], here[~known.is_object])
    with torch.no_grad():
        assert torch.equal(model(ids).logits, logits(model, ids, text_places(*ids.shape, "cpu")))  # undeclared is text


def test_decoding_with_a_cache_equals_one_pass_where_routers_see_places():
    model, ids, known = tiny(), prompts(), places()
    convert_to_moe(model, rank=4, layers="all", **SEES)
    separate_experts(model, scale=0.2)
    with torch.no_grad():
        whole, blind = logits(model, ids, known), model(ids).logits
        assert (whole - blind).abs().max() > 1e-2
        cache, parts = None, []
        for start, end in [(0, 7), *((t, t + 1) for t in range(7, 17))]:  # the first cut is among the objects
            now = TokenPlaces(known.is_object[:, start:end], known.position[:, start:end])
            with now.visible_to(moe_layers(model).values()):
                step = model(ids[:, start:end], past_key_values=cache, use_cache=True)
            cache = step.past_key_values
            parts.append(step.logits)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-4, rtol=1e-4)


def test_places_that_do_not_fit_are_refused():
    model, ids = tiny(), prompts()
    convert_to_moe(model, **SEES)
    with pytest.raises(ValueError, match="places were given for 48 tokens, but 51 came"):
        logits(model, ids, places(length=16))
    with pytest.raises(ValueError, match="position must be"):
        TokenPlaces(torch.ones(2, 3, dtype=torch.bool), torch.zeros(2, 4, 3))
    model(ids)  # a refusal leaves nothing behind


def test_loads_by_modality():
    model, ids, known = tiny(), prompts(), places()
    convert_to_moe(model, layers="all")
    mask = torch.ones_like(ids).bool()
    mask[2, 6:] = False
    with RouterRecorder(model) as routing:
        model(ids)
    loads = routing.load_by_modality(mask, known.is_object)
    assert loads.keys() == {"text", "3d"}
    objects = int((mask & known.is_object).sum())
    for name, load in routing.load(mask).items():
        assert loads["text"][name].sum().item() == pytest.approx(1.0)
        assert loads["3d"][name].sum().item() == pytest.approx(1.0)
        share = objects / int(mask.sum())
        torch.testing.assert_close(share * loads["3d"][name] + (1 - share) * loads["text"][name], load)
        chosen = routing.chosen[name].unflatten(0, ids.shape)[mask & known.is_object]
        assert loads["3d"][name][2].item() == pytest.approx((chosen == 2).sum().item() / (2 * objects))
    assert routing.load_by_modality(mask, torch.zeros_like(mask)).keys() == {"text"}


def test_balance_toward_an_intended_share():
    share = torch.tensor([0.5, 0.3, 0.1, 0.1])
    rows = torch.eye(4).repeat_interleave((10 * share).long(), 0) * 50
    assert load_balancing_loss(rows, rows.topk(1).indices, share=share).item() == pytest.approx(1.0)
    assert load_balancing_loss(rows, rows.topk(1).indices).item() > 1.3
    even = torch.eye(4) * 50
    assert load_balancing_loss(even, even.topk(1).indices, share=share).item() > 1.3


@pytest.mark.parametrize("variant", [{}, *VARIANTS.values()])
def test_scaled_gates_of_a_router_without_an_opinion_give_the_dense_model(variant):
    model, ids = tiny(), prompts()
    with torch.no_grad():
        dense = model(ids).logits
        convert_to_moe(model, rank=4, gates="scaled", **variant)
        layers = moe_layers(model).values()
        with RouterRecorder(model) as routing:
            model(ids)
        layer, logits = next(zip(layers, routing.logits.values()))
        chosen = next(iter(routing.chosen.values()))
        every = logits.unflatten(-1, (layer.shards, -1)).softmax(-1).flatten(1) * layer.num_experts / layer.top_k
        x = torch.randn(9, 32)
        _, gates, picked = layer.route(x)
        assert gates.shape == picked.shape == (9, layer.top_k)
        assert not torch.allclose(gates.sum(-1), torch.full((9,), float(layer.shards)))  # they are not renormalised
        assert every.gather(1, chosen).sum(-1).max() > layer.shards
        for layer in layers:
            layer.router.weight.zero_()
        torch.testing.assert_close(model(ids).logits, dense, atol=1e-3, rtol=0)


@pytest.mark.parametrize("variant", [{"num_experts": 4, "top_k": 2}, VARIANTS["shards"]])
def test_a_bias_decides_who_is_chosen_and_follows_the_loads(variant):
    model, ids = tiny(), prompts()
    convert_to_moe(model, rank=4, router_bias=True, **variant)
    layer = next(iter(moe_layers(model).values()))
    x = torch.randn(50, 32)
    with torch.no_grad():
        logits, gates, chosen = layer.route(x)
        layer.router_bias[1] = 100.0
        _, moved_gates, moved = layer.route(x)
    assert not (chosen == 1).any(1).all()
    assert (moved == 1).any(1).all()
    expected = layer.shards * logits.gather(1, moved).softmax(-1)  # without the bias
    torch.testing.assert_close(moved_gates, expected)
    same = (chosen == moved).all(1)
    torch.testing.assert_close(moved_gates[same], gates[same])
    with RouterRecorder(model) as routing:
        model(ids).logits.sum().backward()
    assert layer.router_bias.grad is None  # the task has no say
    routing.bias_loss().backward()
    load = next(iter(routing.load().values()))
    assert torch.equal(layer.router_bias.grad, (load - 1 / len(load)).sign())
    assert layer.router_bias.grad[1] > 0
    plain = tiny()
    convert_to_moe(plain, rank=4)
    with RouterRecorder(plain) as routing:
        plain(ids)
    assert float(routing.bias_loss()) == 0.0
    assert all("router_bias" not in name for name in plain.state_dict())

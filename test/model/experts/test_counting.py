"""Parameters and operations of dense, converted and sharded models."""

from moe_helpers import tiny

from moe3d_ros.model.experts.counting import count_flops, count_parameters
from moe3d_ros.model.experts.moe import convert_to_moe
from moe3d_ros.model.experts.token_places import POSITION_FEATURES
from moe3d_ros.model.language.lora import add_lora, trained_tensors


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


def test_shards_keep_the_activated_cost():
    model = tiny()
    dense = count_flops(model)
    assert dense.dense == dense.activated == dense.computed
    convert_to_moe(model, num_experts=8, top_k=4, shards=4, rank=4, layers="all")
    count, flops, routers = count_parameters(model), count_flops(model), 4 * 8 * 32
    assert flops.dense == dense.dense
    assert flops.activated == dense.dense + 2 * routers
    assert count.activated == count.dense + routers
    assert count.total == count.dense + 4 * 3 * 32 * 48 + routers  # two copies of every shard
    model = tiny()
    convert_to_moe(model, num_experts=4, top_k=2, shared_expert=True, layers="all")
    assert count_flops(model).activated == dense.dense + 2 * 4 * (2 * 3 * 32 * 48 + 4 * 32)


def test_what_the_router_sees_is_counted():
    def counts(**sees):
        model = tiny()
        convert_to_moe(model, rank=4, layers="all", **sees)
        return count_parameters(model), count_flops(model)

    plain, flops = counts()
    more, more_flops = counts(router_modality=True, router_geometry=True)
    extra = 4 * 4 * (2 + POSITION_FEATURES)  # layers, experts, inputs
    for name in ("total", "activated", "stored", "trained"):
        assert getattr(more, name) == getattr(plain, name) + extra
    assert more.dense == plain.dense
    assert more_flops.dense == flops.dense
    assert more_flops.activated == flops.activated + 2 * extra
    assert more_flops.computed == flops.computed + 2 * extra

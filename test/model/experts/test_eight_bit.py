"""The LLM in 8 bits: what other parts read stays as it was, the rest is a quarter as large and says nearly the same."""

from dataclasses import replace

import pytest
import torch
from planning import SHADES, VOXELS
from torch import nn

from moe3d_ros.model.config import FormConfig, LanguageConfig, ModelConfig, ReasonerConfig
from moe3d_ros.model.experts.eight_bit import first_unread, pack_in_eight_bits
from moe3d_ros.model.language.adapt import convert_base
from moe3d_ros.model.language.base_llm import load_base_for_serving
from moe3d_ros.model.language.lora import ready_to_serve
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


def served(base, **settings):
    llm, _, _ = load_base_for_serving(base)
    convert_base(llm, LanguageConfig(**settings))
    return ready_to_serve(llm)


@torch.inference_mode()
def states(llm):
    ids = torch.arange(20)[None]
    return llm.get_decoder()(inputs_embeds=llm.get_input_embeddings()(ids)).last_hidden_state


@pytest.mark.parametrize("first", [0, 1, 2])
def test_layers_from_the_first_on_are_packed_and_say_nearly_the_same(base, first):
    before, packed = states(served(base)), pack_in_eight_bits(served(base), first)
    for number, layer in enumerate(packed.get_decoder().layers):
        floats = [name for name, child in layer.named_modules() if type(child) is nn.Linear and "router" not in name]
        assert bool(floats) == (number < first)
    after = states(packed)
    assert torch.equal(after, before) if first == 2 else 0 < (after - before).norm() < 0.1 * before.norm()


def test_what_any_other_part_reads_stays():
    config = ModelConfig(reasoner=ReasonerConfig(layer=3), form=FormConfig(layer=5))
    assert first_unread(config) == 5
    assert first_unread(replace(config, form=None)) == 3
    assert first_unread(ModelConfig()) == 0


def test_experts_that_share_a_block_by_parts_are_refused(base):
    with pytest.raises(ValueError, match="shards"):
        pack_in_eight_bits(served(base, experts=4, top_k=2, shards=2), 0)


def test_a_planner_in_8_bits_plans(tiny_checkpoint):
    planner = Planner.from_pretrained(str(tiny_checkpoint), llm_weights="int8")
    try:
        assert planner.plan(VOXELS, SHADES, "move it").latency_s
    except PlanningError as error:  # of a random model, as in float32
        assert "not finite" not in str(error)
    assert planner.answer(VOXELS, SHADES, "what do you see?") is not None


@pytest.mark.parametrize(("weights", "device"), [("int4", "cpu"), ("int8", "cuda")])
def test_weights_that_cannot_be_are_refused_before_anything_is_loaded(weights, device):
    with pytest.raises(ValueError, match="llm_weights must be auto, float32, bfloat16 or int8, int8 on cpu alone"):
        Planner.from_pretrained("no checkpoint at all", device, llm_weights=weights)

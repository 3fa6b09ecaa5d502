"""Number formats of the LLM that serves: which one this machine gets, what it saves, what it leaves as it was."""

import pytest
import torch
from planning import SHADES, VOXELS

from moe3d_ros.model import llm_weights
from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.llm_weights import multiplies_bfloat16, served_weights
from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner


@pytest.fixture
def fast(monkeypatch):
    """Call with whether this CPU shall be one that multiplies in bfloat16."""
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)

    def be(yes):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: yes)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)

    return be


@pytest.mark.parametrize(("yes", "found"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_what_the_cpu_is_fast_in(fast, yes, found):
    fast(yes)
    assert served_weights("auto", "cpu") == found
    assert served_weights("auto", "cuda") == "float32"
    assert served_weights("bfloat16", "cpu") == "bfloat16"


def test_auto_asks_what_onednn_may_use(fast, monkeypatch):
    fast(True)
    assert multiplies_bfloat16()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    assert served_weights("auto", "cpu") == "float32"


def test_a_planner_in_bfloat16_takes_half_the_memory_and_keeps_its_routers_and_its_table(tiny_checkpoint):
    planners = {
        name: Planner.from_pretrained(str(tiny_checkpoint), llm_weights=name) for name in ("float32", "bfloat16")
    }
    assert [planner.llm_weights for planner in planners.values()] == ["float32", "bfloat16"]
    llms = [planner.model.language.llm for planner in planners.values()]
    routers = [[layer.router.weight for layer in moe_layers(llm).values()] for llm in llms]
    assert routers[1] and all(torch.equal(*pair) for pair in zip(*routers))
    tables = [llm.get_input_embeddings().weight for llm in llms]
    assert torch.equal(*tables)  # it stays in its file, where rows that nobody reads take no memory
    kept = sum(weight.numel() for weight in (tables[1], *routers[1])) * 4
    held, half = (sum(value.numel() * value.element_size() for value in llm.parameters()) for llm in llms)
    assert half - kept == (held - kept) / 2
    assert {value.dtype for value in planners["bfloat16"].model.pose.parameters()} == {torch.float32}


def test_a_planner_in_bfloat16_plans_and_answers(tiny_checkpoint):
    planner = Planner.from_pretrained(str(tiny_checkpoint), llm_weights="bfloat16")
    try:
        assert planner.plan(VOXELS, SHADES, "move it").latency_s
    except PlanningError as error:  # of a random model, as in float32
        assert "not finite" not in str(error)
    assert planner.answer(VOXELS, SHADES, "what do you see?") is not None


def test_what_is_no_format_is_refused_with_those_there_are():
    for name in llm_weights.LLM_WEIGHTS:
        with pytest.raises(ValueError, match=name):
            served_weights("half", "cpu")

"""The Llama decoder that serves: it computes what transformers does, refuses what it cannot, and spares its import."""

import json
import subprocess
import sys

import pytest
import torch
import transformers
from places import ROOT
from planning import INSTRUCTION
from ros_helpers import scene_cloud
from safetensors.torch import load_file, save_file

from moe3d_ros.model.checkpoint import CheckpointError, load_checkpoint
from moe3d_ros.model.config import LanguageConfig, ModelConfig
from moe3d_ros.model.language.base_llm import BaseModelError, load_base, load_base_for_serving
from moe3d_ros.model.language.llama import LlamaForServing
from moe3d_ros.model.language.lora import merge_for_serving
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.model.reasoning.reading import Reader

WIDTH = 36


def write_base(folder, tied=True, **changes):
    """A Llama of three layers whose six heads share two key-value heads, with a byte-level tokenizer."""
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        ["put the red block in the bowl"] * 9, vocab_size=300, special_tokens=["<end>"], show_progress=False
    )
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, eos_token="<end>")
    wrapped.save_pretrained(folder)
    values = {
        "vocab_size": len(wrapped),
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "head_dim": 8,
    }
    values |= {
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "tie_word_embeddings": tied,
        "initializer_range": 0.3,
    }
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(transformers.LlamaConfig(**(values | changes))).save_pretrained(folder)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path / "cache"))


@pytest.fixture(params=[{}, {"tied": False}, {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}}])
def pair(request, cache, tmp_path):
    """transformers' model and ours, of the same folder."""
    folder = write_base(tmp_path / "base", **request.param)
    (theirs, _, revision), (ours, _, same) = load_base(folder), load_base_for_serving(folder)
    assert isinstance(ours, LlamaForServing)
    assert not isinstance(theirs, LlamaForServing)
    assert revision == same
    return theirs, ours


def run(model, inputs, **more):
    with torch.no_grad():
        return model.get_decoder()(inputs_embeds=inputs, output_hidden_states=True, **more)


def agree(theirs, ours):
    torch.testing.assert_close(ours.last_hidden_state, theirs.last_hidden_state, atol=1e-4, rtol=1e-4)
    assert len(ours.hidden_states) == len(theirs.hidden_states)
    for mine, other in zip(ours.hidden_states, theirs.hidden_states):
        torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


def test_reading_at_once_and_piece_by_piece_and_again_after_going_back(pair):
    theirs, ours = pair
    inputs = torch.randn(2, 17, WIDTH)
    agree(run(theirs, inputs, use_cache=False), run(ours, inputs))
    kept, mine = transformers.DynamicCache(), ours.new_cache()
    for piece in (9, 1, 4, 1):
        new = torch.randn(2, piece, WIDTH)
        agree(
            run(theirs, new, past_key_values=kept, use_cache=True), run(ours, new, past_key_values=mine, use_cache=True)
        )
    for cache in (kept, mine):
        cache.crop(-5)
    assert mine.get_seq_length() == kept.get_seq_length() == 10
    new = torch.randn(2, 3, WIDTH)
    agree(run(theirs, new, past_key_values=kept, use_cache=True), run(ours, new, past_key_values=mine, use_cache=True))


def test_a_batch_behind_one_prefix_with_padding_and_rows_that_leave(pair):
    theirs, ours = pair
    prefix, new = torch.randn(1, 5, WIDTH), torch.randn(3, 4, WIDTH)
    mask = torch.zeros(3, 1, 4, 9)
    mask[..., 5:] = torch.triu(torch.full((4, 4), -1e4), 1)
    mask[0, :, 1:, 5] = -1e4  # padding of the first row
    positions = torch.arange(5, 9) - torch.tensor([[1], [0], [0]])
    results = []
    for model, cache in ((theirs, transformers.DynamicCache()), (ours, ours.new_cache())):
        run(model, prefix, past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(3)
        first = run(model, new, past_key_values=cache, use_cache=True, attention_mask=mask, position_ids=positions)
        cache.batch_select_indices(torch.tensor([0, 2]))
        mask_after = torch.zeros(2, 1, 1, 10)
        last = run(model, new[:2, :1], past_key_values=cache, use_cache=True, attention_mask=mask_after)
        results.append((first, last))
    for their, mine in zip(*results):
        agree(their, mine)


def test_embeddings_logits_and_words(pair, tmp_path):
    theirs, ours = pair
    state = torch.randn(2, WIDTH)
    torch.testing.assert_close(ours.get_output_embeddings()(state), theirs.get_output_embeddings()(state))
    torch.testing.assert_close(ours.get_input_embeddings().weight, theirs.get_input_embeddings().weight)
    their, mine = load_base(tmp_path / "base")[1], load_base_for_serving(tmp_path / "base")[1]
    assert mine.eos_token_id == their.eos_token_id is not None
    for text in ("put the red block in the bowl", " two  spaces, é \n\n and <end> ", ""):
        ids = their(text, add_special_tokens=False)["input_ids"]
        assert mine(text, add_special_tokens=False)["input_ids"] == ids
        assert mine.decode(ids) == their.decode(ids)


@pytest.mark.parametrize("tied", [True, False])
def test_a_table_of_a_half_precision_file_stays_as_it_is_and_words_are_weighed_in_float32(cache, tmp_path, tied):
    folder = write_base(tmp_path / "base", tied=tied)
    weights = {name: tensor.bfloat16() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    theirs, ours = (SceneLanguageModel(*load(folder)[:2], 48, 4, 1) for load in (load_base, load_base_for_serving))
    assert [table.dtype for table in ours.llm.tables()] == [torch.bfloat16] * (1 + (not tied))
    theirs.special.data, state = ours.special.data, torch.randn(2, WIDTH)
    torch.testing.assert_close(ours.logits(state), theirs.logits(state))
    torch.testing.assert_close(Reader(ours, 1).mean, Reader(theirs, 1).mean)


@pytest.mark.parametrize(
    "changes",
    [
        {"attention_bias": True},
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}},
    ],
)
def test_what_it_does_not_compute_is_left_to_transformers(cache, tmp_path, changes):
    model, _, _ = load_base_for_serving(write_base(tmp_path / "base", **changes))
    assert not isinstance(model, LlamaForServing)
    assert isinstance(model, transformers.LlamaForCausalLM)


def test_an_incomplete_or_damaged_base_is_refused(cache, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = write_base(tmp_path / "base")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, path)
    with pytest.raises(BaseModelError, match="lacks 1 tensors, the first is model.layers.1.mlp.up_proj.weight"):
        load_base_for_serving(folder)
    save_file(tensors | {"model.layers.1.mlp.up_proj.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(BaseModelError, match="size mismatch"):
        load_base_for_serving(folder)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BaseModelError, match="cannot be loaded"):
        load_base_for_serving(folder)


@pytest.mark.parametrize("dense", [False, True])
def test_folding_the_adapters_in_equals_merging_them(cache, tmp_path, dense):
    folder = write_base(tmp_path / "base")
    config = ModelConfig(language=LanguageConfig(base=str(folder), experts=2, top_k=1, rank=2, dense=dense))
    trained = ThreeDMoE(config, *load_base(folder)[:2])
    with torch.no_grad():
        for name, value in trained.trained_tensors().items():
            if "_B" in name:  # zero at the start
                value.normal_(std=0.2)
    tensors = {name: value.detach().clone() for name, value in trained.trained_tensors().items()}

    def serve(tensors):
        model = ThreeDMoE(config, *load_base_for_serving(folder)[:2], adapted=False)
        model.load_for_serving(tensors)
        return model

    served = serve(tensors)
    merge_for_serving(trained.language.llm)
    inputs = torch.randn(1, 9, WIDTH)
    agree(run(trained.language.llm, inputs, use_cache=False), run(served.language.llm, inputs))
    adapter = next(name for name in tensors if name.endswith("q_proj.lora_A.default.weight"))
    for bad in ({**tensors, adapter: tensors[adapter][:1]}, {k: v for k, v in tensors.items() if k != adapter}):
        with pytest.raises(CheckpointError, match="q_proj"):
            serve(bad)


def test_a_planner_plans_without_importing_transformers_or_peft(tiny_checkpoint, tmp_path):
    import numpy as np

    points, colors = scene_cloud()
    np.savez(tmp_path / "scene.npz", points=points, colors=colors)
    script = f"""
import sys, json, numpy as np
from moe3d_ros.planner import Planner
scene = np.load({str(tmp_path / "scene.npz")!r})
planner = Planner.from_pretrained({str(tiny_checkpoint)!r})
plan = planner.plan(scene["points"], scene["colors"], {INSTRUCTION!r})
planner.answer(scene["points"], scene["colors"], "what is there?")
print(json.dumps([[action.text for action in plan.actions], [m for m in ("transformers", "peft") if m in sys.modules]]))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    texts, imported = json.loads(done.stdout.splitlines()[-1])
    assert texts
    assert not imported


def test_the_default_checkpoint_is_served_so():
    config, _ = load_checkpoint(ROOT / "moe3d_ros" / "checkpoints" / "default")
    (theirs, _, _), (ours, _, _) = (load(config["language"]["base"]) for load in (load_base, load_base_for_serving))
    assert isinstance(ours, LlamaForServing)
    ids = torch.randint(0, 49152, (1, 40), generator=torch.Generator().manual_seed(0))
    inputs = ours.get_input_embeddings()(ids)
    their, mine = run(theirs, inputs, use_cache=False), run(ours, inputs)
    with torch.no_grad():
        expected, logits = (m.get_output_embeddings()(o.last_hidden_state) for m, o in ((theirs, their), (ours, mine)))
    assert (logits - expected).abs().max() < 1e-3

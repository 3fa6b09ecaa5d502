"""Bases of every family: words and objects enter as the family's own embeddings do, and a checkpoint plans again."""

import numpy as np
import pytest
import torch
from base_families import FAMILIES
from ros_helpers import scene_cloud
from torch import nn

from moe3d_ros.model.checkpoint import load_checkpoint, save_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.experts.moe import ConversionError
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.model.tiny import write_tiny_base, write_tiny_checkpoint
from moe3d_ros.planner import Planner

TEXT = "put the red block into the bowl at the far left"


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def dense(tmp_path_factory, family):
    """The base with its scene tokens in front, neither converted nor adapted: its own logits are the reference."""
    folder = tmp_path_factory.mktemp("base") / "llm"
    llm, tokenizer, _ = load_base(write_tiny_base(folder, family=family, **FAMILIES[family]))
    torch.manual_seed(0)
    return SceneLanguageModel(llm, tokenizer, 24, 2, 1).eval()


def first_layer_reads(model, run) -> torch.Tensor:
    """States (B, T, W) that the decoder's first layer is given during ``run()``."""
    seen = []
    hook = (
        model.llm.get_decoder()
        .layers[0]
        .register_forward_pre_hook(
            lambda _, args, kwargs: seen.append(args[0] if args else kwargs["hidden_states"]), with_kwargs=True
        )
    )
    with torch.no_grad():
        run()
    hook.remove()
    return seen[0]


@torch.no_grad()
def test_words_give_the_logits_that_the_whole_model_gives(dense):
    ids = torch.tensor([dense.encode(TEXT)])
    own = dense.llm(ids).logits
    hidden, _, _ = dense.run(dense.embed(ids))
    logits = dense.logits(hidden)[..., : dense.vocabulary]
    torch.testing.assert_close(logits, own, atol=1e-4, rtol=1e-4)
    allowed = torch.arange(3, 40)[None]
    torch.testing.assert_close(dense.allowed_logits(hidden[:, -1], allowed), own[:, -1, 3:40], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_an_object_enters_at_the_scale_of_words(dense):
    """An object whose token is a word's row of the table is read just as the word is."""
    word = dense.encode(" block")[0]
    row = dense.llm.get_input_embeddings().weight[word]
    projection = dense.objects.projection
    kept = projection.weight.clone(), projection.bias.clone()
    projection.weight.zero_()
    projection.bias.copy_(row)
    one = torch.ones(1, 1)
    scene = ObjectSet(
        torch.ones(1, 1, 4) / 4,
        torch.ones(1, 1, 11) / 11,
        torch.zeros(1, 1, 3),
        torch.ones(1, 1, 3),
        one,
        one.bool(),
        one,
    )
    prefix, _, _ = dense.prefix(scene)
    projection.weight.copy_(kept[0])
    projection.bias.copy_(kept[1])
    read = first_layer_reads(dense, lambda: dense.run(prefix[None], places=dense.prefix_places(scene)))
    expected = first_layer_reads(dense, lambda: dense.llm(torch.tensor([[*dense.encode_scene_prompt(), word]])))
    torch.testing.assert_close(read, expected)


@torch.no_grad()
def test_a_prefix_read_once_serves_as_the_whole_text_does(dense):
    """Pieces behind a cache, also after it was cropped, against one pass."""
    inputs = dense.embed(torch.tensor([dense.encode(f"{TEXT}, {TEXT}")]))
    whole, penultimate, _ = dense.run(inputs)
    cache, ends = dense.new_cache(), (9, 10, inputs.shape[1])
    hidden, states, start = [], [], 0
    for end in ends:
        *read, cache = dense.run(inputs[:, start:end], cache=cache)
        hidden.append(read[0])
        states.append(read[1])
        start = end
    torch.testing.assert_close(torch.cat(hidden, 1), whole, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(torch.cat(states, 1), penultimate, atol=1e-4, rtol=1e-4)
    cache.crop(9 - inputs.shape[1])
    again, _, _ = dense.run(inputs[:, 9:], cache=cache)
    torch.testing.assert_close(again, whole[:, 9:], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_what_is_served_computes_what_was_trained_and_plans_and_answers(tmp_path, family):
    """Saved with adapters that do something, and served with these folded into the weights."""
    folder = write_tiny_checkpoint(tmp_path / "tiny", family=family, **FAMILIES[family])
    values, tensors = load_checkpoint(folder)
    generator = torch.Generator().manual_seed(3)
    for name, value in tensors.items():
        if "_B" in name:  # zero at the start
            value.copy_(0.2 * torch.randn(value.shape, generator=generator))
    save_checkpoint(folder, values, tensors, "Adapters that do something.")
    config = ModelConfig.from_dict(values)
    trained = ThreeDMoE(config, *load_base(config.language.base)[:2]).eval()
    trained.load_tensors(tensors)

    planner = Planner.from_pretrained(folder, llm_weights="float32")
    inputs = trained.language.embed(torch.tensor([trained.language.encode(TEXT)]))
    for mine, other in zip(planner.model.language.run(inputs)[:2], trained.language.run(inputs)[:2]):
        torch.testing.assert_close(mine, other, atol=1e-3, rtol=1e-3)

    points, colors = scene_cloud()
    plan = planner.plan(points, colors, "put the red block in the green bowl", max_steps=2)
    for action in plan.actions:
        assert np.isfinite([*action.pick.position, *action.place.position]).all()
    again = Planner.from_pretrained(folder, llm_weights="float32")
    repeated = again.plan(points, colors, "put the red block in the green bowl", max_steps=2)
    assert [action.text for action in repeated.actions] == [action.text for action in plan.actions]
    assert again.answer(points, colors, "what is there?") == planner.answer(points, colors, "what is there?")


class Shifted(nn.Embedding):
    """An embedding for which no factor stands."""

    def forward(self, ids):
        return super().forward(ids) + 1.0


def test_bases_whose_inputs_no_factor_describes_are_refused(tmp_path):
    llm, tokenizer, _ = load_base(write_tiny_base(tmp_path / "shifted"))
    llm.set_input_embeddings(Shifted(*llm.get_input_embeddings().weight.shape))
    with pytest.raises(ConversionError, match="does more than scale"):
        SceneLanguageModel(llm, tokenizer, 24, 2, 1)
    settings = {**FAMILIES["gemma4_text"], "hidden_size_per_layer_input": 8}
    llm, tokenizer, _ = load_base(write_tiny_base(tmp_path / "per-layer", family="gemma4_text", **settings))
    with pytest.raises(ConversionError, match="per-layer embeddings"):
        SceneLanguageModel(llm, tokenizer, 24, 2, 1)

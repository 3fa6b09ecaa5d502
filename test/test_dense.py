"""The dense baseline: as many trained numbers as the mixture in the same places, through training, export and planner."""

import pytest
import torch

from moe3d_ros.model.adapt import adapt_base, convert_base, dense_rank
from moe3d_ros.model.base_llm import load_base
from moe3d_ros.model.config import LanguageConfig
from moe3d_ros.model.lora import merge_for_serving, trained_tensors
from moe3d_ros.model.moe import moe_layers
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.planner import Planner
from training.config import StageConfig
from training.engine import train
from training.export import main as export
from training.language import build_language_model
from training.state import read_weights
from training.train import make_task


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


def adapted(base, **settings):
    llm, _, _ = load_base(base)
    config = LanguageConfig(base=base, rank=2, **settings)
    convert_base(llm, config)
    adapt_base(llm, config)
    return llm, config


@pytest.mark.parametrize("more", [{}, {"moe_layers": "all"}, {"shared_expert": True}])
def test_the_baseline_trains_as_many_numbers_in_the_same_places(base, more):
    mixture, config = adapted(base, experts=4, top_k=2, **more)
    dense, _ = adapted(base, experts=4, top_k=2, dense=True, **more)
    assert moe_layers(mixture) and not moe_layers(dense)
    routers = sum(p.numel() for layer in moe_layers(mixture).values() for p in layer.router_parameters())
    count = [sum(p.numel() for p in trained_tensors(model).values()) for model in (mixture, dense)]
    assert count[1] == count[0] - routers
    ffn = dense.model.layers[1].mlp.gate_proj
    assert ffn.lora_A["default"].weight.shape[0] == dense_rank(config) == 8 + 2 * bool(more.get("shared_expert"))
    scale = dense.model.layers[1].self_attn.q_proj.scaling["default"]
    assert ffn.scaling["default"] == scale == next(iter(moe_layers(mixture).values())).scale


def test_a_dense_model_merges(base):
    dense, _ = adapted(base, dense=True)
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 90, (2, 7), generator=generator)
    with torch.no_grad():
        untouched = dense(ids).logits
        for parameter in trained_tensors(dense).values():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        before = dense(ids).logits
        assert (before - untouched).abs().max() > 1e-2
        torch.testing.assert_close(merge_for_serving(dense)(ids).logits, before, atol=1e-3, rtol=1e-3)
    assert not any("lora" in name for name in dense.state_dict())


def test_a_dense_run_becomes_a_checkpoint_that_plans(tmp_path, base):
    common = {"workers": 0, "batch_size": 2, "log_every": 1, "precision": "float32", "warmup": 1, "steps": 2}
    runs = {}
    for task, more in (
        ("perception", {}),
        ("language", {"dense": True, "rank": 2, "pairs": 2, "real_scenes": 0.0, "base": base, "learning_rate": 0.01}),
        ("action", {"llm_width": 32, "pairs": 2, "draws": 1}),
    ):
        config = StageConfig(task=task, output=str(tmp_path / task), **common, **more)
        train(make_task(config), config)
        runs[task] = config.output
    arguments = ["--encoder", runs["perception"], "--language", runs["language"], "--pose", runs["action"],
                 "--base", base, "--rank", "2"]  # fmt: skip
    export([*arguments, "--dense", "--output", str(tmp_path / "dense")])
    planner = Planner.from_pretrained(str(tmp_path / "dense"))
    assert planner.model.config.language.dense and not moe_layers(planner.model.language.llm)

    # The merged weights are the base's and the run's update.
    frozen, _, _ = load_base(base)
    weights = read_weights(runs["language"])
    name = "llm.model.layers.1.mlp.gate_proj.lora_{}.default.weight"
    update = 2.0 * weights[name.format("B")] @ weights[name.format("A")]
    assert weights[name.format("A")].shape[0] == 4 * 2 and update.abs().max() > 1e-4
    merged = planner.model.language.llm.model.layers[1].mlp.gate_proj.weight
    torch.testing.assert_close(merged - frozen.model.layers[1].mlp.gate_proj.weight, update, atol=1e-4, rtol=1e-2)
    with pytest.raises(ValueError, match="fit none of the modules"):  # without --dense: experts that the run lacks
        export([*arguments, "--output", str(tmp_path / "wrong")])


def test_the_trained_baseline_is_the_served_one(base):
    config = StageConfig(task="language", output="", base=base, dense=True, rank=2, precision="float32")
    model = build_language_model(config)
    llm, _ = adapted(base, dense=True)
    assert {n: p.shape for n, p in trained_tensors(model.llm).items()} == {n: p.shape for n, p in trained_tensors(llm).items()}

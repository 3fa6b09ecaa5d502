"""The dense baseline: as many trained numbers as the mixture in the same places, through training, export and planner."""

import numpy as np
import pytest
import torch

from moe3d_ros.model.config import LanguageConfig
from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.language.adapt import adapt_base, convert_base, dense_rank
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.lora import merge_for_serving, trained_tensors
from moe3d_ros.model.policy import build_model
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.planner import Planner
from training.engine.loop import train
from training.engine.state import read_weights
from training.export import main as export
from training.stages.settings import configure
from training.train import make_task

FFN = ("gate", "up", "down")


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
    assert moe_layers(mixture)
    assert not moe_layers(dense)
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


def finished(folder, task, **more) -> str:
    """Folder of a run of two steps."""
    config = configure(
        task=task,
        output=str(folder),
        workers=0,
        batch_size=2,
        log_every=1,
        warmup=1,
        steps=2,
        learning_rate=0.01,
        **more,
    )
    train(make_task(config), config)
    return config.output


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        "perception": finished(folder / "perception", "perception"),
        "action": finished(folder / "action", "action", llm_width=32, pairs=2, draws=1),
    }


def test_a_dense_run_becomes_a_checkpoint_that_loads(runs, tmp_path, base):
    language = finished(
        tmp_path / "run", "language", precision="float32", dense=True, rank=2, pairs=2, real_scenes=0.0, base=base
    )
    arguments = ["--encoder", runs["perception"], "--language", language, "--pose", runs["action"]]
    assert export([*arguments, "--output", str(tmp_path / "dense")]) == 0
    planner = Planner.from_pretrained(str(tmp_path / "dense"), llm_weights="float32")
    assert planner.model.config.language.dense
    assert not moe_layers(planner.model.language.llm)

    # The merged weights are the base's and the run's update.
    frozen, _, _ = load_base(base)
    weights = read_weights(language)
    name = "llm.model.layers.1.mlp.gate_proj.lora_{}.default.weight"
    update = 2.0 * weights[name.format("B")] @ weights[name.format("A")]
    assert weights[name.format("A")].shape[0] == 4 * 2
    assert update.abs().max() > 1e-4
    merged = planner.model.language.llm.model.layers[1].mlp.gate_proj.weight
    torch.testing.assert_close(merged - frozen.model.layers[1].mlp.gate_proj.weight, update, atol=1e-4, rtol=1e-2)


def test_a_run_whose_routers_see_places_becomes_a_checkpoint_that_answers(runs, base, tmp_path):
    """The routers' extra inputs are trained, stored and served."""
    seen = {"router_modality": True, "router_geometry": True, "experts": 4, "top_k": 2}
    language = finished(
        tmp_path / "places", "language", precision="float32", rank=2, pairs=2, real_scenes=0.0, base=base, **seen
    )
    named = ["--encoder", runs["perception"], "--language", language, "--pose", runs["action"]]
    assert export([*named, "--output", str(tmp_path / "checkpoint")]) == 0
    planner = Planner.from_pretrained(str(tmp_path / "checkpoint"))
    for name, layer in moe_layers(planner.model.language.llm).items():
        stored = read_weights(language)[f"llm.{name}.router_geometry"]
        assert stored.any()
        torch.testing.assert_close(layer.router_geometry, stored, atol=1e-3, rtol=1e-3)
    with torch.no_grad():
        planner.model.encoder.head[-1].bias[0] = 3.0  # after two steps of training it may find nothing
    points = np.random.default_rng(0).uniform((0.3, -0.3, 0.0), (0.7, 0.3, 0.1), (3000, 3)).astype(np.float32)
    assert isinstance(planner.answer(points, None, "how many blocks are there?"), str)
    decision = planner.look(points, None).decide("put the red block in the green bowl")
    assert decision.end in ("step", "done", "cannot")


def test_the_trained_baseline_is_the_served_one(base):
    config = configure(task="language", output="", base=base, dense=True, rank=2, precision="float32")
    model = build_model(config.model, ("language",), seed=config.seed).language
    llm, _ = adapted(base, dense=True)
    assert {n: p.shape for n, p in trained_tensors(model.llm).items()} == {
        n: p.shape for n, p in trained_tensors(llm).items()
    }


@pytest.mark.parametrize("more", [{}, {"moe_layers": "all"}, {"shared_expert": True, "top_k": 1}])
def test_the_baseline_may_train_as_many_numbers_as_a_token_passes(base, more):
    settings = {"experts": 4, "top_k": 2, **more}
    mixture, config = adapted(base, **settings)
    dense, _ = adapted(base, dense=True, dense_sets="activated", **settings)
    layers = moe_layers(mixture).values()
    routers = sum(p.numel() for layer in layers for p in layer.router_parameters())
    one_expert = sum(getattr(layer, f"{name}_{side}")[0].numel() for layer in layers for name in FFN for side in "AB")
    count = [sum(p.numel() for p in trained_tensors(model).values()) for model in (mixture, dense)]
    assert count[1] == count[0] - routers - (config.experts - config.top_k) * one_expert
    with pytest.raises(ValueError, match="dense_sets"):
        LanguageConfig(dense_sets="some")

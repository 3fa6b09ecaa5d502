"""After fifty steps of Stage II every part that is to be trained has moved, each expert by itself, and nothing else."""

import pytest
import torch

from moe3d_ros.model.experts.moe import EXPERT_TENSORS, moe_layers
from moe3d_ros.model.tiny import write_tiny_base
from training.engine.loop import train
from training.stages.language import LanguageTask
from training.stages.settings import configure

# Of each part that Stage II trains, a word of its tensors' names.
PARTS = (
    "lora_A",
    "lora_B",
    *EXPERT_TENSORS,
    "router.weight",
    "router_modality",
    "router_geometry",
    "objects.projection",
    "objects.attributes",
    "objects.position",
    "objects.layers",
    "objects.relations",
    "pointer.query",
    "pointer.key",
    "pointer.none",
    "pointer.word_out",
    "special",
    "markers",
)


def tensors(task) -> dict[str, torch.Tensor]:
    """All parameters by name, the encoder's too; those with one entry per expert entry by entry."""
    found = {}
    per_expert = {f"llm.{layer}.{name}" for layer in moe_layers(task.model.llm) for name in EXPERT_TENSORS}
    per_expert |= {
        f"llm.{layer}.{name}"
        for layer in moe_layers(task.model.llm)
        for name in ("router.weight", "router_modality", "router_geometry")
    }
    for name, value in task.model.named_parameters():
        rows = [(f"{name}[{i}]", row) for i, row in enumerate(value)] if name in per_expert else [(name, value)]
        found |= {key: row.detach().clone() for key, row in rows}
    return found | {f"encoder.{name}": value.detach().clone() for name, value in task.encoder.named_parameters()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage2")
    base = str(write_tiny_base(folder / "llm"))
    config = configure(
        task="language",
        output=str(folder / "run"),
        base=base,
        experts=4,
        top_k=2,
        rank=2,
        pairs=3,
        batch_size=2,
        router_modality=True,
        router_geometry=True,
        real_scenes=0.1,
        steps=50,
        learning_rate=1e-3,
        warmup=1,
        workers=0,
        weight_decay=0.0,  # else a tensor without a gradient would move too
        precision="float32",
    )
    task = LanguageTask(config)
    before = tensors(task)
    trained = {name for name, value in task.model.named_parameters() if value.requires_grad}
    figures = train(task, config)
    return before, tensors(task), trained, figures


def test_every_trained_tensor_moved(run):
    before, after, trained, _ = run
    rows = [name for name in after if name.split("[")[0] in trained]
    for part in PARTS:
        assert any(part in name for name in rows), f"{part} is not trained at all"
    assert sum(".gate_A[" in name for name in rows) == 4
    unmoved = [name for name in rows if torch.equal(after[name], before[name])]
    assert unmoved == []


def test_what_is_frozen_did_not_move(run):
    before, after, trained, _ = run
    frozen = [name for name in after if name.split("[")[0] not in trained]
    for part in (
        "encoder.",
        "llm.model.embed_tokens",
        "q_proj.base_layer",
        "mlp.gate_proj.weight",
        "objects.neighbours",
    ):
        assert any(part in name for name in frozen), f"{part} is not frozen"
    assert [name for name in frozen if not torch.equal(after[name], before[name])] == []


def test_the_figures_tell_of_routing(run):
    *_, figures = run
    assert {"plan_nll", "balance", "least_load", "least_load_text", "least_load_3d", "pick_pointer"} <= figures.keys()
    assert not any("/" in name for name in figures)  # each expert's load is in details.jsonl

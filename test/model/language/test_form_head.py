"""The head that hears an instruction's form: what it reads, its place in a checkpoint, checkpoints without it."""

import json
from dataclasses import replace

import pytest
import torch

from moe3d_ros.form_check import check_form
from moe3d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from moe3d_ros.model.config import FormConfig, ModelConfig, ReasonerConfig
from moe3d_ros.model.language.form_head import FormHead, heard_form, heard_forms, text_states
from moe3d_ros.model.reasoning.decider import Decider
from moe3d_ros.model.reasoning.reading import Reader
from moe3d_ros.model.reasoning.reasoner import Reasoner
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.planner import Planner

TEXTS = ["pick the red block", "place it on the left side of the table, please"]


@pytest.fixture(scope="module")
def planner(tiny_checkpoint):
    return Planner.from_pretrained(str(tiny_checkpoint))


def with_head(folder, source, head: FormHead):
    """A copy of a checkpoint that has this head."""
    config, tensors = load_checkpoint(source)
    own = {f"form.{name}": value.detach() for name, value in head.named_parameters()}
    return save_checkpoint(folder, config | {"form": head.config.to_dict()}, tensors | own, "")


def a_head(planner, layer: int = 1, bias: float = 0.0, **values) -> FormHead:
    """A random head on the tiny model whose last class is favoured by ``bias``."""
    torch.manual_seed(3)
    head = FormHead(FormConfig(layer=layer, width=8, queries=2, **values), planner.model.language.width).eval()
    with torch.no_grad():
        head.decide[-1].bias[-1] += bias
    return head


@pytest.mark.parametrize("layer", [1, 2])
def test_states_are_those_of_the_whole_model_at_that_layer(planner, layer):
    model = planner.model.language
    states, mask = text_states(model, TEXTS[:1], layer)
    ids = torch.tensor([model.encode(TEXTS[0])])
    kept = []
    hook = (
        model.llm.get_decoder().layers[layer - 1].register_forward_hook(lambda _module, _inputs, out: kept.append(out))
    )
    model.run(model.embed(ids))
    hook.remove()
    assert mask.all()
    assert torch.allclose(states, kept[0].float(), atol=1e-5)


def test_padding_changes_nothing(planner):
    head = a_head(planner)
    together = heard_forms(head, planner.model.language, TEXTS)
    for text, row in zip(TEXTS, together):
        assert torch.allclose(heard_forms(head, planner.model.language, [text])[0], row, atol=1e-5)


@pytest.mark.parametrize(
    "said", [*TEXTS, "Put it there!!", 'the "green" (big) one: in the bowl.', "don't", "put  it", "bowl; 青い?", "x"]
)
def test_what_the_reasoner_read_is_what_the_head_hears_and_is_read_once(planner, said):
    model, sizes = planner.model.language, ReasonerConfig(layer=1, width=16, heads=2, layers=1)
    decider, head = Decider(Reasoner(sizes, model.width), Reader(model, 1), known=3), a_head(planner)
    forwards = []
    hook = model.llm.get_decoder().layers[0].register_forward_hook(lambda *_: forwards.append(1))
    heard = heard_form(head, decider.said(said))
    decider.said(said)
    hook.remove()
    assert len(forwards) == 1
    assert torch.allclose(heard, heard_forms(head, model, [said])[0], atol=1e-5)


def test_the_layers_above_do_not_run(planner):
    ran = []
    layers = planner.model.language.llm.get_decoder().layers
    hook = layers[1].register_forward_hook(lambda *_: ran.append(1))
    text_states(planner.model.language, TEXTS, 1)
    hook.remove()
    assert not ran


def test_a_checkpoint_with_the_head_refuses_and_one_without_goes_on(planner, tiny_checkpoint, tmp_path):
    check_form(planner.model, "put the red block in the bowl")  # nothing is raised
    folder = with_head(tmp_path / "with", tiny_checkpoint, a_head(planner, bias=20.0))
    loaded = Planner.from_pretrained(str(folder))
    with pytest.raises(
        PlanningError, match=r"corrects or takes back something, as the planner hears it \(1.00\)"
    ) as found:
        check_form(loaded.model, "put the red block in the bowl")
    assert found.value.code == ErrorCode.IMPOSSIBLE
    assert loaded.checksum != planner.checksum


def test_what_is_heard_with_doubt_is_said_with_doubt_and_how_to_say_it_instead(planner, tiny_checkpoint, tmp_path):
    head = a_head(planner, threshold=0.1)
    with torch.no_grad():
        head.decide[-1].weight.zero_()
        head.decide[-1].bias.copy_(torch.tensor([2.0, 0.0, 0.0, 0.0, 0.0]))  # 0.65 for what is doable
    model = Planner.from_pretrained(str(with_head(tmp_path / "with", tiny_checkpoint, head))).model
    with pytest.raises(
        PlanningError, match=r"may be one that .*plainer words, such as 'put the red block in the bowl'"
    ):
        check_form(model, "the red block, then")


def test_the_head_has_a_file_of_its_own(planner, tiny_checkpoint, tmp_path):
    folder = with_head(tmp_path / "with", tiny_checkpoint, a_head(planner))
    before = {path.name: path.read_bytes() for path in tiny_checkpoint.glob("*.safetensors")}
    after = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    assert after.keys() - before.keys() == {"model-form.safetensors"}
    assert all(after[name] == data for name, data in before.items())
    assert "model-form.safetensors" in json.loads((folder / "checksums.json").read_text())["files"]


def test_a_head_that_does_not_fit_its_configuration_is_an_error(planner, tiny_checkpoint, tmp_path):
    head = a_head(planner)
    head.config = replace(head.config, width=9)
    with pytest.raises(CheckpointError, match="form"):
        Planner.from_pretrained(str(with_head(tmp_path / "with", tiny_checkpoint, head)))


@pytest.mark.parametrize(
    "values",
    [{"classes": ["doable"]}, {"classes": ["a", "b"], "layer": 0}, {"classes": ["a", "b"], "threshold": 0.0}, {"layer": 2}, {"classes": ["a", "b"], "depth": 1}],
)  # fmt: skip
def test_configurations_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError, match="form head|classes"):
        FormConfig.from_dict(values)


def test_the_configuration_is_part_of_the_model_s():
    config = ModelConfig(form=FormConfig(layer=3, threshold=0.7))
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert ModelConfig.from_dict(ModelConfig().to_dict()).form is None

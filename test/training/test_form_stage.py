"""The stage for the head that hears an instruction's form: its sentences, its training, its export, its suite."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.model.config import FormConfig, ReasonerConfig
from moe3d_ros.model.language.form_head import FormHead
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.words import (
    allowing_wordings,
    correcting_wordings,
    forbidding_wordings,
    form_wordings,
    held_out_form_wordings,
    people,
)
from moe3d_ros.tabletop.words.forms import FORMS, doable_instruction, form_instruction
from training import export, form_threshold, train
from training.data.form_texts import CLASSES, composed_text, form_text
from training.engine.loop import train as run_training
from training.evaluation import heard_forms as forms
from training.evaluation.judging.form_cases import composed_sentences
from training.stages.command_line import parse
from training.stages.form import FormTask


def command(folder, checkpoint, **values) -> list[str]:
    own = {
        "output": folder,
        "init": checkpoint,
        "layer": 2,
        "width": 16,
        "queries": 2,
        "workers": 0,
        "batch_size": 12,
        **values,
    }
    return ["--stage", "form", *(text for name, value in own.items() for text in (f"--{name}", str(value)))]


def test_every_class_is_drawn_and_sentences_are_a_function_of_the_seed():
    drawn = [form_text(np.random.default_rng([1, number])) for number in range(200)]
    assert {label for _, label in drawn} == set(range(len(CLASSES)))
    assert drawn[7] == form_text(np.random.default_rng([1, 7]))
    assert not any("{" in text for text, _ in drawn)


def test_held_out_constructions_are_not_trained():
    for name in ("PROHIBITIONS", "RELATIONS", "CLAUSES", "CORRECTIONS"):
        trained, held = (set(getattr(module, name)) for module in (form_wordings, held_out_form_wordings))
        assert len(held) >= 20
        assert not trained & held
    more = (
        forbidding_wordings.WHOLE,
        correcting_wordings.WHOLE,
        correcting_wordings.HARMLESS_WHOLE,
        allowing_wordings.WHOLE,
        form_wordings.DOABLE_TURNED,
        people.ORDERS,
        people.HARMLESS,
        people.PROHIBITIONS,
        people.CORRECTIONS,
    )
    held = {*held_out_form_wordings.PROHIBITIONS, *held_out_form_wordings.CORRECTIONS}
    assert not {pattern for patterns in more for pattern in patterns} & held
    joined = " ".join(sorted(held)).lower()
    parts = (*forbidding_wordings.OPENERS, *forbidding_wordings.OPENERS_ING, *forbidding_wordings.JUDGED)
    assert [part for part in parts if part in joined] == []
    for form in FORMS:
        assert "{" not in form_instruction(np.random.default_rng(3), form, "held out")


def test_what_is_forbidden_beside_an_order_is_forbidden_beside_a_single_move():
    """All blocks in the bowl, but not the red one: that is doable, and so no prohibition."""
    several = ("all the blocks", "all blocks", "every ", " blocks {")
    drawn = [form_instruction(np.random.default_rng([5, number]), "prohibition") for number in range(5000)]
    beside = [
        text
        for text in drawn
        if any(words in text for words in (", but hands off", "without touching", "and leave the"))
    ]
    assert len(beside) >= 10
    assert [text for text in beside if any(words in text for words in several)] == []


def test_orders_of_the_grammar_are_heard_as_what_they_are():
    drawn = [composed_text(np.random.default_rng([6, number])) for number in range(60)]
    assert {CLASSES[label] for _, label in drawn} == {"doable", "clauses", "relation"}
    judged = composed_sentences(4, 7)
    assert {sort.split(", ")[0] for _, sort, _ in judged} == {"composed", "everyday", "beside"}
    assert {form for _, sort, form in judged if sort.startswith("beside")} == {"relation"}
    assert len({text for text, _, _ in judged}) > 10


def test_batches_that_come_again_are_drawn_once_and_some_words_are_left_out(tiny_checkpoint, tmp_path, capsys):
    task = FormTask(parse(command(tmp_path / "run", tiny_checkpoint, batches=2, unheard=0.3)))
    first = task.make_batch(0)
    assert task.make_batch(2) is first
    assert task.make_batch(1).texts != first.texts
    mask = torch.arange(40) < torch.tensor([[1], [20], [40]])
    for _ in range(20):
        heard = task._heard(mask)
        assert not (heard & ~mask).any() and heard.any(1).all()
    assert heard.sum() < mask.sum()
    with pytest.raises(SystemExit):
        parse(command(tmp_path / "run", tiny_checkpoint, unheard=0.9))
    assert "unheard must lie between 0 and 0.5" in capsys.readouterr().err


def test_the_threshold_counts_what_this_checkpoint_refuses(tiny_checkpoint, monkeypatch):
    """A head that hears several clauses in everything refuses nothing where they are planned, and everything else."""
    model = Planner.from_pretrained(str(tiny_checkpoint)).model
    head = FormHead(FormConfig(layer=1, width=8, queries=2), model.language.width).eval()
    with torch.no_grad():
        head.decide[-1].bias[CLASSES.index("clauses")] += 50.0
    monkeypatch.setattr(form_threshold, "SENTENCES", 3)
    monkeypatch.setattr(form_threshold, "COMPOSED", 4)
    assert form_threshold.choose_threshold(head, model, "form") == 0.999
    model.config = replace(model.config, reasoner=ReasonerConfig())
    assert form_threshold.choose_threshold(head, model, "form") == form_threshold.LOWEST


def test_it_learns_a_few_sentences_by_heart(tiny_checkpoint, tmp_path):
    config = parse(command(tmp_path / "run", tiny_checkpoint, overfit=1, steps=300, learning_rate=1e-2, log_every=300))
    losses = tmp_path / "run" / "losses.jsonl"
    run_training(FormTask(config), config)
    first, *_, last = [json.loads(line)["loss"] for line in losses.read_text().splitlines()]
    assert first > 1.0
    assert last < 0.15


def test_it_resumes_bit_for_bit(tiny_checkpoint, tmp_path):
    def losses(name: str) -> list[str]:
        return [json.loads(line)["loss"] for line in (tmp_path / name / "losses.jsonl").read_text().splitlines()]

    assert train.main(command(tmp_path / "whole", tiny_checkpoint, steps=6)) == 0
    limited = command(tmp_path / "parts", tiny_checkpoint, steps=6)
    for _ in range(6):
        assert train.main([*limited, "--stop_after", "1e-6"]) == 0
    assert train.main(limited) == 0
    assert losses("parts") == losses("whole")


def test_export_adds_the_head_and_leaves_the_rest(tiny_checkpoint, tmp_path, capsys):
    assert train.main(command(tmp_path / "run", tiny_checkpoint, steps=2)) == 0
    out = tmp_path / "joined"
    arguments = ["--checkpoint", str(tiny_checkpoint), "--form", str(tmp_path / "run"), "--output", str(out)]
    assert export.main(arguments) == 0, capsys.readouterr().err
    assert (out / "model-form.safetensors").exists()
    planner = Planner.from_pretrained(str(out))
    assert planner.config.form.layer == 2
    assert 0.5 <= planner.config.form.threshold <= 0.999
    figures = forms.run(planner, sentences=2)
    assert figures["counts"]["refused"] == 2 * len(FORMS)
    with pytest.raises(SystemExit):
        export.main([*arguments, "--pose", "runs/pose"])


def test_a_run_goes_on_from_the_head_of_a_checkpoint(tiny_checkpoint, tmp_path, capsys):
    assert train.main(command(tmp_path / "run", tiny_checkpoint, steps=2)) == 0
    out = tmp_path / "joined"
    given = ["--checkpoint", str(tiny_checkpoint), "--form", str(tmp_path / "run"), "--output", str(out)]
    assert export.main(given) == 0, capsys.readouterr().err
    head = Planner.from_pretrained(str(out)).model.form
    further = FormTask(parse(command(tmp_path / "further", out, steps=1, go_on=True)))
    for name, value in head.state_dict().items():
        assert torch.equal(further.head.state_dict()[name], value), name
    assert train.main(command(tmp_path / "none", tiny_checkpoint, steps=1, go_on=True)) == 1
    assert "has no head for form of these sizes to go on from" in capsys.readouterr().err


def test_the_suite_needs_a_head(tiny_checkpoint):
    with pytest.raises(ValueError, match="no head that hears"):
        forms.run(Planner.from_pretrained(str(tiny_checkpoint)), sentences=1)


def test_the_suite_tells_a_good_head_from_a_bad_one():
    def record(doable: bool, refused: bool) -> dict:
        kind = "single" if doable else "relation"
        return {"kind": kind, "heard": "relation", "doable": doable, "by": forms.OURS, "refused": refused}

    good = forms.summary([record(True, False), record(False, True)])
    bad = forms.summary([record(True, True), record(False, False)])
    assert all(forms.bars(good).values())
    assert not any(forms.bars(bad).values())


@pytest.mark.parametrize("stage", ["form", "reason", "answers", "2"])
def test_a_number_format_that_there_is_not_is_refused(tiny_checkpoint, tmp_path, capsys, stage):
    values = {"--stage": stage, "--init": tiny_checkpoint, "--output": tmp_path, "--precision": "half"}
    with pytest.raises(SystemExit):
        parse([str(part) for pair in values.items() for part in pair])
    assert "precision must be auto, float32 or bfloat16, got 'half'" in capsys.readouterr().err


def test_things_are_named_in_manifold_ways_and_sets_only_where_several_may_be_moved():
    said = [doable_instruction(np.random.default_rng([9, number])) for number in range(400)]
    assert (
        sum(any(words in text for words in ("both ", "everything", "all of them", "whole lot")) for text in said) >= 8
    )
    assert not any("{" in text or "}" in text for text in said)
    forbidden = [form_instruction(np.random.default_rng([9, number]), "prohibition") for number in range(400)]
    assert not any("both " in text or "whole lot" in text for text in forbidden)

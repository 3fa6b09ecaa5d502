"""Bench of the study: packed questions read as one at a time, greedy answers without writing them, scenes that nobody mixes up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.model.experts.moe import moe_layers
from moe3d_ros.model.language.answering import generate_answers
from moe3d_ros.model.language.packing import pack
from moe3d_ros.model.tiny import write_tiny_base
from training.engine.loop import train
from training.stages.language import LanguageTask
from training.stages.settings import configured
from training.studies.held_out_answers import greedy_right
from training.studies.study_task import StudyStage, StudyTask

BENCH = {
    "texts": "questions",
    "workers": 0,
    "batch_size": 2,
    "pairs": 4,
    "warmup": 1,
    "rank": 4,
    "layers": None,
    "precision": "float32",
    "training_scenes": 12,
    "training_questions": 6,
    "held_out_scenes": 4,
    "held_out_questions": 3,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_tiny_base(folder / "llm")
    return folder


def stage(folder, run="run", **values) -> StudyStage:
    own = {"output": str(folder / run), "scenes": str(folder / "scenes"), "base": str(folder / "llm")}
    return configured(StudyStage, **{**BENCH, **own, **values})


def stirred(task: StudyTask) -> StudyTask:
    """Give every trained tensor some value, as training would."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in task.model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return task


def answer_states(task: StudyTask, rows, asked, run) -> torch.Tensor:
    """States that decide the answers' tokens."""
    batch = task.batch(task.training, rows, asked)
    packed = pack(task.model, batch.known[1], batch.objects, batch.slot, batch.texts)
    hidden, penultimate = run(packed)
    places = packed.free_at.unbind(1)
    return torch.cat([hidden[places], penultimate[places]], dim=-1)


@pytest.mark.parametrize("variant", [{"dense": True}, {"router_modality": True, "router_geometry": True}])
@torch.no_grad()
def test_packed_questions_are_read_as_one_at_a_time(folder, variant):
    task = stirred(StudyTask(stage(folder, **variant)))
    rows = [0, 1, 2]
    asked = [task.training.questions[row][:4] for row in rows]
    together = answer_states(task, rows, asked, task.run)
    alone = [answer_states(task, [row], [[q]], task.run) for row, about in zip(rows, asked) for q in about]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)
    whole_rows = answer_states(task, rows, asked, lambda packed: LanguageTask.run(task, packed))
    torch.testing.assert_close(together, whole_rows, atol=1e-4, rtol=1e-4)


def test_answers_judged_at_once_are_those_of_greedy_decoding(folder):
    task = StudyTask(stage(folder, rank=16))
    trained = [p for p in task.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3)
    rows = list(range(len(task.held_out)))
    for _ in range(150):  # learns the held-out questions by heart, so that there is something right
        loss, _ = task.loss(task.batch(task.held_out, rows, task.held_out.questions))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    asked = task.held_out.questions
    for about in asked:  # of each scene one answer is wrong now
        about[0] = replace(about[0], answer=about[0].answer + " indeed")
    said = []
    for row, about in enumerate(asked):
        objects, _, _ = task.held_out.rows([row])
        written = generate_answers(task.model, objects, [q.text for q in about])
        said += [answer == q.answer for answer, q in zip(written, about)]
    right = greedy_right(task)
    assert right.tolist() == said
    assert 0 < right.sum() < len(right)


def test_scenes_are_made_once_and_of_one_making_only(folder):
    config = stage(folder)
    first = StudyTask(config)
    files = {path: path.stat().st_mtime_ns for path in (folder / "scenes").rglob("*") if path.is_file()}
    again = StudyTask(config)
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert again.training.questions == first.training.questions
    torch.testing.assert_close(again.training.tokens, first.training.tokens, atol=0, rtol=0)
    computed = first.model.objects(first.training.objects)[1]
    torch.testing.assert_close(first.training.tokens, computed.detach(), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="made otherwise"):
        StudyTask(stage(folder, training_questions=5))


def test_a_base_is_cut_and_pointers_read_the_state_before_its_last_layer(folder):
    with pytest.raises(ValueError, match="between 2 and the base's 2 layers"):
        StudyTask(stage(folder, layers=3))
    task = StudyTask(stage(folder, layers=2))
    assert len(task.model.llm.model.layers) == 2


def test_experts_learn_at_a_rate_of_their_own(folder):
    def moved(factor):
        config = stage(folder, f"rate{factor}", steps=1, expert_rate=factor, weight_decay=0.0, experts=2, top_k=2)
        task = StudyTask(config)
        layers = [f"{name}." for name in moe_layers(task.model)]
        before = {name: value.detach().clone() for name, value in task.model.named_parameters()}
        train(task, config)
        steps = {name: (value - before[name]).detach().abs().max() for name, value in task.model.named_parameters()}
        return {
            inside: max(float(step) for name, step in steps.items() if name.startswith(tuple(layers)) == inside)
            for inside in (True, False)
        }

    plain, fast = moved(1.0), moved(3.0)
    assert fast[True] == pytest.approx(3 * plain[True], rel=1e-2)
    assert fast[False] == pytest.approx(plain[False], rel=1e-2)


def test_batches_are_a_function_of_their_number(folder):
    task = StudyTask(stage(folder))
    one, same, other = (task.make_batch(number) for number in (5, 5, 6))
    assert [text.prompt for about in one.texts for text in about] == [t.prompt for about in same.texts for t in about]
    assert not np.array_equal(one.objects.center.numpy(), other.objects.center.numpy())

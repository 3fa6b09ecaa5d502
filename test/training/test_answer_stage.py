"""The stage for the answer reasoner: what its questions are made of, its training, and its place in a checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from things import seen as things

from moe3d_ros.look import Look
from moe3d_ros.model.reasoning.answerer import ABSENT, SORTS, WORDS, WRITTEN, said
from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions.everyday_questions import EVERYDAY_QUESTIONS, FURTHER
from moe3d_ros.tabletop.questions.questions import draw_question
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from moe3d_ros.tabletop.words.question_wordings import HELD_OUT_QUESTIONS, QUESTIONS
from training import export, train
from training.data.answer_texts import WEIGHTS, answered, made_of, of_question, span_of
from training.stages.command_line import parse
from training.stages.described import describe
from training.stages.short_answers import FULL_RANGE, IGNORED, MOVABLE_RANGE, AnswerTask


def command(folder, checkpoint, **values) -> list[str]:
    own = {
        "output": folder,
        "init": checkpoint,
        "layer": 1,
        "width": 32,
        "layers": 2,
        "batch_size": 16,
        "per_scene": 4,
        "steps": 2,
        "workers": 0,
        **values,
    }
    return ["--stage", "answers", *(text for name, value in own.items() for text in (f"--{name}", str(value)))]


def test_further_wordings_have_the_slots_of_their_sort_and_none_is_held_out():
    assert FURTHER.keys() == QUESTIONS.keys() == EVERYDAY_QUESTIONS.keys()
    held_out = {wording for worded in HELD_OUT_QUESTIONS.values() for wording in worded}
    for sort, worded in FURTHER.items():
        slots = {word for word in "abkswvcp" if f"{{{word}}}" in QUESTIONS[sort][0]}
        for wording in worded:
            assert {word for word in "abkswvcp" if f"{{{word}}}" in wording} == slots, wording
            assert wording.count("{") == len(slots), wording
            assert wording not in held_out
            assert wording not in QUESTIONS[sort]


def test_answers_are_put_together_from_what_they_are_said_to_be_made_of():
    """Without errors of the encoder every answer that is not left to the LLM comes out to the letter."""
    rng, generator = np.random.default_rng(3), torch.Generator().manual_seed(3)
    drawn = sample_scenes(60, replace(FULL_RANGE, stacked=0.6), generator)
    sorts = set()
    for row in range(60):
        scene, _ = drawn.scene(row)
        if not scene.objects:
            continue
        objects, slots = describe(batch_scenes([scene]), generator, errors=0.0)
        column = {int(slot): where for where, slot in enumerate(slots[0]) if slot >= 0}
        for _ in range(10):
            question = draw_question(scene, rng, weights=WEIGHTS, wordings=EVERYDAY_QUESTIONS)
            if question is None:
                continue
            sort, among = made_of(question)
            sorts.add(sort)
            if sort == WORDS:
                start, end = span_of(question.answer, question.text)
                assert question.text[start:end] == question.answer
            elif sort != WRITTEN:
                things = sorted(column[slot] for slot in among or ())
                assert said(sort, objects, things) == question.answer, question
    assert sorts >= set(SORTS) - {ABSENT, "nearer", "farther", "names", "colors", "the table"}


@pytest.mark.parametrize(
    ("answer", "text", "place"),
    [
        ("the green bowl", "which is nearer, the block in the green bowl or the green bowl?", 2),
        ("the green bowl", "the green bowl or the block in the green bowl: which is nearer?", 1),
        ("the red block", "Which is bigger, The red block or the blue one?", 1),
        ("blocks", "are there more of blocks or bowls", 1),
        ("the red bowl", "which is bigger, the blue block or the green one?", 0),
    ],
)
def test_a_phrase_is_found_where_it_stands_for_itself(answer, text, place):
    span = span_of(answer, text)
    if place == 0:
        assert span is None
        return
    start = -1
    for _ in range(place):
        start = text.lower().index(answer, start + 1)
    assert span == (start, start + len(answer))


def test_a_batch_knows_the_tokens_of_an_answer_that_stands_in_the_question(tiny_checkpoint, tmp_path):
    task = AnswerTask(parse(command(tmp_path / "run", tiny_checkpoint, batch_size=48)))
    rng, found = np.random.default_rng(1), []
    scenes = task._scenes(30, rng, torch.Generator().manual_seed(1))
    for scene in scenes:
        question = draw_question(scene, rng, weights={"comparison": 1.0}, wordings=EVERYDAY_QUESTIONS)
        learnt = None if question is None else of_question(question, rng)
        if learnt is not None:
            found.append((scene, learnt))
    batch = task.collated(found, rng)
    texts = sorted((learnt.text for _, learnt in found), key=len)
    spans = {learnt.text: learnt.text[slice(*learnt.span)] for _, learnt in found}
    checked = 0
    for text, (first, last) in zip(texts, batch.span.tolist()):
        if first == IGNORED:
            continue
        ids = task.reader.question_ids(text)[first : last + 1]
        assert task.reader.language.tokenizer.decode(ids).strip() == spans[text]
        checked += 1
    assert checked > 5


def test_export_adds_an_answer_reasoner_that_answers_and_refuses(tiny_checkpoint, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "joined"
    assert train.main(command(run, tiny_checkpoint)) == 0
    arguments = ["--checkpoint", str(tiny_checkpoint), "--answers", str(run), "--output", str(out)]
    assert export.main(arguments) == 0, capsys.readouterr().err
    assert (out / "model-answers.safetensors").exists()
    planner = Planner.from_pretrained(str(out))
    assert planner.answering is not None
    look = Look(planner, things(("small red block", 0.4, 0.2, 0.0), ("green bowl", 0.5, -0.1, 0.0)))
    with torch.no_grad():
        planner.model.answers.sort.weight.zero_()
        planner.model.answers.sort.bias.zero_()
        planner.model.answers.sort.bias[SORTS.index("yes")] = 20.0
    assert look.answers(["is there a red block?", "is it in the bowl?"]) == ["yes", "yes"]
    with torch.no_grad():
        planner.model.answers.sort.bias[SORTS.index(ABSENT)] = 40.0
    with pytest.raises(PlanningError, match="names a thing that is not seen.*small red block|green bowl"):
        look.answer("where is the mug?")
    (reply,) = look.replies(["where is the mug?"])
    assert isinstance(reply, PlanningError)


def test_a_run_of_another_stage_is_refused(tiny_checkpoint, tmp_path, capsys):
    run = tmp_path / "run"
    assert train.main(command(run, tiny_checkpoint)) == 0
    arguments = ["--checkpoint", str(tiny_checkpoint), "--reasoner", str(run), "--output", str(tmp_path / "out")]
    assert export.main(arguments) == 1
    assert "is no run of the reason stage" in capsys.readouterr().err


def test_where_all_can_be_moved_things_of_any_kind_are_counted():
    rng, generator = np.random.default_rng(5), torch.Generator().manual_seed(5)
    drawn = sample_scenes(20, MOVABLE_RANGE, generator)
    found = 0
    for row in range(20):
        scene, _ = drawn.scene(row)
        for _ in range(20 if scene.objects else 0):
            asked = answered(scene, rng)
            words = asked.text.lower() if asked is not None and asked.sort == "number" else ""
            if any(f" {word}" in words for word in ("objects", "things", "items")):
                everything = set(range(len(scene.objects)))
                color = scene.objects[asked.among[0]].color
                alike = {slot for slot in everything if scene.objects[slot].color == color}
                named = any(f"{thing.color} " in words for thing in scene.objects)
                assert set(asked.among) in ((alike,) if named else (everything, alike)), (
                    asked
                )  # a slip may hide the color
                found += 1
    assert found > 5

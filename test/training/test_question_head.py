"""The head that hears whether a question has an answer: its questions, its stage, its export, the suite ``answerable``."""

import numpy as np
import pytest

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions.unanswerable import KINDS, unanswerable_question
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.words import unanswerable_wordings as words
from moe3d_ros.tabletop.words.wordings import KIND_WORDS
from moe3d_ros.world.seen_object import SeenObject
from training import export, train
from training.data.question_texts import QUESTION_CLASSES, question_texts
from training.evaluation import answerable
from training.evaluation.judging.detected_truth import CLOSEST, COUNT, IN, SORTS, detected_question, detected_scene


def seen(kind: str, color: str, x: float, y: float, z: float = 0.02, half: float = 0.02) -> SeenObject:
    size = "small" if kind == "block" else ""
    return SeenObject(
        f"{size} {color} {kind}".strip(), kind, color, size, (x, y, z), (half, half, half), 0.0, None, 1.0
    )


TABLE = (
    seen("bowl", "green", 0.4, 0.2, z=0.03, half=0.06),
    seen("block", "red", 0.4, 0.2, z=0.05),
    seen("block", "blue", 0.6, -0.2),
    seen("zone", "white", 0.5, -0.4, z=0.001, half=0.06),
)
BLOCKS = ("blocks are there?", "blocks do you see?", "cubes are there?", "cubes do you see?")


def test_held_out_questions_are_not_trained():
    assert not set(words.UNRELATED) & set(words.HELD_OUT_UNRELATED)
    assert not set(words.UNSEEN) & set(words.HELD_OUT_UNSEEN)
    assert not words.FOREIGN.keys() & words.HELD_OUT_FOREIGN.keys()


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_said_to_be_absent_is_absent(held_out):
    found = 0
    for number in range(60):
        rng = np.random.default_rng(number)
        scene = random_scene(rng)
        asked = unanswerable_question(scene, rng, "absent", held_out)
        if asked is None:
            continue
        found += 1
        assert asked.absent in asked.text
        for thing in scene.objects:
            names = [f"{thing.color} {word}" for word in KIND_WORDS[thing.kind]]
            assert not any(asked.absent.endswith(name) for name in names), (asked, thing.name)
    assert found > 30


def test_every_class_is_drawn_and_questions_are_a_function_of_the_seed():
    scene = random_scene(np.random.default_rng(1))
    drawn = question_texts(scene, np.random.default_rng(2), 100)
    assert {label for _, label in drawn} == set(range(len(QUESTION_CLASSES)))
    assert drawn == question_texts(scene, np.random.default_rng(2), 100)


def test_truth_follows_from_what_is_detected():
    scene = detected_scene(TABLE)
    told = {sort: {} for sort in SORTS}
    for number in range(80):
        for sort in SORTS:
            asked = detected_question(scene, np.random.default_rng(number), sort)
            if asked is not None:
                told[sort][asked[0]] = asked[1]
    assert told[IN]["is the red block in the green bowl?"] == "yes"
    assert set(told[IN].values()) == {"yes", "no"}
    all_of_a_kind = {answer for question, answer in told[COUNT].items() if question.removeprefix("how many ") in BLOCKS}
    assert all_of_a_kind == {"two"}
    assert all("close" in question or "near" in question for question in told[CLOSEST])
    nearer = "which is closer to the robot, the green bowl or the blue block?"
    assert told[CLOSEST].get(nearer, "the green bowl") == "the green bowl"
    assert len(told[CLOSEST]) >= 3


def test_export_adds_the_head_which_refuses_where_it_is_sure(tiny_checkpoint, tmp_path, capsys):
    own = {"init": tiny_checkpoint, "layer": 2, "width": 16, "queries": 2, "batch_size": 12, "batches": 1, "steps": 3}
    own["output"] = tmp_path / "run"
    given = [text for name, value in own.items() for text in (f"--{name}", str(value))]
    assert train.main(["--stage", "question_form", *given]) == 0
    out = tmp_path / "joined"
    arguments = ["--checkpoint", str(tiny_checkpoint), "--form", str(tmp_path / "run"), "--output", str(out)]
    assert export.main(arguments) == 0, capsys.readouterr().err
    assert (out / "model-questions.safetensors").exists()
    planner = Planner.from_pretrained(str(out))
    assert planner.config.questions.classes == QUESTION_CLASSES
    assert planner.config.form is None
    figures = answerable.run(planner, scenes=2)
    assert set(figures["counts"]) >= {"agrees", "refused", "refused_falsely"}


def test_a_checkpoint_without_the_head_refuses_nothing(tiny_checkpoint):
    figures = answerable.run(Planner.from_pretrained(str(tiny_checkpoint)), scenes=2)
    assert not any(record["refused"] for record in figures["records"])


def test_the_suite_tells_a_good_planner_from_a_bad_one():
    def record(kind: str, good: bool) -> dict:
        expected, refused = (None, good) if kind in KINDS else ("yes", not good)
        agrees = good and expected is not None
        return {"kind": kind, "expected": expected, "refused": refused, "agrees": agrees, "wording": "trained wording"}

    good, bad = (answerable.summary([record(kind, which) for kind in (*SORTS, *KINDS)]) for which in (True, False))
    assert all(answerable.bars(good).values())
    assert not any(answerable.bars(bad).values())
    assert len(answerable.bars(good)) == len(SORTS) + len(KINDS) + 1

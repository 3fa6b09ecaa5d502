"""Suite words: the file of sentences, layouts that are clear, what counts as expected, figures and printed sentences."""

import json
from dataclasses import replace

import pytest

from moe3d_ros.look import Decision
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.tabletop.rules.typed_goals import RULES, Outcome
from moe3d_ros.tabletop.tasks.single_step import step_text
from moe3d_ros.world.areas import AREAS
from training import evaluate
from training.evaluation import free_words
from training.evaluation.free_words import Listener, run
from training.evaluation.judging.typed_sentences import OWN_SENTENCES, Disputable, lay_out, load_sentences, things_meant

DONE = Decision("done", 1.0)


@pytest.fixture
def written(tmp_path):
    """Writes entries to a file of sentences, and returns its path."""

    def write(*entries):
        path = tmp_path / "sentences.json"
        base = {"id": 1, "instruction": "go", "things": ["red block", "green bowl"], "placed": []}
        path.write_text(json.dumps([base | entry for entry in entries]))
        return path

    return write


def plan(*goals, **entry):
    return entry | {"expect": {"plan": [list(goal) for goal in goals]}}


def step(scene, pick, place, area=None):
    text = step_text(scene, pick, place, area)
    return Decision("step", 1.0, text, text.partition(", place it ")[2], pick, place)


def listener(*moves, end=DONE, forbids=()):
    """A listener that carries out ``moves`` whatever it is told, then says ``end``; it refuses what it ``forbids``."""

    def hear(scene, said):
        if said in forbids:
            raise PlanningError(ErrorCode.IMPOSSIBLE, f"{said!r} is not done here.")
        return said

    def decide(moments):
        return [
            step(moment.scene, *moves[len(moment.completed)]) if len(moment.completed) < len(moves) else end
            for moment in moments
        ]

    return Listener(hear, decide, lambda scene, said: PlanningError(ErrorCode.IMPOSSIBLE, f"{said!r} cannot be done."))


def cases(path, layouts=2):
    return [lay_out(sentence, layout) for sentence in load_sentences(path) for layout in range(layouts)]


def test_own_sentences_use_every_kind_of_goal_and_are_no_copies_of_each_other():
    sentences = load_sentences(OWN_SENTENCES)
    assert len(sentences) >= 60
    assert {sort for sentence in sentences for sort in sentence.sorts} == {*RULES, "refuse"}
    assert len({sentence.instruction for sentence in sentences}) == len(sentences)
    assert [sentence.number for sentence in sentences] == list(range(1, len(sentences) + 1))


def test_layouts_differ_are_the_same_for_everybody_and_are_not_done_yet():
    for sentence in load_sentences(OWN_SENTENCES):
        first, second = (lay_out(sentence, layout) for layout in range(2))
        assert first == lay_out(sentence, 0)
        assert first.scene != second.scene
        assert len(first.scene.objects) == len(sentence.things)
        if first.goals:
            assert not all(goal.holds(Outcome(first.scene, first.scene)) for goal in first.goals)


def test_things_have_their_size_and_lie_where_they_are_placed(written):
    entry = {
        "things": ["red block", "big blue cube", "green dish", "blue block"],
        "placed": [{"on": ["red block", "blue block"]}, {"in": ["blue block", "green dish"]}],
    }
    (case,) = cases(written(plan(("unmoved", "red block"), ("in", "big blue cube", "green dish"), **entry)), 1)
    assert [thing.name for thing in case.scene.objects] == [
        "small red block",
        "big blue block",
        "green bowl",
        "small blue block",
    ]
    red, _, bowl, blue = case.scene.objects
    assert abs(blue.position[0] - bowl.position[0]) < 0.02
    assert red.position[2] > blue.position[2] + 0.03


def test_goals_met_and_nothing_else_moved_is_as_expected(written):
    path = written(plan(("in", "red block", "green bowl"), things=["red block", "green bowl", "blue block"]))
    expected = {
        "complete": listener((0, 1)),
        "missed": listener((0, None, "middle")),
        "moved": listener((0, 1), (2, None, "middle")),
        "cannot": listener((0, 1), end=Decision("cannot", 1.0)),
        "limit": listener(*[(0, 1)] * 20),
    }
    found = {name: run(who, cases(path))["records"] for name, who in expected.items()}
    assert [record["as_expected"] for records in found.values() for record in records] == [True] * 2 + [False] * 8
    assert found["missed"][0]["missed"] == [["in", "red block", "green bowl"]]
    assert found["moved"][0]["moved"] == ["small blue block"]
    assert found["cannot"][0]["end"] == "cannot", "poses were published, so that it is no refusal"
    assert found["limit"][0]["end"] == "limit"
    assert len(found["limit"][0]["steps"]) == 6


def test_refusals_count_where_nothing_was_moved_and_their_sentences_are_kept(written):
    path = written({"instruction": "fly", "expect": {"refuse": "not a thing it can do"}})
    before, cannot = listener(forbids=("fly",)), listener(end=Decision("cannot", 1.0))
    for who, said in ((before, "'fly' is not done here."), (cannot, "'fly' cannot be done.")):
        records = run(who, cases(path))["records"]
        assert [(record["as_expected"], record["end"], record["said"]) for record in records] == [
            (True, "refused", said)
        ] * 2
    for who in (listener(), listener((0, 1)), listener((0, 1), end=Decision("cannot", 1.0))):
        assert not any(record["as_expected"] for record in run(who, cases(path))["records"])


def test_figures_are_by_kind_and_by_sentence(written):
    path = written(
        plan(("in", "red block", "green bowl"), id=1),
        plan(("area", "red block", "middle"), ("not_in", "red block", "green bowl"), id=2),
        {"id": 3, "expect": {"refuse": "no task"}, "instruction": "hm"},
    )
    figures = run(listener((0, 1), forbids=("hm",)), cases(path, 4))
    assert figures["as_expected"] == pytest.approx(2 / 3)
    assert (figures["plan"], figures["refuse"]) == (0.5, 1.0)
    assert (figures["plan, in"], figures["plan, area"], figures["plan, not_in"]) == (1.0, 0.0, 0.0)
    assert figures["counts"]["as_expected"] == 12
    assert figures["counts"]["always_as_expected"] == 3
    assert free_words.bars(figures) == {"as_expected >= 0.85": False}
    printed = free_words.table(figures)
    assert "2 4 of 4: 'go': complete after: pick the small red block, place it in the green bowl" in printed
    assert "missed ['not_in', 'red block', 'green bowl']" in printed
    assert "3 'hm' (no task): 'hm' is not done here." in printed


def test_one_layout_that_fails_makes_a_sentence_not_always_as_expected():
    good = {"id": 1, "sorts": ["in"], "as_expected": True}
    figures = free_words.summary([good, good | {"as_expected": False}])
    assert (figures["as_expected"], figures["always_as_expected"]) == (0.5, 0.0)


@pytest.fixture
def row(written):
    """Three blocks and a bowl, of which only the blocks' order from the left is clear; the names and the scene."""
    names = ["red block", "blue block", "gray block", "green bowl"]
    (case,) = cases(written(plan(("in", "second block from the left", "green bowl"), things=names)), 1)
    objects = [
        replace(thing, position=(x, y, 0.02))
        for thing, (x, y) in zip(case.scene.objects, ((0.5, -0.2), (0.5, 0.3), (0.7, 0.1), (0.4, 0.0)))
    ]
    return tuple(names), replace(case.scene, objects=tuple(objects))


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("red block", (0,)),
        ("block", (0, 1, 2)),
        ("bowl", (3,)),
        ("leftmost block", (1,)),
        ("rightmost block", (0,)),
        ("second block from the left", (2,)),
        ("third block from the left", (0,)),
        ("first block from the right", (0,)),
        ("first block from the far side", (2,)),
        ("farthest block", (2,)),
    ],
)
def test_things_are_meant_by_name_or_by_where_they_lie(row, phrase, meant):
    assert things_meant(phrase, *row) == meant


@pytest.mark.parametrize("phrase", ["nearest block", "second block from the near side"])
def test_what_people_could_dispute_is_laid_out_anew(row, phrase):
    """Two of the blocks are equally near."""
    with pytest.raises(Disputable, match="about as far"):
        things_meant(phrase, *row)


def test_the_farthest_is_so_from_the_table_side_and_from_the_robot(row):
    names, scene = row
    objects = list(scene.objects)
    objects[2] = replace(objects[2], position=(0.55, 0.1, 0.02))  # the blue one is farther from the robot
    with pytest.raises(Disputable, match="the robot's distance"):
        things_meant("farthest block", names, replace(scene, objects=tuple(objects)))


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (plan(("under", "red block", "green bowl")), "no kind of goal: use in, on"),
        (plan(("in", "red block")), "'in' has thing, thing"),
        (plan(("in", "red block", "drawer")), "'drawer' is none of its things"),
        (plan(("in", "seventh block from the left", "green bowl")), "none of its things"),
        (plan(("in", "third block from the left", "green bowl")), "not enough things"),
        (plan(("area", "red block", "attic")), f"no area: use {AREAS[0]}"),
        (plan(("in_any", "red block", "crate")), "no kind of thing"),
        (plan(("shifted", "red block", [0, 0.1], "roughly")), "is no tolerance"),
        (plan(("unmoved", "red block")), "no layout of its things is clear, undone"),
        (plan(("shifted", "red block", [0, 2.0], "within 1 cm")), "has room"),
        (plan(("in", "red block", "green bowl"), things=["red banana", "green bowl"]), "'red banana' is no thing"),
        (plan(("in", "red block", "green bowl"), things=["ochre block", "green bowl"]), "'ochre block' is no thing"),
        (plan(placed=[{"in": ["blue block", "green bowl"]}]), "not in tuple"),
        ({"expect": {}}, "either 'plan' or 'refuse'"),
        ({"expect": {"plan": [], "refuse": "both"}}, "either 'plan' or 'refuse'"),
        ({}, "'expect'"),
    ],
)
def test_an_entry_that_cannot_be_is_named_before_a_checkpoint_is_loaded(written, entry, word, capsys):
    path = written({"id": 7} | entry)
    with pytest.raises(SystemExit):
        evaluate.main(["--suite", "words", "--checkpoint", "nowhere", "--file", str(path)])
    said = capsys.readouterr().err
    assert "entry 7" in said
    assert word in said


@pytest.mark.parametrize("text", [None, "{", "3"])
def test_a_file_that_is_none_is_refused(tmp_path, text, capsys):
    path = tmp_path / "words.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit):
        evaluate.main(["--suite", "words", "--checkpoint", "nowhere", "--file", str(path)])
    assert "words.json" in capsys.readouterr().err


def test_the_suite_runs_with_a_planner(tiny_checkpoint, written, tmp_path, capsys):
    """By the doors of a user's sentence: what is no text is refused in the planner's own words."""
    path = written(
        plan(("in", "red block", "green bowl"), id=1, instruction="put the red block in the green bowl"),
        {"id": 2, "instruction": "?!", "expect": {"refuse": "no words"}},
        {"id": 3, "instruction": " \n", "expect": {"refuse": "no words"}},
    )
    out = tmp_path / "out.json"
    arguments = ["--suite", "words", "--checkpoint", str(tiny_checkpoint), "--file", str(path), "--layouts", "2"]
    assert evaluate.main([*arguments, "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert (figures["checkpoint"], figures["layouts"], figures["file"]) == ("tiny", 2, str(path))
    assert len(figures["records"]) == 6
    assert figures["refuse"] == 1.0
    assert [record["said"] for record in figures["records"][2:]] == [
        "The instruction is not clean UTF-8 text: send it as plain words in UTF-8."
    ] * 2 + ["The instruction is empty: say what should happen, for example 'put the red block in the green bowl'."] * 2
    assert "refused as expected" in capsys.readouterr().out

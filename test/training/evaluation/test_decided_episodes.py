"""Suite decisions: whole episodes by rules alone, what deciders score, what a step does, causes of mistakes, figures."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.look import Decision
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.tasks.goals import Beside, Into
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, satisfied
from moe3d_ros.tabletop.tasks.single_step import step_text
from moe3d_ros.world.sides import SIDES
from training import evaluate
from training.evaluation import decided_episodes
from training.evaluation.decided_episodes import DecisionsOptions, cause_of, figures_of, played
from training.evaluation.judging.episode import BENCHMARK, held_out_episode
from training.evaluation.judging.symbolic_decisions import Moment, decide_many, oracle_decisions
from training.evaluation.judging.symbolic_world import Run, Taken, carry_out, play
from training.stages.described import describe

RED, BLUE, BOWL, ZONE = range(4)
DONE = Decision("done", 1.0)


@pytest.fixture
def table():
    """A red block on a blue one, a green bowl, a yellow zone."""
    things = [Thing("block", "red", "small", on=BLUE), Thing("block", "blue", "small"), Thing("bowl", "green")]
    return arrange([*things, Thing("zone", "yellow")], np.random.default_rng(1))


def step(scene, pick, place, area=None):
    text = step_text(scene, pick, place, area)
    return Decision("step", 1.0, text, text.partition(", place it ")[2], pick, place)


def episodes(number=2, **options):
    return [held_out_episode(name, index, **options) for name in BENCHMARK for index in range(number)]


def test_the_oracle_does_all_eleven_tasks_and_says_done():
    records = played(episodes(3), oracle_decisions)
    assert {record["task"] for record in records} == set(BENCHMARK)
    assert all(record["success"] and record["end"] == "complete" for record in records)
    assert all(record["steps"][-1]["text"] == "done" for record in records)
    assert all(len(record["steps"]) == record["moves"] + 1 for record in records)
    figures = figures_of(records, DecisionsOptions())
    assert figures["seen_mean"] == figures["unseen_mean"] == figures["least_success"] == 1.0
    assert all(decided_episodes.bars(figures).values())


def test_who_says_done_at_once_scores_what_doing_nothing_scores():
    asked = episodes(3)
    records = played(asked, lambda moments: [DONE] * len(moments))
    for record, episode in zip(records, asked):
        reached, goals = satisfied(episode.task, episode.scene)
        assert record["score"] == reached / goals < 1
        assert record["oracle"]
        assert [one["cause"] for one in record["steps"]] == ["said done with steps left"]
    figures = figures_of(records, DecisionsOptions())
    assert figures["least_success"] == 0
    assert figures["mistakes"]["said done with steps left"] == len(records)
    assert not any(decided_episodes.bars(figures).values())


def test_who_gives_up_or_never_ends_is_told_apart():
    asked = episodes(1)
    assert {record["end"] for record in played(asked, lambda moments: [Decision("cannot", 1.0)] * len(moments))} == {
        "cannot"
    }

    def restless(moments):
        """Right steps, and when nothing is left the first block to the middle, for ever."""
        right = oracle_decisions(moments)
        return [step(m.scene, 0, None, "middle") if d.end == "done" else d for m, d in zip(moments, right)]

    records = played(asked, restless)
    assert {record["end"] for record in records} == {"limit"}
    causes = [one["cause"] for record in records for one in record["steps"]]
    assert "went on when done" in causes
    assert "said done with steps left" not in causes


def test_an_episode_does_not_depend_on_what_is_played_beside_it():
    together = played(episodes(2), oracle_decisions)
    alone = [record for episode in episodes(2) for record in played([episode], oracle_decisions)]
    for one, other in zip(together, alone):
        assert one | {"seconds": 0} == other | {"seconds": 0}


def test_one_call_decides_for_all_that_go_on(table):
    asked = []

    def decide(moments):
        asked.append([moment.instruction for moment in moments])
        return [DONE if m.instruction == "short" or m.completed else step(m.scene, RED, ZONE) for m in moments]

    runs = [Run(table, said, 5, np.random.default_rng(0)) for said in ("short", "long", "long")]
    play(runs, decide)
    assert asked == [["short", "long", "long"], ["long", "long"]]
    assert [run.end for run in runs] == ["complete"] * 3
    assert runs[1].completed == (step_text(table, RED, ZONE, None),)


def test_a_step_is_a_little_off_and_counts_as_done(table):
    after, hindrance = carry_out(table, step(table, RED, BOWL), np.random.default_rng(0))
    assert hindrance == ""
    assert Layout(after).at(RED, BOWL)
    off = np.subtract(after.objects[RED].position[:2], table.objects[BOWL].position[:2])
    assert 0 < np.hypot(*off) < 0.02
    assert after.objects[BLUE] == table.objects[BLUE]


@pytest.mark.parametrize(
    ("pick", "place", "area", "reason"),
    [
        (BLUE, BOWL, None, "something lies on the small blue block"),
        (BOWL, ZONE, None, "the green bowl cannot be picked"),
        (None, BOWL, None, "nothing is picked"),
        (RED, RED, None, "cannot be put on itself"),
        (RED, None, "small red block", "there is no spot"),
    ],
)
def test_what_cannot_be_done_costs_a_step_and_is_not_completed(table, pick, place, area, reason):
    words = "on the middle" if area is None else f"on the {area}"
    decision = Decision("step", 1.0, "pick it, place it there", words, pick, place)
    run = Run(table, "anything", 1, np.random.default_rng(0))
    play([run], lambda moments: [decision])
    (taken,) = run.taken
    assert reason in taken.hindrance
    assert run.scene == table
    assert (run.completed, run.end) == ((), "limit")


@pytest.mark.parametrize("side", SIDES)
def test_a_step_beside_a_thing_ends_there_or_says_why_not(table, side):
    place, second = (BOWL, ZONE) if side == "between" else (ZONE, None)
    text = step_text(table, RED, place, None, side, second)
    decision = Decision("step", 1.0, text, text.partition(", place it ")[2], RED, place, 1.0, 1.0, side, second)
    after, hindrance = carry_out(table, decision, np.random.default_rng(0))
    if hindrance:
        assert hindrance.startswith(f"There is no room {side} the ")
        assert after == table
    else:
        assert Layout(after).beside(RED, side, place, second)
    for wrong, reason in ((replace(decision, place=RED), "itself"), (replace(decision, second=place), "between")):
        if wrong.place == RED or second is not None:
            assert reason in carry_out(table, wrong, np.random.default_rng(0))[1]


def test_the_oracle_decides_on_steps_beside_things(table):
    task = LongTask("beside", "", ((Beside((RED,), "next to", BOWL),),))
    (decision,) = oracle_decisions([Moment(table, "", task=task)])
    assert (decision.side, decision.destination) == ("next to", "next to the green bowl")
    after, _ = carry_out(table, decision, np.random.default_rng(0))
    assert satisfied(task, after) == (1, 1)
    assert cause_of(task, Taken(decision, table, after, "")) is None


def test_a_block_put_on_a_covered_one_comes_down_on_the_pile(table):
    scene = replace(table, objects=(*table.objects, replace(table.objects[RED], position=(0.3, -0.4, 0.02))))
    third = len(table.objects)
    after, hindrance = carry_out(scene, step(scene, third, BLUE), np.random.default_rng(0))
    assert hindrance == ""
    assert Layout(after).below[third] == RED
    again, _ = carry_out(after, step(after, third, BLUE), np.random.default_rng(0))
    assert Layout(again).below[third] == RED, "what is on top is put down again, not on itself"


def test_causes_name_the_part_of_the_step_that_is_wrong(table):
    task = LongTask("A", "put the red block in the green bowl", ((Into((RED,), ((BOWL,),)),),))

    def cause(scene, decision):
        after, hindrance = carry_out(scene, decision, np.random.default_rng(0))
        return cause_of(task, Taken(decision, scene, after, hindrance))

    assert cause(table, step(table, RED, BOWL)) is None
    assert cause(table, step(table, RED, ZONE)) == "wrong place"
    assert cause(table, step(table, BLUE, BOWL)) == "wrong pick"
    done, _ = carry_out(table, step(table, RED, BOWL), np.random.default_rng(0))
    assert cause(done, step(done, RED, ZONE)) == "went on when done"


def test_putting_aside_somewhere_else_helps_too(table):
    task = LongTask("A", "put the blue block in the green bowl", ((Into((BLUE,), ((BOWL,),)),),))
    for decision in (step(table, RED, ZONE), step(table, RED, None, "far side")):
        after, _ = carry_out(table, decision, np.random.default_rng(0))
        assert cause_of(task, Taken(decision, table, after, "")) is None


def test_decisions_point_at_things_of_the_scene(tiny_checkpoint):
    """The objects that the model is told are sorted from left to right; the scene's are not."""
    planner = Planner.from_pretrained(str(tiny_checkpoint))
    moments = [Moment(episode.scene, episode.task.instruction) for episode in episodes(1)]
    found = 0
    for moment, decided in zip(moments, decide_many(planner, moments)):
        told, _ = describe(batch_scenes([moment.scene]), torch.Generator().manual_seed(0), len(planner.kinds), errors=0)
        look = planner.look_at_objects(told)
        alone = look.decide(moment.instruction)
        assert (decided.end, decided.text) == (alone.end, alone.text)
        for told_as, which in ((alone.pick, decided.pick), (alone.place, decided.place)):
            assert (told_as is None) == (which is None)
            if told_as is not None:
                found += told_as != which
                assert look.objects[told_as].center == pytest.approx(moment.scene.objects[which].position, abs=1e-6)
    assert found, "some of the numbers differ between the two orders"


def test_the_oracle_needs_a_meaning(table):
    with pytest.raises(ValueError, match="does not know what 'hello' means"):
        oracle_decisions([Moment(table, "hello")])


def test_the_suite_writes_the_same_figures_through_two_processes(tmp_path, capsys):
    common = ["--suite", "decisions", "--oracle-only", "--episodes", "2", "--tasks", "A,K", "--checkpoint", "nowhere"]
    written = []
    for workers in ("1", "2"):
        out = tmp_path / f"{workers}.json"
        assert evaluate.main([*common, "--workers", workers, "--json", str(out)]) == 0
        written.append(json.loads(out.read_text()))
    printed = capsys.readouterr().out
    assert "LoHoVLA" not in printed, "published figures are of a world with physics"
    assert "least_success >= 0.8: met" in printed
    for figures in written:
        assert (figures["suite"], figures["checkpoint"]) == ("decisions", "oracle")
        for record in figures["records"]:
            record.pop("seconds")
    assert written[0]["records"] == written[1]["records"]
    assert [(r["task"], r["number"]) for r in written[0]["records"]] == [("A", 0), ("K", 0), ("A", 1), ("K", 1)]


def test_options_change_what_they_name(tiny_checkpoint, tmp_path):
    common = ["--suite", "decisions", "--checkpoint", str(tiny_checkpoint), "--tasks", "B", "--episodes", "1"]
    written = {}
    for option in ("", "--typos", "--held-out-wordings", "--unseen-colors"):
        out = tmp_path / "out.json"
        assert evaluate.main([*common, *filter(None, [option]), "--json", str(out)]) == 0
        written[option] = json.loads(out.read_text())
    assert {figures["checkpoint"] for figures in written.values()} == {"tiny"}
    said = {option: figures["records"][0]["instruction"] for option, figures in written.items()}
    assert len(set(said.values())) == 4
    assert written["--typos"]["records"][0]["moves"] == written[""]["records"][0]["moves"]
    assert written["--unseen-colors"]["colors"] == "all"
    assert written["--typos"]["typos"]
    assert not written[""]["typos"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--tasks", "A,Z"], "no task"), (["--episodes", "0"], "at least 1"), (["--workers", "0"], "at least 1")],
)
def test_options_that_cannot_be_are_refused(arguments, word, capsys):
    with pytest.raises(SystemExit):
        evaluate.main(["--suite", "decisions", "--checkpoint", "nowhere", *arguments])
    assert word in capsys.readouterr().err

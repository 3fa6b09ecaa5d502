"""Suite beside: full marks for the oracle's poses, none for the wrong thing, side or gap, whatever the words say."""

import json
from dataclasses import replace

import pytest

from moe3d_ros.plan import Action, Plan
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.sides import SIDES
from training import evaluate
from training.evaluation.beside import bars, held_out_episode, judge, summary


def plan_of(*steps):
    actions = []
    for number, step in enumerate(steps):
        target, destination = step.text.removeprefix("pick the ").split(", place it ")
        actions.append(Action(number, "pick_place", target, destination, step.pick, step.place, 1.0, step.text))
    return Plan("", tuple(actions), not actions)


def shifted(step, x=0.0, y=0.0):
    px, py, pz = step.place.position
    return replace(step, place=replace(step.place, position=(px + x, py + y, pz)))


@pytest.fixture(scope="module")
def episodes():
    return [(scene, task) for scene, task, _, _ in map(held_out_episode, range(60))]


def test_episodes_are_of_every_side_in_words_that_training_never_uses(episodes):
    assert {task.steps[0].side for _, task in episodes} == set(SIDES)
    assert all(task.held_out for _, task in episodes)
    assert [task.grounded for _, task in episodes] == [False, True] * 30
    assert held_out_episode(3)[:3] == held_out_episode(3)[:3]
    assert held_out_episode(3)[1].instruction != held_out_episode(3, held_out=False)[1].instruction


def test_the_oracle_has_full_marks_and_an_error_of_nothing(episodes):
    records = [
        {"grounded": task.grounded, **judge(plan_of(task.steps[0]), scene, task.steps[0])} for scene, task in episodes
    ]
    figures = summary(records)
    assert {name: figures[name] for name in figures["counts"]} == dict.fromkeys(figures["counts"], 1.0)
    assert figures["gap_error_median"] < 1e-3
    assert list(bars(figures).values()) == [True, True]


def test_what_is_wrong_is_counted_as_what_it_is(episodes):
    scene, task = next((s, t) for s, t in episodes if t.steps[0].side == "left of")
    (step,) = task.steps
    nothing = judge(plan_of(), scene, step)
    assert not any(nothing[name] for name in ("right", "text_right", "picked", "at_side", "free"))
    assert judge(None, scene, step) == nothing
    x, y, _ = scene.objects[step.place_index].position
    _, _, height = step.place.position
    mirrored = replace(step, place=pose_from_xyz_yaw((x, 2 * y - step.place.position[1], height), 0.0))
    assert not judge(plan_of(mirrored), scene, step)["at_side"]
    onto = replace(step, place=pose_from_xyz_yaw((x, y, height), 0.0))
    record = judge(plan_of(onto), scene, step)
    assert (record["text_right"], record["at_side"], record["right"]) == (True, False, False)
    assert record["gap_error"] == pytest.approx(0.03)
    other = next(i for i, o in enumerate(scene.objects) if o.traits.movable and i != step.pick_index)
    thing = scene.objects[other]
    wrong = replace(step, pick=pose_from_xyz_yaw((*thing.position[:2], thing.top), thing.yaw))
    record = judge(plan_of(wrong), scene, step)
    assert (record["picked"], record["right"], record["gap_error"]) == (False, False, None)
    assert not judge(plan_of(step, step), scene, step)["right"]  # one step was asked for
    in_the_air = replace(step, pick=pose_from_xyz_yaw((x, y, 0.28), 0.0))
    assert not judge(plan_of(in_the_air), scene, step)["picked"]


def test_the_error_is_that_of_the_gap(episodes):
    for scene, task in episodes:
        (step,) = task.steps
        if step.side == "behind":
            record = judge(plan_of(shifted(step, x=0.02)), scene, step)
            assert record["gap_error"] == pytest.approx(0.02, abs=0.006)  # a corner may be what is nearest
            assert Layout(scene).gap(step.pick_index, step.place_index) >= 0


def test_a_collision_is_not_right_though_the_side_is(episodes):
    hit = 0
    for scene, task in episodes:
        (step,) = task.steps
        if step.side != "next to":
            for x, y in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
                record = judge(plan_of(shifted(step, x, y)), scene, step)
                hit += record["at_side"] and not record["free"]
                assert record["right"] == (record["at_side"] and record["free"])
    assert hit


def test_between_two_things_is_said_in_either_order(episodes):
    scene, task = next((s, t) for s, t in episodes if t.steps[0].side == "between")
    (step,) = task.steps
    one, other = step.text.partition(" between ")[2].split(" and ")
    swapped = replace(step, text=step.text.replace(f"{one} and {other}", f"{other} and {one}"))
    assert judge(plan_of(swapped), scene, step)["text_right"]
    assert judge(plan_of(step), scene, step)["gap_error"] is None


def test_the_suite_runs_and_writes_its_figures(tiny_checkpoint, tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--suite", "beside", "--checkpoint", str(tiny_checkpoint), "--scenes", "3", "--json", str(out)]
    assert evaluate.main(arguments) == 0
    figures = json.loads(out.read_text())
    assert len(figures["records"]) == 3
    assert figures["right"] < 1
    assert "error of the gap against 3 cm" in capsys.readouterr().out

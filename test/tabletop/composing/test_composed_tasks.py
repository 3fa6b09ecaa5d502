"""Composed tasks: every part occurs with every other, what is held out does not, and the oracle ends what is drawn."""

import itertools
import json
from collections import Counter

import numpy as np
import pytest

from moe3d_ros.tabletop.composing.drawing import draw_held_out, draw_task, offered
from moe3d_ros.tabletop.composing.drawing_forms import CLAUSES, draw_form
from moe3d_ros.tabletop.composing.held_out import BENCHMARK, COMBINATIONS, VALIDATION, held_out
from moe3d_ros.tabletop.composing.parts import LAYOUTS, RELATIONS, SELECTIONS, meaningful, parts, told_by_place
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Selection, TaskForm
from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.tabletop.tasks.goals import Beside
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, right_moves, satisfied
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.sides import SIDES
from moe3d_ros.world.workspace import Workspace

NAMED = ("colors", "colors+size", "colors+count", "colors+rank", "area+colors", "colors+side")


@pytest.fixture(scope="module")
def many_forms():
    """A hundred thousand forms, as training draws them."""
    rng = np.random.default_rng(0)
    return [draw_form(rng) for _ in range(100_000)]


@pytest.fixture(scope="module")
def seen(many_forms):
    """Number of clauses by the names of their three parts."""
    return Counter(parts(clause) for form in many_forms for clause in form.clauses)


def test_nothing_that_is_held_out_is_drawn_for_training(many_forms):
    assert not [held_out(form) for form in many_forms if held_out(form)]


def test_every_part_is_drawn_with_every_other_that_it_goes_with(seen):
    print()
    for selection in SELECTIONS:
        row = [sum(n for (s, r, _), n in seen.items() if (s, r) == (selection, relation)) for relation in RELATIONS]
        print(f"{selection:24s}" + "".join(f"{n:6d}" for n in row))
    whole = [names for names in itertools.product(SELECTIONS, RELATIONS, LAYOUTS) if meaningful(*names)]
    trained = [names for names in whole if not {names, ("*", *names[1:])} & set(COMBINATIONS.values())]
    for a, b in itertools.combinations(range(3), 2):
        drawn = {(names[a], names[b]) for names in seen}
        assert {(names[a], names[b]) for names in trained} <= drawn
        assert drawn <= {(names[a], names[b]) for names in whole}


def test_no_relation_comes_only_with_named_things_or_never_with_all(seen):
    for relation, layout in {names[1:] for names in seen}:
        said = {("all", relation, layout), ("*", relation, layout)} & {*COMBINATIONS.values()}
        partly = layout == "pile_by_turns" or (relation, layout) == ("named area", "put")  # held out in one form of two
        if meaningful("all", relation, layout) and (partly or not said):
            assert seen["all", relation, layout] > 0
        unnamed = sum(n for (s, *rest), n in seen.items() if tuple(rest) == (relation, layout) and s not in NAMED)
        assert unnamed > 0


def test_every_part_of_what_is_held_out_is_trained_on_elsewhere(seen):
    assert len(VALIDATION) == 12
    for selection, relation, layout in COMBINATIONS.values():
        for place, part in enumerate((selection, relation, layout)):
            assert part == "*" or sum(n for names, n in seen.items() if names[place] == part) > 500


def test_forms_are_many_and_mostly_of_one_goal(many_forms):
    assert len(set(many_forms)) > 30_000
    shares = np.bincount([len(form.clauses) for form in many_forms], minlength=4)[1:] / len(many_forms)
    assert np.allclose(shares, CLAUSES, atol=0.03)


@pytest.mark.parametrize("scale", [0.35, 0.7, 1.0])
def test_the_oracle_ends_every_task_that_is_drawn(scale):
    rng = np.random.default_rng(round(100 * scale))
    for number in range(100):
        form, task, scene = draw_task(rng, scale=scale)
        assert not held_out(form, scene)
        assert len(scene.objects) <= 20
        taken = 0
        while (step := next_step(task, scene, rng if number % 2 else None)) is not None and taken <= 40:
            assert Workspace().contains(np.array([step.pick.position, step.place.position])).all()
            scene = apply_step(scene, step)
            taken += 1
        assert 0 < taken <= 40, form
        assert len(set(satisfied(task, scene))) == 1, form


def test_about_one_task_of_eight_puts_something_beside_a_thing():
    rng = np.random.default_rng(5)
    drawn = [draw_task(rng, scale=(0.5, 1.0)[number % 2]) for number in range(400)]
    beside = [(form, task) for form, task, _ in drawn if any(clause.destination.side for clause in form.clauses)]
    assert 0.07 < len(beside) / len(drawn) < 0.17
    for _, task in beside:
        goals = [goal for goals in task.alternatives for goal in goals if isinstance(goal, Beside)]
        assert goals
        for goal in goals:
            assert len(goal.picks) <= (2 if goal.side == "next to" else 1)
            assert (goal.second is None) == (goal.side != "between")
            assert not {goal.reference, goal.second} & set(goal.picks)
    assert {clause.destination.side for form, _ in beside for clause in form.clauses} == {"", *SIDES}


def test_each_side_is_drawn_with_each_kind_of_thing_and_with_every_selection_of_few(many_forms):
    clauses = [clause for form in many_forms for clause in form.clauses if clause.destination.side]
    assert {(c.destination.side, c.destination.kind) for c in clauses} == set(
        itertools.product(SIDES, (BLOCK, "bowl", "zone"))
    )
    assert {c.destination.second.kind for c in clauses if c.destination.second} == {BLOCK, "bowl", "zone"}
    few = {"colors", "size", "colors+size", "rank", "colors+rank", "rank+size", "count", "colors+count", "count+size"}
    assert {parts(clause)[0] for clause in clauses} == few
    assert 0.09 < sum(any(c.destination.side for c in form.clauses) for form in many_forms) / len(many_forms) < 0.14
    for clause in clauses:
        named = {(clause.destination.kind, clause.destination.color)}
        named |= (
            {(clause.destination.second.kind, clause.destination.second.color)} if clause.destination.second else set()
        )
        assert len(named) == 1 + (clause.destination.side == "between")
        assert not {(BLOCK, color) for color in clause.selection.colors} & named
        assert clause.selection.count <= 1


def test_full_scenes_are_full_and_small_ones_small():
    sizes = {
        scale: np.mean([len(draw_task(np.random.default_rng(seed), scale=scale)[2].objects) for seed in range(60)])
        for scale in (0.35, 1.0)
    }
    assert sizes[0.35] < 8 < 10 < sizes[1.0]


def test_there_is_something_that_a_careless_reader_would_take():
    rng = np.random.default_rng(3)
    misled = told = 0
    for _ in range(200):
        form, task, scene = draw_task(rng)
        if form.clauses[0].selection.conditions() - {"count"}:
            told += 1
            blocks = sum(thing.kind == BLOCK for thing in scene.objects)
            meant = {i for goal in task.alternatives[0] for i in goal.waiting(Layout(scene))}
            misled += blocks > len(meant)
    assert misled > 0.8 * told


def test_tasks_survive_json_and_their_goals_come_back():
    rng = np.random.default_rng(1)
    kinds = set()
    for _ in range(150):
        task = draw_task(rng)[1]
        kinds |= {type(goal).__name__ for goals in task.alternatives for goal in goals}
        again = LongTask.from_dict(json.loads(json.dumps(task.to_dict())))
        assert again == task
        assert again.orderly
    assert {"Into", "InArea", "Stack", "OneEach", "SomeOf", "ToTable", "Beside"} <= kinds


def test_a_seed_stands_for_one_task():
    first, again = ([draw_task(np.random.default_rng(seed)) for seed in range(20)] for _ in range(2))
    assert first == again
    assert len({form for form, _, _ in first}) > 15


@pytest.mark.parametrize("name", COMBINATIONS)
def test_what_is_held_out_can_be_drawn_on_purpose(name):
    for seed in range(4):
        form, task, scene = draw_held_out(name, np.random.default_rng(seed), scale=(0.5, 1.0)[seed % 2])
        assert held_out(form, scene) == name
        assert right_moves(task, scene)


def test_what_is_told_by_a_place_is_said_to_be():
    def form(**conditions):
        return TaskForm((Clause(Selection(**conditions), Destination("bowl", "own")),))

    assert told_by_place(form(area="left side"))
    assert told_by_place(form(rank=1, rank_side="left"))
    assert not told_by_place(form(colors=("red",), count=2))


def test_the_list_of_training_tasks_knows_nothing_of_composed_ones():
    assert "composed" not in TRAINING_TASKS


def test_other_colors_and_few_of_them_do():
    rng = np.random.default_rng(0)
    for _ in range(30):
        scene = draw_task(rng, colors=("pink", "white", "orange"), scale=0.5)[2]
        assert {thing.color for thing in scene.objects} <= {"pink", "white", "orange"}


def test_a_form_gets_the_scene_that_it_needs():
    rng = np.random.default_rng(2)
    form = TaskForm((Clause(Selection(parity="odd"), Destination("bowl", "other")),))
    for _ in range(5):
        drawn, task, scene = draw_task(rng, form=form)
        assert drawn == form
        assert offered(form, scene) == task
    with pytest.raises(ValueError, match="No scene"):
        draw_task(rng, form=TaskForm((Clause(Selection(colors=SEEN_COLORS), Destination("table"), "pile"),)))


def test_the_benchmark_has_its_six():
    assert list(BENCHMARK) == list("FGHIJK")

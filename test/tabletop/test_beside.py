"""The oracle beside things: its steps end where the judges want them, its goal is reached by them, and no room is no step."""

from dataclasses import replace

import numpy as np
import pytest
from things import thing

from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.rules.step_done import step_done, words_done
from moe3d_ros.tabletop.rules.typed_goals import RULES, Outcome
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Beside, Move
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, remaining_steps, right_moves, satisfied, text_of
from moe3d_ros.tabletop.tasks.progress import a_little_off, dropped
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.sides import SIDES, beside

RED, BLUE, BOWL, ZONE = range(4)
SCENE = Scene(
    (
        thing("block", "red", 0.35, 0.35, "small"),
        thing("block", "blue", 0.6, 0.3, "big", half=0.03),
        thing("bowl", "green", 0.5, 0.0, half=(0.06, 0.06, 0.018)),
        thing("zone", "yellow", 0.5, -0.3, half=(0.075, 0.075, 0.0005)),
    )
)


def second_of(side, second):
    return second if side == "between" else None


def moved_to(scene, index, x, y, bottom=0.0):
    objects = list(scene.objects)
    objects[index] = replace(objects[index], position=(x, y, bottom + objects[index].half_extents[2]))
    return replace(scene, objects=tuple(objects))


@pytest.mark.parametrize("side", SIDES)
def test_steps_in_random_scenes_end_where_the_judges_want_them(side):
    rng = np.random.default_rng(SIDES.index(side))
    taken = 0
    for _ in range(120):
        scene = random_scene(rng)
        layout = Layout(scene)
        picks = [i for i, o in enumerate(scene.objects) if o.traits.piled and layout.free(i)]
        others = [i for i, o in enumerate(scene.objects) if o.traits.destination and i not in picks[:1]]
        if not picks or len(others) < 2:
            continue
        one, other = rng.permutation(others)[:2].tolist()
        second = second_of(side, other)
        try:
            step = make_step(scene, picks[0], one, None, side, second)
        except NoSpot:
            continue
        taken += 1
        for after in (apply_step(scene, step), a_little_off(scene, step, rng)):
            things = (picks[0], one) if second is None else (picks[0], one, second)
            assert RULES[side.replace(" ", "_")].test(Outcome(scene, after), *things), (step, scene)
            assert Layout(after).untouched(picks[0])
            assert step_done(after, step)[0]
            target, _, place = step.text.removeprefix("pick the ").partition(", place it ")
            assert words_done(scene, after, target, place, step.pick.position)[0]
        lost = dropped(scene, step, rng)
        assert step_done(lost, step)[0] == Layout(lost).beside(picks[0], side, one, second)
    assert taken > 40


@pytest.mark.parametrize("side", SIDES)
def test_the_goal_wants_one_step_and_is_reached_by_it(side):
    second = second_of(side, ZONE)
    goal = Beside((RED,), side, BOWL, second)
    task = LongTask("beside", "", ((goal,),))
    move = Move(RED, BOWL, side=side, second=second)
    assert right_moves(task, SCENE) == [move]
    assert text_of(SCENE, move) == f"pick the small red block, place it {beside(side, 'green bowl', 'yellow zone')}"
    (step,) = remaining_steps(task, SCENE)
    after = apply_step(SCENE, step)
    assert satisfied(task, after) == (1, 1)
    assert right_moves(task, after) == []
    assert goal.waiting(Layout(SCENE)) == [RED]
    assert LongTask.from_dict(task.to_dict()) == task


def test_what_lies_on_the_block_goes_first():
    covered = moved_to(SCENE, BLUE, 0.35, 0.35, 0.04)
    task = LongTask("beside", "", ((Beside((RED,), "left of", BOWL),),))
    assert [(move.pick, move.aside) for move in right_moves(task, covered)] == [(BLUE, True)]
    assert satisfied(task, apply_step(covered, next_step(task, covered))) == (0, 1)


def test_two_fit_next_to_one_thing():
    task = LongTask("beside", "", ((Beside((RED, BLUE), "next to", BOWL),),))
    steps = remaining_steps(task, SCENE, np.random.default_rng(0))
    assert len(steps) == 2
    scene = SCENE
    for step in steps:
        scene = apply_step(scene, step)
    assert satisfied(task, scene) == (2, 2)


def test_a_block_that_stands_on_another_one_is_not_beside_what_is_near():
    after = moved_to(moved_to(SCENE, BLUE, 0.5, 0.12), RED, 0.5, 0.12, 0.06)
    assert Layout(after).beside(BLUE, "left of", BOWL)
    assert not Layout(after).beside(RED, "left of", BOWL)


def test_where_something_is_in_the_way_the_move_stays_right_and_there_is_no_step():
    full = moved_to(SCENE, BLUE, 0.5, 0.11)
    task = LongTask("beside", "", ((Beside((RED,), "left of", BOWL),),))
    assert [move.side for move in right_moves(task, full)] == ["left of"]
    assert next_step(task, full) is None
    with pytest.raises(NoSpot, match="no room left of the green bowl"):
        make_step(full, RED, BOWL, None, "left of")


def test_moves_between_two_things_are_the_same_in_either_order():
    one, other = (Move(RED, a, side="between", second=b) for a, b in ((BOWL, ZONE), (ZONE, BOWL)))
    assert one.plainly() == other.plainly()
    assert one.plainly() != Move(RED, BOWL, side="between", second=BLUE).plainly()
    assert Move(RED, BOWL, aside=True).plainly() == Move(RED, BOWL)


@pytest.mark.parametrize(
    ("place", "reached"),
    [
        ("left of the green bowl", True),
        ("left of the yellow zone", False),
        ("between the green bowl and the yellow zone", False),
        ("left of the white bowl", False),
    ],
)
def test_a_step_is_judged_by_what_its_words_say(place, reached):
    after = moved_to(SCENE, RED, 0.5, 0.11)
    assert words_done(SCENE, after, "small red block", place, (0.35, 0.35))[0] is reached

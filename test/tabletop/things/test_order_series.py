"""Several orders in one instruction: done in the order in which they are said, also where a place comes twice."""

from collections import Counter

import numpy as np
import pytest

from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, right_moves
from moe3d_ros.tabletop.things import order_phrases, series_phrases
from moe3d_ros.tabletop.things.thing_tasks import SERIES, refused_series, thing_task, worded_order
from moe3d_ros.world.kinds import BOWL

SEEDS = 80


@pytest.fixture(scope="module")
def drawn():
    return [worded_order(seed, SERIES) for seed in range(SEEDS)]


def test_series_have_two_orders_or_three_and_half_of_the_time_a_place_comes_again(drawn):
    numbers = Counter(len(one.order.clauses) for one, _ in drawn)
    assert set(numbers) == {2, 3}
    assert numbers[2] > numbers[3] > 10
    again = [one for one, _ in drawn if one.order.clauses[0].place == one.order.clauses[1].place]
    assert 0.25 * SEEDS < len(again) < 0.75 * SEEDS
    assert any(one.order.clauses[0].place.kind == BOWL for one in again)


def test_a_place_that_comes_again_is_named_again_or_said_to_be_the_same(drawn):
    twice, same = 0, 0
    for one, text in drawn:
        first, second = (clause.place for clause in one.order.clauses[:2])
        if first != second:
            continue
        low = text.lower().replace("grey", "gray")
        twice += bool(first.color) and low.count(first.color) > 1
        same += any(word in low for word in (" too", "as well", "the same", " add ", "follow"))
    assert twice > 3
    assert same > 3


def test_orders_are_done_one_after_the_other(drawn):
    """At every moment only what the first order that is left says is right."""
    followed = 0
    for one, text in drawn[:40]:
        task, scene = LongTask("things", text, (one.goals,), in_order=True), one.scene
        picks = [set(goal.picks) for goal in one.goals]
        for _ in range(12):
            moves = right_moves(task, scene)
            if not moves:
                break
            open_ones = [number for number, goal in enumerate(picks) if any(m.pick in goal for m in moves)]
            assert len(open_ones) <= 1, text  # none: something is taken aside
            for number in range(min(open_ones, default=0)):
                done = LongTask("things", text, ((one.goals[number],),))
                assert not right_moves(done, scene), text
            step = next_step(task, scene)
            if step is None:
                break
            scene = apply_step(scene, step)
        else:
            pytest.fail(f"{text} does not end")
        followed += not right_moves(task, scene)
    assert followed > 30


def test_a_task_keeps_that_it_is_in_order():
    task, _, _ = thing_task(3, np.random.default_rng(1), SERIES)
    assert task.in_order
    assert LongTask.from_dict(task.to_dict()) == task


def test_what_is_not_there_is_named_in_one_of_several_orders():
    for seed in range(30):
        order = refused_series(seed)
        color, kind = order.missing
        low = order.instruction.lower().replace("grey", "gray")
        assert color in low
        assert not any(thing.color == color and thing.kind == kind for thing in order.scene.objects)


def test_no_three_words_of_a_held_out_phrase_alone_are_in_a_series():
    def threes(phrases) -> set[tuple[str, ...]]:
        said = [[word for part in phrase.lower().split() if (word := part.strip(".,;:?!"))] for phrase in phrases]
        return {tuple(words[i : i + 3]) for words in said for i in range(len(words) - 2)}

    def of(source) -> set[tuple[str, ...]]:
        return set().union(*map(threes, source.values()))

    trained = of(series_phrases.TRAINED)
    assert not (of(order_phrases.HELD_OUT) - of(order_phrases.TRAINED)) & trained
    assert not of(series_phrases.HELD_OUT) & trained


def test_held_out_series_are_said_in_held_out_words_alone():
    for seed in range(20):
        one, text = worded_order(seed, SERIES, held_out=True)
        assert one == worded_order(seed, SERIES)[0]
        assert text != worded_order(seed, SERIES)[1]
        assert "{" not in text

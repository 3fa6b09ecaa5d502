"""Suite scenes: what is seen is held against what stands there, one to one; small, hidden and outer things need not be seen."""

from dataclasses import replace

import numpy as np
import pytest

from moe3d_ros.tabletop.household.arranged import Standing
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.vocabulary import KINDS, OBJECT
from training.evaluation.perceiving.real_tables import bars, judge, summary, table

HALF = np.array([0.03, 0.03, 0.04])


def thing(x, y, half=HALF):
    return Standing(OBJECT, 0, np.array([x, y, half[2]]), np.array(half), 0.0, True, False, "box")


def seen(x, y, z=0.04):
    return SeenObject("blue object", KINDS[OBJECT], "blue", "", (x, y, z), (0.03, 0.03, 0.04), 0.0, None, 0.9)


def judged(found, things, shown=None, points=50):
    label = np.repeat(np.arange(len(things)), points)
    return judge(found, things, np.ones(len(things)) if shown is None else np.array(shown), label)


def test_what_stands_there_and_is_seen_counts_once():
    record = judged([seen(0.5, 0.1), seen(0.505, 0.1)], [thing(0.5, 0.1)])
    assert record["seen"] == [True] and record["false"] == 1
    assert record["errors"] == [pytest.approx(0.0, abs=1e-9)]


def test_what_is_missed_is_named():
    record = judged([], [thing(0.5, 0.1)])
    assert record["seen"] == [False] and record["missed"] == ["box"] and record["false"] == 0


@pytest.mark.parametrize(
    ("things", "shown"),
    [
        ([thing(0.5, 0.1, (0.01, 0.01, 0.01))], [1.0]),
        ([thing(0.5, 0.1)], [0.4]),
        ([thing(0.755, 0.1)], [1.0]),
    ],
    ids=["small", "hidden", "outside"],
)
def test_small_hidden_and_outer_things_need_not_be_seen_but_may_be(things, shown):
    assert judged([], things, shown)["seen"] == []
    found = judged([seen(*things[0].center)], things, shown)
    assert found["seen"] == [] and found["false"] == 0


def test_of_two_that_touch_both_are_to_be_seen():
    pair = [thing(0.5, 0.1), thing(0.5, 0.161)]
    assert judged([seen(0.5, 0.13)], pair)["pairs"] == [False]
    assert judged([seen(0.5, 0.1), seen(0.5, 0.16)], pair)["pairs"] == [True]
    apart = [thing(0.5, 0.1), thing(0.5, 0.2)]
    assert judged([], apart)["pairs"] == []
    stacked = [thing(0.5, 0.1), replace(thing(0.5, 0.1), center=np.array([0.5, 0.1, 0.13]))]
    assert judged([], stacked)["pairs"] == []


def test_a_table_without_things_has_only_false_ones():
    record = judged([seen(0.5, 0.1)], [])
    assert record["false"] == 1 and record["seen"] == []


def test_figures_goals_and_table_of_records():
    common = {"refused": False, "seconds": 0.1}
    records = [
        judged([seen(0.5, 0.1)], [thing(0.5, 0.1)]) | common | {"bare": False},
        judged([seen(0.5, 0.1)], []) | common | {"bare": True},
    ]
    figures = summary(records)
    assert figures["recall"] == 1.0 and figures["false_per_scene"] == 0.5 and figures["false_on_bare"] == 1.0
    assert bars(figures)["recall >= 0.95"] and not bars(figures)["false_on_bare < 0.05"]
    assert "bare tables" in table(figures)
    assert "touching >= 0.9" not in bars(figures), "without a pair there is no share"


def test_nothing_that_is_trained_on_is_held_out():
    from moe3d_ros.tabletop.household.families import FAMILIES, HELD_OUT

    assert not set(HELD_OUT) & set(FAMILIES)

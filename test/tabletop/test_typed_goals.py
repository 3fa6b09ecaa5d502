"""Goals as people would put them: each kind on scenes made by hand, met and not met."""

from dataclasses import replace

import numpy as np
import pytest

from moe3d_ros.tabletop.rules.typed_goals import RULES, Expectation, Outcome, moved_without_reason, shift_bounds
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject

RED, BLUE, BOWL, ZONE, GREEN = range(5)
HALF = {"block": (0.02, 0.02, 0.02), "bowl": (0.06, 0.06, 0.018), "zone": (0.075, 0.075, 0.0005)}


def thing(kind, color, x, y, bottom=0.0):
    half = HALF[kind]
    size = "small" if kind == "block" else ""
    shape = "bowl" if kind == "bowl" else "box"
    return SceneObject(kind, color, size, (x, y, bottom + half[2]), half, 0.0, shape, (0, 0, 0))


START = Scene(
    (
        thing("block", "red", 0.4, 0.3),
        thing("block", "blue", 0.6, 0.3),
        thing("bowl", "green", 0.5, 0.0),
        thing("zone", "yellow", 0.5, -0.3),
        thing("block", "green", 0.35, 0.05),
    )
)


def at(**places):
    """START with things moved: ``red=(x, y)`` or ``red=(x, y, bottom)``."""
    indices = {"red": RED, "blue": BLUE, "green": GREEN, "bowl": BOWL}
    objects = list(START.objects)
    for name, (x, y, *bottom) in places.items():
        moved = objects[indices[name]]
        objects[indices[name]] = replace(moved, position=(x, y, (bottom or [0.0])[0] + moved.half_extents[2]))
    return replace(START, objects=tuple(objects))


IN_BOWL, ON_ZONE = (0.51, 0.01, 0.004), (0.5, -0.3, 0.001)
CASES = [  # goal, a scene in which it is met, scenes in which it is not
    (("in", (RED,), (BOWL,)), at(red=IN_BOWL), [START, at(red=(0.5, 0.07))]),
    (("on", (RED,), (ZONE,)), at(red=ON_ZONE), [START, at(red=(0.5, -0.23))]),
    (("on", (RED,), (BLUE,)), at(red=(0.6, 0.3, 0.04)), [START, at(red=(0.6, 0.33, 0.04)), at(red=(0.6, 0.3, 0.08))]),
    (("not_in", (RED,), (BOWL,)), START, [at(red=IN_BOWL), at(red=(0.55, 0.05, 0.03))]),
    (("not_on", (RED,), (ZONE,)), at(red=(0.5, -0.205)), [at(red=ON_ZONE), at(red=(0.5, -0.22))]),
    (("not_on", (RED,), (BLUE,)), START, [at(red=(0.6, 0.3, 0.04))]),
    (("in_any", (RED,), "bowl"), at(red=IN_BOWL), [START, at(red=ON_ZONE)]),
    (("in_any", (RED,), "zone"), at(red=ON_ZONE), [START, at(red=IN_BOWL)]),
    (
        ("stack", (RED, BLUE, GREEN), None),
        at(red=(0.35, 0.05, 0.04), blue=(0.35, 0.05, 0.08)),
        [
            START,
            at(red=(0.35, 0.05, 0.04)),
            at(red=(0.5, 0, 0.004), blue=(0.5, 0, 0.044), green=(0.5, 0, 0.084)),
            at(red=(0.35, 0.07, 0.04), blue=(0.35, 0.07, 0.08)),
        ],
    ),
    (
        ("stack", (RED, BLUE), (ZONE,)),
        at(blue=ON_ZONE, red=(0.5, -0.3, 0.041)),
        [START, at(red=ON_ZONE, blue=(0.53, -0.34, 0.001)), at(red=(0.6, 0.3, 0.04))],
    ),
    (("stack", (RED, BLUE), (GREEN,)), at(red=(0.35, 0.05, 0.04), blue=(0.35, 0.05, 0.08)), [at(red=(0.6, 0.3, 0.04))]),
    (
        ("stack_on", (RED, BLUE), (ZONE,)),
        at(red=ON_ZONE, blue=(0.5, -0.3, 0.041)),
        [START, at(blue=ON_ZONE, red=(0.5, -0.3, 0.041))],
    ),
    (("stack_on", (RED,), (BLUE,)), at(red=(0.6, 0.3, 0.04)), [START, at(blue=(0.4, 0.3, 0.04))]),
    (("stack_on", (BLUE, RED), None), at(red=(0.6, 0.3, 0.04)), [START, at(blue=(0.4, 0.3, 0.04))]),
    (
        ("next_to", (RED,), (BLUE,)),
        at(red=(0.6, 0.36)),
        [START, at(red=(0.6, 0.345)), at(red=(0.6, 0.41)), at(red=(0.6, 0.36), green=(0.63, 0.38))],
    ),
    (
        ("next_to", (RED,), (GREEN,)),
        at(red=(0.35, 0.12)),
        [at(red=(0.41, 0.05, 0.04), blue=(0.41, 0.05)), at(green=IN_BOWL)],
    ),
    (
        ("next_to", (RED,), (ZONE,)),
        at(red=(0.5, -0.17)),
        [at(red=(0.5, -0.22)), at(red=(0.5, -0.1, 0.0), bowl=(0.5, 0))],
    ),
    (
        ("left_of", (RED,), (BLUE,)),
        at(red=(0.62, 0.38)),
        [START, at(red=(0.6, 0.22)), at(red=(0.65, 0.36)), at(red=(0.6, 0.345)), at(red=(0.6, 0.43))],
    ),
    (("right_of", (RED,), (BLUE,)), at(red=(0.6, 0.22)), [START, at(red=(0.6, 0.38))]),
    (("behind", (GREEN,), (BOWL,)), at(green=(0.62, 0.0)), [START, at(green=(0.38, 0.0))]),
    (("in_front_of", (GREEN,), (BOWL,)), at(green=(0.38, 0.0)), [at(green=(0.62, 0.0)), at(green=(0.5, 0.1))]),
    (
        ("between", (GREEN,), (RED,), (BLUE,)),
        at(green=(0.52, 0.32)),
        [START, at(green=(0.5, 0.34)), at(green=(0.44, 0.3)), at(green=(0.7, 0.3)), at(blue=(0.4, 0.3))],
    ),
    (("area", (RED,), "right side"), at(red=(0.4, -0.1)), [START]),
    (("area", (RED,), "top left area"), at(red=(0.6, 0.1)), [START, at(red=(0.6, -0.1))]),
    (("shifted", (RED,), (0.0, 0.1)), at(red=(0.41, 0.4)), [START, at(red=(0.4, 0.38)), at(red=(0.4, 0.2))]),
    (("shifted", (RED,), (0.0, 0.1), "within 3 cm"), at(red=(0.4, 0.38)), [START, at(red=(0.4, 0.36))]),
    (
        ("shifted", (RED,), (0.0, 0.05), "at least 3 cm left, less than 15"),
        at(red=(0.4, 0.42)),
        [START, at(red=(0.4, 0.32)), at(red=(0.4, 0.46)), at(red=(0.4, 0.2)), at(red=(0.46, 0.36))],
    ),
    (
        ("swapped", (RED,), (BLUE,)),
        at(red=(0.6, 0.31), blue=(0.41, 0.3)),
        [START, at(red=(0.6, 0.3), blue=(0.7, 0.1)), at(blue=(0.4, 0.3), red=(0.63, 0.3))],
    ),
    (("where_was", (RED,), (BLUE,)), at(red=(0.59, 0.3), blue=IN_BOWL), [START, at(red=(0.57, 0.3), blue=IN_BOWL)]),
    (("unmoved", (RED,)), at(red=(0.405, 0.3), blue=IN_BOWL), [at(red=(0.42, 0.3)), at(red=(0.4, 0.3, 0.04))]),
    (("count_in", 2, (BOWL,)), at(red=IN_BOWL, blue=(0.48, -0.02, 0.004)), [START, at(red=IN_BOWL)]),
    (("count_in", 0, (ZONE,)), START, [at(red=ON_ZONE)]),
]


@pytest.mark.parametrize(
    ("goal", "met", "unmet"), CASES, ids=[f"{i}-{goal[0]}" for i, (goal, _, _) in enumerate(CASES)]
)
def test_each_kind_of_goal_is_met_and_not_met(goal, met, unmet):
    kind, *arguments = goal
    expected = Expectation(kind, tuple(arguments))
    assert expected.holds(Outcome(START, met))
    assert [scene for scene in unmet if expected.holds(Outcome(START, scene))] == []


def test_every_kind_is_tried():
    assert {goal[0] for goal, _, _ in CASES} == set(RULES)


def test_a_name_of_several_things_means_all_that_are_moved_and_any_place():
    both = Expectation("in", ((RED, BLUE), (BOWL, ZONE)))
    assert both.holds(Outcome(START, at(red=IN_BOWL, blue=ON_ZONE)))
    assert not both.holds(Outcome(START, at(red=IN_BOWL)))
    neither = Expectation("not_in", ((RED,), (BOWL, BOWL)))
    assert not neither.holds(Outcome(START, at(red=IN_BOWL)))


def test_what_no_goal_names_stays_where_it_was():
    goals = [Expectation("in", ((RED,), (BOWL,)))]
    assert moved_without_reason(goals, Outcome(START, at(red=IN_BOWL, blue=(0.605, 0.3)))) == []
    assert moved_without_reason(goals, Outcome(START, at(red=IN_BOWL, blue=(0.62, 0.3)))) == [BLUE]


def test_things_that_are_counted_may_move_and_others_may_not():
    goals = [Expectation("count_in", (1, (BOWL,)))]
    assert moved_without_reason(goals, Outcome(START, at(blue=IN_BOWL))) == []
    assert moved_without_reason(goals, Outcome(START, at(blue=IN_BOWL, red=(0.4, 0.1)))) == [RED]


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("", (None, 0.015)),
        ("within 2 cm", (None, 0.02)),
        ("at least 3 cm left, less than 15", (0.03, 0.15)),
        ("at least 2.5 cm away from the robot, less than 10 cm", (0.025, 0.1)),
    ],
)
def test_tolerances_of_a_shift_are_read(words, bounds):
    assert shift_bounds(words) == bounds
    with pytest.raises(ValueError, match="is no tolerance"):
        shift_bounds(words + " or so")


def test_an_area_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="not an area"):
        Expectation("area", ((RED,), "attic")).holds(Outcome(START, START))


def test_goals_look_at_the_place_and_not_at_the_heading():
    turned = list(START.objects)
    turned[RED] = replace(turned[RED], yaw=np.pi / 3)
    assert Expectation("unmoved", ((RED,),)).holds(Outcome(START, replace(START, objects=tuple(turned))))

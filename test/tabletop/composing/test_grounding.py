"""Goals of composed tasks in scenes written by hand, and the scenes that do not offer a task."""

import pytest
from helpers.things import thing

from moe3d_ros.tabletop.composing.grounding import grounded
from moe3d_ros.tabletop.composing.task_form import Clause, Destination, Reference, Selection, TaskForm
from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import Beside, InArea, Into, OneEach, SomeOf, Stack, ToTable
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, remaining_steps, right_moves, satisfied

SMALL, BIG = {"size": "small", "half": 0.02}, {"size": "big", "half": 0.03}
ZONE, BOWL = {"half": (0.075, 0.075, 0.0005)}, {"half": (0.06, 0.06, 0.018)}
THINGS = (
    thing("block", "red", 0.30, 0.40, **SMALL),  # 0
    thing("block", "red", 0.70, 0.40, **BIG),  # 1
    thing("block", "blue", 0.65, -0.40, **SMALL),  # 2
    thing("block", "blue", 0.55, 0.10, z=0.024, **SMALL),  # 3: in the red bowl
    thing("block", "gray", 0.45, 0.25, **SMALL),  # 4
    thing("bowl", "red", 0.55, 0.10, **BOWL),  # 5
    thing("bowl", "blue", 0.40, 0.05, **BOWL),  # 6
    thing("zone", "red", 0.35, -0.20, **ZONE),  # 7
    thing("zone", "green", 0.62, -0.15, **ZONE),  # 8
)
SCENE = Scene(THINGS)
RED, BLUE, SMALLS = Selection(colors=("red",)), Selection(colors=("blue",)), Selection(size="small")
RED_BOWL, RED_ZONE = Destination("bowl", color="red"), Destination("zone", color="red")


GRAY, BLUE_ONE = Selection(colors=("gray",)), Selection(colors=("blue",), rank=1, rank_side="far")


def beside(side, kind, color, second=None, size=""):
    return Destination(kind, "named", color, size, "", side, second)


def form(selection, destination, arrangement="put", **rest):
    return TaskForm((Clause(selection, destination, arrangement, **rest),))


@pytest.mark.parametrize(
    ("meant", "goals"),
    [
        (form(BLUE, RED_BOWL), [(Into((2, 3), ((5,), (5,))),)]),
        (form(SMALLS, Destination("bowl", "own")), [(Into((0, 2, 3), ((5,), (6,), (6,))),)]),  # no gray bowl
        (form(BLUE, Destination("bowl", "other")), [(Into((2, 3), ((5,), (5,))),)]),
        (form(BLUE, Destination("zone", "any")), [(Into((2, 3), ((7, 8), (7, 8))),)]),
        (form(SMALLS, Destination("zone", "one_each")), [(OneEach((0, 2, 3, 4), (7, 8)),)]),
        (form(BLUE, Destination("area", area="top left area")), [(InArea((2, 3), "top left area"),)]),
        (form(Selection(), Destination("table")), [(ToTable((3,)),)]),
        (form(Selection(count=2, size="small"), RED_ZONE), [(SomeOf((0, 2, 3, 4), 2, ((7,),) * 4),)]),
        (form(RED, RED_ZONE, "pile"), [(Stack(((1,), (0,)), 7),)]),
        (form(BLUE, RED_ZONE, "pile"), [(Stack(((2, 3), (2, 3)), 7),)]),
        (form(BLUE, Destination("zone", "any"), "pile"), [(Stack(((2, 3),) * 2, 7),), (Stack(((2, 3),) * 2, 8),)]),
        (form(RED, Destination("zone", "other"), "pile"), [(Stack(((1,), (0,)), 8),)]),
        (form(RED, Destination("zone", "own"), "pile_by_size", own_pile=True), [(Stack(((1,), (0,)), 7),)]),
        (form(RED, Destination("table"), "pile_by_size", own_pile=True), [(Stack(((0,),), 1),)]),
        (form(BLUE, Destination("block", color="red", size="big"), "pile"), [(Stack(((2, 3),) * 2, 1),)]),
        (
            form(Selection(colors=("red",), size="small"), Destination("block", "own", size="big")),
            [(Stack(((0,),), 1),)],
        ),
        (
            form(Selection(size="small", colors=("blue", "gray")), RED_ZONE, "pile_by_turns", order=("blue",)),
            [(Stack(((2, 3), (4,), (2, 3)), 7),)],
        ),
        (
            form(
                Selection(size="small", colors=("blue", "gray")),
                RED_ZONE,
                "pile_by_list",
                order=("gray", "blue", "blue"),
            ),
            [(Stack(((4,), (2, 3), (2, 3)), 7),)],
        ),
        (form(GRAY, beside("left of", "bowl", "blue")), [(Beside((4,), "left of", 6),)]),
        (form(GRAY, beside("between", "bowl", "blue", Reference("zone", "red"))), [(Beside((4,), "between", 6, 7),)]),
        (form(BLUE, beside("next to", "zone", "green")), [(Beside((2, 3), "next to", 8),)]),
        (
            form(Selection(count=1, colors=("blue",)), beside("behind", "block", "gray")),
            [(Beside((2,), "behind", 4),), (Beside((3,), "behind", 4),)],
        ),
        (
            TaskForm(
                (Clause(GRAY, beside("left of", "bowl", "blue")), Clause(BLUE_ONE, beside("right of", "bowl", "blue")))
            ),
            [(Beside((4,), "left of", 6), Beside((2,), "right of", 6))],
        ),
        (
            form(RED, RED_ZONE, "groups", grouped_by="size", second=Destination("zone", color="green")),
            [(Into((1,), ((7,),)), Into((0,), ((8,),))), (Into((1,), ((8,),)), Into((0,), ((7,),)))],
        ),
    ],
)
def test_a_form_means_goals(meant, goals):
    assert grounded(meant, SCENE) == tuple(goals)


@pytest.mark.parametrize(
    "meant",
    [
        form(Selection(colors=("cyan",)), RED_BOWL),  # nothing is meant
        form(BLUE, Destination("bowl", color="cyan")),  # no such place
        form(Selection(count=3, colors=("blue",)), RED_BOWL),  # there are two
        form(Selection(), RED_BOWL),  # too many for a bowl
        form(Selection(), RED_ZONE),
        form(Selection(colors=("gray",)), Destination("bowl", "own")),  # none of them has one
        form(Selection(colors=("gray",)), RED_ZONE, "pile"),  # a pile of one
        form(BLUE, RED_ZONE, "pile_by_size"),  # of one size
        form(RED, Destination("block", color="gray"), "pile"),  # a big one on a small one
        form(BLUE, Destination("block", color="red")),  # two blocks of that name
        form(BLUE, Destination("block", color="gray")),  # two on one block
        form(SMALLS, RED_ZONE, "pile_by_turns", order=("blue",)),  # of three colours
        form(BLUE, RED_ZONE, "pile_by_list", order=("blue", "blue", "blue")),
        form(Selection(colors=("gray",)), Destination("table")),  # it lies there
        form(BLUE, beside("left of", "bowl", "red")),  # two at one side
        form(SMALLS, beside("next to", "bowl", "red")),  # four around one thing
        form(GRAY, beside("behind", "block", "red")),  # two of that name
        form(GRAY, beside("between", "bowl", "blue", Reference("bowl", "cyan"))),  # there is no other one
        form(
            Selection(rank=1, rank_side="left", size="big"), beside("behind", "block", "red", size="big")
        ),  # beside itself
        TaskForm(
            (Clause(GRAY, beside("left of", "bowl", "blue")), Clause(BLUE_ONE, beside("left of", "bowl", "blue")))
        ),
        TaskForm(
            (Clause(BLUE, beside("next to", "block", "gray")), Clause(GRAY, RED_BOWL))
        ),  # what it is next to goes away
        form(SMALLS, RED_BOWL, "groups", grouped_by="color", second=Destination("bowl", color="blue")),  # three groups
        TaskForm((Clause(RED, RED_ZONE, "pile"), Clause(BLUE, RED_ZONE, "pile"))),  # one zone for two piles
        TaskForm((Clause(RED, RED_ZONE, "pile"), Clause(SMALLS, Destination("area", area="left side")))),
    ],
)
def test_what_a_scene_does_not_offer_has_no_goals(meant):
    assert grounded(meant, SCENE) is None


def test_a_pile_is_not_higher_than_the_hand_reaches():
    def pile_of(number):
        smalls = [thing("block", "blue", 0.3 + 0.06 * k, 0.2, **SMALL) for k in range(number)]
        return grounded(form(BLUE, RED_ZONE, "pile"), Scene((*smalls, THINGS[7])))

    assert pile_of(6)
    assert pile_of(7) is None


def played(task, scene):
    for step in remaining_steps(task, scene):
        scene = apply_step(scene, step)
    return scene


def test_some_of_the_blocks_are_enough_and_any_of_them_will_do():
    task = LongTask("composed", "", grounded(form(Selection(count=2, size="small"), RED_ZONE), SCENE), orderly=True)
    assert {move.pick for move in right_moves(task, SCENE)} == {0, 2, 3, 4}
    end = played(task, SCENE)
    assert len(remaining_steps(task, SCENE)) == 2
    assert satisfied(task, end) == (2, 2)
    assert right_moves(task, end) == []


def test_back_to_the_table_is_beside_the_zones():
    zones = [thing("zone", color, 0.5, y, **ZONE) for color, y in (("red", 0.3), ("green", -0.3))]
    scene = Scene((*THINGS[:4], *THINGS[5:7], *zones))
    task = LongTask("composed", "", grounded(form(Selection(), Destination("table")), scene), orderly=True)
    (step, *more) = remaining_steps(task, scene)
    assert not more
    assert step.area not in ("left side", "right side")  # their middles are zones
    assert satisfied(task, apply_step(scene, step)) == (1, 1)


def test_nothing_is_put_on_what_has_still_to_go():
    """A blue block lies in the red bowl; both go to the bowls of their colours."""
    things = (*THINGS[:1], *THINGS[3:4], *THINGS[5:7])
    goals = grounded(form(Selection(), Destination("bowl", "own")), Scene(things))
    orderly = LongTask("composed", "", goals, orderly=True)
    assert {move.pick for move in right_moves(LongTask("composed", "", goals), Scene(things))} == {0, 1}
    assert [move.pick for move in right_moves(orderly, Scene(things))] == [1]
    assert len(remaining_steps(orderly, Scene(things))) == 2


def test_two_blocks_in_each_others_bowls_change_places():
    things = (thing("block", "red", 0.40, 0.05, z=0.024, **SMALL), *THINGS[3:4], *THINGS[5:7])
    goals = grounded(form(Selection(), Destination("bowl", "own")), Scene(things))
    task = LongTask("composed", "", goals, orderly=True)
    first = next_step(task, Scene(things))
    assert first.area is not None  # aside
    assert satisfied(task, played(task, Scene(things))) == (2, 2)
    assert len(remaining_steps(task, Scene(things))) == 3

"""What goes to a spot on the table is kept clear of what is seen there; anything else stays where Pose-DiT puts it."""

import numpy as np
import pytest

from moe3d_ros.model.action.free_spots import FARTHEST, free_side_spot, free_spot
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.side_spots import Outline, gap_at, is_beside, is_between
from moe3d_ros.world.workspace import Workspace

TABLE = Workspace()
NOTHING = np.empty((0, 2)), np.empty(0)


def test_a_free_spot_stays_as_it_is():
    assert free_spot((0.5, 0.1), 0.03, *NOTHING, TABLE).tolist() == [0.5, 0.1]
    assert free_spot((0.5, 0.1), 0.03, np.array([[0.5, 0.2]]), np.array([0.03]), TABLE).tolist() == [0.5, 0.1]


def test_the_nearest_free_spot_is_taken_where_something_is_in_the_way():
    center, wanted = np.array([[0.5, 0.12]]), np.array([0.5, 0.1])
    spot = free_spot(wanted, 0.03, center, np.array([0.04]), TABLE)
    assert np.linalg.norm(spot - center[0]) >= 0.07
    assert 0.05 <= np.linalg.norm(spot - wanted) < 0.07


def test_it_stays_in_the_area_and_on_the_table():
    wanted = np.array([0.52, 0.03])  # near a corner of the area: the shortest ways out lead into others
    spot = free_spot(wanted, 0.03, wanted[None], np.array([0.05]), TABLE, "top left area")
    assert in_area(wanted, "top left area")
    assert in_area(spot, "top left area")
    edge = np.array([0.72, 0.47])
    spot = free_spot(edge, 0.03, edge[None], np.array([0.05]), TABLE)
    assert (spot <= np.array(TABLE.high[:2]) - 0.03).all()


def test_where_nothing_is_free_the_thing_goes_where_it_was_wanted():
    wanted = np.array([0.5, 0.0])
    assert free_spot(wanted, 0.03, wanted[None], np.array([2 * FARTHEST]), TABLE).tolist() == wanted.tolist()


def test_a_name_that_is_no_area_is_an_error():
    with pytest.raises(ValueError, match="not an area"):
        free_spot((0.5, 0.0), 0.03, np.array([[0.5, 0.0]]), np.array([0.03]), TABLE, "the moon")


BOWL = Outline(np.array([0.5, 0.0]), np.array([0.08, 0.08]), 0.0, True)
CUBE = Outline(np.array([0.3, -0.3]), np.array([0.02, 0.02]), 0.4)


def test_a_place_beside_a_thing_stays_where_nothing_is_touched():
    wanted = np.array([0.5, 0.13])
    far = Outline(np.array([0.5, 0.25]), np.array([0.03, 0.03]))
    assert free_side_spot(wanted, "left of", CUBE, [BOWL], [far], TABLE).tolist() == wanted.tolist()


@pytest.mark.parametrize("across", [0.045, -0.045])
def test_a_place_that_is_taken_gives_way_along_its_side(across):
    wanted = np.array([0.5, 0.135])
    taken = Outline(np.array([0.5 + across, 0.14]), np.array([0.02, 0.02]))
    spot = free_side_spot(wanted, "left of", CUBE, [BOWL], [taken], TABLE)
    assert gap_at(wanted, CUBE, taken) < 0.005 <= gap_at(spot, CUBE, taken)
    assert is_beside("left of", spot, BOWL.center, gap_at(spot, CUBE, BOWL))


def test_a_place_over_the_thing_itself_gives_way_to_its_side():
    spot = free_side_spot(np.array([0.5, 0.07]), "left of", CUBE, [BOWL], [], TABLE)
    assert gap_at(spot, CUBE, BOWL) == pytest.approx(0.03, abs=1e-3)
    assert is_beside("left of", spot, BOWL.center, 0.03)


def test_a_place_between_two_things_gives_way_between_them():
    other = Outline(np.array([0.5, 0.3]), np.array([0.03, 0.03]))
    wanted = np.array([0.5, 0.245])  # in the block
    spot = free_side_spot(wanted, "between", CUBE, [BOWL, other], [], TABLE)
    assert is_between(spot, BOWL.center, other.center)
    assert min(gap_at(spot, CUBE, one) for one in (BOWL, other)) >= 0.01


def test_a_side_without_room_leaves_the_place_where_it_was_wanted():
    wanted = np.array([0.5, 0.13])
    wall = Outline(np.array([0.5, 0.25]), np.array([0.24, 0.15]))
    assert free_side_spot(wanted, "left of", CUBE, [BOWL], [wall], TABLE).tolist() == wanted.tolist()


def test_blocks_that_go_to_one_area_do_not_land_on_each_other():
    """Default checkpoint, closed loop in physics: each place is free when it is planned, and stays in the area."""
    planner, rng = Planner.from_pretrained("default"), np.random.default_rng(4)
    things = [Thing("block", color, "small", "not top left area") for color in ("red", "blue", "green")]
    done: list[str] = []
    with TabletopWorld(arrange(things, rng)) as world:
        for _ in things:
            plan = planner.plan(
                *world.cloud(noise=rng), "move all the blocks to the top left area", tuple(done), max_steps=1
            )
            (action,) = plan.actions
            taken = [thing.position[:2] for thing in world.current_scene().objects if thing.name != action.target]
            apart = np.linalg.norm(np.array(taken) - action.place.position[:2], axis=1)
            assert action.destination == "on the top left area"
            assert apart.min() > 0.045
            done.append(action.text)
            world.pick_and_place(action.pick, action.place)
        lying = world.current_scene().objects
        assert all(in_area(thing.position[:2], "top left area") and thing.position[2] < 0.03 for thing in lying)

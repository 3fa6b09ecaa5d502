"""Suite placed: it tells where blocks lie after they were moved, and asks for what was moved."""

import numpy as np
import pytest

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.single_step import make_step
from training import evaluate
from training.evaluation.perceiving.placed_things import found_blocks, whereabouts

THINGS = (
    Thing("block", "red", "small"),
    Thing("block", "blue", "small"),
    Thing("block", "green", "big"),
    Thing("bowl", "red"),
    Thing("zone", "blue"),
)
RED, BLUE, GREEN, BOWL, ZONE = range(5)
MOVES = {
    "all on the table": ((), ("on the table", "on the table", "on the table")),
    "one in the bowl": (((RED, BOWL),), ("in a bowl", "on the table", "on the table")),
    "two in the bowl": (
        ((RED, BOWL), (BLUE, BOWL)),
        ("in a bowl with others", "in a bowl with others", "on the table"),
    ),
    "on a block on a zone": (((GREEN, ZONE), (RED, GREEN)), ("on a block", "on the table", "on the table")),
}


@pytest.mark.parametrize(("moves", "words"), MOVES.values(), ids=MOVES)
def test_where_blocks_lie_is_said_as_they_lie(moves, words):
    with TabletopWorld(arrange(THINGS, np.random.default_rng(4))) as world:
        for pick, place in moves:
            step = make_step(world.current_scene(), pick, place, None)
            assert world.pick_and_place(step.pick, step.place).released
        assert tuple(whereabouts(world.current_scene()).values()) == words


def test_a_block_counts_as_found_where_it_is_seen_in_its_own_colour():
    planner, rng = Planner.from_pretrained("default"), np.random.default_rng(4)
    with TabletopWorld(arrange(THINGS, rng)) as world:
        cloud, scene = world.cloud(("front", "left", "right"), noise=rng), world.current_scene()
    assert found_blocks(planner, *cloud, scene) == {RED: True, BLUE: True, GREEN: True}
    elsewhere = arrange(THINGS, np.random.default_rng(9))
    assert not any(found_blocks(planner, *cloud, elsewhere).values())


def test_the_command_judges_a_checkpoint(tiny_checkpoint, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert (
        evaluate.main(["--suite", "placed", "--checkpoint", str(tiny_checkpoint), "--scenes", "3", "--json", str(out)])
        == 0
    )
    assert "seen on the table" in capsys.readouterr().out
    assert out.exists()

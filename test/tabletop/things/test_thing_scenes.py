"""Tables with everyday things: sizes, room, what lies on what, and orders for the table that are kept."""

import itertools

import numpy as np
import pytest

from moe3d_ros.tabletop.rules.success import footprint
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.things.measures import BY_LOOK, Extents
from moe3d_ros.tabletop.things.thing_scenes import CUBE_EDGES, LOOKS, Contents, random_contents, thing_scene
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.kinds import BLOCK, BOWL, OBJECT, ZONE
from moe3d_ros.world.vocabulary import COLOR_NAMES
from moe3d_ros.world.workspace import Workspace

SCENES = 100
PLAIN = Contents(5, 0, 1, 1, ("red", "blue"), COLOR_NAMES)


@pytest.fixture(scope="module")
def scenes():
    return [thing_scene(rng, random_contents(rng)) for rng in map(np.random.default_rng, range(SCENES))]


def test_things_come_in_all_sizes_numbers_and_company(scenes):
    halves = np.array([o.half_extents for scene in scenes for o in scene.objects if o.kind == OBJECT])
    assert halves[:, :2].min() < 0.013 and halves[:, :2].max() > 0.1
    assert 2 * halves[:, 2].min() < 0.015 and 2 * halves[:, 2].max() > 0.22
    counts = {sum(o.kind == OBJECT for o in scene.objects) for scene in scenes}
    assert {2, 5, 11} <= counts
    with_kind = [{o.kind for o in scene.objects} for scene in scenes]
    assert all(any(kind in kinds for kinds in with_kind) for kind in (BLOCK, BOWL, ZONE))
    assert any(kinds == {OBJECT} for kinds in with_kind)
    assert any(len({o.color for o in scene.objects if o.kind == OBJECT}) == 1 for scene in scenes)


def test_nothing_overlaps_and_nothing_hangs_in_the_air(scenes):
    for scene in scenes:
        below = supports(scene)
        for i, j in itertools.combinations(range(len(scene.objects)), 2):
            one, other = scene.objects[i], scene.objects[j]
            if j in (below.get(i), below.get(below.get(i))) or i in (below.get(j), below.get(below.get(j))):
                continue
            if BOWL in (one.kind, other.kind) or ZONE in (one.kind, other.kind):
                continue
            apart = min(one.top, other.top) <= max(o.position[2] - o.half_extents[2] for o in (one, other)) + 1e-6
            assert apart or share_inside(footprint(one), footprint(other)) < 0.01, (one, other)
        for i, thing in enumerate(scene.objects):
            assert Workspace().contains((*thing.position[:2], 0.01))
            bottom = thing.position[2] - thing.half_extents[2]
            assert bottom < 1e-6 or i in below


def test_things_pile_up_touch_and_lie_in_bowls_now_and_then(scenes):
    pairs = [(scene.objects[i], scene.objects[j]) for scene in scenes for i, j in supports(scene).items()]
    assert {other.kind for one, other in pairs if one.kind == OBJECT} >= {OBJECT, BOWL, ZONE}


def test_no_thing_looks_like_a_block(scenes):
    for thing in (o for scene in scenes for o in scene.objects if o.kind == OBJECT and o.shape == "box"):
        edges = 2 * np.array(thing.half_extents)
        assert edges.max() > 1.15 * edges.min() or not CUBE_EDGES[0] < edges.mean() < CUBE_EDGES[1]


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_that_is_ordered_is_likely(look):
    def share(wanted):
        contents = Contents(4, 0, 0, 0, ("red",), COLOR_NAMES, look=wanted)
        drawn = [thing_scene(np.random.default_rng(seed), contents) for seed in range(30)]
        found = [BY_LOOK[look](Extents(s, range(len(s.objects)))) for s in drawn]
        return sum(index is not None for index in found) / 30

    assert share(look) > share("") and share(look) > 0.15


def test_equal_generators_lay_the_same_table():
    assert thing_scene(np.random.default_rng(3), PLAIN) == thing_scene(np.random.default_rng(3), PLAIN)

"""A pick of a thing of any shape meets its surface: it is left where it does, moved where it would not, and its place with it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.surface_contact import hold_on_surface, nearest_contact, own_voxels
from moe3d_ros.world.vocabulary import BLOCK, COLOR_NAMES, KINDS, OBJECT

MIDDLE = np.array([0.5, 0.1, 0.05])
DOWN = np.diag([1.0, -1.0, -1.0])


def ring(radius=0.04, height=0.1, middle=MIDDLE):
    """Voxels of an open cup: its wall and its floor."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    wall = [(radius * np.cos(a), radius * np.sin(a), z) for a in angle for z in np.arange(0.01, height + 0.001, 0.01)]
    return np.array(wall) + (*middle[:2], 0.0)


def slab(half=(0.06, 0.03), top=0.1, middle=MIDDLE):
    x, y = np.meshgrid(np.arange(-half[0], half[0], 0.01), np.arange(-half[1], half[1], 0.01))
    return np.column_stack([x.ravel() + middle[0], y.ravel() + middle[1], np.full(x.size, top)])


def things(kind=OBJECT, half=(0.045, 0.045, 0.05), yaw=0.0):
    one = torch.zeros(1, 1, len(KINDS))
    one[..., kind] = 1
    color = torch.zeros(1, 1, len(COLOR_NAMES))
    shape = torch.tensor(MIDDLE)[None, None].float(), torch.tensor(half)[None, None].float()
    present = torch.ones(1, 1, dtype=torch.bool)
    return ObjectSet(one, color, *shape, torch.full((1, 1), yaw), present, present.float())


def held(surface, pick, place=(0.6, -0.2, 0.1), turn=0.0, objects=None, steps=1):
    c, s = np.cos(turn), np.sin(turn)
    rotations = np.stack([DOWN, np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ DOWN])[None].repeat(steps, 0)
    positions = np.array([[pick, place]] * steps, dtype=float)
    step = SimpleNamespace(state=SimpleNamespace(chosen=(0, 1)))
    notes = hold_on_surface([step] * steps, positions, rotations, objects or things(), surface)
    return positions, notes


def test_the_middle_of_a_cup_is_moved_to_its_rim_and_said_so():
    positions, notes = held(ring(), (0.5, 0.1, 0.1))
    aside = np.hypot(*(positions[0, 0, :2] - MIDDLE[:2]))
    assert aside == pytest.approx(0.04, abs=0.002)
    assert positions[0, 0, 2] == pytest.approx(0.1, abs=0.011)
    assert len(notes) == 1 and "met no surface" in notes[0] and "40 mm" in notes[0]


def test_a_flat_top_is_left_as_it_is():
    before = (0.5, 0.1, 0.1)
    positions, notes = held(slab(), before)
    np.testing.assert_array_equal(positions[0, 0], before)
    assert notes == ()


def test_the_place_moves_with_the_pick_and_turns_with_the_thing():
    before = np.array([0.6, -0.2, 0.1])
    positions, _ = held(ring(), (0.5, 0.1, 0.1), before, turn=np.pi / 2)
    shift = positions[0, 0] - (0.5, 0.1, 0.1)
    expected = before + np.array([-shift[1], shift[0], shift[2]])
    np.testing.assert_allclose(positions[0, 1], expected, atol=1e-9)


def test_a_pick_above_a_lower_top_comes_down_to_it():
    positions, notes = held(slab(top=0.06), (0.5, 0.1, 0.1))
    assert positions[0, 0, 2] == pytest.approx(0.06) and notes
    assert positions[0, 1, 2] == pytest.approx(0.06), "released as much lower as it was taken lower"


def test_flat_ground_is_preferred_to_an_edge():
    flat, edge = (
        slab(half=(0.02, 0.02), middle=MIDDLE + (0.02, 0, 0)),
        slab(half=(0.006, 0.006), middle=MIDDLE - (0.035, 0, 0)),
    )
    contact = nearest_contact(np.vstack([flat, edge]), np.array([0.49, 0.15, 0.1]))
    assert contact is not None and contact[0] > MIDDLE[0] - 0.01


@pytest.mark.parametrize("kind", [BLOCK])
def test_kinds_of_a_known_shape_are_left_to_the_poses_network(kind):
    positions, notes = held(ring(), (0.5, 0.1, 0.1), objects=things(kind))
    assert notes == () and tuple(positions[0, 0]) == (0.5, 0.1, 0.1)


def test_a_thing_of_which_nothing_was_seen_is_left():
    positions, notes = held(ring() + (0.3, 0, 0), (0.5, 0.1, 0.1))
    assert notes == () and tuple(positions[0, 0]) == (0.5, 0.1, 0.1)


def test_a_thing_that_was_moved_before_is_not_looked_for_where_it_was():
    positions, notes = held(ring(), (0.5, 0.1, 0.1), steps=2)
    assert len(notes) == 1 and tuple(positions[1, 0]) == (0.5, 0.1, 0.1)


def test_voxels_of_the_table_and_of_others_are_not_its_own():
    table = np.array([[0.5, 0.1, 0.002], [0.52, 0.1, 0.004]])
    own = own_voxels(np.vstack([table, ring(), ring() + (0.2, 0, 0)]), things(), 0)
    assert len(own) == len(ring())
    turned = own_voxels(slab(half=(0.06, 0.02)), things(half=(0.03, 0.07, 0.05), yaw=np.pi / 2), 0)
    assert len(turned) == len(slab(half=(0.06, 0.02)))

"""Tables with things: meshes stand on the table, labels are where points are, nothing floats, held-out families stay out."""

from __future__ import annotations

import numpy as np
import pytest

from moe3d_ros.tabletop.household.arranged import BACKGROUND, apart, random_thing_scene
from moe3d_ros.tabletop.household.depth_camera import random_views, sense_things, visible_shares
from moe3d_ros.tabletop.household.families import FAMILIES, HELD_OUT
from moe3d_ros.tabletop.household.paint import named_color
from moe3d_ros.tabletop.household.solids import box, turned
from moe3d_ros.world.footprints import least_upright_box
from moe3d_ros.world.vocabulary import COLOR_NAMES, COLORS, ZONE

FAMILY_NAMES = sorted(FAMILIES | HELD_OUT)


def scenes(count: int, **options):
    return [(random_thing_scene(np.random.default_rng(seed), **options), seed) for seed in range(count)]


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_a_thing_of_each_family_stands_on_the_table_and_fits_on_it(name):
    family = (FAMILIES | HELD_OUT)[name]
    for seed in range(20):
        mesh = family.make(np.random.default_rng(seed))
        size = np.ptp(mesh.vertices, axis=0)
        assert np.isfinite(mesh.vertices).all()
        assert abs(mesh.vertices[:, 2].min()) < 1e-3, "it floats, or is sunk into the table"
        assert 0.015 < size.max() < 0.4 and size.min() > 0.004
        assert mesh.faces.max() < len(mesh.vertices) and len(mesh.part) == len(mesh.faces)


def test_no_family_is_both_trained_on_and_held_out():
    assert not set(FAMILIES) & set(HELD_OUT)
    for scene, _ in scenes(40):
        assert not {thing.family for thing in scene.things} & set(HELD_OUT)


def test_a_box_is_found_by_its_smallest_upright_rectangle_at_any_heading():
    for yaw in np.linspace(-0.7, 0.7, 9):
        center, half, angle = least_upright_box(box(0.1, 0.04, 0.06).moved(turned("z", yaw), (0.5, 0.1, 0.0)).vertices)
        np.testing.assert_allclose(center, (0.5, 0.1, 0.03), atol=1e-9)
        np.testing.assert_allclose(half, (0.05, 0.02, 0.03), atol=0.002)
        assert abs(angle - yaw) < np.deg2rad(2)


def test_things_on_the_table_do_not_stand_in_each_other():
    for scene, seed in scenes(30):
        low = [t for t in scene.things if t.center[2] - t.half[2] < 1e-6 and t.kind != ZONE]
        for i, a in enumerate(low):
            for b in low[:i]:
                assert apart((a.center, a.half, a.yaw), (b.center, b.half, b.yaw)) > -0.002, seed


def test_some_things_touch_some_are_stacked_and_some_tables_are_empty():
    drawn = [scene for scene, _ in scenes(80)]
    counts = [len(scene.things) for scene in drawn]
    assert 0 in counts and max(counts) > 7
    assert any(t.center[2] - t.half[2] > 0.01 for scene in drawn for t in scene.things)
    gaps = [
        apart((a.center, a.half, a.yaw), (b.center, b.half, b.yaw))
        for scene in drawn
        for i, a in enumerate(scene.things)
        for b in scene.things[:i]
    ]
    assert sum(gap < 0.005 for gap in gaps) > 10


def test_points_of_a_thing_lie_in_its_box_and_the_rest_does_not_count_as_one():
    for scene, seed in scenes(12):
        rng = np.random.default_rng(seed)
        cloud = sense_things(scene, rng, random_views(rng))
        assert np.isfinite(cloud.points).all() and cloud.colors.min() >= 0 and cloud.colors.max() <= 1
        for index, thing in enumerate(scene.things):
            own = cloud.points[cloud.label == index]
            if len(own) < 30:
                continue
            away = np.abs(own - thing.center)
            c, s = np.cos(thing.yaw), np.sin(thing.yaw)
            local = np.abs((own - thing.center)[:, :2] @ np.array([[c, -s], [s, c]]))
            inside = (local < thing.half[:2] + 0.02).all(1) & (away[:, 2] < thing.half[2] + 0.02)
            assert inside.mean() > 0.8, (seed, thing.family)  # the rest are pixels between it and what is behind it
        assert (cloud.label == BACKGROUND).any()


def test_a_scene_and_its_cloud_are_a_function_of_the_seed():
    clouds = []
    for _ in range(2):
        rng = np.random.default_rng(5)
        clouds.append(sense_things(random_thing_scene(rng), rng, random_views(rng)))
    np.testing.assert_array_equal(clouds[0].points, clouds[1].points)
    np.testing.assert_array_equal(clouds[0].colors, clouds[1].colors)


def test_what_stands_behind_something_is_less_visible():
    shares = []
    for scene, seed in scenes(15, number=9):
        shares += list(visible_shares(scene, random_views(np.random.default_rng(seed))))
    assert min(shares) >= 0 and max(shares) <= 1
    assert np.mean(np.array(shares) > 0.95) > 0.4 and min(shares) < 0.5


@pytest.mark.parametrize("name", COLOR_NAMES)
def test_shades_of_a_color_are_nearer_to_it_than_to_most_others(name):
    own, ranks = np.array(COLORS[name]) / 255, []
    for seed in range(40):
        shade = named_color(name, np.random.default_rng(seed))
        assert (shade >= 0).all() and (shade <= 1).all()
        distance = {
            other: np.abs(shade / shade.max() - np.array(rgb) / max(rgb)).sum() for other, rgb in COLORS.items()
        }
        ranks.append(sorted(distance, key=lambda other: distance[other]).index(name))
    assert np.median(ranks) <= 2, own


def test_a_bare_table_has_its_border_in_view_and_nothing_on_it():
    scene = random_thing_scene(np.random.default_rng(3), number=0, ends=True)
    assert not scene.things and len(scene.meshes) > 1

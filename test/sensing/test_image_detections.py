"""Detections in an image: what the camera sees of the cloud in their outlines becomes a thing, and what it does not see does not."""

from types import SimpleNamespace

import numpy as np
import pytest
from detection_messages import detection_types, image_detections

from moe3d_ros.sensing.image_detections import LabelledRegion, View, vision_regions, yolo_regions

PROJECTION = np.array([[600.0, 0, 320, 0], [0, 600, 240, 0], [0, 0, 1, 0]])
DOWN = np.array([[0.0, -1, 0, 0.5], [-1, 0, 0, 0.0], [0, 0, -1, 1.0], [0, 0, 0, 1]])  # looks straight down from 1 m
ASLANT = np.array([[0.0, -0.6, 0.8, -0.2], [-1, 0, 0, 0.0], [0, -0.8, -0.6, 0.7], [0, 0, 0, 1]])
MUG = ((0.5, 0.1, 0.05), (0.04, 0.03, 0.05))  # middle and half edges


def surface(middle, half, step=0.01):
    """Points (N, 3) every centimetre on a box's top and sides."""
    axes = [np.arange(-h, h + 1e-9, step) for h in half]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    outer = (np.abs(grid) > np.array(half) - step / 2).any(1)
    return grid[outer] + middle


def table():
    x, y = np.meshgrid(np.arange(0.2, 0.8, 0.01), np.arange(-0.5, 0.5, 0.01))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1)


def pixels(points, pose):
    own = (points - pose[:3, 3]) @ pose[:3, :3]
    image = own @ PROJECTION[:, :3].T
    return image[:, :2] / image[:, 2:]


def outline(points, pose):
    """Corners of the box around the points in the image."""
    low, high = pixels(points, pose).min(0) - 1, pixels(points, pose).max(0) + 1
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])])


@pytest.mark.parametrize("pose", [DOWN, ASLANT], ids=["from above", "aslant"])
def test_what_is_seen_in_a_box_becomes_a_thing_that_stands_on_the_table(pose):
    mug = surface(*MUG)
    view = View(np.vstack([table(), mug, surface((0.6, -0.2, 0.03), (0.03, 0.03, 0.03))]), PROJECTION, pose)
    thing = view.thing(LabelledRegion("Coffee_Mug", 0.8, outline(mug, pose)))
    assert (thing.label, thing.score) == ("coffee mug", 0.8)
    np.testing.assert_allclose(thing.center, MUG[0], atol=0.012)
    np.testing.assert_allclose(np.sort(thing.half[:2]), np.sort(MUG[1][:2]), atol=0.012)
    assert thing.half[2] == pytest.approx(0.05, abs=0.006)


def test_what_stands_behind_is_hidden_and_no_part_of_the_thing():
    """From the side, a tall box before a far one: the far one's points lie in the outline, and behind what is seen."""
    side = np.array([[0.0, 0, 1, -0.5], [-1, 0, 0, 0.0], [0, -1, 0, 0.1], [0, 0, 0, 1]])
    near, far = surface((0.4, 0.0, 0.1), (0.03, 0.06, 0.1)), surface((0.7, 0.0, 0.06), (0.05, 0.04, 0.06))
    thing = View(np.vstack([near, far]), PROJECTION, side).thing(LabelledRegion("box", 0.9, outline(near, side)))
    assert thing.center[0] < 0.45
    assert thing.half[0] < 0.05


def test_a_thing_on_another_ends_where_it_is_seen_to():
    below, above = surface((0.5, 0.0, 0.04), (0.08, 0.08, 0.04)), surface((0.5, 0.0, 0.11), (0.03, 0.03, 0.03))
    view = View(np.vstack([table(), below, above]), PROJECTION, ASLANT)
    thing = view.thing(LabelledRegion("apple", 0.9, outline(above, ASLANT)))
    assert thing.center[2] - thing.half[2] > 0.05


def test_a_mask_tells_two_things_in_one_box_apart():
    mug, can = surface(*MUG), surface((0.5, 0.02, 0.05), (0.03, 0.03, 0.05))
    view = View(np.vstack([table(), mug, can]), PROJECTION, DOWN)
    mask = outline(can, DOWN)
    np.testing.assert_allclose(view.thing(LabelledRegion("can", 0.9, mask)).center[1], 0.02, atol=0.015)


def test_a_flat_thing_is_the_table_s_own_points_there():
    view = View(table(), PROJECTION, DOWN)
    mat = outline(np.array([[0.45, -0.3, 0.0], [0.65, -0.1, 0.0]]), DOWN)
    thing = view.thing(LabelledRegion("blue towel", 0.9, mat))
    np.testing.assert_allclose(thing.center, (0.55, -0.2, 0.0), atol=0.012)
    np.testing.assert_allclose(thing.half[:2], (0.1, 0.1), atol=0.015)


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([(0, 0), (5, 0), (5, 5)], "sees no points of the cloud in its outline"),
        ([(0, 0), (np.nan, 0), (5, 5)], "not finite"),
    ],
)
def test_a_region_without_points_is_said(corners, words):
    view = View(np.vstack([surface(*MUG), [[np.nan] * 3]]), PROJECTION, DOWN)
    with pytest.raises(ValueError, match=words):
        view.thing(LabelledRegion("mug", 0.9, np.array(corners, float)))


def test_nothing_behind_the_camera_or_in_an_empty_cloud_is_seen():
    region = LabelledRegion("mug", 0.9, np.array([(0, 0), (640, 0), (640, 480), (0, 480.0)]))
    for points in (np.zeros((0, 3)), np.array([[0.5, 0.0, 1.2]] * 9)):
        with pytest.raises(ValueError, match="sees no points"):
            View(points, PROJECTION, DOWN).thing(region)


def test_recorded_boxes_of_vision_msgs_are_read():
    store = detection_types()
    msg = image_detections(store, "camera", [({"mug": 0.4, "cup": 0.5}, (100, 50), (20, 10)), ({}, (1, 1), (1, 1))])
    (region,) = vision_regions(msg)
    assert (region.label, region.score) == ("cup", 0.5)
    assert sorted(region.outline.tolist()) == [[90, 45], [90, 55], [110, 45], [110, 55]]


def test_masks_of_yolo_are_read_and_boxes_where_there_are_none():
    def point(x, y):
        return SimpleNamespace(x=x, y=y)

    def detection(data):
        box = SimpleNamespace(center=SimpleNamespace(position=point(10.0, 20.0), theta=0.0), size=point(4.0, 2.0))
        return SimpleNamespace(class_name="mug", score=0.7, bbox=box, mask=SimpleNamespace(data=data))

    triangle = [point(0.0, 0.0), point(5.0, 0.0), point(0.0, 5.0)]
    masked, boxed = yolo_regions(SimpleNamespace(detections=[detection(triangle), detection([])]))
    assert masked.outline.tolist() == [[0, 0], [5, 0], [0, 5]]
    assert sorted(boxed.outline.tolist()) == [[8, 19], [8, 21], [12, 19], [12, 21]]

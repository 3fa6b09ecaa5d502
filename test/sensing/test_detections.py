"""Detections of others: recorded messages become named things, and what cannot be one is said."""

from types import SimpleNamespace

import numpy as np
import pytest
from detection_messages import detection_types, recorded_detections

from moe3d_ros.sensing.detections import LabelledBox, named_things, upright, vision_boxes, yolo_boxes
from moe3d_ros.sensing.frame_tree import UnknownFrame, rigid_transform

LEVEL = (0.0, 0.0, 0.0, 1.0)
SIZE = (0.2, 0.04, 0.06)


def read(*detections, frame="base_link"):
    """Boxes of a message that was written and read again as CDR."""
    store = detection_types()
    data = recorded_detections(store, frame, detections)
    return list(vision_boxes(store.deserialize_cdr(data, "vision_msgs/msg/Detection3DArray")))


def test_a_recorded_message_becomes_named_things():
    quarter = (0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5))
    boxes = read(
        ("", {"banana": 0.4, "lemon": 0.3}, (0.1, 0.2, 0.3), quarter, SIZE),
        ("other", {"coffee_mug": 0.9}, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), SIZE),
    )
    assert [(box.label, box.score, box.frame) for box in boxes] == [
        ("banana", 0.4, "base_link"),
        ("coffee_mug", 0.9, "other"),
    ]
    shift = {"base_link": np.eye(4), "other": rigid_transform((0.5, 0.0, 0.1), LEVEL)}
    (banana, mug), problems = named_things(boxes, 0.3, shift.__getitem__)
    assert problems == []
    assert (banana.label, mug.label, banana.score) == ("banana", "coffee mug", 0.4)
    assert banana.center == pytest.approx((0.1, 0.2, 0.3))
    assert mug.center == pytest.approx((0.5, 0.0, 0.1))
    assert banana.half == pytest.approx((0.1, 0.02, 0.03))
    assert banana.yaw == pytest.approx(np.pi / 2)


def test_detections_below_the_least_score_are_left_out():
    boxes = read(("", {"banana": 0.4}, (0, 0, 0), LEVEL, SIZE), ("", {"mug": 0.6}, (0, 0, 0), LEVEL, SIZE))
    things, problems = named_things(boxes, 0.5, lambda frame: np.eye(4))
    assert ([thing.label for thing in things], problems) == (["mug"], [])


def test_an_empty_array_and_a_detection_without_a_hypothesis_give_nothing():
    assert read() == []
    assert read(("", {}, (0, 0, 0), LEVEL, SIZE)) == []


@pytest.mark.parametrize(
    ("label", "quaternion", "size", "words"),
    [
        ("47", LEVEL, SIZE, "numbers its classes"),
        ("mug", (float("nan"), 0.0, 0.0, 1.0), SIZE, "quaternion"),
        ("mug", LEVEL, (0.1, 0.1, 0.0), "half edges above 0"),
        ("mug", LEVEL, (0.1, float("inf"), 0.1), "finite"),
    ],
)
def test_what_cannot_be_a_thing_is_said(label, quaternion, size, words):
    boxes = [LabelledBox(label, 0.9, "base_link", (0.0, 0.0, 0.0), quaternion, size)]
    things, (problem,) = named_things(boxes, 0.5, lambda frame: np.eye(4))
    assert things == []
    assert words in problem
    assert problem.startswith(f"The detector's {label!r} was left out")


def test_an_unknown_frame_is_said_once_for_a_label():
    def unknown(frame):
        raise UnknownFrame(f"no transform from {frame!r}")

    box = LabelledBox("mug", 0.9, "camera", (0.0, 0.0, 0.0), LEVEL, SIZE)
    assert named_things([box, box], 0.5, unknown) == (
        [],
        ["The detector's 'mug' was left out: no transform from 'camera'."],
    )


def test_a_box_that_leans_or_comes_from_a_camera_gets_the_least_upright_one():
    camera = rigid_transform((0.5, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0))  # looks straight down
    thing = upright(LabelledBox("pen", 0.9, "camera", (0.1, 0.0, 0.9), LEVEL, SIZE), camera)
    assert thing.center == pytest.approx((0.6, 0.0, 0.1))
    assert thing.half == pytest.approx((0.1, 0.02, 0.03))
    leaning = (0.0, np.sin(np.pi / 8), 0.0, np.cos(np.pi / 8))  # 45 degrees about y
    thing = upright(LabelledBox("pen", 0.9, "base_link", (0, 0, 0), leaning, SIZE), np.eye(4))
    assert thing.half == pytest.approx((0.13 * np.sqrt(0.5), 0.02, 0.13 * np.sqrt(0.5)))
    on_end = (0.0, np.sqrt(0.5), 0.0, np.sqrt(0.5))  # its long axis is upright
    thing = upright(LabelledBox("pen", 0.9, "base_link", (0, 0, 0), on_end, SIZE), np.eye(4))
    assert sorted(thing.half) == pytest.approx([0.02, 0.03, 0.1])
    assert thing.half[2] == pytest.approx(0.1)


def test_detections_of_yolo_ros_are_read_where_they_have_a_box_in_3d():
    def detection(name, score, size, frame):
        x, y, z = size
        center = SimpleNamespace(
            position=SimpleNamespace(x=0.5, y=0.1, z=0.0), orientation=SimpleNamespace(x=0.0, y=0.0, z=0.0, w=1.0)
        )
        box = SimpleNamespace(center=center, size=SimpleNamespace(x=x, y=y, z=z), frame_id=frame)
        return SimpleNamespace(class_name=name, score=score, bbox3d=box)

    found = [detection("cup", 0.8, (0.1, 0.1, 0.1), "base_link"), detection("person", 0.9, (0.0, 0.0, 0.0), "")]
    msg = SimpleNamespace(header=SimpleNamespace(frame_id="camera"), detections=found)
    (box,) = yolo_boxes(msg)
    assert (box.label, box.score, box.frame, box.size) == ("cup", 0.8, "base_link", (0.1, 0.1, 0.1))
